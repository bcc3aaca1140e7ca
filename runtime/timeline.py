"""The timeline: the journal as people and programs read it. A public format, see docs/timeline.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runtime.model import JSON, Entry, EntryKind, Millis, SubjectKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def entry_json(subject: SubjectKey, entry: Entry, zone: ZoneInfo) -> dict[str, JSON]:
    """One entry in the public format; keys that say nothing are left out."""
    result: dict[str, JSON] = {
        "at": local_text(entry.at, zone),
        "kind": str(entry.kind),
        "subject": {"kind": subject.kind, "id": subject.id},
    }
    for name in ("rule", "run", "step", "action", "input", "reason", "changes", "event"):
        value = getattr(entry, name)
        if value:
            result[name] = value
    if entry.due is not None:
        result["due"] = local_text(entry.due, zone)
    return result


def local_text(instant: Millis, zone: ZoneInfo) -> str:
    """An instant as ISO 8601 with the offset of `zone`; milliseconds only when there are some."""
    moment = (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone)
    return moment.isoformat(timespec="milliseconds" if instant % 1000 else "seconds")


def timeline_text(entries: Iterable[tuple[SubjectKey, Entry]], zone: ZoneInfo) -> Iterator[str]:
    """Lines for a terminal: one for each entry, and the date where the day changes; the first names the zone."""
    day = ""
    for subject, entry in entries:
        moment = (_EPOCH + timedelta(milliseconds=entry.at)).astimezone(zone)
        if moment.strftime("%Y-%m-%d") != day:
            named = "" if day else f", times in {zone.key}"
            day = moment.strftime("%Y-%m-%d")
            yield f"{day} {moment.strftime('%A')}{named}"
        yield f"  {moment.strftime('%H:%M:%S')}  {subject.kind} {subject.id}  {_sentence(entry, zone)}"


def _sentence(entry: Entry, zone: ZoneInfo) -> str:
    parts = [str(entry.kind).replace("_", " ")]
    if entry.kind in (EntryKind.EVENT, EntryKind.DERIVED):
        parts.append(f"{entry.action} {_arguments(entry.input)}".rstrip())
        return "  ".join(parts) + _changes(entry)
    if entry.rule:
        parts.append(f"`{entry.rule}`")
    if entry.step:
        parts.append(entry.step)
    if entry.action:
        parts.append(f"{entry.action} {_arguments(entry.input)}".rstrip())
    if entry.due is not None:
        parts.append(f"until {local_text(entry.due, zone)}")
    if entry.reason:
        parts.append(f"({entry.reason})")
    return "  ".join(parts) + _changes(entry)


def _arguments(values: dict[str, JSON]) -> str:
    shown = {k: v for k, v in values.items() if v not in (None, "", [], {}) and not isinstance(v, dict)}
    return ", ".join(f"{name}: {_value(value)}" for name, value in shown.items())


def _changes(entry: Entry) -> str:
    shown = {k: v for k, v in entry.changes.items() if k != "updated_at"}
    if not shown:
        return ""
    return "  [" + ", ".join(f"{name}: {_value(a)} → {_value(b)}" for name, (a, b) in shown.items()) + "]"


def _value(value: JSON) -> str:
    if value is None:
        return "—"
    text = " ".join(_plain(value).split())
    return text if len(text) <= 120 else text[:119] + "…"


def _plain(value: JSON) -> str:
    """A value without the spelling of any programming language."""
    match value:
        case bool():
            return "yes" if value else "no"
        case [str(), str()] if "@" in value[0]:
            return f"{value[1]} <{value[0]}>" if value[1] else str(value[0])
        case list():
            return ", ".join(map(_plain, value))
        case _:
            return str(value)
