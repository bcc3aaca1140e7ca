"""Inputs that kill the process are told from those that were only there when somebody else killed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from runtime.actions import LocalContext
from runtime.engine.core import EngineCore
from runtime.engine.cycle import Cycle
from runtime.engine.rules import Rules
from runtime.engine.work import Receipt
from runtime.model import JSON
from runtime.store.memory import MemoryStore
from tests.engine.world import SCHEMA, Dies, Library, Receiver, act, arrival, event, library, plan

NOW = 1_800_000_000_000
PLANS = (plan("deadly", "kill", act("do.0", "die")), plan("count", "ping", act("do.0", "bump")))


@dataclass
class World:
    """A store through many lives of processes; `die` ends the next `deaths` of them."""

    deaths: int
    now: int = NOW

    def __post_init__(self) -> None:
        self.store = MemoryStore()

    def live(self) -> Cycle:
        """A new process; how the one before ended nobody knows."""
        known = library(Receiver())
        local = {**known.local, "die": self._die}
        rules = Rules(Library(known.catalogue, local, known.effects), SCHEMA, PLANS)
        cycle = Cycle(EngineCore(self.store, rules))
        cycle.start(self.now)
        return cycle

    def _die(self, context: LocalContext, args: Mapping[str, JSON]) -> None:
        self.deaths -= 1
        if self.deaths >= 0:
            raise Dies

    def send(self, cycle: Cycle, id: str, type: str) -> Receipt:
        """The answer to one event."""
        (receipt,) = cycle.run([arrival(event(id, type))], self.now).results
        assert isinstance(receipt, Receipt)
        return receipt

    def die(self, id: str = "e1") -> None:
        """A life that ends while it handles this event."""
        with pytest.raises(Dies):
            self.send(self.live(), id, "kill")


def test_what_kills_the_process_each_time_is_set_aside() -> None:
    world = World(deaths=100)
    for _ in range(5):
        world.die()
    assert world.send(world.live(), "e1", "kill").status == "failed"


def test_what_was_there_when_somebody_killed_the_process_is_handled() -> None:
    world = World(deaths=4)
    for _ in range(4):
        world.die()
    receipt = world.send(world.live(), "e1", "kill")
    assert receipt.status == "accepted"
    assert receipt.runs


def test_deaths_with_other_inputs_do_not_add_up() -> None:
    world = World(deaths=2 + 2 * 9)
    for n in range(2 + 2 * 9):
        world.die(f"e{n % 9}")
    cycle = world.live()
    for n in range(9):
        assert world.send(cycle, f"e{n}", "kill").status == "accepted"


def test_what_was_handled_well_is_not_remembered() -> None:
    world = World(deaths=2)
    world.die()
    world.die()
    for n in range(20):
        world.send(world.live(), f"p{n}", "ping")
    with world.store.transaction() as tx:
        names = tx.counters()
    assert not any("p" in name.rpartition(":")[2] for name in names)
    assert len(names) < 25


def test_a_good_end_clears_the_account() -> None:
    world = World(deaths=100)
    for _ in range(4):
        world.die()
    world.live().end(0)
    for _ in range(5):
        world.die()
    assert world.send(world.live(), "e1", "kill").status == "failed"


def test_a_long_life_clears_the_account() -> None:
    world = World(deaths=100)
    for _ in range(4):
        world.die()
    cycle = world.live()
    world.now += 61_000
    world.send(cycle, "p1", "ping")
    for _ in range(4):
        world.die()
    assert world.send(world.live(), "e1", "kill").status == "failed"
