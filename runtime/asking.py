"""Answering from a store why a rule started, and when it starts: gathers the case for `runtime.why` and `.coming`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from rulelang.plan.model import Plan
from rulelang.types.schema import Schema
from runtime.coming import Coming, Record, coming, started_by
from runtime.machine import related_keys
from runtime.model import CancelInput, Entry, Millis, SubjectKey, SubjectState
from runtime.proposal import read_versions
from runtime.store.protocol import ReadStore
from runtime.timeline import local_text
from runtime.why import MAX_SEGMENTS, Case, Past, Verdict, why

RECENT, SAMPLED = 500, 50
"""Events from outside that a sample looks back at, and records that it judges."""
MAX_VERSIONS = 500
"""Versions of a rule that are looked at; earlier ones are not told."""


async def ask(
    reader: ReadStore, plan: Plan, schema: Schema, key: SubjectKey, event: str = ""
) -> list[Verdict] | None:
    """The verdicts of `runtime.why.why`; None when the subject is unknown."""
    state = await reader.subject(key)
    if state is None or not state.exists:
        return None
    record = await _record(reader, plan, state)
    case = Case(key, state.fields, record.related, record.journal, record.past)
    return why(plan, schema, case, event)


async def foresee(
    reader: ReadStore, plan: Plan, schema: Schema, key: SubjectKey, now: Millis, count: int = 5
) -> list[Coming] | None:
    """What the clock holds in store, as `runtime.coming.coming`; None when the subject is unknown."""
    state = await reader.subject(key)
    if state is None or not state.exists:
        return None
    if not started_by(plan):
        return []
    return coming(plan, schema, await _record(reader, plan, state), now, count)


async def _record(reader: ReadStore, plan: Plan, state: SubjectState) -> Record:
    rows = await reader.journal(subject=state.key, limit=MAX_SEGMENTS)
    journal: list[Entry] = [entry for row in rows for entry in row.entries]
    related = {}
    for kind, other in related_keys(state, CancelInput("", "")).items():
        found = await reader.subject(other)
        related[kind] = found.fields if found is not None else {}
    return Record(state, related, journal, await versions_in_force(reader, plan.key))


class Sample(msgspec.Struct, frozen=True):
    """Recent events that a rule listens to, and what stopped it: `stopped_by` as in a verdict, `reasons` in words."""

    events: int
    started: int
    stopped_by: dict[str, int]
    reasons: dict[str, int]


async def sample(reader: ReadStore, plan: Plan, schema: Schema) -> Sample:
    """What stopped a rule at the latest events, of up to `SAMPLED` records of its kind."""
    recent, _ = await reader.list_events(RECENT)
    mine = [event for event in recent if event.subject.kind == plan.subject and event.subject.id]
    since = min((event.received_at for event in mine), default=0)
    verdicts: list[Verdict] = []
    for key in list(dict.fromkeys(event.subject for event in mine))[:SAMPLED]:
        found = await ask(reader, plan, schema, key)
        verdicts += [verdict for verdict in found or () if verdict.at >= since]
    stopped = [verdict for verdict in verdicts if verdict.stopped_by]
    return Sample(
        events=len(verdicts),
        started=sum(verdict.outcome == "started" for verdict in verdicts),
        stopped_by=dict(Counter(verdict.stopped_by for verdict in stopped).most_common()),
        reasons=dict(Counter(verdict.reason for verdict in stopped).most_common(10)),
    )


async def versions_in_force(reader: ReadStore, rule: str) -> list[Past]:
    """The last versions of a rule, newest first, with their plans as far as they are known."""
    found, _ = await reader.versions("rule", rule, MAX_VERSIONS)
    plans = await read_versions(reader, {version.plan for version in found} - {""})
    return [Past(v.at, v.number, v.state if v.text is not None else "", plans.get(v.plan)) for v in found]


def verdict_json(verdict: Verdict, zone: ZoneInfo) -> dict[str, Any]:
    """The public form of a verdict."""
    result: dict[str, Any] = {
        "event": verdict.event,
        "type": verdict.type,
        "at": local_text(verdict.at, zone),
        "outcome": verdict.outcome,
    }
    if verdict.reason:
        result["reason"] = verdict.reason
    if verdict.run:
        result["run"] = verdict.run
    if verdict.stopped_by:
        result["stopped_by"] = verdict.stopped_by
    if verdict.version:
        result["version"] = verdict.version
    if verdict.stops:
        result["stops"] = [
            {"at": local_text(s.at, zone), "step": s.step, "action": s.action, "reason": s.reason}
            for s in verdict.stops
        ]
    if verdict.parts:
        parts = [{"condition": p.text, "held": p.held, "values": dict(p.values)} for p in verdict.parts]
        result["conditions"] = parts
    return result


def verdict_lines(verdict: Verdict, zone: ZoneInfo) -> Iterator[str]:
    """A verdict for a terminal."""
    head = f"{local_text(verdict.at, zone)}  {verdict.type}  ({verdict.event})"
    match verdict.outcome:
        case "started":
            yield f"{head}  started {verdict.run}"
        case "refused":
            yield f"{head}  matched, but was refused: {verdict.reason}"
        case _:
            yield f"{head}  did not match: {verdict.reason}"
    for stop in verdict.stops:
        action = stop.action.replace("_", " ") or "a step"
        yield f"    {local_text(stop.at, zone)}  {action} ({stop.step}): {stop.reason}"
    for part in verdict.parts:
        values = ", ".join(
            f"{name} is {'missing' if value is None else value}" for name, value in part.values.items()
        )
        yield f"    {'held  ' if part.held else 'failed'}  {part.text}" + (f"   ({values})" if values else "")
