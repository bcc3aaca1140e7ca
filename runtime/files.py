"""The files of a workspace on disk: rules, templates, brand voice; read whole, written atomically."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import NamedTuple

RULES_SUFFIX = ".rules"
TESTS_SUFFIX = ".test.rules"
"""Tests of rules (docs/testing.md): text beside the rules, and no part of them."""
TEMPLATE_SUFFIXES = (".liquid", ".txt", ".html")
TEMPLATES = "templates"
DATA = ".rulelang"
MAX_FILE = 1024 * 1024
MAX_FILES = 20_000

NOTES_SUFFIXES = (".md", ".csv", ".jsonl")
"""Texts beside the rules that people read and edit: brand voice, sample records, sample events."""

_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_NAME = re.compile(rf"({_WORD}/){{0,3}}{_WORD}\.rules\Z")
_ANY_NAME = re.compile(rf"({_WORD}/){{0,3}}{_WORD}(\.test)?\.[a-z]{{2,6}}\Z")


class FileKind(StrEnum):
    """What a file is to its workspace."""

    RULES = "rules"
    TEST = "test"
    TEMPLATE = "template"
    OTHER = "other"


class FileError(Exception):
    """A file of the workspace cannot be read or written; the message is a sentence for people."""


class Files(NamedTuple):
    """What the language needs of a workspace: rule files and templates, texts by path relative to it."""

    rules: dict[str, str]
    templates: dict[str, str]


def is_rule_file_name(name: str) -> bool:
    """Whether a name from outside may name a rule file: plain words joined by `/`, ending in `.rules`."""
    return _NAME.match(name) is not None


def kind_of(name: str) -> FileKind | None:
    """What a file is by its path in the workspace; None for one that is nothing to its authors, such as settings."""
    if name.endswith(TESTS_SUFFIX):
        return FileKind.TEST
    if name.endswith(RULES_SUFFIX):
        return FileKind.RULES
    if name.startswith(f"{TEMPLATES}/") and name.endswith(TEMPLATE_SUFFIXES):
        return FileKind.TEMPLATE
    return FileKind.OTHER if name.endswith(NOTES_SUFFIXES) else None


def is_author_file_name(name: str) -> bool:
    """Whether a name from outside may name a file that authors write: plain words, and an ending of `kind_of`."""
    return _ANY_NAME.match(name) is not None and kind_of(name) is not None


def template_name(name: str) -> str:
    """The name by which rules know the template at a path of the workspace."""
    return PurePosixPath(name).relative_to(TEMPLATES).with_suffix("").as_posix()


def list_author_files(root: Path) -> list[str]:
    """The paths of all files that authors work with, in order; links out of the workspace are left out.

    Raises:
        FileError: there are too many.
    """
    here = root.resolve()
    found = []
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if kind_of(name) is not None and not (path.is_symlink() and here not in path.resolve().parents):
            found.append(name)
    return found


def read_files(root: Path) -> Files:
    """All rule files and templates below `root` (not below hidden folders), in path order.

    Template names are file names under `templates/` without their suffix.

    Raises:
        FileError: a file is too large, not UTF-8, or cannot be read.
    """
    rules: dict[str, str] = {}
    templates: dict[str, str] = {}
    for path in _walk(root):
        relative = path.relative_to(root)
        if path.name.endswith(TESTS_SUFFIX):
            continue
        if path.suffix == RULES_SUFFIX:
            rules[relative.as_posix()] = read_text(path)
        elif relative.parts[0] == TEMPLATES and path.suffix in TEMPLATE_SUFFIXES:
            templates[template_name(relative.as_posix())] = read_text(path)
    return Files(rules, templates)


def read_tests(root: Path) -> dict[str, str]:
    """The texts of all test files below `root`, by path relative to it, in path order. Raises FileError likewise."""
    return {
        path.relative_to(root).as_posix(): read_text(path)
        for path in _walk(root)
        if path.name.endswith(TESTS_SUFFIX)
    }


def _walk(root: Path) -> list[Path]:
    found: list[Path] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        found.extend(Path(folder, name) for name in sorted(names) if not name.startswith("."))
        if len(found) > MAX_FILES:
            raise FileError(f"{root} holds more than {MAX_FILES} files; is it a workspace?")
    return sorted(found, key=lambda p: p.as_posix())


def read_text(path: Path) -> str:
    """The text of one file.

    Raises:
        FileError: it is too large, not UTF-8, or cannot be read.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise FileError(f"{path} is larger than 1 MiB; split it")
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None


def place_of(root: Path, name: str) -> Path:
    """Where a file that authors work with lies.

    Raises:
        FileError: the name is none for such a file, or leads out of the workspace.
    """
    if not is_author_file_name(name):
        raise FileError(f"`{name}` is no name for a file of the workspace; use letters, digits, `-` and `_`")
    path = root / name
    if path.resolve().parent != (root.resolve() / name).parent:
        raise FileError(f"`{name}` leads out of the workspace")
    return path


def replace_file(path: Path, text: str) -> None:
    """Write a file as a whole: after a crash it holds the old text or the new one. Raises OSError."""
    draft_file(path, text).replace(path)
    sync_folder(path.parent)


def draft_file(path: Path, text: str) -> Path:
    """Write a text beside its place, to be put there by renaming; where it is. Raises OSError."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
