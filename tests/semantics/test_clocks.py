"""Trouble with clocks and calendars: each scene runs in simulation and on the real engine, with equal timelines."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulelang.workspace import load_workspace
from tests.semantics.reading import done, entries, reasons, times
from tests.support.rules import SCHEMA, catalogue
from tests.support.twice import Scene, event, played

QUIET = SCHEMA + "policy\n  quiet hours: 21:00 to 8:00, hold\nend\n"


def test_a_time_in_the_gap_of_the_spring_is_the_first_instant_after_it(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do wait until 2:30; add tag "done"',
        contacts=[{"id": "c_1"}, {"id": "c_2", "time_zone": "America/New_York"}],
        events=[
            event("2026-03-28T22:00:00Z", "contact.tag_added", tag="x"),
            event("2026-03-08T05:00:00Z", "contact.tag_added", "c_2", tag="x"),
        ],
    )
    timeline = played(scene, tmp_path)
    assert times(timeline, "resumed") == ["2026-03-08T08:00:00+01:00", "2026-03-29T03:00:00+02:00"]


def test_a_time_that_occurs_twice_in_the_autumn_is_the_first(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do wait until 2:30; add tag "done"',
        start="2026-10-24T12:00:00Z",
        events=[event("2026-10-24T22:00:00Z", "contact.tag_added", tag="x")],
        until="2026-10-27T00:00:00Z",
    )
    assert times(played(scene, tmp_path), "resumed") == ["2026-10-25T02:30:00+02:00"]


def test_a_day_is_no_24_hours_when_the_clocks_change(tmp_path: Path) -> None:
    scene = Scene(
        'rule "Day" on tag added "x" do wait 1d; add tag "day" end\n'
        'rule "Hours" on tag added "x" do wait 24h; add tag "hours" end',
        start="2026-03-28T12:00:00Z",
        events=[event("2026-03-28T12:00:00Z", "contact.tag_added", tag="x")],
    )
    timeline = played(scene, tmp_path)
    assert times(timeline, "resumed", rule="Day") == ["2026-03-29T13:00:00+02:00"]
    assert times(timeline, "resumed", rule="Hours") == ["2026-03-29T14:00:00+02:00"]


def test_who_is_born_on_29_february_has_a_birthday_each_year(tmp_path: Path) -> None:
    scene = Scene(
        "on birthday at 9:00 do set score = event.age",
        contacts=[{"id": "c_1", "birth_date": "2000-02-29"}],
        start="2026-01-01T00:00:00Z",
        until="2028-12-01T00:00:00Z",
    )
    assert done(played(scene, tmp_path), "set", "value") == [
        ("2026-02-28T09:00:00+01:00", 26),
        ("2027-02-28T09:00:00+01:00", 27),
        ("2028-02-29T09:00:00+01:00", 28),
    ]


def test_a_year_after_29_february_is_28_february(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do set renewal_date = renewal_date + 1y; wait until renewal_date; add tag "due"',
        contacts=[{"id": "c_1", "renewal_date": "2028-02-29"}],
        start="2028-06-01T00:00:00Z",
        events=[event("2028-06-01T00:00:00Z", "contact.tag_added", tag="x")],
        until="2029-03-03T00:00:00Z",
    )
    assert done(played(scene, tmp_path)) == [("2029-02-28T00:00:00+01:00", "due")]


def test_an_unknown_zone_in_the_data_falls_back_and_says_so(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do wait until 9:00; add tag "done"',
        contacts=[{"id": "c_1", "time_zone": "Mars/Olympus"}],
        events=[event("2026-03-02T12:00:00Z", "contact.tag_added", tag="x")],
    )
    timeline = played(scene, tmp_path)
    assert times(timeline, "resumed") == ["2026-03-03T09:00:00+01:00"]
    assert "`Mars/Olympus`" in reasons(timeline, "waiting")[0]


@pytest.mark.parametrize(
    ("text", "underlined"),
    [
        ('workspace\n  time_zone: "Mars/Olympus"\nend', '"Mars/Olympus"'),
        ('on tag added "x" do set time_zone = "Mars/Olympus"', '"Mars/Olympus"'),
        ('on tag added "x" when time_zone = "Mars/Olympus" do add tag "m"', '"Mars/Olympus"'),
    ],
)
def test_an_unknown_zone_in_the_text_is_an_error_where_it_is_written(text: str, underlined: str) -> None:
    checked = load_workspace({"a.rules": text}, catalogue(), {})
    (error,) = [d for d in checked.diagnostics if d.is_error]
    assert error.source.slice(error.span) == underlined


def test_a_date_that_moves_takes_the_wait_with_it(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do wait until renewal_date - 2d; add tag "done"',
        contacts=[{"id": "c_1", "renewal_date": "2026-03-10"}],
        events=[
            event("2026-03-02T12:00:00Z", "contact.tag_added", tag="x"),
            event("2026-03-03T12:00:00Z", "record.updated", fields={"renewal_date": "2026-03-20"}),
            event("2026-03-09T12:00:00Z", "record.updated", fields={"renewal_date": "2026-03-15"}),
        ],
    )
    timeline = played(scene, tmp_path)
    assert done(timeline) == [("2026-03-13T00:00:00+01:00", "done")]
    assert [e["due"][:10] for e in entries(timeline, "waiting")] == ["2026-03-08", "2026-03-18", "2026-03-13"]


def test_a_date_that_moves_into_the_past_ends_the_wait_at_once(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do wait until renewal_date; add tag "done"',
        contacts=[{"id": "c_1", "renewal_date": "2026-03-10"}],
        events=[
            event("2026-03-02T12:00:00Z", "contact.tag_added", tag="x"),
            event("2026-03-03T12:00:00Z", "record.updated", fields={"renewal_date": "2026-03-01"}),
        ],
    )
    assert done(played(scene, tmp_path)) == [("2026-03-03T13:00:00+01:00", "done")]


def test_a_downtime_of_a_year_makes_up_for_waits_once_and_in_order(tmp_path: Path) -> None:
    scene = Scene(
        'rule "Wait" on tag added "x" do wait 10d; add tag "late"; wait 1d; add tag "next" end\n'
        'rule "Birthday" on birthday do set score = event.age end\n'
        'rule "Cart" on cart abandoned for 1h do add tag "cart" end',
        contacts=[{"id": "c_1"}, {"id": "c_2", "birth_date": "1990-03-20"}],
        events=[
            event("2026-03-02T12:00:00Z", "contact.tag_added", tag="x"),
            event("2026-03-02T12:00:00Z", "cart.updated", cart_id="k", value=10),
            event("2026-03-05T12:00:00Z", "contact.tag_added", "c_2", tag="x"),
        ],
        down=("2026-03-02T12:30:00Z", "2027-03-25T12:00:00Z"),
        until="2027-04-01T00:00:00Z",
    )
    timeline = played(scene, tmp_path)
    back = "2027-03-25T13:00:00+01:00"
    assert done(timeline) == [(back, "cart"), (back, "late"), ("2027-03-26T13:00:00+01:00", "next")]
    assert times(timeline, "action", rule="Birthday") == [back]


def test_quiet_hours_end_by_the_clock_on_the_wall_when_the_clocks_change(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do send email template("hello")',
        schema=QUIET,
        contacts=[
            {"id": "c_1", "email": "lea@x.test"},
            {"id": "c_2", "email": "bo@x.test", "time_zone": "America/New_York"},
        ],
        start="2026-03-01T00:00:00Z",
        events=[
            event("2026-03-28T21:00:00Z", "contact.tag_added", tag="x"),
            event("2026-03-08T04:00:00Z", "contact.tag_added", "c_2", tag="x"),
        ],
    )
    timeline = played(scene, tmp_path)
    assert times(timeline, "action") == ["2026-03-08T13:00:00+01:00", "2026-03-29T08:00:00+02:00"]
    assert all("quiet hours" in reason for reason in reasons(timeline, "waiting"))
