"""Short ways to make rows for the store's tests."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.model import Effect, EffectRow, Entry, Event, Run, RunStatus, SubjectKey, SubjectState
from runtime.store.protocol import AcceptedEvent, Batch, JournalRow, WriteStore

ANA = SubjectKey("contact", "ana")
BO = SubjectKey("contact", "bo")
ACME = SubjectKey("account", "acme")
NOW = 1_764_000_000_000


def event(id: str = "e1", subject: SubjectKey = ANA, at: int = NOW, **more: Any) -> Event:
    return Event(id, "contact.updated", at, at, subject, **more)


def accepted(id: str = "e1", runs: tuple[str, ...] = (), pending: bool = False, **more: Any) -> AcceptedEvent:
    return AcceptedEvent(event(id, **more), f"hash of {id}".encode(), runs, pending)


def state(key: SubjectKey = ANA, **fields: Any) -> SubjectState:
    return SubjectState(key, fields)


def run(id: str = "r1", subject: SubjectKey = ANA, status: str = RunStatus.WAITING, **more: Any) -> Run:
    more.setdefault("rule", "hot_lead")
    more.setdefault("plan", "plan-1")
    more.setdefault("event", "e1")
    more.setdefault("started_at", NOW)
    return Run(id=id, subject=subject, status=status, position="do.1", **more)


def ended(id: str = "r1", at: int = NOW, status: str = RunStatus.COMPLETED, **more: Any) -> Run:
    return run(id, status=status, ended_at=at, **more)


def effect(key: str = "k1", run: str = "r1", subject: SubjectKey = ANA, **row: Any) -> EffectRow:
    intent = Effect(key, run, "hot_lead", "do.1", "send email", subject, "smtp", {"to": "a@b.test"}, NOW)
    return EffectRow(intent, **row)


def segment(run: str = "r1", subject: SubjectKey = ANA, at: int = NOW, event: str = "e1") -> JournalRow:
    return JournalRow(subject, run, event, (Entry(at, "action", rule="hot_lead", run=run, step="do.1"),))


def assert_complete(struct: msgspec.Struct) -> None:
    """No field has its default: a field that a store forgets would be noticed."""
    for field in msgspec.structs.fields(type(struct)):
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        assert getattr(struct, field.name) != default, f"give {field.name} a value"


def write(store: WriteStore, **lists: Any) -> None:
    """Write a batch in a transaction of its own."""
    with store.transaction() as tx:
        tx.write(Batch(**lists))
