"""The tracking API: an analytics library as it is published, and what it sends one by one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from segment.analytics.client import Client

from tests.support.live import SCHEMA, LiveServer, make_files, problem, wait_for

RULES = """
rule "Ordered" for contact
  on event "shop.ordered" when event.total > 100
do
  add tag "big"
end

rule "Login" for contact
  on user login
do
  add tag "active"
end
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    files = {"schema.rules": SCHEMA, "rules/all.rules": RULES}
    with LiveServer(make_files(tmp_path_factory.mktemp("segment"), files)) as running:
        yield running


@pytest.fixture
def api(server: LiveServer) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def contact(api: httpx.Client, user: str) -> dict[str, Any]:
    items = api.get("/v1/contacts", params={"external_id": user}).json()["items"]
    return dict(items[0]["fields"]) if items else {}


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("zipped", [False, True])
def test_the_published_library_identifies_and_tracks(
    server: LiveServer, api: httpx.Client, zipped: bool
) -> None:
    user, wrong = f"u-{zipped}", []
    client = Client(
        server.key("events:write"),
        host=server.url,
        gzip=zipped,
        on_error=lambda error, batch: wrong.append(error),
    )
    client.identify(user, {"firstName": "Ana", "email": f"{user.lower()}@x.test", "plan_name": "gold"})
    client.track(user, "Shop Ordered", {"total": 120})
    client.track(user, "Signed In", {})
    client.page(user, "Docs", "Pricing", {"url": "https://acme.test/pricing", "path": "/pricing"})
    client.group(user, "g1", {"name": "Acme", "industry": "Tea"})
    client.flush()
    client.join()
    assert wrong == []
    fields = wait_for(lambda: contact(api, user))
    assert fields["first_name"] == "Ana"
    assert fields["plan_name"] == "gold"
    assert sorted(fields["tags"]) == ["active", "big"]
    account = api.get("/v1/accounts", params={"external_id": "g1"}).json()["items"][0]
    assert account["fields"]["industry"] == "Tea"
    assert fields["account_id"] == account["id"]


def test_a_repeated_batch_has_one_effect(api: httpx.Client) -> None:
    call = {
        "type": "track",
        "userId": "u-twice",
        "event": "Shop Ordered",
        "messageId": "m-1",
        "properties": {"total": 500},
    }
    for _ in range(2):
        assert api.post("/v1/batch", json={"batch": [call]}).json() == {"success": True}
    runs = api.get("/v1/runs", params={"rule": "Ordered"}).json()["items"]
    assert sum(run["event"] == "segment:m-1" for run in runs) == 1


def test_what_cannot_be_taken_does_not_stand_in_the_way(api: httpx.Client) -> None:
    calls = [
        {"type": "track", "userId": "u-mixed", "event": "Shop Ordered", "properties": {"total": "many"}},
        {"type": "track", "anonymousId": "a1", "event": "Shop Ordered"},
        {"type": "dance", "userId": "u-mixed"},
        {"type": "track", "userId": "u-mixed", "event": "Shop Ordered", "properties": {"total": 300}},
    ]
    answer = api.post("/v1/batch", json={"batch": calls}).json()
    assert answer["skipped"] == 1
    assert [item["index"] for item in answer["refused"]] == [0, 2]
    assert contact(api, "u-mixed")["tags"] == ["big"]


def test_single_calls_and_aliases(api: httpx.Client) -> None:
    api.post(
        "/v1/identify", json={"userId": "old", "traits": {"address": {"city": "Rome"}}}
    ).raise_for_status()
    api.post("/v1/alias", json={"previousId": "old", "userId": "new"}).raise_for_status()
    assert contact(api, "new")["city"] == "Rome"
    assert contact(api, "old") == {}
    assert "`event`" in problem(api.post("/v1/track", json={"userId": "new"}), 400)["detail"]


@pytest.mark.parametrize("place", ["header", "body"])
def test_a_wrong_write_key_is_refused(server: LiveServer, place: str) -> None:
    with server.stranger() as client:
        auth = ("rl_wrong_key", "") if place == "header" else None
        body = {"userId": "u", "event": "x"} | ({"writeKey": "rl_wrong_key"} if place == "body" else {})
        problem(client.post("/v1/track", json=body, auth=auth), 401)
        problem(client.post("/v1/track", json={"userId": "u", "event": "x"}), 401)
        lesser = server.key("rules:read")
        problem(client.post("/v1/track", json={"userId": "u", "event": "x"}, auth=(lesser, "")), 401)


def test_a_write_key_in_the_body(server: LiveServer) -> None:
    with server.stranger() as client:
        body = {"userId": "u-key", "event": "Shop Ordered", "writeKey": server.key("events:write")}
        assert client.post("/v1/track", json=body).json() == {"success": True}


def test_compressed_bombs_and_other_encodings_are_refused(api: httpx.Client) -> None:
    bomb = gzip.compress(json.dumps({"batch": [], "pad": "a" * 5_000_000}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    problem(api.post("/v1/batch", content=bomb, headers=headers), 413)
    problem(api.post("/v1/batch", content=b"no gzip", headers=headers), 400)
    problem(api.post("/v1/batch", content=b"{}", headers=headers | {"Content-Encoding": "br"}), 415)
    problem(api.post("/v1/batch", json={"batch": {}}), 400)
    problem(api.post("/v1/batch", json={"batch": [{}] * 5001}), 400)


def test_a_clock_that_is_ahead_is_set_right(server: LiveServer, api: httpx.Client) -> None:
    call = {"type": "track", "userId": "u-clock", "event": "Shop Ordered", "messageId": "m-clock"}
    body = {"batch": [{**call, "timestamp": "2031-01-01T09:00:00Z"}], "sentAt": "2031-01-01T10:00:00Z"}
    assert api.post("/v1/batch", json=body).json() == {"success": True}
    event = server.run(server.parts.reader.event("segment:m-clock"))
    assert event is not None
    assert 3_500_000 < event.received_at - event.occurred_at < 3_700_000
