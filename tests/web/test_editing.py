"""The server side of the web editor over HTTP: the language service on unsaved texts, offsets, search, catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.live import LiveServer, make_files, problem
from web.editing.desk import LARGE_WORKSPACE

RULE = """\
rule "Later"
  on stage enter "Won"
do
  add tag "won"
end
"""


def ask(api: httpx.Client, name: str, /, **body: Any) -> dict[str, Any]:
    """The answer of a route of the editor."""
    answer = api.post(f"/v1/editor/{name}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def utf16(text: str, part: str) -> tuple[int, int]:
    """Where a part of a text stands, in UTF-16 code units, counted independently of the code under test."""
    before = text[: text.index(part)]
    start = len(before.encode("utf-16-le")) // 2
    return start, start + len(part.encode("utf-16-le")) // 2


# --- check -----------------------------------------------------------------------------------------


def test_a_mistake_has_its_place_and_a_fix_that_mends_it(api: httpx.Client) -> None:
    text = RULE.replace("add tag", "ad tag")
    (mistake,) = ask(api, "check", path="rules/new.rules", text=text)["diagnostics"]
    assert mistake["severity"] == "error"
    assert mistake["code"].startswith("E")
    assert (mistake["path"], mistake["line"]) == ("rules/new.rules", 4)
    fix = mistake["fixes"][0]
    for edit in reversed(fix["edits"]):
        text = text[: edit["from"]] + edit["text"] + text[edit["to"] :]
    assert text == RULE
    assert ask(api, "check", path="rules/new.rules", text=text)["diagnostics"] == []


def test_offsets_count_utf16_code_units(api: httpx.Client) -> None:
    text = '# 😀 𝒳 é\nrule "🎉🎉"\n  on stage enter "Wom"\ndo\n  add tag "😀won"; ad tag "x"\nend\n'
    found = ask(api, "check", path="rules/new.rules", text=text)["diagnostics"]
    places = [(d["from"], d["to"]) for d in found]
    assert places[0] == utf16(text, '"Wom"')
    assert places[1][0] == utf16(text, "ad tag")[0]
    (symbol,) = ask(api, "symbols", path="rules/new.rules", text=text)["symbols"]
    assert symbol["name"] == "🎉🎉"
    assert (symbol["selection"]["from"], symbol["selection"]["to"]) == utf16(text, '"🎉🎉"')


def test_mistakes_caused_elsewhere_are_told(api: httpx.Client, files: dict[str, str]) -> None:
    text = files["schema.rules"].replace("MQL, SQL, Won", "MQL, Won")
    answer = ask(api, "check", path="schema.rules", text=text)
    assert answer["diagnostics"] == []
    assert [d["path"] for d in answer["elsewhere"]] == ["rules/main.rules"]


def test_the_fields_that_a_text_reads_are_told(api: httpx.Client, files: dict[str, str]) -> None:
    text = """\
rule "Ends" for contact
  on reminder 3d before trial_ends at 10:00
  when account.name is set
do
  if score > 50 and created_at < now then
    set plan_name = "gold"
  end
  add tag "soon"
end
"""
    schema = files["schema.rules"].replace("qualified: yes/no", "trial_ends: date")
    answer = ask(api, "check", path="rules/new.rules", text=text, others={"schema.rules": schema})
    assert [d for d in answer["diagnostics"] if d["severity"] == "error"] == []
    contact = answer["fields"]["contact"]
    assert {"trial_ends", "score"} <= set(contact)
    assert not {"plan_name", "created_at", "status"} & set(contact)
    assert answer["fields"]["account"] == ["name"]
    assert ask(api, "check", path="schema.rules", text=schema)["fields"]["contact"] == []


def test_other_unsaved_texts_count(api: httpx.Client, files: dict[str, str]) -> None:
    text = RULE.replace("Won", "Parked")
    assert len(ask(api, "check", path="rules/new.rules", text=text)["diagnostics"]) == 1
    schema = files["schema.rules"].replace("Won", "Won, Parked")
    answer = ask(api, "check", path="rules/new.rules", text=text, others={"schema.rules": schema})
    assert answer["diagnostics"] == []


def test_warnings_of_the_linter_are_among_them(api: httpx.Client) -> None:
    text = RULE.replace("do\n", "when status = trial and status = customer\ndo\n")
    codes = {
        d["code"]: d["severity"] for d in ask(api, "check", path="rules/n.rules", text=text)["diagnostics"]
    }
    assert codes == {"W0802": "warning"}


def test_the_linter_looks_at_one_file_alone_where_there_are_very_many_rules(
    tmp_path: Path, files: dict[str, str]
) -> None:
    many = "".join(
        f'rule "R{n}" for contact on tag added "t{n}" do stop\n' for n in range(LARGE_WORKSPACE + 1)
    )
    text = RULE.replace("do\n", "when status = trial and status = customer\ndo\n")
    with LiveServer(make_files(tmp_path, {**files, "rules/many.rules": many})) as server:
        with server.client("rules:read") as api:
            found = ask(api, "check", path="rules/n.rules", text=text)["diagnostics"]
    assert [d["code"] for d in found] == ["W0802"]


def test_templates_and_tests_are_checked_as_what_they_are(api: httpx.Client) -> None:
    template = "Hello {{ contact.frist_name }}"
    (mistake,) = ask(api, "check", path="templates/x.liquid", text=template)["diagnostics"]
    assert (mistake["from"], mistake["to"]) == utf16(template, "frist_name")
    text = 'test "a"\n  given contact "c_1": nope = 1\nend\n'
    (mistake,) = ask(api, "check", path="tests/x.test.rules", text=text)["diagnostics"]
    assert mistake["line"] == 2
    assert ask(api, "check", path="notes.md", text="# anything (")["diagnostics"] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "rule",
        'rule "',
        "(" * 5000,
        "\ufeffrule",
        "end\n" * 2000,
        "if " * 500,
        "\u2028x",
        "é" * 300,
        "`",
    ],
)
def test_broken_texts_are_answered_by_every_route(api: httpx.Client, text: str) -> None:
    for name in ("check", "symbols", "tokens", "format"):
        ask(api, name, path="rules/new.rules", text=text)
    for name in ("complete", "hover", "definition", "references"):
        for at in (0, len(text) // 2, len(text), len(text) + 5, 10**9, -1):
            ask(api, name, path="rules/new.rules", text=text, at=at)


# --- suggestions, explanations, names --------------------------------------------------------------


def test_completion_takes_the_place_of_what_is_typed(api: httpx.Client) -> None:
    text = '# 😀\nrule "x"\n  on stage enter "Won"\ndo\n  add'
    found = ask(api, "complete", path="rules/new.rules", text=text, at=utf16(text, "add")[1])
    assert (found["from"], found["to"]) == utf16(text, "add")
    items = {item["label"]: item for item in found["items"]}
    tag = items["add tag {tag}"]
    assert tag["kind"] == "phrase"
    assert tag["snippet"] is True
    assert tag["insert"] == 'add tag "${1:tag}"'
    assert tag["detail"]
    assert "```rules" in tag["documentation"]


def test_snippets_end_where_the_protocol_says_and_choices_become_names(api: httpx.Client) -> None:
    found = ask(api, "complete", path="rules/new.rules", text="", at=0)
    items = {item["label"]: item for item in found["items"]}
    assert (
        items["rule"]["insert"]
        == 'rule "${1:name}" for ${2:contact}\n  on ${3:trigger}\ndo\n  ${4:action}\nend\n'
    )


def test_placeholders_of_templates_are_completed(api: httpx.Client) -> None:
    text = "😀 Hello {{ contact.plan"
    found = ask(api, "complete", path="templates/new.liquid", text=text, at=utf16(text, "plan")[1])
    assert (found["from"], found["to"]) == utf16(text, "plan")
    assert "plan_name" in {item["label"] for item in found["items"]}


def test_tests_are_completed_in_files_of_their_own_and_in_rule_files(api: httpx.Client) -> None:
    text = 'test "😀"\n  expect run "Bo'
    found = ask(api, "complete", path="tests/x.test.rules", text=text, at=utf16(text, '"Bo')[1])
    assert (found["from"], found["to"]) == utf16(text, '"Bo')
    assert [item["insert"] for item in found["items"]] == ['"Book"', '"Write"', '"Listen"', '"Hook"']
    both = f'{RULE}\ntest "x"\n  exp\nend\n'
    found = ask(api, "complete", path="rules/new.rules", text=both, at=utf16(both, "exp\n")[1] - 1)
    assert "expect" in {item["label"] for item in found["items"]}
    assert (found["from"], found["to"]) == (both.index("exp\n"), both.index("exp\n") + 3)


def test_hover_says_what_a_phrase_does(api: httpx.Client) -> None:
    text = "# 😀\n" + RULE
    found = ask(api, "hover", path="rules/new.rules", text=text, at=utf16(text, "add tag")[0] + 1)
    assert (found["from"], found["to"]) == utf16(text, 'add tag "won"')
    assert found["text"].startswith("**add tag")
    assert ask(api, "hover", path="rules/new.rules", text=text, at=1)["text"] == ""


def test_names_are_found_and_renamed_everywhere(api: httpx.Client, files: dict[str, str]) -> None:
    text = files["rules/main.rules"]
    at = text.index("plan_name")
    place = ask(api, "definition", path="rules/main.rules", text=text, at=at)["place"]
    assert place["path"] == "schema.rules"
    assert files["schema.rules"][place["from"] : place["to"]].startswith("plan_name")
    places = ask(api, "references", path="rules/main.rules", text=text, at=at)["places"]
    assert [p["path"] for p in places] == ["rules/main.rules", "schema.rules"]
    edits = ask(api, "rename", path="rules/main.rules", text=text, at=at, name="tier")["edits"]
    assert {path: [e["text"] for e in found] for path, found in edits.items()} == {
        "rules/main.rules": ["tier"],
        "schema.rules": ["tier"],
    }
    answer = api.post(
        "/v1/editor/rename", json={"path": "rules/main.rules", "text": text, "at": at, "name": "two words"}
    )
    assert "one word" in problem(answer, 422)["detail"]


def test_the_one_style_and_broken_texts_left_alone(api: httpx.Client) -> None:
    untidy = RULE.replace('  add tag "won"', 'add   tag "won"')
    assert ask(api, "format", path="rules/new.rules", text=untidy) == {"text": RULE, "changed": True}
    assert ask(api, "format", path="rules/new.rules", text=RULE) == {"text": RULE, "changed": False}
    assert ask(api, "format", path="rules/new.rules", text="rule (")["text"] == "rule ("


def test_tokens_name_what_words_are(api: httpx.Client) -> None:
    text = "# 😀\n" + RULE
    found = ask(api, "tokens", path="rules/new.rules", text=text)["tokens"]
    kinds = {(t["from"], t["to"]): t["kind"] for t in found}
    assert kinds[utf16(text, "# 😀")] == "comment"
    assert kinds[utf16(text, "stage")] == "event"
    assert kinds[utf16(text, '"won"')] == "string"


# --- catalogue and search --------------------------------------------------------------------------


def test_the_catalogue_has_what_to_insert_and_it_checks(api: httpx.Client) -> None:
    found = api.get("/v1/editor/catalogue").json()
    assert {kind: len(entries) > 10 for kind, entries in found.items()} == {
        "triggers": True,
        "actions": True,
        "functions": True,
    }
    for kind in ("triggers", "actions"):
        for entry in found[kind]:
            assert entry["insert"], entry["name"]
            assert entry["doc"], entry["name"]
            assert entry["example"], entry["name"]
    assert {f["name"]: f["insert"] for f in found["functions"]}["days_since"] == "days_since(${1})"


def test_search_finds_places_in_all_files(api: httpx.Client, files: dict[str, str]) -> None:
    found = ask(api, "search", query="CONFIRM")
    assert found["truncated"] is False
    assert {m["path"] for m in found["matches"]} == {"rules/main.rules"}
    for match in found["matches"]:
        assert files[match["path"]][match["from"] : match["to"]].lower() == "confirm"
        assert "confirm" in match["text"]
    assert ask(api, "search", query="CONFIRM", case=True)["matches"] == []
    assert (
        ask(api, "search", query="{{ workspace.name }}")["matches"][0]["path"] == "templates/confirm.liquid"
    )
    problem(api.post("/v1/editor/search", json={"query": " "}), 400)
    problem(api.post("/v1/editor/search", json={"query": "x" * 201}), 400)


# --- bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"path": "rules/x.rules"}, 400),
        ({"path": "rules/x.rules", "text": 1}, 400),
        ({"path": "rules/x.rules", "text": "", "more": 1}, 400),
        ({"path": "rulelang.toml", "text": ""}, 400),
        ({"path": "x" * 400 + ".rules", "text": ""}, 400),
        ({"path": "a\0.rules", "text": ""}, 400),
        ({"path": "rules/x.rules", "text": "", "others": {"x.exe": ""}}, 400),
        ({"path": "rules/x.rules", "text": "", "others": {f"{n}.rules": "" for n in range(60)}}, 400),
        ({"path": "rules/x.rules", "text": "x" * (1024 * 1024 + 1)}, 413),
        ({"path": "rules/x.rules", "text": "x" * (5 * 1024 * 1024)}, 413),
    ],
)
def test_bodies_that_are_not_as_they_should_be(api: httpx.Client, body: dict[str, Any], status: int) -> None:
    problem(api.post("/v1/editor/check", json=body), status)


def test_only_those_with_the_scope_and_only_from_our_own_pages(
    server: Any, browser: httpx.Client, stranger: httpx.Client
) -> None:
    body = {"path": "rules/x.rules", "text": ""}
    problem(stranger.post("/v1/editor/check", json=body), 401)
    with server.client("rules:read") as reader:
        assert reader.post("/v1/editor/check", json=body).status_code == 200
        problem(reader.put("/v1/editor/files/rules/x.rules", json={"text": ""}), 403)
        problem(reader.delete("/v1/editor/files/rules/x.rules"), 403)
    with server.client("runs:read") as other:
        problem(other.post("/v1/editor/check", json=body), 403)
        problem(other.get("/v1/editor/files"), 403)
    assert browser.post("/v1/editor/check", json=body).status_code == 200
    foreign = {"Sec-Fetch-Site": "cross-site"}
    problem(browser.post("/v1/editor/check", json=body, headers=foreign), 401)
    problem(browser.put("/v1/editor/files/x.rules", json={"text": ""}, headers=foreign), 401)
    problem(browser.post("/v1/editor/check", content="{}", headers={"Content-Type": "text/plain"}), 415)
