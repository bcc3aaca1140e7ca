"""`rulelang simulate`: its formats, its inputs, the clock, and how it names what is wrong with a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import BAD
from tests.support.process import command

Make = Callable[..., Path]

RULES = """\
rule "Book"
  on stage enter "SQL"
  when status = trial
do
  assign("ana@acme.test")
  wait 30m
  send email template("confirm")
end

rule "Draft" draft
  on stage enter "SQL"
do
  add tag "draft"
end

rule "Off" disabled
  on stage enter "SQL"
do
  add tag "off"
end
"""
FILES = {
    "rules/book.rules": RULES,
    "templates/confirm.liquid": "---\nsubject: Hello {{ contact.first_name }}\n---\nHello {{ contact.first_name }}.\n",
    "rulelang.toml": '[mail]\nfrom = "Acme <hello@acme.test>"\n',
}
EVENT = {
    "id": "e-1",
    "type": "stage.entered",
    "occurred_at": "2026-03-02T09:00:00Z",
    "contact_id": "c_1",
    "data": {"stage": "SQL"},
}
CONTACT = {"id": "c_1", "email": "lea@x.test", "first_name": "Léa", "status": "trial"}
CSV = "id,email,first_name,status\nc_1,lea@x.test,Léa,trial\n"


def written(root: Path, name: str, text: str) -> Path:
    path = root.parent / name
    path.write_text(text, "utf-8")
    return path


def lines(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def simulated(root: Path, *more: str | Path, events: str = lines(EVENT)) -> list[dict[str, Any]]:
    path = written(root, "events.jsonl", events)
    done = command("simulate", root, "--events", path, "--format", "json", *more)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_timeline_for_people(workspace: Make) -> None:
    root = workspace(FILES)
    contacts, events = written(root, "c.csv", CSV), written(root, "e.jsonl", lines(EVENT))
    done = command("simulate", root, "--contacts", contacts, "--events", events)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "2026-03-02 Monday, times in Europe/Berlin\n  10:00:00  contact c_1  event  stage.entered stage: SQL"
    )
    assert done.stdout.count("times in") == 1
    for line in (
        "matched  `Book`",
        "waiting  `Book`  do.1  until 2026-03-02T10:30:00+01:00",
        "completed  `Book`",
    ):
        assert line in done.stdout
    sent = done.stdout.partition("Messages that would be sent\n")[2]
    for line in (
        "from: Acme <hello@acme.test>",
        "to: Léa <lea@x.test>",
        "subject: Hello Léa",
        "| Hello Léa.",
    ):
        assert line in sent


def test_a_timeline_for_programs(workspace: Make) -> None:
    root = workspace(FILES)
    contacts, events = written(root, "c.csv", CSV), written(root, "e.jsonl", lines(EVENT))
    outputs = {
        form: command("simulate", root, "--contacts", contacts, "--events", events, "--format", form).stdout
        for form in ("json", "jsonl")
    }
    entries = json.loads(outputs["json"])
    assert [json.loads(line) for line in outputs["jsonl"].splitlines()] == entries
    for entry in entries:
        assert entry.keys() >= {"at", "kind", "subject"}
        assert entry.keys() <= {
            "at", "kind", "subject", "rule", "run", "step", "action", "input",
            "reason", "changes", "event", "due", "message",
        }  # fmt: skip
    book = [entry for entry in entries if entry.get("rule") == "Book"]
    assert [entry["kind"] for entry in book] == [
        "matched", "enrolled", "action", "waiting", "resumed", "action", "completed",
    ]  # fmt: skip
    assert book[2]["changes"] == {"owner": [None, "ana@acme.test"]}
    assert book[5]["message"] == {
        "from": "Acme <hello@acme.test>",
        "to": ["Léa <lea@x.test>"],
        "subject": "Hello Léa",
        "text": "Hello Léa.\n",
    }


def test_a_written_message_names_its_composer(workspace: Make) -> None:
    root = workspace(FILES | {"rules/book.rules": 'on stage enter "SQL" do send email hyper("say hello")\n'})
    contacts = written(root, "c.csv", CSV)
    (found,) = [e for e in simulated(root, "--contacts", contacts) if e["kind"] == "action"]
    assert found["message"]["composer"] == "offline"
    done = command("simulate", root, "--contacts", contacts, "--events", root.parent / "events.jsonl")
    assert "    composer: offline\n" in done.stdout
    assert "transactional: no, to: contact, recipients: Léa <lea@x.test>" in done.stdout


def test_drafts_run_too_and_disabled_rules_do_not(workspace: Make) -> None:
    entries = simulated(workspace(FILES))
    assert {e["rule"] for e in entries if e["kind"] == "completed"} == {"Draft"}
    assert "Off" not in {e.get("rule") for e in entries}


def test_why_a_rule_did_not_match(workspace: Make) -> None:
    entries = simulated(workspace(FILES))
    (reason,) = [e["reason"] for e in entries if e["kind"] == "not_matched" and e["rule"] == "Book"]
    assert reason == "status is missing"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.csv", CSV),
        ("c.csv", "\ufeff" + CSV.replace(",", ";").replace("\n", "\r\n")),
        ("c.json", json.dumps([CONTACT])),
        ("c.json", json.dumps(CONTACT)),
        ("c.jsonl", lines(CONTACT)),
        (
            "c.jsonl",
            lines({"kind": "contact", "id": "c_1", "fields": {**CONTACT, "id": None}, "live_runs": []}),
        ),
    ],
)
def test_records_from_every_kind_of_file(workspace: Make, name: str, text: str) -> None:
    root = workspace(FILES)
    entries = simulated(root, "--contacts", written(root, name, text))
    assert "Book" in [e.get("rule") for e in entries if e["kind"] == "completed"]


@pytest.mark.parametrize("name", ["e.json", "e.jsonl"])
def test_events_from_every_kind_of_file(workspace: Make, name: str) -> None:
    root = workspace(FILES)
    text = json.dumps([EVENT]) if name == "e.json" else lines(EVENT)
    done = command("simulate", root, "--events", written(root, name, text), "--format", "jsonl")
    assert json.loads(done.stdout.splitlines()[0])["kind"] == "event"


def test_records_without_an_id_are_found_by_what_identifies_them(workspace: Make) -> None:
    root = workspace(FILES)
    contacts = written(root, "c.csv", "email,status\nlea@x.test,trial\n")
    event = {**EVENT, "subject": {"kind": "contact", "email": "LEA@x.test"}}
    del event["contact_id"]
    entries = simulated(root, "--contacts", contacts, events=lines(event))
    assert "Book" in [e.get("rule") for e in entries if e["kind"] == "completed"]


def test_events_happen_in_the_order_of_their_times(workspace: Make) -> None:
    later = {**EVENT, "id": "e-2", "occurred_at": "2026-03-05T09:00:00Z", "contact_id": "c_2"}
    entries = simulated(workspace(FILES), events=lines(later, EVENT))
    assert [e["subject"]["id"] for e in entries if e["kind"] == "event"] == ["c_1", "c_2"]


def test_a_span_ends_it_early(workspace: Make) -> None:
    root = workspace(FILES)
    contacts = written(root, "c.csv", CSV)
    kinds = [
        e["kind"] for e in simulated(root, "--contacts", contacts, "--for", "29m") if e.get("rule") == "Book"
    ]
    assert kinds[-1] == "waiting"
    kinds = [
        e["kind"] for e in simulated(root, "--contacts", contacts, "--for", "30m") if e.get("rule") == "Book"
    ]
    assert kinds[-1] == "completed"


@pytest.mark.parametrize(
    ("start", "at"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+01:00"),
        ("2026-01-31T09:00", "2026-01-31T09:00:00+01:00"),
        ("2026-01-31T09:00Z", "2026-01-31T10:00:00+01:00"),
        ("2026-01-31T09:00-05:00", "2026-01-31T15:00:00+01:00"),
    ],
)
def test_when_it_begins(workspace: Make, start: str, at: str) -> None:
    event = {name: value for name, value in EVENT.items() if name != "occurred_at"}
    assert simulated(workspace(FILES), "--from", start, events=lines(event))[0]["at"] == at


def test_a_file_of_a_workspace_runs_alone(workspace: Make) -> None:
    root = workspace({**FILES, "rules/other.rules": 'rule "Other" on stage enter "SQL" do add tag "x"\n'})
    events = written(root, "e.jsonl", lines(EVENT))
    done = command("simulate", root / "rules/other.rules", "--events", events, "--format", "json")
    assert {e["rule"] for e in json.loads(done.stdout) if "rule" in e} == {"Other"}


def test_rules_with_errors_do_not_run(workspace: Make) -> None:
    root = workspace({**FILES, "rules/bad.rules": BAD})
    done = command("simulate", root, "--events", written(root, "e.jsonl", lines(EVENT)))
    assert (done.returncode, done.stdout) == (1, "")
    assert "rules/bad.rules:1:16" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("c.csv", "id,status\nc_1,trial\nc_2,gone\n", "c.csv, line 3: `status`"),
        ("c.csv", "id,nope\nc_1,x\n", "c.csv, line 2: a contact has no field `nope`"),
        ("c.csv", "id,city\nc_1,a,b\n", "c.csv, line 2: the line has 3 cells"),
        ("c.csv", "id,id\nc_1,c_2\n", "c.csv: the column `id` stands twice"),
        ("c.csv", "status\ntrial\n", "c.csv, line 2: a contact needs `id` or `email` or `external_id`"),
        ("c.csv", "", "c.csv: the file is empty"),
        ("c.jsonl", '{"id": "c_1"}\n\n{nonsense\n', "c.jsonl, line 3: not JSON"),
        ("c.jsonl", "[1]\n", "c.jsonl, entry 1: expected an object"),
        ("c.json", '{"kind": "horse", "id": "h"}', "c.json, the file: `horse` is no kind of record"),
        (
            "c.json",
            '[{"id": "c_1", "stage": "Nope"}]',
            "c.json, entry 1: no pipeline of a contact has the stage",
        ),
        ("c.json", "[" * 100_000, "c.json, the file: not JSON"),
    ],
)
def test_mistakes_in_records_name_file_and_line(workspace: Make, name: str, text: str, says: str) -> None:
    root = workspace(FILES)
    events = written(root, "e.jsonl", lines(EVENT))
    done = command("simulate", root, "--contacts", written(root, name, text), "--events", events)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            lines(EVENT) + lines({**EVENT, "type": "Stage Entered"}),
            "e.jsonl, line 2 at /type: an event type is",
        ),
        (lines({**EVENT, "contact_id": ""}), "e.jsonl, line 1 at /subject: an event needs a subject"),
        (lines({**EVENT, "occurred_at": "noon"}), "e.jsonl, line 1 at /occurred_at"),
        ("5\n", "e.jsonl, line 1: expected an object"),
        ("\xff", "e.jsonl, line 1: not JSON"),
    ],
)
def test_mistakes_in_events_name_file_and_line(workspace: Make, text: str, says: str) -> None:
    root = workspace(FILES)
    done = command("simulate", root, "--events", written(root, "e.jsonl", text))
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--for", "soon", "--for takes a duration such as 30d"),
        ("--from", "noon", "--from takes a date or time such as"),
        ("--from", "2026-02-30", "--from takes a date or time such as"),
        ("--contacts", "nowhere.csv", "does not exist"),
    ],
)
def test_wrong_options(workspace: Make, option: str, value: str, says: str) -> None:
    root = workspace(FILES)
    done = command("simulate", root, "--events", written(root, "e.jsonl", lines(EVENT)), option, value)
    assert done.returncode == 2
    assert says in done.stderr


def test_broken_settings_are_told(workspace: Make) -> None:
    root = workspace({**FILES, "rulelang.toml": "[mail]\nfrm = 'x'\n"})
    done = command("simulate", root, "--events", written(root, "e.jsonl", lines(EVENT)))
    assert done.returncode == 2
    assert "did you mean `mail.from`?" in done.stderr


def test_rules_that_set_each_other_off_come_to_an_end(workspace: Make) -> None:
    loop = """\
rule "A" on tag added "a" do remove tag "a"; add tag "b"; end
rule "B" on tag added "b" do remove tag "b"; add tag "a"; end
"""
    event = {**EVENT, "type": "contact.tag_added", "data": {"tag": "a"}}
    entries = simulated(workspace({**FILES, "rules/loop.rules": loop}), events=lines(event))
    (refused,) = [e for e in entries if e["kind"] == "refused"]
    assert "16" in refused["reason"]


def test_rules_put_in_force_later_serve_runs_that_begin_later(workspace: Make) -> None:
    root = workspace(FILES)
    other = root.parent / "other"
    other.mkdir()
    (other / "book.rules").write_text('rule "Book" on stage enter "SQL" do add tag "new"\n', "utf-8")
    later = {**EVENT, "id": "e-2", "occurred_at": "2026-03-03T09:00:00Z", "contact_id": "c_2"}
    entries = simulated(root, "--deploy", f"2026-03-02T12:00={other}", events=lines(EVENT, later))
    assert [e["input"] for e in entries if e["kind"] == "action"] == [{"tag": "draft"}, {"tag": "new"}]


def test_what_came_due_in_a_downtime_happens_after_it(workspace: Make) -> None:
    root = workspace(FILES | {"rules/book.rules": 'on stage enter "SQL" do wait 30m; add tag "done"\n'})
    sent = {**EVENT, "id": "e-2", "occurred_at": "2026-03-02T11:00:00Z", "contact_id": "c_2"}
    entries = simulated(root, "--down", "2026-03-02T10:10..2026-03-02T18:00", events=lines(EVENT, sent))
    assert [e["at"][11:16] for e in entries if e["kind"] == "action"] == ["18:00", "18:30"]


def test_an_event_arrives_when_it_was_received(workspace: Make) -> None:
    root = workspace(FILES)
    late = {**EVENT, "id": "e-2", "received_at": "2026-03-04T09:00:00Z", "contact_id": "c_2"}
    entries = simulated(root, events=lines(late, EVENT))
    assert [(e["subject"]["id"], e["at"][:10]) for e in entries if e["kind"] == "event"] == [
        ("c_1", "2026-03-02"),
        ("c_2", "2026-03-04"),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--deploy", "2026-03-02"), "--deploy takes a time and a path that exists"),
        (("--deploy", "2026-03-02=nowhere"), "--deploy takes a time and a path that exists"),
        (("--deploy", "soon=."), "--deploy takes a date or time"),
        (("--down", "2026-03-02"), "--down takes two times"),
        (("--down", "2026-03-02..later"), "--down takes a date or time"),
    ],
)
def test_malformed_interludes_are_named(workspace: Make, options: tuple[str, ...], message: str) -> None:
    root = workspace(FILES)
    done = command("simulate", root, "--events", written(root, "e.jsonl", lines(EVENT)), *options)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_moment_of_arrival_that_is_none_is_named(workspace: Make) -> None:
    root = workspace(FILES)
    path = written(root, "e.jsonl", lines({**EVENT, "received_at": "soon"}))
    done = command("simulate", root, "--events", path)
    assert done.returncode == 2
    assert "/received_at" in done.stderr


def test_a_type_that_looks_mistyped_is_warned_of_once(workspace: Make) -> None:
    root = workspace(FILES)
    text = "".join(json.dumps(EVENT | {"id": f"e-{n}", "type": "stage.enter"}) + "\n" for n in range(2))
    events = written(root, "events.jsonl", text)
    done = command("simulate", root, "--events", events)
    assert done.returncode == 0
    assert done.stderr == "warning: no trigger listens to `stage.enter`; did you mean `stage.entered`?\n"
    assert done.stdout.count("stage.enter") == 2


DATED = """\
rule "Ends" on reminder 3d before trial_ends at 10:00 do add tag "ends" end
"""


def test_rules_of_the_clock_need_no_events(workspace: Make) -> None:
    own = "fields for contact\n  trial_ends: date\nend\n"
    root = workspace({"rules/dated.rules": own + DATED})
    contacts = written(root, "c.csv", "id,trial_ends\nc_1,2026-03-10\n")
    done = command("simulate", root, "--contacts", contacts, "--from", "2026-03-01", "--format", "json")
    assert done.returncode == 0, done.stderr
    entries = json.loads(done.stdout)
    assert [e["at"][:10] for e in entries if e["kind"] == "action"] == ["2026-03-07"]
    done = command("simulate", root, "--contacts", contacts)
    assert done.returncode == 2
    assert "--events, or when to begin with --from" in done.stderr
