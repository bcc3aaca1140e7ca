"""Runs in flight after a deploy, on SQLite: in parts, through kills, beside new events."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.engine.core import CoreLimits
from runtime.engine.settling import Settling
from runtime.model import SubjectKey
from tests.alarms.cores import Process
from tests.support.rules import check

OLD = 'rule "R" on tag added "x" do wait 1d; add tag "old" end'
NEW = 'rule "R" on tag added "x" do add tag "n"; wait 2d; add tag "new" end'
START = "2026-03-02T09:00:00Z"
LIMITS = CoreLimits(settled=10)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def key(number: int) -> SubjectKey:
    return SubjectKey("contact", f"c_{number:03}")


def begin(path: Path, count: int) -> Process:
    """People who wait in the old version."""
    process = Process(path, OLD, START, LIMITS)
    process.put_all([(key(n), {}) for n in range(count)])
    for n in range(count):
        process.event("contact.tag_added", key(n), tag="x")
    return process


def deploy(process: Process, text: str, do: str) -> None:
    """Put another version in force, with a choice for runs in flight."""
    checked = check(text)
    to = checked.plans[0].hash if do == "move" else ""
    rules = process.core.rules.deployed(checked.schema, checked.plans)
    process.core.install(rules, process.now, [Settling("R", "contact", to, "ended by a deploy")])
    process.cycle.doubt()


def versions(process: Process, count: int) -> list[str]:
    """The versions that the runs of all people follow."""
    return [run.plan for n in range(count) for run in process.state(key(n)).runs.values()]


def test_runs_are_moved_in_parts_and_new_events_served_meanwhile(path: Path) -> None:
    process = begin(path, 35)
    deploy(process, NEW, "move")
    new = check(NEW).plans[0].hash
    process.cycle.run([], process.now)
    assert versions(process, 35).count(new) == 10
    process.event("contact.tag_added", key(99), tag="x")
    process.rest()
    assert versions(process, 35) == [new] * 35
    process.until("2026-03-04T09:00:00Z")
    assert all(process.state(key(n)).fields["tags"] == ["x", "new"] for n in range(35))
    with process.writer.transaction() as tx:
        assert tx.pending_events(10) == []
    process.close()


@pytest.mark.parametrize("do", ["move", "end"])
def test_settling_goes_on_after_a_kill_at_any_part(path: Path, do: str) -> None:
    process = begin(path, 35)
    deploy(process, NEW, do)
    process.kill()
    for _ in range(20):
        process = Process(path, NEW, START, LIMITS)
        process.cycle.run([], process.now)
        process.kill()
    process = Process(path, NEW, START, LIMITS)
    with process.writer.transaction() as tx:
        assert tx.pending_events(10) == []
    moves = [entry for _, entry in process.journal() if entry.kind == ("moved" if do == "move" else "exited")]
    assert len(moves) == 35
    assert versions(process, 35) == ([check(NEW).plans[0].hash] * 35 if do == "move" else [])
    process.close()


def test_a_later_deploy_overtakes_an_earlier_one(path: Path) -> None:
    process = begin(path, 35)
    deploy(process, NEW, "move")
    process.cycle.run([], process.now)
    third = NEW.replace("wait 2d", "wait 3d")
    deploy(process, third, "move")
    process.rest()
    assert versions(process, 35) == [check(third).plans[0].hash] * 35
    process.close()


def test_a_run_that_goes_on_while_others_are_moved_is_moved_too(path: Path) -> None:
    text = 'rule "R" on tag added "x" do wait on user login; webhook post "https://a.test/{}"; wait 1d end'
    old, new = text.format(1), text.format(2)
    process = Process(path, old, START, LIMITS)
    process.put_all([(key(n), {}) for n in range(15)])
    for n in range(15):
        process.event("contact.tag_added", key(n), tag="x")
    process.event("user.logged_in", key(14))
    deploy(process, new, "move")
    process.cycle.run([], process.now)
    process.event("user.logged_in", key(12))
    process.rest()
    assert set(versions(process, 15)) == {check(new).plans[0].hash}
    process.close()


def test_a_pause_and_its_end_survive_kills_at_any_part(path: Path) -> None:
    process = begin(path, 35)
    process.core.pause("R", True, process.now)
    process.kill()
    process = Process(path, OLD, "2026-03-08T09:00:00Z", LIMITS)
    process.rest()
    process.event("contact.tag_added", key(99), tag="x")
    assert not process.state(key(99)).runs
    process.core.pause("R", False, process.now)
    process.kill()
    for _ in range(10):
        process = Process(path, OLD, "2026-03-08T09:00:00Z", LIMITS)
        process.cycle.run([], process.now)
        process.kill()
    process = Process(path, OLD, "2026-03-08T09:00:00Z", LIMITS)
    process.until("2026-03-09T08:59:59Z")
    assert all(process.state(key(n)).fields["tags"] == ["x"] for n in range(35))
    process.until("2026-03-09T09:00:00Z")
    assert all(process.state(key(n)).fields["tags"] == ["x", "old"] for n in range(35))
    with process.writer.transaction() as tx:
        assert tx.pending_events(10) == []
        assert not any(
            value for name, value in tx.counters().items() if name.startswith(("pause.", "resume."))
        )
    process.close()


def test_a_wait_does_not_end_early_while_others_are_still_being_resumed(path: Path) -> None:
    process = begin(path, 35)
    process.core.pause("R", True, process.now)
    process.sleep("2026-03-03T08:00:00Z")
    process.core.pause("R", False, process.now)
    process.cycle.doubt()
    # Nobody has been resumed when the waits would have ended without the pause.
    process.sleep("2026-03-03T09:00:00Z")
    process.until("2026-03-04T07:59:59Z")
    assert all(process.state(key(n)).fields["tags"] == ["x"] for n in range(35))
    process.until("2026-03-04T08:00:00Z")
    assert all(process.state(key(n)).fields["tags"] == ["x", "old"] for n in range(35))
    process.close()
