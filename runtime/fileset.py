"""Changes of several files of a workspace: what the files would be then, and putting them on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from runtime.files import (
    MAX_FILE,
    TEMPLATE_SUFFIXES,
    TEMPLATES,
    TESTS_SUFFIX,
    FileError,
    Files,
    is_rule_file_name,
)

FileChanges = Mapping[str, str | None]
"""New texts by path relative to the workspace; None for a file that goes."""

_TEMPLATE = re.compile(
    r"templates/([A-Za-z0-9][A-Za-z0-9_-]{0,63}/){0,3}[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\.(liquid|txt|html)\Z"
)


def refuse_bad_changes(changes: FileChanges) -> None:
    """Make sure that a path is one of a rule file or template, and that a text is not too large.

    Raises:
        FileError: one is not.
    """
    for name, text in changes.items():
        rules = is_rule_file_name(name) and not name.endswith(TESTS_SUFFIX)
        if not (rules or _TEMPLATE.match(name)):
            raise FileError(
                f"`{name[:100]}` is neither a rule file (`name.rules`) nor a template (`templates/name.liquid`)"
            )
        if text is not None and len(text.encode("utf-8", "surrogatepass")) > MAX_FILE:
            raise FileError(f"`{name}` is larger than 1 MiB; split it")


def with_changes(before: Files, changes: FileChanges, whole: bool) -> Files:
    """The files after the changes. With `whole` the changes are all there is: other files are gone."""
    rules = {} if whole else dict(before.rules)
    templates = {} if whole else dict(before.templates)
    for name, text in changes.items():
        texts, key = (templates, template_name(name)) if is_template(name) else (rules, name)
        if text is None:
            texts.pop(key, None)
        else:
            texts[key] = text
    return Files(dict(sorted(rules.items())), dict(sorted(templates.items())))


def is_template(name: str) -> bool:
    """Whether a path is that of a message template."""
    return name.startswith(f"{TEMPLATES}/")


def template_name(path: str) -> str:
    """What rules call the template in a file: its path below the folder, without the suffix."""
    return PurePosixPath(path).relative_to(TEMPLATES).with_suffix("").as_posix()


def on_disk(root: Path, before: Files, after: Files, changes: FileChanges) -> dict[str, str | None]:
    """What has to be written and removed so that the files on disk are those `after`."""
    found: dict[str, str | None] = {
        name: text for name, text in changes.items() if text is not None and text != _text_of(before, name)
    }
    for name in before.rules.keys() - after.rules.keys():
        found[name] = None
    for name in before.templates.keys() - after.templates.keys():
        for suffix in TEMPLATE_SUFFIXES:
            path = f"{TEMPLATES}/{name}{suffix}"
            if (root / path).exists():
                found[path] = None
    return found


def _text_of(files: Files, name: str) -> str | None:
    return files.templates.get(template_name(name)) if is_template(name) else files.rules.get(name)


class Staged:
    """Files written beside their places, ready to be put there one after the other by renaming."""

    def __init__(self, root: Path, changes: FileChanges) -> None:
        """Write all new texts to disk, under other names.

        Raises:
            FileError: one cannot be written; none is left behind.
        """
        self._moves: list[tuple[Path, Path]] = []
        self._gone = [root / name for name, text in changes.items() if text is None]
        try:
            for name, text in changes.items():
                if text is not None:
                    self._moves.append((_draft(root, name, text), root / name))
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
        """Put the files in their places.

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
                _sync(folder)
        except OSError as error:
            raise FileError(f"the files cannot be put in place: {error.strerror}") from None


def _draft(root: Path, name: str, text: str) -> Path:
    path = root / name
    if path.resolve().parent != (root.resolve() / name).parent:
        raise FileError(f"`{name}` leads out of the workspace")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync(folder: Path) -> None:
    if not folder.is_dir():
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
