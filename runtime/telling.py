"""What a turn has to tell other subjects, because of what is followed for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from rulelang.plan.scope import Scope
from runtime.model import ALARMS_CHANGED, CONTACT_HEARD, JSON, Event, SubjectKey
from runtime.working import Working

if TYPE_CHECKING:
    from runtime.machine import Machine

Fields = Mapping[str, JSON]

_LINKS = {"account": "account_id", "contact": "contact_id"}


def told_elsewhere(
    machine: Machine,
    before: Fields,
    working: Working,
    records: Mapping[str, Fields],
    emitted: Iterable[Event],
) -> list[Event]:
    """Events for those that are linked to a subject whose fields they read, or to another one than before."""
    key, fields = working.key, working.fields
    read = machine.read_elsewhere.get(key.kind, frozenset())
    changed = sorted(name for name in read if before.get(name) != fields.get(name))
    found = []
    if changed and not any(event.type == ALARMS_CHANGED for event in emitted):
        found.append(_event(working, "", {"root": key.kind, "fields": changed}))
    following = machine.following.get(key.kind)
    for root in following.related if following is not None else ():
        link = _LINKS[root]
        if before.get(link) != fields.get(link) and records[root].get("id") != fields.get(link):
            found.append(_event(working, f":{root}", {"root": root}))
    return found


def _event(working: Working, suffix: str, data: dict[str, JSON]) -> Event:
    key = working.key
    id = f"{ALARMS_CHANGED}:{key.kind}:{key.id}:{working.version}{suffix}"
    return Event(id, ALARMS_CHANGED, working.now, working.now, key, data=data)


def passed_on(
    machine: Machine,
    event: Event,
    data: Fields,
    working: Working,
    scope: Callable[..., Scope],
) -> list[Event]:
    """The event that tells the account of a contact of an event that counts for it."""
    counters = machine.passed_on.get(event.type)
    account = working.fields.get("account_id")
    if not counters or not account or working.key.kind != "contact":
        return []
    seen = scope({}, awaited=data)
    names = [counter.name for counter in counters if counter.counts(seen)]
    if not names:
        return []
    key = SubjectKey("account", str(account))
    id = f"{CONTACT_HEARD}:{event.id}"
    return [Event(id, CONTACT_HEARD, event.occurred_at, working.now, key, data={"counts": names})]
