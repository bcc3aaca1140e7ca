"""What a contact allows: `mark dnc`, `mark opt_out(email)`, their opposites, and `toggle verified(email)`."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from runtime.actions import LocalAction, LocalContext
from runtime.consent import DIRECTIONS, OPT_OUT_FIELDS
from runtime.model import JSON

_CHANNEL = Param("channel", TEXT, "the channel: `email`, `sms` or `call`", choices=tuple(OPT_OUT_FIELDS))

_DND = (
    Param("channel", TEXT, "`email`, `sms`, `call` or `all`", choices=(*OPT_OUT_FIELDS, "all")),
    Param(
        "direction",
        TEXT,
        "`outbound` (without it), `inbound` or `both`",
        required=False,
        positional=False,
        choices=(*DIRECTIONS, "both"),
    ),
)

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
        name="mark_dnd",
        phrase="mark dnd()",
        performs=Performs.LOCAL,
        summary="close a channel in one direction or both",
        doc=(
            "Closes e-mail, text messages (with WhatsApp) or calls, or `all` of them. Outbound, no message goes to the "
            "contact on the channel, transactional ones included. Inbound, what the contact sends is kept and "
            "shown, but rules do not hear it. Kept in the field `dnd`."
        ),
        example='on stage enter "Lost" do mark dnd(sms, direction: both)\n',
        rows=("A2",),
        params=_DND,
        subjects=("contact",),
        idempotent=True,
    ),
    Action(
        name="unmark_dnd",
        phrase="unmark dnd()",
        performs=Performs.LOCAL,
        summary="open a channel again",
        doc="Takes back what `mark dnd` did, for the channel and direction named.",
        example='on stage enter "SQL" do unmark dnd(all, direction: both)\n',
        rows=("A2",),
        params=_DND,
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


def mark_dnd(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Close what is named."""
    closed = context.get("dnd") or []
    context.set("dnd", list(dict.fromkeys([*closed, *_named(args)])))


def unmark_dnd(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Open what is named."""
    opened = _named(args)
    context.set("dnd", [entry for entry in context.get("dnd") or [] if entry not in opened] or None)


def _named(args: Mapping[str, JSON]) -> list[str]:
    channels = list(OPT_OUT_FIELDS) if args["channel"] == "all" else [args["channel"]]
    direction = args.get("direction") or "outbound"
    return [f"{channel} {way}" for channel in channels for way in DIRECTIONS if direction in (way, "both")]


def toggle_verified(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Flip one flag."""
    name = f"{args['what']}_verified"
    context.set(name, not context.get(name))


LOCAL: Mapping[str, LocalAction] = {
    "mark_dnc": mark_dnc,
    "unmark_dnc": unmark_dnc,
    "mark_opt_out": mark_opt_out,
    "unmark_opt_out": unmark_opt_out,
    "mark_dnd": mark_dnd,
    "unmark_dnd": unmark_dnd,
    "toggle_verified": toggle_verified,
}
