"""Trouble with waiting: events too early, too often, too late. Simulation and the real engine agree about each scene."""

from __future__ import annotations

from pathlib import Path

from tests.semantics.reading import done, entries, reasons, times
from tests.support.twice import Scene, event, played

NOON = "2026-03-02T12:00:00Z"


def test_an_event_that_came_before_the_wait_is_seen(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do\n  wait 1h\n  wait on user login timeout 2d do\n    add tag "active"\n  else\n'
        '    add tag "asleep"\n  end\nend',
        contacts=[{"id": "c_1"}, {"id": "c_2"}],
        events=[
            event("2026-03-02T11:59:00Z", "user.logged_in", "c_2", portal="app"),
            event(NOON, "contact.tag_added", tag="x"),
            event(NOON, "contact.tag_added", "c_2", tag="x"),
            event("2026-03-02T12:10:00Z", "user.logged_in", portal="app"),
        ],
    )
    assert done(played(scene, tmp_path)) == [
        ("2026-03-02T14:00:00+01:00", "active"),
        ("2026-03-04T14:00:00+01:00", "asleep"),
    ]


def test_from_now_on_an_earlier_event_does_not_count(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do\n  wait 1h\n  wait on user login from now timeout 1d do\n    add tag "active"\n'
        '  else\n    add tag "asleep"\n  end\nend',
        events=[
            event(NOON, "contact.tag_added", tag="x"),
            event("2026-03-02T12:10:00Z", "user.logged_in", portal="app"),
        ],
    )
    assert done(played(scene, tmp_path)) == [("2026-03-03T14:00:00+01:00", "asleep")]


def test_a_reply_to_a_message_that_somebody_wrote_by_hand_counts(tmp_path: Path) -> None:
    rule = (
        'rule "Any" on tag added "x" do\n  send email template("hello")\n  wait on contact replied timeout 3d do\n'
        '    add tag "answered"\n  else\n    add tag "silent"\n  end\nend\n'
        'rule "Own" on tag added "x" do\n  send email template("hello")\n'
        '  wait on contact replied where rule = "Own" timeout 3d do\n    add tag "own"\n  else\n'
        '    add tag "none of mine"\n  end\nend'
    )
    scene = Scene(
        rule,
        contacts=[{"id": "c_1", "email": "lea@x.test"}],
        events=[
            event(NOON, "contact.tag_added", tag="x"),
            event(
                "2026-03-03T12:00:00Z", "message.replied", channel="email", text="yes", in_reply_to="by-hand"
            ),
        ],
    )
    timeline = played(scene, tmp_path)
    assert done(timeline) == [
        ("2026-03-03T13:00:00+01:00", "answered"),
        ("2026-03-05T13:00:00+01:00", "none of mine"),
    ]


def test_a_reply_ends_the_whole_sequence_also_in_the_middle_of_a_wait(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on tag added "x"\n  exit on contact replied\ndo\n  send email template("hello")\n  wait 3d\n'
        '  send email template("hello")\nend\non exit do\n  add tag "replied"\nend',
        contacts=[{"id": "c_1", "email": "lea@x.test"}],
        events=[
            event(NOON, "contact.tag_added", tag="x"),
            event("2026-03-04T12:00:00Z", "message.replied", channel="sms", text="stop"),
        ],
    )
    timeline = played(scene, tmp_path)
    assert len(entries(timeline, "action", action="send_email_template")) == 1
    assert done(timeline) == [("2026-03-04T13:00:00+01:00", "replied")]
    assert times(timeline, "exited") == ["2026-03-04T13:00:00+01:00"]


def test_five_changes_of_a_cart_make_one_reminder_with_the_last_of_them(tmp_path: Path) -> None:
    changes = [
        event(f"2026-03-02T12:{5 * n:02}:00Z", "cart.updated", cart_id="k", value=10 + n) for n in range(5)
    ]
    scene = Scene(
        'rule "Clock" on cart abandoned for 45m do add tag "clock" when event.value = €14 end\n'
        'rule "Timer" on cart changed do\n'
        "  wait 45m restart on cart changed where cart_id = event.cart_id\n"
        '  add tag "timer" when event.value = €14\nend',
        events=changes,
    )
    timeline = played(scene, tmp_path)
    assert done(timeline) == [
        ("2026-03-02T14:05:00+01:00", "timer"),
        ("2026-03-02T14:05:00+01:00", "clock"),
    ]


def test_an_order_ends_the_reminder_about_its_cart(tmp_path: Path) -> None:
    scene = Scene(
        'on cart abandoned for 45m do add tag "reminded"',
        events=[
            event(NOON, "cart.updated", cart_id="k", value=10),
            event("2026-03-02T12:30:00Z", "order.placed", cart_id="k", order_id="o", value=10),
        ],
    )
    assert done(played(scene, tmp_path)) == []


def test_an_exit_acts_at_once_in_the_middle_of_a_wait(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on tag added "x"\n  exit when status = customer\ndo\n  wait 10d\n  add tag "nudged"\nend',
        contacts=[{"id": "c_1", "status": "trial"}],
        events=[
            event(NOON, "contact.tag_added", tag="x"),
            event("2026-03-05T12:00:00Z", "status.matched", status="customer"),
        ],
    )
    timeline = played(scene, tmp_path)
    assert times(timeline, "exited") == ["2026-03-05T13:00:00+01:00"]
    assert 'status = "customer"' in reasons(timeline, "exited")[0]
    assert done(timeline) == []


def test_a_goal_is_jumped_to_from_any_earlier_step(tmp_path: Path) -> None:
    scene = Scene(
        'rule "R" on tag added "x" do\n  wait 10d\n  add tag "nudged"\n  wait 10d\n'
        '  goal "Paid" on payment received\n  add tag "paid"\nend',
        contacts=[{"id": "c_1"}, {"id": "c_2"}],
        events=[
            event(NOON, "contact.tag_added", tag="x"),
            event(NOON, "contact.tag_added", "c_2", tag="x"),
            event("2026-03-05T12:00:00Z", "payment.received", amount=10),
        ],
        until="2026-05-01T00:00:00Z",
    )
    timeline = played(scene, tmp_path)
    assert done(timeline) == [
        ("2026-03-05T13:00:00+01:00", "paid"),
        ("2026-03-12T13:00:00+01:00", "nudged"),
    ]
    assert [e["subject"]["id"] for e in entries(timeline, "completed")] == ["c_1"]


def test_of_several_alternatives_the_first_to_happen_wins(tmp_path: Path) -> None:
    scene = Scene(
        'on tag added "x" do\n  wait\n    on payment received do\n      add tag "paid"\n    end\n'
        '    until status = inactive do\n      add tag "gone"\n    end\n'
        '    timeout 3d do\n      add tag "late"\n    end\n  end\nend',
        contacts=[{"id": "c_1"}, {"id": "c_2"}, {"id": "c_3"}],
        events=[
            *(event(NOON, "contact.tag_added", f"c_{n}", tag="x") for n in (1, 2, 3)),
            event("2026-03-03T12:00:00Z", "payment.received", amount=10),
            event("2026-03-03T13:00:00Z", "status.matched", "c_2", status="inactive"),
            event("2026-03-03T14:00:00Z", "payment.received", "c_2", amount=10),
        ],
    )
    assert done(played(scene, tmp_path)) == [
        ("2026-03-03T13:00:00+01:00", "paid"),
        ("2026-03-03T14:00:00+01:00", "gone"),
        ("2026-03-05T13:00:00+01:00", "late"),
    ]
