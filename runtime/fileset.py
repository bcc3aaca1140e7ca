"""Changes of several files of a workspace on disk: all are written beside their places first, then put there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runtime.files import (
    MAX_FILE,
    TEMPLATE_SUFFIXES,
    TEMPLATES,
    FileError,
    FileKind,
    Files,
    draft_file,
    is_author_file_name,
    kind_of,
    place_of,
    sync_folder,
    template_name,
)

FileChanges = Mapping[str, str | None]
"""New texts by path relative to the workspace; None for a file that goes."""


def refuse_bad_changes(changes: FileChanges) -> None:
    """Make sure that a path is one of a rule file or template, and that a text is not too large.

    Raises:
        FileError: one is not.
    """
    for name, text in changes.items():
        if not is_author_file_name(name) or kind_of(name) not in (FileKind.RULES, FileKind.TEMPLATE):
            raise FileError(
                f"`{name[:100]}` is neither a rule file (`name.rules`) nor a template (`templates/name.liquid`)"
            )
        if text is not None and len(text.encode("utf-8", "surrogatepass")) > MAX_FILE:
            raise FileError(f"`{name}` is larger than 1 MiB; split it")


def as_whole(root: Path, before: Files, changes: FileChanges) -> dict[str, str | None]:
    """The changes after which the files given are all there are: others of `before` go."""
    kept = {template_name(name) for name in changes if kind_of(name) is FileKind.TEMPLATE}
    gone = [name for name in before.rules if name not in changes]
    gone += [_path_of(root, f"{TEMPLATES}/{name}") for name in before.templates if name not in kept]
    return {**dict.fromkeys(gone), **changes}


def paths_of(root: Path, texts: FileChanges) -> dict[str, str | None]:
    """Texts by path, from those by name: names of templates (`templates/hello`) have no suffix."""
    return {_path_of(root, name): text for name, text in texts.items()}


def _path_of(root: Path, name: str) -> str:
    if not name.startswith(f"{TEMPLATES}/"):
        return name
    known = (f"{name}{suffix}" for suffix in TEMPLATE_SUFFIXES)
    return next((path for path in known if (root / path).exists()), f"{name}{TEMPLATE_SUFFIXES[0]}")


class Staged:
    """Files written beside their places, ready to be put there one after the other by renaming."""

    def __init__(self, root: Path, changes: FileChanges) -> None:
        """Write all new texts to disk, under other names.

        Raises:
            FileError: one cannot be written; none is left behind.
        """
        self._moves: list[tuple[Path, Path]] = []
        self._gone = [place_of(root, name) for name, text in changes.items() if text is None]
        try:
            for name, text in changes.items():
                if text is not None:
                    path = place_of(root, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self._moves.append((draft_file(path, text), path))
        except OSError as error:
            self.drop()
            raise FileError(f"the files cannot be written: {error.strerror}") from None
        except FileError:
            self.drop()
            raise

    def drop(self) -> None:
        """Leave everything as it was."""
        for draft, _ in self._moves:
            draft.unlink(missing_ok=True)

    def commit(self) -> None:
        """Put the files in their places; new ones come before old ones go.

        Raises:
            FileError: a file cannot be replaced or removed.
        """
        folders = {path.parent for _, path in self._moves} | {path.parent for path in self._gone}
        try:
            for draft, path in self._moves:
                draft.replace(path)
            for path in self._gone:
                path.unlink(missing_ok=True)
            for folder in folders:
                if folder.is_dir():
                    sync_folder(folder)
        except OSError as error:
            raise FileError(f"the files cannot be put in place: {error.strerror}") from None
