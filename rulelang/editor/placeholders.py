"""What could be typed inside a placeholder of a message, `{{ … }}` or `{% … %}`: names, fields, filters, tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from rulelang.check.binding import Bound
from rulelang.check.context import Context
from rulelang.check.rules import context_of
from rulelang.editor.cursor import cursor_at
from rulelang.editor.expected import within_each
from rulelang.editor.model import Completion, CompletionKind
from rulelang.editor.values import members
from rulelang.source import Source, Span
from rulelang.template.model import ROOTS
from rulelang.template.names import Known, Names, member
from rulelang.types.model import ANY, Kind
from rulelang.types.schema import SUBJECT_KINDS
from rulelang.workspace import TEMPLATE_FOLDER, CheckedWorkspace

TAGS = (
    "if",
    "elsif",
    "else",
    "endif",
    "unless",
    "endunless",
    "case",
    "when",
    "endcase",
    "for",
    "endfor",
    "break",
    "continue",
    "assign",
)
"""The first words of `{% … %}`."""

_BRACES = re.compile(r"(?P<open>\{\{-?|\{%-?)|-?(?:\}\}|%\})")
_FILTER = re.compile(r"\|\s*(\w*)\Z", re.ASCII)
_TAG = re.compile(r"\s*(\w*)\Z", re.ASCII)
_PATH = re.compile(r"((?:[\w-]+\.)*)([\w-]*)\Z", re.ASCII)
_NAMED = re.compile(r"\{%-?\s*(?:assign\s+(\w+)\s*=|for\s+(\w+)\s+in\b)", re.ASCII)
_REST = re.compile(r"[\w-]*", re.ASCII)


def in_placeholder(workspace: CheckedWorkspace, source: Source, offset: int) -> tuple[Completion, ...] | None:
    """Suggestions for a place inside a placeholder of a template, or of a text in a rule; None elsewhere."""
    template = source.path.startswith(TEMPLATE_FOLDER)
    start = 0 if template else source.text.rfind("\n", 0, offset) + 1
    opening = _opening(source.text, start, offset)
    if opening is None:
        return () if template else None
    context = None
    if not template:
        cursor = cursor_at(source, offset)
        if cursor is None or not cursor.quoted:
            return None
        if cursor.rule is not None:
            schema, catalogue = workspace.schema, workspace.catalogue
            context = context_of(cursor.rule, source, schema, catalogue, workspace.phrases)
            context = within_each(context, cursor.path)
    return tuple(_Placeholder(workspace, source, offset, opening, context).all())


def _opening(text: str, start: int, offset: int) -> re.Match[str] | None:
    """The braces that are open at a place."""
    last = None
    for found in _BRACES.finditer(text, start, offset):
        last = found
    return last if last is not None and last["open"] else None


class _Placeholder:
    def __init__(
        self,
        workspace: CheckedWorkspace,
        source: Source,
        offset: int,
        opening: re.Match[str],
        context: Context | None,
    ) -> None:
        self._workspace = workspace
        self._source = source
        self._offset = offset
        self._written = source.text[opening.end() : offset]
        self._is_tag = opening["open"].startswith("{%")
        self._before = source.text[: opening.start()]
        self._context = context

    def all(self) -> Iterator[Completion]:
        """All suggestions."""
        plain = self._written.replace("\\", "")
        if plain.count('"') % 2 or plain.count("'") % 2:
            return
        if found := _FILTER.search(self._written):
            yield from self._filters(found[1])
        elif self._is_tag and (found := _TAG.match(self._written)):
            yield from (self._of(found[1], tag, CompletionKind.KEYWORD) for tag in TAGS)
        elif found := _PATH.search(self._written):
            yield from self._names([part for part in found[1].split(".") if part], found[2])

    def _filters(self, typed: str) -> Iterator[Completion]:
        # The filters bring the engine of templates along, which few need.
        from rulelang.template.filters import FILTERS

        for name, definition in FILTERS.items():
            insert = f"{name}: ${{1}}" if definition.least else name
            usage = f"`{{{{ {definition.usage} }}}}`"
            yield self._of(
                typed, name, CompletionKind.FUNCTION, insert, doc=usage, snippet=definition.least > 0
            )

    def _names(self, path: list[str], typed: str) -> Iterator[Completion]:
        if not path:
            own = (name for pair in _NAMED.findall(self._before) for name in pair if name)
            given = (name for name in self._given() if name not in ROOTS)
            yield from (self._of(typed, name, CompletionKind.FIELD) for name in dict.fromkeys([*own, *given]))
            yield from (self._of(typed, name, CompletionKind.FIELD, detail="record") for name in ROOTS)
        elif path == ["event"] and self._context is not None:
            for option in members(self._context, ("event",)):
                yield self._of(typed, option.text, CompletionKind.FIELD, detail=option.detail, doc=option.doc)
        else:
            yield from self._members(path, typed)

    def _members(self, path: list[str], typed: str) -> Iterator[Completion]:
        subject = self._context.scope.subject if self._context is not None else ""
        names = Names(self._workspace.schema, subject, None, self._given())
        known = names.root(path[0])
        for segment in path[1:]:
            known = member(known, segment) if known is not None else None
        if known is None:
            return
        docs = self._workspace.schema.fields[path[0]] if path[0] in SUBJECT_KINDS and len(path) == 1 else {}
        for name, each in _fields(known):
            doc = docs[name].doc if name in docs else ""
            detail = str(each.type) if each.type != ANY else ""
            yield self._of(typed, name, CompletionKind.FIELD, detail=detail, doc=doc)

    def _given(self) -> Mapping[str, Bound]:
        """The names of the run that may be shown here."""
        if self._context is not None:
            return self._context.scope.names.known
        return self._workspace.names_given(PurePosixPath(self._source.path).stem)

    def _of(
        self,
        typed: str,
        label: str,
        kind: CompletionKind,
        insert: str = "",
        detail: str = "",
        doc: str = "",
        snippet: bool = False,
    ) -> Completion:
        rest = _REST.match(self._source.text, self._offset)
        replace = Span(self._offset - len(typed), rest.end() if rest else self._offset)
        return Completion(label, kind, insert or label, replace, detail, doc, snippet)


def _fields(known: Known) -> Iterable[tuple[str, Known]]:
    if known.type.kind is Kind.PERSON:
        return ((name, Known(ANY)) for name in ("name", "email"))
    return known.fields.items()
