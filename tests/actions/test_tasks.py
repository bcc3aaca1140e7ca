"""Own tasks, notes and opportunities through the machine: what they raise, when, for whom, and only once."""

from __future__ import annotations

from typing import Any

import pytest

from rulelang.calendar import instant_text
from rulelang.workspace import load_workspace
from runtime.model import Item, SubjectKey
from runtime.simulate import run_now
from runtime.store.protocol import ItemFilter
from tests.support.rules import Story, catalogue


def story(steps: str, more: str = "", **fields: Any) -> Story:
    """A contact for whom the steps were made."""
    made = Story(f'rule "R" on tag added "go" do\n{steps}\nend\n{more}')
    made.contact(**{"first_name": "Ana", "owner": "bo@acme.test", **fields})
    made.event("contact.tag_added", tag="go")
    return made


def items(made: Story, kind: str, open: bool = True) -> list[Item]:
    found, _ = run_now(made.simulation.store.list_items(ItemFilter(kind, open), 100))
    return list(reversed(found))


def raised(made: Story, type_: str) -> list[dict[str, Any]]:
    return [e.input for e in made.entries if e.action == type_]


def test_a_task_is_for_the_owner_with_all_that_was_said_of_it() -> None:
    made = story(
        'create task "Call {{ contact.first_name }}" due 2d with priority = high, remind = 1h, description = "at noon"'
    )
    (task,) = items(made, "task")
    assert (task.person, task.team, task.subject) == ("bo@acme.test", "", SubjectKey("contact", "c_1"))
    assert instant_text(task.due or 0) == "2026-03-04T09:00:00.000Z"
    assert task.data == {
        "title": "Call Ana",
        "description": "at noon",
        "priority": "high",
        "remind_at": "2026-03-04T08:00:00.000Z",
        "rule": "R",
        "run": task.data["run"],
    }


@pytest.mark.parametrize(
    ("due", "instant"),
    [
        ("90m", "2026-03-02T10:30:00.000Z"),
        ("1mo", "2026-04-02T08:00:00.000Z"),  # the same time of day in Berlin, where the clocks went forward
        ("2026-03-10", "2026-03-10T16:00:00.000Z"),
        ("(today + 1d)", "2026-03-03T16:00:00.000Z"),
        ("2026-03-10T12:30:00Z", "2026-03-10T12:30:00.000Z"),
        ("renewal_date", "2026-06-01T15:00:00.000Z"),
    ],
)
def test_a_task_is_due_after_a_duration_on_a_day_or_at_an_instant(due: str, instant: str) -> None:
    made = story(f'create task "x" due {due}', renewal_date="2026-06-01")
    assert raised(made, "task.created")[0]["due_at"] == instant


def test_a_task_is_for_a_person_or_for_all_of_a_team() -> None:
    made = story(
        'create task "a" for "ana@acme.test"; create task "b" for "Sales"; create task "c" for owner'
    )
    assert [(t.person, t.team) for t in items(made, "task")] == [
        ("ana@acme.test", ""),
        ("", "Sales"),
        ("bo@acme.test", ""),
    ]


def test_without_an_owner_a_task_is_nobodys_unless_somebody_was_named() -> None:
    assert [(t.person, t.team) for t in items(story('create task "x"', owner=None), "task")] == [("", "")]
    made = story('create task "x" for owner', owner=None)
    assert made.reasons("failed") == ["there is nobody to give the task to: the value is missing"]
    assert items(made, "task") == []


def test_a_reminder_without_a_date_counts_from_now() -> None:
    made = story('create task "x" with remind = 2h')
    assert raised(made, "task.created")[0]["remind_at"] == "2026-03-02T11:00:00.000Z"


def test_rules_hear_of_a_task_when_it_is_due_and_when_it_is_done() -> None:
    made = story(
        'create task "x" due 1d',
        'rule "A" on task added for "bo@acme.test" do add tag "added" end\n'
        'rule "D" on task due do add tag "due" end\n'
        'rule "C" on task completed by "bo@acme.test" do add tag "done" end',
    )
    (task,) = items(made, "task")
    assert made.fields()["tags"] == ["go", "added"]
    made.after(86_400)
    assert made.fields()["tags"] == ["go", "added", "due"]
    made.event("task.completed", task_id=task.id, completed_by="bo@acme.test", outcome="reached")
    assert made.fields()["tags"] == ["go", "added", "due", "done"]
    assert items(made, "task") == []
    (done,) = items(made, "task", open=False)
    assert (done.id, done.data["outcome"], done.data["title"]) == (task.id, "reached", "x")


def test_a_task_from_another_system_lies_on_the_same_desk() -> None:
    made = story("stop")
    made.event("task.created", task_id="jira-7", title="fix it", assignee="ana@acme.test")
    made.event("task.created", task_id="jira-7", title="fix it at once", assignee="bo@acme.test")
    (task,) = items(made, "task")
    assert (task.id, task.person, task.data["title"]) == ("jira-7", "bo@acme.test", "fix it at once")


def test_another_records_task_of_the_same_id_changes_nothing() -> None:
    made = story("stop")
    made.contact("c_2")
    made.event("task.created", task_id="t", title="first")
    made.event("task.completed", "c_2", task_id="t")
    assert [t.data["title"] for t in items(made, "task")] == ["first"]


def test_each_round_of_a_loop_makes_a_task_of_its_own() -> None:
    made = story('repeat 3 times do create task "x" end')
    assert len({task.id for task in items(made, "task")}) == 3


def test_a_note_is_kept_and_heard() -> None:
    made = story(
        'add note "{{ contact.first_name }} came by {{ event.tag }}"',
        'rule "N" on note added when event.body contains "came" do add tag "noted" end',
    )
    assert [note.data["text"] for note in items(made, "note")] == ["Ana came by go"]
    assert made.fields()["tags"] == ["go", "noted"]


def test_an_empty_title_or_note_fails_with_a_sentence() -> None:
    assert story('create task "{{ contact.city }}"').reasons("failed") == ["the task has no title"]
    assert story('add note " "').reasons("failed") == ["the note is empty"]


# --- opportunities ---------------------------------------------------------------------------------


def deal(made: Story) -> dict[str, Any]:
    return made.fields(str(made.fields()["opportunity_id"]), "opportunity")


def test_an_opportunity_is_created_linked_and_open_at_its_stage() -> None:
    made = story(
        'create opportunity "Deal {{ contact.first_name }}" in "Deals" at Proposal with value = €1_000'
    )
    found = deal(made)
    kept = ("name", "status", "owner", "contact_id", "stage", "pipeline", "value", "source")
    assert {name: found[name] for name in kept} == {
        "name": "Deal Ana",
        "status": "open",
        "owner": "bo@acme.test",
        "contact_id": "c_1",
        "stage": "Proposal",
        "pipeline": "deals",
        "value": 1000,
        "source": "rule",
    }


def test_an_opportunity_begins_at_the_first_stage_and_belongs_to_the_account_too() -> None:
    made = story('create opportunity "x"', account_id="a_1")
    assert (deal(made)["stage"], deal(made)["account_id"]) == ("Qualified", "a_1")


def test_the_opportunity_is_updated_and_moved_and_its_rules_run() -> None:
    made = story(
        'create opportunity "x"\nwait 1h\nupdate opportunity with value = €2_000, owner = "ana@acme.test"\n'
        'move opportunity to stage "Negotiation"\nwait 1h\nupdate opportunity with status = won, value = null',
        'rule "N" for opportunity on opportunity stage changed to "Negotiation" when value > €1_500 do add tag "n" end\n'
        'rule "W" on opportunity won do add tag "w" end',
    )
    made.after(3600)
    assert {k: deal(made)[k] for k in ("value", "owner", "stage", "tags")} == {
        "value": 2000,
        "owner": "ana@acme.test",
        "stage": "Negotiation",
        "tags": ["n"],
    }
    made.after(3600)
    assert (deal(made)["status"], deal(made).get("value"), deal(made)["tags"]) == ("won", None, ["n", "w"])


def test_without_an_opportunity_there_is_nothing_to_update() -> None:
    sentence = "the contact has no opportunity; create one, or set `opportunity_id`"
    assert story("update opportunity with value = €1").reasons("failed") == [sentence]
    assert story('move opportunity to stage "Proposal"').reasons("failed") == [sentence]


def test_an_opportunitys_own_rule_updates_itself() -> None:
    made = Story(
        'rule "R" on opportunity won do update opportunity with value = €5\n'
        'move opportunity to stage "Proposal" end'
    )
    made.record("opportunity", "o_1")
    made.event("opportunity.status_changed", "o_1", "opportunity", after="won")
    assert (made.fields("o_1", "opportunity")["value"], made.fields("o_1", "opportunity")["stage"]) == (
        5,
        "Proposal",
    )


# --- notices ---------------------------------------------------------------------------------------


def test_a_notice_is_for_the_owner_or_for_all_of_a_team() -> None:
    made = story('notify in app owner "{{ contact.first_name }} is back"; notify in app "Sales" "look"')
    assert [(n.person, n.team, n.data["text"]) for n in items(made, "notice")] == [
        ("bo@acme.test", "", "Ana is back"),
        ("", "Sales", "look"),
    ]


def test_a_notice_for_nobody_or_of_nothing_fails_with_a_sentence() -> None:
    assert story('notify in app owner "x"', owner=None).reasons("failed") == [
        "there is nobody to notify: the value is missing"
    ]
    assert story('notify in app "Sales" " "').reasons("failed") == [
        "there is nothing to tell: the message is empty"
    ]


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "code", "words"),
    [
        ('create task "x" with priority = urgent', "E0408", "urgent"),
        ('create task "x" with prio = high', "E0404", "prio"),
        ('create task "x" due 5', "E0407", "5"),
        ('create task "x" with remind = 1h, remind = 2h', "E0405", "remind = 2h"),
        ("update opportunity", "E0403", "update opportunity"),
        ("update opportunity with valeu = €5", "E0201", "valeu"),
        ("update opportunity with stage = Won", "E0219", "stage"),
        ('update opportunity with value = "much"', "E0308", '"much"'),
        ('create opportunity "x" at Nowhere', "E0207", "Nowhere"),
        ('create opportunity "x" in "Nothing"', "E0208", '"Nothing"'),
        ('create task "x" and wait', "E0519", 'create task "x" and wait'),
    ],
)
def test_what_is_wrong_behind_with_is_underlined(step: str, code: str, words: str) -> None:
    checked = load_workspace({"r.rules": f"on contact created do {step}"}, catalogue())
    (found,) = [d for d in checked.diagnostics if d.is_error]
    assert (found.code, found.source.slice(found.span)) == (code, words)
