"""Sample records and events from files, for simulation and tests."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from rulelang.calendar import CalendarError, parse_instant
from rulelang.diagnostics.messages import article
from rulelang.types.schema import Schema
from runtime.csvfile import Table, TableError
from runtime.events import IDENTITY_FIELDS, EventCodec, EventError, derived_id
from runtime.model import Event, Millis, SubjectKey
from workbench.authoring.moments import instant_of
from workbench.errors import CommandError

MAX_RECORDS = 100_000
MAX_FILE = 64 * 1024 * 1024


def moment(text: str, tz: ZoneInfo, option: str = "--from") -> Millis:
    """The instant that an option names, in a zone unless it says its own.

    Raises:
        CommandError: it is no date or time.
    """
    try:
        return instant_of(text, tz)
    except CalendarError as error:
        raise CommandError(f"{option} takes {error}") from None


def read_records(
    path: Path, kind: str, codec: EventCodec, schema: Schema
) -> list[tuple[SubjectKey, dict[str, Any]]]:
    """Records from CSV, JSON (an array) or JSONL; a JSON record may name another `kind`.

    A record without `id` gets one from what identifies it.

    Raises:
        CommandError: naming the file, the line, and what is wrong with it.
    """
    found = []
    for where, raw in _objects(path, schema.fields[kind]):
        try:
            found.append(record_of(raw, kind, codec))
        except EventError as error:
            raise CommandError(f"{path}, {where}: {error}") from None
    return found


def record_of(raw: Mapping[str, Any], kind: str, codec: EventCodec) -> tuple[SubjectKey, dict[str, Any]]:
    """A record from its public form, as the API shows it or flat; it may name another `kind`.

    Raises:
        EventError: with a pointer to what is wrong.
    """
    values = {k: v for k, v in raw.items() if k not in ("kind", "live_runs", "fields")}
    if isinstance(raw.get("fields"), dict):
        values = {**raw["fields"], **values}
    return _record(str(raw.get("kind", kind)), values, codec)


def _record(kind: str, values: dict[str, Any], codec: EventCodec) -> tuple[SubjectKey, dict[str, Any]]:
    if kind not in IDENTITY_FIELDS:
        raise EventError("/kind", f"`{kind}` is no kind of record; kinds are {', '.join(IDENTITY_FIELDS)}")
    id = values.pop("id", None)
    stage = values.pop("stage", None)
    fields = codec.fields(kind, {k: v for k, v in values.items() if v is not None})
    if stage:
        fields["stages"] = {**codec.stage(kind, str(stage)), **fields.get("stages", {})}
    return SubjectKey(kind, str(id or _id(kind, fields))), fields


def _id(kind: str, fields: dict[str, Any]) -> str:
    for field in IDENTITY_FIELDS[kind]:
        if fields.get(field):
            return derived_id(kind, field, str(fields[field]))
    raise EventError(
        "", f"{article(kind)} needs `id` or {' or '.join(f'`{f}`' for f in IDENTITY_FIELDS[kind])}"
    )


def read_events(path: Path, codec: EventCodec, start: Millis) -> list[Event]:
    """Events from JSON (an array) or JSONL, in the order in which they arrive.

    One arrives at its `received_at`, else when it occurred, else at `start`.

    Raises:
        CommandError: naming the event and what is wrong with it.
    """
    events = []
    for number, (where, raw) in enumerate(_objects(path), 1):
        raw.setdefault("id", f"event-{number}")
        try:
            events.append(_arriving(codec.read(raw, start, ahead=None), raw))
        except EventError as error:
            raise CommandError(
                f"{path}, {where}{error.pointer and ' at ' + error.pointer}: {error}"
            ) from None
    return sorted(events, key=lambda event: event.received_at)


def _arriving(event: Event, raw: dict[str, Any]) -> Event:
    received = raw.get("received_at")
    if received is None:
        return msgspec.structs.replace(event, received_at=event.occurred_at)
    try:
        return msgspec.structs.replace(event, received_at=parse_instant(received))
    except (CalendarError, TypeError):
        raise EventError(
            "/received_at", f"`received_at` is an instant such as `2026-01-31T09:00:00Z`, found {received!r}"
        ) from None


def _objects(path: Path, columns: Container[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    text = _text(path)
    found = _csv(path, text, columns) if path.suffix.lower() == ".csv" else _json(path, text)
    for number, (where, value) in enumerate(found):
        if number >= MAX_RECORDS:
            raise CommandError(f"{path} holds more than {MAX_RECORDS} entries")
        if not isinstance(value, dict):
            raise CommandError(f"{path}, {where}: expected an object")
        yield where, value


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise CommandError(f"{path} is larger than {MAX_FILE // 1024 // 1024} MiB; split it")
        return path.read_text("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None


def _csv(path: Path, text: str, columns: Container[str]) -> Iterator[tuple[str, Any]]:
    try:
        table = Table(text, columns)
    except TableError as error:
        raise CommandError(f"{path}: {error}") from None
    for line in table.lines():
        if line.problem:
            raise CommandError(f"{path}, line {line.number}: {line.problem}")
        yield f"line {line.number}", dict(line.cells)


def _json(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    if text.lstrip().startswith("["):
        for number, value in enumerate(_decode(path, "the file", text), 1):
            yield f"entry {number}", value
        return
    if path.suffix.lower() == ".json":
        yield "the file", _decode(path, "the file", text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"line {number}", _decode(path, f"line {number}", line)


def _decode(path: Path, where: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CommandError(f"{path}, {where}: not JSON: {error}") from None
