"""What is followed for each subject of a kind: segments, statuses, health, and the conditions that begin rules.

Built once for a deploy. An index says which of it a change of a field, an event or another part can touch, so that an
input costs what it touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from msgspec.structs import replace

from rulelang.calendar import Duration, parse_duration
from rulelang.plan.compile import Condition, compile_condition
from rulelang.plan.followed import (
    NOTHING,
    AbsencePlan,
    Computed,
    CountPlan,
    HealthPart,
    Part,
    SegmentPart,
    StatusPart,
    conditions,
)
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.model import Plan
from rulelang.plan.moving import moves
from rulelang.types.schema import SUBJECT_KINDS, Schema
from runtime.counting import Counter
from runtime.crossing import Atom, atoms_of

_RELATED = frozenset(SUBJECT_KINDS)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment whose members are computed. `key` tells a node from all others of its kind of subject."""

    key: str
    name: str
    holds: Condition
    atoms: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Statuses:
    """The statuses that have conditions, in order."""

    key: str
    clauses: tuple[tuple[str, Condition], ...]
    atoms: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """The levels of health by their least score."""

    key: str
    levels: tuple[tuple[str, float | None], ...]
    atoms: tuple[Atom, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """A rule that begins when its condition becomes true, or has held for a while."""

    key: str
    rule: str
    holds: Condition
    held: Duration | None
    atoms: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Absence:
    """An event that should come after another; the tests see the data of the two."""

    name: str
    event: str
    test: Condition | None
    within: Duration
    after: str
    after_test: Condition | None

    @classmethod
    def of(cls, plan: AbsencePlan) -> Absence:
        """The absence of a plan, ready to test."""
        test, after = (
            compile_condition(ir) if ir is not None else None for ir in (plan.when, plan.after_when)
        )
        return cls(plan.name, plan.event, test, parse_duration(plan.within), plan.after, after)


Node = Segment | Statuses | Health | Start


@dataclass
class Following:
    """All that is followed for one kind, and what touches what.

    `nodes` are in an order in which each comes after those that it reads; everything else refers to them by number.
    `fields` are the fields of the subject, `related` those of records that it is linked to, by kind; `segments` tests
    of membership; `counted` the counts. `timed` depend on the clock. `stamp` is another number whenever something else
    is followed, `counting` whenever something else is counted.
    """

    kind: str
    nodes: tuple[Node, ...]
    counters: Mapping[str, Counter]
    absences: tuple[Absence, ...]
    stamp: int
    counting: int
    fields: dict[str, set[int]] = field(default_factory=dict)
    related: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    segments: dict[str, set[int]] = field(default_factory=dict)
    counted: dict[str, set[int]] = field(default_factory=dict)
    timed: set[int] = field(default_factory=set)
    hears: dict[str, list[Counter]] = field(default_factory=dict)
    misses: dict[str, list[Absence]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = {node.key: n for n, node in enumerate(self.nodes)}
        self.computed = frozenset(node.name for node in self.nodes if isinstance(node, Segment))
        for counter in self.counters.values():
            if not counter.contacts:
                self.hears.setdefault(counter.event, []).append(counter)
        for absence in self.absences:
            for event in {absence.event, absence.after}:
                self.misses.setdefault(event, []).append(absence)

    def note(self, number: int, ir: Ir) -> None:
        """Put down what a condition of a node reads."""
        match ir:
            case Op("contains", (Get((root, "segments")), Lit(str() as name))) if root == self.kind:
                self.segments.setdefault(name, set()).add(number)
            case Get((("counts" | "latest"), name)):
                self.counted.setdefault(name, set()).add(number)
            case Get((root, name, *_)) if root == self.kind:
                self.fields.setdefault(name, set()).add(number)
            case Get((root, name, *_)) if root in _RELATED:
                self.related.setdefault(root, {}).setdefault(name, set()).add(number)
            case Op(_, args):
                for arg in args:
                    self.note(number, arg)
        if moves(ir):
            self.timed.add(number)


def follow(schema: Schema, plans: Iterable[Plan]) -> dict[str, Following]:
    """What is followed for each kind of subject, with these live plans; kinds without anything are left out."""
    plans = tuple(plans)
    found = {}
    for kind in SUBJECT_KINDS:
        own = [plan for plan in plans if plan.subject == kind]
        following = _following(kind, schema.computed.get(kind, NOTHING), own, schema.time_zone)
        if following.nodes or following.counters or following.absences:
            found[kind] = following
    return found


def _following(kind: str, computed: Computed, plans: Iterable[Plan], zone: str) -> Following:
    plans = tuple(plans)
    nodes: list[tuple[Node, tuple[Ir, ...]]] = [_part(part) for part in computed.parts]
    nodes += [_start(plan) for plan in plans if plan.begins is not None]
    counts = _merged((*computed.counts, *(count for plan in plans for count in plan.counts)))
    named = {absence.name: absence for plan in plans for absence in plan.absences}
    absences = tuple(map(Absence.of, named.values()))
    following = Following(
        kind,
        tuple(node for node, _ in nodes),
        {name: Counter.of(count) for name, count in counts.items()},
        absences,
        _stamp(computed, counts, plans, zone),
        _digest(repr(sorted(counts.items()))),
    )
    for number, (node, irs) in enumerate(nodes):
        for ir in irs:
            following.note(number, ir)
        if isinstance(node, Health):
            following.fields.setdefault("health_score", set()).add(number)
            following.fields.setdefault("health", set()).add(number)
        if isinstance(node, Statuses):
            following.fields.setdefault("status", set()).add(number)
    return following


def _part(part: Part) -> tuple[Node, tuple[Ir, ...]]:
    irs = conditions(part)
    match part:
        case SegmentPart(name, when):
            return Segment(f"segment:{name}", name, compile_condition(when), atoms_of(irs)), irs
        case StatusPart(statuses):
            clauses = tuple((value, compile_condition(when)) for value, when in statuses)
            return Statuses("status", clauses, atoms_of(irs)), irs
        case HealthPart(levels):
            return Health("health", levels), irs


def _start(plan: Plan) -> tuple[Node, tuple[Ir, ...]]:
    begins = plan.begins
    assert begins is not None
    held = parse_duration(begins.held) if begins.held else None
    irs = (begins.when,)
    digest = blake2b(repr(begins).encode(), digest_size=6).hexdigest()
    return Start(
        f"rule:{plan.key}#{digest}", plan.key, compile_condition(begins.when), held, atoms_of(irs)
    ), irs


def _merged(counts: Iterable[CountPlan]) -> dict[str, CountPlan]:
    """The counts by name; of two of one name the larger bound holds."""
    found: dict[str, CountPlan] = {}
    for count in counts:
        known = found.get(count.name, count)
        found[count.name] = replace(known, most=max(known.most, count.most))
    return found


def _stamp(computed: Computed, counts: Mapping[str, CountPlan], plans: Iterable[Plan], zone: str) -> int:
    parts = [zone, repr(computed.parts), repr(sorted(counts.items()))]
    parts += [
        f"{plan.key} {plan.begins!r} {plan.absences!r}" for plan in plans if plan.begins or plan.absences
    ]
    return _digest("\0".join(parts))


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big") + 1


def read_elsewhere(following: Mapping[str, Following]) -> dict[str, frozenset[str]]:
    """By kind of record, the fields that are read by what is followed for records linked to it."""
    found: dict[str, set[str]] = {}
    for each in following.values():
        for root, fields in each.related.items():
            found.setdefault(root, set()).update(fields)
    return {kind: frozenset(fields) for kind, fields in found.items()}


def counted_of_contacts(following: Mapping[str, Following]) -> dict[str, list[Counter]]:
    """By type of event, the counters of accounts that count events of their contacts."""
    found: dict[str, list[Counter]] = {}
    account = following.get("account")
    for counter in account.counters.values() if account is not None else ():
        if counter.contacts:
            found.setdefault(counter.event, []).append(counter)
    return found


def heard_by(following: Mapping[str, Following]) -> Iterator[tuple[str, str]]:
    """(event type, kind) of all events that are counted or missed."""
    for kind, each in following.items():
        yield from ((event, kind) for event in (*each.hears, *each.misses))
    yield from ((event, "contact") for event in counted_of_contacts(following))
