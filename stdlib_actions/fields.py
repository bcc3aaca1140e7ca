"""Fields of the subject: `set` and `clear`, and items of its lists: `append` and `drop`."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Names, Param, Performs
from rulelang.types.model import ANY, TEXT
from runtime.actions import LocalAction, LocalContext
from runtime.model import JSON

_LIST = Param("field", TEXT, "a field that is a list", role="field")
_FIELD = Param("field", TEXT, "a field of the rule's subject", role="field")

DECLARATIONS = (
    Action(
        name="set",
        phrase="set {field} = {value}",
        performs=Performs.LOCAL,
        summary="set a field of the subject",
        doc=(
            "Sets one field or several, built-in or your own, to values of expressions of the fields' types; all "
            "of them are taken before anything is set. The "
            "status is a field too: `set status = inactive`. Use `today` for today's date and `null` for "
            "no value. Setting the value that the field already has changes nothing and starts no other "
            "rule."
        ),
        example=(
            'on stage enter "Churned"\n'
            "do\n"
            "  set status = inactive\n"
            '  set score = score - 20, source = "win-back"\n'
            "end\n"
        ),
        rows=("A5", "A6"),
        params=(_FIELD, Param("value", ANY, "what the field becomes", role="value")),
        names=Names.SUBJECT,
    ),
    Action(
        name="clear",
        phrase="clear {field}",
        performs=Performs.LOCAL,
        summary="leave fields without a value",
        doc="Removes the value of a field, or of several: `clear [source, score]`. `field is set` is false afterwards.",
        example='on stage enter "Won" do clear source\n',
        rows=("A5",),
        params=(Param("field", TEXT, "a field of the rule's subject, or a list of them", role="fields"),),
        idempotent=True,
    ),
    Action(
        name="append",
        phrase="append {value} to {field}",
        performs=Performs.LOCAL,
        summary="add an item to a list",
        doc="Adds it at the end of a field that is a list. An item that is there already stays where it is.",
        example='on stage enter "Won" do append "ana@acme.test" to followers\n',
        rows=("A5",),
        params=(Param("value", ANY, "the item", role="item"), _LIST),
        idempotent=True,
    ),
    Action(
        name="drop",
        phrase="drop {value} from {field}",
        performs=Performs.LOCAL,
        summary="remove an item from a list",
        doc="Removes it from a field that is a list, wherever it stands. A list without it stays as it is.",
        example='on stage enter "Lost" do drop "ana@acme.test" from followers\n',
        rows=("A5",),
        params=(Param("value", ANY, "the item", role="item"), _LIST),
        idempotent=True,
    ),
)


def set_field(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Set the fields to the evaluated values."""
    for name, value in {args["field"]: args.get("value"), **(args.get("with") or {})}.items():
        context.set(name, value)


def clear_field(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Set the fields to nothing."""
    for name in args["field"] if isinstance(args["field"], list) else [args["field"]]:
        context.set(name, None)


def append(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Add the item."""
    items, value = context.get(args["field"]) or [], args.get("value")
    if value is not None and value not in items:
        context.set(args["field"], [*items, value])


def drop(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Remove the item."""
    items, value = context.get(args["field"]) or [], args.get("value")
    if value in items:
        context.set(args["field"], [item for item in items if item != value] or None)


LOCAL: Mapping[str, LocalAction] = {"set": set_field, "clear": clear_field, "append": append, "drop": drop}
