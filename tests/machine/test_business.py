"""Business calendars in rules: waits, timeouts, conditions, the sending policy; simulated and on SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rulelang.calendar import parse_instant
from rulelang.workspace import load_workspace
from runtime.model import SubjectKey
from tests.alarms.cores import Process
from tests.support.rules import SCHEMA, Story, catalogue

CALENDARS = (
    'calendar "Office": monday to friday 9:00 to 17:00, holidays 2026-04-03, 2026-04-06, pause 2026-07-20 to 2026-08-02\n'
    'calendar "York"\n  time_zone: "America/New_York"\n  hours: monday to friday 9:00 to 17:00\n'
    "  hours: saturday 10:00 to 14:00\n  holidays: 2026-12-25, 2027-01-01\nend\n"
)
HELLO = {"hello": "---\nsubject: Hi\n---\nHello"}


def schema(more: str = "") -> str:
    return f"{SCHEMA}\n{CALENDARS}\n{more}\n"


def messages(text: str) -> list[str]:
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), {})
    return [d.message for d in checked.diagnostics if d.is_error]


def waits(story: Story) -> list[str]:
    """When each wait ends, in UTC."""
    from rulelang.calendar import instant_text

    return [instant_text(e.due)[:16] for e in story.entries if e.kind == "waiting" and e.due is not None]


RULES = (
    'rule "hours" on tag added "x" do wait 4h in "Office"; set score = 1; wait 2d in "York"; set score = 2\n'
    'rule "until" on tag added "x" do wait until opens("Office"); add tag "open"\n'
    'rule "late" on tag added "x" do wait on user login timeout 1d in "Office" do add tag "in" else add tag "out" end\n'
    'rule "choice" on tag added "x" do if is_open("York") then add tag "york" else add tag "no york" end\n'
)


def live(world: Any, event: Any) -> None:
    """A Thursday before Easter, for contacts of three zones."""
    for id, zone in (("a", "Europe/Berlin"), ("b", "America/New_York"), ("c", "Asia/Tokyo")):
        event("record.updated", id, "contact", fields={"time_zone": zone, "score": 0})
        event("contact.tag_added", id, "contact", tag="x")
    world.until("2026-04-02T20:00:00Z")
    event("record.updated", "b", "contact", fields={"score": 9})
    event("user.logged_in", "c", "contact")
    world.until("2026-05-02T00:00:00Z")


def test_the_engine_keeps_business_hours_as_the_simulation_does_also_over_a_kill(tmp_path: Path) -> None:
    start = "2026-04-02T14:00:00Z"
    story = Story(RULES, start=start, schema=schema())
    live(story, story.event)
    world = _Killed(tmp_path / "db", start)
    live(world, world.event)
    journal = world.process.journal()
    assert journal == story.simulation.timeline()
    assert {e.rule for _, e in journal if e.kind == "completed"} == {"hours", "until", "late", "choice"}
    assert story.fields("a")["tags"] == ["x", "open", "york", "out"]
    world.process.close()


class _Killed:
    """A process that is killed in the middle of every stretch of time."""

    def __init__(self, path: Path, start: str) -> None:
        self.path, self.start = path, start
        self.process = Process(path, RULES, start, schema=schema())

    def event(self, type: str, id: str, kind: str, **data: Any) -> None:
        """See Process."""
        self.process.event(type, SubjectKey(kind, id), **data)

    def until(self, moment: str) -> None:
        """Let time pass, with an end in between."""
        self.process.until_instant((self.process.now + parse_instant(moment)) // 2)
        number, now = self.process._number, self.process.now
        self.process.kill()
        self.process = Process(self.path, RULES, self.start, schema=schema())
        self.process.now, self.process._number = now, number
        self.process.until(moment)


def test_a_wait_in_business_time_skips_holidays_and_does_not_move_when_a_field_changes() -> None:
    story = Story(
        'on tag added "x" do wait 4h in "Office"; add tag "done"',
        start="2026-04-02T14:00:00Z",
        schema=schema(),
    )
    story.contact(time_zone="Europe/Berlin", score=1)
    story.event("contact.tag_added", tag="x")
    assert waits(story) == ["2026-04-07T10:00"]
    story.until("2026-04-04T00:00:00Z")
    story.event("record.updated", fields={"score": 2})
    story.until("2026-04-07T10:00:00Z")
    assert "done" in story.fields()["tags"]
    assert len(waits(story)) == 1


def test_a_calendar_that_never_opens_again_fails_the_run_with_a_sentence() -> None:
    shut = 'calendar "Shut": monday to friday 9:00 to 17:00, pause 2026-01-01 to 2036-01-01'
    story = Story('on tag added "x" do wait 4h in "Shut"; add tag "done"', schema=schema(shut))
    story.contact()
    story.event("contact.tag_added", tag="x")
    assert story.reasons("failed") == ["the time to wait for is not set"]


@pytest.mark.parametrize(
    ("mode", "sent"),
    [("hold", ["2026-03-02T08:00"]), ("drop", [])],
)
def test_messages_wait_for_business_hours_or_are_dropped(mode: str, sent: list[str]) -> None:
    policy = f'policy\n  business hours for email: "Office", {mode}\nend'
    rule = 'on tag added "x" do send email template("hello"); add tag "after"'
    story = Story(rule, "2026-02-28T12:00:00Z", HELLO, schema=schema(policy))
    story.contact(email="a@b.test", time_zone="Europe/Berlin")
    story.event("contact.tag_added", tag="x")
    assert story.effects() == []
    story.until("2026-03-02T12:00:00Z")
    from rulelang.calendar import instant_text

    assert [instant_text(row.effect.created_at)[:16] for row in story.effects()] == sent
    assert "after" in story.fields()["tags"]
    kind = "waiting" if mode == "hold" else "suppressed"
    assert any("outside of the business hours of `Office`" in reason for reason in story.reasons(kind))


def test_transactional_messages_and_other_channels_are_exempt() -> None:
    policy = 'policy\n  business hours for sms: "Office", drop\nend'
    rule = 'on tag added "x" do send email template("hello")'
    story = Story(rule, "2026-02-28T12:00:00Z", HELLO, schema=schema(policy))
    story.contact(email="a@b.test")
    story.event("contact.tag_added", tag="x")
    assert len(story.effects()) == 1
    policy = 'policy\n  business hours: "Office", drop\nend'
    rule = 'on tag added "x" do send email template("hello", transactional: true)'
    story = Story(rule, "2026-02-28T12:00:00Z", HELLO, schema=schema(policy))
    story.contact(email="a@b.test")
    story.event("contact.tag_added", tag="x")
    assert len(story.effects()) == 1


def test_without_a_calendar_there_is_an_office() -> None:
    assert messages('on tag added "x" do wait 4h in "Office"; stop') == []
    assert messages(CALENDARS + 'on tag added "x" do wait 4h in "York"; stop') == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('on contact created do wait 4h in "Ofice"; stop', "there is no calendar `Ofice`"),
        (
            'on contact created do wait 1mo in "Office"; stop',
            "business time is counted in days, hours and minutes",
        ),
        ('on contact created do wait score in "Office"; stop', "`score`"),
        ('on contact created when is_open("Nope") do stop', "there is no calendar `Nope`"),
        ("on contact created when is_open(first_name) do stop", "there is no calendar `first_name`"),
        ('calendar "A": monday 9:00', "`monday 9:00` is no part of a calendar"),
        ('calendar "A": mon to fri 9:00 to 17:00', "is no part of a calendar"),
        ('calendar "A": monday 9:00 to 17:00, pause 2026-02-01 to 2026-01-01', "is no part of a calendar"),
        ('calendar "A": holidays 2026-12-25', "the calendar `A` has no hours"),
        ('calendar "A"\n  time_zone: "Mars"\n  hours: monday 9:00 to 17:00\nend', "Mars"),
        ('calendar "A": monday 9:00 to 17:00\ncalendar "A": monday 9:00 to 17:00', "calendar"),
        ('policy\n  business hours: "Nope", hold\nend', "there is no calendar `Nope`"),
        ("policy\n  business hours: Office, hold\nend", "is no line of a policy"),
        ("calendar: monday 9:00 to 17:00", "calendar"),
    ],
)
def test_mistakes_are_said(text: str, message: str) -> None:
    found = messages(text)
    assert len(found) == 1, found
    assert message in found[0]
