"""The rules that are live, and the old versions that runs in flight still follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rulelang.plan.codec import encode
from rulelang.plan.ir import Ir, conjoin
from rulelang.plan.mapping import PlaceMap, map_places
from rulelang.plan.matcher import Entry, Matcher
from rulelang.plan.model import Plan
from rulelang.plan.scope import Scope
from runtime.actions import Library
from runtime.assemble import compile_program
from runtime.lives import TOLD, rules_named
from runtime.model import Run
from runtime.pausing import Pause
from runtime.program import Program


class PlanSet:
    """Programs by hash, the live ones by key, and the matcher over the live ones.

    Rules in state `draft` or `disabled` are kept for listing but match nothing and cannot be started. `paused` and
    `resuming` are told by the engine (runtime/engine/pauses.py): paused rules match, start nothing and hold their
    runs. `tells`: some rule listens to what becomes of runs or messages.
    """

    def __init__(self, plans: Sequence[Plan], library: Library) -> None:
        self._library = library
        self._programs: dict[str, Program] = {}
        self.all: Mapping[str, Plan] = {plan.key: plan for plan in plans}
        self.live: dict[str, Program] = {}
        self.paused: frozenset[str] = frozenset(plan.key for plan in plans if plan.state == "paused")
        self.resuming: Mapping[str, Pause] = {}
        self._matcher = Matcher()
        self._listeners: dict[tuple[str, str], list[str]] = {}
        self._heard: set[tuple[str, str]] = set()
        self.tells = False
        self._lives: set[tuple[str, str, str]] = set()
        self._places: dict[tuple[str, str], PlaceMap] = {}
        actions = library.catalogue.actions.items()
        self._uses_event = frozenset(name for name, action in actions if action.uses_event)
        self._conditions: dict[tuple[str, str], Ir | None] = {}
        for plan in plans:
            if plan.state in ("live", "paused"):
                self._install(plan)

    def _install(self, plan: Plan) -> None:
        program = self.add(plan)
        self.live[plan.key] = program
        for trigger in plan.triggers:
            condition = conjoin(trigger.when, plan.when)
            listening = self._listeners.setdefault((trigger.event, plan.subject), [])
            if plan.key not in listening:
                listening.append(plan.key)
            self._matcher.add(Entry(plan.key, trigger.event, plan.subject, condition))
            self._conditions.setdefault((plan.key, trigger.event), condition)
            self._hear(trigger.event, plan.subject, trigger.when)

    def add(self, plan: Plan) -> Program:
        """Make a plan known by its hash, such as an old version that a run in flight follows."""
        program = self._programs.get(plan.hash)
        if program is None:
            program = self._programs[plan.hash] = compile_program(plan, self._library)
            for kind in program.kinds:
                for event, ears in program.ears.items():
                    for ear in ears:
                        self._hear(event, kind, ear.test.ir if ear.test is not None else None)
        return program

    def _hear(self, event: str, kind: str, condition: Ir | None) -> None:
        self._heard.add((event, kind))
        if event in TOLD:
            self.tells = True
            self._lives.update((event, kind, rule) for rule in rules_named(condition))

    def listens_to_runs(self, event_type: str, kind: str, rule: str) -> bool:
        """Whether something listens to this event about runs of a rule."""
        return (event_type, kind, rule) in self._lives

    def program(self, hash: str) -> Program:
        """The program with this hash.

        Raises:
            KeyError: it was never added; see `missing`.
        """
        return self._programs[hash]

    def places(self, old: str, new: str) -> PlaceMap:
        """Where runs of one known version stand in another, by their hashes."""
        found = self._places.get((old, new))
        if found is None:
            plans = self._programs[old].plan, self._programs[new].plan
            found = self._places[old, new] = map_places(*plans, self._uses_event)
        return found

    def missing(self, runs: Iterable[Run]) -> set[str]:
        """Hashes of plans that these runs follow and that have to be added first."""
        return {run.plan for run in runs if run.plan not in self._programs}

    def encoded(self) -> dict[str, bytes]:
        """All plans by hash, to be kept for ever beside the runs; runs may be moved to those that are not live, too."""
        return {plan.hash: encode(plan) for plan in self.all.values()}

    def watches(self, kind: str) -> bool:
        """Whether some known plan for another kind of subject reads records of `kind` while it runs."""
        return any(kind in p.roots and p.kinds != {kind} for p in self._programs.values())

    def listens(self, event_type: str, kind: str) -> bool:
        """Whether some live rule has a trigger on this event, or some known plan waits for it."""
        return (event_type, kind) in self._heard

    def listeners(self, event_type: str, kind: str) -> list[str]:
        """The live rules with a trigger on this type of event, for a kind of subject."""
        return self._listeners.get((event_type, kind), [])

    def match(self, event_type: str, kind: str, scope: Scope) -> list[Program]:
        """The live rules whose trigger and condition hold, each once, in their order."""
        return [self.live[key] for key in self._matcher.match(event_type, kind, scope)]

    def misses(self, event_type: str, kind: str, matched: Iterable[Program]) -> list[tuple[Program, Ir]]:
        """Live rules with a trigger on this event whose condition did not hold, with that condition.

        Of several triggers on the same event the condition of the first is given.
        """
        hit = {program.plan.key for program in matched}
        missed = (key for key in self._matcher.candidates(event_type, kind) if key not in hit)
        found = ((self.live[key], self._conditions[key, event_type]) for key in missed)
        return [(program, condition) for program, condition in found if condition is not None]
