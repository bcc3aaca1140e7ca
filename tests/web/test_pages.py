"""The pages: what they show, and that nothing of what contacts, authors and mails bring is ever more than text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.evil_http import EvilServer
from tests.support.live import SCHEMA, LiveServer, make_files, wait_for

NewId = Callable[[], str]
CANARY = '"><script>window.__xss=1</script><img src=x onerror="window.__xss=1">{{31337*3}}'
HANDLERS = re.compile(r"^on", re.IGNORECASE)


class Elements(HTMLParser):
    """Every element of a page with its attributes, as a browser would find them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_inert(page: str) -> None:
    """Nothing on the page runs or loads but our own script and style."""
    for tag, attributes in Elements(page).found:
        assert not any(map(HANDLERS.match, attributes)), (tag, attributes)
        assert "style" not in attributes
        assert tag not in ("img", "iframe", "object", "embed", "base", "style"), tag
        if tag == "script":
            assert attributes in [
                {"type": "module", "src": f"/static/{name}.js"} for name in ("live", "source", "picture")
            ]
        for name in ("href", "src", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("/", "#")), (tag, name, value)


def tagged(api: httpx.Client, contact: str, tag: str, **fields: Any) -> dict[str, Any]:
    body = {"email": f"{contact}@x.test", **fields, "tags": [tag]}
    (run,) = api.put(f"/v1/contacts/{contact}", json=body).json()["runs"]
    return wait_for(
        lambda: (
            found
            if (found := api.get(f"/v1/runs/{run}").json())["effects"][0]["status"] != "pending"
            else None
        )
    )


def test_the_start_page_shows_rules_runs_and_mail(
    api: httpx.Client, browser: httpx.Client, new_id: NewId
) -> None:
    contact = new_id()
    run = tagged(api, contact, "write", first_name="Léa")
    page = browser.get("/").text
    assert "<h1>Acme</h1>" in page
    for link in (
        f"/runs/{run['id']}",
        "/rules/rules/main.rules#L1",
        f"/mailbox/{run['effects'][0]['result']['mailbox']}",
    ):
        assert f'href="{link}"' in page
    assert "Hello Léa" in page
    assert "data-live" in page
    assert_inert(page)


def test_the_page_of_a_run_tells_what_happened(
    api: httpx.Client, browser: httpx.Client, new_id: NewId
) -> None:
    contact = new_id()
    run = tagged(api, contact, "write")
    page = browser.get(f"/runs/{run['id']}").text
    for text in ("Write", contact, "send_email_template", "completed", "done", run["effects"][0]["key"]):
        assert text in page
    assert_inert(page)
    assert browser.get("/runs/nobody").status_code == 404


def test_a_message_is_shown_as_text(api: httpx.Client, browser: httpx.Client, new_id: NewId) -> None:
    run = tagged(api, new_id(), "write", first_name="Léa")
    mail = f"/mailbox/{run['effects'][0]['result']['mailbox']}"
    page = browser.get(mail)
    assert "Hello Léa, this is Acme." in page.text
    assert_inert(page.text)
    source = browser.get(f"{mail}/source")
    assert source.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Message-ID:" in source.text
    assert browser.get("/mailbox/nobody").status_code == 404
    assert browser.get("/mailbox/nobody/source").status_code == 404


def test_a_rule_file_is_shown_with_the_lines_that_the_checker_counts(own_server: LiveServer) -> None:
    text = 'rule "One"\n  on stage enter "Won" # \u2028 \x0c\ndo add tag "x"\n'
    with own_server.client() as api, own_server.browser() as browser:
        assert api.put("/v1/rules/new.rules", content=text.encode()).status_code == 201
        page = browser.get("/rules/new.rules").text
    assert re.findall(r'id="L(\d+)"', page) == ["1", "2", "3"]
    assert_inert(page)


def test_what_contacts_bring_is_text(api: httpx.Client, browser: httpx.Client, new_id: NewId) -> None:
    contact = new_id()
    run = tagged(api, contact, "write", first_name=CANARY, company=CANARY)
    mail = f"/mailbox/{run['effects'][0]['result']['mailbox']}"
    for path in ("/", f"/runs/{run['id']}", mail):
        page = browser.get(path).text
        assert_inert(page)
        assert "94011" not in page
    assert "&lt;script&gt;" in browser.get(mail).text
    assert "&lt;script&gt;" in browser.get("/").text


def test_what_ids_events_and_receivers_bring_is_text(
    api: httpx.Client, browser: httpx.Client, hooks: EvilServer
) -> None:
    from tests.support.evil_http import Answer

    hooks.script("/hook", Answer(400, CANARY.encode()))
    contact = "c_<script>alert(1)</script>"
    event = {
        "type": "contact.tag_added",
        "contact_id": contact,
        "data": {"tag": "hook", CANARY: CANARY},
        "source": CANARY,
        "id": "e<img/src=x/onerror=alert(1)>",
    }
    (run,) = api.post("/v1/events", json=event).json()["runs"]
    wait_for(lambda: api.get("/v1/effects", params={"run": run, "status": "dead"}).json()["items"])
    for path in ("/", f"/runs/{run}"):
        page = browser.get(path).text
        assert "&lt;script&gt;" in page
        assert_inert(page)
    assert "window.__xss" in browser.get(f"/runs/{run}").text


def test_what_authors_bring_is_text(server: LiveServer, files: dict[str, str], tmp_path: Any) -> None:
    rule = f'rule {_quoted(CANARY)} on stage enter "Won" do add tag {_quoted("<b>")}\n'
    mistake = f'rule "Broken" on stage enter {_quoted(CANARY)} do add tag "x"\n'
    schema = files["schema.rules"].replace('name: "Acme"', f"name: {_quoted(CANARY)}")
    root = make_files(tmp_path, {**files, "schema.rules": schema, "a.rules": rule, "b.rules": mistake})
    with LiveServer(root) as own, own.client() as api, own.browser() as browser:
        event = {"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "Won"}}
        (run,) = api.post("/v1/events", json=event).json()["runs"]
        for path in ("/", f"/runs/{run}", "/rules/a.rules", "/rules/b.rules", "/nothing"):
            page = browser.get(path).text
            assert_inert(page)
        assert "&lt;script&gt;" in browser.get("/").text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


# --- deciding --------------------------------------------------------------------------------------


def test_a_dead_letter_is_decided_on_the_page(
    api: httpx.Client, browser: httpx.Client, hooks: EvilServer, new_id: NewId
) -> None:
    hooks.script("/hook", 400)
    runs = [tagged(api, new_id(), "hook") for _ in range(2)]
    page = browser.get("/").text
    actions = [a["action"] for tag, a in Elements(page).found if tag == "form"]
    for run, what in zip(runs, ("replay", "skip"), strict=True):
        action = f"/effects/{run['effects'][0]['key'].replace(':', '%3A')}/{what}"
        assert action in actions
        hooks.script("/hook", 200)
        answer = browser.post(action)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{run['id']}")
        wait_for(lambda run=run: api.get(f"/v1/runs/{run['id']}").json()["status"] == "completed")
        refused = browser.post(action)
        assert refused.status_code == 409
        assert "Not possible now" in refused.text


# --- answers to people -----------------------------------------------------------------------------


def test_people_get_pages_and_programs_get_problems(browser: httpx.Client) -> None:
    page = browser.get("/nothing")
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Not found" in page.text
    assert browser.get("/nothing", headers={"Accept": "*/*"}).json()["status"] == 404
    assert browser.get("/v1/nothing").json()["status"] == 404
    wrong = browser.delete("/")
    assert wrong.status_code == 405
    assert wrong.headers["content-type"].startswith("text/html")
    assert "GET" in wrong.headers["allow"]


def test_every_page_answers_head(api: httpx.Client, browser: httpx.Client, new_id: NewId) -> None:
    run = tagged(api, new_id(), "write")
    for path in (
        "/",
        "/sign-in",
        f"/runs/{run['id']}",
        "/rules/rules/main.rules",
        "/static/style.css",
        "/healthz",
    ):
        answer = browser.head(path)
        assert (answer.status_code, answer.content) == (200, b""), path


def test_headers_of_every_answer(browser: httpx.Client, stranger: httpx.Client) -> None:
    for client in (browser, stranger):
        for path in ("/", "/sign-in", "/nothing", "/v1/runs", "/v1/nothing", "/static/style.css", "/healthz"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
            assert "server" not in headers
            assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("name", "media"),
    [("style.css", "text/css"), ("live.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_static_files(stranger: httpx.Client, name: str, media: str) -> None:
    answer = stranger.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
    again = stranger.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "name", ["..%2fapp.py", "%2e%2e/app.py", "..%5capp.py", "", "x", "../templates/base.html", "%00"]
)
def test_nothing_else_lies_under_static(stranger: httpx.Client, name: str) -> None:
    assert stranger.get(f"/static/{name}").status_code == 404


def test_the_form_of_signing_in_is_bounded(stranger: httpx.Client) -> None:
    answer = stranger.post(
        "/sign-in", data={"key": "x" * 5000}, headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")


def test_the_start_page_says_in_the_authors_words_when_rules_start(tmp_path: Path) -> None:
    rules = """\
rule "Trial ends"
  on reminder 3d before trial_ends at 10:00
  or on stage enter "Won"
do
  add tag "late"
end

rule "Rich" for contact
  when score > 90 for 2d
do
  add tag "rich"
end
"""
    schema = SCHEMA.replace("qualified: yes/no", "trial_ends: date", 1)
    root = make_files(tmp_path, {"schema.rules": schema, "rules/main.rules": rules})
    with LiveServer(root) as server, server.browser() as browser:
        page = browser.get("/").text
    assert "<td>reminder 3d before trial_ends at 10:00 or stage enter &#34;Won&#34;</td>" in page
    assert "<td>when score &gt; 90 for 2d</td>" in page
