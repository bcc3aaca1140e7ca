"""Reads a `calendar`: hours on weekdays, holidays, pauses, a time zone; in one line or a block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time

from rulelang.calendar import zone_names
from rulelang.check.schema_parts import Head, Named, Parts, Reader
from rulelang.diagnostics import schema as messages
from rulelang.schedule import WEEKDAYS
from rulelang.syntax import nodes as ast
from rulelang.types.calendars import BusinessCalendar, Opening

EXAMPLE = 'calendar "Office": monday to friday 9:00 to 17:00'
LINES = ("hours: monday to friday 9:00 to 17:00", "holidays: 2026-12-25", "pause: 2026-07-20 to 2026-08-02")
KEYS = ("hours", "holidays", "pause", "time_zone")


@dataclass
class _Parts:
    """What has been read so far."""

    openings: list[Opening] = field(default_factory=list)
    holidays: set[date] = field(default_factory=set)
    pauses: list[tuple[date, date]] = field(default_factory=list)
    zone: str = ""
    mistaken: bool = False


def read_calendar(reader: Reader, declaration: ast.Declaration, head: Head, name: Named) -> BusinessCalendar:
    """The calendar that a declaration makes; parts that cannot be read are reported and left out."""
    found = _Parts()
    key = "hours"
    for item in _items(head.values or ()):
        key, rest = _inline(key, item)
        _take(reader, found, key, rest, item)
    for entry in declaration.entries:
        line = reader.line(entry, LINES[0])
        if line is not None:
            for item in _items(line[1]):
                _take(reader, found, line[0].text, item, entry.parts)
    if not found.openings and not found.mistaken:
        reader.report(messages.no_hours(reader.source, name.span, name.text, EXAMPLE))
    return BusinessCalendar(
        name.text, tuple(found.openings), frozenset(found.holidays), tuple(found.pauses), found.zone
    )


def _items(parts: Parts) -> Iterator[Parts]:
    """The parts between commas; a comma at the end does no harm."""
    item: list[ast.PhrasePart] = []
    for part in parts:
        if not isinstance(part, ast.Word) or part.text != ",":
            item.append(part)
        elif item:
            yield item
            item = []
    if item:
        yield item


def _inline(key: str, item: Parts) -> tuple[str, Parts]:
    """What an item of the short form is: it says so, or is one more of those before."""
    match item:
        case [ast.Word(_, ("holidays" | "pause") as word), *rest]:
            return word, rest
        case [ast.Word(_, "time_zone"), *rest]:
            return "time_zone", rest
        case [ast.Operand(_, ast.DateLit()), *_]:
            return key, item
        case _:
            return "hours", item


def _take(reader: Reader, found: _Parts, key: str, item: Parts, whole: Parts) -> None:
    if not _understood(reader, found, key, item):
        found.mistaken = True
        span = whole[0].span.to(whole[-1].span)
        reader.report(messages.bad_calendar(reader.source, span, reader.source.slice(span), LINES))


def _understood(reader: Reader, found: _Parts, key: str, item: Parts) -> bool:
    match key, list(item):
        case "hours", parts if (opening := _opening(parts)) is not None:
            found.openings.append(opening)
        case "holidays", [ast.Operand(_, ast.DateLit() as day)] if (holiday := _date(day)) is not None:
            found.holidays.add(holiday)
        case "pause", [
            ast.Operand(_, ast.DateLit() as first),
            ast.Word(_, "to"),
            ast.Operand(_, ast.DateLit() as last),
        ]:
            start, end = _date(first), _date(last)
            if start is None or end is None or start > end:
                return False
            found.pauses.append((start, end))
        case "time_zone", [ast.Operand(_, ast.TextLit(span, name))]:
            if name not in zone_names():
                reader.report(messages.unknown_zone(reader.source, span, name, zone_names()))
            else:
                found.zone = name
        case _:
            return False
    return True


def _opening(parts: Sequence[ast.PhrasePart]) -> Opening | None:
    match parts:
        case [
            *days,
            ast.Operand(_, ast.TimeLit() as start),
            ast.Word(_, "to"),
            ast.Operand(_, ast.TimeLit() as end),
        ]:
            found = _days(days)
            if found is None:
                return None
            return Opening(found, time(start.hour, start.minute), time(end.hour, end.minute))
    return None


def _days(parts: Sequence[ast.PhrasePart]) -> frozenset[int] | None:
    """`monday`, `monday to friday`, `every day`; also over the weekend, `saturday to monday`."""
    words = [part.text if isinstance(part, ast.Word) else "" for part in parts]
    match words:
        case ["every", "day"]:
            return frozenset(range(7))
        case [day] if day in WEEKDAYS:
            return frozenset((WEEKDAYS.index(day),))
        case [first, "to", last] if first in WEEKDAYS and last in WEEKDAYS:
            low, high = WEEKDAYS.index(first), WEEKDAYS.index(last)
            return frozenset((low + n) % 7 for n in range((high - low) % 7 + 1))
    return None


def _date(literal: ast.DateLit) -> date | None:
    try:
        return date(literal.year, literal.month, literal.day)
    except ValueError:
        return None
