"""Telling what is wrong: of the documents that have changed at once, of all other files when nothing else is to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rulelang.diagnostics.model import Diagnostic
from workbench.lsp import convert
from workbench.lsp.projects import Documents, Project

JSON = Any
SLICE = 0.02
"""Seconds of work between two looks for messages."""


class Publisher:
    """Tells each file's mistakes when they are not what was told last."""

    def __init__(self, documents: Documents, notify: Callable[[str, JSON], None]) -> None:
        self._documents = documents
        self._notify = notify
        self._told: dict[str, JSON] = {}
        self._hints: dict[tuple[int, str], list[Diagnostic]] = {}
        self._rest: Iterator[None] | None = None

    def at_once(self) -> None:
        """Tell of the documents that have changed; what that means for all others comes later."""
        for project, path in self._documents.settle():
            self._tell(project, path)

    def soon(self) -> None:
        """Something has changed: all files are to be looked at again."""
        self._rest = self._everything()

    @property
    def waits(self) -> bool:
        """Whether there is something to do for `later`."""
        return self._rest is not None

    def later(self, seconds: float = SLICE) -> None:
        """Go on with all other files for so long."""
        end = time.perf_counter() + seconds
        while self._rest is not None:
            try:
                next(self._rest)
            except StopIteration:
                self._rest = None
            if time.perf_counter() > end:
                return

    def finish(self) -> int:
        """Look at all files now; how many mistakes there are."""
        self.soon()
        self.later(float("inf"))
        return sum(map(len, self._told.values()))

    def _everything(self) -> Iterator[None]:
        self.at_once()
        for project in list(self._documents.projects()):
            self._say_problem(project)
            while not project.recheck(SLICE):
                yield
            for path in self._paths(project):
                self._tell(project, path)
                yield
            yield from self._suspicions(project)
        self._forget()

    def _say_problem(self, project: Project) -> None:
        if project.problem:
            self._notify("window/showMessage", {"type": 2, "message": project.problem})
            project.problem = ""

    def _paths(self, project: Project) -> list[str]:
        others = [d.source.path for d in project.workspace.template_diagnostics]
        return list(dict.fromkeys([*project.workspace.files, *project.tests, *others]))

    def _suspicions(self, project: Project) -> Iterator[None]:
        for path, found in project.suspicions():
            key = (id(project), path)
            if found or key in self._hints:
                self._hints[key] = found
                self._tell(project, path)
            yield

    def _tell(self, project: Project, path: str) -> None:
        found: Iterable[Diagnostic] = project.mistakes(path)
        if not any(d.is_error for d in found):
            # Hints stand where they were found, unless the text has changed since.
            now = project.workspace.files.get(path)
            hints = self._hints.get((id(project), path), ())
            found = [*found, *(d for d in hints if now is not None and d.source is now.source)]
        uri = project.uri(path)
        self._say(uri, [convert.diagnostic(each, project.uri) for each in found])

    def _say(self, uri: str, now: list[JSON]) -> None:
        if self._told.get(uri) != now:
            self._told[uri] = now
            self._notify("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": now})

    def open(self, uri: str) -> None:
        """A document was opened: it is told of even when nothing is wrong with it."""
        self._told.setdefault(uri, None)

    def _forget(self) -> None:
        """Take back what was said of files that are no more."""
        known = {project.uri(path) for project in self._documents.projects() for path in self._paths(project)}
        for uri in [u for u, told in self._told.items() if told and u not in known]:
            self._say(uri, [])
