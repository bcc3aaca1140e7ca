"""The machine through simulation: enrolment, steps, waits, exits, and what the journal says of them."""

from __future__ import annotations

import pytest

from runtime.model import Outcome, OutcomeKind
from tests.support.rules import Story

FIRST = 'on stage enter "SQL" when status = trial do assign("ana@acme.test"); wait 30m; send email hyper("confirm the meeting")'


def test_the_first_rule_assigns_at_once_and_mails_after_half_an_hour() -> None:
    story = Story(FIRST)
    story.contact(status="trial", email="lea@example.test", first_name="Léa")
    assert len(story.event("stage.entered", stage="SQL")) == 1
    assert story.fields()["owner"] == "ana@acme.test"
    assert story.effects() == []
    story.after(29 * 60 + 59)
    assert story.effects() == []
    story.after(1)
    assert [row.effect.action for row in story.effects()] == ["send_email_hyper"]
    kinds = ["matched", "enrolled", "action", "waiting", "resumed", "action", "resumed", "completed"]
    assert story.kinds("test#1") == kinds
    assert story.reasons("resumed") == ["", "the text was written by: offline"]


def test_a_condition_that_does_not_hold_is_explained_with_the_value() -> None:
    story = Story(FIRST)
    story.contact(status="customer")
    assert story.event("stage.entered", stage="SQL") == ()
    assert story.reasons("not_matched") == ['status is "customer", not "trial"']


def test_every_time_refuses_while_a_run_is_under_way_and_enrols_again_afterwards() -> None:
    story = Story('rule "R" on tag added "x" do wait 1h end')
    story.contact()
    assert story.event("contact.tag_added", tag="x")
    assert not story.event("contact.tag_added", tag="x")
    assert "under way" in story.reasons("refused")[0]
    story.after(3600)
    assert story.event("contact.tag_added", tag="x")


def test_once_enrols_a_subject_once_for_ever() -> None:
    story = Story('rule "R" on tag added "x"; enrol once; do add tag "y" end')
    story.contact()
    story.contact("c_2")
    assert story.event("contact.tag_added", tag="x")
    story.after(86400 * 400)
    assert not story.event("contact.tag_added", tag="x")
    assert "once" in story.reasons("refused")[0]
    assert story.event("contact.tag_added", "c_2", tag="x")


def test_an_exit_condition_acts_in_the_middle_of_a_wait() -> None:
    story = Story(
        'rule "R" on tag added "x"; exit when status = customer do wait 30d; send email template("t") end',
        templates={"t": "---\nsubject: Hi\n---\nHello"},
    )
    story.contact(status="trial", email="a@b.test")
    story.event("contact.tag_added", tag="x")
    story.after(86400)
    story.event("record.updated", fields={"status": "customer"})
    assert story.kinds("R")[-1] == "exited"
    assert story.at("exited") == ["2026-03-03T09:00:00Z"]
    story.after(86400 * 60)
    assert story.effects() == []


def test_an_exit_condition_that_holds_at_the_start_refuses_the_run() -> None:
    story = Story('rule "R" on tag added "x"; exit when status = customer do add tag "y" end')
    story.contact(status="customer")
    assert story.event("contact.tag_added", tag="x") == ()
    assert "exit condition" in story.reasons("refused")[0]


def test_a_run_that_makes_its_own_exit_true_ends_there() -> None:
    story = Story(
        'rule "R" on tag added "x"; exit when status = customer do set status = customer; add tag "never" end'
    )
    story.contact(status="trial")
    story.event("contact.tag_added", tag="x")
    assert story.kinds("R")[-2:] == ["action", "exited"]
    assert "never" not in story.fields().get("tags", [])


def test_exit_on_a_field_of_the_account_acts_when_the_account_changes() -> None:
    story = Story(
        'rule "R" for contact on tag added "x"; exit when account.status = customer do wait 30d; add tag "late" end'
    )
    story.record("account", "a_1", status="prospect")
    story.contact(account_id="a_1")
    story.event("contact.tag_added", tag="x")
    story.after(60)
    story.event("record.updated", "a_1", "account", fields={"status": "customer"})
    story.after(1)
    assert story.kinds("R")[-1] == "exited"


def test_if_elif_else_takes_one_branch() -> None:
    rule = 'rule "R" on tag added "x" do if score >= 80 then add tag "hot" elif score >= 50 then add tag "warm" else add tag "cold" end; add tag "end" end'
    for score, tag in ((80, "hot"), (79, "warm"), (50, "warm"), (49, "cold"), (None, "cold")):
        story = Story(rule)
        story.contact(**({} if score is None else {"score": score}))
        story.event("contact.tag_added", tag="x")
        assert story.fields()["tags"] == ["x", tag, "end"]


def test_a_step_condition_skips_the_step_and_says_why() -> None:
    story = Story(
        'rule "R" on tag added "x" do add tag "y" when score > 5; stop when score > 1; add tag "z" end'
    )
    story.contact(score=3)
    story.event("contact.tag_added", tag="x")
    assert story.fields()["tags"] == ["x"]
    skipped = [e for e in story.entries if e.kind == "not_matched" and e.step]
    assert [(e.step, e.reason) for e in skipped] == [("do.0", "score is 3, not more than 5")]


def test_a_wait_until_a_time_of_day_is_in_the_subjects_zone() -> None:
    story = Story('rule "R" on tag added "x" do wait until 9:00; add tag "y" end')
    story.contact("c_1", time_zone="Asia/Tokyo")
    story.contact("c_2", time_zone="America/New_York")
    story.contact("c_3")
    for id in ("c_1", "c_2", "c_3"):
        story.event("contact.tag_added", id, tag="x")
    story.after(86400)
    ends = [e.at for e in story.entries if e.kind == "resumed"]
    assert len(ends) == 3
    # 9:00 in New York is 14:00 UTC the same day, in Tokyo 00:00 UTC and in Berlin 08:00 UTC the day after.
    assert story.at("resumed") == ["2026-03-02T14:00:00Z", "2026-03-03T00:00:00Z", "2026-03-03T08:00:00Z"]


def test_a_wait_until_a_date_that_has_passed_goes_on_at_once_and_says_so() -> None:
    story = Story('rule "R" on tag added "x" do wait until renewal_date - 7d; add tag "y" end')
    story.contact(renewal_date="2026-03-05")
    story.event("contact.tag_added", tag="x")
    assert story.fields()["tags"] == ["x", "y"]
    assert "already" in story.reasons("resumed")[0]


def test_a_date_that_moves_takes_the_wait_along() -> None:
    story = Story('rule "R" on tag added "x" do wait until renewal_date; add tag "y" end')
    story.contact(renewal_date="2026-03-10")
    story.event("contact.tag_added", tag="x")
    story.event("record.updated", fields={"renewal_date": "2026-03-20"})
    story.until("2026-03-19T22:59:59Z")
    assert "y" not in story.fields()["tags"]
    story.until("2026-03-19T23:00:00Z")
    assert "y" in story.fields()["tags"]


def test_waiting_for_a_date_that_is_missing_fails_with_a_sentence() -> None:
    story = Story('rule "R" on tag added "x" do wait until renewal_date; add tag "y" end')
    story.contact()
    story.event("contact.tag_added", tag="x")
    assert story.kinds("R")[-1] == "failed"
    assert "not set" in story.reasons("failed")[0]


def test_a_calendar_day_is_not_24_hours_when_the_clocks_change() -> None:
    story = Story(
        'rule "Day" on tag added "d" do wait 1d; add tag "day" end\nrule "Hours" on tag added "h" do wait 24h; add tag "hours" end',
        start="2026-03-28T11:00:00Z",
    )
    story.contact()
    story.event("contact.tag_added", tag="d")
    story.event("contact.tag_added", tag="h")
    story.after(86400 * 2)
    assert story.at("resumed") == ["2026-03-29T10:00:00Z", "2026-03-29T11:00:00Z"]


def test_a_team_takes_turns_across_subjects() -> None:
    story = Story('on tag added "x" do assign("Sales")')
    for number in range(5):
        story.contact(f"c_{number}")
        story.event("contact.tag_added", f"c_{number}", tag="x")
    owners = [story.fields(f"c_{n}")["owner"] for n in range(5)]
    assert owners == ["ana@acme.test", "bo@acme.test"] * 2 + ["ana@acme.test"]


def test_changes_by_a_run_set_off_other_rules_with_their_cause() -> None:
    story = Story(
        'rule "A" on tag added "x" do add tag "y" end\nrule "B" on tag added "y" do set status = customer end\nrule "C" on status becomes customer do add tag "z" end'
    )
    story.contact(status="trial")
    story.event("contact.tag_added", tag="x")
    assert story.fields()["tags"] == ["x", "y", "z"]
    assert [e.rule for e in story.entries if e.kind == "enrolled"] == ["A", "B", "C"]


def test_rules_that_set_each_other_off_for_ever_stop_at_the_bound_with_the_path() -> None:
    story = Story(
        'rule "A" on tag added "x" do remove tag "x"; add tag "y" end\nrule "B" on tag added "y" do remove tag "y"; add tag "x" end'
    )
    story.contact()
    story.event("contact.tag_added", tag="x")
    reason = story.reasons("refused")[-1]
    assert "16" in reason
    assert "A → B → A" in reason


def test_a_rule_starts_another_by_name() -> None:
    story = Story(
        'rule "A" on tag added "x" do start rule("B") end\nrule "B" on manual start when status = trial do add tag "started" end'
    )
    story.contact(status="trial")
    story.event("contact.tag_added", tag="x")
    assert "started" in story.fields()["tags"]
    story.contact("c_2", status="customer")
    story.event("contact.tag_added", "c_2", tag="x")
    assert story.fields("c_2")["tags"] == ["x"]


def test_consent_is_read_when_the_message_is_due_and_suppression_is_journaled() -> None:
    story = Story(
        'rule "R" on tag added "x" do wait 30m; send email template("t"); add tag "after" end',
        templates={"t": "---\nsubject: Hi\n---\nHello"},
    )
    story.contact(email="a@b.test")
    story.event("contact.tag_added", tag="x")
    story.event("record.updated", fields={"email_opt_out": True})
    story.after(1800)
    assert story.effects() == []
    assert "opted out" in story.reasons("suppressed")[0]
    assert "after" in story.fields()["tags"]


def test_a_dead_letter_blocks_the_run_and_is_told() -> None:
    refuse = lambda row: Outcome(OutcomeKind.FAILED, "550 no such mailbox")  # noqa: E731
    story = Story(
        'rule "R" on tag added "x" do send email template("t"); add tag "after" end',
        templates={"t": "---\nsubject: Hi\n---\nHello"},
        answer=refuse,
    )
    story.contact(email="a@b.test")
    story.event("contact.tag_added", tag="x")
    assert story.reasons("failed") == ["550 no such mailbox"]
    assert story.fields()["tags"] == ["x"]


@pytest.mark.parametrize("failures", [1, 3])
def test_a_passing_failure_is_tried_again_with_the_same_key_and_message(failures: int) -> None:
    seen: list[tuple[str, object]] = []

    def answer(row):  # type: ignore[no-untyped-def]
        seen.append((row.effect.key, row.prepared))
        return Outcome(OutcomeKind.RETRY, "busy") if len(seen) <= failures else Outcome(OutcomeKind.DONE)

    story = Story(
        'rule "R" on tag added "x" do send email template("t"); add tag "after" end',
        templates={"t": "---\nsubject: Hi\n---\nHello"},
        answer=answer,
    )
    story.contact(email="a@b.test")
    story.event("contact.tag_added", tag="x")
    story.after(86400)
    assert len(seen) == failures + 1
    assert len(set(map(repr, seen))) == 1
    assert "after" in story.fields()["tags"]


def test_a_repeated_event_changes_nothing() -> None:
    story = Story('on tag added "x" do add tag "y"')
    story.contact()
    first = story.event("contact.tag_added", tag="x", event_id="same")
    before = len(story.entries)
    assert story.event("contact.tag_added", tag="x", event_id="same") == first
    assert len(story.entries) == before


def test_stage_changes_derive_exit_and_entry() -> None:
    story = Story(
        'rule "Out" on stage exit "MQL" do add tag "left" end\nrule "In" on stage enter "SQL" from "MQL" do add tag "came" end'
    )
    story.contact(stage="MQL")
    story.event("stage.entered", stage="SQL")
    assert set(story.fields()["tags"]) == {"left", "came"}
    story.contact("c_2", stage="MQL")
    story.event("record.updated", "c_2", fields={"stages": {"Sales": "SQL"}})
    assert set(story.fields("c_2")["tags"]) == {"left", "came"}


def test_a_new_contact_is_created_by_its_first_event() -> None:
    story = Story('on contact created do add tag "new"')
    story.event("stage.entered", "c_9", stage="SQL")
    assert story.fields("c_9")["tags"] == ["new"]
    assert story.fields("c_9")["stages"] == {"sales": "SQL"}


def test_stage_in_a_condition_is_the_stage_in_the_first_pipeline() -> None:
    story = Story('rule "R" on tag added "x"; when stage = SQL; do add tag "y" end')
    story.contact(stage="MQL")
    story.event("contact.tag_added", tag="x")
    assert story.reasons("not_matched") == ['stage is "MQL", not "SQL"']
    story.event("stage.entered", stage="SQL")
    story.event("contact.tag_added", tag="x")
    assert "y" in story.fields()["tags"]
