"""Schedules: which times they name, in which zone, what a downtime leaves of them, and the same on SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rulelang.calendar import local, parse_instant
from rulelang.editor.service import EditorService
from rulelang.schedule import describe, is_cron, preview
from rulelang.workspace import load_workspace
from runtime.model import SubjectKey
from tests.alarms.cores import Process
from tests.support.process import command
from tests.support.rules import SCHEMA, Story, catalogue, check

ANA, BO = SubjectKey("contact", "ana"), SubjectKey("contact", "bo")
BERLIN = ZoneInfo("Europe/Berlin")


def times(phrase: str, since: str, count: int = 5, zone: ZoneInfo = BERLIN) -> list[str]:
    """The next times of a schedule on the wall."""
    clock = check(f"on {phrase} do stop").plans[0].clocks[0]
    return [
        f"{local(due, zone):%a %m-%d %H:%M}"
        for due in preview(clock.params, zone, parse_instant(since), count)
    ]


def messages(text: str) -> list[str]:
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), {})
    return [d.message for d in checked.diagnostics if d.is_error]


# --- which times -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("every day", ["Mon 03-02 08:00", "Tue 03-03 08:00", "Wed 03-04 08:00"]),
        ("every monday at 9:00", ["Mon 03-02 09:00", "Mon 03-09 09:00", "Mon 03-16 09:00"]),
        ("every weekday at 18:30", ["Mon 03-02 18:30", "Tue 03-03 18:30", "Wed 03-04 18:30"]),
        ("every weekend", ["Sat 03-07 08:00", "Sun 03-08 08:00", "Sat 03-14 08:00"]),
        ("every first monday of month", ["Mon 03-02 08:00", "Mon 04-06 08:00", "Mon 05-04 08:00"]),
        ("every last friday of month at 16:00", ["Fri 03-27 16:00", "Fri 04-24 16:00", "Fri 05-29 16:00"]),
        ("every last day of month", ["Tue 03-31 08:00", "Thu 04-30 08:00", "Sun 05-31 08:00"]),
        ("every last weekday of month", ["Tue 03-31 08:00", "Thu 04-30 08:00", "Fri 05-29 08:00"]),
        ("every day 31 of month", ["Tue 03-31 08:00", "Thu 04-30 08:00", "Sun 05-31 08:00"]),
        ('cron "0 9 * * 1"', ["Mon 03-02 09:00", "Mon 03-09 09:00", "Mon 03-16 09:00"]),
        ('cron "0 9 L * *"', ["Tue 03-31 09:00", "Thu 04-30 09:00", "Sun 05-31 09:00"]),
        ('cron "0 9 * * 1#1"', ["Mon 03-02 09:00", "Mon 04-06 09:00", "Mon 05-04 09:00"]),
        ("every monday at 9:00 ending 2026-03-09", ["Mon 03-02 09:00", "Mon 03-09 09:00"]),
        ('cron "0 9 * * 1" ending 2026-03-08', ["Mon 03-02 09:00"]),
    ],
)
def test_the_times_that_a_phrase_names(phrase: str, expected: list[str]) -> None:
    assert times(phrase, "2026-03-01T12:00:00Z", 3) == expected


def test_the_29th_of_february_is_the_last_day_in_common_years() -> None:
    assert times("every day 29 of month", "2027-02-01T00:00:00Z", 1) == ["Sun 02-28 08:00"]
    assert times("every day 29 of month", "2028-02-01T00:00:00Z", 1) == ["Tue 02-29 08:00"]


def test_a_time_that_the_clocks_skip_is_the_first_instant_after_the_gap() -> None:
    assert times("every day at 2:30", "2026-03-28T00:00:00Z", 3) == [
        "Sat 03-28 02:30",
        "Sun 03-29 03:00",
        "Mon 03-30 02:30",
    ]


def test_many_times_in_the_gap_are_due_once() -> None:
    assert times('cron "*/15 2,3 * * *"', "2026-03-29T00:30:00Z", 4) == [
        "Sun 03-29 03:00",
        "Sun 03-29 03:15",
        "Sun 03-29 03:30",
        "Sun 03-29 03:45",
    ]


def test_a_time_that_occurs_twice_is_due_at_the_first() -> None:
    clock = check("on every day at 2:30 do stop").plans[0].clocks[0]
    dues = preview(clock.params, BERLIN, parse_instant("2026-10-24T12:00:00Z"), 2)
    assert dues == [parse_instant("2026-10-25T00:30:00Z"), parse_instant("2026-10-26T01:30:00Z")]
    again = preview(clock.params, BERLIN, parse_instant("2026-10-25T00:31:00Z"), 1)
    assert again == [parse_instant("2026-10-26T01:30:00Z")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('on cron "0 9 * *" do stop', '`cron` is a cron expression of five fields such as `"0 9 * * 1"`'),
        ('on cron "0 0 30 2 *" do stop', "`cron` is a cron expression"),
        ("on every day 32 of month do stop", "`number` is a whole number from 1 to 31"),
        ("on every day 0 of month do stop", "`number` is a whole number from 1 to 1000"),
        ("on every day at score do stop", "`time` is a time of day"),
    ],
)
def test_mistakes_are_said(text: str, message: str) -> None:
    assert any(message in found for found in messages(text)), messages(text)


def test_what_is_no_cron_expression() -> None:
    assert is_cron("*/5 * * * *")
    assert not any(is_cron(text) for text in ("", "* * * *", "* * * * * *", "60 * * * *", "0 0 31 2 *"))


# --- who, when ---------------------------------------------------------------------------------------

RULES = (
    'rule "monday" on every monday at 9:00 when score > 5 do set score = score + 1; wait 2d; add tag "after"\n'
    'rule "last" on every last day of month at 17:00 ending 2026-04-30 do add tag "last"\n'
    'rule "cron" on cron "30 2 * * *" when tags contains "after" do add tag "night"\n'
    'rule "wait" on tag added "after" do wait on every friday at 12:00 timeout 30d; add tag "friday"\n'
)


def live(world: Any, event: Any) -> None:
    """Two months of a small workspace, with a change of the clocks and a journey."""
    for id, zone in (("a", "Europe/Berlin"), ("b", "America/New_York"), ("c", None)):
        fields = {"score": 10 if id != "c" else 1, **({"time_zone": zone} if zone else {})}
        event("record.updated", id, "contact", fields=fields)
    world.until("2026-03-16T09:30:00Z")
    event("record.updated", "a", "contact", fields={"time_zone": "America/New_York"})
    event("record.updated", "b", "contact", fields={"time_zone": "Asia/Tokyo"})
    world.until("2026-05-02T00:00:00Z")


def test_the_engine_fires_as_the_simulation_does_also_when_it_is_killed_meanwhile(tmp_path: Path) -> None:
    start = "2026-03-01T09:00:00Z"
    story = Story(RULES, start=start)
    live(story, story.event)
    process = Process(tmp_path / "db", RULES, start)
    killed = _Killed(tmp_path / "db", process)
    live(killed, lambda type, id, kind, **data: killed.process.event(type, SubjectKey(kind, id), **data))
    journal = killed.process.journal()
    assert journal == story.simulation.timeline()
    assert {e.rule for _, e in journal if e.kind == "enrolled"} == {"monday", "last", "cron", "wait"}
    mondays = [e.at for key, e in journal if key.id == "a" and e.kind == "enrolled" and e.rule == "monday"]
    assert len(mondays) == len(set(mondays)) == 9
    killed.process.close()


class _Killed:
    """A process that is killed, and started anew, in the middle of the time that it lets pass."""

    def __init__(self, path: Path, process: Process) -> None:
        self.path = path
        self.process = process

    def until(self, moment: str) -> None:
        """Let time pass, with an end in between."""
        self.process.until_instant((self.process.now + parse_instant(moment)) // 2)
        number, now = self.process._number, self.process.now
        self.process.kill()
        self.process = Process(self.path, RULES, "2026-03-01T09:00:00Z")
        self.process.now, self.process._number = now, number
        self.process.until(moment)


def test_only_those_for_whom_when_holds_at_the_moment_are_enrolled() -> None:
    story = Story('on every day at 9:00 when score > 5 do add tag "x"', start="2026-03-01T12:00:00Z")
    story.record("contact", "ana", score=1)
    story.record("contact", "bo", score=9)
    story.until("2026-03-02T07:59:00Z")
    story.event("record.updated", "ana", fields={"score": 7})
    story.event("record.updated", "bo", fields={"score": 2})
    story.until("2026-03-02T08:00:00Z")
    enrolled = [key.id for key, e in story.simulation.timeline() if e.kind == "enrolled"]
    assert enrolled == ["ana"]


def test_what_was_missed_fires_once_and_late(tmp_path: Path) -> None:
    text = "on every weekday at 9:00 do set score = score + 1"
    process = Process(tmp_path / "db", text, "2026-03-01T12:00:00Z")
    process.put(ANA, score=0)
    process.until("2026-03-03T12:00:00Z")
    assert process.state(ANA).fields["score"] == 2
    process.kill()
    process = Process(tmp_path / "db", text, "2026-03-20T10:00:00Z")
    process.rest()
    assert process.state(ANA).fields["score"] == 3
    assert process.rung()[-1] == "2026-03-20T10:00:00Z"
    process.until("2026-03-23T12:00:00Z")
    assert process.state(ANA).fields["score"] == 4
    process.close()


def test_a_year_without_an_engine_costs_one_look_at_each_schedule(tmp_path: Path) -> None:
    text = 'on cron "* * * * *" do set score = score + 1'
    process = Process(tmp_path / "db", text, "2026-03-01T12:00:30Z")
    process.put(ANA, score=0)
    process.until("2026-03-01T12:03:30Z")
    process.kill()
    process = Process(tmp_path / "db", text, "2027-03-01T12:00:30Z")
    process.until("2027-03-01T12:02:30Z")
    assert process.state(ANA).fields["score"] == 6
    process.close()


def test_who_travels_has_no_monday_twice_and_misses_none() -> None:
    story = Story("on every monday at 9:00 do set score = 1", start="2026-03-01T12:00:00Z")
    story.record("contact", "ana", time_zone="Asia/Tokyo")
    story.until("2026-03-02T06:00:00Z")
    story.event("record.updated", "ana", fields={"time_zone": "America/New_York"})
    story.until("2026-03-08T23:00:00Z")
    story.event("record.updated", "ana", fields={"time_zone": "Europe/Berlin"})
    story.until("2026-03-09T07:30:00Z")
    story.event("record.updated", "ana", fields={"time_zone": "Asia/Tokyo"})
    story.until("2026-03-16T12:00:00Z")
    rung = [e.input["local"] for e in story.entries if e.action == "schedule.due"]
    assert rung == ["2026-03-02T09:00", "2026-03-09T09:00", "2026-03-16T09:00"]


def test_without_a_schedule_nothing_is_kept(tmp_path: Path) -> None:
    process = Process(tmp_path / "db", 'on contact updated do add tag "x"', "2026-03-01T12:00:00Z")
    process.event("record.updated", ANA, fields={"score": 1})
    assert process.alarms() == 0
    process.deploy("on every day do stop")
    process.rest()
    assert process.alarms() == 1
    process.close()


# --- previews ----------------------------------------------------------------------------------------


def test_the_hover_says_when_it_fires_next() -> None:
    text = "on every monday at 9:00 do stop\n"
    checked = load_workspace({"schema.rules": SCHEMA, "a.rules": text}, catalogue(), {})
    service = EditorService(checked, lambda: parse_instant("2026-03-01T12:00:00Z"))
    found = service.with_text("a.rules", "# more\n" + text).hover("a.rules", "# more\n" + text, 12)
    assert found is not None
    assert (
        "Next, for records without a zone of their own (Europe/Berlin):\n\n- Mon 2026-03-02 09:00"
        in found.text
    )
    assert found.text.count("\n- Mon") == 5
    assert "Next" not in (EditorService(checked).hover("a.rules", text, 5) or found).text


def test_next_lists_the_times_of_each_schedule(tmp_path: Path) -> None:
    file = tmp_path / "a.rules"
    file.write_text('rule "m" draft on every monday at 9:00 do stop\nrule "b" on birthday do stop\n')
    done = command("next", file, "--from", "2026-03-28T00:00", "--count", "2", "--zone", "Europe/Berlin")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout
        == "`m` (draft)  every monday at 09:00, in Europe/Berlin\n  2026-03-30  09:00\n  2026-04-06  09:00\n"
        "`b`  birthday at 08:00: depends on each record, name one with --subject contact:ID\n"
    )
    done = command("next", file, "m", "--from", "2026-03-28", "--count", "1", "--format", "json")
    assert '"next": [\n      "2026-03-30T09:00:00.000Z"\n    ]' in done.stdout
    done = command("next", file, "nobody")
    assert done.returncode == 2
    assert "there is no rule `nobody` here" in done.stderr
    of_records = "`b`  birthday at 08:00: depends on each record, name one with --subject contact:ID\n"
    assert command("next", file, "b", "--from", "2026-03-28").stdout == of_records
    file.write_text('rule "t" on user login do stop\n')
    nothing = "no rule has a schedule or another trigger of the clock\n"
    assert command("next", file).stdout == nothing


def test_a_schedule_is_described_in_the_words_of_a_rule() -> None:
    for phrase in (
        "every first monday of month at 09:00",
        "every day 3 of month at 08:00",
        'cron "0 9 * * 1"',
    ):
        assert (
            describe(check(f"on {phrase} ending 2027-01-01 do stop").plans[0].clocks[0].params)
            == f"{phrase} ending 2027-01-01"
        )
