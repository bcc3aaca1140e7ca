"""When something of ours is broken: the answer says so and no more, the log has the reason, nobody gets in."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime.store.protocol import StoreUnavailable
from tests.support.live import LiveServer, make_files, problem, wait_for


@contextmanager
def logged() -> Iterator[list[Any]]:
    """What is logged meanwhile."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def event(contact: str) -> dict[str, Any]:
    return {"id": f"e-{contact}", "type": "stage.entered", "contact_id": contact, "data": {"stage": "MQL"}}


# --- the store -------------------------------------------------------------------------------------


@contextmanager
def locked(server: LiveServer) -> Iterator[None]:
    """Somebody else holds the database's write lock, as a careless backup does."""
    database = sqlite3.connect(server.root / ".rulelang/rulelang.db", isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        yield
    finally:
        database.close()


def test_a_store_that_cannot_be_written(own_server: LiveServer) -> None:
    with own_server.client() as api, own_server.browser() as browser:
        api.timeout = httpx.Timeout(60)
        with locked(own_server), logged() as lines:
            answer = api.post("/v1/events", json=event("c_1"))
            assert "nothing was done, send it again later" in problem(answer, 503)["detail"]
            assert int(answer.headers["retry-after"]) > 0
            problem(api.put("/v1/contacts/c_1", json={}), 503)
            assert browser.get("/").status_code == 200
            assert api.get("/v1/runs").status_code == 200
            assert api.get("/healthz").status_code == 200
            assert api.get("/readyz").status_code == 503
        failures = [line for line in lines if line["event"] == "request failed"]
        assert {line["path"] for line in failures} >= {"/v1/events"}
        assert all(line["status"] == 503 and line["reason"] for line in failures)
        assert api.headers["authorization"].split("_")[-1] not in str(lines)
        wait_for(lambda: api.post("/v1/events", json=event("c_1")).status_code == 200)
        wait_for(lambda: api.get("/readyz").status_code == 200)


class BrokenReader:
    """A read side whose every verb fails in the same way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        async def fail(*args: object, **more: object) -> None:
            if name != "close":
                raise self._error

        return fail


@contextmanager
def broken(root: Path, files: dict[str, str], error: Exception) -> Iterator[LiveServer]:
    """A server whose database cannot be read."""

    def change(parts: Any) -> Any:
        return parts._replace(reader=BrokenReader(error))

    with LiveServer(make_files(root, files), change=change) as server:
        yield server


READS = ("/v1/contacts", "/v1/contacts/c_1", "/v1/rules", "/v1/runs", "/v1/runs/x", "/v1/effects", "/metrics")


def test_a_store_that_cannot_be_read(tmp_path: Path, files: dict[str, str]) -> None:
    with broken(tmp_path, files, StoreUnavailable("the database cannot be read: disk I/O error")) as server:
        with server.client() as api, server.browser() as browser, logged() as lines:
            for path in READS:
                answer = api.get(path)
                assert "disk I/O error" in problem(answer, 503)["detail"]
                assert answer.headers["retry-after"]
            page = browser.get("/")
            assert page.status_code == 503
            assert page.headers["content-type"].startswith("text/html")
            assert "Sign out" in page.text
            assert api.get("/readyz").status_code == 503
            assert api.get("/healthz").status_code == 200
    assert [line["reason"] for line in lines if line["event"] == "request failed"]


def test_a_fault_that_nobody_foresaw(tmp_path: Path, files: dict[str, str]) -> None:
    secret = "rl_aaaaaaaaaaaa_" + "s" * 43
    with broken(tmp_path, files, RuntimeError(f"CANARY {secret}")) as server:
        with server.client() as api, server.browser() as browser, logged() as lines:
            for path in READS:
                answer = api.get(path)
                assert "CANARY" not in answer.text
                assert "the log says why" in problem(answer, 500)["detail"]
                assert answer.headers["content-security-policy"]
            page = browser.get("/")
            assert page.status_code == 500
            assert "CANARY" not in page.text
            assert page.headers["content-security-policy"]
    first = next(line for line in lines if line["event"] == "request failed")
    assert first["reason"] == f"RuntimeError: CANARY {secret}"
    assert first["exc_info"] is not None
    assert len([line for line in lines if line["event"] == "request failed"]) < len(READS)


def test_an_answer_that_breaks_off_is_logged_and_not_mended() -> None:
    """Once an answer has begun there is nothing left to say: the connection is what breaks."""
    import asyncio

    from web.complaints import Complaints
    from web.errors import Faults

    class Context:
        complaints = Complaints()

    async def half(request: Request) -> Response:
        class Half(Response):
            async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                raise ValueError("in the middle")

        return Half()

    app = Starlette(routes=[Route("/", half)], middleware=[Middleware(Faults)])
    app.state.context = Context()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "query_string": b"",
        "scheme": "http",
    }
    with logged() as lines, pytest.raises(ValueError, match="in the middle"):
        asyncio.run(app(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert lines[0]["reason"] == "ValueError: in the middle"


def test_one_reason_is_logged_once_a_second() -> None:
    from web.complaints import EVERY, Complaints

    complaints, scope = Complaints(), {"method": "GET", "path": "/x"}
    with logged() as lines:
        for _ in range(5):
            complaints.say(scope, 503, "disk full")
        complaints.say(scope, 503, "locked")
        time.sleep(EVERY + 0.05)
        complaints.say(scope, 503, "disk full")
    assert [(line["reason"], line.get("others")) for line in lines] == [
        ("disk full", None),
        ("locked", None),
        ("disk full", 4),
    ]


# --- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"nonsense", b"{}", b"", b'[{"id": 5}]'])
def test_keys_that_cannot_be_read_let_nobody_in(own_server: LiveServer, content: bytes) -> None:
    path = own_server.root / ".rulelang/keys.json"
    with own_server.client() as api, own_server.stranger() as signed_in:
        own = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        key = api.headers["authorization"].removeprefix("Bearer ")
        assert signed_in.post("/sign-in", data={"key": key}, headers=own).status_code == 200
        good = path.read_bytes()
        path.with_suffix(".tmp").write_bytes(content)
        path.with_suffix(".tmp").replace(path)
        with logged() as lines:
            wait_for(lambda: api.get("/v1/runs").status_code == 503, 2)
            assert "keys.json" not in problem(api.get("/v1/runs"), 503)["detail"]
            problem(api.post("/v1/events", json=event("c_1")), 503)
            page = signed_in.get("/", headers=own)
            assert page.status_code == 503
            assert page.headers["content-type"].startswith("text/html")
            assert "Acme" not in page.text
            assert signed_in.post("/sign-in", data={"key": key}, headers=own).status_code == 503
            problem(api.get("/v1/runs", headers={"Authorization": "Bearer nonsense"}), 401)
        assert "keys.json" in next(line for line in lines if line["event"] == "request failed")["reason"]
        assert key not in str(lines)
        path.with_suffix(".tmp").write_bytes(good)
        path.with_suffix(".tmp").replace(path)
        wait_for(lambda: api.get("/v1/runs").status_code == 200, 2)


def test_a_link_needs_no_keys(own_server: LiveServer) -> None:
    own_server.key()
    with own_server.browser() as browser:
        (own_server.root / ".rulelang/keys.json").write_bytes(b"nonsense")
        assert browser.get("/").status_code == 200


# --- the server itself -----------------------------------------------------------------------------


def test_the_data_is_for_its_owner_alone(own_server: LiveServer) -> None:
    own_server.key()
    data = own_server.root / ".rulelang"
    assert data.stat().st_mode & 0o077 == 0
    assert (data / "keys.json").stat().st_mode & 0o077 == 0
