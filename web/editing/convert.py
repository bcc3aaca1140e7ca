"""From the language service's values to those of the editor in the browser: offsets in UTF-16 code units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rulelang.diagnostics.model import Diagnostic, Label
from rulelang.editor.model import Completion, Edit, Location, SemanticToken, Symbol
from rulelang.editor.utf16 import Utf16
from rulelang.source import Source, Span

JSON = dict[str, Any]
_FIELD = re.compile(r"\$\{(\d+)(?::([^}]*)|\|([^,|]*)[^|]*\|)?\}")


class Places:
    """Offsets in the texts of one answer."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Source, Utf16]] = {}

    def of(self, source: Source) -> Utf16:
        """The converter for a text."""
        known = self._known.get(source.path)
        if known is None or known[0] is not source:
            known = self._known[source.path] = (source, Utf16(source.text))
        return known[1]

    def range(self, source: Source, span: Span) -> JSON:
        """A span as `from` and `to`."""
        units = self.of(source).units
        return {"from": units(span.start), "to": units(span.end)}

    def place(self, source: Source, span: Span) -> JSON:
        """A span of a file, with the line on which it begins."""
        line = source.position(span.start).line
        return {"path": source.path, **self.range(source, span), "line": line}


def diagnostics(found: Iterable[Diagnostic], places: Places) -> list[JSON]:
    """Mistakes as the editor shows them."""
    return [_diagnostic(each, places) for each in found]


def _diagnostic(found: Diagnostic, places: Places) -> JSON:
    source = found.source
    column = source.position(found.span.start).column
    return {
        "code": found.code,
        "severity": str(found.severity),
        "message": found.message,
        "label": found.label,
        "help": found.help,
        **places.place(source, found.span),
        "column": column,
        "fixes": [
            {"title": fix.title, "edits": [{**places.range(source, fix.span), "text": fix.replacement}]}
            for fix in found.fixes
        ],
        "related": [_label(label, source, places) for label in found.labels],
    }


def _label(label: Label, source: Source, places: Places) -> JSON:
    return {**places.place(label.source or source, label.span), "message": label.text}


def completion(found: Completion) -> JSON:
    """A suggestion. `insert` is a snippet as CodeMirror reads it when `snippet` is true, else plain text."""
    return {
        "label": found.label,
        "kind": str(found.kind),
        "insert": snippet(found.insert) if found.snippet else found.insert,
        "snippet": found.snippet,
        "detail": found.detail,
        "documentation": found.documentation,
        "rank": found.rank,
    }


def snippet(text: str) -> str:
    """A snippet of the Language Server Protocol as CodeMirror's: its last place has the highest number, not 0."""
    last = max((int(field[1]) for field in _FIELD.finditer(text)), default=0) + 1

    def field(found: re.Match[str]) -> str:
        number = int(found[1]) or last
        name = found[2] if found[2] is not None else found[3]
        return f"${{{number}:{name}}}" if name else f"${{{number}}}"

    return _FIELD.sub(field, text)


def symbol(found: Symbol, source: Source, places: Places) -> JSON:
    """An item of the outline with those inside it."""
    return {
        "name": found.name,
        "kind": str(found.kind),
        **places.place(source, found.span),
        "selection": places.range(source, found.selection),
        "children": [symbol(child, source, places) for child in found.children],
    }


def location(found: Location, places: Places) -> JSON:
    """A place in a file."""
    return places.place(found.source, found.span)


def edits(found: Iterable[Edit], places: Places) -> dict[str, list[JSON]]:
    """Changes by file."""
    changes: dict[str, list[JSON]] = {}
    for edit in found:
        change = {**places.range(edit.source, edit.span), "text": edit.text}
        changes.setdefault(edit.source.path, []).append(change)
    return changes


def tokens(found: Iterable[SemanticToken], source: Source, places: Places) -> list[JSON]:
    """Coloured words."""
    return [{**places.range(source, token.span), "kind": str(token.kind)} for token in found]
