"""From the editor service's values to those of the Language Server Protocol (specification 3.17)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from rulelang.diagnostics.model import Diagnostic, Severity
from rulelang.editor.model import (
    Completion,
    CompletionKind,
    Edit,
    FixAction,
    Folding,
    Hover,
    Location,
    SemanticToken,
    Symbol,
    SymbolKind,
    TokenKind,
)
from rulelang.source import Source, Span

JSON = Any
Uri = Callable[[str], str]
"""From a path in the workspace to an address."""

TOKEN_TYPES = tuple(kind.value for kind in TokenKind)

_SEVERITIES = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.NOTE: 3}
_COMPLETIONS = {
    CompletionKind.KEYWORD: 14,
    CompletionKind.PHRASE: 2,
    CompletionKind.FIELD: 5,
    CompletionKind.VALUE: 20,
    CompletionKind.FUNCTION: 3,
    CompletionKind.PARAMETER: 6,
    CompletionKind.REFERENCE: 18,
    CompletionKind.SNIPPET: 15,
}
_SYMBOLS = {
    SymbolKind.RULE: 12,
    SymbolKind.TRIGGER: 24,
    SymbolKind.DECLARATION: 23,
    SymbolKind.ENTRY: 8,
}
_PLACE = re.compile(r"\$\{\d+(?::([^}]*)|\|([^,|]*)[^|]*\|)?\}")


def range_of(source: Source, span: Span) -> JSON:
    """A span as lines and UTF-16 characters from 0."""
    places = (source.utf16_position(span.start), source.utf16_position(span.end))
    start, end = ({"line": line, "character": character} for line, character in places)
    return {"start": start, "end": end}


def diagnostic(found: Diagnostic, uri: Uri) -> JSON:
    """A mistake; what to do about it stands below the sentence."""
    message = found.message if not found.help else f"{found.message}\n{found.help}"
    result: dict[str, JSON] = {
        "range": range_of(found.source, found.span),
        "severity": _SEVERITIES[found.severity],
        "code": found.code,
        "source": "rulelang",
        "message": message,
    }
    labels = [
        {
            "location": location(Location(label.source or found.source, label.span), uri),
            "message": label.text,
        }
        for label in found.labels
    ]
    return {**result, "relatedInformation": labels} if labels else result


def location(found: Location, uri: Uri) -> JSON:
    """A place in a file."""
    return {"uri": uri(found.path), "range": range_of(found.source, found.span)}


def completion(found: Completion, number: int, source: Source, snippets: bool) -> JSON:
    """A suggestion; without support for snippets the places are filled with their names."""
    text = found.insert
    if found.snippet and not snippets:
        text = _PLACE.sub(lambda place: place[1] or place[2] or "", text)
    result: dict[str, JSON] = {
        "label": found.label,
        "kind": _COMPLETIONS[found.kind],
        "sortText": f"{found.rank}{number:05}",
        # Editors match what has been typed, which may be an opening quote, with this.
        "filterText": text if text.startswith('"') and not found.snippet else found.label,
        "textEdit": {"range": range_of(source, found.replace), "newText": text},
        "insertTextFormat": 2 if found.snippet and snippets else 1,
    }
    if found.detail:
        result["detail"] = found.detail
    if found.documentation:
        result["documentation"] = {"kind": "markdown", "value": found.documentation}
    return result


def hover(found: Hover, source: Source) -> JSON:
    """What is said about a word."""
    return {"contents": {"kind": "markdown", "value": found.text}, "range": range_of(source, found.span)}


def symbol(found: Symbol, source: Source) -> JSON:
    """An item of the outline with those inside it."""
    return {
        "name": found.name,
        "kind": _SYMBOLS[found.kind],
        "range": range_of(source, found.span),
        "selectionRange": range_of(source, found.selection),
        "children": [symbol(child, source) for child in found.children],
    }


def workspace_symbol(found: Symbol, source: Source, uri: Uri) -> JSON:
    """A symbol with the place of its name."""
    place = {"uri": uri(source.path), "range": range_of(source, found.selection)}
    return {"name": found.name, "kind": _SYMBOLS[found.kind], "location": place}


def lens(source: Source, span: Span, title: str, command: str, arguments: list[JSON]) -> JSON:
    """A command above some lines."""
    return {
        "range": range_of(source, span),
        "command": {"title": title, "command": command, "arguments": arguments},
    }


def folding(found: Folding) -> JSON:
    """Lines to fold."""
    result: dict[str, JSON] = {"startLine": found.first - 1, "endLine": found.last - 1}
    return {**result, "kind": "comment"} if found.comment else result


def edits(found: Iterable[Edit], uri: Uri) -> JSON:
    """Changes of files, by address."""
    changes: dict[str, list[JSON]] = {}
    for edit in found:
        change = {"range": range_of(edit.source, edit.span), "newText": edit.text}
        changes.setdefault(uri(edit.source.path), []).append(change)
    return {"changes": changes}


def action(found: FixAction, uri: Uri) -> JSON:
    """A change that would mend a mistake."""
    return {
        "title": found.title,
        "kind": "quickfix",
        "diagnostics": [diagnostic(found.diagnostic, uri)],
        "isPreferred": len(found.diagnostic.fixes) == 1,
        "edit": edits([found.edit], uri),
    }


def semantic_tokens(found: Iterable[SemanticToken], source: Source) -> JSON:
    """Five numbers for each word, places relative to the word before."""
    data: list[int] = []
    line = character = 0
    for token in found:
        at, start = source.utf16_position(token.span.start)
        length = source.utf16_position(token.span.end)[1] - start
        data += (at - line, start - character if at == line else start, length)
        data += (TOKEN_TYPES.index(token.kind.value), 0)
        line, character = at, start
    return {"data": data}
