"""Kills the server at random moments under load, starts it again, and holds its books against the receivers'.

python -m tests.chaos.kill_loop --kills 200
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos import journey
from tests.chaos.audit import Evidence, Findings, audit
from tests.chaos.load import Load
from tests.chaos.operator import drain
from tests.chaos.receivers import Receivers
from tests.chaos.rig import Died, Rig
from tests.chaos.snapshot import snapshot

_START = 1.0
"""About how long a start takes, in seconds: some kills fall into it."""
_ANSWER, _ACCEPT = 0.03, 0.02
"""Seconds that a webhook and a mail take, so that kills meet attempts under way."""


@dataclass
class Lives:
    """How the processes ended."""

    kills: int = 0
    in_start: int = 0
    stops: int = 0
    codes: Counter[int] = field(default_factory=Counter)


@dataclass
class Report:
    """What a loop found."""

    lives: Lives
    evidence: Evidence
    findings: Findings
    told: Counter[str]
    decided: Counter[str]
    seconds: float

    def lines(self) -> list[str]:
        """The figures, one a line."""
        counts = self.findings.counts
        return [
            f"kill -9                        {self.lives.kills} ({self.lives.in_start} during a start)",
            f"SIGTERM in between             {self.lives.stops}",
            f"events acknowledged            {len(self.evidence.acknowledged)}",
            f"  of them lost                 {counts['lost']}",
            f"answers                        {_listed(self.told)}",
            f"runs                           {_listed(_part(counts, 'runs '))}",
            f"  doubled                      {counts['doubled']}",
            f"waits, early ones              {counts['waits']}, {sum('early' in w for w in self.findings.wrong)}",
            f"webhooks, delivered again      {counts['webhooks']}, {counts['webhooks repeated']}",
            f"mails, delivered again         {counts['mails']}, {counts['mails repeated']}",
            f"effects                        {_listed(_part(counts, 'effects '))}",
            f"decided by an operator         {_listed(self.decided)}",
            f"violations                     {len(self.findings.wrong)}",
            f"seconds                        {self.seconds:.0f}",
        ]


def _part(counts: Counter[str], prefix: str) -> Counter[str]:
    return Counter({name.removeprefix(prefix): n for name, n in counts.items() if name.startswith(prefix)})


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "none"


def run(folder: Path, kills: int, seed: int, rate: float, life: float = 2.0) -> Report:
    """Kill so often, then let everything come to its end; what was found.

    Args:
        folder: an empty one, for the workspace.
        kills: how many.
        seed: of the moments; the rest is up to the machine.
        rate: events a second.
        life: the longest life of a process after it serves, in seconds.

    Raises:
        AssertionError: the server did not start, or things did not come to their end.
    """
    began = time.monotonic()
    with (
        Receivers(_ACCEPT) as receivers,
        Rig(folder / "workspace", journey.files(receivers, f"/slow?s={_ANSWER}")) as rig,
    ):
        load = Load(rig, rate=rate)
        load.start()
        lives = _live(rig, Random(seed), kills, life)
        server = rig.start()
        load.finish()
        decided = drain(rig.api(), receivers, 60 + kills)
        lives.codes[server.stop()] += 1
        book = load.book
        evidence = Evidence(
            snapshot(rig.database), book.runs, set(book.sent), receivers.webhooks(), receivers.mails()
        )
    findings = audit(evidence)
    findings.wrong[:0] = book.wrong
    for code in lives.codes:
        findings.check(code == 0, "a server that was asked to end did so with", code)
    return Report(lives, evidence, findings, book.counts, decided, time.monotonic() - began)


def _live(rig: Rig, random: Random, kills: int, life: float) -> Lives:
    """One process after the other. Some end in order, so that few are careful because of those before."""
    lives = Lives()
    while lives.kills < kills:
        server = rig.launch()
        if random.random() < 0.2:
            time.sleep(random.uniform(0, _START))
            lives.in_start += 1
            server.kill()
            lives.kills += 1
            continue
        server.ready()
        time.sleep(random.uniform(0, life))
        if random.random() < 0.25:
            lives.stops += 1
            lives.codes[server.stop()] += 1
        else:
            server.kill()
            lives.kills += 1
    return lives


def main() -> int:
    """The command line; 1 when something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=40.0, help="events a second")
    parser.add_argument(
        "--folder", type=Path, help="where to work and leave everything; else a temporary one"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        try:
            report = run(folder, options.kills, options.seed, options.rate)
        except (AssertionError, Died) as error:
            print(error, file=sys.stderr)
            return 1
    print("\n".join(report.lines()))
    for sentence in report.findings.wrong[:50]:
        print("WRONG:", sentence)
    return 1 if report.findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
