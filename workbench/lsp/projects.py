"""The workspaces that an editor has open: what is on disk, with the texts that are being edited in its place."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from rulelang.diagnostics.model import Diagnostic
from rulelang.editor.service import EditorService
from rulelang.lint.rules import lint
from rulelang.source import Source
from rulelang.workspace import CheckedWorkspace, load_workspace
from runtime.clock import SystemClock
from runtime.files import RULES_SUFFIX, TEMPLATES, TESTS_SUFFIX, FileError, Files, read_files, read_text
from workbench.loading import catalogue, quick_load, workspace_of
from workbench.testing.meaning import Meaning
from workbench.testing.model import Test
from workbench.testing.parser import parse_inside, parse_tests

LINTED = 500
"""Rules of a workspace that are looked at together for loops and conflicts; with more each file is, by itself."""


def uri_of(path: Path) -> str:
    """The address of a file."""
    return f"file://{quote(path.as_posix())}"


def path_of(uri: str) -> Path | None:
    """The file at an address; None for texts that are no files."""
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" and parts.path else None


class Project:
    """One workspace, or one text of its own. `root` is None for the latter.

    `spelled` are the addresses of open documents as the editor writes them. `tests` are the open files of tests,
    which are no part of the rules, `open` are those of rules. `stale` are files whose check is of an older schema.
    """

    def __init__(self, root: Path | None, uri: str, spelled: Mapping[str, str]) -> None:
        self.root = root
        self._spelled = spelled
        self._uri = uri
        self.problem = ""
        self.tests: dict[str, Source] = {}
        self.stale: dict[str, None] = {}
        self.open: dict[str, None] = {}
        self.service = self._load({})

    @property
    def workspace(self) -> CheckedWorkspace:
        """The rules as they are now."""
        return self.service.workspace

    def path(self, uri: str) -> str:
        """A document as the workspace calls it: relative to its root."""
        file = path_of(uri)
        if self.root is None or file is None:
            return "untitled.rules" if file is None else file.name
        return file.relative_to(self.root).as_posix()

    def uri(self, path: str) -> str:
        """The address of a file of the workspace; templates are known without their suffix."""
        if self.root is None:
            return self._spelled.get(self._uri, self._uri)
        file = self.root / path
        if path.startswith(f"{TEMPLATES}/") and not file.exists():
            file = next(iter(sorted(file.parent.glob(f"{file.name}.*"))), file)
        return self._spelled.get(uri_of(file), uri_of(file))

    # --- texts ---

    def reload(self, texts: dict[str, str]) -> None:
        """Read the disk again; `texts` are the documents being edited, by path."""
        self.service = self._load({p: t for p, t in texts.items() if not p.endswith(TESTS_SUFFIX)})
        self.stale = {}

    def change(self, path: str, text: str) -> None:
        """Put the text of a document in place; what it means for other files is found by `recheck`."""
        source = Source.of(path, text)
        if path.endswith(TESTS_SUFFIX):
            self.tests[path] = source
            return
        self.open[path] = None
        before = self.workspace.files.get(path)
        if before is None or before.source != source:
            workspace, stale = self.workspace.edited(path, text)
            self._take(workspace)
            self.stale.pop(path, None)
            self.stale.update(dict.fromkeys(stale))

    def close(self, path: str) -> None:
        """Go back to what is on disk."""
        if self.tests.pop(path, None) is not None:
            return
        self._to_disk(path)
        self.open.pop(path, None)

    def _to_disk(self, path: str) -> None:
        file = self.root / path if self.root is not None else None
        if file is not None and file.is_file():
            try:
                self.change(path, read_text(file))
                return
            except FileError as error:
                self.problem = str(error)
        self._take(self.workspace.without_file(path))

    def recheck(self, seconds: float) -> bool:
        """Check stale files for so long; whether all are checked."""
        end = time.perf_counter() + seconds
        while self.stale:
            path = next(iter(self.stale))
            del self.stale[path]
            self._take(self.workspace.rechecked([path]))
            if time.perf_counter() > end:
                break
        return not self.stale

    def _take(self, workspace: CheckedWorkspace) -> None:
        self.service = EditorService(workspace, SystemClock().now)

    def _load(self, texts: dict[str, str]) -> EditorService:
        files = Files({}, {})
        try:
            if self.root is not None:
                files = read_files(self.root)
        except FileError as error:
            self.problem = str(error)
        with quick_load():
            checked = load_workspace({**files.rules, **texts}, catalogue(), files.templates)
        # What was loaded stays: the collector need not walk it again and again.
        gc.freeze()
        return EditorService(checked, SystemClock().now)

    # --- what is wrong ---

    def mistakes(self, path: str) -> list[Diagnostic]:
        """What is wrong with one file, without a look at what its rules and those of others do to each other."""
        test = self.tests.get(path)
        if test is not None:
            return parse_tests(test, Meaning(self.workspace))[1]
        found = list(self.service.diagnostics(path))
        file = self.workspace.files.get(path)
        if file is not None and file.parsed.module.tests:
            found += parse_inside(file, Meaning(self.workspace))[1]
        return found

    def own_tests(self, path: str) -> list[Test]:
        """The tests in a file, be it one of tests or of rules."""
        source, file, meaning = self.tests.get(path), self.workspace.files.get(path), Meaning(self.workspace)
        if source is not None:
            return parse_tests(source, meaning)[0]
        return parse_inside(file, meaning)[0] if file is not None and file.parsed.module.tests else []

    def suspicions(self) -> Iterator[tuple[str, list[Diagnostic]]]:
        """What is suspicious about correct rules, file by file; in a large workspace of the open files alone."""
        together = len(self.workspace.plans) <= LINTED
        found = lint(self.workspace) if together else []
        for path in list(self.workspace.files if together else self.open):
            own = found if together else lint(self.workspace.only(path))
            yield path, [d for d in own if d.source.path == path]


class Documents:
    """The open documents and the projects they belong to."""

    def __init__(self) -> None:
        self.roots: list[Path] = []
        self.texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._spelled: dict[str, str] = {}
        self._projects: dict[Path | str, Project] = {}
        self._changed: dict[str, None] = {}

    def open_root(self, uri: str) -> None:
        """Take a folder of the editor for a workspace, if it holds rules."""
        folder = path_of(uri)
        if folder is not None and folder.is_dir():
            self.roots.append(folder.resolve())
            self._project(folder.resolve(), uri)

    def of(self, uri: str) -> tuple[Project, str]:
        """The project of a document, with all texts in place, and the document's path in it."""
        self.settle()
        return self._of(_plain(uri))

    def _of(self, uri: str) -> tuple[Project, str]:
        project = self._project(self._root(uri), uri)
        return project, project.path(uri)

    def change(self, uri: str, text: str, version: int | None) -> None:
        """A document has been opened, or has this text now."""
        plain = _plain(uri)
        self.texts[plain] = text
        self._spelled[plain] = uri
        self._changed[plain] = None
        if isinstance(version, int):
            self._versions[plain] = version

    def is_outdated(self, uri: str, version: int | None) -> bool:
        """Whether a change is of a version that a later one has come before."""
        known = self._versions.get(_plain(uri))
        return isinstance(version, int) and known is not None and version <= known

    def settle(self) -> list[tuple[Project, str]]:
        """Put the texts in place that have changed since; the documents they are."""
        changed, self._changed = self._changed, {}
        found = []
        for uri in changed:
            if uri in self.texts:
                project, path = self._of(uri)
                project.change(path, self.texts[uri])
                found.append((project, path))
        return found

    def text(self, uri: str) -> str | None:
        """The text of an open document as the editor sent it."""
        return self.texts.get(_plain(uri))

    def addresses(self) -> Iterator[str]:
        """The open documents as the editor writes them."""
        return (self._spelled[uri] for uri in self.texts)

    def close(self, uri: str) -> None:
        """A document is no longer being edited."""
        plain = _plain(uri)
        project, path = self.of(uri)
        self.texts.pop(plain, None)
        self._versions.pop(plain, None)
        project.close(path)
        if project.root is None:
            self._projects.pop(plain, None)

    def reload(self) -> None:
        """Files on disk have changed."""
        self.settle()
        for key, project in self._projects.items():
            if project.root is not None:
                open_ = {u: t for u, t in self.texts.items() if self._root(u) == key}
                project.reload({project.path(uri): text for uri, text in open_.items()})

    def projects(self) -> Iterator[Project]:
        """All projects."""
        yield from self._projects.values()

    def _root(self, uri: str) -> Path | None:
        """The nearest folder above with settings, else the editor's own folder."""
        file = path_of(uri)
        if file is None or file.suffix != RULES_SUFFIX:
            return None
        found = workspace_of(file)
        return found or next((root for root in self.roots if root in file.parents), None)

    def _project(self, root: Path | None, uri: str) -> Project:
        key = root if root is not None else uri
        if key not in self._projects:
            self._projects[key] = Project(root, uri, self._spelled)
        return self._projects[key]


def _plain(uri: str) -> str:
    """One spelling for each address: editors escape differently, and folders may be links."""
    file = path_of(uri)
    return uri_of(file.resolve()) if file is not None else uri
