"""Kills the server at every system call that changes something, or lets the call fail, and holds the books afterwards.

python -m tests.chaos.syscalls               every call
python -m tests.chaos.syscalls --points 5    five of each kind
"""

from __future__ import annotations

import argparse
import http.client
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from tests.chaos import journey
from tests.chaos.audit import Evidence, audit
from tests.chaos.faults import CALLS, ON_FILES, Fault, Tracer, missing, nothing
from tests.chaos.operator import drain
from tests.chaos.receivers import Receivers
from tests.chaos.rig import Api, Died, Rig, Server
from tests.chaos.snapshot import snapshot

PHASES = ("start", "work", "careful")
EVENT, CONTACT = "e1", "c1"
_PATIENCE = 40.0
"""Seconds in which a server with a fault comes to an end of the scenario, or to its own."""
_PATIENCE_WITH_NONE = 6.0
"""The same where the fault stays and the scenario cannot end."""
_REFUSALS = (503, 507)


@dataclass
class Point:
    """What became of one fault. `hit` says whether it came about at all."""

    fault: Fault
    hit: bool = False
    answered: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Sender(threading.Thread):
    """Sends one event until it is taken, and notes every answer."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self._api = api
        self.statuses: list[int] = []
        self.runs: tuple[str, ...] | None = None

    def run(self) -> None:
        """Insist."""
        while self.runs is None:
            try:
                answer = self._api.request("POST", "/v1/events", journey.order(EVENT, CONTACT))
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            self.statuses.append(answer.status)
            if answer.status == 200:
                self.runs = tuple(answer.json["runs"])
            else:
                time.sleep(0.1)


def template(folder: Path, phase: str) -> Path | None:
    """A database to begin with: none, one just made, or one whose last two processes ended badly."""
    if phase == "start":
        return None
    made = folder / f"{phase}.db"
    with Receivers() as receivers, Rig(folder / f"template-{phase}", journey.files(receivers)) as rig:
        rig.start().stop()
        if phase == "careful":
            for _ in range(3):
                rig.start().kill()
        _copy(rig.database, made)
    return made


def play(folder: Path, template: Path | None, fault: Fault) -> Point:
    """One small scenario with one fault: an event, its runs, a webhook, a mail, the end of the process; then a
    second process without any, and the books.
    """
    point = Point(fault)
    folder.mkdir()
    tracer = Tracer(fault, folder / "calls")
    with Receivers() as receivers, Rig(folder / "workspace", journey.files(receivers)) as rig:
        sender = Sender(rig.api(5.0))
        if template is not None:
            _copy(template, rig.database)
        server = _begin(rig, fault, tracer, sender)
        code = _watch(point, server, receivers)
        tracer.end()
        point.hit, point.calls, point.answered = tracer.hit, tracer.counts(), sender.runs is not None
        _judge_end(point, code, server)
        _recover(point, rig, receivers, sender)
    shutil.rmtree(folder)
    return point


def _copy(template: Path, database: Path) -> None:
    for suffix in ("", "-wal"):
        if Path(f"{template}{suffix}").exists():
            shutil.copy(f"{template}{suffix}", f"{database}{suffix}")


def _begin(rig: Rig, fault: Fault, tracer: Tracer, sender: Sender) -> Server:
    if fault.phase == "start":
        server = rig.launch(*tracer.wrapper)
    else:
        server = rig.start()
        tracer.attach(server)
    sender.start()
    return server


def _watch(point: Point, server: Server, receivers: Receivers) -> int:
    """Wait for the end of the scenario and then of the process; its exit code."""
    until = time.monotonic() + (_PATIENCE_WITH_NONE if point.fault.lasting else _PATIENCE)
    while server.process.poll() is None and not receivers.smtp.envelopes:
        if time.monotonic() > until:
            if not point.fault.lasting:
                point.wrong.append("the scenario did not come to its end without a restart")
            server.kill()
            return -9
        time.sleep(0.02)
    if server.process.poll() is not None:
        return server.wait(1)
    time.sleep(0.1)
    try:
        return server.stop(30)
    except subprocess.TimeoutExpired:
        point.wrong.append("the server did not end when it was asked to")
        server.kill()
        return -9


def _judge_end(point: Point, code: int, server: Server) -> None:
    """Without a kill the process ends in order, or with a sentence and code 2 or 3 when it could not start."""
    if not point.fault.error:
        if point.hit != (code == -9):
            point.wrong.append(f"the process ended with {code}")
    elif code in (2, 3):
        if b"Traceback" in server.said or b"rulelang: " not in server.said:
            point.wrong.append(f"it did not say why it ended: {server.said[-500:]!r}")
    elif code != 0 and not point.fault.lasting:
        point.wrong.append(f"the process ended with {code}: {server.said[-500:]!r}")


def _recover(point: Point, rig: Rig, receivers: Receivers, sender: Sender) -> None:
    try:
        server = rig.start()
        sender.join(30)
        if sender.runs is None:
            raise AssertionError(f"the event is never taken: {sender.statuses[-3:]}")
        decided = drain(rig.api(), receivers, 60)
        code = server.stop()
    except (AssertionError, Died, subprocess.TimeoutExpired) as error:
        point.wrong.append(f"after a restart: {error}")
        return
    evidence = Evidence(
        snapshot(rig.database), {EVENT: sender.runs}, {EVENT}, receivers.webhooks(), receivers.mails()
    )
    found = audit(evidence)
    found.check(code == 0, "the next server ended with", code)
    found.check(found.counts["runs completed"] == 2, "the event has not had both of its runs")
    strange = set(sender.statuses) - {200, *_REFUSALS}
    found.check(not strange, "the client was answered with", sorted(strange))
    point.wrong += found.wrong
    point.counts = found.counts + decided


# --- which points ----------------------------------------------------------------------------------------


class Sweep:
    """All points of a kind, or some of them, `workers` at a time."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self._folder = folder
        self._workers = workers
        self._templates: dict[str, Path | None] = {}
        self._number = 0
        self.done: list[Point] = []

    def totals(self, phase: str) -> Counter[str]:
        """How often each call is made when nothing goes wrong.

        Raises:
            AssertionError: something goes wrong all the same.
        """
        (point,) = self._play([nothing(phase)])
        assert not point.wrong, point.wrong
        return point.calls

    def kill(self, phase: str, points: int = 0) -> list[Point]:
        """Kills at every call, or at so many of each kind."""
        return self._sweep([Fault(phase, call, 0) for call in CALLS], points)

    def fail(self, phase: str, calls: Sequence[str] = ON_FILES, points: int = 0) -> list[Point]:
        """A full disk and a broken one at these calls, for that call or from then on."""
        kinds = [("ENOSPC", False), ("EIO", False), ("ENOSPC", True)]
        return self._sweep([Fault(phase, call, 0, *kind) for call in calls for kind in kinds], points)

    def _sweep(self, kinds: list[Fault], points: int) -> list[Point]:
        totals = self.totals(kinds[0].phase)
        kinds = [kind for kind in kinds if totals[kind.call]]
        found = self._play([fault for kind in kinds for fault in _chosen(kind, totals[kind.call], points)])
        if not points:
            for kind in kinds:
                found += self._beyond(kind, totals[kind.call])
        self.done += found
        return found

    def _beyond(self, kind: Fault, total: int) -> Iterator[Point]:
        """A run may make more calls than the one that was counted: go on until nothing happens twice."""
        untouched, number = 0, total
        while untouched < 2:
            number += 1
            (point,) = self._play([replace(kind, number=number)])
            untouched = 0 if point.hit else untouched + 1
            yield point

    def _play(self, faults: list[Fault]) -> list[Point]:
        for phase in {fault.phase for fault in faults} - set(self._templates):
            self._templates[phase] = template(self._folder, phase)
        first = self._number
        self._number += len(faults)
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(partial(self._one, first), range(len(faults)), faults))

    def _one(self, first: int, number: int, fault: Fault) -> Point:
        return play(self._folder / f"point{first + number}", self._templates[fault.phase], fault)


def _chosen(kind: Fault, total: int, points: int) -> list[Fault]:
    """Every number, or so many at equal distances."""
    numbers = range(1, total + 1)
    if points and total > points:
        numbers = range(1 + total // (2 * points), total + 1, total // points)
    return [replace(kind, number=number) for number in numbers]


def report(points: list[Point]) -> list[str]:
    """The figures, one a line."""
    lines = [
        f"{'fault':<18}{'phase':<9}{'call':<11}{'points':>7}{'hit':>6}{'acknowledged':>14}{'again':>7}{'wrong':>7}"
    ]
    kinds: dict[tuple[str, ...], list[Point]] = {}
    for point in points:
        fault = point.fault
        kinds.setdefault(
            (fault.error + "+" * fault.lasting or "SIGKILL", fault.phase, fault.call), []
        ).append(point)
    for (what, phase, call), group in kinds.items():
        hit = sum(p.hit for p in group)
        answered = sum(p.hit and p.answered for p in group)
        again = sum(p.counts["webhooks repeated"] + p.counts["mails repeated"] for p in group)
        wrong = sum(bool(p.wrong) for p in group)
        lines.append(
            f"{what:<18}{phase:<9}{call:<11}{len(group):>7}{hit:>6}{answered:>14}{again:>7}{wrong:>7}"
        )
    return lines


def main() -> int:
    """The command line; 1 when something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--points", type=int, default=0, help="so many of each kind; else all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--phase", choices=PHASES, action="append", help="this phase only")
    parser.add_argument("--what", choices=("kill", "fail"), action="append", help="this alone")
    options = parser.parse_args()
    if reason := missing():
        print(reason, file=sys.stderr)
        return 3
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sweep = Sweep(Path(folder), options.workers)
        for phase in options.phase or PHASES:
            if "kill" in (options.what or ["kill"]):
                sweep.kill(phase, options.points)
            if "fail" in (options.what or ["fail"]):
                sweep.fail(phase, points=options.points)
    print("\n".join(report(sweep.done)))
    wrong = [f"{point.fault}: {sentence}" for point in sweep.done for sentence in point.wrong]
    hit = sum(point.hit for point in sweep.done)
    print(f"{hit} faults, {len(wrong)} violations, {time.monotonic() - began:.0f} seconds")
    for sentence in wrong[:50]:
        print("WRONG:", sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
