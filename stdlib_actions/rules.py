"""Rules that start other rules: `start rule`."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from runtime.actions import LocalAction, LocalContext
from runtime.model import JSON

DECLARATIONS = (
    Action(
        name="start_rule",
        phrase="start rule()",
        performs=Performs.LOCAL,
        summary="start another rule for the same subject",
        doc=(
            "Starts the named rule for the same subject, after this step. The rule's own `when`, its "
            "enrolment and its exit conditions apply; its trigger does not. Both runs go on "
            "independently. Chains are bounded: a rule that starts itself without end is refused at the "
            "16th."
        ),
        example=(
            'rule "Welcome"\n'
            "  on contact created\n"
            "do\n"
            '  add tag "welcomed"\n'
            "end\n\n"
            'rule "Won"\n'
            '  on stage enter "Won"\n'
            "do\n"
            '  start rule("Welcome")\n'
            "end\n"
        ),
        rows=("A11", "A20"),
        params=(Param("rule", TEXT, "the name of the rule", role="rule"),),
    ),
)


def start_rule(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Start the rule through an event that names this run as its cause."""
    context.start_rule(args["rule"])


LOCAL: Mapping[str, LocalAction] = {"start_rule": start_rule}
