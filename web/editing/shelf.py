"""The files of a workspace as its authors see them: what is on disk, with versions that tell edits apart."""

from __future__ import annotations

from typing import Any, NamedTuple

from rulelang.source import Source
from rulelang.workspace import CheckedWorkspace
from runtime.files import FileError, FileKind, kind_of, list_author_files, read_text
from runtime.workspace import Workspace
from web.problems import Problem
from web.rules import etag_of


class Stored(NamedTuple):
    """A file as it is on disk. `version` changes with every change of the text."""

    path: str
    text: str

    @property
    def version(self) -> str:
        """What tells this text from others."""
        return version_of(self.text)


def version_of(text: str) -> str:
    """The version of a text."""
    return etag_of(text).strip('"')


def stored(workspace: Workspace, path: str) -> Stored | None:
    """The file at a path; None when there is none that authors work with.

    Raises:
        Problem: 422 when it cannot be read as text.
    """
    try:
        if path not in list_author_files(workspace.root):
            return None
        return Stored(path, Source.of(path, read_text(workspace.root / path)).text)
    except FileError as error:
        raise Problem(422, _plainly(error, workspace)) from None


def listing(workspace: Workspace) -> list[dict[str, Any]]:
    """All files by path. One that cannot be read has no version.

    Raises:
        Problem: 422 when there are too many.
    """
    try:
        paths = list_author_files(workspace.root)
    except FileError as error:
        raise Problem(422, _plainly(error, workspace)) from None
    return [_listed(workspace, path) for path in paths]


def _listed(workspace: Workspace, path: str) -> dict[str, Any]:
    kind = kind_name(workspace.checked, path)
    try:
        text = Source.of(path, read_text(workspace.root / path)).text
    except FileError as error:
        problem = _plainly(error, workspace)
        return {"path": path, "kind": kind, "version": "", "size": 0, "in_force": False, "problem": problem}
    return {
        "path": path,
        "kind": kind,
        "version": version_of(text),
        "size": len(text.encode()),
        "in_force": in_force(workspace, path, text),
    }


def kind_name(checked: CheckedWorkspace, path: str) -> str:
    """What authors call a kind of file: a rule file that declares things and holds no rule is a schema."""
    file = checked.files.get(path)
    declares = file is not None and bool(file.declarations) and not file.rules
    return "schema" if declares else str(kind_of(path))


def in_force(workspace: Workspace, path: str, text: str) -> bool:
    """Whether the rules that run are those of this text; texts that are no rules always are."""
    return kind_of(path) is not FileKind.RULES or workspace.texts.get(path) == text


def _plainly(error: FileError, workspace: Workspace) -> str:
    """The sentence without the folder of the workspace, which is nobody's business."""
    return str(error).replace(f"{workspace.root}/", "").replace(str(workspace.root), "the workspace")
