"""Health, metrics and the OpenAPI document, which describes exactly the routes that there are."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from runtime.keys import SCOPES
from tests.support.live import LiveServer
from tests.web.test_access import walk

METHODS = {"get", "put", "post", "delete"}


@pytest.fixture(scope="module")
def document(server: LiveServer) -> dict[str, Any]:
    with server.stranger() as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_alive_and_ready(stranger: httpx.Client) -> None:
    assert stranger.get("/healthz").text == "ok\n"
    assert stranger.get("/readyz").text == "ready\n"


def test_readiness_asks_the_disk_rarely(
    server: LiveServer, stranger: httpx.Client, api: httpx.Client
) -> None:
    def commits() -> float:
        text = api.get("/metrics").text
        return float(re.search(r"rulelang_commit_seconds_count (\S+)", text)[1])  # type: ignore[index]

    before = commits()
    for _ in range(50):
        assert stranger.get("/readyz").status_code == 200
    # One of the engine's own may fall into this time; fifty would be those of the questions.
    assert commits() - before <= 1


def test_metrics_count_what_happened(api: httpx.Client) -> None:
    def metric(name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", api.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    accepted, started = (
        metric('rulelang_events_total{status="accepted"}'),
        metric('rulelang_runs_total{change="started"}'),
    )
    api.put("/v1/contacts/c_metrics", json={"status": "trial"})
    event = {"id": "metrics", "type": "stage.entered", "contact_id": "c_metrics", "data": {"stage": "SQL"}}
    for _ in range(2):
        api.post("/v1/events", json=event)
    assert metric('rulelang_events_total{status="accepted"}') == accepted + 2
    assert metric('rulelang_events_total{status="duplicate"}') >= 1
    assert metric('rulelang_runs_total{change="started"}') == started + 1
    assert metric('rulelang_live_runs{status="waiting"}') >= 1
    text = api.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=")
    assert "c_metrics" not in text.text


# --- the document ----------------------------------------------------------------------------------


def test_it_lists_every_route_of_the_api_and_no_other(server: LiveServer, document: dict[str, Any]) -> None:
    listed = {
        (method.upper(), re.sub(r"{\w+}", "x", path))
        for path, operations in document["paths"].items()
        for method in operations
    }
    pages = (
        "/",
        "/sign-in",
        "/sign-out",
        "/runs/",
        "/rules/",
        "/mailbox/",
        "/effects/",
        "/editor",
        "/tasks",
        "/inbox",
        "/pause",
    )
    pages += ("/u/", "/o/", "/c/", "/d/", "/drafts", "/approvals")
    served = {
        (method, path)
        for method, path in walk(server)
        if path not in pages and not path.startswith(pages[3:])
    }
    assert listed == served


def test_its_structure(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"].keys() >= {"title", "version"}
    assert document["components"]["securitySchemes"]["key"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "rl_<id>_<secret>",
    }
    ids = []
    for path, operations in document["paths"].items():
        assert path.startswith("/")
        assert operations.keys() <= METHODS
        for operation in operations.values():
            ids.append(operation["operationId"])
            _check_operation(document, path, operation)
    assert len(ids) == len(set(ids))


def _check_operation(document: dict[str, Any], path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", path))
    places = [(p["in"], p["name"]) for p in operation["parameters"]]
    assert len(places) == len(set(places))
    for parameter in operation["parameters"]:
        assert parameter["in"] in ("path", "query", "header")
        assert parameter["required"] is True or parameter["in"] != "path"
        assert parameter["schema"]["type"] in ("string", "integer")
    for requirement in operation.get("security", []):
        assert set(requirement) == {"key"}
        assert set(requirement["key"]) <= set(SCOPES)
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        assert "/" in media
        assert isinstance(content["schema"], dict)
    assert any(status.startswith("2") for status in operation["responses"])
    for status, response in operation["responses"].items():
        assert re.fullmatch(r"[2-5]\d\d|default", status)
        assert response["description"]
        for content in response.get("content", {}).values():
            _check_reference(document, content["schema"])


def _check_reference(document: dict[str, Any], schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        place: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        assert place["type"] == "object"


def test_every_operation_can_be_reached_and_answers_as_listed(
    server: LiveServer, api: httpx.Client, document: dict[str, Any]
) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            media = next(iter(operation.get("requestBody", {}).get("content", {"": None})))
            answer = api.request(
                method,
                re.sub(r"{\w+}", "x", path),
                headers={"Content-Type": media} if media else {},
                content=b"{}" if media.endswith("json") else b"id\nc_9\n" if media else None,
            )
            assert answer.status_code != 405, (method, path)
            assert str(answer.status_code) in operation["responses"], (method, path, answer.text)
            listed = operation["responses"][str(answer.status_code)].get("content", {"": None})
            assert answer.headers["content-type"].partition(";")[0] in listed


def test_who_may_is_listed_as_it_is(server: LiveServer, document: dict[str, Any]) -> None:
    with server.client("metrics:read") as client, server.stranger() as stranger:
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                place = re.sub(r"{\w+}", "x", path)
                if "security" not in operation:
                    # Nothing is set up at this address of other systems.
                    expected = 404 if place.startswith(("/in/", "/voice/", "/v1/callbacks/")) else 200
                    assert stranger.request(method, place).status_code == expected
                    continue
                (scope,) = operation["security"][0]["key"]
                assert stranger.request(method, place).status_code == 401
                if scope != "metrics:read":
                    assert scope in client.request(method, place).json()["detail"]


def test_the_event_types_and_statuses_it_names_are_those_of_answers(document: dict[str, Any]) -> None:
    receipt = document["paths"]["/v1/events"]["post"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    statuses = receipt["oneOf"][0]["properties"]["status"]["enum"]
    assert statuses == ["accepted", "duplicate", "conflict", "failed"]
