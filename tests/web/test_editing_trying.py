"""Rules tried out over the editor's routes: simulation, samples, tests, pictures, what a deploy would change."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from rulelang.workspace import CheckedWorkspace
from runtime.trying import Sample, Simulated
from tests.support.live import LiveServer, make_files, problem, wait_for
from tests.web.test_editing import ask, utf16
from workbench.authoring.simulating import Bounds
from workbench.authoring.tools import Tools

TEXT = """\
# 😀 counted in UTF-16
rule "Trial" for contact
  on stage enter "Won"
  when status = trial
do
  wait 1d
  if score > 50 then
    add tag "hot"
  else
    add tag "cold"
  end
  send email template("confirm")
end
"""
PATH = "rules/trial.rules"
CONTACTS: list[dict[str, Any]] = [
    {"id": "c_1", "email": "lea@example.test", "first_name": "Léa", "status": "trial", "score": 80},
    {"id": "c_2", "email": "tom@example.test", "status": "customer"},
]
EVENTS: list[dict[str, Any]] = [
    {
        "type": "stage.entered",
        "contact_id": contact["id"],
        "occurred_at": "2026-03-02T09:00:00Z",
        "data": {"stage": "Won"},
    }
    for contact in CONTACTS
]


def simulate(api: httpx.Client, text: str = TEXT, **more: Any) -> dict[str, Any]:
    body = {"path": PATH, "text": text, "contacts": CONTACTS, "events": EVENTS, **more}
    return ask(api, "simulate", **body)


# --- simulation ------------------------------------------------------------------------------------


def test_a_timeline_is_tied_to_the_source(api: httpx.Client) -> None:
    found = simulate(api)
    assert (found["truncated"], found["left_out"]) == ("", 0)
    told = [
        (e["kind"], e.get("step", ""))
        for e in found["timeline"]
        if e.get("rule") == "Trial" and e["kind"] != "derived"
    ]
    assert told == [
        ("matched", ""),
        ("enrolled", ""),
        ("waiting", "do.0"),
        ("not_matched", ""),
        ("resumed", "do.0"),
        ("action", "do.1.then.0"),
        ("action", "do.2"),
        ("completed", "do.2"),
    ]
    tagged = next(e for e in found["timeline"] if e.get("step") == "do.1.then.0")
    source = tagged["source"]
    assert (source["path"], source["line"]) == (PATH, 8)
    assert (source["from"], source["to"]) == utf16(TEXT, 'add tag "hot"')
    assert tagged["at"].startswith("2026-03-03T10:00:00+01:00")


def test_mails_are_shown_as_they_would_go_out(api: httpx.Client) -> None:
    (mail,) = simulate(api)["mails"]
    assert mail["to"] == ["Léa <lea@example.test>"]
    assert mail["subject"] == "Hello Léa"
    assert mail["text"].startswith("Hello Léa, this is Acme.")
    assert mail["rule"] == "Trial"
    assert mail["at"].startswith("2026-03-03")
    assert (mail["source"]["from"], mail["source"]["to"]) == utf16(TEXT, 'send email template("confirm")')


def test_coverage_counts_steps_and_both_outcomes(api: httpx.Client) -> None:
    found = simulate(api)
    steps = {
        s["id"]: s["hits"] for s in found["coverage"]["steps"] if s["rule"] == "Trial" and "made" in s["what"]
    }
    assert steps == {"do.0": 1, "do.1.then.0": 1, "do.1.else.0": 0, "do.2": 1}
    branches = {b["id"]: b for b in found["coverage"]["branches"] if b["rule"] == "Trial"}
    assert (branches["do.1.then.when"]["true"], branches["do.1.then.when"]["false"]) == (1, 0)
    assert branches["when"]["true"] >= 1
    assert branches["when"]["false"] >= 1
    where = branches["do.1.then.when"]
    assert (where["from"], where["to"]) == utf16(TEXT, "score > 50")


def test_runs_are_listed(api: httpx.Client) -> None:
    (run,) = [r for r in simulate(api)["runs"] if r["rule"] == "Trial"]
    assert (run["status"], run["subject"]) == ("completed", {"kind": "contact", "id": "c_1"})


def test_nothing_of_it_reaches_the_server(api: httpx.Client, server: LiveServer) -> None:
    before = api.get("/v1/runs").json()["items"]
    simulate(api)
    assert api.get("/v1/runs").json()["items"] == before
    problem(api.get("/v1/contacts/c_1_only_in_the_sample"), 404)
    assert not (server.root / PATH).exists()


def test_records_may_be_csv_and_times_bounded(api: httpx.Client) -> None:
    csv = "id,email,status,score\nc_1,lea@example.test,trial,10\n"
    found = simulate(api, contacts=csv, events=EVENTS[:1], **{"for": "2h", "from": "2026-03-02T09:00Z"})
    assert [e["kind"] for e in found["timeline"] if e.get("rule") == "Trial"] == [
        "matched",
        "enrolled",
        "waiting",
    ]
    assert [r["status"] for r in found["runs"]] == ["waiting"]


def test_the_outside_answers_as_it_is_told(api: httpx.Client) -> None:
    plain = [e["kind"] for e in simulate(api)["timeline"] if e.get("step") == "do.2"]
    assert "failed" not in plain
    found = simulate(api, answers=['email answers failed "550 no such mailbox"'])
    (failed,) = [e for e in found["timeline"] if e["kind"] == "failed"]
    assert failed["step"] == "do.2"
    assert "550 no such mailbox" in failed["reason"]
    assert found["mails"] == []


def test_only_the_rules_of_the_file(api: httpx.Client) -> None:
    events = [{"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}}]
    whole = simulate(api, events=events)
    assert [r["rule"] for r in whole["runs"]] == ["Book"]
    assert simulate(api, events=events, only=True)["runs"] == []


def test_of_too_many_rules_those_run_that_listen(tmp_path: Path, files: dict[str, str]) -> None:
    events = [{"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}}]
    with bounded(make_files(tmp_path, files), Bounds(rules=2)) as api:
        found = simulate(api, events=events)
    assert [r["rule"] for r in found["runs"]] == ["Book"]
    assert found["left_out"] == 3
    assert {s["rule"] for s in found["coverage"]["steps"]} == {"Trial"}


def test_drafts_of_the_file_run_as_if_they_were_live(api: httpx.Client) -> None:
    found = simulate(api, TEXT.replace("for contact\n", "for contact draft\n", 1), only=True)
    assert [r["rule"] for r in found["runs"]] == ["Trial"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"contacts": [{"status": "trial"}]}, "contact 1: a contact needs `id`"),
        ({"contacts": [{"id": "c_1", "score": "many"}]}, "contact 1"),
        ({"contacts": 'id,email\n"c_1'}, "contacts"),
        ({"events": [{"type": "Nope"}]}, "event 1"),
        (
            {"events": [{"type": "stage.entered", "contact_id": "c_1", "data": {"stage": 1}}]},
            "event 1 at /data/stage",
        ),
        ({"from": "yesterday"}, "`from` and `for`"),
        ({"for": "long"}, "`from` and `for`"),
        ({"from": "9999-12-31", "for": "9y"}, "`from` and `for`"),
        ({"contacts": [{"id": f"c_{n}"} for n in range(1001)]}, "at most 1000 records"),
        ({"events": EVENTS * 501}, "at most 1000 events"),
        ({"answers": ["webhook answers often"]}, "webhook answers often"),
        ({"answers": ["after 1d"]}, "does not say how the outside answers"),
        ({"answers": ["webhook answers 503\nwebhook answers 503"]}, "one statement"),
        ({"answers": ["webhook answers 503"] * 51}, "at most 50 answers"),
    ],
)
def test_samples_that_cannot_be_used(api: httpx.Client, more: dict[str, Any], says: str) -> None:
    body = {"path": PATH, "text": TEXT, "contacts": CONTACTS, "events": EVENTS, **more}
    assert says in problem(api.post("/v1/editor/simulate", json=body), 422)["detail"]


def test_a_text_with_mistakes_does_not_run(api: httpx.Client) -> None:
    body = {"path": PATH, "text": TEXT.replace("Won", "Wom"), "contacts": CONTACTS, "events": EVENTS}
    refused = problem(api.post("/v1/editor/simulate", json=body), 422)
    assert refused["diagnostics"][0]["line"] == 3
    assert "from" in refused["diagnostics"][0]


def test_a_simulation_that_goes_on_for_ever_is_cut_off(tmp_path: Path, files: dict[str, str]) -> None:
    root = make_files(tmp_path, files)
    bounds = Bounds(seconds=1.0, entries=300, mails=5)
    text = 'rule "Again" for contact\n  on tag added "go"\ndo\n  repeat while score < 9999 at most 900 times do\n    wait 1m\n    send email template("confirm")\n  end\nend\n'
    events = [{"type": "contact.tag_added", "contact_id": "c_1", "data": {"tag": "go"}}]
    with bounded(root, bounds) as api:
        found = ask(api, "simulate", path=PATH, text=text, contacts=CONTACTS, events=events)
        assert "300 things happened" in found["truncated"]
        assert len(found["timeline"]) <= 300
        assert len(found["mails"]) == 5
    with bounded(root, Bounds(seconds=0.0)) as api:
        found = ask(api, "simulate", path=PATH, text=text, contacts=CONTACTS, events=events)
        assert "longer than 0 seconds" in found["truncated"]


@contextmanager
def bounded(root: Path, bounds: Bounds) -> Iterator[httpx.Client]:
    """A client of a server whose tools have these bounds."""
    with LiveServer(root, change=lambda parts: parts._replace(tools=Tools(root, bounds))) as server:
        with server.client() as api:
            yield api


class Slow(Tools):
    """Tools that take their time, and note how many use them at once."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.now = self.most = 0

    def simulate(self, checked: CheckedWorkspace, sample: Sample, path: str, only: bool) -> Simulated:
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(0.2)
        self.now -= 1
        return super().simulate(checked, sample, path, only)


def test_few_simulations_run_at_once_and_too_many_are_sent_away(
    tmp_path: Path, files: dict[str, str]
) -> None:
    root = make_files(tmp_path, files)
    tools = Slow(root)
    body = {"path": PATH, "text": TEXT}
    with LiveServer(root, change=lambda parts: parts._replace(tools=tools)) as server:
        with server.client() as api, ThreadPoolExecutor(30) as crowd:
            asked = [crowd.submit(api.post, "/v1/editor/simulate", json=body) for _ in range(30)]
            assert api.get("/healthz").status_code == 200
            answers = [each.result() for each in asked]
    assert tools.most == 2
    assert {answer.status_code for answer in answers} == {200, 503}
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert problem(refused, 503)
    assert refused.headers["retry-after"] == "2"


# --- samples ---------------------------------------------------------------------------------------


def test_samples_are_made_from_what_the_workspace_declares_and_run(api: httpx.Client) -> None:
    found = api.get("/v1/editor/samples").json()
    assert found["files"] == []
    assert [c["status"] for c in found["contacts"]] == ["trial", "customer"]
    assert {e["type"] for e in found["events"]} == {"stage.entered", "contact.tag_added", "shop.ordered"}
    told = simulate(api, contacts=found["contacts"], events=found["events"])
    assert {r["rule"] for r in told["runs"]} >= {"Book", "Write", "Listen"}


def test_samples_come_from_files_where_there_are_some(own_server: LiveServer) -> None:
    (own_server.root / "contacts.csv").write_text("id,email,score\nc_9,a@example.test,\n", "utf-8")
    (own_server.root / "events.jsonl").write_text('{"type": "x.y", "contact_id": "c_9"}\n', "utf-8")
    with own_server.client("rules:read") as api:
        found = api.get("/v1/editor/samples").json()
    assert found["files"] == ["contacts.csv", "events.jsonl"]
    assert found["contacts"] == [{"id": "c_9", "email": "a@example.test"}]
    assert found["events"] == [{"type": "x.y", "contact_id": "c_9"}]


# --- tests -----------------------------------------------------------------------------------------

GOOD = """\
test "a trial becomes hot"
  given contact "c_1" has email = "lea@example.test", status = trial, score = 80
  when stage enter "Won" for contact "c_1"
  after 1d
  expect contact "c_1" has tags contains "hot"
end
"""
BAD = GOOD.replace('contains "hot"', 'contains "cold"').replace("becomes hot", "becomes cold")


def test_tests_run_against_the_text_as_it_is_edited(own_server: LiveServer) -> None:
    make_files(own_server.root, {"tests/a.test.rules": GOOD + BAD})
    with own_server.client("rules:read") as api:
        found = ask(api, "test", path=PATH, text=TEXT)
        assert (found["passed"], found["failed"], found["diagnostics"]) == (1, 1, [])
        passed, failed = found["tests"]
        assert passed == {
            "name": "a trial becomes hot",
            "path": "tests/a.test.rules",
            "line": 1,
            "passed": True,
        }
        assert failed["source"]["line"] == 11
        assert (GOOD + BAD)[failed["source"]["from"] : failed["source"]["to"]].startswith("expect contact")
        assert any("add_tag" in line for line in failed["timeline"])
        branch = next(b for b in found["coverage"]["branches"] if b["id"] == "do.1.then.when")
        assert branch["true"] >= 1
        assert branch["false"] == 0
        unsaved = ask(api, "test", path="tests/a.test.rules", text=GOOD, others={PATH: TEXT})
        assert (unsaved["passed"], unsaved["failed"]) == (1, 0)
        wrong = ask(api, "test", path="tests/a.test.rules", text="test (", others={PATH: TEXT})
        assert wrong["tests"] == []
        assert wrong["diagnostics"][0]["path"] == "tests/a.test.rules"
        problem(api.post("/v1/editor/test", json={"path": "tests/none.test.rules"}), 404)
        problem(api.post("/v1/editor/test", json={"path": PATH, "text": "rule ("}), 422)


def test_tests_in_rule_files_are_checked_and_run(own_server: LiveServer) -> None:
    with own_server.client("rules:read") as api:
        both = f"{TEXT}\n{GOOD}\n{BAD}"
        assert ask(api, "check", path=PATH, text=both)["diagnostics"] == []
        found = ask(api, "test", path=PATH, text=both)
        assert (found["passed"], found["failed"]) == (1, 1)
        failed = found["tests"][1]
        assert (failed["path"], failed["source"]["from"]) == (
            PATH,
            utf16(both, 'expect contact "c_1" has tags contains "cold"')[0],
        )
        wrong = both.replace("after 1d", "after noon", 1)
        (mistake,) = ask(api, "check", path=PATH, text=wrong)["diagnostics"]
        assert (mistake["from"], mistake["to"]) == utf16(wrong, "noon")
        assert ask(api, "test", path="tests/a.test.rules", text=GOOD, others={PATH: both})["passed"] == 1


def test_properties_are_tried_with_a_few_sequences(own_server: LiveServer) -> None:
    text = 'property "calm"\n  never mails a contact with dnc\nend\n'
    with own_server.client("rules:read") as api:
        found = ask(api, "test", path="tests/p.test.rules", text=text)
    assert (found["passed"], found["failed"], found["diagnostics"]) == (1, 0, [])


# --- pictures --------------------------------------------------------------------------------------


def test_the_picture_of_a_rule_beside_its_text(api: httpx.Client) -> None:
    found = ask(api, "flow", path=PATH, text=TEXT)
    (drawn,) = found["rules"]
    assert (drawn["rule"], drawn["path"], drawn["line"], drawn["current"]) == ("Trial", PATH, 2, True)
    wait, choice, mail = drawn["data"]["items"]
    assert (wait["id"], wait["shape"], wait["title"], wait["mark"]) == ("do.0", "wait", "wait 1d", None)
    assert (wait["from"], wait["to"]) == utf16(TEXT, "wait 1d")
    assert [arm["label"] for arm in choice["arms"]] == ["yes", "no"]
    assert mail["title"] == 'send email template("confirm")'
    svg = ElementTree.fromstring(drawn["svg"])
    places = {
        g.attrib["data-step"]: (int(g.attrib["data-from"]), int(g.attrib["data-to"]))
        for g in svg.iter()
        if "data-step" in g.attrib
    }
    assert places["do.1.else.0"] == utf16(TEXT, 'add tag "cold"')
    assert drawn["mermaid"].startswith("flowchart TD\n")


def test_the_way_of_a_simulated_run_is_marked(api: httpx.Client) -> None:
    told = [e for e in simulate(api)["timeline"] if e.get("run")]
    taken = [{"kind": e["kind"], "step": e.get("step", "")} for e in told]
    (drawn,) = ask(api, "flow", path=PATH, text=TEXT, rule="Trial", taken=taken, over=True)["rules"]
    wait, choice, mail = drawn["data"]["items"]
    assert (wait["mark"], mail["mark"]) == ("done", "done")
    assert [arm["mark"] for arm in choice["arms"]] == ["done", "skipped"]
    assert 'class="node action skipped"' in drawn["svg"]


def test_the_way_of_a_real_run_is_marked_in_the_version_it_follows(
    api: httpx.Client, server: LiveServer, new_id: Any, files: dict[str, str]
) -> None:
    contact = new_id()
    api.put(f"/v1/contacts/{contact}", json={"status": "trial", "email": f"{contact}@example.test"})
    event = {"type": "stage.entered", "contact_id": contact, "data": {"stage": "SQL"}}
    (run,) = api.post("/v1/events", json=event).json()["runs"]
    wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "waiting")
    text = files["rules/main.rules"]
    (drawn,) = ask(api, "flow", path="rules/main.rules", text=text, run=run)["rules"]
    assert [item["mark"] for item in drawn["data"]["items"]] == ["done", "waiting", None]
    assert drawn["current"] is True
    assert drawn["data"]["items"][0]["from"] == text.index('assign("ana')
    edited = text.replace("wait 30m", "wait 45m")
    (drawn,) = ask(api, "flow", path="rules/main.rules", text=edited, run=run)["rules"]
    assert drawn["current"] is False
    assert drawn["data"]["items"][1]["title"] == "wait 30m"
    assert drawn["data"]["items"][1]["from"] is None
    assert "data-from" not in drawn["svg"]
    body = {"path": "rules/main.rules", "text": text, "run": run}
    with server.client("rules:read") as reader:
        problem(reader.post("/v1/editor/flow", json=body), 403)
    problem(api.post("/v1/editor/flow", json={**body, "run": "run_0"}), 404)


def test_a_version_of_another_release_has_no_picture(more: httpx.Client, own_server: LiveServer) -> None:
    more.put("/v1/contacts/c_1", json={"status": "trial"})
    event = {"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}}
    (run,) = more.post("/v1/events", json=event).json()["runs"]
    database = own_server.root / own_server.parts.settings.database.path
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE plans SET body = CAST('{\"version\": 99}' AS BLOB)")
    body = {"path": PATH, "text": TEXT, "run": run}
    assert "cannot be read" in problem(more.post("/v1/editor/flow", json=body), 404)["detail"]
    with own_server.browser() as page:
        assert page.get(f"/runs/{run}").status_code == 200


SIDES = """\
rule "Sides" for contact
  on tag added "sides"
do
  parallel
    do
      wait 1d
    end
    do
      add tag "left"
    end
  end
end
"""


def test_branches_beside_each_other_are_walked_by_runs_of_their_own(more: httpx.Client) -> None:
    tagged = {"type": "contact.tag_added", "contact_id": "c_1", "data": {"tag": "sides"}}
    told = simulate(more, SIDES, events=[tagged], **{"for": "1h"})
    parent = next(r for r in told["runs"] if "branch_of" not in r)
    assert [r["branch_of"] for r in told["runs"] if r is not parent] == [parent["id"]] * 2
    taken = [
        {name: e.get(name, "") for name in ("kind", "step", "run")} for e in told["timeline"] if e.get("run")
    ]
    (drawn,) = ask(more, "flow", path=PATH, text=SIDES, rule="Sides", taken=taken)["rules"]
    assert marks_of(drawn) == ("waiting", ["waiting", "done"])

    assert more.put(f"/v1/editor/files/{PATH}", json={"text": SIDES}).status_code == 201
    more.put("/v1/contacts/c_1", json={"email": "lea@example.test"})
    runs = more.post("/v1/events", json=tagged).json()["runs"]
    wait_for(lambda: more.get(f"/v1/runs/{runs[0]}").json()["status"] == "waiting")
    (drawn,) = ask(more, "flow", path=PATH, text=SIDES, run=runs[0])["rules"]
    assert marks_of(drawn) == ("waiting", ["waiting", "done"])


def marks_of(drawn: dict[str, Any]) -> tuple[str, list[str]]:
    """The marks of a fork that is the whole rule, and of the one step of each of its arms."""
    (fork,) = drawn["data"]["items"]
    return fork["mark"], [arm["items"][0]["mark"] for arm in fork["arms"]]


def test_rules_with_mistakes_have_no_picture(api: httpx.Client) -> None:
    assert ask(api, "flow", path=PATH, text=TEXT.replace("Won", "Wom"))["rules"] == []
    assert ask(api, "flow", path="notes.md", text="")["rules"] == []


# --- what a deploy would change --------------------------------------------------------------------


def test_a_plan_tells_what_going_live_changes(api: httpx.Client, files: dict[str, str]) -> None:
    text = files["rules/main.rules"].replace("wait 30m", "wait 45m").replace('rule "Hook"', 'rule "Hooked"')
    found = ask(api, "plan-deploy", path="rules/main.rules", text=text)
    assert {r["rule"]: r["change"] for r in found["rules"]} == {
        "Book": "changed",
        "Hook": "removed",
        "Hooked": "added",
    }
    book = next(r for r in found["rules"] if r["rule"] == "Book")
    assert "-  wait 30m" in book["diff"]
    assert "+  wait 45m" in book["diff"]
    (file,) = found["files"]
    assert (file["path"], file["new"]) == ("rules/main.rules", False)
    assert (found["diagnostics"], found["deployable"]) == ([], True)
    assert {r["state"] for r in found["rules"]} == {"live"}


def test_a_plan_names_the_mistakes_in_the_way(api: httpx.Client, files: dict[str, str]) -> None:
    schema = files["schema.rules"].replace("MQL, SQL, Won", "MQL, Won")
    found = ask(api, "plan-deploy", path="schema.rules", text=schema)
    assert found["deployable"] is False
    assert [(d["path"], d["line"]) for d in found["diagnostics"]] == [("rules/main.rules", 2)]


@pytest.fixture
def more(own_server: LiveServer) -> Iterator[httpx.Client]:
    """A client of a server of its own."""
    with own_server.client() as client:
        yield client


def test_a_plan_counts_the_runs_under_way(more: httpx.Client, files: dict[str, str]) -> None:
    more.put("/v1/contacts/c_1", json={"status": "trial"})
    more.post("/v1/events", json={"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}})
    text = files["rules/main.rules"].replace("wait 30m", "wait 45m")
    found = ask(more, "plan-deploy", path="rules/main.rules", text=text)
    (rule,) = found["rules"]
    assert (rule["runs"], rule["movable"]) == (1, 1)
    whole = more.post("/v1/deploy/plan", json={"files": {"rules/main.rules": text}}).json()
    assert found["token"] == whole["token"]
    same = ask(more, "plan-deploy", path="rules/main.rules", text=files["rules/main.rules"])
    assert (same["rules"], same["files"]) == ([], [])
