"""Why a rule without `on` began, or did not; and how it is drawn."""

from __future__ import annotations

from rulelang.picture.build import picture
from runtime.model import SubjectKey
from runtime.why import Case, Verdict, why
from tests.support.rules import Story, check

RULES = 'rule "Hot" for contact\n  when score >= 80 for 3d\ndo\n  add tag "hot"\nend\n'


def verdicts(story: Story, key: SubjectKey, event: str = "") -> list[Verdict]:
    checked = check(RULES)
    journal = [entry for subject, entry in story.simulation.timeline() if subject == key]
    case = Case(key, story.fields(key.id), {}, journal)
    return why(checked.plans[0], checked.schema, case, event)


def test_a_rule_that_began_by_its_condition_is_explained() -> None:
    story = Story(RULES)
    key = story.contact(score=10)
    story.event("record.updated", fields={"score": 90})
    assert verdicts(story, key) == []
    story.after(4 * 86_400)
    (found,) = verdicts(story, key)
    assert (found.outcome, found.type) == ("started", "condition.met")


def test_an_event_that_did_not_make_the_condition_true_is_explained() -> None:
    story = Story(RULES)
    key = story.contact(score=10)
    story.event("record.updated", fields={"score": 70}, event_id="low")
    story.event("record.updated", fields={"score": 90}, event_id="high")
    (low,) = verdicts(story, key, "low")
    assert (low.outcome, low.reason) == ("not_matched", "score is 70, not at least 80")
    (high,) = verdicts(story, key, "high")
    assert high.reason == "its condition held, and began to hold with another event"


def test_it_is_drawn_with_its_condition_at_the_beginning() -> None:
    drawn = picture(check(RULES).plans[0])
    assert "when score >= 80 for 3d" in repr(drawn)
