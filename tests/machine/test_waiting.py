"""Waits on events and conditions: what ends them, what counts, and what a run knows afterwards."""

from __future__ import annotations

import pytest

from tests.support.rules import Story

EVENTS = """
event "order" for contact
  number: text
  amount: number
end
event "login" for contact
end
"""
DAY = 86_400


def story(steps: str, header: str = 'on event "order"', **fields: object) -> Story:
    made = Story(f'{EVENTS}\nrule "R"\n  {header}\ndo\n{steps}\nend\n')
    made.contact(**fields)
    return made


def tags(made: Story, id: str = "c_1") -> list[str]:
    found: list[str] = made.fields(id).get("tags", [])
    return found


REACT = 'wait on event "login" timeout 2d do add tag "came" else add tag "late" end; add tag "end"'


def test_the_event_ends_the_wait_and_its_steps_follow() -> None:
    made = story(REACT)
    made.event("order", number="1")
    assert tags(made) == []
    made.after(DAY)
    made.event("login")
    assert tags(made) == ["came", "end"]
    made.after(3 * DAY)
    assert tags(made) == ["came", "end"]


def test_the_timeout_ends_the_wait_at_its_moment() -> None:
    made = story(REACT)
    made.event("order", number="1")
    made.after(2 * DAY - 1)
    assert tags(made) == []
    made.after(1)
    assert tags(made) == ["late", "end"]
    made.event("login")
    assert tags(made) == ["late", "end"]


def test_where_compares_the_awaited_event_with_the_one_that_started_the_run() -> None:
    made = story(
        'wait on event "order" where number = event.number and amount > score timeout 2d; add tag "end"',
        score=5,
    )
    made.event("order", number="1", amount=100)
    made.event("order", number="2", amount=100)
    made.event("order", number="1", amount=5)
    assert tags(made) == []
    made.event("order", number="1", amount=6)
    assert tags(made) == ["end"]


def test_as_keeps_the_data_of_the_event_for_later_steps() -> None:
    made = story(
        'wait on event "order" as second timeout 2d; wait 1h; set score = second.amount + event.amount'
    )
    made.event("order", number="1", amount=1)
    made.event("order", number="2", amount=20)
    made.event("order", number="3", amount=300)
    made.after(3600)
    assert made.fields()["score"] == 21


def test_what_as_names_is_missing_after_a_timeout() -> None:
    made = story(
        'wait on event "order" as second timeout 2d; if second is set then add tag "two" else add tag "one" end'
    )
    made.event("order", number="1")
    made.after(2 * DAY)
    assert tags(made) == ["one"]


def test_an_event_before_the_wait_counts_since_the_run_began() -> None:
    made = story('wait 1h; wait on event "login" timeout 2d do add tag "came" else add tag "late" end')
    made.event("login")
    made.event("order", number="1")
    made.after(60)
    made.event("login")
    made.after(3539)
    assert tags(made) == []
    made.after(1)
    assert tags(made) == ["came"]


def test_from_now_counts_only_what_comes_from_there_on() -> None:
    made = story('wait 1h; wait on event "login" from now timeout 2d; add tag "end"')
    made.event("order", number="1")
    made.event("login")
    made.after(3600)
    assert tags(made) == []
    made.event("login")
    assert tags(made) == ["end"]


def test_each_event_ends_one_wait() -> None:
    steps = 'wait 1h; wait on event "login"; add tag "one"; wait on event "login"; add tag "two"'
    made = story(steps)
    made.event("order", number="1")
    made.event("login")
    made.after(3600)
    assert tags(made) == ["one"]
    made.event("login")
    assert tags(made) == ["one", "two"]


def test_two_events_before_two_waits_end_both() -> None:
    made = story('wait 1h; wait on event "login"; add tag "one"; wait on event "login"; add tag "two"')
    made.event("order", number="1")
    made.event("login")
    made.event("login")
    made.after(3600)
    assert tags(made) == ["one", "two"]


def test_or_on_takes_either_event() -> None:
    for kind in ("login", "order"):
        made = story('wait on event "login" or on event "order" timeout 2d do add tag "came" end')
        made.event("order", number="1")
        made.event(kind)
        assert tags(made) == ["came"]


ALTERNATIVES = """
  wait
    on event "login" do
      add tag "login"
    end
    until status = churned do
      add tag "churned"
    end
    on event "order" where amount > 10 do
      add tag "large"
    end
    timeout 3d do
      add tag "late"
    end
  end
  add tag "end"
""".replace("churned", "inactive")


@pytest.mark.parametrize(
    ("kind", "data", "tag"),
    [
        ("login", {}, "login"),
        ("order", {"amount": 11}, "large"),
        ("record.updated", {"fields": {"status": "inactive"}}, "inactive"),
    ],
)
def test_the_first_alternative_to_happen_wins(kind: str, data: dict[str, object], tag: str) -> None:
    made = story(ALTERNATIVES, status="trial")
    made.event("order", number="1")
    made.event("order", amount=10)
    made.event("record.updated", fields={"score": 3})
    assert tags(made) == []
    made.event(kind, **data)
    assert tags(made) == [tag, "end"]


def test_the_timeout_is_one_of_the_alternatives() -> None:
    made = story(ALTERNATIVES, status="trial")
    made.event("order", number="1")
    made.after(3 * DAY)
    assert tags(made) == ["late", "end"]


def test_of_conditions_that_hold_at_once_the_first_written_wins() -> None:
    made = story(
        'wait until score > 5 do add tag "a" end until score > 1 do add tag "b" end end'.replace(
            "wait until", "wait\nuntil"
        )
    )
    made.event("order", number="1")
    made.event("record.updated", fields={"score": 9})
    assert tags(made) == ["a"]


def test_a_condition_that_holds_already_is_no_wait() -> None:
    made = story('wait until score >= 80 timeout 7d; add tag "end"', score=80)
    made.event("order", number="1")
    assert tags(made) == ["end"]
    assert "holds" in made.reasons("resumed")[0]


def test_a_condition_is_tested_after_every_change() -> None:
    made = story('wait until score >= 80; add tag "end"', score=1)
    made.event("order", number="1")
    made.event("record.updated", fields={"score": 79})
    assert tags(made) == []
    made.event("record.updated", fields={"score": 80})
    assert tags(made) == ["end"]


def test_timeout_until_a_date_moves_with_the_date() -> None:
    made = story('wait on event "login" timeout until renewal_date; add tag "end"', renewal_date="2026-03-05")
    made.event("order", number="1")
    made.event("record.updated", fields={"renewal_date": "2026-03-10"})
    made.until("2026-03-09T22:59:59Z")
    assert tags(made) == []
    made.until("2026-03-09T23:00:00Z")
    assert tags(made) == ["end"]


def test_restart_begins_the_wait_anew_with_the_newest_data() -> None:
    made = story('wait 30m restart on event "order" where number = event.number; set score = event.amount')
    made.event("order", number="1", amount=1)
    made.after(1200)
    made.event("order", number="1", amount=2)
    made.event("order", number="9", amount=9)
    made.after(1799)
    assert made.fields().get("score") is None
    made.after(1)
    assert made.fields()["score"] == 2


def test_a_wait_until_a_day_of_the_week() -> None:
    # The second of March 2026 is a Monday; it is ten o'clock in Berlin.
    for written, moment in (
        ("monday", "2026-03-02T09:00:00Z"),
        ("monday 10:00", "2026-03-02T09:00:00Z"),
        ("monday 9:00", "2026-03-09T08:00:00Z"),
        ("friday", "2026-03-05T23:00:00Z"),
        ("friday 9:30", "2026-03-06T08:30:00Z"),
    ):
        made = story(f'wait until {written}; add tag "end"')
        made.event("order", number="1")
        made.after(8 * DAY)
        assert made.at("resumed") == [moment], written


def test_skip_if_past_leaves_out_the_step_that_follows() -> None:
    steps = 'wait until renewal_date - 7d skip if past; add tag "reminder"; add tag "end"'
    for date, expected in (("2026-03-05", ["end"]), ("2026-04-05", ["reminder", "end"])):
        made = story(steps, renewal_date=date)
        made.event("order", number="1")
        made.after(40 * DAY)
        assert tags(made) == expected


APPROVAL = """
  wait for approval from "Sales" as answer timeout 2d do
    add tag "approved"
    notify owner "by {{ event.number }}" when answer.by = "ana@acme.test"
  else
    add tag "not approved"
  end
  add tag "end"
"""


def asked(made: Story) -> tuple[str, str]:
    """The run that waits for an approval, and the step it stands at."""
    waiting = [e for e in made.entries if e.kind == "waiting"][-1]
    return waiting.run, waiting.step


def test_an_approval_goes_on_with_the_first_part() -> None:
    made = story(APPROVAL, owner="ana@acme.test")
    made.event("order", number="1")
    run, step = asked(made)
    made.event("approval.given", run="run_other", step=step, by="ana@acme.test")
    made.event("approval.given", run=run, step="do.9", by="ana@acme.test")
    assert tags(made) == []
    made.event("approval.given", run=run, step=step, by="ana@acme.test")
    assert tags(made) == ["approved", "end"]


@pytest.mark.parametrize("refused", [True, False])
def test_a_refusal_and_the_end_of_time_go_on_with_else(refused: bool) -> None:
    made = story(APPROVAL)
    made.event("order", number="1")
    run, step = asked(made)
    if refused:
        made.event("approval.refused", run=run, step=step, by="ana@acme.test", note="no")
    else:
        made.after(2 * DAY)
    assert tags(made) == ["not approved", "end"]
    made.after(2 * DAY)
    assert tags(made) == ["not approved", "end"]


def test_an_approval_without_a_timeout_waits_for_ever_and_can_be_refused() -> None:
    made = story('wait for approval from contact.owner do add tag "yes" else add tag "no" end')
    made.event("order", number="1")
    made.after(400 * DAY)
    run, step = asked(made)
    assert tags(made) == []
    made.event("approval.refused", run=run, step=step)
    assert tags(made) == ["no"]


def test_a_callback_brings_what_was_posted_also_before_the_wait() -> None:
    steps = 'wait 1h; wait for callback as answer timeout 1d; add tag "paid" when answer.body.state = "paid"'
    for early in (True, False):
        made = story(steps)
        (run,) = made.event("order", number="1")
        if not early:
            made.after(3600)
        made.event("callback.received", run="run_other", body={"state": "open"})
        made.event("callback.received", run=run, body={"state": "paid"})
        made.after(3600)
        assert tags(made) == ["paid"]


def test_a_rule_waits_for_what_another_rule_does() -> None:
    made = Story(
        'rule "A" on tag added "x" do wait on tag added "y"; add tag "z" end\n'
        'rule "B" on tag added "x" do wait 1h; add tag "y" end'
    )
    made.contact()
    made.event("contact.tag_added", tag="x")
    made.after(3600)
    assert tags(made) == ["x", "y", "z"]


def test_a_moment_that_is_reckoned_from_now_does_not_move_when_a_field_changes() -> None:
    for steps in ("wait until now + 2d", "wait on user login timeout until today + 2d"):
        story = Story(f'rule "r" on tag added "x" do {steps}; add tag "done" end')
        story.contact(score=1)
        story.event("contact.tag_added", tag="x")
        for day in ("03", "04"):
            story.until(f"2026-03-{day}T08:00:00Z")
            story.event("record.updated", fields={"score": int(day)})
        story.until("2026-03-04T12:00:00Z")
        assert "done" in story.fields()["tags"], steps
