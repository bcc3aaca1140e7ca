"""A downtime over which very many waits come due: how the next server works them off while it answers new events.

python -m tests.chaos.backlog --waits 100000
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from runtime.model import EntryKind, RunStatus
from tests.chaos import journey
from tests.chaos.receivers import Receivers
from tests.chaos.rig import Rig, Server
from tests.chaos.snapshot import Snapshot, snapshot

RULE = """
rule "Sleeper" for contact
  on event "parcel.arrived"
do
  wait {wait}s
  set ended = ended + 1
end
"""
_LATE = 61.0
"""Seconds after which a wait that is over counts as one of a backlog."""
_TOGETHER = 2000


@dataclass
class Catching:
    """What was seen while a server caught up, in seconds. `left` are (when, how many were still due)."""

    first: float = 0.0
    left: list[tuple[float, int]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    peak: int = 0

    @property
    def rate(self) -> float:
        """Waits a second, from the first to the last."""
        (begin, before), (end, _) = self.left[0], self.left[-1]
        return before / max(end - begin, 0.001)


def fill(rig: Rig, waits: int) -> float:
    """Start so many runs that wait; how long it took."""
    api, began = rig.api(60), time.monotonic()
    for start in range(0, waits, _TOGETHER):
        numbers = range(start, min(start + _TOGETHER, waits))
        lines = "\n".join(json.dumps(journey.order(f"old-{n}", f"old-{n}")) for n in numbers)
        answer = api.request("POST", "/v1/events", lines.encode(), "application/x-ndjson")
        assert answer.status == 200, answer.body
    return time.monotonic() - began


def catch_up(rig: Rig, until: int) -> Catching:
    """Start a server and send it an event now and then until nothing is due that was due at `until`."""
    seen, began = Catching(), time.monotonic()
    server = rig.start()
    api = rig.api(60)
    seen.left.append((time.monotonic(), _due(rig.database, until)))
    before = seen.left[0][1]
    while seen.left[-1][1]:
        at = time.monotonic()
        number = len(seen.answers)
        assert (
            api.request("POST", "/v1/events", journey.order(f"new-{number}", f"new-{number}")).status == 200
        )
        seen.answers.append(time.monotonic() - at)
        seen.left.append((time.monotonic(), _due(rig.database, until)))
        if not seen.first and seen.left[-1][1] < before:
            seen.first = time.monotonic() - began
        time.sleep(0.02)
    seen.peak = _peak(server)
    return seen


def _due(database: Path, until: int) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM runs WHERE due IS NOT NULL AND due <= ?", (until,)
        ).fetchone()
        return int(row[0])


def _peak(server: Server) -> int:
    """The most memory that a server has used, in MB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def mistakes(found: Snapshot, waits: int) -> Iterator[str]:
    """What is wrong with the runs that were over due."""
    old = {id for id, run in found.runs.items() if run.subject.id.startswith("old-")}
    done = sum(found.runs[id].status == RunStatus.COMPLETED for id in old)
    if done != waits:
        yield f"{done} of {waits} runs are completed"
    ends = []
    for id in old:
        kinds = {entry.kind: entry for entry in found.journal[id]}
        waiting, resumed = kinds[EntryKind.WAITING], kinds[EntryKind.RESUMED]
        ends.append((waiting.due or 0, resumed.at))
    if any(at < due for due, at in ends):
        yield "a wait ended early"
    times = [at for _, at in sorted(ends)]
    if times != sorted(times):
        yield "waits did not end in the order in which they were due"


def main() -> int:
    """The command line; 1 when something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--waits", type=int, default=100_000)
    parser.add_argument(
        "--wait", type=int, default=120, help="seconds that a run waits; longer than it takes to start all"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Receivers() as receivers:
        files = journey.files(receivers) | {"rules/journey.rules": RULE.replace("{wait}", str(options.wait))}
        with Rig(Path(folder) / "workspace", files) as rig:
            server = rig.start()
            filled = fill(rig, options.waits)
            server.kill()
            until = int(time.time() * 1000) + options.wait * 1000
            time.sleep(options.wait + _LATE)
            seen = catch_up(rig, until)
            assert rig.server is not None
            code = rig.server.stop()
            wrong = list(mistakes(snapshot(rig.database), options.waits))
    if code:
        wrong.append(f"the server ended with {code}")
    answers = sorted(seen.answers)
    print(f"runs started                   {options.waits} in {filled:.0f} s")
    print(f"first wait over after          {seen.first:.1f} s (from the start of the process)")
    print(f"waits a second                 {seen.rate:.0f}")
    print(f"new events meanwhile           {len(answers)}, answered within (p50, p99, max)")
    print(
        f"                               {', '.join(f'{1000 * answers[int(p * (len(answers) - 1))]:.0f} ms' for p in (0.5, 0.99, 1))}"
    )
    print(f"memory at most                 {seen.peak} MB")
    print(f"violations                     {len(wrong)}")
    for sentence in wrong:
        print("WRONG:", sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
