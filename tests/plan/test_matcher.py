"""The matcher finds what testing every rule with the interpreter finds, in order, through any history."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.calendar import zone
from rulelang.plan import bitmap, columns, tree
from rulelang.plan.interpret import holds
from rulelang.plan.ir import Get, Ir, Lit, Op, conjoin
from rulelang.plan.matcher import SMALL, Entry, Matcher
from rulelang.plan.scope import Scope
from tests.plan.strategies import expressions, scopes, simple_tests

UTC = zone("UTC")


def get(name: str) -> Get:
    return Get(("contact", name))


def eq(name: str, value: object) -> Op:
    return Op("eq", (get(name), Lit(value)))  # type: ignore[arg-type]


def scope_of(**fields: object) -> Scope:
    assert UTC is not None
    return Scope({"contact": fields}, 0, UTC)


def entry(ref: object, condition: Ir | None, event: str = "e", kind: str = "contact") -> Entry:
    return Entry(ref, event, kind, condition)  # type: ignore[arg-type]


def brute(entries: list[Entry], scope: Scope, event: str = "e", kind: str = "contact") -> list[object]:
    """What must match, in the order of first appearance, each once."""
    found = [
        e.ref
        for e in entries
        if (e.event_type, e.subject_kind) == (event, kind) and holds(e.condition, scope)
    ]
    order = {e.ref: index for index, e in reversed(list(enumerate(entries)))}
    return sorted(set(found), key=order.__getitem__)


conditions = st.one_of(
    st.none(),
    simple_tests(),
    st.lists(simple_tests(), min_size=2, max_size=5).map(lambda parts: conjoin(*parts)),
    expressions(),
)


@pytest.fixture(params=["tables", "chunks", "columns", "rough columns", "both"])
def small_limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so low that small examples reach every kind of node."""
    kind = request.param
    monkeypatch.setattr("rulelang.plan.matcher.SMALL", 0)
    monkeypatch.setattr(tree, "SORTED", 2)
    monkeypatch.setattr(tree, "CHUNK_ROWS", 3)
    monkeypatch.setattr(tree, "BLOCK", 5)
    monkeypatch.setattr(tree, "GAIN", 1 if kind in ("tables", "both") else 10**9)
    monkeypatch.setattr(tree, "SHARE", 0.4 if kind == "both" else 0)
    monkeypatch.setattr(tree, "DENSE", 10**9 if kind in ("tables", "chunks") else 2)
    if kind == "rough columns":
        monkeypatch.setattr(bitmap, "WORTH", dict.fromkeys(bitmap.WORTH, 0))
    monkeypatch.setattr(bitmap, "SHARED", 2 if kind == "both" else 4)
    monkeypatch.setattr(columns, "MAX_CUTS", 2 if kind == "rough columns" else 256)


@pytest.mark.usefixtures("small_limits")
class TestEveryKindOfNode:
    @given(st.lists(conditions, max_size=14), st.lists(scopes(), min_size=1, max_size=6))
    @settings(max_examples=80, deadline=None)
    def test_equals_brute_force(self, several: list[Ir | None], events: list[Scope]) -> None:
        entries = [entry(index, condition) for index, condition in enumerate(several)]
        matcher = Matcher(entries)
        for scope in events:
            assert matcher.match("e", "contact", scope) == brute(entries, scope)

    @given(st.data(), st.lists(scopes(), min_size=2, max_size=4))
    @settings(max_examples=60, deadline=None)
    def test_through_any_history(self, data: st.DataObject, events: list[Scope]) -> None:
        matcher, entries = Matcher(), []
        for _ in range(data.draw(st.integers(1, 10))):
            change = data.draw(st.sampled_from(["add", "add", "add", "again", "remove", "replace"]))
            refs = list(dict.fromkeys(e.ref for e in entries))
            if change == "add" or not refs:
                entries.append(entry(len(entries) + 1000 * len(refs), data.draw(conditions)))
                matcher.add(entries[-1])
            else:
                ref = data.draw(st.sampled_from(refs))
                fresh = entry(ref, data.draw(conditions))
                if change == "again":
                    entries.append(fresh)
                    matcher.add(fresh)
                elif change == "remove":
                    entries = [e for e in entries if e.ref != ref]
                    matcher.remove(ref)
                else:
                    at = next(i for i, e in enumerate(entries) if e.ref == ref)
                    entries[at] = fresh
                    entries = [e for i, e in enumerate(entries) if i == at or e.ref != ref]
                    matcher.replace(ref, [fresh])
            for scope in events:
                assert matcher.match("e", "contact", scope) == brute(entries, scope)


@given(st.lists(conditions, max_size=SMALL), st.lists(scopes(), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_small_sets_equal_brute_force(several: list[Ir | None], events: list[Scope]) -> None:
    entries = [entry(index, condition) for index, condition in enumerate(several)]
    matcher = Matcher(entries)
    for scope in events:
        assert matcher.match("e", "contact", scope) == brute(entries, scope)


def many(count: int) -> list[Entry]:
    """Rules of every kind that a tree places differently."""
    makers = [
        lambda i: conjoin(
            eq("status", f"s{i % 7}"), eq("country", f"c{i % 11}"), Op("ge", (get("score"), Lit(i % 100)))
        ),
        lambda i: conjoin(eq("status", f"s{i % 5}"), Op("contains", (get("tags"), Lit(f"t{i % 13}")))),
        lambda i: Op("in", (get("country"), Lit([f"c{i % 11}", f"c{i % 3}", None, True]))),
        lambda i: conjoin(eq("dnc", i % 2 == 0), Op("lt", (get("day"), Lit(f"2026-01-{i % 28 + 1:02}")))),
        lambda i: Op("or", (eq("status", f"s{i % 7}"), Op("contains", (get("tags"), Lit(f"t{i % 13}"))))),
        lambda i: Op("starts_with", (get("note"), Lit(chr(97 + i % 26)))),
        lambda i: conjoin(Op("not", (get("dnc"),)), Op("gt", (Lit(i % 50), get("score")))),
        lambda i: None if i % 50 == 0 else eq(f"rare{i % 400}", i % 3),
    ]
    return [entry(f"r{i}", makers[i % len(makers)](i)) for i in range(count)]


def events() -> list[Scope]:
    return [
        scope_of(status="s1", country="c2", score=50, tags=["t1", "t2", "t2", 3, None, ["t3"]], dnc=False),
        scope_of(status="s3", country="c0", score=True, tags="t1t12", dnc=True, day="2026-01-15", note="abc"),
        scope_of(status=None, country=["c1"], score="50", tags={"t1": 1}, dnc=1, day=20260115, note=5),
        scope_of(
            status={"a": 1}, country=True, score=10**30, tags=[], dnc=0, rare8=1, rare15=1.0, rare7=True
        ),
        scope_of(),
    ]


def test_many_rules_equal_brute_force() -> None:
    entries = many(3_000)
    matcher = Matcher(entries)
    for _ in range(2):
        for scope in events():
            assert matcher.match("e", "contact", scope) == brute(entries, scope)


def test_a_missing_record_matches_like_the_interpreter() -> None:
    entries = many(400)
    assert UTC is not None
    scope = Scope({}, 0, UTC)
    assert Matcher(entries).match("e", "contact", scope) == brute(entries, scope)


def test_removing_all_leaves_nothing() -> None:
    entries = many(1_000)
    matcher = Matcher(entries)
    for scope in events():
        matcher.match("e", "contact", scope)
    for one in entries[::2]:
        matcher.remove(one.ref)
    for scope in events():
        assert matcher.match("e", "contact", scope) == brute(entries[1::2], scope)
    for one in entries[1::2]:
        matcher.remove(one.ref)
    assert len(matcher) == 0
    assert all(matcher.match("e", "contact", scope) == [] for scope in events())
    assert matcher.candidates("e", "contact") == []


def test_growth_is_cut_again() -> None:
    entries = many(40)
    matcher = Matcher(entries)
    for one in many(2_000)[40:]:
        matcher.add(one)
        entries.append(one)
        if len(entries) % 97 == 0:
            scope = events()[len(entries) % 5]
            assert matcher.match("e", "contact", scope) == brute(entries, scope)


def test_order_is_that_of_first_appearance_and_replace_keeps_it() -> None:
    matcher = Matcher([entry("a", None), entry("b", None), entry("c", None)])
    matcher.replace("a", [entry("a", eq("status", "x")), entry("a", eq("status", "y"))])
    assert matcher.match("e", "contact", scope_of(status="y")) == ["a", "b", "c"]
    matcher.remove("b")
    matcher.add(entry("b", None))
    assert matcher.match("e", "contact", scope_of(status="x")) == ["a", "c", "b"]
    assert matcher.candidates("e", "contact") == ["a", "c", "b"]


def test_triggers_are_kept_apart() -> None:
    matcher = Matcher([entry("a", None, "e1"), entry("a", None, "e2"), entry("b", None, "e1", "account")])
    assert matcher.match("e1", "contact", scope_of()) == ["a"]
    assert matcher.match("e2", "contact", scope_of()) == ["a"]
    assert matcher.match("e1", "account", scope_of()) == ["b"]
    assert matcher.match("e3", "contact", scope_of()) == []
    assert (len(matcher), "a" in matcher, "z" in matcher) == (2, True, False)


def test_candidates_do_not_depend_on_conditions() -> None:
    matcher = Matcher([entry("a", Lit(False)), entry("b", eq("status", "x"))])
    assert matcher.candidates("e", "contact") == ["a", "b"]
    assert matcher.match("e", "contact", scope_of()) == []


def test_unknown_rules_are_refused() -> None:
    matcher = Matcher([entry("a", None)])
    with pytest.raises(KeyError):
        matcher.remove("b")
    with pytest.raises(KeyError):
        matcher.replace("b", [entry("b", None)])
    with pytest.raises(ValueError, match="replaced"):
        matcher.replace("a", [entry("b", None)])
    assert matcher.match("e", "contact", scope_of()) == ["a"]


def test_many_levels_do_not_exhaust_the_stack() -> None:
    wide = conjoin(*(eq(f"f{i}", i) for i in range(300)))
    entries = [entry(i, wide) for i in range(60)]
    scope = scope_of(**{f"f{i}": i for i in range(300)})
    assert Matcher(entries).match("e", "contact", scope) == list(range(60))


def test_changing_one_rule_among_many_is_quick() -> None:
    entries = many(20_000)
    matcher = Matcher(entries)
    scope = events()[0]
    matcher.match("e", "contact", scope)
    times = []
    for index in range(51):
        changed = entries[index * 331]
        # CPU time, and the median: other processes must not fail the test.
        started = time.process_time()
        matcher.replace(changed.ref, [changed])
        matcher.match("e", "contact", scope)
        times.append(time.process_time() - started)
    assert sorted(times)[25] < 0.010
