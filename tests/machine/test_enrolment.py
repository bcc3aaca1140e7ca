"""Who may enrol when: again after, per, if running, limits, releases."""

from __future__ import annotations

import pytest

from tests.support.rules import Story

EVENTS = """
event "go" for contact
  number: text
end
"""
DAY = 86_400


def story(enrol: str, steps: str = "wait 1h; add tag event.number", contacts: int = 1) -> Story:
    made = Story(f'{EVENTS}\nrule "R"\n  on event "go"\n  {enrol}\ndo\n{steps}\nend\n')
    for n in range(1, contacts + 1):
        made.contact(f"c_{n}")
    return made


def tags(made: Story, id: str = "c_1") -> list[str]:
    found: list[str] = made.fields(id).get("tags", [])
    return found


def test_again_after_a_while() -> None:
    made = story("enrol again after 30d", "add tag event.number")
    assert made.event("go", number="1")
    # The clocks change within the span: thirty days of the calendar are an hour less.
    made.after(30 * DAY - 3601)
    assert not made.event("go", number="2")
    assert "30d" in made.reasons("refused")[0]
    made.after(1)
    assert made.event("go", number="3")
    assert not made.event("go", number="4")
    assert tags(made) == ["1", "3"]


def test_per_runs_beside_each_other_for_each_value() -> None:
    made = story("enrol every time per event.number")
    assert made.event("go", number="1")
    assert made.event("go", number="2")
    assert not made.event("go", number="1")
    made.after(3600)
    assert tags(made) == ["1", "2"]
    assert made.event("go", number="1")


def test_once_per_value() -> None:
    made = story("enrol once per event.number", "add tag event.number")
    assert made.event("go", number="1")
    assert made.event("go", number="2")
    assert not made.event("go", number="1")


def test_again_after_per_value() -> None:
    made = story("enrol again after 7d per event.number", "add tag event.number")
    assert made.event("go", number="1")
    assert made.event("go", number="2")
    assert not made.event("go", number="1")
    made.after(7 * DAY)
    assert made.event("go", number="1")


@pytest.mark.parametrize("clause", ["", "enrol every time", "enrol every time if running skip"])
def test_skip_is_what_happens_by_default(clause: str) -> None:
    made = story(clause)
    made.event("go", number="1")
    assert not made.event("go", number="2")
    made.after(3600)
    assert tags(made) == ["1"]


def test_restart_leaves_one_run() -> None:
    made = story("enrol every time if running restart")
    runs = [made.event("go", number=str(n))[0] for n in range(3)]
    assert [made.status(run) for run in runs] == ["exited", "exited", "waiting"]
    made.after(3600)
    assert tags(made) == ["2"]
    assert made.status(runs[2]) == "completed"


def test_queue_takes_turns_in_order() -> None:
    made = story("enrol every time if running queue at most 2")
    made.event("go", number="1")
    for number in ("2", "3", "4"):
        assert not made.event("go", number=number)
    assert "2 more" in made.reasons("refused")[-1]
    made.after(3600)
    assert tags(made) == ["1"]
    made.after(3600)
    assert tags(made) == ["1", "2"]
    made.after(3600)
    assert tags(made) == ["1", "2", "3"]
    made.after(DAY)
    assert tags(made) == ["1", "2", "3"]


def test_parallel_has_a_bound() -> None:
    made = story("enrol every time if running parallel at most 2")
    assert made.event("go", number="1")
    assert made.event("go", number="2")
    assert not made.event("go", number="3")
    assert "as many as it allows" in made.reasons("refused")[0]
    made.after(3600)
    assert tags(made) == ["1", "2"]
    assert made.event("go", number="4")


def test_a_limit_counts_all_subjects() -> None:
    made = story("limit 2 per 1d", "add tag event.number", contacts=4)
    started = [bool(made.event("go", f"c_{n}", number="1")) for n in range(1, 5)]
    assert started == [True, True, False, False]
    assert "at most 2 per 1d" in made.reasons("refused")[0]
    made.after(DAY)
    assert made.event("go", "c_3", number="2")


def test_a_limit_rolls() -> None:
    made = story("limit 2 per 1d", "add tag event.number", contacts=5)
    # Two late on one day of the calendar, and none more within a day of them.
    made.until("2026-03-02T23:00:00Z")
    assert made.event("go", "c_1", number="1")
    assert made.event("go", "c_2", number="1")
    made.until("2026-03-03T01:00:00Z")
    assert not made.event("go", "c_3", number="1")
    made.until("2026-03-03T23:00:00Z")
    assert made.event("go", "c_4", number="1")


def test_what_was_refused_otherwise_does_not_use_up_the_limit() -> None:
    made = story("limit 2 per 1d", contacts=2)
    made.event("go", number="1")
    made.event("go", number="2")
    assert made.event("go", "c_2", number="1")


def test_releases_wait_their_turn() -> None:
    made = story("release 2 per 1h", "add tag event.number", contacts=5)
    for n in range(1, 6):
        made.event("go", f"c_{n}", number="1")
    begun = lambda: [n for n in range(1, 6) if tags(made, f"c_{n}")]  # noqa: E731
    assert begun() == [1, 2]
    made.after(3600)
    assert begun() == [1, 2, 3, 4]
    made.after(3600)
    assert begun() == [1, 2, 3, 4, 5]


def test_three_events_at_one_instant_leave_one_run_with_restart() -> None:
    made = story("enrol every time if running restart")
    for n in range(3):
        made.event("go", number=str(n))
    assert made.kinds("R").count("enrolled") == 3
    assert made.kinds("R").count("exited") == 2
    made.after(DAY)
    assert made.kinds("R").count("completed") == 1
