"""The page of a rule file: what was counted of its rules, and a button that pauses them."""

from __future__ import annotations

import httpx

from tests.support.live import LiveServer

PAGE = "/rules/rules/main.rules"


def test_numbers_and_the_pause_button(own_server: LiveServer) -> None:
    with own_server.client() as api, own_server.browser() as browser:
        event = {"type": "stage.entered", "subject": {"kind": "contact", "id": "a"}, "data": {"stage": "SQL"}}
        api.post("/v1/events", json=event)
        shown = browser.get(PAGE).text
        assert "1 event looked at, 0 matched, 0 runs started" in shown
        assert shown.count("<button>Pause</button>") == 4
        form = {"rule": "Book", "file": "rules/main.rules", "paused": "yes"}
        answer = browser.post("/pause", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        assert "<button>Resume</button>" in browser.get(PAGE).text
        assert next(r for r in api.get("/v1/rules").json()["items"] if r["rule"] == "Book")["paused"] is True
        browser.post("/pause", data={**form, "paused": "no"})
        assert browser.get(PAGE).text.count("<button>Pause</button>") == 4
        assert api.get("/v1/rules/Book/versions").json()["items"][0]["by"] == "a page"


def test_only_our_own_pages_may_press_it(own_server: LiveServer) -> None:
    form = {"rule": "Book", "file": "rules/main.rules", "paused": "yes"}
    with own_server.browser() as browser:
        foreign = browser.post("/pause", data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
        assert browser.post("/pause", data={**form, "rule": "Nobody"}).status_code == 404
    assert httpx.post(f"{own_server.url}/pause", data=form).status_code in (303, 401, 403)
    assert "Book" not in own_server.parts.engine.paused
