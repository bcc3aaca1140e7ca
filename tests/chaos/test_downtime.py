"""Downtime and shutdown of the real server: what was due is made up for, nothing is lost, one server a workspace."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from runtime.model import Entry, EntryKind, RunStatus
from tests.chaos import journey
from tests.chaos.audit import Evidence, audit
from tests.chaos.load import Load
from tests.chaos.operator import drain
from tests.chaos.receivers import Receivers
from tests.chaos.rig import REPOSITORY, Rig
from tests.chaos.snapshot import Snapshot, snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SLEEPER = """
rule "Sleeper" for contact
  on event "parcel.arrived"
do
  wait 5s
  webhook post "{hook}"
end
"""
SLEEPERS = 160
SLOTS = 16
RATE = 40.0
"""Webhooks a second that the settings of the sleepers allow."""


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    with Receivers() as made:
        yield made


def sleepers(receivers: Receivers) -> dict[str, str]:
    """A workspace whose one rule sleeps and then posts, at a bounded rate."""
    return {
        **journey.files(receivers),
        "rules/journey.rules": SLEEPER.replace("{hook}", receivers.http.url("/ok")),
        "rulelang.toml": receivers.settings().replace("rate = 1000.0", f"rate = {RATE}"),
    }


def send(rig: Rig, name: str, number: int, together: int = 1) -> dict[str, tuple[str, ...]]:
    """So many events, each about a contact of its own, `together` in one request; the runs of each, as answered."""
    api, answered = rig.api(), {}
    for start in range(0, number, together):
        events = [journey.order(f"{name}-{n}", f"{name}-{n}") for n in range(start, start + together)]
        answer = api.request("POST", "/v1/events", events)
        assert answer.status == 200
        answered.update({receipt["id"]: tuple(receipt["runs"]) for receipt in answer.json["events"]})
    return answered


def test_what_was_due_during_a_downtime_is_made_up_for_in_order(tmp_path: Path, receivers: Receivers) -> None:
    with Rig(tmp_path / "workspace", sleepers(receivers)) as rig:
        server = rig.start()
        send(rig, "old", SLEEPERS, together=20)
        server.kill()
        assert receivers.webhooks() == []
        time.sleep(6)
        server = rig.start()
        began = time.monotonic()
        send(rig, "new", 40)
        answering = time.monotonic() - began
        drain(rig.api(), receivers, 60)
        assert server.stop() == 0
        found = snapshot(rig.database)
    assert answering < 20
    assert Counter(run.status for run in found.runs.values()) == {RunStatus.COMPLETED: SLEEPERS + 40}
    old = [hook for hook in receivers.webhooks() if b'"old-' in hook.body]
    assert len(old) == len({hook.key for hook in old}) == SLEEPERS
    # A burst of as many as there are slots, then the rate.
    assert (old[-1].at - old[0].at) / 1000 > (SLEEPERS - SLOTS) / RATE - 1
    assert displacement([found.runs[hook.run].started_at for hook in old]) <= SLOTS
    assert_in_order(found, [hook.run for hook in old])


def assert_in_order(found: Snapshot, runs: list[str]) -> None:
    """These runs went on in the order in which they were due, none of them early."""
    waits = sorted(_wait(found.journal[run]) for run in runs)
    assert all(at >= due for due, at in waits)
    ends = [at for _, at in waits]
    assert ends == sorted(ends)


def _wait(entries: list[Entry]) -> tuple[int, int]:
    """When the wait of a run was due and when it ended."""
    due = next(entry.due for entry in entries if entry.kind == EntryKind.WAITING)
    assert due is not None
    return due, next(entry.at for entry in entries if entry.kind == EntryKind.RESUMED)


def displacement(values: list[int]) -> int:
    """How far an item is at most from its place in the sorted list."""
    in_order = sorted(range(len(values)), key=values.__getitem__)
    return max(abs(place - number) for number, place in enumerate(in_order))


def test_a_server_that_is_asked_to_end_does_so_and_loses_nothing(tmp_path: Path) -> None:
    random, codes, slowest = Random(5), Counter[int](), 0.0
    with Receivers(0.02) as receivers, Rig(tmp_path / "workspace", journey.files(receivers)) as rig:
        load = Load(rig, rate=30)
        load.start()
        for _ in range(20):
            server = rig.start()
            time.sleep(random.uniform(0, 0.6))
            began = time.monotonic()
            codes[server.stop(20)] += 1
            slowest = max(slowest, time.monotonic() - began)
        server = rig.start()
        load.finish()
        decided = drain(rig.api(), receivers, 60)
        codes[server.stop()] += 1
        book = load.book
        evidence = Evidence(
            snapshot(rig.database), book.runs, set(book.sent), receivers.webhooks(), receivers.mails()
        )
    found = audit(evidence)
    print(f"21 stops, the slowest in {slowest:.1f} s; {len(book.runs)} events; decided: {dict(decided)}")
    assert found.wrong + book.wrong == []
    assert codes == {0: 21}
    assert slowest < 15
    assert found.counts["runs completed"] > 100
    # Attempts under way are waited for, so none is of unknown outcome and none is made again.
    assert decided == {}
    assert found.counts["webhooks repeated"] == 0


def test_attempts_that_outlast_a_shutdown_are_cut_off_and_made_again(
    tmp_path: Path, receivers: Receivers
) -> None:
    receivers.http.script("/slow", "/slow?s=60", "/ok")
    files = journey.files(receivers, "/slow") | {
        "rulelang.toml": receivers.settings().replace("timeout = 10.0", "timeout = 100.0")
    }
    with Rig(tmp_path / "workspace", files) as rig:
        server = rig.start()
        send(rig, "e", 1)
        while not receivers.http.requests:
            time.sleep(0.05)
        began = time.monotonic()
        assert server.stop(20) == 0
        assert 5 < time.monotonic() - began < 15
        server = rig.start()
        drain(rig.api(), receivers, 60)
        assert server.stop() == 0
    keys = [hook.key for hook in receivers.webhooks()]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_second_server_on_a_workspace_refuses_to_start(tmp_path: Path, receivers: Receivers) -> None:
    with Rig(tmp_path / "workspace", journey.files(receivers)) as rig:
        server = rig.start()
        command = [
            sys.executable,
            "-m",
            "workbench.cli",
            "serve",
            "--workspace",
            str(rig.root),
            "--port",
            "0",
        ]
        second = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
        assert second.returncode == 2
        assert f"is in use by process {server.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        send(rig, "e", 1)
        drain(rig.api(), receivers, 30)
        assert server.stop() == 0


def test_a_server_that_was_suspended_goes_on(tmp_path: Path, receivers: Receivers) -> None:
    with Rig(tmp_path / "workspace", journey.files(receivers)) as rig:
        server = rig.start()
        answered = send(rig, "e", 20)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        server.process.send_signal(signal.SIGCONT)
        answered |= send(rig, "f", 1)
        drain(rig.api(), receivers, 30)
        assert server.stop() == 0
        evidence = Evidence(
            snapshot(rig.database), answered, set(answered), receivers.webhooks(), receivers.mails()
        )
    assert audit(evidence).wrong == []
