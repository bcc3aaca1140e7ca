"""Fields of the subject: `set` and `clear`, for built-in fields, the status and fields of one's own."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import ANY, TEXT
from runtime.actions import LocalAction, LocalContext
from runtime.model import JSON

_FIELD = Param("field", TEXT, "a field of the rule's subject", role="field")

DECLARATIONS = (
    Action(
        name="set",
        phrase="set {field} = {value}",
        performs=Performs.LOCAL,
        summary="set a field of the subject",
        doc=(
            "Sets one field, built-in or your own, to the value of an expression of the field's type. The "
            "status is a field too: `set status = inactive`. Use `today` for today's date and `null` for "
            "no value. Setting the value that the field already has changes nothing and starts no other "
            "rule."
        ),
        example=(
            'on stage enter "Churned"\n'
            "do\n"
            "  set status = inactive\n"
            "  set score = score - 20\n"
            '  set source = "win-back"\n'
            "end\n"
        ),
        rows=("A5", "A6"),
        params=(_FIELD, Param("value", ANY, "what the field becomes", role="value")),
    ),
    Action(
        name="clear",
        phrase="clear {field}",
        performs=Performs.LOCAL,
        summary="leave a field without a value",
        doc="Removes the value of one field; `field is set` is false afterwards.",
        example='on stage enter "Won" do clear source\n',
        rows=("A5",),
        params=(_FIELD,),
        idempotent=True,
    ),
)


def set_field(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Set the field to the evaluated value."""
    context.set(args["field"], args.get("value"))


def clear_field(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Set the field to nothing."""
    context.set(args["field"], None)


LOCAL: Mapping[str, LocalAction] = {"set": set_field, "clear": clear_field}
