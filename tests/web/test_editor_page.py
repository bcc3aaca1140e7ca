"""The page of the editor and the frame for mails: who gets them, and what their policies allow."""

from __future__ import annotations

import re

import httpx

from tests.support.live import LiveServer


def policy(answer: httpx.Response) -> dict[str, str]:
    (header,) = answer.headers.get_list("content-security-policy")
    return dict(part.strip().partition(" ")[::2] for part in header.split(";"))


def test_strangers_are_sent_to_the_sign_in_page(server: LiveServer) -> None:
    with server.stranger() as stranger:
        assert stranger.get("/editor").headers["location"] == "/sign-in"
        assert stranger.post("/editor/preview", data={"html": "x"}).status_code == 303


def test_the_page_has_a_fresh_nonce_and_a_strict_policy(browser: httpx.Client) -> None:
    nonces = set()
    for _ in range(2):
        page = browser.get("/editor")
        found = re.search(r'data-nonce="([\w-]{20,})"', page.text)
        assert found
        nonces.add(found[1])
        allowed = policy(page)
        assert allowed["default-src"] == "'none'"
        assert allowed["script-src"] == "'self'"
        assert allowed["style-src"] == f"'self' 'nonce-{found[1]}'"
        assert "unsafe" not in page.headers["content-security-policy"]
        assert "<script>" not in page.text
        assert " style=" not in page.text
    assert len(nonces) == 2


def test_a_mail_in_its_frame_runs_and_loads_nothing(browser: httpx.Client) -> None:
    html = '<p style="color: red">Hello é</p><script>alert(1)</script>'
    frame = browser.post("/editor/preview", data={"html": html})
    assert frame.text == html
    allowed = policy(frame)
    assert "sandbox" in allowed
    assert allowed["sandbox"] == ""
    assert allowed["default-src"] == "'none'"
    assert "script-src" not in allowed
    assert allowed["frame-ancestors"] == "'self'"


def test_the_frame_gives_back_only_what_our_own_page_sent(browser: httpx.Client) -> None:
    forged = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post("/editor/preview", data={"html": "x"}, headers=forged).status_code == 403
    assert browser.post("/editor/preview", data={}).status_code == 400
    assert browser.post("/editor/preview", data={"html": "x" * 600_000}).status_code == 413


def test_somebody_who_may_only_read_gets_a_page_that_says_so(server: LiveServer) -> None:
    with httpx.Client(
        base_url=server.url, headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    ) as reader:
        assert reader.post("/sign-in", data={"key": server.key("rules:read")}).status_code == 200
        assert 'data-may-write="no"' in reader.get("/editor").text


def test_scripts_are_packed_and_asked_for_again_only_when_they_have_changed(browser: httpx.Client) -> None:
    library = browser.get("/static/vendor/codemirror.js")
    assert library.headers["content-encoding"] == "gzip"
    tag = library.headers["etag"]
    again = browser.get("/static/vendor/codemirror.js", headers={"If-None-Match": tag})
    assert again.status_code == 304
    plain = browser.get("/static/vendor/codemirror.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == library.content
