"""The trigger of the workspace's own events."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import EVERYONE, slot, trigger

TRIGGERS = (
    trigger(
        "event",
        "event {name}",
        "something happens that you report under a name of your own",
        doc='Fires for each event of that name. Declare the event in the schema (`event "demo.requested" for '
        "contact … end`) and its fields may be used in conditions with their types: `event.seats > 5`.",
        example='on event "demo.requested" do add tag "wants demo"',
        subjects=EVERYONE,
        slots=(slot("name", "the name of the event", role="event"),),
        payload={},
        sample={},
        rows=(76,),
    ),
)
