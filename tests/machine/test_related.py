"""Steps for related records: who makes them, what they can see, bounds, restarts, and the same on SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rulelang.workspace import load_workspace
from runtime.engine.core import CoreLimits
from runtime.model import SubjectKey
from tests.alarms.cores import Process
from tests.support.rules import SCHEMA, Story, catalogue

ACME = SubjectKey("account", "acme")
CHURN = (
    'rule "churn" for account on field changed status when status = customer\n'
    "do\n"
    "  let place = account.city\n"
    "  for each contact at most 3 do\n"
    '    add tag "told"\n'
    "    wait 1d\n"
    '    set city = place when score > 3 and account.name = "Acme"\n'
    "  end\n"
    '  add tag "done"\n'
    "end\n"
)


def world(text: str = CHURN, count: int = 5) -> Story:
    story = Story(text)
    story.record("account", "acme", name="Acme", city="Bonn", status="prospect")
    story.record("account", "other", name="Other")
    for n in range(count):
        story.record("contact", f"c{n}", account_id="acme", score=n * 2)
    story.record("contact", "stranger", account_id="other", score=9)
    return story


def became_customer(story: Story) -> None:
    story.event("record.updated", "acme", "account", fields={"status": "customer"})


def test_steps_are_made_for_each_related_record_up_to_the_bound() -> None:
    story = world()
    became_customer(story)
    assert story.simulation.subject(ACME).fields["tags"] == ["done"]  # type: ignore[union-attr]
    assert [story.fields(f"c{n}").get("tags") for n in range(5)] == [["told"]] * 3 + [None] * 2
    assert story.fields("stranger").get("tags") is None
    story.until("2026-03-03T09:00:00Z")
    assert [story.fields(f"c{n}").get("city") for n in range(5)] == [None, None, "Bonn", None, None]
    assert story.kinds("churn").count("completed") == 4


def test_the_account_goes_on_at_once_and_may_end_before_the_others() -> None:
    story = world()
    became_customer(story)
    ended = [key.kind for key, e in story.simulation.timeline() if e.kind == "completed"]
    assert ended == ["account"]


def test_one_record_that_the_subject_links_to() -> None:
    text = (
        'rule "won" for opportunity on opportunity created\n'
        "do\n"
        '  for contact do add tag "buyer"; set score = score + 1 end\n'
        '  for account do add tag "sold"; set name = contact_name end when value > €5\n'
        "end\n"
    ).replace("; set name = contact_name", "")
    story = Story(text)
    story.record("contact", "ana", score=4)
    story.record("account", "acme", name="Acme")
    story.event("opportunity.created", "o", "opportunity", value=10)
    assert story.reasons("action") == [
        "there is no contact that it is linked to",
        "there is no account that it is linked to",
    ]
    story.event(
        "record.updated", "o2", "opportunity", fields={"contact_id": "ana", "account_id": "acme", "value": 9}
    )
    assert (story.fields("ana")["tags"], story.fields("ana")["score"]) == (["buyer"], 5)
    assert story.simulation.subject(ACME).fields["tags"] == ["sold"]  # type: ignore[union-attr]


def test_a_link_to_a_record_that_is_not_there_makes_none() -> None:
    story = Story('rule "r" for contact on tag added "x" do for account do add tag "y" end end')
    story.contact(account_id="ghost")
    story.event("contact.tag_added", tag="x")
    assert story.simulation.subject(SubjectKey("account", "ghost")) is None
    assert story.reasons("refused") == ["there is no account ghost"]


def test_waits_and_exits_within_are_of_the_record_and_an_exit_of_the_rule_is_not() -> None:
    text = (
        'rule "r" for account on field changed status\n'
        "exit when status = prospect\n"
        "do\n"
        "  for each contact do\n"
        "    wait on user login timeout 5d do\n"
        '      add tag "in"\n'
        "    else\n"
        '      add tag "out"\n'
        "    end\n"
        '    wait until account.name = "Renamed"\n'
        '    add tag "renamed"\n'
        "  end\n"
        "  wait 30d\n"
        "end\n"
    )
    story = world(text, 2)
    became_customer(story)
    story.event("user.logged_in", "c0")
    story.event("record.updated", "acme", "account", fields={"status": "prospect"})
    assert [e.kind for e in story.entries if e.rule == "r" and not e.step and e.kind == "exited"] == []
    story.until("2026-03-08T09:00:00Z")
    assert [story.fields(f"c{n}")["tags"] for n in range(2)] == [["in"], ["out"]]
    story.event("record.updated", "acme", "account", fields={"name": "Renamed"})
    story.after(0)
    assert [story.fields(f"c{n}")["tags"] for n in range(2)] == [["in", "renamed"], ["out", "renamed"]]


def test_messages_are_those_of_the_record() -> None:
    text = 'rule "r" for account on field changed status do for each contact do send email template("hello") end end'
    templates = {"hello": "---\nsubject: Hi {{ contact.first_name }}\n---\nfrom {{ account.name }}"}
    story = Story(text, templates=templates)
    story.record("account", "acme", name="Acme", status="prospect")
    story.record("contact", "ana", account_id="acme", email="ana@a.test", first_name="Ana")
    story.record("contact", "bo", account_id="acme", email="bo@a.test", first_name="Bo", email_opt_out=True)
    became_customer(story)
    assert [row.effect.subject.id for row in story.effects()] == ["ana"]
    message = str(story.effects()[0].prepared)
    assert "Hi Ana" in message
    assert "from Acme" in message
    assert any(key.id == "bo" and e.kind == "suppressed" for key, e in story.simulation.timeline())


def test_rules_that_set_each_other_off_by_way_of_related_records_are_cut() -> None:
    text = (
        'rule "down" for account on field changed revenue do for each contact at most 1 do set score = score + 1 end end\n'
        'rule "up" for contact on score changed do for account do set revenue = revenue + €1 end end\n'
    )
    story = world(text, 1)
    story.event("record.updated", "acme", "account", fields={"revenue": 1})
    story.after(0)
    assert any("more than 16 deep" in reason for reason in story.reasons("refused"))
    assert len(story.entries) < 500


def test_an_event_from_outside_cannot_pretend_to_be_such_a_request() -> None:
    story = world()
    story.event("steps.started", "c1", plan="x", branch="do.0.do", rule="churn")
    assert story.entries == []


# --- on SQLite ---------------------------------------------------------------------------------------


def live(world: Any, event: Any) -> None:
    for n in range(7):
        event("record.updated", f"c{n}", "contact", fields={"account_id": "acme", "score": n * 2})
    event("record.updated", "o", "opportunity", fields={"account_id": "acme"})
    event("record.updated", "acme", "account", fields={"name": "Acme", "city": "Bonn", "status": "prospect"})
    event("record.updated", "acme", "account", fields={"status": "customer"})
    world.until("2026-03-02T21:00:00Z")
    event("record.updated", "c1", "contact", fields={"score": 9})
    world.until("2026-03-10T00:00:00Z")


@pytest.mark.parametrize("part", [500, 2])
def test_the_engine_does_as_the_simulation_does(tmp_path: Path, part: int) -> None:
    start = "2026-03-02T09:00:00Z"
    story = Story(CHURN, start=start)
    live(story, story.event)
    process = Process(tmp_path / "db", CHURN, start, CoreLimits(dependents=part))
    live(process, lambda type, id, kind, **data: process.event(type, SubjectKey(kind, id), **data))
    assert _by_subject(process.journal()) == _by_subject(story.simulation.timeline())
    process.close()


def _by_subject(journal: list[Any]) -> dict[Any, list[Any]]:
    """Subjects are independent: what counts is the order within each."""
    found: dict[Any, list[Any]] = {}
    for key, entry in journal:
        found.setdefault(key, []).append(
            (entry.at, str(entry.kind), entry.rule, entry.step, entry.changes, entry.reason)
        )
    return found


def test_a_kill_in_the_middle_of_many_loses_none_and_makes_none_twice(tmp_path: Path) -> None:
    text = CHURN.replace("at most 3", "at most 40")
    start = "2026-03-02T09:00:00Z"
    process = Process(tmp_path / "db", text, start, CoreLimits(dependents=4))
    process.put(ACME, name="Acme", city="Bonn", status="prospect")
    process.put_all(
        [(SubjectKey("contact", f"c{n:02}"), {"account_id": "acme", "score": 9}) for n in range(60)]
    )
    from runtime.engine.work import Arrival
    from tests.engine.world import event

    changed = event("e1", "record.updated", "acme", process.now, fields={"status": "customer"})
    changed = type(changed)(
        **{**{f: getattr(changed, f) for f in changed.__struct_fields__}, "subject": ACME}
    )
    process.cycle.run([Arrival(changed, b"1")], process.now)
    process.cycle.run([], process.now)
    for _ in range(20):
        now = process.now
        process.kill()
        process = Process(tmp_path / "db", text, start, CoreLimits(dependents=4))
        process.now = now
        process.cycle.run([], process.now)
    process.until("2026-03-04T00:00:00Z")
    told = [key.id for key, e in process.journal() if e.action == "add_tag" and key.kind == "contact"]
    assert sorted(told) == [f"c{n:02}" for n in range(40)]
    ended = [key.id for key, e in process.journal() if e.kind == "completed" and key.kind == "contact"]
    assert sorted(ended) == sorted(told)
    process.close()


def test_a_run_follows_the_version_it_was_asked_for_also_after_a_deploy(tmp_path: Path) -> None:
    start = "2026-03-02T09:00:00Z"
    process = Process(tmp_path / "db", CHURN, start)
    process.put(ACME, name="Acme", city="Bonn", status="prospect")
    process.put(SubjectKey("contact", "c1"), account_id="acme", score=9)
    process.event("record.updated", ACME, fields={"status": "customer"})
    process.kill()
    process = Process(tmp_path / "db", 'on contact created do add tag "x"', start)
    process.until("2026-03-04T00:00:00Z")
    assert process.state(SubjectKey("contact", "c1")).fields["city"] == "Bonn"
    process.close()


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            'rule "r" for account on field changed name do for each account do stop end end',
            ["an account has no such records: `account`"],
        ),
        (
            "on contact created do for each acount do stop end end",
            ["a contact has no such records: `acount`"],
        ),
        (
            'rule "r" for account on field changed name do for contact do stop end end',
            ["an account has no such records: `contact`"],
        ),
        (
            'rule "r" for account on field changed name do for each contact at most 0 do stop end end',
            ["`at most`"],
        ),
        (
            'rule "r" for account on field changed name do for each contact at most 20000 do stop end end',
            ["`at most`"],
        ),
        (
            'rule "r" for account on field changed name do for each contact do set revenue = €1 end end',
            ["revenue"],
        ),
        (
            'rule "r" for account on field changed name do for each contact do for account do stop end end end',
            ["steps for related records cannot have such steps inside them"],
        ),
        (
            'rule "r" for account on field changed name do for each contact do go to "x" end; wait 1d; label "x"; wait 1d end',
            ["x"],
        ),
        (
            "on contact created do for every opportunity do stop end",
            ["`for every opportunity` names no related records"],
        ),
    ],
)
def test_mistakes_are_said(text: str, messages: list[str]) -> None:
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), {})
    found = [d.message for d in checked.diagnostics if d.is_error]
    assert len(found) == len(messages), found
    for message, wanted in zip(found, messages, strict=True):
        assert wanted in message


def test_names_within_are_gone_behind() -> None:
    text = 'rule "r" for account on field changed name do for each contact do let x = score end; set name = "a" when x > 3 end'
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), {})
    assert any("nothing is called `x` here" in d.message for d in checked.diagnostics)


def test_a_deploy_moves_and_ends_the_runs_of_related_records_too(tmp_path: Path) -> None:
    from runtime.engine.settling import Settling

    start = "2026-03-02T09:00:00Z"
    for move in (True, False):
        process = Process(tmp_path / f"db{move}", CHURN, start)
        process.put(ACME, name="Acme", city="Bonn", status="prospect")
        process.put(SubjectKey("contact", "c1"), account_id="acme", score=9)
        process.event("record.updated", ACME, fields={"status": "customer"})
        text = CHURN.replace("set city = place", "set company = place")
        from tests.support.rules import check

        checked = check(text)
        to = checked.plans[0].hash if move else ""
        settling = Settling("churn", "account", to, "the rule is gone")
        process.core.install(
            process.core.rules.deployed(checked.schema, checked.plans), process.now, [settling]
        )
        process.cycle.doubt()
        process.until("2026-03-04T00:00:00Z")
        fields = process.state(SubjectKey("contact", "c1")).fields
        assert fields.get("company") == ("Bonn" if move else None)
        assert fields.get("city") is None
        process.close()


@pytest.mark.parametrize("part", [500, 3])
def test_only_those_for_which_the_condition_holds_count(tmp_path: Path, part: int) -> None:
    text = (
        'rule "r" for account on field changed status\n'
        "do\n  let least = 4\n"
        '  for each contact where score >= least and account.name = "Acme" at most 2 do add tag "told" end\n'
        "  for each opportunity where value > €5 do set value = €1 end\n"
        "end\n"
    )
    story = world(text, 7)
    process = Process(tmp_path / "db", text, "2026-03-02T09:00:00Z", CoreLimits(dependents=part))
    process.put(ACME, name="Acme", city="Bonn", status="prospect")
    for n in range(7):
        process.put(SubjectKey("contact", f"c{n}"), account_id="acme", score=n * 2)
    became_customer(story)
    process.event("record.updated", ACME, fields={"status": "customer"})
    assert [story.fields(f"c{n}").get("tags") for n in range(7)] == [
        None,
        None,
        ["told"],
        ["told"],
        None,
        None,
        None,
    ]
    assert _by_subject(process.journal()) == _by_subject(story.simulation.timeline())
    process.close()


def test_a_condition_of_the_one_record() -> None:
    story = Story('rule "r" on tag added "x" do for account where name = "Acme" do add tag "y" end end')
    story.record("account", "acme", name="Acme")
    story.record("account", "other", name="Other")
    for id, account in (("a", "acme"), ("b", "other")):
        story.contact(id, account_id=account)
        story.event("contact.tag_added", id, tag="x")
    assert story.simulation.subject(ACME).fields["tags"] == ["y"]  # type: ignore[union-attr]
    assert story.reasons("not_matched") == ['name is "Other", not "Acme"']


def test_the_condition_is_about_the_related_record() -> None:
    text = (
        'rule "r" for account on field changed name do for each contact where industry = "x" do stop end end'
    )
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), {})
    assert any("industry" in d.message for d in checked.diagnostics if d.is_error)
