"""Runs seeds from the command line: `python -m tests.dst --seed 17`, `python -m tests.dst --seeds 20000`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.dst.bugs import BUGS
from tests.dst.ledger import Violation
from tests.dst.process import Parts
from tests.dst.simulation import Simulation


def main() -> int:
    """Play one seed or many; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.dst", description=__doc__)
    parser.add_argument("--seed", type=int, help="play this one seed")
    parser.add_argument("--seeds", type=int, default=1000, help="play so many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--bug", choices=sorted(BUGS), help="with this planted mistake")
    options = parser.parse_args()
    parts = BUGS[options.bug] if options.bug else Parts()
    seeds = (
        [options.seed] if options.seed is not None else range(options.first, options.first + options.seeds)
    )
    seen: Counter[str] = Counter()
    for seed in seeds:
        try:
            seen += Simulation(seed, parts).run()
        except Violation as violation:
            print(f"seed {seed}: {violation}", file=sys.stderr)
            return 1
    for what, times in sorted(seen.items()):
        print(f"{times:8} {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
