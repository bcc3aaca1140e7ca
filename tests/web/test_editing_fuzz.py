"""Whatever text is sent to the editor's routes is answered, never with a fault of ours, with offsets inside the text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CLASSIC = (Path(__file__).parents[1] / "plan/classics/journey.rules").read_text("utf-8")
QUICK = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WORDS = st.sampled_from(
    ["rule ", '"x"', " on ", "stage enter ", '"SQL"', "\ndo\n", "wait ", "1d", "if ", "then ", "else ", "end", "\n",
     "send email ", "(", ")", "😀", "𝒳", "é", "{{", "}}", "test ", "expect ", "given contact ", "fields for contact", ":",
     "when ", "score ", "> ", "5", "split", "case 50% ", "repeat 3 times do", "#", "`", "\\", "\t", "\u2028", "\r\n"]
)  # fmt: skip
TEXTS = st.lists(WORDS | st.text(max_size=4), max_size=40).map("".join)
PATHS = st.sampled_from(
    [
        "rules/main.rules",
        "rules/new.rules",
        "schema.rules",
        "templates/confirm.liquid",
        "a.test.rules",
        "a.md",
    ]
)
ROUTES = (
    "check",
    "complete",
    "hover",
    "definition",
    "references",
    "symbols",
    "tokens",
    "format",
    "flow",
    "plan-deploy",
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["c_1", "trial", "stage.entered", "SQL", "1d"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "email", "type", "contact_id", "data", "stage", "score", "fields"]), inner, max_size=4),
)  # fmt: skip


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A good text after an edit somewhere."""
    start = draw(st.integers(0, len(CLASSIC)))
    return CLASSIC[:start] + draw(TEXTS) + CLASSIC[start + draw(st.integers(0, 60)) :]


def units(text: str) -> int:
    """The length of a text, as browsers count it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def places(value: Any) -> Iterator[tuple[int, int, str | None]]:
    """All places in an answer: from, to, and the path where one is named."""
    if isinstance(value, dict):
        if isinstance(value.get("from"), int) and isinstance(value.get("to"), int):
            yield value["from"], value["to"], value.get("path")
        for item in value.values():
            yield from places(item)
    elif isinstance(value, list):
        for item in value:
            yield from places(item)


@QUICK
@given(path=PATHS, text=TEXTS | edited(), at=st.integers(-5, 3000))
def test_texts(api: httpx.Client, path: str, text: str, at: int) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    body: dict[str, Any] = {"path": path, "text": text}
    length = units(text)
    for route in ROUTES:
        with_place = route in ("complete", "hover", "definition", "references")
        answer = api.post(f"/v1/editor/{route}", json={**body, "at": at} if with_place else body)
        assert answer.status_code == 200, (route, answer.text)
        for start, end, where in places(answer.json()):
            assert start <= end
            if where == path and not with_place:
                assert start >= 0
                assert end <= length


@QUICK
@given(text=TEXTS | edited(), contacts=VALUES, events=VALUES, start=VALUES, span=VALUES)
def test_samples(api: httpx.Client, text: str, contacts: Any, events: Any, start: Any, span: Any) -> None:
    body = {
        "path": "rules/new.rules",
        "text": text,
        "contacts": contacts,
        "events": events,
        "from": start,
        "for": span,
    }
    content = json.dumps(body).encode("utf-8", "replace")
    answer = api.post("/v1/editor/simulate", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400, 422), answer.text
    answer = api.post(
        "/v1/editor/simulate", json={**body, "text": "", "contacts": [], "events": [], "from": "", "for": ""}
    )
    assert answer.status_code == 200


@QUICK
@given(text=TEXTS)
def test_files_of_tests(api: httpx.Client, text: str) -> None:
    content = json.dumps({"path": "a.test.rules", "text": text}).encode()
    answer = api.post("/v1/editor/test", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400), answer.text


@QUICK
@given(
    text=st.sampled_from([CLASSIC]),
    rule=st.sampled_from(["Journey", "Other", "none"]),
    taken=st.lists(
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["action", "waiting", "resumed", "failed", "exited", "x"]), "step": st.sampled_from(["", "do.0", "do.1.on0.0", "do.2", "do.10.case0.0", "do.14.1.do.0", "nope"])}
        ),
        max_size=6,
    ),
    over=st.booleans(),
)  # fmt: skip
def test_ways(api: httpx.Client, text: str, rule: str, taken: list[dict[str, str]], over: bool) -> None:
    body = {"path": "rules/new.rules", "text": text, "rule": rule, "taken": taken, "over": over}
    answer = api.post("/v1/editor/flow", json=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("depth", [10, 60, 400])
def test_deep_nesting(api: httpx.Client, depth: int) -> None:
    inside = "if score > 1 then\n" * depth + "stop\n" + "end\n" * depth
    text = f'rule "deep" for contact\non tag added "x"\ndo\n{inside}end\n'
    for route in (*ROUTES, "simulate"):
        answer = api.post(f"/v1/editor/{route}", json={"path": "rules/new.rules", "text": text})
        assert answer.status_code in (200, 422), (route, answer.text)


def test_a_very_long_rule_has_a_picture(api: httpx.Client) -> None:
    steps = 'add tag "a"\n' * 900
    text = f'rule "long" for contact\non tag added "x"\ndo\n{steps}end\n'
    answer = api.post("/v1/editor/flow", json={"path": "rules/new.rules", "text": text})
    assert answer.status_code == 200
    assert answer.json()["rules"][0]["svg"].count("data-step") == 900
