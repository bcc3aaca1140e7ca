"""Trouble with starting: bursts, bounds, edits, repeats. Simulation and the real engine agree about each scene."""

from __future__ import annotations

from pathlib import Path

from tests.semantics.reading import done, entries, reasons, times
from tests.support.rules import SCHEMA
from tests.support.twice import Scene, event, played

NOON = "2026-03-02T12:00:00Z"


def added(at: str, tag: str = "x", subject: str = "c_1", **more: object) -> dict[str, object]:
    return event(at, "contact.tag_added", subject, tag=tag, **more)


def test_three_triggers_in_one_instant_with_restart_leave_exactly_one_run(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on tag added\n  enrol every time if running restart\ndo\n  wait 1h\n  add tag "done"\nend',
        contacts=[{"id": "c_1"}],
        events=[added(NOON, tag) for tag in ("a", "b", "c")],
        until="2026-03-02T13:30:00Z",
    )
    timeline = played(scene, tmp_path)
    assert len(entries(timeline, "enrolled")) >= 3
    assert len(times(timeline, "exited")) == 2
    assert [at for at, tag in done(timeline) if tag == "done"] == ["2026-03-02T14:00:00+01:00"]


def test_three_triggers_in_one_instant_make_one_run_by_default(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on note added do wait 1h; add tag "done" end',
        events=[event(NOON, "note.added", note_id=str(n)) for n in range(3)],
    )
    timeline = played(scene, tmp_path)
    assert len(entries(timeline, "enrolled")) == 1
    assert len(reasons(timeline, "refused")) == 2


def test_what_is_queued_runs_one_after_the_other(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on note added\n  enrol every time if running queue\ndo\n  wait 1h\n  add tag "n"\nend',
        events=[event(NOON, "note.added", note_id=str(n)) for n in range(3)],
    )
    assert [at[11:16] for at in times(played(scene, tmp_path), "completed")] == ["14:00", "15:00", "16:00"]


def test_a_rule_edited_during_a_wait_changes_only_runs_that_begin_later(tmp_path: Path) -> None:
    rule = 'rule "R" on tag added "x" do wait {0}; add tag "{1}" end'
    scene = Scene(
        rule.format("2d", "old"),
        contacts=[{"id": "c_1"}, {"id": "c_2"}],
        events=[added(NOON), added("2026-03-03T12:00:00Z", subject="c_2")],
        edits={"2026-03-02T18:00:00Z": rule.format("1h", "new")},
    )
    assert done(played(scene, tmp_path)) == [
        ("2026-03-03T14:00:00+01:00", "new"),
        ("2026-03-04T13:00:00+01:00", "old"),
    ]


def test_a_rule_taken_away_during_a_wait_lets_its_run_end(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on tag added "x" do wait 2d; add tag "old" end',
        events=[added(NOON), added("2026-03-03T12:00:00Z", subject="c_2")],
        edits={"2026-03-02T18:00:00Z": 'rule "Other" on tag added "y" do add tag "z" end'},
    )
    assert done(played(scene, tmp_path)) == [("2026-03-04T13:00:00+01:00", "old")]


def test_a_limit_reached_refuses_until_its_span_has_rolled_on(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on note added\n  limit 2 per 1d\ndo\n  add tag "in"\nend',
        events=[
            event(at, "note.added", subject, note_id="n")
            for at, subject in (
                ("2026-03-02T12:00:00Z", "c_1"),
                ("2026-03-02T13:00:00Z", "c_2"),
                ("2026-03-02T14:00:00Z", "c_3"),
                ("2026-03-03T12:30:00Z", "c_3"),
                ("2026-03-03T12:45:00Z", "c_4"),
            )
        ],
    )
    timeline = played(scene, tmp_path)
    assert [e["subject"]["id"] for e in entries(timeline, "enrolled")] == ["c_1", "c_2", "c_3"]
    assert [e["subject"]["id"] for e in entries(timeline, "refused")] == ["c_3", "c_4"]
    assert all("at most 2 per 1d" in reason for reason in reasons(timeline, "refused"))


def test_a_release_lets_enrolments_wait_their_turn(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on note added\n  release 1 per 1h\ndo\n  add tag "in"\nend',
        events=[event(NOON, "note.added", f"c_{n}", note_id="n") for n in range(3)],
    )
    assert [at[11:16] for at, _ in done(played(scene, tmp_path))] == ["13:00", "14:00", "15:00"]


def test_a_sending_cap_reached_drops_or_holds_as_the_policy_says(tmp_path: Path) -> None:
    for word, sent in (("drop", ["13:00", "14:00"]), ("hold", ["13:00", "14:00", "13:00"])):
        scene = Scene(
            'on note added do send email template("hello")',
            schema=SCHEMA + f"policy\n  at most: 2 email per 1d, {word}\nend\n",
            contacts=[{"id": "c_1", "email": "lea@x.test"}],
            events=[
                event(f"2026-03-02T{hour}:00:00Z", "note.added", note_id=str(hour)) for hour in (12, 13, 14)
            ],
        )
        (tmp_path / word).mkdir()
        timeline = played(scene, tmp_path / word)
        went_out = [e for e in entries(timeline, "action") if "message" in e]
        assert [e["at"][11:16] for e in went_out] == sent


def test_the_same_event_twice_has_one_effect(tmp_path: Path) -> None:
    scene = Scene(
        "on note added do set score = coalesce(score, 0) + 1",
        events=[
            event(NOON, "note.added", event_id="same", note_id="n"),
            event("2026-03-02T12:00:01Z", "note.added", event_id="same", note_id="n"),
            event("2026-03-09T12:00:00Z", "note.added", event_id="same", note_id="n"),
        ],
    )
    timeline = played(scene, tmp_path)
    assert len(entries(timeline, "event")) == 1
    assert [e["changes"] for e in entries(timeline, "action")] == [{"score": [None, 1]}]


def test_events_are_handled_as_they_arrive_whatever_they_say_about_when_they_happened(tmp_path: Path) -> None:
    scene = Scene(
        'on status becomes customer do wait 1h; add tag "gone" when status = inactive',
        contacts=[{"id": "c_1", "status": "trial"}],
        events=[
            event(NOON, "status.matched", status="customer", occurred_at="2026-03-02T11:00:00Z"),
            event(
                "2026-03-02T12:10:00Z",
                "status.matched",
                status="inactive",
                occurred_at="2026-03-02T10:00:00Z",
            ),
        ],
    )
    timeline = played(scene, tmp_path)
    assert [e["changes"]["status"] for e in entries(timeline, "event")] == [
        ["trial", "customer"],
        ["customer", "inactive"],
    ]
    assert done(timeline) == [("2026-03-02T14:00:00+01:00", "gone")]


def test_who_was_drawn_stays_in_its_branch_when_the_percentages_change(tmp_path: Path) -> None:
    rule = (
        'rule "R" on tag added do\n  split "test"\n    case {0}% "A" do add tag "A"\n'
        '    case {1}% "B" do add tag "B"\n  end\nend'
    )
    people = [f"c_{n}" for n in range(6)]
    scene = Scene(
        rule.format(99.99, 0.01),
        events=[
            *(added("2026-03-02T12:00:00Z", "x", subject) for subject in people[:3]),
            *(added("2026-03-04T12:00:00Z", "y", subject) for subject in people),
        ],
        edits={"2026-03-03T12:00:00Z": rule.format(0.01, 99.99)},
    )
    timeline = played(scene, tmp_path)
    later = [e for e in entries(timeline, "action") if e["at"] > "2026-03-03"]
    assert {(e["subject"]["id"], e["input"]["tag"]) for e in later} >= {
        *((subject, "B") for subject in people[3:]),
    }
    assert not [e for e in later if e["subject"]["id"] in people[:3] and e["input"]["tag"] == "B"]
