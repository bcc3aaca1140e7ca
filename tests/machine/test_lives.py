"""Triggers about runs and messages: when they fire, with what, bounds, and only where somebody listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rulelang.calendar import parse_instant
from rulelang.workspace import load_workspace
from runtime.model import EffectRow, Outcome, OutcomeKind, SubjectKey
from tests.alarms.cores import Process
from tests.support.rules import SCHEMA, Story, catalogue

HELLO = {"hello": "---\nsubject: Hi\n---\nHello"}
WORK = (
    'rule "work" on tag added "x"\n'
    "  exit when status = inactive\n"
    "  goal when status = customer\n"
    "do\n  wait 10d\nend\n"
)
HEAR = "".join(
    f'rule "{what}" on rule {what} "work" do add tag "{what}" end\n'
    for what in ("entered", "completed", "exited", "goal", "failed")
)


def told(story: Story) -> list[str]:
    return [e.action for e in story.entries if e.kind == "derived" and e.action.startswith("rule.")]


def begun(text: str = WORK + HEAR, **more: Any) -> Story:
    story = Story(text, **more)
    story.contact(email="a@b.test", status="trial")
    story.event("contact.tag_added", tag="x")
    return story


def test_a_run_that_begins_and_comes_to_its_end() -> None:
    story = begun()
    story.until("2026-03-20T00:00:00Z")
    assert story.fields()["tags"] == ["x", "entered", "completed"]


def test_a_run_that_is_ended_by_its_exit_condition_says_why() -> None:
    story = begun(WORK + 'rule "why" on rule exited "work" do set city = event.reason end')
    story.event("record.updated", fields={"status": "inactive"})
    assert story.fields()["city"] == 'the exit condition holds: status = "inactive"'


def test_a_goal_is_reached_and_the_run_is_completed() -> None:
    story = begun()
    story.event("record.updated", fields={"status": "customer"})
    assert told(story) == ["rule.entered", "rule.goal_reached", "rule.completed"]
    assert story.fields()["tags"] == ["x", "entered", "goal", "completed"]


def test_a_goal_among_the_steps_has_its_name() -> None:
    work = 'rule "work" on tag added "x" do wait 5d; goal "Paid" on payment received; add tag "paid" end\n'
    story = begun(work + 'rule "g" on rule goal "work" when event.goal = "Paid" do add tag "heard" end')
    story.event("payment.received", amount=3)
    assert story.fields()["tags"] == ["x", "paid", "heard"]


def test_a_run_that_fails_and_one_that_is_cancelled() -> None:
    story = begun('rule "work" on tag added "x" do wait until renewal_date end\n' + HEAR)
    assert told(story) == ["rule.entered", "rule.failed"]


def test_branches_are_no_runs_of_their_own() -> None:
    work = 'rule "work" on tag added "x" do parallel do add tag "a" end do add tag "b" end end end\n'
    story = begun(work + HEAR)
    assert told(story) == ["rule.entered", "rule.completed"]


def test_a_rule_may_wait_for_the_end_of_another() -> None:
    story = begun(
        WORK
        + 'rule "other" on tag added "x" do wait on rule completed "work" timeout 60d; add tag "then" end'
    )
    story.until("2026-03-20T00:00:00Z")
    assert story.fields()["tags"] == ["x", "then"]


def test_rules_that_hear_themselves_are_cut() -> None:
    story = Story('rule "a" on tag added "x" or on rule completed "a" do set score = score + 1 end')
    story.contact(score=0)
    story.event("contact.tag_added", tag="x")
    assert any("more than 16 deep" in reason for reason in story.reasons("refused"))
    assert story.fields()["score"] == 17


def test_nothing_is_told_when_nobody_listens() -> None:
    story = begun(WORK)
    story.until("2026-03-20T00:00:00Z")
    assert told(story) == []
    assert not story.simulation._core.rules.plans.tells


# --- messages ----------------------------------------------------------------------------------------

MAIL = 'rule "mail" on tag added "x" do send email template("hello") on error continue end\n'
LOST = (
    'rule "s" on message suppressed for email do set city = event.reason; add tag "left out" end\n'
    'rule "f" on message failed do set city = event.reason; add tag "lost" end\n'
    'rule "sms" on message suppressed for sms do add tag "no" end\n'
)


def test_a_message_without_consent_is_told() -> None:
    story = Story(MAIL + LOST, templates=HELLO)
    story.contact(email="a@b.test", email_opt_out=True)
    story.event("contact.tag_added", tag="x")
    assert story.fields()["tags"] == ["x", "left out"]
    assert story.fields()["city"] == story.reasons("suppressed")[0]


def test_a_message_that_a_cap_drops_is_told_and_one_that_is_held_is_not() -> None:
    for mode, tags in (("drop", ["x", "left out"]), ("hold", ["x"])):
        schema = f"{SCHEMA}\npolicy\n  quiet hours: 8:00 to 20:00, {mode}\nend\n"
        story = Story(MAIL + LOST, templates=HELLO, schema=schema)
        story.contact(email="a@b.test")
        story.event("contact.tag_added", tag="x")
        assert story.fields()["tags"] == tags


def test_a_message_that_cannot_be_delivered_is_told() -> None:
    def answer(row: EffectRow) -> Outcome:
        return Outcome(OutcomeKind.FAILED, "the server refused the address")

    story = Story(MAIL + LOST, templates=HELLO, answer=answer)
    story.contact(email="a@b.test")
    story.event("contact.tag_added", tag="x")
    assert story.fields()["tags"] == ["x", "lost"]
    assert story.fields()["city"] == "the server refused the address"


def test_a_message_that_cannot_be_made_is_told() -> None:
    story = Story(MAIL + LOST, templates=HELLO)
    story.contact()
    story.event("contact.tag_added", tag="x")
    assert story.fields()["tags"] == ["x", "lost"]


# --- on SQLite ---------------------------------------------------------------------------------------


def live(world: Any, event: Any) -> None:
    for n, status in enumerate(("customer", "inactive", "trial")):
        event("record.updated", f"c{n}", "contact", fields={"status": "trial"})
        event("contact.tag_added", f"c{n}", "contact", tag="x")
        world.until(f"2026-03-0{3 + n}T00:00:00Z")
        event("record.updated", f"c{n}", "contact", fields={"status": status})
    world.until("2026-03-20T00:00:00Z")


def test_the_engine_tells_as_the_simulation_does_also_over_a_kill(tmp_path: Path) -> None:
    start = "2026-03-02T09:00:00Z"
    story = Story(WORK + HEAR, start=start)
    live(story, story.event)

    class Killed:
        process = Process(tmp_path / "db", WORK + HEAR, start)

        def until(self, moment: str) -> None:
            self.process.until_instant((self.process.now + parse_instant(moment)) // 2)
            number, now = self.process._number, self.process.now
            self.process.kill()
            self.process = Process(tmp_path / "db", WORK + HEAR, start)
            self.process.now, self.process._number = now, number
            self.process.until(moment)

    world = Killed()
    live(world, lambda type, id, kind, **data: world.process.event(type, SubjectKey(kind, id), **data))
    assert world.process.journal() == story.simulation.timeline()
    assert set(told(story)) == {"rule.entered", "rule.completed", "rule.exited", "rule.goal_reached"}
    world.process.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('on rule entered "nobody" do stop', "nobody"),
        ("on rule entered do stop", "rule entered"),
        ('on rule left "x" do stop', "rule left"),
        ("on message suppressed for fax do stop", "fax"),
    ],
)
def test_mistakes_are_said(text: str, message: str) -> None:
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), {})
    errors = [d.message for d in checked.diagnostics if d.is_error]
    assert len(errors) == 1, errors
    assert message in errors[0]


def test_a_rule_that_takes_parameters_may_be_listened_to() -> None:
    text = 'rule "a" takes discount: number do wait 1d end\nrule "b" on rule completed "a" do stop end'
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), {})
    assert [d.message for d in checked.diagnostics if d.is_error and "discount" in d.message] == []
