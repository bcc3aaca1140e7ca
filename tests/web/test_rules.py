"""Rules over the API: what is listed, and that a change is checked, kept and in force, or nothing happens at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.live import LiveServer, make_files, problem, wait_for

GOOD = """\
rule "Welcome"
  on stage enter "Won"
do
  add tag "won"
end
"""
BAD = 'on stage enter "Wom" do add tag "won"\n'


@pytest.fixture
def api(own_server: LiveServer) -> Iterator[httpx.Client]:
    """A client of a server whose rules may be changed."""
    with own_server.client() as client:
        yield client


def put(api: httpx.Client, text: str, name: str = "rules/new.rules", **more: object) -> httpx.Response:
    return api.put(f"/v1/rules/{name}", content=text.encode(), **more)  # type: ignore[arg-type]


def win(api: httpx.Client, contact: str) -> list[str]:
    event = {"type": "stage.entered", "contact_id": contact, "data": {"stage": "Won"}}
    answer = api.post("/v1/events", json=event)
    runs: list[str] = answer.json()["runs"]
    return runs


def test_rules_are_listed_with_their_runs(api: httpx.Client) -> None:
    api.put("/v1/contacts/c_1", json={"status": "trial"})
    api.post("/v1/events", json={"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}})
    answer = api.get("/v1/rules").json()
    assert answer["diagnostics"] == []
    rules = {rule["rule"]: rule for rule in answer["items"]}
    assert list(rules) == ["Book", "Write", "Listen", "Hook"]
    book = rules["Book"]
    assert (book["file"], book["line"], book["state"], book["subject"]) == (
        "rules/main.rules",
        1,
        "live",
        "contact",
    )
    assert book["events"] == ["stage.entered"]
    assert book["triggers"] == ['stage enter "SQL"']
    assert book["runs"] == {"waiting": 1}
    assert rules["Write"]["runs"] == {}


def test_a_file_is_read_as_it_is_in_force(api: httpx.Client, files: dict[str, str]) -> None:
    answer = api.get("/v1/rules/rules/main.rules")
    assert answer.text == files["rules/main.rules"]
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["etag"].startswith('"')
    for other in ("nope.rules", "../rulelang.toml", "rulelang.toml", "templates/confirm.liquid"):
        problem(api.get(f"/v1/rules/{other.replace('/', '%2F')}"), 404)


def test_a_new_file_is_kept_and_goes_live(api: httpx.Client, own_server: LiveServer) -> None:
    assert win(api, "c_1") == []
    answer = put(api, GOOD)
    assert answer.status_code == 201
    assert answer.json()["saved"] is True
    assert [rule["rule"] for rule in answer.json()["rules"]] == ["Welcome"]
    assert answer.headers["etag"] == api.get("/v1/rules/rules/new.rules").headers["etag"]
    assert (own_server.root / "rules/new.rules").read_text() == GOOD
    (run,) = win(api, "c_2")
    assert api.get(f"/v1/runs/{run}").json()["rule"] == "Welcome"


def test_a_replaced_file_answers_200_and_line_ends_become_those_of_files(api: httpx.Client) -> None:
    put(api, GOOD)
    answer = put(api, GOOD.replace('"won"', '"winner"').replace("\n", "\r\n"))
    assert answer.status_code == 200
    text = api.get("/v1/rules/rules/new.rules")
    assert text.text == GOOD.replace('"won"', '"winner"')
    assert text.headers["etag"] == answer.headers["etag"]
    win(api, "c_1")
    assert api.get("/v1/contacts/c_1").json()["fields"]["tags"] == ["winner"]


def test_a_file_with_mistakes_changes_nothing(api: httpx.Client, own_server: LiveServer) -> None:
    put(api, GOOD)
    answer = problem(put(api, BAD), 422)
    assert answer["detail"] == "1 mistake in this file; nothing was changed"
    (mistake,) = answer["diagnostics"]
    assert mistake["severity"] == "error"
    assert mistake["path"] == "rules/new.rules"
    assert (mistake["start"], mistake["end"]) == ({"line": 1, "column": 16}, {"line": 1, "column": 21})
    assert "did you mean `Won`?" in mistake["label"] + mistake["help"]
    assert (own_server.root / "rules/new.rules").read_text() == GOOD
    assert len(win(api, "c_1")) == 1


def test_a_change_that_breaks_another_file_is_refused(api: httpx.Client, files: dict[str, str]) -> None:
    schema = files["schema.rules"].replace("MQL, SQL, Won", "MQL, Won")
    answer = problem(put(api, schema, "schema.rules"), 422)
    assert (
        answer["detail"] == "1 mistake elsewhere in the workspace, caused by this change; nothing was changed"
    )
    assert {d["path"] for d in answer["diagnostics"] if d["severity"] == "error"} == {"rules/main.rules"}


def test_mistakes_that_were_there_before_do_not_stand_in_the_way(
    tmp_path: Path, files: dict[str, str]
) -> None:
    root = make_files(tmp_path, {**files, "rules/new.rules": GOOD, "rules/old.rules": BAD})
    with LiveServer(root) as server, server.client() as api:
        assert [d["path"] for d in api.get("/v1/rules").json()["diagnostics"]] == ["rules/old.rules"]
        assert put(api, GOOD.replace("Welcome", "Hello")).status_code == 200
        (root / "rules/new.rules").write_text(GOOD)
        wait_for(lambda: "Welcome" in [rule["rule"] for rule in api.get("/v1/rules").json()["items"]])
        assert put(api, BAD.replace("Wom", "Won"), "rules/old.rules").status_code == 200
        assert api.get("/v1/rules").json()["diagnostics"] == []


def test_a_dry_run_only_checks(api: httpx.Client, own_server: LiveServer) -> None:
    answer = put(api, GOOD, params={"dry_run": "true"})
    assert answer.status_code == 200
    assert answer.json()["saved"] is False
    assert [rule["rule"] for rule in answer.json()["rules"]] == ["Welcome"]
    assert not (own_server.root / "rules/new.rules").exists()
    assert win(api, "c_1") == []
    problem(put(api, BAD, params={"dry_run": "true"}), 422)
    problem(put(api, GOOD, params={"dry_run": "yes"}), 400)


def test_if_match_keeps_editors_from_overwriting_each_other(api: httpx.Client) -> None:
    first = put(api, GOOD).headers["etag"]
    second = put(api, GOOD + "# mine\n", headers={"If-Match": first})
    assert second.status_code == 200
    problem(put(api, GOOD + "# theirs\n", headers={"If-Match": first}), 412)
    assert put(api, GOOD, headers={"If-Match": f'"other", {second.headers["etag"]}'}).status_code == 200
    assert put(api, GOOD, headers={"If-Match": "*"}).status_code == 200
    problem(put(api, GOOD, "rules/other.rules", headers={"If-Match": "*"}), 412)
    problem(put(api, GOOD, headers={"If-None-Match": "*"}), 412)


def test_if_match_sees_an_edit_on_disk_that_is_not_in_force(
    api: httpx.Client, own_server: LiveServer
) -> None:
    tag = put(api, GOOD).headers["etag"]
    (own_server.root / "rules/new.rules").write_text(BAD)
    problem(put(api, GOOD + "# mine\n", headers={"If-Match": tag}), 412)
    assert (own_server.root / "rules/new.rules").read_text() == BAD
    assert put(api, GOOD).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "new.txt",
        ".hidden.rules",
        "../new.rules",
        "rules/../../new.rules",
        "a/b/c/d/e.rules",
        "new rules.rules",
        "ü.rules",
    ],
)
def test_names_that_are_no_rule_files(api: httpx.Client, own_server: LiveServer, name: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in name.encode())
    answer = api.put(f"/v1/rules/{encoded}", content=GOOD)
    problem(answer, 400)
    assert not list(own_server.root.parent.glob("*.rules"))


def test_links_do_not_lead_out_of_the_workspace(
    api: httpx.Client, own_server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (own_server.root / "away").symlink_to(outside)
    problem(put(api, GOOD, "away/new.rules"), 507)
    assert not list(outside.iterdir())
    assert win(api, "c_1") == []


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"\xff\xfe", "text/plain", 400),
        (b"{}", "application/json", 415),
        (b"x" * 1_048_577, "text/plain", 413),
    ],
)
def test_bodies_that_are_no_text(api: httpx.Client, content: bytes, media: str, status: int) -> None:
    problem(api.put("/v1/rules/new.rules", content=content, headers={"Content-Type": media}), status)


def test_a_run_under_way_keeps_the_version_it_began_with(api: httpx.Client, files: dict[str, str]) -> None:
    old = files["rules/main.rules"].replace(
        "wait 30m\n  send email template", "wait 2s\n  send email template"
    )
    assert put(api, old, "rules/main.rules").status_code == 200
    api.put("/v1/contacts/c_1", json={"status": "trial", "email": "c_1@x.test"})
    event = {"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}}
    (run,) = api.post("/v1/events", json=event).json()["runs"]
    before = api.get(f"/v1/runs/{run}").json()
    assert put(api, GOOD, "rules/main.rules").status_code == 200
    assert [rule["rule"] for rule in api.get("/v1/rules").json()["items"]] == ["Welcome"]
    after = wait_for(lambda: _ended(api, run))
    assert after["status"] == "completed"
    assert after["plan"] == before["plan"]
    assert [m["to"] for m in api.get("/v1/mailbox").json()["items"]] == ["c_1@x.test"]


def _ended(api: httpx.Client, run: str) -> dict[str, str] | None:
    found: dict[str, str] = api.get(f"/v1/runs/{run}").json()
    return found if "ended_at" in found else None


# --- files that change on disk ---------------------------------------------------------------------


def test_a_file_changed_on_disk_goes_live(api: httpx.Client, own_server: LiveServer) -> None:
    assert win(api, "c_1") == []
    (own_server.root / "rules/new.rules").write_text(GOOD)
    wait_for(lambda: "Welcome" in [rule["rule"] for rule in api.get("/v1/rules").json()["items"]])
    assert len(win(api, "c_2")) == 1
    (own_server.root / "rules/new.rules").unlink()
    wait_for(lambda: "Welcome" not in [rule["rule"] for rule in api.get("/v1/rules").json()["items"]])
    assert win(api, "c_3") == []


def test_a_broken_change_on_disk_keeps_the_old_rules_and_is_shown(
    api: httpx.Client, own_server: LiveServer
) -> None:
    path = own_server.root / "rules/new.rules"
    put(api, GOOD)
    path.write_text(BAD)
    (mistake,) = wait_for(lambda: api.get("/v1/rules").json()["diagnostics"])
    assert mistake["path"] == "rules/new.rules"
    with own_server.browser() as browser:
        page = browser.get("/").text
        assert mistake["code"] in page
        assert "Wom" in page
    assert len(win(api, "c_1")) == 1
    assert api.get("/v1/rules/rules/new.rules").text == GOOD
    path.write_text(GOOD)
    wait_for(lambda: not api.get("/v1/rules").json()["diagnostics"])


def test_a_template_changed_on_disk_is_used(api: httpx.Client, own_server: LiveServer) -> None:
    path = own_server.root / "templates/confirm.liquid"
    path.write_text(path.read_text().replace("subject: Hello", "subject: Dear"))
    before = own_server.parts.workspace.checked
    wait_for(lambda: own_server.parts.workspace.checked is not before)
    api.put("/v1/contacts/c_1", json={"email": "c_1@x.test", "first_name": "Ana", "tags": ["write"]})
    (mail,) = wait_for(lambda: api.get("/v1/mailbox").json()["items"])
    assert mail["subject"] == "Dear Ana"


def test_a_file_that_cannot_be_read_stops_nothing(api: httpx.Client, own_server: LiveServer) -> None:
    put(api, GOOD)
    broken = own_server.root / "rules/broken.rules"
    broken.write_bytes(b"\xff")
    (own_server.root / "rules/more.rules").write_text(GOOD.replace("Welcome", "More"))
    assert len(win(api, "c_1")) == 1
    broken.unlink()
    wait_for(lambda: "More" in [rule["rule"] for rule in api.get("/v1/rules").json()["items"]])
