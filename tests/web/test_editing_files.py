"""Files of the workspace over the editor's routes: drafts, going live, edits at the same time, hostile paths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.support.live import LiveServer, problem

RULE = """\
rule "Later"
  on stage enter "Won"
do
  add tag "won"
end
"""


@pytest.fixture
def api(own_server: LiveServer) -> Iterator[httpx.Client]:
    """A client of a server whose files may be changed."""
    with own_server.client() as client:
        yield client


def place(path: str) -> str:
    return f"/v1/editor/files/{quote(path, safe='')}"


def read(api: httpx.Client, path: str) -> dict[str, Any]:
    answer = api.get(place(path))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def put(api: httpx.Client, path: str, text: str, base: str = "", draft: bool = False) -> httpx.Response:
    return api.put(
        place(path), json={"text": text, "base_version": base}, params={"draft": "1"} if draft else {}
    )


def win(api: httpx.Client, contact: str) -> list[str]:
    event = {"type": "stage.entered", "contact_id": contact, "data": {"stage": "Won"}}
    runs: list[str] = api.post("/v1/events", json=event).json()["runs"]
    return runs


# --- reading ---------------------------------------------------------------------------------------


def test_files_are_listed_by_kind_and_settings_and_data_are_not(
    api: httpx.Client, own_server: LiveServer
) -> None:
    (own_server.root / "tests").mkdir()
    (own_server.root / "tests/a.test.rules").write_text("")
    (own_server.root / "brand_voice.md").write_text("warm")
    (own_server.root / "key.txt").write_text("secret")
    found = api.get("/v1/editor/files").json()["files"]
    assert [(f["path"], f["kind"]) for f in found] == [
        ("brand_voice.md", "other"),
        ("rules/main.rules", "rules"),
        ("schema.rules", "schema"),
        ("templates/confirm.liquid", "template"),
        ("tests/a.test.rules", "test"),
    ]
    for file in found:
        shown = read(api, file["path"])
        assert (shown["version"], shown["kind"]) == (file["version"], file["kind"])
        assert len(shown["text"].encode()) == file["size"]
        assert shown["draft"] is None
        assert file["draft"] is False
        assert file["in_force"] is True


def test_a_file_on_disk_that_is_not_in_force_is_read_as_it_is(
    api: httpx.Client, own_server: LiveServer
) -> None:
    path = own_server.root / "rules/main.rules"
    path.write_text("rule (", "utf-8")
    shown = read(api, "rules/main.rules")
    assert shown["text"] == "rule ("
    assert shown["in_force"] is False


def test_a_file_that_is_no_text_is_listed_and_refused(api: httpx.Client, own_server: LiveServer) -> None:
    (own_server.root / "notes.md").write_bytes(b"\xff\xfe")
    (listed,) = [f for f in api.get("/v1/editor/files").json()["files"] if f["path"] == "notes.md"]
    assert listed["version"] == ""
    detail = problem(api.get(place("notes.md")), 422)["detail"]
    assert "not UTF-8" in detail
    assert str(own_server.root) not in detail + listed["problem"]


@pytest.mark.parametrize(
    "path",
    [
        "../rulelang.toml",
        "rules/../rulelang.toml",
        "rulelang.toml",
        "/etc/passwd",
        "//etc/passwd",
        ".rulelang/keys.json",
        ".rulelang/x.rules",
        "rules/.hidden.rules",
        "rules//main.rules",
        "./rules/main.rules",
        "rules\\main.rules",
        "rules/main.rules\0.md",
        "\0",
        "templates/confirm.liquid/",
        "rules/main.rules ",
        "a" * 5000,
        "../" * 300 + "etc/passwd",
        "é.rules",
        "a/b/c/d/e/f.rules",
        "..rules",
        ".rules",
        "-.rules",
        "rules/x.rules.new",
        "rules/x.py",
        "templates/x.rules.exe",
    ],
)
def test_hostile_paths_reach_nothing(api: httpx.Client, own_server: LiveServer, path: str) -> None:
    before = sorted(p for p in own_server.root.rglob("*") if ".rulelang" not in p.parts)
    assert api.get(place(path)).status_code in (404, 405)
    problem(put(api, path, RULE), 400)
    problem(put(api, path, RULE, draft=True), 400)
    assert api.delete(place(path), params={"base_version": "x"}).status_code in (404, 405)
    moved = api.post(f"{place('rules/main.rules')}/rename", json={"to": path, "base_version": "x"})
    problem(moved, 400)
    assert sorted(p for p in own_server.root.rglob("*") if ".rulelang" not in p.parts) == before
    assert not (own_server.root / ".rulelang/drafts").exists()


def test_links_out_of_the_workspace_are_not_followed(
    api: httpx.Client, own_server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.md").write_text("secret")
    (outside / "old.rules").write_text("")
    (own_server.root / "secret.md").symlink_to(outside / "secret.md")
    (own_server.root / "away").symlink_to(outside)
    assert "secret.md" not in [f["path"] for f in api.get("/v1/editor/files").json()["files"]]
    problem(api.get(place("secret.md")), 404)
    problem(api.get(place("away/secret.md")), 404)
    problem(put(api, "away/old.rules", RULE), 507)
    problem(put(api, "secret.md", "mine"), 507)
    assert (outside / "secret.md").read_text() == "secret"
    assert sorted(os.listdir(outside)) == ["old.rules", "secret.md"]
    assert api.post("/v1/editor/search", json={"query": "secret"}).json()["matches"] == []


# --- going live ------------------------------------------------------------------------------------


def test_a_new_file_goes_live_and_then_changes(api: httpx.Client, own_server: LiveServer) -> None:
    made = put(api, "rules/new.rules", RULE)
    assert made.status_code == 201
    assert made.json()["diagnostics"] == []
    assert len(win(api, "c_1")) == 1
    changed = put(api, "rules/new.rules", RULE.replace('"won"', '"winner"'), made.json()["version"])
    assert changed.status_code == 200
    assert changed.json()["version"] == read(api, "rules/new.rules")["version"] != made.json()["version"]
    win(api, "c_2")
    assert api.get("/v1/contacts/c_2").json()["fields"]["tags"] == ["winner"]
    assert (own_server.root / "rules/new.rules").read_text() == RULE.replace('"won"', '"winner"')


def test_mistakes_are_refused_with_their_places(api: httpx.Client, own_server: LiveServer) -> None:
    refused = problem(put(api, "rules/new.rules", RULE.replace("Won", "Wom")), 422)
    assert refused["diagnostics"][0]["code"].startswith("E")
    assert not (own_server.root / "rules/new.rules").exists()


def test_edits_at_the_same_time_are_noticed_and_nothing_is_lost(api: httpx.Client) -> None:
    first = put(api, "rules/new.rules", RULE).json()["version"]
    hers, his = RULE.replace('"won"', '"hers"'), RULE.replace('"won"', '"his"')
    assert put(api, "rules/new.rules", hers, first).status_code == 200
    conflict = problem(put(api, "rules/new.rules", his, first), 409)
    assert conflict["current_text"] == hers
    assert conflict["current_version"] == read(api, "rules/new.rules")["version"]
    assert read(api, "rules/new.rules")["text"] == hers
    assert put(api, "rules/new.rules", his, conflict["current_version"]).status_code == 200


def test_a_new_file_does_not_take_the_place_of_one_and_an_edit_does_not_bring_one_back(
    api: httpx.Client,
) -> None:
    version = put(api, "rules/new.rules", RULE).json()["version"]
    assert problem(put(api, "rules/new.rules", RULE), 409)["current_text"] == RULE
    assert api.delete(place("rules/new.rules"), params={"base_version": version}).status_code == 200
    gone = problem(put(api, "rules/new.rules", RULE, version), 409)
    assert (gone["current_version"], gone["current_text"]) == ("", None)


def test_an_edit_on_disk_is_noticed(api: httpx.Client, own_server: LiveServer) -> None:
    version = put(api, "rules/new.rules", RULE).json()["version"]
    (own_server.root / "rules/new.rules").write_text("rule (", "utf-8")
    assert problem(put(api, "rules/new.rules", RULE + "\n", version), 409)["current_text"] == "rule ("


def test_line_ends_and_marks_become_those_of_files(api: httpx.Client, own_server: LiveServer) -> None:
    answer = put(api, "rules/new.rules", "\ufeff" + RULE.replace("\n", "\r\n"))
    assert answer.json()["version"] == read(api, "rules/new.rules")["version"]
    assert (own_server.root / "rules/new.rules").read_bytes() == RULE.encode()


def test_templates_tests_and_notes_are_kept_and_templates_count_at_once(
    api: httpx.Client, own_server: LiveServer
) -> None:
    text = RULE.replace('add tag "won"', 'send email template("hello")')
    problem(put(api, "rules/new.rules", text), 422)
    assert put(api, "templates/hello.liquid", "---\nsubject: Hi\n---\nHello").status_code == 201
    assert put(api, "rules/new.rules", text).status_code == 201
    bad = problem(put(api, "templates/bad.liquid", "{{ contact.nope }}"), 422)
    assert bad["diagnostics"][0]["path"].startswith("templates/bad")
    version = read(api, "templates/hello.liquid")["version"]
    refused = api.delete(place("templates/hello.liquid"), params={"base_version": version})
    problem(refused, 422)
    assert (own_server.root / "templates/hello.liquid").exists()
    test = 'test "nothing"\n  expect nope\nend\n'
    kept = put(api, "tests/new.test.rules", test)
    assert kept.status_code == 201
    assert len(kept.json()["diagnostics"]) == 1
    assert put(api, "brand_voice.md", "warm").status_code == 201
    assert read(api, "brand_voice.md")["text"] == "warm"


def test_texts_that_no_file_can_hold(api: httpx.Client) -> None:
    problem(put(api, "notes.md", "x" * (1024 * 1024 + 1)), 413)
    problem(put(api, "notes.md", "é" * (600 * 1024)), 413)
    assert put(api, "notes.md", "x" * (1024 * 1024)).status_code == 201
    body = b'{"text": "\\ud800"}'
    headers = {"Content-Type": "application/json"}
    problem(api.put(place("other.md"), content=body, headers=headers), 400)
    problem(api.put(place("other.md"), json={"text": 1}), 400)
    problem(api.put(place("other.md"), json={"text": "", "draft": True}), 400)
    problem(api.put(place("other.md"), json={"text": ""}, params={"draft": "yes"}), 400)


def test_what_cannot_be_written_changes_nothing(api: httpx.Client, own_server: LiveServer) -> None:
    (own_server.root / "rules/new.rules").mkdir()
    problem(put(api, "rules/new.rules", RULE), 507)
    assert win(api, "c_1") == []


# --- renaming and removing -------------------------------------------------------------------------


def test_a_file_gets_another_name_and_its_rules_go_on(api: httpx.Client, own_server: LiveServer) -> None:
    version = put(api, "rules/new.rules", RULE).json()["version"]
    put(api, "rules/new.rules", RULE + "# more\n", version, draft=True)
    url = f"{place('rules/new.rules')}/rename"
    problem(api.post(url, json={"to": "rules/later.rules", "base_version": "old"}), 409)
    problem(api.post(url, json={"to": "rules/main.rules", "base_version": version}), 409)
    problem(api.post(url, json={"to": "notes.md", "base_version": version}), 400)
    problem(api.post(url, json={"to": "rules/new.rules", "base_version": version}), 400)
    moved = api.post(url, json={"to": "sales/later.rules", "base_version": version})
    assert moved.json() == {"path": "sales/later.rules", "version": version}
    assert not (own_server.root / "rules/new.rules").exists()
    assert (own_server.root / "sales/later.rules").read_text() == RULE
    assert len(win(api, "c_1")) == 1
    assert read(api, "sales/later.rules")["draft"]["text"] == RULE + "# more\n"
    problem(api.get(place("rules/new.rules")), 404)
    problem(api.post(url, json={"to": "x.rules", "base_version": version}), 404)


def test_a_file_that_others_need_stays(api: httpx.Client, own_server: LiveServer) -> None:
    version = read(api, "schema.rules")["version"]
    refused = problem(api.delete(place("schema.rules"), params={"base_version": version}), 422)
    assert "elsewhere" in refused["detail"]
    assert (own_server.root / "schema.rules").exists()
    problem(api.delete(place("schema.rules")), 400)
    problem(api.delete(place("rules/main.rules"), params={"base_version": "old"}), 409)


def test_a_removed_rule_starts_nothing_more(api: httpx.Client) -> None:
    version = put(api, "rules/new.rules", RULE).json()["version"]
    assert len(win(api, "c_1")) == 1
    assert api.delete(place("rules/new.rules"), params={"base_version": version}).status_code == 200
    assert win(api, "c_2") == []


# --- drafts ----------------------------------------------------------------------------------------


def test_a_draft_is_its_authors_alone_and_never_runs(api: httpx.Client, own_server: LiveServer) -> None:
    version = read(api, "rules/main.rules")["version"]
    broken = "rule ( 😀"
    answer = put(api, "rules/main.rules", broken, version, draft=True)
    assert answer.status_code == 200
    assert answer.json()["draft"]["base_version"] == version
    shown = read(api, "rules/main.rules")
    assert shown["draft"]["text"] == broken
    assert shown["draft"]["saved_at"] > 0
    assert shown["version"] == version
    with own_server.client() as other:
        assert read(other, "rules/main.rules")["draft"] is None
        assert not any(f["draft"] for f in other.get("/v1/editor/files").json()["files"])
    with own_server.browser() as page:
        assert read(page, "rules/main.rules")["draft"] is None


def test_a_draft_of_a_file_that_does_not_exist_yet(api: httpx.Client, own_server: LiveServer) -> None:
    put(api, "rules/idea.rules", RULE, draft=True)
    assert win(api, "c_1") == []
    (listed,) = [f for f in api.get("/v1/editor/files").json()["files"] if f["draft"]]
    assert (listed["path"], listed["version"], listed["in_force"]) == ("rules/idea.rules", "", False)
    shown = read(api, "rules/idea.rules")
    assert (shown["exists"], shown["text"], shown["draft"]["text"]) == (False, "", RULE)
    assert put(api, "rules/idea.rules", RULE).status_code == 201
    assert read(api, "rules/idea.rules")["draft"] is None


def test_a_draft_outlives_the_edits_of_others_and_a_restart(
    api: httpx.Client, own_server: LiveServer
) -> None:
    version = put(api, "rules/new.rules", RULE).json()["version"]
    put(api, "rules/new.rules", RULE + "# mine\n", version, draft=True)
    with own_server.client() as other:
        assert put(other, "rules/new.rules", RULE + "# theirs\n", version).status_code == 200
    shown = read(api, "rules/new.rules")
    assert shown["draft"]["base_version"] == version != shown["version"]
    assert shown["draft"]["text"] == RULE + "# mine\n"


def test_a_draft_can_be_thrown_away(api: httpx.Client) -> None:
    put(api, "rules/idea.rules", RULE, draft=True)
    assert api.delete(place("rules/idea.rules"), params={"draft": "1"}).status_code == 200
    problem(api.delete(place("rules/idea.rules"), params={"draft": "1"}), 404)
    problem(api.get(place("rules/idea.rules")), 404)
    assert api.get("/v1/rules").json()["diagnostics"] == []
