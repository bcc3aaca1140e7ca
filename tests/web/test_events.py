"""`POST /v1/events`: every content type, what is refused and how, repeats, and that an answer means it happened."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.live import LiveServer, problem

EVENTS = "/v1/events"
NewId = Callable[[], str]


def entered(contact: str, stage: str = "SQL", **more: Any) -> dict[str, Any]:
    return {"type": "stage.entered", "contact_id": contact, "data": {"stage": stage}, **more}


def cloud_event(contact: str, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"ce-{contact}",
        "source": "/shop",
        "type": "shop.ordered",
        "subject": f"contact/{contact}",
        **more,
    }


def a_trial(api: httpx.Client, contact: str) -> None:
    api.put(
        f"/v1/contacts/{contact}", json={"status": "trial", "email": f"{contact}@x.test"}
    ).raise_for_status()


# --- one event -------------------------------------------------------------------------------------


def test_an_event_starts_a_run_before_it_is_answered(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    a_trial(api, contact)
    answer = api.post(EVENTS, json=entered(contact, id=f"first-{contact}"))
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["id"] == f"first-{contact}"
    assert receipt["status"] == "accepted"
    assert receipt["subject"] == {"kind": "contact", "id": contact}
    (run,) = receipt["runs"]
    found = api.get(f"/v1/runs/{run}").json()
    assert found["status"] == "waiting"
    assert found["subject"] == receipt["subject"]
    record = api.get(f"/v1/contacts/{contact}").json()
    assert record["fields"]["owner"] == "ana@acme.test"
    assert record["fields"]["stages"] == {"sales": "SQL"}
    assert record["live_runs"] == [run]


def test_a_repeat_has_one_effect_and_gets_the_first_answer(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    a_trial(api, contact)
    event = entered(contact, id=f"twice-{contact}")
    first, second = api.post(EVENTS, json=event).json(), api.post(EVENTS, json=event).json()
    assert first["status"] == "accepted"
    assert second == {**first, "status": "duplicate"}
    assert len(api.get("/v1/runs", params={"subject": f"contact:{contact}"}).json()["items"]) == 1


def test_an_id_with_another_body_is_refused(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    api.post(EVENTS, json=entered(contact, "MQL", id=f"same-{contact}")).raise_for_status()
    answer = problem(api.post(EVENTS, json=entered(contact, "Won", id=f"same-{contact}")), 409)
    assert f"same-{contact}" in answer["detail"]
    assert [e["status"] for e in answer["events"]] == ["conflict"]
    assert api.get(f"/v1/contacts/{contact}").json()["fields"]["stages"] == {"sales": "MQL"}


def test_an_event_without_an_id_is_given_one(api: httpx.Client, new_id: NewId) -> None:
    event = entered(new_id(), "MQL")
    first, second = api.post(EVENTS, json=event).json(), api.post(EVENTS, json=event).json()
    assert first["id"] != second["id"]
    assert {first["status"], second["status"]} == {"accepted"}


@pytest.mark.parametrize("key", ["k-1", "x" * 500, "with spaces, commas and /"])
def test_the_idempotency_key_makes_the_id(api: httpx.Client, new_id: NewId, key: str) -> None:
    event, headers = entered(new_id(), "MQL"), {"Idempotency-Key": key + new_id()}
    first = api.post(EVENTS, json=event, headers=headers).json()
    second = api.post(EVENTS, json=event, headers=headers).json()
    assert first["status"] == "accepted"
    assert second == {**first, "status": "duplicate"}
    problem(api.post(EVENTS, json={**event, "data": {"stage": "Won"}}, headers=headers), 409)


def test_an_empty_id_is_a_mistake_and_not_a_wish_for_one(api: httpx.Client, new_id: NewId) -> None:
    answer = problem(api.post(EVENTS, json=entered(new_id(), id="")), 422)
    assert answer["errors"][0]["pointer"] == "/id"


def test_a_subject_is_found_by_its_address(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    a_trial(api, contact)
    subject = {"kind": "contact", "email": f"{contact.upper()}@X.TEST"}
    answer = api.post(EVENTS, json={"type": "stage.entered", "subject": subject, "data": {"stage": "MQL"}})
    assert answer.json()["subject"]["id"] == contact


# --- several events --------------------------------------------------------------------------------


def test_an_array_is_taken_as_a_whole(api: httpx.Client, new_id: NewId) -> None:
    events = [entered(new_id(), "MQL") for _ in range(3)]
    receipts = api.post(EVENTS, json=events).json()["events"]
    assert [r["subject"]["id"] for r in receipts] == [e["contact_id"] for e in events]
    assert {r["status"] for r in receipts} == {"accepted"}


def test_one_mistake_refuses_the_whole_array(api: httpx.Client, new_id: NewId) -> None:
    good, other = new_id(), new_id()
    events = [
        entered(good, "MQL"),
        {"type": "Stage Entered", "contact_id": other},
        entered(other, occurred_at="yesterday"),
    ]
    answer = problem(api.post(EVENTS, json=events), 422)
    assert [e["pointer"] for e in answer["errors"]] == ["/1/type", "/2/occurred_at"]
    assert "none was taken" in answer["detail"]
    assert all(e["detail"] for e in answer["errors"])
    assert api.get(f"/v1/contacts/{good}").status_code == 404


def test_a_conflict_in_an_array_says_what_became_of_each(api: httpx.Client, new_id: NewId) -> None:
    first, second = new_id(), new_id()
    api.post(EVENTS, json=entered(first, "MQL", id=f"e-{first}")).raise_for_status()
    events = [entered(first, "Won", id=f"e-{first}"), entered(second, "MQL", id=f"e-{second}")]
    answer = problem(api.post(EVENTS, json=events), 409)
    assert [e["status"] for e in answer["events"]] == ["conflict", "accepted"]


def test_an_idempotency_key_goes_for_every_event_of_a_body(api: httpx.Client, new_id: NewId) -> None:
    events, headers = [entered(new_id(), "MQL") for _ in range(3)], {"Idempotency-Key": new_id()}
    first = api.post(EVENTS, json=events, headers=headers).json()["events"]
    second = api.post(EVENTS, json=events, headers=headers).json()["events"]
    assert len({r["id"] for r in first}) == 3
    assert [r["status"] for r in second] == ["duplicate"] * 3
    assert [r["id"] for r in second] == [r["id"] for r in first]


@pytest.mark.parametrize("media", ["application/x-ndjson", "application/ndjson", "application/jsonl"])
def test_newline_delimited(api: httpx.Client, new_id: NewId, media: str) -> None:
    lines = "\n".join([json.dumps(entered(new_id(), "MQL")), "", json.dumps(entered(new_id(), "MQL")), ""])
    answer = api.post(EVENTS, content=lines, headers={"Content-Type": media})
    assert [r["status"] for r in answer.json()["events"]] == ["accepted", "accepted"]


def test_a_line_that_is_no_json_is_named(api: httpx.Client, new_id: NewId) -> None:
    lines = json.dumps(entered(new_id())) + "\n\n{nonsense\n"
    answer = problem(api.post(EVENTS, content=lines, headers={"Content-Type": "application/x-ndjson"}), 400)
    assert answer["line"] == 3
    assert answer["detail"].startswith("line 3:")


def test_a_large_body_is_taken_too(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    lines = "\n".join(json.dumps(entered(contact, "MQL", id=f"{contact}-{n}")) for n in range(1500))
    assert len(lines) > 128 * 1024
    answer = api.post(EVENTS, content=lines, headers={"Content-Type": "application/x-ndjson"}, timeout=30)
    receipts = answer.json()["events"]
    assert [r["id"] for r in receipts] == [f"{contact}-{n}" for n in range(1500)]
    assert {r["status"] for r in receipts} == {"accepted"}


# --- CloudEvents -----------------------------------------------------------------------------------

STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
BATCHED = {"Content-Type": "application/cloudevents-batch+json"}


def test_structured(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    event = cloud_event(contact, time="2026-03-02T09:00:00Z", data={"total": 5})
    answer = api.post(EVENTS, content=json.dumps(event), headers=STRUCTURED).json()
    assert answer["id"] == f"/shop#ce-{contact}"
    assert answer["subject"] == {"kind": "contact", "id": contact}
    run = api.get(f"/v1/runs/{answer['runs'][0]}").json()
    assert run["event"]["occurred_at"] == "2026-03-02T09:00:00.000Z"
    assert run["event"]["data"] == {"total": 5}
    assert run["event"]["source"] == "/shop"
    assert api.get(f"/v1/contacts/{contact}").json()["fields"]["plan_name"] == "gold"


def test_structured_with_base64(api: httpx.Client, new_id: NewId) -> None:
    data = base64.b64encode(b'{"total": 7}').decode()
    event = cloud_event(new_id(), data_base64=data)
    answer = api.post(EVENTS, content=json.dumps(event), headers=STRUCTURED).json()
    assert api.get(f"/v1/runs/{answer['runs'][0]}").json()["event"]["data"] == {"total": 7}


def test_batched(api: httpx.Client, new_id: NewId) -> None:
    events = [cloud_event(new_id()), cloud_event(new_id())]
    receipts = api.post(EVENTS, content=json.dumps(events), headers=BATCHED).json()["events"]
    assert [r["status"] for r in receipts] == ["accepted", "accepted"]


@pytest.mark.parametrize("media", ["application/json", "application/vnd.shop+json"])
def test_binary(api: httpx.Client, new_id: NewId, media: str) -> None:
    contact = new_id()
    headers = {f"ce-{k}": v for k, v in cloud_event(contact).items()} | {"Content-Type": media}
    answer = api.post(EVENTS, content=b'{"total": 9}', headers=headers).json()
    assert answer["subject"]["id"] == contact
    assert api.get(f"/v1/runs/{answer['runs'][0]}").json()["event"]["data"] == {"total": 9}


def test_binary_without_data(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    headers = {f"ce-{k}": v for k, v in cloud_event(contact, subject=f"contact/{contact}%40x.test").items()}
    answer = api.post(EVENTS, headers=headers).json()
    assert answer["status"] == "accepted"
    record = api.get(f"/v1/contacts/{answer['subject']['id']}").json()
    assert record["fields"]["email"] == f"{contact}@x.test"


def test_extension_attributes_name_the_subject(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    event = cloud_event(contact, subject="an order", contactid=contact)
    answer = api.post(EVENTS, content=json.dumps(event), headers=STRUCTURED).json()
    assert answer["subject"] == {"kind": "contact", "id": contact}


def test_an_id_that_is_too_long_for_us_still_names_one_event(api: httpx.Client, new_id: NewId) -> None:
    event = cloud_event(new_id(), source="https://shop.test/" + "x" * 300, id="order 1")
    first = api.post(EVENTS, content=json.dumps(event), headers=STRUCTURED).json()
    second = api.post(EVENTS, content=json.dumps(event), headers=STRUCTURED).json()
    other = api.post(EVENTS, content=json.dumps({**event, "id": "order 2"}), headers=STRUCTURED).json()
    assert [first["status"], second["status"], other["status"]] == ["accepted", "duplicate", "accepted"]
    assert first["id"] == second["id"] != other["id"]


def test_source_and_id_are_not_mixed_up(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    one = cloud_event(contact, source=f"/a{contact}#b", id="c")
    two = cloud_event(contact, source=f"/a{contact}", id="b#c")
    ids = {api.post(EVENTS, content=json.dumps(e), headers=STRUCTURED).json()["id"] for e in (one, two)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id": ""}, "/id"),
        ({"source": None}, "/source"),
        ({"type": 5}, "/type"),
        ({"specversion": "0.3"}, "/specversion"),
        ({"data": [1]}, "/data"),
        ({"data": {}, "data_base64": "e30="}, "/data_base64"),
        ({"data_base64": "!"}, "/data_base64"),
        ({"subject": "an order"}, "/subject"),
        ({"subject": "contact/with space"}, "/subject"),
        ({"time": "noon"}, "/time"),
    ],
)
def test_what_is_wrong_with_a_cloud_event(
    api: httpx.Client, new_id: NewId, change: dict[str, Any], pointer: str
) -> None:
    event = {**cloud_event(new_id()), **change}
    answer = problem(api.post(EVENTS, content=json.dumps(event), headers=STRUCTURED), 422)
    assert [e["pointer"] for e in answer["errors"]] == [pointer]
    batch = problem(api.post(EVENTS, content=json.dumps([cloud_event("ok"), event]), headers=BATCHED), 422)
    assert [e["pointer"] for e in batch["errors"]] == [f"/1{pointer}"]


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ({}, "/type"),
        ({"type": "stage.entered"}, "/subject"),
        ({"type": "stage.entered", "contact_id": "c 1"}, "/contact_id"),
        ({"type": "stage.entered", "subject": {"kind": "horse", "id": "c"}}, "/subject/kind"),
        ({"type": "stage.entered", "subject": "c_1"}, "/subject"),
        ({"type": "a.b", "contact_id": "c", "data": []}, "/data"),
        ({"type": "a.b", "contact_id": "c", "surprise": 1}, "/surprise"),
        ({"type": "a.b", "contact_id": "c", "id": "x" * 201}, "/id"),
        ({"type": "a.b", "contact_id": "c", "occurred_at": "2126-01-01T00:00:00Z"}, "/occurred_at"),
        ({"type": "a.b", "contact_id": "c", "occurred_at": "2026-01-01T00:00:00"}, "/occurred_at"),
        (
            {"type": "contact.updated", "contact_id": "c", "changes": {"status": {"after": "x"}}},
            "/changes/status",
        ),
        ({"type": "record.updated", "contact_id": "c", "data": {"fields": {"nope": 1}}}, "/data/fields/nope"),
        ("text", ""),
        (5, ""),
        ([["nested"]], "/0"),
    ],
)
def test_what_is_wrong_with_an_event(api: httpx.Client, event: Any, pointer: str) -> None:
    answer = problem(api.post(EVENTS, json=event), 422)
    assert answer["errors"] == [{"pointer": pointer, "detail": answer["detail"]}]


def test_many_mistakes_are_counted_and_the_first_hundred_listed(api: httpx.Client) -> None:
    answer = problem(api.post(EVENTS, json=[{}] * 250), 422)
    assert answer["detail"].startswith("250 of 250 events are wrong")
    assert len(answer["errors"]) == 100


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"type": NaN}',
        b'{"type": "a", "data": {"x": 1e999}}',
        b'{"type": "\xff"}',
        b'{"type": "\\ud800"}',
        "{}".encode("utf-16"),
        b"[]",
        b"[" * 40 + b"]" * 40,
        b"[" * 20_000,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"{" + b",".join(b'"%d": 1' % n for n in range(1001)) + b"}",
    ],
)
def test_bodies_that_are_no_events(api: httpx.Client, body: bytes) -> None:
    problem(api.post(EVENTS, content=body, headers={"Content-Type": "application/json"}), 400)


def test_numbers_beyond_every_machine_are_kept_or_refused_but_no_fault(
    api: httpx.Client, new_id: NewId
) -> None:
    event = {"type": "shop.ordered", "contact_id": new_id(), "data": {"note": 2**70, "small": -(2**70)}}
    answer = api.post(EVENTS, json=event)
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        run = api.get(f"/v1/runs/{answer.json()['runs'][0]}")
        assert run.status_code == 200
        assert run.json()["event"]["data"]["note"] == 2**70


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"]
)
def test_other_media_types(api: httpx.Client, media: str) -> None:
    answer = api.post(EVENTS, content=b"{}", headers={"Content-Type": media} if media else {})
    problem(answer, 415)
    assert "application/json" in answer.headers["accept"]


def test_compressed_bodies(api: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    problem(api.post(EVENTS, content=b"\x1f\x8b", headers=headers), 415)


def test_a_body_that_is_too_large(api: httpx.Client) -> None:
    body = b'{"type": "a.b", "contact_id": "c", "data": {"x": "' + b"x" * 1_048_576 + b'"}}'
    problem(api.post(EVENTS, content=body, headers={"Content-Type": "application/json"}), 413)
    chunks = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    problem(api.post(EVENTS, content=chunks, headers={"Content-Type": "application/json"}), 413)


def test_too_many_events(api: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    problem(api.post(EVENTS, content=b"{}\n" * 50_001, headers=headers, timeout=30), 413)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods(api: httpx.Client, method: str) -> None:
    answer = api.request(method, EVENTS)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert (answer.content == b"") == (method == "HEAD")


def test_parameters_in_the_address(api: httpx.Client, new_id: NewId) -> None:
    problem(api.post(EVENTS, params={"dry_run": "true"}, json=entered(new_id())), 400)


def test_answers_are_not_kept_by_anybody(api: httpx.Client, new_id: NewId) -> None:
    headers = api.post(EVENTS, json=entered(new_id(), "MQL")).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


# --- who may ---------------------------------------------------------------------------------------


def test_a_stranger_learns_nothing_of_the_body(stranger: httpx.Client) -> None:
    answer = stranger.post(EVENTS, content=b"nonsense")
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_needs_the_scope(server: LiveServer, new_id: NewId) -> None:
    with server.client("records:read") as reader:
        assert "events:write" in problem(reader.post(EVENTS, json=entered(new_id())), 403)["detail"]
    with server.client("events:write") as sender:
        assert sender.post(EVENTS, json=entered(new_id(), "MQL")).status_code == 200


# --- on the wire -----------------------------------------------------------------------------------


def send_raw(server: LiveServer, *parts: bytes) -> bytes:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname or "", where.port or 0), 10) as connection:
        for part in parts:
            connection.sendall(part)
        connection.settimeout(10)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def test_a_client_that_goes_away_in_the_middle_of_its_body_has_no_effect(
    server: LiveServer, new_id: NewId
) -> None:
    contact = new_id()
    where = urlsplit(server.url)
    body = json.dumps(entered(contact, "MQL")).encode()
    with socket.create_connection((where.hostname or "", where.port or 0), 10) as connection:
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key()}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n"
        connection.sendall(head.encode() + body)
    with server.client() as api:
        assert api.get(f"/v1/contacts/{contact}").status_code == 404


def test_headers_without_end_are_cut_off(server: LiveServer) -> None:
    line = b"X-More: " + b"x" * 8000 + b"\r\n"
    answer = send_raw(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n", *[line] * 8, line + b"Y: y\r\n" * 100)
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_length_and_chunks_together_are_refused(server: LiveServer) -> None:
    answer = send_raw(
        server,
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n0\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_many_clients_send_one_event_and_it_happens_once(server: LiveServer, new_id: NewId) -> None:
    contact, receipts = new_id(), []
    with server.client() as api:
        a_trial(api, contact)
        event = entered(contact, id=f"race-{contact}")
        threads = [
            threading.Thread(target=lambda: receipts.append(api.post(EVENTS, json=event).json()))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(r["status"] for r in receipts) == ["accepted"] + ["duplicate"] * 11
    assert len({tuple(r["runs"]) for r in receipts}) == 1


def test_a_type_that_looks_mistyped_is_taken_with_a_warning(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    doubtful = {"type": "user.login", "contact_id": contact}
    for _ in range(2):
        answer = api.post("/v1/events", json=doubtful).json()
        assert answer["status"] == "accepted"
        assert answer["warning"] == "no trigger listens to `user.login`; did you mean `user.logged_in`?"
    types = ("user.logged_in", "shop.ordered", "record.updated", "warehouse.counted", "stage.enter")
    events = [{"type": type_, "contact_id": contact} for type_ in types]
    answers = api.post("/v1/events", json=events).json()["events"]
    assert [answer.get("warning") for answer in answers] == [None] * 4 + [
        "no trigger listens to `stage.enter`; did you mean `stage.entered`?"
    ]
