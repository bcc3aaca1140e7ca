"""Triggers of consent: do not disturb, opt-outs."""

from __future__ import annotations

from rulelang.catalog.model import Derivation, Effect, Trigger
from rulelang.catalog.triggers.parts import enum, slot, trigger
from rulelang.types.model import BOOL, Kind, Type

CHANNELS = ("email", "sms", "call", "gmb", "facebook")
"""Where a contact can be reached: e-mail, text message, telephone, Google Business and Facebook messages."""

_PAYLOAD = {
    "enabled": BOOL,
    "scope": enum("scope", "all", "specific"),
    "channels": Type(Kind.LIST, item=enum("channel", *CHANNELS)),
    "direction": enum("direction", "inbound", "outbound"),
}


def _dnd(name: str, phrase: str, summary: str, where: dict[str, bool], example: str) -> Trigger:
    return trigger(
        name,
        phrase,
        summary,
        doc="Do not disturb is `dnc` for all channels and the opt-outs for single ones. `for` narrows it to one "
        "channel: email, sms, call, gmb or facebook. `event.scope` is `all` or `specific`, `event.channels` lists "
        "the channels in both cases. An event `contact.dnd_changed` that arrives sets `dnc`, or the opt-outs of "
        "its channels.",
        example=example,
        event="contact.dnd_changed",
        slots=(slot("channel", "the channel", path="channels", op="contains", choices=CHANNELS),),
        payload=_PAYLOAD,
        sample={"enabled": True, "scope": "specific", "channels": ["email", "sms"], "direction": "outbound"}
        | where,
        rows=(6,),
        where=where,
        derivation=Derivation.DND,
        effect=Effect.DND,
    )


TRIGGERS = (
    _dnd(
        "contact.dnd_changed",
        "dnd changed [for {channel}]",
        "do not disturb is switched on or off",
        {},
        'on dnd changed for sms when event.scope = specific do add tag "sms changed"',
    ),
    _dnd(
        "contact.dnd_enabled",
        "dnd enabled [for {channel}]",
        "do not disturb is switched on",
        {"enabled": True},
        'on dnd enabled for email do notify owner "please call instead of writing"',
    ),
    _dnd(
        "contact.dnd_disabled",
        "dnd disabled [for {channel}]",
        "do not disturb is switched off",
        {"enabled": False},
        'on dnd disabled do add tag "reachable"',
    ),
)
