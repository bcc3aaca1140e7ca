"""Triggers that the workspace makes for itself: its own events, and rules that are started by name."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import EVERYONE, slot, trigger
from rulelang.types.model import TEXT

TRIGGERS = (
    trigger(
        "event",
        "event {name}",
        "something happens that you report under a name of your own",
        doc='Fires for each event of that name. Declare the event in the schema (`event "demo.requested" for '
        "contact … end`) and its fields may be used in conditions with their types: `event.seats > 5`. An event that "
        "is declared without any fields has a free payload: any member may be used.",
        example='event "demo.requested" for contact\n  seats: number\nend\n\n'
        'on event "demo.requested" when event.seats > 5 do add tag "wants demo"',
        subjects=EVERYONE,
        slots=(slot("name", "the name of the event", role="event"),),
        payload={},
        sample={},
        rows=(76,),
    ),
    trigger(
        "rule.start",
        "manual start",
        "somebody, or another rule, starts this rule by its name",
        doc='For a rule that nothing else sets off: `start rule("…")` in another rule starts it, and so does the '
        "event `rule.start` with the rule's name. Any live rule can be started that way, also one with other "
        "triggers; its `when`, its enrolment and its exits hold as ever.",
        example='rule "Onboarding flow"\n  on manual start\ndo\n  add tag "onboarding"\n  wait 7d\n'
        '  remove tag "onboarding"\nend',
        subjects=EVERYONE,
        payload={"rule": TEXT},
        sample={"rule": "Onboarding flow"},
    ),
)
