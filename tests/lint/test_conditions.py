"""What lint says of conditions is true of every record of a small world, as the plain interpreter judges it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rulelang.calendar import zone
from rulelang.lint.conditions import always_holds, implied, never_holds
from rulelang.plan.interpret import holds
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.scope import Scope

SCORE, PLAN, DNC = Get(("contact", "score")), Get(("contact", "plan")), Get(("contact", "dnc"))
NUMBERS = st.sampled_from([10, 20, 30]).map(Lit)
PLANS = ("free", "pro")
UTC = zone("UTC")
assert UTC is not None

ATOMS = st.one_of(
    st.builds(
        lambda op, number: Op(op, (SCORE, number)),
        st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]),
        NUMBERS,
    ),
    st.builds(lambda low, high: Op("between", (SCORE, low, high)), NUMBERS, NUMBERS),
    st.builds(lambda plan: Op("eq", (PLAN, Lit(plan))), st.sampled_from(PLANS)),
    st.builds(lambda plan: Op("in", (PLAN, Op("list", (Lit(plan),)))), st.sampled_from(PLANS)),
    st.sampled_from([Op("is_set", (SCORE,)), Op("is_set", (PLAN,)), DNC]),
)
PARTS: st.SearchStrategy[Ir] = st.one_of(ATOMS, ATOMS.map(lambda part: Op("not", (part,))))
CONDITIONS: st.SearchStrategy[Ir] = st.recursive(
    PARTS,
    lambda inner: st.builds(
        lambda op, parts: Op(op, tuple(parts)),
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=6,
)


def worlds() -> Iterator[Scope]:
    """Every contact that the conditions can tell apart."""
    for score, plan, dnc in product(
        (None, 5, 10, 15, 20, 25, 30, 35), (None, *PLANS, "team"), (None, True, False)
    ):
        contact: dict[str, Any] = {"score": score, "plan": plan, "dnc": dnc}
        yield Scope({"contact": {k: v for k, v in contact.items() if v is not None}}, 0, UTC)


WORLDS = tuple(worlds())


@given(CONDITIONS)
def test_what_never_holds_holds_for_nobody(when: Ir) -> None:
    if never_holds(when):
        assert not any(holds(when, world) for world in WORLDS)


@given(CONDITIONS)
def test_what_always_holds_holds_for_everybody(when: Ir) -> None:
    if always_holds(when):
        assert all(holds(when, world) for world in WORLDS)


@given(st.lists(PARTS, min_size=1, max_size=3), CONDITIONS)
def test_what_is_implied_holds_whenever_the_rest_does(known: list[Ir], when: Ir) -> None:
    if implied(known, when):
        assert all(holds(when, world) for world in WORLDS if all(holds(part, world) for part in known))


def test_plain_cases_are_seen() -> None:
    above = Op("ge", (SCORE, Lit(30)))
    assert implied([above], Op("ge", (SCORE, Lit(20))))
    assert implied([above], Op("is_set", (SCORE,)))
    assert implied([Op("eq", (PLAN, Lit("pro")))], Op("in", (PLAN, Op("list", (Lit("free"), Lit("pro"))))))
    assert not implied([Op("ge", (SCORE, Lit(20)))], above)
    assert never_holds(Op("and", (above, Op("or", (Op("lt", (SCORE, Lit(10))), Op("eq", (SCORE, Lit(20))))))))
