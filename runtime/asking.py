"""Answering why from a store: gathers the case for `runtime.why`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from rulelang.plan.model import Plan
from rulelang.types.schema import Schema
from runtime.machine import related_keys
from runtime.model import CancelInput, Entry, SubjectKey
from runtime.store.protocol import ReadStore
from runtime.timeline import local_text
from runtime.why import MAX_SEGMENTS, Case, Verdict, why


async def ask(
    reader: ReadStore, plan: Plan, schema: Schema, key: SubjectKey, event: str = ""
) -> list[Verdict] | None:
    """The verdicts of `runtime.why.why`; None when the subject is unknown."""
    state = await reader.subject(key)
    if state is None or not state.exists:
        return None
    rows = await reader.journal(subject=key, limit=MAX_SEGMENTS)
    journal: list[Entry] = [entry for row in rows for entry in row.entries]
    related = {}
    for kind, other in related_keys(state, CancelInput("", "")).items():
        found = await reader.subject(other)
        related[kind] = found.fields if found is not None else {}
    return why(plan, schema, Case(key, state.fields, related, journal), event)


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
    for part in verdict.parts:
        values = ", ".join(
            f"{name} is {'missing' if value is None else value}" for name, value in part.values.items()
        )
        yield f"    {'held  ' if part.held else 'failed'}  {part.text}" + (f"   ({values})" if values else "")
