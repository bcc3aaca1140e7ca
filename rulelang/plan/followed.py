"""Conditions that are followed all the time: of segments, statuses, health, and of rules that begin by one.

The values here say what is followed; `runtime.following` does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from rulelang.plan.ir import Get, Ir, Lit, Op, Path

MOST = 1_000
"""The most moments that are kept for one count."""


class CountPlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Events that are counted: expressions read how many as `Get(("counts", name))`.

    `when` sees the data of an event under the root `awaited`. An event counts for the duration `window`; without
    one only the last is of interest, its instant is `Get(("latest", name))`. `most` bounds the moments that are kept: a
    larger count makes no difference to any condition. With `contacts` it is events of an account's contacts.
    """

    name: str
    event: str
    when: Lit | Get | Op | None = None
    window: str = ""
    most: int = MOST
    contacts: bool = False


class AbsencePlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event that should follow `after` within the duration `within` and may not come.

    `after_when` sees the data of the first event under the root `awaited`; `when` that of the event that is missed
    under `awaited` and that of the first under `event`. The machine makes `absence.noticed` with the `name`.
    """

    name: str
    event: str
    within: str
    after: str
    when: Lit | Get | Op | None = None
    after_when: Lit | Get | Op | None = None


class Beginning(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule begins when `when` becomes true, or with `held` when it has been true for this duration."""

    when: Lit | Get | Op
    held: str = ""


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """A segment with its condition."""

    name: str
    when: Ir


@dataclass(frozen=True, slots=True)
class StatusPart:
    """The statuses with a condition, in order: the first whose condition holds is taken."""

    statuses: tuple[tuple[str, Ir], ...]


@dataclass(frozen=True, slots=True)
class HealthPart:
    """The levels of health, best first, each with the least `health_score` for it; the last has None."""

    levels: tuple[tuple[str, float | None], ...]


Part: TypeAlias = SegmentPart | StatusPart | HealthPart


@dataclass(frozen=True, slots=True)
class Computed:
    """What a schema computes for one kind of subject; each part comes after those that it reads."""

    parts: tuple[Part, ...] = ()
    counts: tuple[CountPlan, ...] = ()


NOTHING = Computed()


def conditions(part: Part) -> tuple[Ir, ...]:
    """The conditions of a part; health has one that it depends on its figure."""
    match part:
        case SegmentPart(_, when):
            return (when,)
        case StatusPart(statuses):
            return tuple(when for _, when in statuses)
        case HealthPart():
            return ()


def bounded(counts: tuple[CountPlan, ...], irs: tuple[Ir, ...]) -> tuple[CountPlan, ...]:
    """The counts with the bounds that these conditions leave: one more than any number they are compared with."""
    most: dict[Path, int] = {}
    for ir in irs:
        _compared(ir, most)
    return tuple(
        msgspec.structs.replace(count, most=most.get(("counts", count.name), MOST)) for count in counts
    )


def _compared(ir: Ir, most: dict[Path, int]) -> None:
    if isinstance(ir, Get) and ir.p[0] == "counts":
        most[ir.p] = MOST
    if not isinstance(ir, Op):
        return
    if ir.n in ("eq", "ne", "lt", "le", "gt", "ge", "between") and isinstance(ir.a[0], Get):
        numbers = [arg.v for arg in ir.a[1:] if isinstance(arg, Lit) and isinstance(arg.v, int | float)]
        if ir.a[0].p[0] == "counts" and len(numbers) == len(ir.a) - 1:
            path = ir.a[0].p
            most[path] = min(MOST, max(most.get(path, 1), *(int(n) + 2 for n in numbers)))
            return
    for arg in ir.a:
        _compared(arg, most)
