"""Paused rules: nothing moves, nothing is lost, and the end of a pause lets no flood of messages go."""

from __future__ import annotations

import pytest

from runtime.simulate import delivered
from tests.support.rules import SCHEMA, Story

START = "2026-03-02T09:00:00Z"
MAIL = {name: f"---\nsubject: {name}\n---\nHello" for name in ("one", "two", "three")}


def policy(mode: str, rule: str = "") -> str:
    """The schema with a line about pauses."""
    return f"{SCHEMA}\npolicy\n  pause{rule}: {mode}\nend\n"


def story(text: str, schema: str = SCHEMA, **fields: object) -> Story:
    """A rule with a contact in it."""
    made = Story(text, START, templates=MAIL, schema=schema)
    made.contact(email="lea@example.test", **fields)
    made.event("contact.tag_added", tag="x")
    return made


def sent(made: Story) -> list[tuple[str, int]]:
    """The templates that went out, and the hours since the start of the story."""
    begin = made.simulation.timeline()[0][1].at
    return [
        (str(row.effect.args["template"]), (row.effect.created_at - begin) // 3_600_000)
        for row in made.effects()
    ]


def rule(steps: str, state: str = "") -> str:
    return f'rule "R" for contact {state}\n  on tag added "x"\ndo\n{steps}\nend'


def test_a_paused_rule_starts_nothing_and_says_so() -> None:
    made = Story(rule('add tag "a"'), START)
    made.contact()
    made.simulation.pause("R")
    assert made.event("contact.tag_added", tag="x") == ()
    assert made.reasons("refused") == ["the rule is paused"]
    made.simulation.pause("R", False)
    assert made.event("contact.tag_added", tag="x")


def test_a_header_may_say_that_the_rule_is_paused() -> None:
    made = Story(rule('add tag "a"', "paused"), START)
    made.contact()
    assert made.event("contact.tag_added", tag="x") == ()
    assert made.reasons("refused") == ["the rule is paused"]
    made.replace(rule('add tag "a"'))
    assert made.event("contact.tag_added", tag="x")


def test_by_default_the_clock_of_a_wait_stands_still() -> None:
    made = story(rule('wait 1d; send email template("one"); wait 1d; send email template("two")'))
    made.after(12 * 3600)
    made.simulation.pause("R")
    made.until("2026-03-10T09:00:00Z")
    assert sent(made) == []
    made.simulation.pause("R", False)
    made.until("2026-04-01T00:00:00Z")
    # 12 hours were left of the first day when the rule was paused for 7 days and 12 hours.
    assert sent(made) == [("one", 8 * 24 + 12), ("two", 9 * 24 + 12)]


def test_several_overdue_dates_do_not_go_out_at_once() -> None:
    """The dates of three messages pass while the rule is paused: they keep their distance afterwards."""
    text = rule(
        'wait until renewal_date - 20d; send email template("one")\n'
        'wait until renewal_date - 18d; send email template("two")\n'
        'wait until renewal_date - 16d; send email template("three")'
    )
    made = story(text, renewal_date="2026-03-25", time_zone="UTC")
    made.simulation.pause("R")
    made.until("2026-03-20T09:00:00Z")
    made.simulation.pause("R", False)
    made.after(0)
    assert sent(made) == []
    made.until("2026-05-01T00:00:00Z")
    hours = [hour for _, hour in sent(made)]
    assert [name for name, _ in sent(made)] == ["one", "two", "three"]
    assert [hours[1] - hours[0], hours[2] - hours[1]] == [48, 48]


def test_many_overdue_runs_keep_their_distance_from_each_other() -> None:
    made = Story(rule('wait 1d; send email template("one")'), START, templates=MAIL)
    for n in range(24):
        made.contact(f"c_{n}", email=f"c{n}@example.test")
        made.event("contact.tag_added", f"c_{n}", tag="x")
        made.after(3600)
    made.simulation.pause("R")
    made.until("2026-04-02T09:00:00Z")
    assert len(made.effects()) <= 1
    made.simulation.pause("R", False)
    made.until("2026-05-01T00:00:00Z")
    moments = sorted(row.effect.created_at for row in made.effects())
    assert len(moments) == 24
    assert {later - earlier for earlier, later in zip(moments[1:], moments[2:], strict=False)} == {3_600_000}


@pytest.mark.parametrize(
    ("mode", "rule_name", "hours"),
    [
        ("count regardless", "", 10 * 24),
        ("restart", "", 11 * 24),
        ("restart", ' "R"', 11 * 24),
        ("restart", ' "Other"', 10 * 24 + 12),
        ("count only while active", "", 10 * 24 + 12),
    ],
)
def test_a_policy_says_what_becomes_of_waits(mode: str, rule_name: str, hours: int) -> None:
    made = story(rule('wait 1d; send email template("one")'), policy(mode, rule_name))
    made.after(12 * 3600)
    made.simulation.pause("R")
    made.until("2026-03-12T09:00:00Z")
    made.simulation.pause("R", False)
    made.until("2026-05-01T00:00:00Z")
    assert sent(made) == [("one", hours)]


def test_a_time_of_day_stays_one() -> None:
    made = story(rule('wait until 18:00; send email template("one")'), time_zone="UTC")
    made.simulation.pause("R")
    made.until("2026-03-05T10:00:00Z")
    made.simulation.pause("R", False)
    made.until("2026-05-01T00:00:00Z")
    assert sent(made) == [("one", 3 * 24 + 9)]


def test_an_event_that_came_meanwhile_counts_when_the_rule_is_live_again() -> None:
    made = story(rule('wait on user login timeout 5d do\n add tag "in"\n else\n add tag "out"\n end'))
    made.simulation.pause("R")
    made.after(3600)
    made.event("user.logged_in")
    made.after(3600)
    assert made.fields()["tags"] == ["x"]
    made.simulation.pause("R", False)
    made.after(0)
    assert made.fields()["tags"] == ["x", "in"]


def test_an_exit_waits_for_the_end_of_the_pause_too() -> None:
    text = 'rule "R"\n on tag added "x"\n exit when status = customer\n exit on user login\ndo\n wait 9d\nend on exit do\n add tag "bye"\nend'
    for event, data in (("record.updated", {"fields": {"status": "customer"}}), ("user.logged_in", {})):
        made = story(text)
        made.simulation.pause("R")
        made.event(event, **data)
        assert "exited" not in made.kinds("R")
        made.simulation.pause("R", False)
        made.after(0)
        assert made.fields()["tags"] == ["x", "bye"]


def test_an_answer_of_the_outbox_is_kept_for_the_end_of_the_pause() -> None:
    made = Story(rule('send email template("one"); add tag "done"'), START, templates=MAIL)
    made.contact(email="lea@example.test")
    made.simulation._answer = lambda row: (made.simulation.pause("R"), delivered(row))[1]
    made.event("contact.tag_added", tag="x")
    assert made.fields()["tags"] == ["x"]
    made.simulation.pause("R", False)
    made.after(0)
    assert made.fields()["tags"] == ["x", "done"]
    assert len(made.effects()) == 1


def test_a_rule_that_was_waited_for_ends_during_the_pause() -> None:
    text = (
        rule('start rule("Other") and wait; add tag "after"')
        + '\nrule "Other" on tag added "never" do wait 1d end'
    )
    made = story(text)
    made.simulation.pause("R")
    made.until("2026-03-05T09:00:00Z")
    assert made.fields()["tags"] == ["x"]
    made.simulation.pause("R", False)
    made.after(0)
    assert made.fields()["tags"] == ["x", "after"]


def test_a_pause_that_begins_while_the_last_one_is_made_good_holds() -> None:
    made = story(rule('wait 1d; add tag "a"'))
    made.simulation.pause("R")
    made.after(3600)
    made.simulation.pause("R", False)
    made.simulation.pause("R")
    made.until("2026-03-09T09:00:00Z")
    assert made.fields()["tags"] == ["x"]
    made.simulation.pause("R", False)
    made.until("2026-03-20T09:00:00Z")
    assert made.fields()["tags"] == ["x", "a"]
    due = made.simulation.timeline()[-2][1].at
    assert due == made.simulation.timeline()[0][1].at + 8 * 86_400_000


def test_runs_of_other_rules_are_left_alone() -> None:
    made = story(rule('wait 1d; add tag "a"') + '\nrule "S" on tag added "x" do wait 1d; add tag "s" end')
    made.simulation.pause("R")
    made.until("2026-03-05T09:00:00Z")
    assert made.fields()["tags"] == ["x", "s"]
