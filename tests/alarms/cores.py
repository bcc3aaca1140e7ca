"""The engine's cycle on a real SQLite file, with time as an argument: what happens when is not left to chance."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rulelang.calendar import parse_instant, utc
from runtime.engine.core import CoreLimits, EngineCore
from runtime.engine.cycle import Cycle, CycleLimits
from runtime.engine.rules import Rules
from runtime.engine.work import Arrival, Committed
from runtime.events import EventCodec
from runtime.model import Entry, Millis, SubjectKey, SubjectState
from runtime.store.open import open_store
from runtime.store.protocol import Batch
from stdlib_actions.library import offline_library
from tests.support.rules import SCHEMA, catalogue, check


class Process:
    """One life of an engine. `now` moves only when told to."""

    def __init__(
        self,
        path: Path,
        text: str,
        now: str,
        limits: CoreLimits = CoreLimits(),  # noqa: B008 - immutable
        cycle: CycleLimits = CycleLimits(),  # noqa: B008 - immutable
        schema: str = SCHEMA,
    ) -> None:
        self.now = parse_instant(now)
        self.writer, self.reader = open_store(path)
        self.checked = check(text, schema=schema)
        library = offline_library(lambda: self.checked.schema, catalogue=catalogue())
        self.core = EngineCore(
            self.writer, Rules(library, self.checked.schema, self.checked.plans, explain=True), limits=limits
        )
        self.cycle = Cycle(self.core, cycle)
        self.cycle.start(self.now)
        self._number = 0

    def deploy(self, text: str, schema: str = SCHEMA) -> None:
        """Put other rules in force."""
        self.checked = checked = check(text, schema=schema)
        self.core.install(self.core.rules.deployed(checked.schema, checked.plans), self.now)
        self.cycle.doubt()

    def put(self, key: SubjectKey, **fields: Any) -> None:
        """Store a record without any event."""
        self.put_all([(key, fields)])

    def put_all(self, records: Sequence[tuple[SubjectKey, dict[str, Any]]]) -> None:
        """Store records without any event."""
        states = [SubjectState(key, {"id": key.id, **fields}, version=1) for key, fields in records]
        self.core.administer(lambda tx: tx.write(Batch(subjects=states)))

    def event(self, type: str, key: SubjectKey, **data: Any) -> Committed:
        """Let an event arrive now."""
        self._number += 1
        raw = {
            "id": f"e-{self._number}",
            "type": type,
            "subject": {"kind": key.kind, "id": key.id},
            "data": data,
        }
        event = EventCodec(catalogue(), self.checked.schema).read(raw, self.now)
        committed = self.cycle.run([Arrival(event, event.id.encode())], self.now)
        self.rest()
        return committed

    def rest(self) -> None:
        """Do what is due now."""
        self.until_instant(self.now)

    def until(self, moment: str) -> None:
        """Let time pass, one due moment after the other."""
        self.until_instant(parse_instant(moment))

    def until_instant(self, until: Millis) -> None:
        """As `until`."""
        for _ in range(10_000):
            at = self.cycle.wakes_at(self.now)
            if at is None or at > until:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, at)
            committed = self.cycle.run([], self.now)
            for fault in committed.faults:
                raise fault.error
        raise AssertionError("it does not come to rest")

    def sleep(self, moment: str) -> None:
        """Time passes without anybody at work, as in a downtime."""
        self.now = parse_instant(moment)

    def state(self, key: SubjectKey) -> SubjectState:
        """A record as it is stored."""
        with self.writer.transaction() as tx:
            return tx.subjects([key])[key]

    def journal(self) -> list[tuple[SubjectKey, Entry]]:
        """All that happened."""

        async def read() -> list[tuple[SubjectKey, Entry]]:
            reader = self.reader()
            rows = await reader.journal(limit=100_000)
            await reader.close()
            return [(row.subject, entry) for row in rows for entry in row.entries]

        return asyncio.run(read())

    def rung(self) -> list[str]:
        """When alarms rang, in UTC."""
        return [utc(e.at).strftime("%Y-%m-%dT%H:%M:%SZ") for _, e in self.journal() if _is_alarm(e)]

    def alarms(self, until: str = "2100-01-01T00:00:00Z") -> int:
        """How many subjects have an alarm."""
        with self.writer.transaction() as tx:
            return len(tx.due_alarms(parse_instant(until), 1_000_000))

    def close(self) -> None:
        """End well."""
        self.cycle.end(self.now)
        self.writer.close()

    def kill(self) -> None:
        """End without a word; only the file is closed, so that another process may open it."""
        self.writer.close()


def _is_alarm(entry: Entry) -> bool:
    return entry.kind == "derived" and entry.event.startswith("alarm:")
