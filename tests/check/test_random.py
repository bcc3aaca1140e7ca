"""Random expressions that are well typed check and plan; random edits of texts never raise."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.plan.codec import decode, encode
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue, described

Texts = st.SearchStrategy[str]


def _binary(ops: list[str], part: Texts) -> Texts:
    return st.builds(lambda a, op, b: f"({a} {op} {b})", part, st.sampled_from(ops), part)


def _number() -> Texts:
    leaf = st.sampled_from(
        ["score", "health_score", "5", "2.5", "1_000", "length(email)", "days_since(created_at)"]
    )
    return st.recursive(
        leaf,
        lambda p: _binary(["+", "-", "*"], p) | p.map(lambda x: f"-{x}") | p.map(lambda x: f"round({x})"),
        max_leaves=5,
    )


def _date() -> Texts:
    leaf = st.sampled_from(["birth_date", "today", "2026-01-31", "date(created_at)"])
    duration = st.sampled_from(["1d", "2mo", "1y", "1d12h"])
    return st.recursive(
        leaf,
        lambda p: st.builds(lambda a, op, b: f"({a} {op} {b})", p, st.sampled_from("+-"), duration).map(
            lambda x: f"date({x})" if "h" in x else x
        ),
        max_leaves=3,
    )


def _instant() -> Texts:
    leaf = st.sampled_from(["now", "created_at", "2026-01-31T09:00", "2026-01-31T09:00Z"])
    duration = st.sampled_from(["30m", "1d12h", "1mo", "(now - created_at)"])
    return st.recursive(
        leaf,
        lambda p: st.builds(lambda a, op, b: f"({a} {op} {b})", p, st.sampled_from("+-"), duration),
        max_leaves=3,
    )


def _text() -> Texts:
    leaf = st.sampled_from(
        ["email", "first_name", "owner.name", "account.name", '"a"', '"ä\\n"', "lower(city)", "lower(status)"]
    )
    return st.recursive(leaf, lambda p: st.builds(lambda a, b: f'({a} + "-" + {b})', p, p), max_leaves=3)


def _conditions() -> Texts:
    compare = ["=", "!=", "<", "<=", ">", ">="]
    leaf = st.one_of(
        _binary(compare, _number()),
        _binary(compare, _date() | _instant()),
        _binary(["=", "!="], _text()),
        st.builds(
            lambda a, op, b: f"{a} {op} {b}",
            _text(),
            st.sampled_from(["contains", "starts with", "ends with"]),
            _text(),
        ),
        st.builds(lambda a, b, c: f"{a} between {b} and {c}", _number(), _number(), _number()),
        st.builds(
            lambda a, what: f"{a} is {what}",
            _text() | _date(),
            st.sampled_from(["set", "not set", "empty", "not empty"]),
        ),
        st.builds(
            lambda a, op, items: f"{a} {op} [{', '.join(items)}]",
            _number(),
            st.sampled_from(["in", "not in"]),
            st.lists(_number(), max_size=3),
        ),
        st.sampled_from(
            [
                "dnc",
                "status = trial",
                "status in (trial, customer)",
                "stage = SQL",
                "tags contains vip",
                "owner.team = Sales",
                'email matches "^a"',
                "stages.sales != MQL",
            ]
        ),
    )
    return st.recursive(
        leaf, lambda p: _binary(["and", "or"], p) | p.map(lambda x: f"not ({x})"), max_leaves=5
    )


@settings(max_examples=250, deadline=None)
@given(_conditions())
def test_well_typed_conditions_check_and_plan(condition: str) -> None:
    workspace = load_workspace({"main.rules": f"on contact created when {condition} do stop"}, catalogue())
    assert [described(d) for d in workspace.diagnostics if d.is_error] == []
    (plan,) = workspace.plans
    assert decode(encode(plan)) == plan


SEEDS = [
    'rule "A" for contact live\n  on stage enter "SQL"\n  when status = trial and (score > 5 or dnc)\n  enrol once\n  exit when status = customer\ndo\n  assign("Sales")\n  wait 30m\n  if score >= 80 then\n    send email hyper("hi", tone: "warm") after 2h\n  else\n    stop\n  end\n  set score = score + 5 when owner is set\nend\n',
    'status for contact: trial, customer\nfields for contact\n  plan: one of free, pro\n  deal: money EUR\nend\nevent "demo.requested" for contact\n  seats: number\nend\non event "demo.requested" when event.seats > 5 and plan = pro and deal > €5 do move to stage "Won"; notify owner "{{ contact.plan }}"\n',
    (Path(__file__).parents[1] / "plan" / "classics" / "journey.rules").read_text("utf-8"),
]
PIECES = st.sampled_from(
    [
        "(",
        ")",
        '"',
        "and",
        "or",
        "not",
        "null",
        "=",
        "<",
        "+",
        "-",
        "5",
        "$5",
        "5%",
        "1d",
        "9:00",
        "[",
        "]",
        ",",
        ";",
        "\n",
        "end",
        "do",
        "if",
        "on",
        "when",
        "contact",
        "event",
        ".",
        "score",
        "trial",
        "{{",
        "in",
        "is set",
        "x",
        "\u00e4",
        "\x00",
        "now",
        "wait",
        "wait on",
        "timeout",
        "until",
        "where",
        "as second",
        "case",
        "else",
        "split",
        "let",
        "parallel",
        'go to "ask"',
        "on error",
        "on exit do",
        "with",
        "takes",
    ]
)


@st.composite
def edited(draw: st.DrawFn) -> str:
    """One of the seeds with a few pieces cut out and put in."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(PIECES) + text[end:]
    return text


@settings(max_examples=300, deadline=None)
@given(edited(), edited())
def test_random_edits_never_raise(before: str, after: str) -> None:
    workspace = load_workspace({"main.rules": before}, catalogue()).with_file("main.rules", after)
    for found in workspace.diagnostics:
        assert 0 <= found.span.start <= found.span.end <= len(found.source.text)
        assert "Traceback" not in found.message
    for plan in workspace.plans:
        assert decode(encode(plan)) == plan
