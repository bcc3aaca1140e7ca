"""A store that fails as stores fail, and tells an observer what it really kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from runtime.store.protocol import Batch, StoreUnavailable, Transaction, WriteStore


class Crash(BaseException):
    """The process ends here. Nothing may catch it but the simulation."""


class Faults:
    """How often what goes wrong; all 0 when `calm`."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.calm = False
        self.crash_in_verb = 0.003
        self.refuse = 0.01
        self.lose_answer = 0.01

    def happens(self, chance: float) -> bool:
        """Whether something of this chance goes wrong now."""
        return not self.calm and self.random.random() < chance


class FaultyTransaction:
    """Every verb may be the last thing that the process does."""

    def __init__(self, tx: Transaction, faults: Faults, batches: list[Batch]) -> None:
        self._tx = tx
        self._faults = faults
        self._batches = batches

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._tx, name)

        def call(*args: Any, **named: Any) -> Any:
            if self._faults.happens(self._faults.crash_in_verb):
                raise Crash(name)
            if name == "write":
                self._batches.append(args[0])
            return verb(*args, **named)

        return call


class FaultyStore:
    """WriteStore around another one. `observe` gets the batches of every transaction that was kept."""

    def __init__(self, store: WriteStore, faults: Faults, observe: Callable[[list[Batch]], None]) -> None:
        self.inner = store
        self._faults = faults
        self._observe = observe
        self.seen: dict[str, int] = {"refused": 0, "answer lost": 0}

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """See WriteStore."""
        if self._faults.happens(self._faults.refuse):
            self.seen["refused"] += 1
            raise StoreUnavailable("the simulated disk is full")
        batches: list[Batch] = []
        with self.inner.transaction() as tx:
            yield FaultyTransaction(tx, self._faults, batches)
        self._observe(batches)
        if self._faults.happens(self._faults.lose_answer):
            self.seen["answer lost"] += 1
            raise StoreUnavailable("the simulated commit was kept, but its answer was lost")

    def checkpoint(self) -> None:
        """See WriteStore."""
        self.inner.checkpoint()

    def close(self) -> None:
        """See WriteStore."""
        self.inner.close()
