"""The smallest sequence that still breaks the same invariant: steps and fields left out one after the other.

Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002) without its
complements: pieces of half, a quarter … of the steps are left out while the invariant stays broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rulelang.calendar import parse_duration
from runtime.events import RECORD_UPDATED
from workbench.testing.chance import GAPS
from workbench.testing.model import After, Fire, Given, Statement

MOST_TRIES = 400
Breaks = Callable[[Sequence[Statement]], bool]


def shrunk(steps: Sequence[Statement], breaks: Breaks) -> list[Statement]:
    """The steps with all left out that is not needed; within MOST_TRIES attempts."""
    found, left = list(steps), MOST_TRIES
    changed = True
    while changed:
        changed = False
        for smaller in (*_fewer(found), *_simpler(found)):
            if left == 0:
                return found
            left -= 1
            if breaks(smaller):
                found, changed = smaller, True
                break
    return found


def _fewer(steps: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The steps without a piece of them, large pieces first."""
    size = len(steps) // 2
    while size:
        for at in range(0, len(steps), size):
            yield [*steps[:at], *steps[at + size :]]
        size //= 2


def _simpler(steps: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The steps with one of them simpler: a field or a part of an event less, or less time."""
    for at, step in enumerate(steps):
        for simpler in _smaller(step):
            yield [*steps[:at], simpler, *steps[at + 1 :]]


def _smaller(step: Statement) -> Iterator[Statement]:
    match step:
        case Given(_, _, fields):
            for name in fields:
                yield replace(step, fields={n: v for n, v in fields.items() if n != name})
        case Fire(_, raw) if raw["type"] == RECORD_UPDATED:
            fields = raw["data"]["fields"]
            for name in fields if len(fields) > 1 else ():
                rest = {n: v for n, v in fields.items() if n != name}
                yield replace(step, raw={**raw, "data": {"fields": rest}})
        case Fire(_, raw):
            data = raw["data"]
            for name, value in data.items():
                yield replace(step, raw={**raw, "data": {n: v for n, v in data.items() if n != name}})
                if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                    yield from (
                        replace(step, raw={**raw, "data": {**data, name: n}}) for n in (value // 2, value - 1)
                    )
        case After(_, duration):
            for gap in map(parse_duration, GAPS):
                if gap == duration:
                    return
                yield replace(step, duration=gap)
