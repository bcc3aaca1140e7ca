"""The promises of the engine under crashes, faults and bad luck, seed by seed. RULELANG_SEEDS plays more of them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from runtime.store.open import open_store
from tests.dst.bugs import BUGS
from tests.dst.ledger import Violation
from tests.dst.process import Parts
from tests.dst.simulation import Simulation

SEEDS = int(os.environ.get("RULELANG_SEEDS", "320"))
PARTS = 8
SQLITE_SEEDS = max(24, SEEDS // 20)

FOUND = (5701,)
"""Seeds that once found a mistake."""

SOMETIMES = (
    "answer lost",
    "breaker opened",
    "careful start",
    "cascade stopped",
    "clock set back",
    "clock set forward",
    "crash in a transaction",
    "crash with work under way",
    "deploy",
    "downtime",
    "effect cancelled",
    "effect dead",
    "effect suppressed",
    "effect unknown",
    "event conflict",
    "event duplicate",
    "event failed",
    "killed by an input",
    "left on disk",
    "moved",
    "refused",
    "related record changed",
    "replay",
    "retry",
    "retry after",
    "run blocked",
    "run cancelled",
    "run exited",
    "run failed",
    "slow",
    "start refused",
    "suppressed at sending",
    "timers together",
)


def play(seed: int, parts: Parts = Parts()) -> Counter[str]:  # noqa: B008 - immutable
    """One seed; a broken promise is an error that says how to see it again."""
    try:
        return Simulation(seed, parts).run()
    except Violation as violation:
        pytest.fail(f"{violation}\nreplay it with: python -m tests.dst --seed {seed}")


@pytest.mark.parametrize("part", range(PARTS))
def test_promises_hold_on_every_seed(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        play(seed)


@pytest.mark.parametrize("seed", FOUND)
def test_old_mistakes_stay_away(seed: int) -> None:
    play(seed)


def test_everything_that_may_go_wrong_did() -> None:
    seen: Counter[str] = Counter()
    for seed in range(150):
        seen += play(seed)
    assert [what for what in SOMETIMES if not seen[what]] == []


def test_a_seed_always_plays_the_same() -> None:
    assert play(11) == play(11)


def test_promises_hold_on_sqlite(tmp_path: Path) -> None:
    for seed in range(SQLITE_SEEDS):
        writer, _ = open_store(tmp_path / f"{seed}.db")
        try:
            on_disk = Simulation(seed, store=writer).run()
        except Violation as violation:
            pytest.fail(f"seed {seed} on SQLite: {violation}")
        finally:
            writer.close()
        assert on_disk == play(seed), f"seed {seed} plays differently on SQLite"


@pytest.mark.parametrize("bug", BUGS)
def test_every_planted_bug_is_found(bug: str) -> None:
    for seed in range(400):
        try:
            Simulation(seed, BUGS[bug]).run()
        except Violation:
            return
    pytest.fail("400 seeds did not find it")
