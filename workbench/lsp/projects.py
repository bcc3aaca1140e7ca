"""The workspaces that an editor has open: what is on disk, with the texts that are being edited in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from rulelang.editor.service import EditorService
from rulelang.workspace import load_workspace
from runtime.clock import SystemClock
from runtime.files import RULES_SUFFIX, TEMPLATES, FileError, Files, read_files, read_text
from workbench.loading import catalogue, quick_load, workspace_of


def uri_of(path: Path) -> str:
    """The address of a file."""
    return f"file://{quote(path.as_posix())}"


def path_of(uri: str) -> Path | None:
    """The file at an address; None for texts that are no files."""
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" and parts.path else None


class Project:
    """One workspace, or one text of its own. `root` is None for the latter.

    `spelled` are the addresses of open documents as the editor writes them.
    """

    def __init__(self, root: Path | None, uri: str, spelled: Mapping[str, str]) -> None:
        self.root = root
        self._spelled = spelled
        self._uri = uri
        self.problem = ""
        self.service = self._load({})

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

    def reload(self, texts: dict[str, str]) -> None:
        """Read the disk again; `texts` are the documents being edited, by path."""
        self.service = self._load(texts)

    def change(self, path: str, text: str) -> None:
        """Put the text of a document in place."""
        self.service = self.service.with_text(path, text)

    def close(self, path: str) -> None:
        """Go back to what is on disk."""
        file = self.root / path if self.root is not None else None
        if file is not None and file.is_file():
            try:
                self.change(path, read_text(file))
                return
            except FileError as error:
                self.problem = str(error)
        self.service = EditorService(self.service.workspace.without_file(path), SystemClock().now)

    def _load(self, texts: dict[str, str]) -> EditorService:
        files = Files({}, {})
        try:
            if self.root is not None:
                files = read_files(self.root)
        except FileError as error:
            self.problem = str(error)
        with quick_load():
            checked = load_workspace({**files.rules, **texts}, catalogue(), files.templates)
            return EditorService(checked, SystemClock().now)


class Documents:
    """The open documents and the projects they belong to."""

    def __init__(self) -> None:
        self.roots: list[Path] = []
        self.texts: dict[str, str] = {}
        self._spelled: dict[str, str] = {}
        self._projects: dict[Path | str, Project] = {}

    def open_root(self, uri: str) -> None:
        """Take a folder of the editor for a workspace, if it holds rules."""
        folder = path_of(uri)
        if folder is not None and folder.is_dir():
            self.roots.append(folder.resolve())
            self._project(folder.resolve(), uri)

    def of(self, uri: str) -> tuple[Project, str]:
        """The project of a document, and the document's path in it."""
        uri = _plain(uri)
        root = self._root(uri)
        project = self._project(root, uri)
        return project, project.path(uri)

    def change(self, uri: str, text: str) -> None:
        """A document has been opened, or has this text now."""
        self.texts[_plain(uri)] = text
        self._spelled[_plain(uri)] = uri
        project, path = self.of(uri)
        project.change(path, text)

    def text(self, uri: str) -> str | None:
        """The text of an open document as the editor sent it."""
        return self.texts.get(_plain(uri))

    def addresses(self) -> Iterator[str]:
        """The open documents as the editor writes them."""
        return (self._spelled[uri] for uri in self.texts)

    def close(self, uri: str) -> None:
        """A document is no longer being edited."""
        project, path = self.of(uri)
        self.texts.pop(_plain(uri), None)
        project.close(path)
        if project.root is None:
            self._projects.pop(_plain(uri), None)

    def reload(self) -> None:
        """Files on disk have changed."""
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
