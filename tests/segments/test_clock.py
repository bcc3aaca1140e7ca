"""What time moves in a condition, and when it does next: found without stepping through time."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from rulelang.calendar import parse_instant
from rulelang.plan.followed import CountPlan, bounded
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.moving import UnsteadyError, atoms, first_change, moves
from rulelang.plan.scope import Scope
from runtime.counting import Counter, Counts
from runtime.crossing import atoms_of, next_change
from tests.support.rules import check

ZONE = ZoneInfo("Europe/Berlin")
NOW = parse_instant("2026-03-27T09:30:00Z")
HOUR = 3_600_000
FIELDS = {
    "renewal_date": "2026-04-02",
    "created_at": "2026-03-20T10:15:00.000Z",
    "birth_date": "1990-04-01",
    "last_seen": "2026-03-26T23:59:00.000Z",
}
SCHEMA = "fields for contact\n  renewal_date: date\n  last_seen: datetime\nend\n"


def condition(text: str) -> Ir:
    workspace = check(f'segment "X" for contact: {text}', schema=SCHEMA)
    return workspace.schema.computed["contact"].parts[0].when  # type: ignore[union-attr]


def scope_at(moment: int) -> Scope:
    return Scope({"contact": FIELDS}, moment, ZONE)


@pytest.mark.parametrize(
    "text",
    [
        "created_at < now - 7d",
        "created_at + 9d <= now",
        "created_at <= now - 1mo",
        "now - created_at > 8d",
        "hours_since(created_at) >= 200",
        "renewal_date <= today + 3d",
        "renewal_date < today",
        "renewal_date = today",
        "renewal_date != today + 1d",
        "renewal_date between today and today + 5d",
        "days_until(renewal_date) < 4",
        "days_since(created_at) * 2 > 21",
        "age(birth_date) >= 36",
        "last_seen < now - 3d and created_at > now - 10d",
        "not (last_seen >= now - 48h) or renewal_date < today - 2w",
    ],
)
def test_the_next_change_is_where_stepping_through_time_finds_it(text: str) -> None:
    ir = condition(text)
    holds = [atom.holds for atom in atoms_of([ir])]
    assert holds
    counts = Counts({}, {}, ZONE, NOW)
    found = [next_change(atom, scope_at(NOW), counts) for atom in atoms_of([ir])]
    for test, moment in zip(holds, found, strict=True):
        stepped = [NOW + n * HOUR // 4 for n in range(4 * 24 * 60)]
        changed = next((b for a, b in pairwise(stepped) if test(scope_at(a)) != test(scope_at(b))), None)
        if moment is None or changed is None:
            assert changed is None
            assert moment is None or moment > stepped[-1]
            continue
        assert changed - HOUR // 4 < moment <= changed
        assert test(scope_at(moment)) != test(scope_at(moment - 1))


def test_a_count_changes_when_its_oldest_events_leave_the_window() -> None:
    plan = CountPlan("order placed in 2d", "order.placed", window="2d")
    counter = Counter.of(plan)
    moments = [NOW - 40 * HOUR, NOW - 30 * HOUR, NOW - 20 * HOUR, NOW - 10 * HOUR]
    counts = Counts({plan.name: counter}, {plan.name: moments}, ZONE, NOW)
    assert counts[plan.name] == 4
    for least, gone in ((4, 0), (3, 1), (1, 3)):
        (atom,) = atoms_of([Op("ge", (Get(("counts", plan.name)), Lit(least)))])
        scope = Scope({"counts": counts}, NOW, ZONE)
        # The clocks go forward on 29 March: two calendar days are an hour less for what ends behind that.
        assert next_change(atom, scope, counts) == counter.expiry(moments[gone], ZONE)
    (never,) = atoms_of([Op("ge", (Get(("counts", plan.name)), Lit(5)))])
    assert next_change(never, Scope({"counts": counts}, NOW, ZONE), counts) is None


def test_no_more_moments_are_kept_than_make_a_difference() -> None:
    name = "order placed in 30d"
    plan = CountPlan(name, "order.placed", window="30d")
    path = Get(("counts", name))
    (kept,) = bounded((plan,), (Op("ge", (path, Lit(3))), Op("between", (path, Lit(1), Lit(5)))))
    assert kept.most == 7
    counter, moments = Counter.of(kept), list[int]()
    for n in range(50):
        moments = counter.kept(moments, NOW + n, NOW + n, ZONE)
    assert moments == [NOW + n for n in range(43, 50)]
    (free,) = bounded((plan,), (Op("eq", (path, Get(("contact", "score")))),))
    assert free.most == 1000


def test_old_moments_are_dropped_when_another_comes() -> None:
    counter = Counter.of(CountPlan("c", "order.placed", window="2d"))
    assert counter.kept([NOW - 100 * HOUR, NOW - HOUR], NOW, NOW, ZONE) == [NOW - HOUR, NOW]
    assert counter.kept([NOW - HOUR], NOW - 2 * HOUR, NOW, ZONE) == [NOW - 2 * HOUR, NOW - HOUR]


@pytest.mark.parametrize(
    "ir",
    [
        Op("eq", (Op("fn.weekday", (Op("today", ()),)), Lit("monday"))),
        Op("lt", (Op("fn.next_anniversary", (Get(("contact", "birth_date")),)), Lit("2026-05-01"))),
        Op("lt", (Op("now", ()), Op("instant.add", (Op("now", ()), Lit("1d"))))),
        Op("in", (Get(("counts", "c")), Lit([1, 2]))),
    ],
)
def test_what_time_moves_to_and_fro_is_refused(ir: Op) -> None:
    assert moves(ir)
    with pytest.raises(UnsteadyError):
        list(atoms(Op("and", (Lit(True), ir))))


def test_what_stands_still_has_no_atoms() -> None:
    still = Op("and", (Op("ge", (Get(("contact", "score")), Lit(3))), Op("is_set", (Get(("latest", "c")),))))
    assert not moves(still)
    assert list(atoms(still)) == []


def test_bisection_finds_the_first_change() -> None:
    assert first_change(lambda n: n >= 17, 0, 1000) == 17
    assert first_change(lambda n: n < 1, 0, 1000) == 1
    assert first_change(lambda n: n >= 1000, 0, 1000) == 1000
    assert first_change(lambda n: False, 0, 1000) is None
