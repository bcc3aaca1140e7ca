"""Triggers about runs of other rules, and about their messages that did not go out."""

from __future__ import annotations

from rulelang.catalog.model import JSON, Trigger
from rulelang.catalog.triggers.parts import EVERYONE, choice, enum, slot, trigger
from rulelang.types.model import TEXT, Type

_CHANNEL = enum("channel", "email", "sms", "call")
_RUN: dict[str, Type] = {"rule": TEXT, "run": TEXT, "reason": TEXT}
_RUN_SAMPLE: dict[str, JSON] = {"rule": "Upsell", "run": "run_1", "reason": ""}
_OTHER = '\nrule "Upsell" on contact created\n  goal when status = customer\ndo\n  wait 30d\nend'
_RUN_DOC = (
    "The rule is named as in its header. `event.run` is the run, `event.reason` why it ended, in a sentence. Branches "
    "of `parallel` and steps for related records are no runs of their own here. Rules that set each other off this way "
    "are cut 16 deep."
)


def _run(what: str, phrase: str, summary: str, more: str, extra: dict[str, Type] | None = None) -> Trigger:
    sample = {**_RUN_SAMPLE, **dict.fromkeys(extra or {}, "paid")}
    return trigger(
        f"rule.{what}",
        f"rule {phrase} {{rule}}",
        summary,
        doc=f"{more} {_RUN_DOC}",
        example=f'rule "After" on rule {phrase} "Upsell" do notify owner "{{{{ contact.name }}}}: {phrase}" end\n'
        f"{_OTHER}",
        subjects=EVERYONE,
        slots=(slot("rule", "the name of the rule", role="rule"),),
        payload={**_RUN, **(extra or {})},
        sample=sample,
    )


_MESSAGE: dict[str, Type] = {
    "channel": _CHANNEL,
    "rule": TEXT,
    "run": TEXT,
    "step": TEXT,
    "action": TEXT,
    "reason": TEXT,
}


def _message(what: str, summary: str, doc: str, reason: str) -> Trigger:
    return trigger(
        f"message.{what}",
        f"message {what} [for {{channel}}]",
        summary,
        doc=f"{doc} `event.reason` says why, `event.rule` and `event.step` what wanted to send, `event.channel` is "
        "email, sms or call; `for` narrows it to one.",
        example=f'on message {what} for email do add tag "call instead"',
        subjects=EVERYONE,
        slots=(choice("channel", "the channel", _CHANNEL),),
        payload=_MESSAGE,
        sample={
            "channel": "email",
            "rule": "Upsell",
            "run": "run_1",
            "step": "do.1",
            "action": "send_email_template",
            "reason": reason,
        },
    )


TRIGGERS = (
    _run(
        "entered", "entered", "a run of a rule begins for the record", "Fires when a run of that rule begins."
    ),
    _run(
        "completed",
        "completed",
        "a run of a rule comes to its end",
        "Fires when a run of that rule has made all its steps, stops, or reaches its goal.",
    ),
    _run(
        "exited",
        "exited",
        "a run of a rule ends early",
        "Fires when a run of that rule is ended by an exit condition or event, by another event that begins it anew, "
        "or by hand.",
    ),
    _run(
        "goal_reached",
        "goal",
        "a run of a rule reaches its goal",
        "Fires when a goal of that rule is reached, in its header or among its steps; `event.goal` is the name of the "
        "latter.",
        {"goal": TEXT},
    ),
    _run("failed", "failed", "a run of a rule fails", "Fires when a run of that rule cannot go on."),
    _message(
        "suppressed",
        "a message to the record is left out",
        "Fires when consent, quiet hours, business hours or a cap keep a message from going out; not when it is "
        "only held.",
        "do not contact is set",
    ),
    _message(
        "failed",
        "a message cannot be delivered",
        "Fires when a message cannot be made, or the last try to send it failed, or nobody knows whether it was sent.",
        "the server refused the address",
    ),
)
"""Their events are made only where some rule listens to them (runtime/lives.py)."""
