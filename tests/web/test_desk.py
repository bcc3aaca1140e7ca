"""Tasks, notes and inboxes over the API and on the pages, with a real server and store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.live import SCHEMA, LiveServer, make_files, problem, wait_for
from tests.web.test_pages import assert_inert

NewId = Callable[[], str]
RULES = """\
rule "Work"
  on tag added "work"
do
  create task "Call {{ contact.first_name }}" for "ana@acme.test" due 2d with priority = high
  create task "Look at it" for "Sales" with remind = 0s
  add note "began"
  notify in app "Sales" "{{ contact.first_name }} has work"
  create opportunity "Deal" with value = $5
end

rule "Done"
  on task completed
do
  add tag "done"
end
"""


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return {"schema.rules": SCHEMA, "rules/work.rules": RULES}


@pytest.fixture
def about(api: httpx.Client, new_id: NewId) -> str:
    """A contact with work on the desks."""
    id = new_id()
    fields = {"first_name": f"Ana <b>{id}</b>", "tags": ["work"]}
    assert api.put(f"/v1/contacts/{id}", json=fields).status_code == 200
    return id


def tasks(api: httpx.Client, about: str, **more: str) -> list[dict[str, Any]]:
    params = {"subject": f"contact:{about}", **more}
    found: list[dict[str, Any]] = api.get("/v1/tasks", params=params).json()["items"]
    return found


def test_what_a_rule_puts_on_desks_is_listed(api: httpx.Client, about: str) -> None:
    look, call = tasks(api, about)
    assert (call["title"], call["person"], call["priority"], call["rule"]) == (
        f"Call Ana <b>{about}</b>",
        "ana@acme.test",
        "high",
        "Work",
    )
    assert (look["team"], look["state"]) == ("Sales", "open")
    assert tasks(api, about, team="Sales") == [look]
    assert tasks(api, about, person="ANA@acme.test") == [call]
    assert api.get(f"/v1/tasks/{call['id']}").json() == call
    (note,) = api.get("/v1/notes", params={"subject": f"contact:{about}"}).json()["items"]
    assert note["text"] == "began"


def test_a_task_is_completed_once_and_rules_hear_of_it(api: httpx.Client, about: str) -> None:
    id = tasks(api, about, person="ana@acme.test")[0]["id"]
    for by in ("bo@acme.test", "ana@acme.test"):
        answer = api.post(f"/v1/tasks/{id}/complete", json={"by": by, "outcome": "reached"})
        assert answer.status_code == 200
        assert (answer.json()["completed_by"], answer.json()["outcome"]) == ("bo@acme.test", "reached")
    assert [task["id"] for task in tasks(api, about, state="done")] == [id]
    assert "done" in api.get(f"/v1/contacts/{about}").json()["fields"]["tags"]


def test_what_completes_a_task_is_checked(api: httpx.Client, about: str) -> None:
    id = tasks(api, about)[0]["id"]
    problem(api.post("/v1/tasks/t_none/complete"), 404)
    problem(api.post(f"/v1/tasks/{id}/complete", json={"by": "nobody"}), 422)
    problem(api.post(f"/v1/tasks/{id}/complete", json={"who": "x"}), 422)
    problem(api.get("/v1/tasks", params={"state": "lost"}), 400)
    problem(api.get("/v1/tasks", params={"subject": "nobody"}), 400)


def test_tasks_and_notes_are_made_over_the_api_once_for_each_key(api: httpx.Client, new_id: NewId) -> None:
    subject = {"kind": "contact", "id": new_id()}
    body = {"subject": subject, "title": "x", "assignee": "bo@acme.test", "due_at": "2027-01-01T09:00:00Z"}
    headers = {"Idempotency-Key": new_id()}
    first, second = (api.post("/v1/tasks", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (201, second.json())
    assert first.json()["due_at"] == "2027-01-01T09:00:00.000Z"
    problem(api.post("/v1/tasks", json={**body, "title": "y"}, headers=headers), 409)
    note = api.post("/v1/notes", json={"subject": subject, "body": "n", "author": "bo@acme.test"})
    assert (note.status_code, note.json()["person"], note.json()["text"]) == (201, "bo@acme.test", "n")
    for wrong in ({"title": ""}, {"due_at": "soon"}, {"assignee": "nobody"}, {"colour": "red"}):
        problem(api.post("/v1/tasks", json=body | wrong), 422)


def test_an_inbox_holds_notices_and_reminders_of_a_person_and_their_teams(
    api: httpx.Client, about: str
) -> None:
    def mine(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [item for item in items if item["subject"]["id"] == about]

    found = api.get("/v1/inbox", params={"person": "bo@acme.test", "limit": 500}).json()
    (notice,) = mine(found["notices"])
    assert notice["text"] == f"Ana <b>{about}</b> has work"
    assert [task["title"] for task in mine(found["reminders"])] == ["Look at it"]
    assert mine(api.get("/v1/inbox", params={"team": "Sales", "limit": 500}).json()["notices"]) == [notice]
    read = api.post(f"/v1/inbox/{notice['id']}/read", json={"by": "bo@acme.test"})
    assert (read.json()["state"], read.json()["read_by"]) == ("done", "bo@acme.test")
    assert mine(api.get("/v1/inbox", params={"person": "bo@acme.test", "limit": 500}).json()["notices"]) == []
    problem(api.get("/v1/inbox"), 400)
    problem(api.post("/v1/inbox/m_none/read"), 404)


def test_the_pages_show_tasks_and_take_them_off(api: httpx.Client, browser: httpx.Client, about: str) -> None:
    page = browser.get("/tasks", params={"person": "ana@acme.test"})
    assert page.status_code == 200
    assert f"Call Ana &lt;b&gt;{about}&lt;/b&gt;" in page.text
    assert_inert(page.text)
    id = tasks(api, about, person="ana@acme.test")[0]["id"]
    done = browser.post(f"/tasks/{id}/complete?person=ana%40acme.test", data={"outcome": "well"})
    assert (done.status_code, done.headers["location"]) == (303, "/tasks?person=ana%40acme.test")
    assert tasks(api, about, state="done")[0]["outcome"] == "well"
    assert "well" in browser.get("/tasks", params={"state": "done"}).text


def test_the_inbox_page_shows_notices_and_takes_them_off(browser: httpx.Client, about: str) -> None:
    assert "Choose a person or a team" in browser.get("/inbox").text
    page = browser.get("/inbox", params={"team": "Sales"}).text
    assert f"Ana &lt;b&gt;{about}&lt;/b&gt; has work" in page
    assert_inert(page)


def test_a_foreign_page_completes_nothing(api: httpx.Client, browser: httpx.Client, about: str) -> None:
    id = tasks(api, about)[0]["id"]
    answer = browser.post(f"/tasks/{id}/complete", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert api.get(f"/v1/tasks/{id}").json()["state"] == "open"


def test_the_opportunity_that_a_rule_creates_is_there(api: httpx.Client, about: str) -> None:
    deal = api.get(f"/v1/contacts/{about}").json()["fields"]["opportunity_id"]
    found = wait_for(lambda: api.get(f"/v1/opportunities/{deal}").json().get("fields"))
    assert (found["value"], found["contact_id"], found["stage"]) == (5, about, "Qualified")


def test_desks_survive_a_restart(tmp_path: Any, files: dict[str, str]) -> None:
    root = make_files(tmp_path, files)
    with LiveServer(root) as first, first.client() as api:
        api.put("/v1/contacts/c_1", json={"first_name": "Ana", "tags": ["work"]})
        before = tasks(api, "c_1")
    with LiveServer(root) as second, second.client() as api:
        assert tasks(api, "c_1") == before
        assert len(before) == 2
