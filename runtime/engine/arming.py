"""Alarms and followed conditions of many subjects, part by part: after a deploy, or with a new time zone.

What is left to do is a recorded event that waits, so that a crash loses nothing and new events are served meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from runtime.engine.unit import Unit
from runtime.model import ALARMS_CHANGED, JSON, Event, EventInput, Millis, SubjectKey
from runtime.store.protocol import AcceptedEvent, Batch, Transaction
from runtime.tracking import MEMORY

_SAID = ("pass", "root", "fields")
"""What of an event every subject is told."""
_PAST = 1_000
"""The most recorded events of one subject that are looked at for counts, the newest."""

PASS = "alarms.pass:"
"""Counters, one for each kind: the number of the last pass over all subjects. Only the last goes on."""


def plan_passes(tx: Transaction, stamps: Mapping[str, Mapping[str, int]], now: Millis) -> None:
    """Record a pass over all subjects of each kind for which something else is kept than before.

    `stamps` say for each kind what is kept, by name (`Machine.stamps`). Counters `<name>:<kind>` remember them.
    """
    counters = tx.counters()
    batch = Batch()
    for kind, wanted in stamps.items():
        new = {f"{name}:{kind}": stamp for name, stamp in wanted.items()}
        if all(counters.get(name, 0) == stamp for name, stamp in new.items()):
            continue
        number = counters.get(f"{PASS}{kind}", 0) + 1
        batch.counters |= {**new, f"{PASS}{kind}": number}
        event = Event(
            id=f"{ALARMS_CHANGED}:{kind}:{number}",
            type=ALARMS_CHANGED,
            occurred_at=now,
            received_at=now,
            subject=SubjectKey(kind, ""),
            data={"pass": number},
        )
        batch.events.append(AcceptedEvent(event, b"", (), pending=True))
    if batch.events:
        tx.write(batch)


def arm_again(unit: Unit, event: Event, limit: int) -> None:
    """Do one part of the work: up to `limit` subjects. The rest is recorded as another event."""
    kind, id = event.subject
    number = event.data.get("pass")
    if number is not None and number != unit.counter(f"{PASS}{kind}"):
        return
    after = str(event.data.get("after", ""))
    keys = unit.tx.linked(event.subject, limit, after) if id else unit.tx.subjects_of(kind, limit, after)
    _arm(unit, event, [event.subject, *keys] if id and not after else keys)
    if len(keys) == limit:
        part = int(event.data.get("part", 1)) + 1
        origin = event.data.get("of", event.id)
        data = {**event.data, "after": keys[-1].id, "part": part, "of": origin}
        unit.events.append(
            AcceptedEvent(replace(event, id=f"{origin}#{part}", data=data), b"", (), pending=True)
        )


def _arm(unit: Unit, event: Event, keys: list[SubjectKey]) -> None:
    unit.pass_by(keys)
    said = {name: value for name, value in event.data.items() if name in _SAID}
    inputs = [
        (key, EventInput(replace(event, subject=key, data=said | _past(unit, key, said)))) for key in keys
    ]
    unit.load_related(inputs)
    for key, input in inputs:
        unit.advance(key, input)


def _past(unit: Unit, key: SubjectKey, said: Mapping[str, JSON]) -> dict[str, JSON]:
    """With a pass, the recorded events of a subject that count for what is new, as (type, moment, data)."""
    following = unit.rules.machine.following.get(key.kind)
    if "pass" not in said or following is None or not following.hears:
        return {}
    if unit.states[key].memory.get(MEMORY, {}).get("past") == following.counting:
        return {}
    events = (event for event in unit.tx.events_of(key, _PAST) if event.type in following.hears)
    return {"past": [[e.type, min(e.occurred_at, e.received_at), e.data] for e in events]}
