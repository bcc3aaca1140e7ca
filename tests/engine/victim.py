"""A process for tests to kill: an engine that prints the id of every event once it is acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from runtime.actions import LocalContext
from runtime.engine.engine import Engine
from runtime.engine.rules import Rules
from runtime.model import JSON, Outcome, OutcomeKind
from runtime.store.open import open_store
from tests.engine.world import SCHEMA, Delivery, Library, Receiver, act, arrival, event, library, plan

PLANS = (
    plan("tell", "ping", act("do.0", "bump"), act("do.1", "tell", to="alpha")),
    plan("post", "ping", act("do.0", "post", to="beta")),
    plan("deadly", "kill", act("do.0", "die")),
)


def _exit(context: LocalContext, args: Mapping[str, JSON]) -> None:
    os._exit(9)


def deadly_library(receiver: Receiver) -> Library:
    """The small library, in which `die` means it."""
    known = library(receiver)
    return Library(known.catalogue, {**known.local, "die": _exit}, known.effects)


async def _accept(delivery: Delivery) -> Outcome:
    print(f"sent {delivery.key} {delivery.to}", flush=True)
    await asyncio.sleep(0.002)
    return Outcome(OutcomeKind.DONE)


async def main(path: Path, name: str, kind: str) -> None:
    """Send events, one batch after the other, until somebody puts an end to it."""
    receiver = Receiver(behaviour=_accept)
    writer, _ = open_store(path)
    engine = Engine(writer, Rules(deadly_library(receiver), SCHEMA, PLANS))
    await engine.start()
    print("started", flush=True)
    if kind == "kill":
        await engine.submit([arrival(event("poison", "kill"))])
        print("survived", flush=True)
    for batch in range(1_000_000):
        ids = [f"{name}.{batch}.{n}" for n in range(5)]
        await engine.submit([arrival(event(id, subject=id)) for id in ids])
        print("\n".join(f"acknowledged {id}" for id in ids), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
