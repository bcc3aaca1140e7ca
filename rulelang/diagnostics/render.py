"""Diagnostics for people (text with the source underlined), for programs (JSON) and for GitHub (annotations)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rulelang.diagnostics.model import Diagnostic, Fix, Label, Severity
from rulelang.diagnostics.snippet import Palette, fixed, snippet
from rulelang.diagnostics.terminal import harmless
from rulelang.source import Source, Span


def render_text(diagnostics: Iterable[Diagnostic], color: bool) -> str:
    """Diagnostics as text for a terminal, the words in question underlined, a blank line between two.

    Control characters of the source are shown, never sent. `color` adds ANSI colours.
    """
    return "\n".join(_text(diagnostic, Palette(color)) for diagnostic in diagnostics)


def _text(diagnostic: Diagnostic, palette: Palette) -> str:
    severity = diagnostic.severity
    head = palette.severity(severity, f"{severity}[{diagnostic.code}]")
    lines = [f"{head}{palette.strong(': ' + harmless(diagnostic.message))}"]
    margin, body = snippet(diagnostic, palette)
    lines += body
    edge = " " * margin + palette.frame(" = ")
    if diagnostic.help:
        lines.append(f"{edge}{palette.strong('help')}: {harmless(diagnostic.help)}")
    for fix in diagnostic.fixes[:1]:
        lines.append(f"{edge}{palette.strong('fix')}: {harmless(fix.title)}")
        lines += fixed(diagnostic.source, fix, margin, palette)
    return "\n".join(lines) + "\n"


def render_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Diagnostics as plain dictionaries; lines and columns count from 1 in code points, `end` is exclusive."""
    return [_json(diagnostic) for diagnostic in diagnostics]


def _json(diagnostic: Diagnostic) -> dict[str, Any]:
    source = diagnostic.source
    return {
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "label": diagnostic.label,
        "help": diagnostic.help,
        "path": source.path,
        **_range(source, diagnostic.span),
        "labels": [_label(label, source) for label in diagnostic.labels],
        "fixes": [_fix(fix, source) for fix in diagnostic.fixes],
    }


def _label(label: Label, source: Source) -> dict[str, Any]:
    owner = label.source or source
    return {"text": label.text, "path": owner.path, **_range(owner, label.span)}


def _fix(fix: Fix, source: Source) -> dict[str, Any]:
    return {"title": fix.title, "replacement": fix.replacement, **_range(source, fix.span)}


def _range(source: Source, span: Span) -> dict[str, Any]:
    return {"start": _position(source, span.start), "end": _position(source, span.end)}


def _position(source: Source, offset: int) -> dict[str, int]:
    at = source.position(offset)
    return {"line": at.line, "column": at.column}


_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Diagnostics as workflow commands, one a line, which GitHub shows as annotations of the files."""
    return "".join(_command(diagnostic) for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    start = diagnostic.source.position(diagnostic.span.start)
    end = diagnostic.source.position(max(diagnostic.span.end, diagnostic.span.start + 1))
    properties = {
        "file": diagnostic.source.path,
        "line": start.line,
        "endLine": end.line,
        "col": start.column,
        "endColumn": end.column,
        "title": diagnostic.code,
    }
    if end.line != start.line:
        # GitHub refuses columns for a range of several lines.
        del properties["col"], properties["endColumn"]
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    parts = [diagnostic.message, diagnostic.label, diagnostic.help]
    text = "%0A".join(_data(part) for part in parts if part)
    return f"::{_COMMANDS[diagnostic.severity]} {listed}::{text}\n"


def _data(text: str) -> str:
    """The value of a workflow command, escaped as GitHub's toolkit does."""
    return harmless(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
