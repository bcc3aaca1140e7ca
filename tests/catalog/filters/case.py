"""One filter of a trigger: what a rule says, an event that it lets through, and one that differs only there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]
START = "2026-03-02T09:00:00Z"


@dataclass(frozen=True, slots=True)
class Case:
    """A filter of a row of the product catalogue.

    `on` is the header of the rule. The event that matches is the sample of the rule's trigger with `data`, about a
    record with the fields `has`; the other one has `other` and `lacks` besides. `sends` is the type of the event
    that is sent when it is not the trigger's own (a moment of the clock follows from it, a change is derived), ""
    when nothing is sent and time alone brings it about; `otherwise` is the type of the one that differs. `at` is when the rule is set off by a moment of the clock.
    """

    row: int
    filter: str
    on: str
    data: Values = field(default_factory=dict)
    other: Values = field(default_factory=dict)
    has: Values = field(default_factory=dict)
    lacks: Values = field(default_factory=dict)
    sends: str | None = None
    otherwise: str = ""
    kind: str = "contact"
    at: str = ""

    @property
    def name(self) -> str:
        """What the rule is called."""
        return f"{self.row} {self.filter}"

    @property
    def rule(self) -> str:
        """The whole rule. It does nothing, so that it sets off no other."""
        return f'rule "{self.name}" for {self.kind}\n  {self.on}\ndo\n  stop\nend\n'

    def record(self, matching: bool) -> dict[str, Any]:
        """The fields of the record that the event is about."""
        return {**self.has, **({} if matching else self.lacks)}

    def event_data(self, sample: Values, matching: bool) -> dict[str, Any]:
        """The data of the event."""
        return {**sample, **self.data, **({} if matching else self.other)}
