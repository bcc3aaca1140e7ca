"""What the server answers about documents: the editor service's values in the words of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rulelang.editor.model import RenameError, Symbol
from rulelang.source import Source, Span
from workbench.lsp import convert
from workbench.lsp.commands import RULE_LENSES, TEST_LENS
from workbench.lsp.errors import INVALID_PARAMS, REQUEST_FAILED, RequestError
from workbench.lsp.projects import Documents, Project
from workbench.testing.completing import complete_tests

JSON = Any
Params = Mapping[str, Any]
FOUND_AT_MOST = 200
"""Symbols of a workspace that are listed."""


class Answers:
    """Answers to requests by method. `snippets` says whether the editor knows places to fill in."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.snippets = False

    def by_method(self) -> dict[str, Callable[[Params], JSON]]:
        """The handlers."""
        return {
            "textDocument/completion": self._completion,
            "textDocument/hover": self._hover,
            "textDocument/definition": self._definition,
            "textDocument/references": self._references,
            "textDocument/rename": self._rename,
            "textDocument/documentSymbol": self._symbols,
            "textDocument/foldingRange": self._folding,
            "textDocument/semanticTokens/full": self._semantic_tokens,
            "textDocument/codeAction": self._actions,
            "textDocument/codeLens": self._lenses,
            "textDocument/formatting": self._format,
            "workspace/symbol": self._workspace_symbols,
        }

    def _document(self, params: Params) -> tuple[Project, str, Source]:
        uri = params["textDocument"]["uri"]
        project, path = self._documents.of(uri)
        file = project.workspace.files.get(path)
        source = file.source if file is not None else project.tests.get(path)
        if source is None:
            raise RequestError(INVALID_PARAMS, "this document is not open and no rule file of the workspace")
        return project, path, source

    def _place(self, params: Params) -> tuple[Project, str, Source, int]:
        project, path, source = self._document(params)
        return project, path, source, _offset(source, params["position"])

    # --- a place ---

    def _completion(self, params: Params) -> JSON:
        project, path, source, offset = self._place(params)
        if path in project.tests:
            found = complete_tests(project.workspace, source, offset)
        else:
            found = project.service.completion(path, source.text, offset)
        return [convert.completion(c, n, source, self.snippets) for n, c in enumerate(found)]

    def _hover(self, params: Params) -> JSON:
        project, path, source, offset = self._place(params)
        found = None if path in project.tests else project.service.hover(path, source.text, offset)
        return convert.hover(found, source) if found is not None else None

    def _definition(self, params: Params) -> JSON:
        project, path, _, offset = self._place(params)
        found = project.service.definition(path, offset)
        return convert.location(found, project.uri) if found is not None else None

    def _references(self, params: Params) -> JSON:
        project, path, _, offset = self._place(params)
        declaration = bool(params.get("context", {}).get("includeDeclaration", True))
        found = project.service.references(path, offset, declaration)
        return [convert.location(each, project.uri) for each in found]

    def _rename(self, params: Params) -> JSON:
        project, path, _, offset = self._place(params)
        try:
            return convert.edits(project.service.rename(path, offset, params["newName"]), project.uri)
        except RenameError as error:
            raise RequestError(REQUEST_FAILED, str(error)) from None

    # --- a document ---

    def _symbols(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        return [convert.symbol(each, source) for each in project.service.symbols(path)]

    def _folding(self, params: Params) -> JSON:
        project, path, _ = self._document(params)
        return [convert.folding(each) for each in project.service.folding(path)]

    def _semantic_tokens(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        return convert.semantic_tokens(project.service.semantic_tokens(path), source)

    def _actions(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        only = params.get("context", {}).get("only")
        if only and "quickfix" not in only:
            return []
        places = params["range"]
        span = Span(_offset(source, places["start"]), _offset(source, places["end"]))
        return [convert.action(each, project.uri) for each in project.service.fixes(path, span)]

    def _format(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        text = None if path in project.tests else project.service.format(path, source.text)
        if text is None:
            return None
        if text == source.text:
            return []
        raw = self._documents.text(params["textDocument"]["uri"]) or ""
        text = text.replace("\n", "\r\n") if "\r\n" in raw else text
        return [{"range": convert.range_of(source, Span(0, len(source.text))), "newText": text}]

    def _lenses(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        uri, file = params["textDocument"]["uri"], project.workspace.files.get(path)
        return [
            convert.lens(source, rule.node.header_span, title, command, [uri, rule.key])
            for rule in (file.rules if file is not None else ())
            for title, command in RULE_LENSES
            if rule.plan is not None
        ] + [convert.lens(source, t.span, *TEST_LENS, [uri, t.name]) for t in project.own_tests(path)]

    # --- the workspace ---

    def _workspace_symbols(self, params: Params) -> JSON:
        """Rules and declarations whose name contains the query, whatever its case."""
        query, found = str(params.get("query", "")).casefold(), list[JSON]()
        for project in self._documents.projects():
            for source, symbol in _all_symbols(project):
                if query in symbol.name.casefold():
                    found.append(convert.workspace_symbol(symbol, source, project.uri))
                    if len(found) == FOUND_AT_MOST:
                        return found
        return found


def _all_symbols(project: Project) -> Iterator[tuple[Source, Symbol]]:
    for path, file in project.workspace.files.items():
        yield from ((file.source, symbol) for symbol in project.service.symbols(path))


def _offset(source: Source, position: Params) -> int:
    return source.utf16_offset(position["line"], position["character"])
