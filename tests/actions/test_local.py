"""Local actions through the machine: what each changes, and what it sets off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.rules import Story


def after(steps: str, more: str = "", **fields: Any) -> Story:
    """What a contact with these fields looks like once the steps were made."""
    story = Story(f'rule "R" on tag added "go" do {steps} end\n{more}')
    story.contact(**fields)
    story.event("contact.tag_added", tag="go")
    return story


def test_assign_to_a_person_also_from_a_field_and_unassign() -> None:
    assert after('assign("ana@acme.test")').fields()["owner"] == "ana@acme.test"
    assert after("assign(owner)", owner="bo@acme.test").fields()["owner"] == "bo@acme.test"
    assert after("unassign", owner="bo@acme.test").fields().get("owner") is None


def test_assign_to_a_team_takes_turns_across_contacts_and_rules() -> None:
    story = Story(
        'rule "A" on tag added "a" do assign("Sales") end\nrule "B" on tag added "b" do assign("Sales") end'
    )
    owners = []
    for id, tag in (("c_1", "a"), ("c_2", "b"), ("c_3", "a"), ("c_4", "a")):
        story.contact(id)
        story.event("contact.tag_added", id, tag=tag)
        owners.append(story.fields(id)["owner"])
    assert owners == ["ana@acme.test", "bo@acme.test", "ana@acme.test", "bo@acme.test"]


def test_assign_to_nobody_fails_with_a_sentence() -> None:
    assert after("assign(owner)").reasons("failed") == ["there is nobody to assign to: the value is missing"]


def test_assigning_whom_it_has_changes_nothing() -> None:
    story = after('assign("ana@acme.test")', owner="ana@acme.test")
    assert [entry.changes for entry in story.entries if entry.action == "assign"] == [{}]


@pytest.mark.parametrize(
    ("steps", "before", "field", "expected"),
    [
        ("mark dnc", {}, "dnc", True),
        ("unmark dnc", {"dnc": True}, "dnc", False),
        ("mark opt_out(email)", {}, "email_opt_out", True),
        ("mark opt_out(sms)", {}, "sms_opt_out", True),
        ("mark opt_out(call)", {}, "call_opt_out", True),
        ("unmark opt_out(email)", {"email_opt_out": True}, "email_opt_out", False),
        ("toggle verified(email)", {}, "email_verified", True),
        ("toggle verified(email)", {"email_verified": True}, "email_verified", False),
        ("toggle verified(phone)", {"phone_verified": False}, "phone_verified", True),
        ("set status = inactive", {"status": "trial"}, "status", "inactive"),
        ("set score = score + 5", {"score": 80}, "score", 85),
        ("set score = null", {"score": 80}, "score", None),
        ("set renewal_date = today", {}, "renewal_date", "2026-03-02"),
        ("set plan = pro", {}, "plan", "pro"),
        ("set first_name = last_name", {"last_name": "Ruiz"}, "first_name", "Ruiz"),
        ("clear first_name", {"first_name": "Ana"}, "first_name", None),
        ('add tag "vip"', {}, "tags", ["go", "vip"]),
        ('remove tag "go"', {}, "tags", []),
        ('remove tag "other"', {}, "tags", ["go"]),
    ],
)
def test_what_an_action_changes(steps: str, before: dict[str, Any], field: str, expected: Any) -> None:
    story = after(steps, **before)
    assert "completed" in story.kinds("R")
    assert story.fields().get(field) == expected


def test_moving_to_a_stage_leaves_one_and_enters_another() -> None:
    more = 'rule "X" on stage exit "MQL" do add tag "left" end\nrule "N" on stage enter "SQL" do add tag "entered" end'
    story = after('move to stage "SQL"', more, stage="MQL")
    assert story.fields()["stages"] == {"sales": "SQL"}
    assert set(story.fields()["tags"]) == {"go", "left", "entered"}


def test_starting_a_rule_runs_it_for_the_same_contact() -> None:
    more = 'rule "Other" on tag added "never" when score > 50 do add tag "started" end'
    assert "started" in after('start rule("Other")', more, score=80).fields()["tags"]
    assert "started" not in after('start rule("Other")', more, score=20).fields()["tags"]


def test_rules_that_start_each_other_come_to_an_end() -> None:
    story = after('start rule("Other")', 'rule "Other" on tag added "never" do start rule("R") end')
    (reason,) = story.reasons("refused")
    assert "more than 16 deep: R → Other → R" in reason


def test_consent_keeps_a_message_back_at_the_step_and_says_so() -> None:
    story = after(
        'mark opt_out(email); send email hyper("say hello"); send email hyper("tell", transactional: true)',
        email="a@b.test",
    )
    assert story.reasons("suppressed") == ["the contact has opted out of e-mail"]
    (row,) = story.effects()
    assert row.prepared["composer"] == "offline"
    assert row.effect.key.endswith(":do.2:0")


def test_the_staff_is_written_to_whatever_the_contact_allows() -> None:
    story = after('mark dnc; notify team "Sales" "{{ contact.first_name }} is gone"', first_name="Lea")
    (row,) = story.effects()
    assert [email for email, _ in row.effect.args["recipients"]] == ["ana@acme.test", "bo@acme.test"]
    assert row.prepared["message"]["text"].startswith("Lea is gone\n")


def test_a_message_to_nobody_fails_with_a_sentence() -> None:
    assert after('send email hyper("say hello")').reasons("failed") == ["the contact has no e-mail address"]
    assert after('notify owner "Hi"').reasons("failed") == ["the contact has no owner to write to"]
