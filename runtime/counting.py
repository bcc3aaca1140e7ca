"""Events that conditions count: how many of them still count at a moment, and when that changes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter as Multiset
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rulelang.calendar import CalendarError, Duration, instant_text, parse_duration, shift
from rulelang.plan.compile import Condition, compile_condition
from rulelang.plan.followed import CountPlan
from rulelang.plan.scope import Scope
from runtime.model import JSON, Millis


@dataclass(frozen=True, slots=True)
class Counter:
    """A count ready to be kept. `window` is None where only the last event is of interest."""

    name: str
    event: str
    test: Condition | None
    window: Duration | None
    most: int
    contacts: bool

    @classmethod
    def of(cls, plan: CountPlan) -> Counter:
        """The counter for a count of a plan or a schema."""
        test = compile_condition(plan.when) if plan.when is not None else None
        window = parse_duration(plan.window) if plan.window else None
        return cls(plan.name, plan.event, test, window, plan.most, plan.contacts)

    def counts(self, scope: Scope) -> bool:
        """Whether an event of the type, with its data under the root `awaited`, is one of those counted."""
        return self.test is None or self.test(scope)

    def expiry(self, moment: Millis, zone: ZoneInfo) -> Millis:
        """When an event of that moment ceases to count."""
        assert self.window is not None
        try:
            return shift(moment, self.window, zone)
        except CalendarError:
            return moment

    def kept(self, moments: list[Millis], moment: Millis, now: Millis, zone: ZoneInfo) -> list[Millis]:
        """The moments to keep, in order, after one more event: no more than make a difference."""
        found = list(moments)
        insort(found, moment)
        return found[self.gone(found, now, zone) :][-self.most :]

    def recounted(
        self, known: list[Millis], past: Iterable[Millis], now: Millis, zone: ZoneInfo
    ) -> list[Millis]:
        """The moments to keep when those of recorded events are counted too; one that was counted counts once."""
        both = Multiset(known) | Multiset(past)
        found = sorted(both.elements())
        return found[self.gone(found, now, zone) :][-self.most :]

    def gone(self, moments: list[Millis], at: Millis, zone: ZoneInfo) -> int:
        """How many of these moments, the oldest ones, count no more at a moment."""
        if not moments or moments[0] > at - self._shortest():
            return 0
        return bisect_left(moments, True, key=lambda moment: self.expiry(moment, zone) > at)

    def _shortest(self) -> Millis:
        """A length that the window has anywhere: the calendar is asked only where it makes a difference."""
        window = self.window
        assert window is not None
        return ((window.months * 28 + window.days - 1) * 86_400 + window.seconds) * 1000


class Counts(Mapping[str, JSON]):
    """How many events count at the moment `at`, by name, computed when asked. The root `counts` of expressions."""

    __slots__ = ("_counters", "_moments", "_zone", "at")

    def __init__(
        self,
        counters: Mapping[str, Counter],
        moments: Mapping[str, list[Millis]],
        zone: ZoneInfo,
        at: Millis,
    ) -> None:
        self._counters, self._moments, self._zone, self.at = counters, moments, zone, at

    def __getitem__(self, name: str) -> JSON:
        counter = self._counters[name]
        moments = self._moments.get(name)
        return len(moments) - counter.gone(moments, self.at, self._zone) if moments else 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._counters)

    def __len__(self) -> int:
        return len(self._counters)

    def falls(self, name: str, below: int) -> Millis:
        """When fewer than so many of the events that count now will count."""
        return self._counters[name].expiry(self._moments[name][-below], self._zone)


class Latest(Mapping[str, JSON]):
    """When the last event was, by name, as an instant. The root `latest` of expressions."""

    __slots__ = ("_moments",)

    def __init__(self, moments: Mapping[str, Millis]) -> None:
        self._moments = moments

    def __getitem__(self, name: str) -> JSON:
        return instant_text(self._moments[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._moments)

    def __len__(self) -> int:
        return len(self._moments)
