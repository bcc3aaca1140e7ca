"""Random expressions and scopes, skewed towards collisions: few fields, few values, every type in every place."""

from __future__ import annotations

from hypothesis import strategies as st

from rulelang.calendar import zone
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.operators import OPERATORS
from rulelang.plan.scope import Directory, Scope

FIELDS = ("status", "score", "country", "dnc", "tags", "at", "day", "note")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
PEOPLE = Directory({"ana@acme.test": "Ana"}, {"ana@acme.test": "Sales"})

TEXTS = st.sampled_from(
    ["", "trial", "customer", "DE", "vip", "a b", "ana@acme.test", "12", "2d", "1mo-1d", "09:00"]
    + [
        "2024-02-29",
        "2026-01-31",
        "9999-12-31",
        "2026-03-29T01:30:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "\ud800",
    ]
)
NUMBERS = st.sampled_from([0, 1, -1, 2, 50, 80, 2.5, -0.0, 1e308, 2**63 - 1, 10**40, 1.0, 0.1])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=4),
    st.lists(st.lists(SCALARS, max_size=2), max_size=2),
    st.dictionaries(st.sampled_from(["sales", "x"]), SCALARS, max_size=2),
)
PATHS = st.one_of(
    st.tuples(st.sampled_from(["contact", "event"]), st.sampled_from(FIELDS)),
    st.sampled_from(
        [("contact",), ("account", "status"), ("contact", "stages", "sales"), ("contact", "tags", "x")]
    ),
)
LITERALS = st.one_of(SCALARS, st.lists(SCALARS, max_size=4)).map(Lit)
GETS = PATHS.map(Get)
PATTERNS = st.sampled_from(["^t", "al$", "(", "a.b", "[0-9]+", "\ud800"]).map(Lit)
SIMPLE = ("eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "starts_with", "ends_with")


def _any_operator(args: st.SearchStrategy[Ir]) -> st.SearchStrategy[Ir]:
    def build(name: str) -> st.SearchStrategy[Ir]:
        operator = OPERATORS[name]
        most = operator.most if operator.most is not None else operator.least + 3
        return st.lists(args, min_size=operator.least, max_size=most).map(lambda a: Op(name, tuple(a)))

    return st.sampled_from(sorted(OPERATORS)).flatmap(build)


def simple_tests() -> st.SearchStrategy[Ir]:
    """Single tests of a field against a literal: what rules mostly consist of."""
    compared = st.builds(lambda n, g, v: Op(n, (g, v)), st.sampled_from(SIMPLE), GETS, LITERALS)
    mirrored = st.builds(lambda n, g, v: Op(n, (v, g)), st.sampled_from(SIMPLE), GETS, LITERALS)
    between = st.builds(lambda g, a, b: Op("between", (g, a, b)), GETS, LITERALS, LITERALS)
    matches = st.builds(lambda g, p: Op("matches", (g, p)), GETS, PATTERNS)
    present = st.builds(lambda n, g: Op(n, (g,)), st.sampled_from(["is_set", "is_empty", "not"]), GETS)
    return st.one_of(compared, compared, mirrored, between, matches, present, GETS, LITERALS)


def expressions() -> st.SearchStrategy[Ir]:
    """Any expression: conditions of conditions, and every operator on anything."""

    def extend(inner: st.SearchStrategy[Ir]) -> st.SearchStrategy[Ir]:
        several = st.lists(inner, min_size=0, max_size=4).map(tuple)
        joined = st.builds(Op, st.sampled_from(["and", "or"]), several)
        negated = inner.map(lambda x: Op("not", (x,)))
        return st.one_of(joined, negated, _any_operator(inner))

    return st.recursive(simple_tests(), extend, max_leaves=12)


def scopes() -> st.SearchStrategy[Scope]:
    """Any scope: roots and fields may be absent, and of any type."""
    record = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=len(FIELDS))
    stages = st.one_of(st.just({}), st.fixed_dictionaries({"stages": VALUES}))
    contact = st.builds(lambda a, b: {**a, **b}, record, stages)
    values = st.fixed_dictionaries({}, optional={"contact": contact, "event": record, "account": record})
    now = st.sampled_from([0, 1_790_000_000_000, 253_402_300_799_999, -62_135_596_800_000])
    zones = st.sampled_from(ZONES).map(zone)
    return st.builds(Scope, values, now, zones, st.just(PEOPLE))
