"""The machine: one subject and one input in, a Transition out. It reads no clock, store, network or dice."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.plan.scope import Directory
from rulelang.types.schema import SUBJECT_KINDS, Schema
from runtime.actions import Library
from runtime.alarms import watches
from runtime.bounds import Bounds
from runtime.derive import Derivations
from runtime.following import counted_of_contacts, follow, heard_by, read_elsewhere
from runtime.model import (
    JSON,
    RELATED_CHANGED,
    EventInput,
    Input,
    Millis,
    SubjectKey,
    SubjectState,
    Transition,
)
from runtime.plans import PlanSet
from runtime.turn import Turn

_RELATED: Mapping[str, tuple[str, ...]] = {"contact": ("account",), "opportunity": ("account", "contact")}
"""The kinds of record that a subject of each kind is linked to, by `account_id` and `contact_id`."""


def related_keys(state: SubjectState, input: Input) -> dict[str, SubjectKey]:
    """The records, by kind, whose fields the machine needs beside the subject's own."""
    own, fields = state.key.kind, state.fields
    if own == "account":
        return {}
    event = input.event if type(input) is EventInput else None
    keys: dict[str, SubjectKey] = {}
    account = (event.account_id if event is not None else "") or fields.get("account_id")
    if account:
        keys["account"] = SubjectKey("account", str(account))
    if own == "opportunity":
        contact = (event.contact_id if event is not None else "") or fields.get("contact_id")
        if contact:
            keys["contact"] = SubjectKey("contact", str(contact))
    return keys


__all__ = ["RELATED_CHANGED", "Machine", "related_keys"]


class Machine:
    """Runs the rules. Holds only what is fixed between deploys: library, schema, plans.

    With `explain` it also journals, for each event, the rules that listened to it and did not match, with the
    first part of the condition that failed; that costs time for every such rule.
    """

    def __init__(
        self,
        library: Library,
        schema: Schema,
        plans: PlanSet,
        bounds: Bounds = Bounds(),  # noqa: B008 - immutable
        explain: bool = False,
    ) -> None:
        self.library = library
        self.schema = schema
        self.plans = plans
        self.bounds = bounds
        self.explain = explain
        live = [program.plan for program in plans.live.values()]
        self.following = follow(schema, live)
        self.read_elsewhere = read_elsewhere(self.following)
        self.passed_on = counted_of_contacts(self.following)
        self._counted = frozenset(heard_by(self.following))
        self.derivations = Derivations(library.catalogue, schema, self._listens)
        self.people = Directory.of(schema)
        self.alarms = watches(live, schema.time_zone)

    @property
    def stamps(self) -> dict[str, dict[str, int]]:
        """By kind of subject what is kept with each: the stamps of its `alarms` and of its followed `conditions`."""
        found: dict[str, dict[str, int]] = {}
        for kind in SUBJECT_KINDS:
            following = self.following.get(kind)
            found[kind] = {"conditions": following.stamp if following is not None else 0}
            if kind in self.alarms:
                found[kind]["alarms"] = self.alarms[kind].stamp
        return found

    def _listens(self, event_type: str, kind: str) -> bool:
        return (event_type, kind) in self._counted or self.plans.listens(event_type, kind)

    def is_zone_of_others(self, key: SubjectKey) -> bool:
        """Whether alarms of other subjects may go by the time zone of this one."""
        return any(key.kind in _RELATED.get(kind, ()) for kind in (*self.alarms, *self.following))

    def advance(
        self,
        state: SubjectState,
        related: Mapping[str, Mapping[str, JSON]],
        input: Input,
        now: Millis,
        counters: Mapping[str, int],
    ) -> Transition:
        """What `input` brings about for the subject at `now`. Deterministic; changes none of its arguments.

        `related` holds the fields of the records that `related_keys` named, by kind. Plans of all live runs
        of the subject must be in the plan set.
        """
        turn = Turn(self, state, related, now, counters)
        turn.handle(input)
        return turn.transition()
