"""What a contact allows: `mark dnc`, `mark opt_out(email)`, their opposites, and `toggle verified(email)`."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from runtime.actions import LocalAction, LocalContext
from runtime.consent import OPT_OUT_FIELDS
from runtime.model import JSON

_CHANNEL = Param("channel", TEXT, "the channel: `email`, `sms` or `call`", choices=tuple(OPT_OUT_FIELDS))

DECLARATIONS = (
    Action(
        name="mark_dnc",
        phrase="mark dnc",
        performs=Performs.LOCAL,
        summary="mark the contact do not contact",
        doc=(
            "Sets `dnc`. From then on no message goes to the contact on any channel, also from runs that "
            "are already under way: consent is asked again at each sending. Messages to the staff are not "
            "affected."
        ),
        example="on contact updated when score < 10 do mark dnc\n",
        rows=("A2",),
        subjects=("contact",),
        idempotent=True,
    ),
    Action(
        name="unmark_dnc",
        phrase="unmark dnc",
        performs=Performs.LOCAL,
        summary="allow contact again",
        doc="Clears `dnc`. The opt-outs of single channels stay as they are.",
        example="on contact updated when dnc = true and score > 80 do unmark dnc\n",
        rows=("A2",),
        subjects=("contact",),
        idempotent=True,
    ),
    Action(
        name="mark_opt_out",
        phrase="mark opt_out()",
        performs=Performs.LOCAL,
        summary="record that the contact has opted out of a channel",
        doc=(
            "Sets `email_opt_out`, `sms_opt_out` or `call_opt_out`. The channel is closed at once, also "
            "for runs under way, except for messages marked transactional."
        ),
        example="on email unsubscribed do mark opt_out(email)\n",
        rows=("A3", "A4"),
        params=(_CHANNEL,),
        subjects=("contact",),
        idempotent=True,
    ),
    Action(
        name="unmark_opt_out",
        phrase="unmark opt_out()",
        performs=Performs.LOCAL,
        summary="record that the contact has opted in again",
        doc="Clears the opt-out of one channel. `dnc` stays as it is.",
        example="on contact updated when score > 80 do unmark opt_out(sms)\n",
        rows=("A3", "A4"),
        params=(_CHANNEL,),
        subjects=("contact",),
        idempotent=True,
    ),
    Action(
        name="toggle_verified",
        phrase="toggle verified()",
        performs=Performs.LOCAL,
        summary="flip the flag that says an address is verified",
        doc=(
            "Flips `email_verified` or `phone_verified`; a flag that was never set becomes true. To set a "
            "flag whatever it was, write `set email_verified = true`."
        ),
        example="on phone validated do toggle verified(phone)\n",
        rows=("A7",),
        params=(Param("what", TEXT, "`email` or `phone`", choices=("email", "phone")),),
        subjects=("contact",),
    ),
)


def mark_dnc(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Close every channel."""
    context.set("dnc", True)


def unmark_dnc(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Take the mark away."""
    context.set("dnc", False)


def mark_opt_out(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Close one channel."""
    context.set(OPT_OUT_FIELDS[args["channel"]], True)


def unmark_opt_out(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Open one channel again."""
    context.set(OPT_OUT_FIELDS[args["channel"]], False)


def toggle_verified(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Flip one flag."""
    name = f"{args['what']}_verified"
    context.set(name, not context.get(name))


LOCAL: Mapping[str, LocalAction] = {
    "mark_dnc": mark_dnc,
    "unmark_dnc": unmark_dnc,
    "mark_opt_out": mark_opt_out,
    "unmark_opt_out": unmark_opt_out,
    "toggle_verified": toggle_verified,
}
