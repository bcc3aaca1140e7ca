"""Segments, statuses, health, rules that begin by a condition, absent events: equal in simulation and on the engine.

The engine is ended and started anew between any two things that happen (tests/support/twice.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.semantics.reading import done, entries, reasons, times
from tests.support.twice import Scene, Timeline, event, played

ZONE = 'workspace\n  time_zone: "Europe/Berlin"\nend\n'
ENTERED = 'on segment entered "{0}" do add tag "{0} in"\non segment left "{0}" do add tag "{0} out"\n'


def tags(timeline: Timeline) -> list[tuple[str, Any]]:
    return done(timeline)


def changed(at: str, subject: str = "c_1", kind: str = "contact", **fields: Any) -> dict[str, Any]:
    return event(at, "record.updated", subject, kind, fields=fields)


# --- segments ----------------------------------------------------------------------------------------


def test_an_order_leaves_its_window_at_the_very_moment_it_is_too_old(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Buyers" for contact: count(order placed in 5d) >= 2\n' + ENTERED.format("Buyers"),
        contacts=[{"id": "c_1", "time_zone": "Europe/Berlin"}],
        events=[
            event("2026-03-03T10:00:00Z", "order.placed", value=5),
            event("2026-03-04T09:30:00Z", "order.placed", value=5),
            event("2026-03-26T12:00:00Z", "order.placed", value=5),
            event("2026-03-27T12:00:00Z", "order.placed", value=5),
        ],
        start="2026-03-02T09:00:00Z",
        until="2026-04-10T00:00:00Z",
    )
    # The second stay ends on a day after the clocks went forward: five calendar days are an hour less.
    assert tags(played(scene, tmp_path)) == [
        ("2026-03-04T10:30:00+01:00", "Buyers in"),
        ("2026-03-08T11:00:00+01:00", "Buyers out"),
        ("2026-03-27T13:00:00+01:00", "Buyers in"),
        ("2026-03-31T13:00:00+02:00", "Buyers out"),
    ]


def test_a_late_event_counts_from_when_it_occurred(tmp_path: Path) -> None:
    late = event("2026-03-05T09:00:00Z", "order.placed", value=5, occurred_at="2026-03-03T09:00:00Z")
    stale = event("2026-03-05T10:00:00Z", "order.placed", value=5, occurred_at="2026-02-01T09:00:00Z")
    scene = Scene(
        'segment "Buyers" for contact: count(order placed in 5d) >= 1\n' + ENTERED.format("Buyers"),
        contacts=[{"id": "c_1"}],
        events=[late, stale],
    )
    assert tags(played(scene, tmp_path)) == [
        ("2026-03-05T10:00:00+01:00", "Buyers in"),
        ("2026-03-08T10:00:00+01:00", "Buyers out"),
    ]


def test_only_events_that_pass_the_condition_count(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Big" for contact: count(order placed in 30d where value >= $100) >= 1\n'
        + ENTERED.format("Big"),
        contacts=[{"id": "c_1"}],
        events=[
            event("2026-03-03T09:00:00Z", "order.placed", value=99),
            event("2026-03-04T09:00:00Z", "order.placed", value=100),
        ],
    )
    assert [at for at, _ in tags(played(scene, tmp_path))][:1] == ["2026-03-04T10:00:00+01:00"]


def test_who_has_not_come_for_a_week_is_known_without_any_event(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Away" for contact: last(user login) < now - 7d\n' + ENTERED.format("Away"),
        contacts=[{"id": "c_1"}],
        events=[
            event("2026-03-03T09:00:00Z", "user.logged_in"),
            event("2026-03-09T09:00:00Z", "user.logged_in"),
            event("2026-03-20T09:00:00Z", "user.logged_in"),
        ],
        until="2026-03-25T00:00:00Z",
    )
    assert tags(played(scene, tmp_path)) == [
        ("2026-03-16T10:00:00.001+01:00", "Away in"),
        ("2026-03-20T10:00:00+01:00", "Away out"),
    ]


def test_a_date_brings_in_and_takes_out_at_midnight_where_the_record_lives(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Soon" for contact: renewal_date between today and today + 3d\n' + ENTERED.format("Soon"),
        contacts=[{"id": "c_1", "renewal_date": "2026-03-10", "time_zone": "America/New_York"}],
    )
    assert tags(played(scene, tmp_path)) == [
        ("2026-03-07T06:00:00+01:00", "Soon in"),
        ("2026-03-11T05:00:00+01:00", "Soon out"),
    ]


def test_a_segment_of_segments_follows_in_the_same_instant_in_whatever_order_they_are_written(
    tmp_path: Path,
) -> None:
    scene = Scene(
        'segment "Both" for contact: in segment "Buyers" and in segment "Hot"\n'
        'segment "Neither" for contact: not in segment "Buyers" and not in segment "Hot"\n'
        'segment "Hot" for contact: score >= 80\n'
        'segment "Buyers" for contact: count(order placed in 2d) >= 1\n'
        + ENTERED.format("Both")
        + ENTERED.format("Neither"),
        contacts=[{"id": "c_1", "score": 90}],
        events=[event("2026-03-03T09:00:00Z", "order.placed"), changed("2026-03-04T09:00:00Z", score=10)],
    )
    timeline = played(scene, tmp_path)
    assert tags(timeline) == [
        ("2026-03-03T10:00:00+01:00", "Both in"),
        ("2026-03-04T10:00:00+01:00", "Both out"),
        ("2026-03-05T10:00:00+01:00", "Neither in"),
    ]
    assert entries(timeline, "derived", action="conditions.changed")[-1]["changes"] == {
        "segments": [["Buyers"], ["Neither"]]
    }


def test_a_field_of_the_account_touches_its_contacts_and_nobody_else(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Rich" for contact: account.revenue > 100EUR\n'
        'segment "Theirs" for contact: account in segment "Large"\n'
        'segment "Large" for account: employees >= 100\n' + ENTERED.format("Rich") + ENTERED.format("Theirs"),
        contacts=[{"id": "c_1", "account_id": "a_1"}, {"id": "c_2", "account_id": "a_2"}, {"id": "c_3"}],
        accounts=[{"id": "a_1"}, {"id": "a_2"}],
        events=[
            changed("2026-03-03T09:00:00Z", "a_1", "account", revenue=500),
            changed("2026-03-04T09:00:00Z", "a_1", "account", employees=100, revenue=5),
            changed("2026-03-05T09:00:00Z", "a_2", "account", name="Beta"),
            changed("2026-03-06T09:00:00Z", "c_1", account_id="a_2"),
            changed("2026-03-07T09:00:00Z", "c_3", account_id="a_1"),
        ],
    )
    timeline = played(scene, tmp_path)
    assert [(e["at"], e["subject"]["id"], e["input"]["tag"]) for e in entries(timeline, "action")] == [
        ("2026-03-03T10:00:00+01:00", "c_1", "Rich in"),
        ("2026-03-04T10:00:00+01:00", "c_1", "Rich out"),
        ("2026-03-04T10:00:00+01:00", "c_1", "Theirs in"),
        ("2026-03-06T10:00:00+01:00", "c_1", "Theirs out"),
        ("2026-03-07T10:00:00+01:00", "c_3", "Theirs in"),
    ]


def test_logins_of_its_contacts_count_for_an_account(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Active" for account: count(user login in 3d) >= 2\n'
        'rule "a" for account on segment entered "Active" do add tag "in"\n'
        'rule "b" for account on segment left "Active" do add tag "out"',
        contacts=[{"id": "c_1", "account_id": "a_1"}, {"id": "c_2", "account_id": "a_1"}, {"id": "c_3"}],
        accounts=[{"id": "a_1"}],
        events=[
            event("2026-03-03T09:00:00Z", "user.logged_in"),
            event("2026-03-03T10:00:00Z", "user.logged_in", "c_3"),
            event("2026-03-04T09:00:00Z", "user.logged_in", "c_2"),
        ],
    )
    assert tags(played(scene, tmp_path)) == [
        ("2026-03-04T10:00:00+01:00", "in"),
        ("2026-03-06T10:00:00+01:00", "out"),
    ]


def test_a_step_of_a_run_may_take_its_subject_into_a_segment_that_ends_the_run(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Hot" for contact: score >= 80\n'
        'rule "Nurse"\n  on tag added "x"\n  exit when in segment "Hot"\n'
        'do\n  wait 1d; set score = 90; add tag "never"\nend\n'
        'on segment entered "Hot" do add tag "hot"',
        contacts=[{"id": "c_1"}],
        events=[event("2026-03-03T09:00:00Z", "contact.tag_added", tag="x")],
    )
    timeline = played(scene, tmp_path)
    assert tags(timeline) == [("2026-03-04T10:00:00+01:00", "hot")]
    assert reasons(timeline, "exited") == ['the exit condition holds: segments contains "Hot"']


def test_a_segment_without_a_condition_is_kept_by_events(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Webinar" for contact\n'
        'segment "Keen" for contact: in segment "Webinar" and score >= 50\n'
        + ENTERED.format("Webinar")
        + ENTERED.format("Keen"),
        contacts=[{"id": "c_1", "score": 60}],
        events=[
            event("2026-03-03T09:00:00Z", "segment.entered", segment="Webinar"),
            event("2026-03-04T09:00:00Z", "segment.left", segment="Webinar"),
            event("2026-03-05T09:00:00Z", "segment.entered", segment="Elsewhere"),
        ],
    )
    assert sorted(tags(played(scene, tmp_path))) == [
        ("2026-03-03T10:00:00+01:00", "Keen in"),
        ("2026-03-03T10:00:00+01:00", "Webinar in"),
        ("2026-03-04T10:00:00+01:00", "Keen out"),
        ("2026-03-04T10:00:00+01:00", "Webinar out"),
    ]


def test_a_downtime_makes_leaving_late_and_once(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Buyers" for contact: count(order placed in 5d) >= 1\n' + ENTERED.format("Buyers"),
        contacts=[{"id": "c_1"}],
        events=[event("2026-03-03T09:00:00Z", "order.placed")],
        down=("2026-03-05T00:00:00Z", "2026-03-20T12:00:00Z"),
    )
    assert tags(played(scene, tmp_path)) == [
        ("2026-03-03T10:00:00+01:00", "Buyers in"),
        ("2026-03-20T13:00:00+01:00", "Buyers out"),
    ]


def test_a_new_segment_takes_its_members_in_without_a_flood_and_then_follows_them(tmp_path: Path) -> None:
    rules = 'segment "Hot" for contact: score >= 80\n' + ENTERED.format("Hot")
    scene = Scene(
        'on tag added "x" do stop',
        contacts=[{"id": f"c_{n}", "score": 75 + n} for n in range(1, 10)],
        edits={"2026-03-03T09:00:00Z": rules},
        events=[
            changed("2026-03-04T09:00:00Z", "c_9", score=10),
            changed("2026-03-05T09:00:00Z", "c_1", score=85),
        ],
    )
    assert tags(played(scene, tmp_path)) == [
        ("2026-03-04T10:00:00+01:00", "Hot out"),
        ("2026-03-05T10:00:00+01:00", "Hot in"),
    ]


def test_orders_that_were_recorded_before_a_segment_was_declared_count_for_it(tmp_path: Path) -> None:
    rules = (
        'segment "Buyers" for contact: count(order placed in 10d where value > 10EUR) >= 2\n'
        'when last(order placed) < now - 9d do add tag "long ago"\n' + ENTERED.format("Buyers")
    )
    scene = Scene(
        'on tag added "x" do stop',
        contacts=[{"id": "c_1"}, {"id": "c_2"}],
        events=[
            event("2026-03-02T10:00:00Z", "order.placed", value=50),
            event("2026-03-02T10:00:00Z", "order.placed", "c_2", value=50),
            event("2026-03-03T10:00:00Z", "order.placed", value=5),
            event("2026-03-03T10:00:00Z", "order.placed", value=50),
            event("2026-03-05T10:00:00Z", "order.placed", "c_2", value=50),
        ],
        edits={"2026-03-04T09:00:00Z": rules},
    )
    timeline = played(scene, tmp_path)
    assert [(e["at"][:10], e["subject"]["id"], e["input"]["tag"]) for e in entries(timeline, "action")] == [
        ("2026-03-05", "c_2", "Buyers in"),
        ("2026-03-12", "c_1", "Buyers out"),
        ("2026-03-12", "c_2", "Buyers out"),
        ("2026-03-12", "c_1", "long ago"),
        ("2026-03-14", "c_2", "long ago"),
    ]


def test_a_segment_that_is_taken_back_leaves_nothing_behind(tmp_path: Path) -> None:
    scene = Scene(
        'segment "Hot" for contact: score >= 80\nsegment "Kept" for contact',
        contacts=[{"id": "c_1", "score": 90}],
        events=[
            event("2026-03-02T10:00:00Z", "segment.entered", segment="Kept"),
            event("2026-03-05T09:00:00Z", "contact.tag_added", tag="x"),
        ],
        edits={"2026-03-03T09:00:00Z": 'on tag added "x" do set company = join(segments, "+")'},
    )
    assert done(played(scene, tmp_path), "set", "value") == [("2026-03-05T10:00:00+01:00", "Kept")]


# --- status and health -------------------------------------------------------------------------------


def test_the_first_status_whose_condition_holds_is_taken_and_the_one_set_by_hand_comes_back(
    tmp_path: Path,
) -> None:
    scene = Scene(
        "health for account: good from 70, average from 40, bad\n"
        'rule "down" for account on health drops to bad do add tag "bad"\n'
        'rule "up" for account on health improves to good do add tag "good"\n'
        'rule "s" for account on status becomes at_risk do add tag "risk"\n'
        'rule "t" for account on status becomes active do add tag "active"',
        schema=ZONE
        + "status for account: active, at_risk when health = bad or score < 10, lost when score < 5\n",
        accounts=[{"id": "a_1", "status": "active", "health_score": 50, "score": 50}],
        events=[
            changed("2026-03-03T09:00:00Z", "a_1", "account", health_score=39),
            changed("2026-03-04T09:00:00Z", "a_1", "account", score=1),
            changed("2026-03-05T09:00:00Z", "a_1", "account", score=50, health_score=70),
        ],
    )
    timeline = played(scene, tmp_path)
    assert sorted(tags(timeline)) == [
        ("2026-03-03T10:00:00+01:00", "bad"),
        ("2026-03-03T10:00:00+01:00", "risk"),
        ("2026-03-05T10:00:00+01:00", "active"),
        ("2026-03-05T10:00:00+01:00", "good"),
    ]


def test_a_status_set_by_hand_meanwhile_waits_until_no_condition_holds(tmp_path: Path) -> None:
    scene = Scene(
        'rule "s" for account on status becomes paying do add tag "paying"',
        schema=ZONE + "status for account: trial, paying, at_risk when score < 10\n",
        accounts=[{"id": "a_1", "status": "trial", "score": 5}],
        events=[
            changed("2026-03-03T09:00:00Z", "a_1", "account", status="paying"),
            changed("2026-03-04T09:00:00Z", "a_1", "account", score=20),
        ],
    )
    assert tags(played(scene, tmp_path)) == [("2026-03-04T10:00:00+01:00", "paying")]


# --- rules that begin by a condition -----------------------------------------------------------------


def test_a_condition_begins_a_rule_each_time_it_becomes_true_and_not_where_it_was(tmp_path: Path) -> None:
    scene = Scene(
        "when score >= 80 do set company = text(score)",
        contacts=[{"id": "c_1", "score": 90}, {"id": "c_2", "score": 70}],
        events=[
            changed("2026-03-03T09:00:00Z", "c_1", score=95),
            changed("2026-03-04T09:00:00Z", "c_2", score=81),
            changed("2026-03-05T09:00:00Z", "c_2", score=82),
            changed("2026-03-06T09:00:00Z", "c_2", score=10),
            changed("2026-03-07T09:00:00Z", "c_2", score=83),
            changed("2026-03-08T09:00:00Z", "c_3", score=84),
        ],
    )
    assert done(played(scene, tmp_path), "set", "value") == [
        ("2026-03-04T10:00:00+01:00", "81"),
        ("2026-03-07T10:00:00+01:00", "83"),
        ("2026-03-08T10:00:00+01:00", "84"),
    ]


def test_a_condition_that_breaks_off_begins_its_time_anew(tmp_path: Path) -> None:
    scene = Scene(
        'rule "Hot" for contact\n  when score >= 80 for 3d\ndo\n  set company = text(event.since)\nend',
        contacts=[{"id": "c_1", "score": 10}, {"id": "c_2", "score": 99}],
        events=[
            changed("2026-03-03T09:00:00Z", score=90),
            changed("2026-03-05T09:00:00Z", score=70),
            changed("2026-03-05T10:00:00Z", score=85),
            changed("2026-03-09T10:00:00Z", score=99),
            changed("2026-03-12T10:00:00Z", score=0),
            changed("2026-03-13T10:00:00Z", score=80),
        ],
    )
    timeline = played(scene, tmp_path)
    assert times(timeline, "enrolled") == ["2026-03-08T11:00:00+01:00", "2026-03-16T11:00:00+01:00"]
    assert reasons(timeline, "matched") == ["its condition has held for 3d"] * 2
    since = [value for _, value in done(timeline, "set", "value")]
    assert since == ["2026-03-05T10:00:00.000Z", "2026-03-13T10:00:00.000Z"]


def test_what_was_held_in_a_downtime_starts_late_if_it_still_holds(tmp_path: Path) -> None:
    scene = Scene(
        'rule "Hot" for contact\n  when score >= 80 for 3d\ndo\n  add tag "hot"\nend',
        contacts=[{"id": "c_1", "score": 10}],
        events=[changed("2026-03-03T09:00:00Z", score=90)],
        down=("2026-03-04T00:00:00Z", "2026-03-10T00:00:00Z"),
    )
    assert tags(played(scene, tmp_path)) == [("2026-03-10T01:00:00+01:00", "hot")]


def test_a_rule_edited_while_its_condition_holds_does_not_start_for_that(tmp_path: Path) -> None:
    first, second = 'when score >= 80 for 2d do add tag "a"', 'when score >= 70 for 2d do add tag "b"'
    scene = Scene(
        first,
        contacts=[{"id": "c_1", "score": 10}],
        events=[
            changed("2026-03-03T09:00:00Z", score=90),
            changed("2026-03-10T09:00:00Z", score=0),
            changed("2026-03-11T09:00:00Z", score=75),
        ],
        edits={"2026-03-04T09:00:00Z": second},
    )
    assert tags(played(scene, tmp_path)) == [("2026-03-13T10:00:00+01:00", "b")]


def test_time_alone_makes_a_condition_true(tmp_path: Path) -> None:
    scene = Scene(
        'when days_since(renewal_date) >= 3 do add tag "late"',
        contacts=[{"id": "c_1", "renewal_date": "2026-03-04"}],
    )
    assert tags(played(scene, tmp_path)) == [("2026-03-07T00:00:00+01:00", "late")]


def test_a_count_in_the_condition_of_a_rule(tmp_path: Path) -> None:
    scene = Scene(
        'on order placed when count(order placed in 2d) >= 2 do add tag "second"',
        contacts=[{"id": "c_1"}],
        events=[
            event("2026-03-03T09:00:00Z", "order.placed"),
            event("2026-03-06T09:00:00Z", "order.placed"),
            event("2026-03-07T09:00:00Z", "order.placed"),
        ],
    )
    assert tags(played(scene, tmp_path)) == [("2026-03-07T10:00:00+01:00", "second")]


def test_a_figure_that_crosses_a_bound(tmp_path: Path) -> None:
    scene = Scene(
        'on field score rises above 80 do add tag "up"\non field score falls below 20 do add tag "down"',
        contacts=[{"id": "c_1"}],
        events=[
            changed(f"2026-03-0{day}T09:00:00Z", score=score)
            for day, score in enumerate((80, 81, 90, 19, 5, 20, 81), start=2)
        ],
    )
    assert [tag for _, tag in tags(played(scene, tmp_path))] == ["up", "down", "up"]


# --- absent events -----------------------------------------------------------------------------------


def test_an_event_that_does_not_come_is_noticed_for_each_that_it_should_follow(tmp_path: Path) -> None:
    def sent(at: str, invoice: str) -> dict[str, Any]:
        return event(at, "invoice.status_changed", status="sent", invoice_id=invoice, amount=len(invoice))

    scene = Scene(
        "on absence of payment received for 7d after invoice sent where amount = event.amount\n"
        "do\n  set company = event.invoice_id\nend",
        contacts=[{"id": "c_1"}],
        events=[
            event("2026-03-02T10:00:00Z", "payment.received", amount=1),
            sent("2026-03-03T09:00:00Z", "x"),
            sent("2026-03-04T09:00:00Z", "xx"),
            event("2026-03-05T09:00:00Z", "payment.received", amount=2),
            sent("2026-03-06T09:00:00Z", "xxx"),
            event("2026-03-20T09:00:00Z", "payment.received", amount=1),
        ],
    )
    assert done(played(scene, tmp_path), "set", "value") == [
        ("2026-03-10T10:00:00+01:00", "x"),
        ("2026-03-13T10:00:00+01:00", "xxx"),
    ]
