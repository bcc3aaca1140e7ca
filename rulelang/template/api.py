"""What the rest of the program does with templates. The engine is loaded when one is first read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rulelang.check.binding import Bound
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source
from rulelang.template.model import Message, Sink, Template, TemplateError
from rulelang.template.place import Place
from rulelang.template.scope import plain_copy
from rulelang.types.model import Type
from rulelang.types.schema import Schema


@lru_cache(maxsize=256)
def parse_template(name: str, text: str) -> Template:
    """Read a template, with front matter or without. What its names mean is not looked at.

    Raises:
        TemplateError: with the line and the first mistake; `check_template` tells all of them.
    """
    from rulelang.template.check import read

    source = Source.of(name, text)
    reading = read(source.text, Place.of(source, 0, source.text))
    if reading.found:
        first = reading.found[0]
        line = source.position(first.span.start).line
        raise TemplateError(f"template `{name}`, line {line}: {first.message}")
    return Template(name, reading.settings.get("format", "text"), reading.parts)


def check_template(
    text: str,
    schema: Schema,
    subject_kind: str,
    source: Source,
    offset: int,
    event_payload: Mapping[str, Type] | None = None,
    given: Mapping[str, Bound] | None = None,
) -> tuple[Diagnostic, ...]:
    """All mistakes of a template, in the order of the text.

    `text` stands in `source` at `offset` (its first character, behind the quote), as it is or with the escapes of
    a text in quotes. `subject_kind` is whom the rule is for, or "" when the template may serve any kind.
    `event_payload` are the fields of the event, or None when they are not known; `given` the names of the run.
    """
    from rulelang.template.check import read
    from rulelang.template.names import Names

    names = Names(schema, subject_kind, event_payload, given)
    return read(text, Place.of(source, offset, text), names).found


def names_shown(text: str, schema: Schema, given: Mapping[str, Bound]) -> frozenset[str]:
    """Those of the names of a run that a template shows or tests."""
    from rulelang.template.check import read
    from rulelang.template.names import Names

    names, source = Names(schema, "", None, given), Source.of("", text)
    read(source.text, Place.of(source, 0, source.text), names)
    return frozenset(names.used)


def render(template: Template, scope: Mapping[str, Any], sink: Sink | str, part: str = "body") -> str:
    """Render one part of a template (`body`, `subject` or `from`); "" when it has no such part.

    `scope` is what `build_scope` makes: plain data by root name, of which a copy is used. Values are escaped for
    `sink`; data is never read as a template.

    Raises:
        TemplateError: a limit was reached, or a filter cannot work with a value; it names template and line.
    """
    from rulelang.template.engine import render_part

    found = template.parts.get(part)
    if found is None:
        return ""
    try:
        return render_part(found, plain_copy(scope), Sink(sink))
    except TemplateError as error:
        raise TemplateError(f"template `{template.name}`, {error}") from error


def render_message(template: Template, scope: Mapping[str, Any]) -> Message:
    """Render all parts: the body for its format, subject and sender as header fields.

    Raises:
        TemplateError: as for `render`.
    """
    plain = plain_copy(scope)
    return Message(
        subject=render(template, plain, Sink.HEADER, "subject").strip(),
        sender=render(template, plain, Sink.HEADER, "from").strip(),
        body=render(template, plain, Sink(template.format)),
        format=template.format,
    )
