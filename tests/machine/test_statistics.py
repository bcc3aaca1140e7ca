"""What is counted of rules: attempts, matches, refusals by reason, runs and sends."""

from __future__ import annotations

import pytest

from runtime.simulate import run_now
from runtime.statistics import RuleStatistics, refusal_kind, statistics_of
from tests.support.rules import Story

MAIL = {"t": "---\nsubject: Hi\n---\nHello"}


def numbers(story: Story, rule: str = "R") -> RuleStatistics:
    """What was counted so far."""
    story.simulation._core.flush(story.simulation.now)
    counts = run_now(story.simulation.store.statistics(rule))
    return statistics_of(rule, counts, run_now(story.simulation.store.count_runs()))


def test_attempts_matches_and_sends_add_up() -> None:
    story = Story(
        'rule "R" on tag added "x" when status = trial do send email template("t") end\n'
        'rule "Draft" for contact draft on tag added "x" do stop end',
        templates=MAIL,
    )
    story.contact("c_1", status="trial", email="a@example.test")
    story.contact("c_2", status="customer", email="b@example.test")
    story.contact("c_3", status="trial", email="c@example.test", email_opt_out=True)
    for id in ("c_1", "c_2", "c_3"):
        story.event("contact.tag_added", id, tag="x")
    story.event("contact.tag_added", "c_1", tag="other")
    found = numbers(story)
    assert (found.attempted, found.matched, found.not_matched, found.started) == (4, 2, 2, 2)
    assert found.effects == {"send_email_template": {"done": 1}}
    assert found.suppressed == {"send_email_template": 1}
    assert found.runs == {"completed": 2}
    assert numbers(story, "Draft").attempted == 0


@pytest.mark.parametrize(
    ("clauses", "events", "kind"),
    [
        ("enrol once", 2, "already enrolled"),
        ("enrol again after 30d", 2, "already enrolled"),
        ("enrol every time", 2, "already running"),
        ("enrol every time if running parallel at most 1", 2, "already running"),
        ("enrol every time if running queue at most 1", 2, "in line"),
        ("enrol every time if running queue at most 1", 3, "line full"),
        ("enrol every time if running parallel\n limit 1 per 1d", 2, "limit"),
        ("exit when score >= 0", 1, "exit condition"),
        ("goal when score >= 0", 1, "exit condition"),
    ],
)
def test_refusals_are_told_apart(clauses: str, events: int, kind: str) -> None:
    wait = "wait 1h" if "once" not in clauses and "again" not in clauses else "stop"
    story = Story(f'rule "R"\n on tag added "x"\n {clauses}\ndo\n {wait}\nend')
    story.contact(score=1)
    for n in range(events):
        story.event("contact.tag_added", tag="x", tags_after=["x"], event_id=f"t{n}")
    found = numbers(story)
    assert found.refused.get(kind) == 1, found.refused
    assert found.matched == found.started + sum(found.refused.values())


def test_pauses_and_states_are_reasons_too() -> None:
    story = Story('rule "R" on tag added "x" do stop end')
    story.contact()
    story.simulation.pause("R")
    story.event("contact.tag_added", tag="x")
    assert numbers(story).refused == {"paused": 1}
    assert refusal_kind("the rule is disabled, only a live rule can be started") == "not live"
    assert refusal_kind("more than 100 runs were started for this subject within a minute") == "bound"
    assert refusal_kind("something new") == "other"


def test_counts_survive_a_deploy_and_go_to_the_rules_that_listened() -> None:
    story = Story('rule "R" on tag added "x" do stop end')
    story.contact()
    story.event("contact.tag_added", tag="x")
    story.replace('rule "S" on tag added "x" do stop end')
    story.event("contact.tag_added", tag="x")
    assert (numbers(story, "R").attempted, numbers(story, "S").attempted) == (1, 1)


def test_events_of_another_kind_of_record_are_no_attempts() -> None:
    story = Story('rule "R" for contact on contact updated do stop end')
    story.record("account", "a_1")
    story.event("record.updated", "a_1", "account", fields={"name": "Acme"})
    assert numbers(story).attempted == 0
