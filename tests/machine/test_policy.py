"""The sending policy: quiet hours in the recipient's zone, caps within a rolling span, exemptions."""

from __future__ import annotations

import pytest

from tests.support.rules import SCHEMA, Story

HELLO = {"hello": "---\nsubject: Hi\n---\nHello"}
MAIL = 'rule "R" on tag added "x" do send email template("hello"); add tag "after" end'


def story(policy: str, rule: str = MAIL, start: str = "2026-03-02T09:00:00Z") -> Story:
    return Story(rule, start, HELLO, schema=f"{SCHEMA}\npolicy\n  {policy}\nend\n")


def test_a_message_at_night_is_held_until_the_morning_of_the_recipient() -> None:
    told = story("quiet hours: 21:00 to 8:00, hold", start="2026-03-02T22:30:00Z")
    told.contact("c_1", email="a@b.test", time_zone="Europe/Berlin")
    told.contact("c_2", email="b@b.test", time_zone="America/New_York")
    for id in ("c_1", "c_2"):
        told.event("contact.tag_added", id, tag="x")
    assert [row.effect.subject.id for row in told.effects()] == ["c_2"]
    assert "quiet hours" in told.reasons("waiting")[0]
    told.until("2026-03-03T06:59:59Z")
    assert len(told.effects()) == 1
    told.until("2026-03-03T07:00:00Z")
    assert [row.effect.subject.id for row in told.effects()] == ["c_2", "c_1"]
    assert "after" in told.fields("c_1")["tags"]


def test_consent_withdrawn_while_a_message_is_held_counts() -> None:
    told = story("quiet hours: 21:00 to 8:00, hold", start="2026-03-02T22:30:00Z")
    told.contact(email="a@b.test")
    told.event("contact.tag_added", tag="x")
    told.event("record.updated", fields={"dnc": True})
    told.until("2026-03-04T00:00:00Z")
    assert told.effects() == []
    assert "do not contact" in told.reasons("suppressed")[0]


def test_a_message_at_night_is_dropped_when_the_policy_says_so() -> None:
    told = story("quiet hours for email: 21:00 to 8:00, drop", start="2026-03-02T22:30:00Z")
    told.contact(email="a@b.test")
    told.event("contact.tag_added", tag="x")
    assert told.effects() == []
    assert told.reasons("suppressed") == ["quiet hours from 21:00 to 08:00"]
    assert "after" in told.fields()["tags"]


def test_quiet_hours_of_another_channel_do_not_matter() -> None:
    told = story("quiet hours for sms: 21:00 to 8:00, drop", start="2026-03-02T22:30:00Z")
    told.contact(email="a@b.test")
    told.event("contact.tag_added", tag="x")
    assert len(told.effects()) == 1


def test_a_cap_drops_what_is_too_much_within_any_span() -> None:
    told = story("at most: 2 email per 7d, drop")
    told.contact(email="a@b.test")
    for _ in range(3):
        told.event("contact.tag_added", tag="x")
        told.after(86400)
    assert len(told.effects()) == 2
    assert "at most 2 email per 7d" in told.reasons("suppressed")[0]
    told.until("2026-03-09T09:00:01Z")
    told.event("contact.tag_added", tag="x")
    assert len(told.effects()) == 3


def test_a_cap_that_holds_sends_when_the_oldest_leaves_the_span() -> None:
    told = story("at most: 1 email per 1d, hold")
    told.contact(email="a@b.test")
    told.event("contact.tag_added", tag="x")
    told.after(3600)
    told.event("contact.tag_added", tag="x")
    assert len(told.effects()) == 1
    told.until("2026-03-03T09:00:00Z")
    assert len(told.effects()) == 1
    told.after(1)
    assert len(told.effects()) == 2


@pytest.mark.parametrize(
    "step",
    [
        'send email template("hello", transactional: true)',
        'send email template("hello") to owner',
        'notify owner "hi"',
    ],
)
def test_transactional_mail_and_mail_to_the_staff_are_exempt(step: str) -> None:
    rule = f'rule "R" on tag added "x" do {step} end'
    told = story("quiet hours: 21:00 to 8:00, drop", rule, "2026-03-02T22:30:00Z")
    told.contact(email="a@b.test", owner="ana@acme.test")
    told.event("contact.tag_added", tag="x")
    assert len(told.effects()) == 1
