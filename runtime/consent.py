"""Whether a contact may be written to or called: one pure answer, asked at the step and at each sending."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.types.staff import CONSENT, Topic
from runtime.model import JSON

OPT_OUT_FIELDS: Mapping[str, str] = {
    "email": "email_opt_out",
    "sms": "sms_opt_out",
    "call": "call_opt_out",
}
"""The contact's field that withdraws consent, for each channel."""

DIRECTIONS = ("outbound", "inbound")
"""What may be closed of a channel: what goes to the contact, what comes from it."""

_WORDS = {"email": "e-mail", "sms": "text messages", "call": "calls"}


def refusal(
    channel: str, fields: Mapping[str, JSON], transactional: bool = False, topic: Topic | None = None
) -> str | None:
    """Why the contact with these fields must not be reached on `channel`, as a sentence; None when it may be.

    `dnc` ("do not contact") closes every channel. The opt-out of a channel closes that channel, except for
    `transactional` messages, which carry out what the contact asked for (a receipt, a password). An address
    that was never verified is no obstacle. A channel that is closed outbound (`dnd`) is closed for all messages. Those
    of a `topic` go to whom its basis allows.

    Raises:
        KeyError: the channel is none of `OPT_OUT_FIELDS`.
    """
    opt_out = OPT_OUT_FIELDS[channel]
    if fields.get("dnc") is True:
        return "the contact is marked do not contact"
    if f"{channel} outbound" in (fields.get("dnd") or ()):
        return f"the contact is not to be disturbed with {_WORDS[channel]}"
    if not transactional and fields.get(opt_out) is True:
        return f"the contact has opted out of {_WORDS[channel]}"
    return None if topic is None else _of_topic(topic, fields)


def _of_topic(topic: Topic, fields: Mapping[str, JSON]) -> str | None:
    said = (fields.get("subscriptions") or {}).get(topic.name) or {}
    if said.get("subscribed") is False:
        return f"the contact has unsubscribed from `{topic.name}`"
    if topic.basis == CONSENT and said.get("subscribed") is not True:
        return f"the contact has not subscribed to `{topic.name}`"
    return None


def muted(type_: str, data: Mapping[str, JSON], fields: Mapping[str, JSON]) -> str | None:
    """Why an event, something that the contact sent or did, is not to be heard by rules; None when it is."""
    closed = fields.get("dnd")
    if not closed:
        return None
    channel = ""
    if type_ == "message.replied":
        channel = str(data.get("channel"))
    elif type_ == "call.status_changed" and data.get("direction") in ("incoming", "inbound"):
        channel = "call"
    return f"the contact's {_WORDS[channel]} are not to be heard" if f"{channel} inbound" in closed else None


def needs_consent(args: Mapping[str, JSON], contact: Mapping[str, JSON]) -> bool:
    """Whether an action with these arguments reaches the contact itself rather than the staff.

    The recipient is the argument `to`; without it the message is for the contact. (A `to` that is null names
    a field without a value: nobody.) An address counts as the contact's when it is the contact's own, so
    that spelling it out evades nothing.
    """
    to = args.get("to", "contact")
    if to == "contact":
        return True
    kind, _, address = str(to).partition(":")
    own = contact.get("phone" if kind == "number" else "email")
    if not isinstance(own, str):
        return False
    if kind == "number":
        return _digits(address) == _digits(own) != ""
    return kind in ("address", "person") and address.casefold() == own.casefold()


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number)).lstrip("0")


_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
_START = frozenset({"start", "unstop", "yes"})


def keyword(type_: str, data: Mapping[str, JSON]) -> bool | None:
    """What a text message says of consent: True opts out, False opts in again, None says nothing.

    The words are those that carriers know (CTIA, Short Code Monitoring Handbook); `yes` opts in only who opted out.
    """
    if type_ != "message.replied" or data.get("channel") not in ("sms", "whatsapp"):
        return None
    word = str(data.get("text") or "").strip().strip(".!").casefold()
    return True if word in _STOP else False if word in _START else None
