"""Statements of tests written out: what the prompt saves, and the counterexamples that property tests find."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from grammar.tables import load
from rulelang.calendar import Duration, instant_text
from rulelang.syntax.literals import quoted
from rulelang.types.model import Kind, Type
from rulelang.types.schema import Schema
from runtime.events import RECORD_UPDATED
from runtime.model import JSON, Millis, SubjectKey

_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_BARE = {
    Kind.DATE: re.compile(r"\d{4}-\d\d-\d\d"),
    Kind.DATETIME: re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"),
    Kind.TIME: re.compile(r"\d\d:\d\d"),
    Kind.ENUM: _WORD,
    Kind.TAG: _WORD,
}
"""How a stored value of a kind looks that needs no quotes."""

_UNITS = ((3_600_000, "h"), (60_000, "m"), (1000, "s"))
_WIDTH = 100


class Unwritable(Exception):
    """A value that the statements of a test have no words for; the message names it."""


def literal(value: JSON, type_: Type | None = None) -> str:
    """A stored value as a statement spells it.

    Raises:
        Unwritable: an object, or an empty list.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            plain = _BARE.get(type_.kind) if type_ is not None else None
            bare = plain is not None and plain.fullmatch(value) and value not in load().fixed
            return value if bare else quoted(value)
        case int() | float():
            return f"{value:.12f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        case list() if value:
            item = type_.item if type_ is not None else None
            return f"[{', '.join(literal(each, item) for each in value)}]"
    raise Unwritable(f"a test has no words for the value {str(value)[:60]}")


def name(word: str) -> str:
    """A field's name, in backquotes where it is a word of the language."""
    return f"`{word}`" if word in load().fixed else word


def record(key: SubjectKey) -> str:
    """`contact "c_1"`."""
    return f"{key.kind} {quoted(key.id)}"


def given(key: SubjectKey, fields: Mapping[str, JSON], schema: Schema) -> str:
    """The statement that puts a record in place. Fields that the system keeps are left out.

    Raises:
        Unwritable: a value has no words.
    """
    pairs = [
        f"{name(field)} = {literal(value, schema.fields[key.kind][field].type)}"
        for field, value in fields.items()
        if _is_given(key.kind, field, value, schema)
    ]
    pairs += [f"stage = {quoted(stage)}" for stage in (fields.get("stages") or {}).values()]
    return f"given {record(key)}" + (f" has {', '.join(pairs)}" if pairs else "")


def _is_given(kind: str, field: str, value: JSON, schema: Schema) -> bool:
    known = schema.fields[kind].get(field)
    return value not in (None, []) and known is not None and not known.read_only and field != "stages"


def fired(raw: Mapping[str, Any], schema: Schema) -> str:
    """The statement that lets an event happen, from its public JSON.

    Raises:
        Unwritable: its data holds what has no words.
    """
    subject = raw["subject"]
    key, data = SubjectKey(subject["kind"], subject["id"]), dict(raw.get("data") or {})
    if raw["type"] == RECORD_UPDATED:
        types = {n: field.type for n, field in schema.fields[key.kind].items()}
        return f"when {record(key)} gets {_pairs(data['fields'], types)}"
    if raw["type"] == "rule.start":
        head = f"manual start {quoted(str(data.pop('rule', '')))}"
    else:
        head = f"event {quoted(raw['type'])}"
    return f"when {head} for {record(key)}" + (f" with {_pairs(data, {})}" if data else "")


def _pairs(values: Mapping[str, JSON], types: Mapping[str, Type]) -> str:
    return ", ".join(f"{name(field)} = {literal(value, types.get(field))}" for field, value in values.items())


def span_text(duration: Duration) -> str:
    """A duration as a statement spells it."""
    parts = [(duration.months, "mo"), (duration.days, "d")]
    seconds = duration.seconds
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size // 1000)
        parts.append((count, unit))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def moment(instant: Millis) -> str:
    """An instant as a statement spells it."""
    return instant_text(instant).replace(".000Z", "Z").replace(":00Z", "Z")


def block(head: str, title: str, lines: list[str]) -> Iterator[str]:
    """A test or property as lines, long statements broken at their commas."""
    yield f"{head} {quoted(title)}"
    for line in lines:
        yield from _wrapped(line)
    yield "end"


def _wrapped(statement: str) -> Iterator[str]:
    """A statement on one line, or on several that each go on after a comma outside of quotes."""
    line, indent = "", "  "
    for piece in re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^",])*,?', statement):
        if line and len(indent + line + piece) > _WIDTH:
            yield indent + line.strip()
            line, indent = "", "      "
        line += piece
    yield indent + line.strip()
