"""Why a rule fired or did not, read back from the journal."""

from __future__ import annotations

from runtime.model import SubjectKey
from runtime.why import Case, Verdict, why
from tests.support.rules import Story, check

RULE = (
    'rule "R" on tag added "x"; when status = trial and score >= 50; enrol once; do set status = customer end'
)


def verdicts(story: Story, text: str = RULE, event: str = "") -> list[Verdict]:
    checked = check(text)
    case = Case(SubjectKey("contact", "c_1"), story.fields(), {}, story.entries)
    return why(checked.plans[0], checked.schema, case, event)


def test_a_run_that_started_is_named() -> None:
    story = Story(RULE)
    story.contact(status="trial", score=60)
    (run,) = story.event("contact.tag_added", tag="x")
    (found,) = verdicts(story)
    assert (found.outcome, found.run, found.event) == ("started", run, "e-1")


def test_the_first_part_that_failed_is_told_with_the_values_of_that_time() -> None:
    story = Story(RULE)
    story.contact(status="trial", score=40)
    story.event("contact.tag_added", tag="x")
    story.event("record.updated", fields={"score": 90, "status": "inactive"})
    (found,) = verdicts(story)
    assert found.outcome == "not_matched"
    assert found.reason == "score is 40, not at least 50"
    assert [(p.text, p.held, p.values) for p in found.parts][1:] == [
        ('status = "trial"', True, {"status": "trial"}),
        ("score >= 50", False, {"score": 40}),
    ]


def test_changes_of_stages_and_of_new_fields_are_undone_too() -> None:
    story = Story('rule "R" on tag added "x"; when stage = SQL and plan is not set; do stop end')
    story.contact(stage="MQL")
    story.event("contact.tag_added", tag="x")
    story.event("stage.entered", stage="SQL")
    story.event("record.updated", fields={"plan": "pro"})
    (found,) = verdicts(story, 'rule "R" on tag added "x"; when stage = SQL and plan is not set; do stop end')
    assert found.reason == 'stage is "MQL", not "SQL"'


def test_a_refusal_is_told_as_journaled() -> None:
    story = Story(RULE)
    story.contact(status="trial", score=60)
    story.event("contact.tag_added", tag="x")
    story.event("record.updated", fields={"status": "trial"})
    story.event("contact.tag_added", tag="x")
    newest, oldest = verdicts(story)
    assert newest.outcome == "refused"
    assert "once" in newest.reason
    assert oldest.outcome == "started"


def test_an_event_that_the_rule_does_not_hear_is_told_when_asked_for() -> None:
    story = Story(RULE)
    story.contact()
    story.event("stage.entered", stage="SQL")
    assert verdicts(story) == []
    (found,) = verdicts(story, event="e-1")
    assert found.outcome == "not_listening"
    assert "contact.tag_added" in found.reason


def test_another_tag_is_told() -> None:
    story = Story(RULE)
    story.contact(status="trial", score=60)
    story.event("contact.tag_added", tag="y")
    (found,) = verdicts(story)
    assert found.reason == 'event.tag is "y", not "x"'
