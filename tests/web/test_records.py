"""Records over the API: reading, listing page by page, looking up, setting fields, and what follows from a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.support.live import LiveServer, problem

NewId = Callable[[], str]


def test_a_new_record_is_made_and_read_back(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    made = api.put(f"/v1/contacts/{contact}", json={"first_name": "Léa", "score": 82, "status": "trial"})
    assert made.status_code == 200
    read = api.get(f"/v1/contacts/{contact}").json()
    assert {**read, "runs": []} == made.json()
    assert read["kind"] == "contact"
    assert read["id"] == contact
    assert read["fields"].items() >= {"first_name": "Léa", "score": 82, "status": "trial"}.items()
    assert read["live_runs"] == []


def test_fields_that_are_not_named_stay_and_null_clears(api: httpx.Client, new_id: NewId) -> None:
    contact = f"/v1/contacts/{new_id()}"
    api.put(contact, json={"first_name": "Léa", "city": "Lyon"})
    fields = api.put(contact, json={"city": None, "company": "Nord"}).json()["fields"]
    assert fields.items() >= {"first_name": "Léa", "company": "Nord"}.items()
    assert fields.get("city") is None


def test_a_change_derives_the_events_that_rules_hear(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    api.put(f"/v1/contacts/{contact}", json={"status": "trial"})
    changed = api.put(f"/v1/contacts/{contact}", json={"stages": {"Sales": "SQL"}}).json()
    (run,) = changed["runs"]
    detail = api.get(f"/v1/runs/{run}").json()
    assert detail["rule"] == "Book"
    assert changed["live_runs"] == [run]
    assert changed["fields"]["stages"] == {"sales": "SQL"}


def test_setting_what_is_there_already_starts_nothing(api: httpx.Client, new_id: NewId) -> None:
    contact = f"/v1/contacts/{new_id()}"
    api.put(contact, json={"tags": ["write"]})
    assert api.put(contact, json={"tags": ["write"]}).json()["runs"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"nope": 1}, "/nope"),
        ({"score": "many"}, "/score"),
        ({"status": "gone"}, "/status"),
        ({"stages": {"Sales": "Lost"}}, "/stages/Sales"),
        ({"stages": {"Nope": "SQL"}}, "/stages/Nope"),
        ({"created_at": "2026-01-01T00:00:00Z"}, "/created_at"),
        ({"id": "other"}, "/id"),
        ({"email": "no address"}, "/email"),
        ({"first_name": "a\x00b"}, "/first_name"),
    ],
)
def test_a_wrong_field_changes_nothing(
    api: httpx.Client, new_id: NewId, body: dict[str, Any], pointer: str
) -> None:
    contact = new_id()
    answer = problem(api.put(f"/v1/contacts/{contact}", json={"first_name": "Léa", **body}), 422)
    assert answer["errors"] == [{"pointer": pointer, "detail": answer["detail"]}]
    problem(api.get(f"/v1/contacts/{contact}"), 404)


def test_an_id_that_is_none(api: httpx.Client) -> None:
    assert problem(api.put("/v1/contacts/a%20b", json={}), 422)["errors"][0]["pointer"] == "/subject/id"


@pytest.mark.parametrize("id", ["a/b", "ü", "a?b#c", "import", "x" * 200])
def test_every_id_that_events_may_use_can_be_read(api: httpx.Client, new_id: NewId, id: str) -> None:
    path = f"/v1/contacts/{quote(id, safe='')}"
    assert api.put(path, json={"first_name": "Léa"}).json()["id"] == id
    assert api.get(path).json()["fields"]["first_name"] == "Léa"


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
    ],
)
def test_bodies_that_are_no_object(
    api: httpx.Client, new_id: NewId, body: bytes, media: str, status: int
) -> None:
    headers = {"Content-Type": media} if media else {}
    problem(api.put(f"/v1/contacts/{new_id()}", content=body, headers=headers), status)


def test_an_idempotency_key_makes_a_repeat_harmless(api: httpx.Client, new_id: NewId) -> None:
    contact, headers = f"/v1/contacts/{new_id()}", {"Idempotency-Key": new_id() + " of any length" * 30}
    first = api.put(contact, json={"tags": ["write"]}, headers=headers).json()
    api.put(contact, json={"tags": []})
    second = api.put(contact, json={"tags": ["write"]}, headers=headers).json()
    assert second["runs"] == first["runs"] != []
    assert second["fields"].get("tags", []) == []
    problem(api.put(contact, json={"tags": ["other"]}, headers=headers), 409)


def test_accounts_and_opportunities(api: httpx.Client, new_id: NewId) -> None:
    account, deal = new_id(), new_id()
    assert api.put(f"/v1/accounts/{account}", json={"name": "Nord"}).json()["kind"] == "account"
    answer = api.put(
        f"/v1/opportunities/{deal}", json={"name": "Big", "value": "10 USD", "account_id": account}
    )
    assert answer.json()["fields"]["account_id"] == account
    assert [r["id"] for r in api.get("/v1/accounts").json()["items"]] == [account]
    assert [r["id"] for r in api.get("/v1/opportunities").json()["items"]] == [deal]


def test_unknown_records(api: httpx.Client) -> None:
    assert "c_nobody" in problem(api.get("/v1/contacts/c_nobody"), 404)["detail"]


# --- listing ---------------------------------------------------------------------------------------


def test_pages_of_a_listing_have_every_record_once(own_server: LiveServer) -> None:
    with own_server.client() as api:
        ids = [f"c_{n:02d}" for n in range(23)]
        for id in ids:
            api.put(f"/v1/contacts/{id}", json={"status": "trial"})
        seen, cursor, pages = [], "", 0
        while True:
            page = api.get(
                "/v1/contacts", params={"limit": 5, **({"cursor": cursor} if cursor else {})}
            ).json()
            seen += [record["id"] for record in page["items"]]
            cursor, pages = page["next"], pages + 1
            if not cursor:
                break
    assert seen == ids
    assert pages == 5


def test_a_record_is_found_by_its_address_in_any_spelling(api: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    api.put(f"/v1/contacts/{contact}", json={"email": f"{contact}@X.test", "external_id": f"crm-{contact}"})
    for lookup in ({"email": f" {contact.upper()}@x.TEST"}, {"external_id": f"crm-{contact}"}):
        answer = api.get("/v1/contacts", params=lookup).json()
        assert [record["id"] for record in answer["items"]] == [contact]
        assert answer["next"] == ""
    assert api.get("/v1/contacts", params={"email": "nobody@x.test"}).json() == {"items": [], "next": ""}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=ten",
        "limit=-1",
        "limit=%D9%A3",
        "limit=1&limit=2",
        "cursor=garbage",
        "cursor=bm9wZQ",
        "cursor=%00",
        "cursor=%C3%BC",
        "cursor=" + "A" * 3000,
        "surprise=1",
        "email=nonsense",
        "email=a@x.test&external_id=1",
    ],
)
def test_parameters_that_make_no_sense(api: httpx.Client, query: str) -> None:
    problem(api.get(f"/v1/contacts?{query}"), 400)


def test_head_is_as_get_without_the_body(api: httpx.Client, new_id: NewId) -> None:
    contact = f"/v1/contacts/{new_id()}"
    api.put(contact, json={})
    get, head = api.get(contact), api.head(contact)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/contacts/c_1", {"GET", "HEAD", "PUT"}),
        ("POST", "/v1/contacts", {"GET", "HEAD"}),
        ("GET", "/v1/runs/x/cancel", {"POST"}),
        ("OPTIONS", "/v1/rules/a.rules", {"GET", "HEAD", "PUT", "DELETE"}),
    ],
)
def test_other_methods_name_those_there_are(
    api: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = api.request(method, path)
    problem(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == allowed
