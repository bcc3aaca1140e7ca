"""Who gets in: a walk over every route without credentials, keys and their scopes, sessions and what ends them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.routing import Mount, Route

from runtime.keys import SCOPES
from tests.support.live import LiveServer, problem, wait_for

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/voice/x"),
    # Requests of other systems: a signature lets them in.
    ("GET", "/in/x"),
    ("POST", "/in/x"),
    # A run is answered by who holds its token.
    ("POST", "/v1/callbacks/x"),
    # Links in messages: what they say is signed.
    ("GET", "/u/x"),
    ("POST", "/u/x"),
    ("GET", "/o/x"),
    ("GET", "/c/x"),
    ("GET", "/d/x"),
    ("POST", "/d/x"),
    ("GET", "/d/x/file"),
}
"""All that a stranger may ask for, besides the files under /static."""


def walk(server: LiveServer) -> Iterator[tuple[str, str]]:
    """Every method and path that the application serves, as the router itself knows them."""
    import server as composition

    for route in composition.build_server(server.parts).routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
            continue
        assert isinstance(route, Route)
        path = re.sub(r"{\w+(:path)?}", "x", route.path)
        yield from ((method, path) for method in sorted(route.methods or {"POST"}) if method != "HEAD")


def test_every_route_is_closed_to_strangers(server: LiveServer, stranger: httpx.Client) -> None:
    seen = set(walk(server))
    assert len(seen) > 35
    assert seen >= OPEN
    for method, path in seen - OPEN:
        answer = stranger.request(method, path)
        if path.startswith("/v1/") or path == "/metrics":
            problem(answer, 401)
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"] == "/sign-in"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/nothing", "/v1/", "/v1", "/static/", "/docs", "/static/../app.py"]
)
def test_what_is_not_served_says_no_more_than_that(stranger: httpx.Client, method: str, path: str) -> None:
    answer = stranger.request(method, path)
    assert answer.status_code in (404, 405)
    assert "Acme" not in answer.text


@pytest.mark.parametrize(
    "path", ["//v1/runs", "/v1/runs/", "/V1/runs", "/v1/./runs", "/v1//runs", "/static/../v1/runs"]
)
def test_spellings_of_a_path_open_nothing(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code in (401, 404)


@pytest.mark.parametrize("host", ["x/health?", "evil.test", "127.0.0.1:99999", "[", ""])
def test_the_host_header_opens_nothing(stranger: httpx.Client, host: str) -> None:
    for path in ("/v1/runs", "/", "/metrics"):
        assert stranger.get(path, headers={"Host": host}).status_code in (303, 400, 401)


# --- keys ------------------------------------------------------------------------------------------

NEEDS = {
    "events:write": ("POST", "/v1/events"),
    "records:read": ("GET", "/v1/contacts"),
    "records:write": ("PUT", "/v1/contacts/c_0"),
    "rules:read": ("GET", "/v1/rules"),
    "rules:write": ("PUT", "/v1/rules/x.rules"),
    "runs:read": ("GET", "/v1/runs"),
    "runs:write": ("POST", "/v1/effects/x/skip"),
    "mailbox:read": ("GET", "/v1/mailbox"),
    "metrics:read": ("GET", "/metrics"),
}


def test_each_scope_opens_what_it_says_and_nothing_else(server: LiveServer) -> None:
    assert set(NEEDS) == set(SCOPES)
    for scope in SCOPES:
        with server.client(scope) as client:
            for other, (method, path) in NEEDS.items():
                answer = client.request(method, path)
                if other == scope:
                    assert answer.status_code not in (401, 403), (scope, path)
                else:
                    assert other in problem(answer, 403)["detail"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer nonsense",
        "Bearer rl_aaaaaaaaaaaa_" + "a" * 43,
        "Basic {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {key},{key}",
        "Bearer  {id}_",
    ],
)
def test_credentials_that_are_none(server: LiveServer, stranger: httpx.Client, header: str) -> None:
    key = server.key()
    text = header.format(key=key, id=key.rpartition("_")[0])
    problem(stranger.get("/v1/runs", headers={"Authorization": text}), 401)


def test_the_hash_of_a_key_is_no_key(server: LiveServer, stranger: httpx.Client) -> None:
    id = server.key().split("_")[1]
    hash = server.parts.guard.keys.all()[id].hash
    for text in (f"rl_{id}_{hash}", f"rl_{id}_{hash[:43]}", hash):
        problem(stranger.get("/v1/runs", headers={"Authorization": f"Bearer {text}"}), 401)


def test_a_revoked_key_is_refused_within_a_moment(server: LiveServer) -> None:
    with server.client() as client:
        assert client.get("/v1/runs").status_code == 200
        id = client.headers["authorization"].split("_")[1]
        assert server.parts.guard.keys.revoke(id)
        wait_for(lambda: client.get("/v1/runs").status_code == 401, 2)


def test_a_wrong_key_is_not_helped_by_a_session(server: LiveServer, browser: httpx.Client) -> None:
    assert browser.get("/v1/runs").status_code == 200
    problem(browser.get("/v1/runs", headers={"Authorization": "Bearer nonsense"}), 401)


# --- sessions --------------------------------------------------------------------------------------


def test_a_sign_in_link_works_once(server: LiveServer) -> None:
    token = server.parts.guard.sessions.make_link_token()
    with server.stranger() as first, server.stranger() as second:
        assert first.head("/sign-in", params={"token": token}).status_code == 403
        assert first.get("/sign-in", params={"token": token}).status_code == 200
        assert first.get("/").status_code == 200
        refused = second.get("/sign-in", params={"token": token})
        assert refused.status_code == 403
        assert "used or is too old" in refused.text
        assert second.get("/").status_code == 303


def test_the_session_cookie_is_for_us_alone(server: LiveServer, stranger: httpx.Client) -> None:
    token = server.parts.guard.sessions.make_link_token()
    cookie = stranger.get("/sign-in", params={"token": token}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert token.lower() not in cookie


def test_signing_in_with_a_key(server: LiveServer, stranger: httpx.Client) -> None:
    own = {"Sec-Fetch-Site": "same-origin"}
    wrong = stranger.post("/sign-in", data={"key": "rl_nonsense"}, headers=own)
    assert wrong.status_code == 403
    assert "No such key" in wrong.text
    assert stranger.post("/sign-in", data={"key": f" {server.key()} "}, headers=own).status_code == 200
    assert stranger.get("/").status_code == 200


def test_a_session_sees_what_its_key_may_see(server: LiveServer, stranger: httpx.Client) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    stranger.post("/sign-in", data={"key": server.key("rules:read")}, headers=headers)
    page = stranger.get("/", headers=headers).text
    assert 'id="rules"' in page
    assert 'id="runs"' not in page
    assert 'id="mailbox"' not in page
    assert stranger.get("/rules/rules/main.rules", headers=headers).status_code == 200
    for path in ("/runs/x", "/mailbox/x", "/mailbox/x/source"):
        refused = stranger.get(path, headers=headers)
        assert refused.status_code == 403
        assert "lacks the scope" in refused.text
    assert stranger.post("/effects/x/skip", headers=headers).status_code == 403


def test_a_session_ends_with_its_key(server: LiveServer, stranger: httpx.Client) -> None:
    key = server.key()
    stranger.post("/sign-in", data={"key": key}, headers={"Sec-Fetch-Site": "same-origin"})
    assert stranger.get("/").status_code == 200
    server.parts.guard.keys.revoke(key.split("_")[1])
    assert stranger.get("/").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(browser: httpx.Client) -> None:
    cookies = dict(browser.cookies)
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert browser.get("/").status_code == 303
    browser.cookies.update(cookies)
    assert browser.get("/").status_code == 303


def test_many_sessions_push_out_the_oldest(own_server: LiveServer) -> None:
    sessions = own_server.parts.guard.sessions
    with own_server.browser() as first:
        for _ in range(1000):
            sessions.begin("")
        assert first.get("/").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "{url}"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "{url}.evil.test"},
        {"Origin": "{url}0"},
        {},
    ],
)
def test_a_foreign_page_can_change_nothing(
    server: LiveServer, browser: httpx.Client, headers: dict[str, str]
) -> None:
    del browser.headers["Sec-Fetch-Site"]
    forged = {name: value.format(url=server.url) for name, value in headers.items()}
    for path in ("/effects/x/replay", "/effects/x/skip", "/sign-out"):
        assert browser.post(path, headers=forged).status_code == 403
    assert browser.post("/sign-in", data={"key": server.key()}, headers=forged).status_code == 403
    problem(browser.put("/v1/contacts/c_0", json={}, headers=forged), 401)
    event = {"type": "stage.entered", "contact_id": "c_0"}
    problem(browser.post("/v1/events", json=event, headers=forged), 401)
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "{url}"}])
def test_our_own_pages_can(server: LiveServer, browser: httpx.Client, headers: dict[str, str]) -> None:
    del browser.headers["Sec-Fetch-Site"]
    own = {name: value.format(url=server.url) for name, value in headers.items()}
    assert browser.put("/v1/contacts/c_0", json={}, headers=own).status_code == 200
    assert browser.post("/effects/x/skip", headers=own).status_code == 404
