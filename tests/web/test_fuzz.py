"""Whatever arrives is answered, and never with a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["contact", "c_1", "2026-01-01T00:00:00Z", "stage.entered", "SQL", "trial", "a@b.test"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
TYPES = st.sampled_from(
    [
        "stage.entered",
        "contact.updated",
        "record.updated",
        "contact.tag_added",
        "rule.start",
        "shop.ordered",
        "x.y",
    ]
)
FIELDS = st.sampled_from(
    [
        "id",
        "email",
        "external_id",
        "status",
        "score",
        "stages",
        "stage",
        "tags",
        "owner",
        "time_zone",
        "birth_date",
    ]
)
MEMBERS = st.sampled_from(
    [
        "stage",
        "pipeline",
        "fields",
        "tag",
        "rule",
        "total",
        "quiet",
        "previous_stage",
        "before",
        "after",
        "field",
    ]
)
RECORDS = st.dictionaries(FIELDS, VALUES, max_size=4)
EVENTS = st.fixed_dictionaries(
    {"type": TYPES | VALUES},
    optional={
        "id": SCALARS,
        "subject": VALUES | st.dictionaries(st.sampled_from(["kind", "id", "email", "external_id"]), SCALARS),
        "contact_id": SCALARS,
        "account_id": SCALARS,
        "occurred_at": SCALARS,
        "data": VALUES | st.dictionaries(MEMBERS, VALUES | RECORDS, max_size=3),
        "changes": VALUES
        | st.dictionaries(FIELDS, st.dictionaries(st.sampled_from(["before", "after"]), VALUES)),
        "actor": VALUES,
        "source": VALUES,
    },
)
QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MEDIA = st.sampled_from(
    [
        "application/json",
        "application/x-ndjson",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    ]
)


def expect_no_fault(answer: httpx.Response) -> None:
    assert answer.status_code < 500, (answer.status_code, answer.text)
    body: Any = answer.json()
    receipts = body.get("events", [body]) if isinstance(body, dict) else []
    assert "failed" not in [r.get("status") for r in receipts], "the event hit a mistake of ours"


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "replace")


@QUICK
@given(event=EVENTS)
def test_events(api: httpx.Client, event: Any) -> None:
    expect_no_fault(
        api.post("/v1/events", content=encoded(event), headers={"Content-Type": "application/json"})
    )


@QUICK
@given(value=VALUES | st.lists(EVENTS, max_size=3), media=MEDIA)
def test_bodies(api: httpx.Client, value: Any, media: str) -> None:
    expect_no_fault(api.post("/v1/events", content=encoded(value), headers={"Content-Type": media}))


@QUICK
@given(body=st.binary(max_size=60), media=MEDIA)
def test_bytes(api: httpx.Client, body: bytes, media: str) -> None:
    expect_no_fault(api.post("/v1/events", content=body, headers={"Content-Type": media}))


@QUICK
@given(fields=RECORDS | VALUES)
def test_records(api: httpx.Client, fields: Any) -> None:
    headers = {"Content-Type": "application/json"}
    expect_no_fault(api.put("/v1/contacts/c_fuzz", content=encoded(fields), headers=headers))


@QUICK
@given(rows=st.lists(st.lists(st.text(max_size=12), max_size=4), max_size=4), raw=st.text(max_size=60))
def test_files(api: httpx.Client, rows: list[list[str]], raw: str) -> None:
    lines = ["id,email,status,tags", *(",".join(cells) for cells in rows)]
    for text in ("\n".join(lines), raw):
        content = text.encode("utf-8", "replace")
        expect_no_fault(
            api.post("/v1/contacts/import", content=content, headers={"Content-Type": "text/csv"})
        )


@QUICK
@given(
    text=st.text(max_size=60), start=st.sampled_from(["", "rule ", "on stage enter ", 'person "a@b.test"'])
)
def test_rule_texts(api: httpx.Client, text: str, start: str) -> None:
    content = (start + text).encode("utf-8", "replace")
    expect_no_fault(api.put("/v1/rules/fuzz.rules", params={"dry_run": "true"}, content=content))


@QUICK
@given(
    path=st.sampled_from(["/v1/contacts", "/v1/runs", "/v1/effects", "/v1/mailbox", "/v1/why"]),
    query=st.dictionaries(
        st.sampled_from(
            ["limit", "cursor", "status", "subject", "rule", "run", "email", "external_id", "event"]
        ),
        st.text(max_size=20),
        max_size=3,
    ),
)
def test_parameters(api: httpx.Client, path: str, query: dict[str, str]) -> None:
    clean = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    expect_no_fault(api.get(path, params=clean))


@QUICK
@given(
    parts=st.lists(st.text(max_size=12), min_size=1, max_size=3),
    root=st.sampled_from(
        ["/v1/contacts/", "/v1/runs/", "/v1/rules/", "/v1/mailbox/", "/v1/", "/static/", "/"]
    ),
)
def test_paths(api: httpx.Client, parts: list[str], root: str) -> None:
    from urllib.parse import quote

    path = root + "/".join(quote(part.encode("utf-8", "replace"), safe="") for part in parts)
    answer = api.get(path)
    assert answer.status_code < 500, (path, answer.text)


@pytest.mark.parametrize(
    "name", ["authorization", "idempotency-key", "cookie", "origin", "ce-id", "if-match", "accept"]
)
@QUICK
@given(value=st.binary(max_size=40))
def test_headers(api: httpx.Client, name: str, value: bytes) -> None:
    clean = value.translate(None, bytes(range(32)) + b"\x7f").strip()
    for method, path in (("GET", "/"), ("POST", "/v1/events"), ("PUT", "/v1/rules/fuzz.rules?dry_run=true")):
        headers = [(b"content-type", b"application/json"), (name.encode(), clean)]
        answer = api.request(method, path, headers=headers, content=b"{}")
        assert answer.status_code < 500, (path, answer.text)
