"""Trouble with what is followed over time: conditions, absences, answers, consent. Both shells agree about each scene."""

from __future__ import annotations

from pathlib import Path

from tests.semantics.reading import done, entries, reasons, times
from tests.support.rules import SCHEMA
from tests.support.twice import Scene, event, played, simulate

NOON = "2026-03-02T12:00:00Z"
SEGMENTS = SCHEMA + 'segment "Warm" for contact: score >= 50 and status = trial\n'


def score(at: str, value: int, subject: str = "c_1") -> dict[str, object]:
    return event(at, "record.updated", subject, fields={"score": value})


def test_a_condition_held_for_a_time_begins_anew_after_it_was_false(tmp_path: Path) -> None:
    scene = Scene(
        'rule "Held"\n  when score >= 80 for 3d\ndo\n  add tag "held {{ contact.score }}"\nend',
        events=[
            score("2026-03-02T12:00:00Z", 90),
            score("2026-03-04T12:00:00Z", 10),
            score("2026-03-05T12:00:00Z", 85),
            score("2026-03-06T12:00:00Z", 95),
            score("2026-03-10T12:00:00Z", 10),
            score("2026-03-11T12:00:00Z", 99),
        ],
    )
    assert times(played(scene, tmp_path), "enrolled") == [
        "2026-03-08T13:00:00+01:00",
        "2026-03-14T13:00:00+01:00",
    ]


def test_a_condition_held_through_a_downtime_counts_once(tmp_path: Path) -> None:
    scene = Scene(
        'rule "Held"\n  when score >= 80 for 3d\ndo\n  add tag "held"\nend',
        events=[score("2026-03-02T12:00:00Z", 90)],
        down=("2026-03-03T12:00:00Z", "2026-03-20T12:00:00Z"),
    )
    assert times(played(scene, tmp_path), "enrolled") == ["2026-03-20T13:00:00+01:00"]


def test_a_segment_is_entered_and_left_once_however_often_its_fields_change(tmp_path: Path) -> None:
    scene = Scene(
        'rule "In" on segment entered "Warm" do add tag "in" end\n'
        'rule "Out" on segment left "Warm" do add tag "out" end',
        schema=SEGMENTS,
        contacts=[{"id": "c_1", "status": "trial"}],
        events=[
            score("2026-03-02T12:00:00Z", 60),
            score("2026-03-03T12:00:00Z", 70),
            event("2026-03-04T12:00:00Z", "status.matched", status="customer"),
            score("2026-03-05T12:00:00Z", 20),
            event("2026-03-06T12:00:00Z", "status.matched", status="trial"),
            score("2026-03-07T12:00:00Z", 50),
        ],
    )
    assert done(played(scene, tmp_path)) == [
        ("2026-03-02T13:00:00+01:00", "in"),
        ("2026-03-04T13:00:00+01:00", "out"),
        ("2026-03-07T13:00:00+01:00", "in"),
    ]


def test_leaving_the_segment_ends_no_run_unless_the_rule_says_so(tmp_path: Path) -> None:
    scene = Scene(
        'rule "Stays" on segment entered "Warm" do wait 5d; add tag "stayed" end\n'
        'rule "Goes" on segment entered "Warm"\n  exit when not in segment "Warm"\ndo\n  wait 5d\n'
        '  add tag "went"\nend',
        schema=SEGMENTS,
        contacts=[{"id": "c_1", "status": "trial"}],
        events=[score("2026-03-02T12:00:00Z", 60), score("2026-03-03T12:00:00Z", 10)],
    )
    timeline = played(scene, tmp_path)
    assert done(timeline) == [("2026-03-07T13:00:00+01:00", "stayed")]
    assert times(timeline, "exited", rule="Goes") == ["2026-03-03T13:00:00+01:00"]


def test_an_event_that_does_not_come_is_noticed_and_one_in_time_prevents_it(tmp_path: Path) -> None:
    scene = Scene(
        'on absence of payment received for 3d after note added do add tag "unpaid"',
        events=[
            event(NOON, "note.added", note_id="n"),
            event(NOON, "note.added", "c_2", note_id="n"),
            event("2026-03-04T12:00:00Z", "payment.received", "c_2", amount=10),
        ],
    )
    timeline = played(scene, tmp_path)
    assert done(timeline) == [("2026-03-05T13:00:00+01:00", "unpaid")]
    assert [e["subject"]["id"] for e in entries(timeline, "action")] == ["c_1"]


def test_consent_withdrawn_during_a_wait_keeps_the_message_back(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do wait 1d; send email template("hello"); add tag "went on"',
        contacts=[{"id": "c_1", "email": "lea@x.test"}],
        events=[
            event(NOON, "contact.tag_added", tag="x"),
            event("2026-03-02T18:00:00Z", "email.unsubscribed", message_id="m"),
        ],
    )
    timeline = played(scene, tmp_path)
    assert "opted out" in reasons(timeline, "suppressed")[0]
    assert done(timeline) == [("2026-03-03T13:00:00+01:00", "went on")]


def test_again_after_counts_from_the_last_run_and_once_is_for_ever(tmp_path: Path) -> None:
    moments = ["2026-03-02T12:00:00Z", "2026-03-10T12:00:00Z", "2026-04-02T12:00:00Z"]
    scene = Scene(
        'rule "Again" on note added\n  enrol again after 30d\ndo\n  add tag "a"\nend\n'
        'rule "Once" on note added\n  enrol once\ndo\n  add tag "o"\nend',
        events=[event(at, "note.added", note_id=at) for at in moments],
        until="2026-05-01T00:00:00Z",
    )
    timeline = played(scene, tmp_path)
    assert [at[:10] for at in times(timeline, "enrolled", rule="Again")] == ["2026-03-02", "2026-04-02"]
    assert [at[:10] for at in times(timeline, "enrolled", rule="Once")] == ["2026-03-02"]


def test_two_orders_of_one_contact_are_told_apart(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on order submitted\n  enrol every time per event.order_id\ndo\n'
        "  wait on payment received where order_id = event.order_id timeout 2d do\n"
        '    add tag "paid"\n  else\n    add tag "unpaid"\n  end\nend',
        events=[
            event("2026-03-02T12:00:00Z", "order.submitted", order_id="a"),
            event("2026-03-02T13:00:00Z", "order.submitted", order_id="b"),
            event("2026-03-02T14:00:00Z", "order.submitted", order_id="a"),
            event("2026-03-03T12:00:00Z", "payment.received", order_id="b", amount=10),
        ],
    )
    timeline = played(scene, tmp_path)
    assert len(entries(timeline, "enrolled")) == 2
    assert len(entries(timeline, "refused")) == 1
    assert done(timeline) == [("2026-03-03T13:00:00+01:00", "paid"), ("2026-03-04T13:00:00+01:00", "unpaid")]


def test_an_approval_counts_for_the_run_that_asked(tmp_path: Path) -> None:
    rules = (
        'rule "R" on tag added "x" do\n  wait for approval from "ana@acme.test" as answer timeout 2d do\n'
        '    add tag "yes"\n  else\n    add tag "no"\n  end\nend'
    )
    asked = [event(NOON, "contact.tag_added", f"c_{n}", tag="x") for n in (1, 2, 3)]
    (tmp_path / "first").mkdir()
    runs = [e["run"] for e in entries(simulate(Scene(rules, events=asked), tmp_path / "first"), "enrolled")]
    answers = [
        event("2026-03-03T12:00:00Z", "approval.given", "c_1", run=runs[0], step="do.0", by="ana@acme.test"),
        event("2026-03-03T12:00:00Z", "approval.given", "c_2", run=runs[0], step="do.0", by="ana@acme.test"),
        event(
            "2026-03-03T13:00:00Z", "approval.refused", "c_3", run=runs[2], step="do.0", by="ana@acme.test"
        ),
    ]
    (tmp_path / "second").mkdir()
    timeline = played(Scene(rules, events=[*asked, *answers]), tmp_path / "second")
    assert done(timeline) == [
        ("2026-03-03T13:00:00+01:00", "yes"),
        ("2026-03-03T14:00:00+01:00", "no"),
        ("2026-03-04T13:00:00+01:00", "no"),
    ]


def test_an_event_that_tells_of_long_ago_counts_from_when_it_comes(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do\n  wait on user login timeout 2d do\n    add tag "came"\n  else\n    add tag "late"\n  end',
        events=[
            event(NOON, "contact.tag_added", tag="x"),
            event("2026-03-03T12:00:00Z", "user.logged_in", occurred_at="2026-03-01T12:00:00Z", portal="app"),
        ],
    )
    assert done(played(scene, tmp_path)) == [("2026-03-03T13:00:00+01:00", "came")]


def test_business_time_passes_over_nights_weekends_and_holidays(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do wait 4h in "Office"; add tag "done"',
        schema=SCHEMA + 'calendar "Office": monday to friday 9:00 to 17:00, holidays 2026-03-09\n',
        events=[event("2026-03-06T14:00:00Z", "contact.tag_added", tag="x")],
    )
    assert done(played(scene, tmp_path)) == [("2026-03-10T11:00:00+01:00", "done")]
