"""The files of a workspace on disk: rules, templates, brand voice; read whole, written atomically."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

RULES_SUFFIX = ".rules"
TESTS_SUFFIX = ".test.rules"
"""Tests of rules (docs/testing.md): text beside the rules, and no part of them."""
TEMPLATE_SUFFIXES = (".liquid", ".txt", ".html")
TEMPLATES = "templates"
DATA = ".rulelang"
MAX_FILE = 1024 * 1024
MAX_FILES = 20_000

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,63}/){0,3}[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.rules\Z")


class FileError(Exception):
    """A file of the workspace cannot be read or written; the message is a sentence for people."""


class Files(NamedTuple):
    """What the language needs of a workspace: rule files and templates, texts by path relative to it."""

    rules: dict[str, str]
    templates: dict[str, str]


def is_rule_file_name(name: str) -> bool:
    """Whether a name from outside may name a rule file: plain words joined by `/`, ending in `.rules`."""
    return _NAME.match(name) is not None


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
            templates[relative.relative_to(TEMPLATES).with_suffix("").as_posix()] = read_text(path)
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


def write_rule_file(root: Path, name: str, text: str) -> None:
    """Replace a rule file as a whole: after a crash it holds the old text or the new one.

    Raises:
        FileError: the name is no rule file's, or the file cannot be written.
    """
    if not is_rule_file_name(name):
        raise FileError(
            f"`{name}` is no name for a rule file; use letters, digits, `-` and `_`, ending in `.rules`"
        )
    path = root / name
    if path.resolve().parent != (root.resolve() / name).parent:
        raise FileError(f"`{name}` leads out of the workspace")
    draft = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}") from None
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
