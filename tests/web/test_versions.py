"""The history of rules and files over the API: who changed what and when, and getting it back."""

from __future__ import annotations

import httpx

from tests.support.live import LiveServer, problem, wait_for

MAIN = "rules/main.rules"


def put(api: httpx.Client, text: str, file: str = MAIN) -> None:
    """Change a file."""
    answer = api.put(f"/v1/rules/{file}", content=text, headers={"Content-Type": "text/plain"})
    assert answer.status_code in (200, 201), answer.text


def test_every_way_to_change_a_rule_is_told_apart(own_server: LiveServer, files: dict[str, str]) -> None:
    with own_server.client() as api:
        put(api, files[MAIN].replace("wait 30m", "wait 1h"))
        text = files[MAIN].replace("wait 30m", "wait 2h")
        (own_server.root / MAIN).write_text(text)
        wait_for(lambda: api.get(f"/v1/rules/{MAIN}").text == text)
        assert api.post("/v1/rules/Book/restore", json={"version": 1}).status_code == 200
        assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]
        items = api.get("/v1/rules/Book/versions").json()["items"]
        told = [(item["version"], item["how"], item["by"]) for item in items]
        assert told == [
            (4, "restore", "test"),
            (3, "files", "the files"),
            (2, "api", "test"),
            (1, "files", "the files"),
        ]
        assert len({item["plan"] for item in items}) == 3
        assert [len(api.get(f"/v1/rules/{name}/versions").json()["items"]) for name in ("Write", MAIN)] == [
            1,
            4,
        ]


def test_two_versions_are_compared_in_words_and_lines(own_server: LiveServer, files: dict[str, str]) -> None:
    with own_server.client() as api:
        put(api, files[MAIN].replace("wait 30m", "wait 1h"))
        found = api.get("/v1/rules/Book/diff").json()
        assert found["changes"] == [
            {"part": "step", "before": "wait 30m", "after": "wait 1h", "step": "do.1"}
        ]
        assert "-  wait 30m\n+  wait 1h" in found["diff"]
        assert (found["before"]["version"], found["after"]["version"]) == (1, 2)
        back = api.get("/v1/rules/Book/diff", params={"from": 2, "to": 1}).json()
        assert back["changes"][0]["after"] == "wait 30m"
        assert "+  wait 1h" in api.get(f"/v1/rules/{MAIN}/diff").json()["diff"]
        assert api.get("/v1/rules/Book/versions/1").json()["text"].startswith('rule "Book"')


def test_a_removed_file_comes_back_rule_by_rule_or_whole(
    own_server: LiveServer, files: dict[str, str]
) -> None:
    with own_server.client() as api:
        answer = api.delete(f"/v1/rules/{MAIN}")
        assert answer.status_code == 200, answer.text
        assert set(answer.json()["rules"]) == {"Book", "Write", "Listen", "Hook"}
        assert not (own_server.root / MAIN).exists()
        assert api.get("/v1/rules").json()["items"] == []
        assert api.get("/v1/rules/Book/versions").json()["items"][0]["removed"] is True
        problem(api.post("/v1/rules/Book/restore", json={"version": 2}), 422)
        assert api.post("/v1/rules/Book/restore", json={"version": 1}).json()["version"] == 3
        assert api.post("/v1/rules/Write/restore", json={"version": 1}).status_code == 200
        assert [item["rule"] for item in api.get("/v1/rules").json()["items"]] == ["Book", "Write"]
        assert api.post(f"/v1/rules/{MAIN}/restore", json={"version": 1}).status_code == 200
        assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]


def test_a_file_that_others_need_is_not_removed(api: httpx.Client, files: dict[str, str]) -> None:
    refused = problem(api.delete("/v1/rules/schema.rules"), 422)
    assert refused["diagnostics"]
    assert api.get("/v1/rules/schema.rules").text == files["schema.rules"]
    problem(api.delete("/v1/rules/none.rules"), 404)
    problem(api.delete(f"/v1/rules/{MAIN}", headers={"If-Match": '"other"'}), 412)
    assert api.delete(f"/v1/rules/{MAIN}", params={"dry_run": "true"}).json()["removed"] is False
    assert api.get(f"/v1/rules/{MAIN}").text == files[MAIN]


def test_an_old_version_that_has_mistakes_by_now_is_not_restored(
    own_server: LiveServer, files: dict[str, str]
) -> None:
    schema = files["schema.rules"]
    with own_server.client() as api:
        put(api, files[MAIN].replace("set plan_name", "set qualified").replace('"gold"', "true"))
        put(api, schema.replace("  plan_name: text\n", ""), "schema.rules")
        refused = problem(api.post("/v1/rules/Listen/restore", json={"version": 1}), 422)
        assert refused["diagnostics"]


def test_what_is_not_there_is_said(api: httpx.Client) -> None:
    problem(api.get("/v1/rules/Nobody/versions"), 404)
    problem(api.get("/v1/rules/Book/versions/99"), 404)
    problem(api.get("/v1/rules/Book/versions/x"), 400)
    problem(api.get("/v1/rules/Book/diff", params={"from": "0"}), 400)
    problem(api.get("/v1/rules/Book/diff", params={"from": "98"}), 404)
    problem(api.post("/v1/rules/Book/restore", json={"version": "1"}), 400)
    problem(api.post("/v1/rules/Book/restore", json={"version": 99}), 404)


def test_changes_need_their_scopes(server: LiveServer) -> None:
    with server.client("rules:read") as api:
        assert api.get("/v1/rules/Book/versions").status_code == 200
        problem(api.post("/v1/rules/Book/restore", json={"version": 1}), 403)
        problem(api.delete(f"/v1/rules/{MAIN}"), 403)
