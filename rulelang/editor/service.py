"""One service for all editors: a workspace, a path and a place in, plain values out. It does no input or output.

Offsets and spans are code points of `Source.of(path, text).text`. A service is for one state of a workspace; the
next state gets another one. Nothing it is asked raises for what an author wrote, but `rename`.
"""

from __future__ import annotations

from collections.abc import Callable

from rulelang.calendar import Millis
from rulelang.diagnostics.model import Diagnostic
from rulelang.editor import colours, completion, outline, rename
from rulelang.editor import hover as hovering
from rulelang.editor.model import (
    Completion,
    Edit,
    FixAction,
    Folding,
    Hover,
    Location,
    RenameError,
    SemanticToken,
    Symbol,
)
from rulelang.editor.occurrences import definition_of, occurrences, target_at
from rulelang.format import format_text
from rulelang.source import Source, Span
from rulelang.workspace import CheckedWorkspace


class EditorService:
    """What editors ask of one state of a workspace. `now` tells the time, for what depends on it."""

    def __init__(self, workspace: CheckedWorkspace, now: Callable[[], Millis] | None = None) -> None:
        self.workspace = workspace
        self.now = now

    def with_text(self, path: str, text: str) -> EditorService:
        """The service for the workspace with this text in a file; this one when nothing differs."""
        file = self.workspace.files.get(path)
        if file is not None and file.source == Source.of(path, text):
            return self
        return EditorService(self.workspace.with_file(path, text), self.now)

    def diagnostics(self, path: str) -> tuple[Diagnostic, ...]:
        """What is wrong with a file."""
        return self.workspace.diagnostics_of(path)

    def completion(self, path: str, text: str, offset: int) -> tuple[Completion, ...]:
        """What could be typed at a place, best first."""
        return completion.complete(self.workspace, Source.of(path, text), offset)

    def hover(self, path: str, text: str, offset: int) -> Hover | None:
        """What is to be said about the words at a place."""
        now = self.now() if self.now is not None else None
        return hovering.hover(self.with_text(path, text).workspace, path, offset, now)

    def definition(self, path: str, offset: int) -> Location | None:
        """Where what is named at a place is declared."""
        found = target_at(self.workspace, path, offset)
        return definition_of(self.workspace, found.target) if found is not None else None

    def references(self, path: str, offset: int, declaration: bool = True) -> tuple[Location, ...]:
        """All places that name what is named at a place; with that of its declaration unless told otherwise."""
        found = target_at(self.workspace, path, offset)
        if found is None:
            return ()
        places = occurrences(self.workspace, found.target)
        return tuple(Location(o.source, o.span) for o in places if declaration or not o.declares)

    def rename(self, path: str, offset: int, name: str) -> tuple[Edit, ...]:
        """The changes that give the rule or field at a place another name.

        Raises:
            RenameError: there is none, it cannot be renamed, or not to this.
        """
        found = target_at(self.workspace, path, offset)
        if found is None:
            raise RenameError("there is nothing here that can be renamed")
        return rename.rename(self.workspace, found, name)

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        """The outline of a file."""
        file = self.workspace.files.get(path)
        return outline.symbols(file) if file is not None else ()

    def folding(self, path: str) -> tuple[Folding, ...]:
        """The lines of a file that can be folded."""
        file = self.workspace.files.get(path)
        return outline.folding(file) if file is not None else ()

    def semantic_tokens(self, path: str) -> tuple[SemanticToken, ...]:
        """What each word of a file is."""
        file = self.workspace.files.get(path)
        return colours.semantic_tokens(self.workspace, file) if file is not None else ()

    def fixes(self, path: str, span: Span) -> tuple[FixAction, ...]:
        """The changes that would mend mistakes which touch a span of a file."""
        return tuple(
            FixAction(fix.title, diagnostic, Edit(diagnostic.source, fix.span, fix.replacement))
            for diagnostic in self.diagnostics(path)
            if diagnostic.span.start <= span.end and span.start <= diagnostic.span.end
            for fix in diagnostic.fixes
        )

    def format(self, path: str, text: str) -> str | None:
        """The text in the one style; None when it has syntax errors and must be left alone."""
        return format_text(path, text)
