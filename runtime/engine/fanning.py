"""Steps for related records, brought to each of them: one event for all becomes one for each, part by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from runtime.engine.unit import Unit
from runtime.model import Entry, EntryKind, Event
from runtime.store.protocol import AcceptedEvent, JournalRow


def start_steps(unit: Unit, event: Event, limit: int, deliver: Callable[[Event], Sequence[str]]) -> None:
    """Do one part of the work: up to `limit` records. The rest is recorded as another event.

    `deliver` gives the runs that have begun: only those count towards the most that are wanted.
    """
    if not unit.rules.adopt(event.data["plan"], unit.tx):
        reason = "the version of the rule that asked for the steps cannot be loaded"
        entry = Entry(unit.now, EntryKind.REFUSED, rule=event.data["rule"], event=event.id, reason=reason)
        unit.journal.append(JournalRow(event.subject, "", event.id, (entry,)))
        return
    if "kind" not in event.data:
        deliver(event)
        return
    left = int(event.data["most"])
    linked = unit.tx.linked(event.subject, limit, str(event.data.get("after", "")))
    more = len(linked) == limit
    if more:
        # Two kinds may share an id: the last one comes again with the next part, whole.
        linked = [key for key in linked if key.id != linked[-1].id]
    keys = [key for key in linked if key.kind == event.data["kind"]]
    unit.load(keys)
    own = {name: value for name, value in event.data.items() if name not in ("kind", "most", "after", "part")}
    origin = str(event.data.get("from", event.id))
    for key in keys:
        if left > 0:
            left -= bool(deliver(replace(event, id=f"{origin}:{key.id}", subject=key, data=own)))
    if more and left > 0:
        part = int(event.data.get("part", 1)) + 1
        rest = {"most": left, "after": linked[-1].id, "part": part, "from": origin}
        following = replace(event, id=f"{origin}#{part}", data={**event.data, **rest})
        unit.events.append(AcceptedEvent(following, b"", (), pending=True))
