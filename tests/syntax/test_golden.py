"""Programs and the mistakes in them: which code, on which line, under which words, and whether its fix mends it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulelang.diagnostics import syntax
from rulelang.diagnostics.model import Diagnostic, Fix
from rulelang.source import Source
from rulelang.syntax.parser import parse
from tests.syntax.chunks import FOLDER, Chunk, chunks, noted

ALL = [chunk for file in sorted(FOLDER.glob("*.txt")) for chunk in chunks(file.name)]


@pytest.mark.parametrize("chunk", ALL, ids=lambda chunk: chunk.name)
def test_each_mistake_is_reported_once_under_its_words(chunk: Chunk) -> None:
    found = [noted(diagnostic) for diagnostic in parse(chunk.source).diagnostics]
    assert sorted(found) == sorted(chunk.notes)


@pytest.mark.parametrize("chunk", [c for c in ALL if c.name.startswith("good")], ids=lambda chunk: chunk.name)
def test_correct_programs_are_whole(chunk: Chunk) -> None:
    parsed = parse(chunk.source)
    assert chunk.notes == ()
    assert not any(getattr(item, "broken", False) for item in parsed.module.items)


@pytest.mark.parametrize("chunk", ALL, ids=lambda chunk: chunk.name)
def test_messages_follow_the_house_style(chunk: Chunk) -> None:
    for diagnostic in parse(chunk.source).diagnostics:
        message = diagnostic.message
        assert message[0] == "`" or not message[0].isupper()
        assert not message.endswith(".")
        assert "\n" not in message
        assert not any(
            name in message + diagnostic.label for name in ("SEMICOLON", "NAME", "$END", "LPAR", "ERR_")
        )


def _applied(source: Source, fix: Fix) -> Source:
    return Source(source.path, source.text[: fix.span.start] + fix.replacement + source.text[fix.span.end :])


@pytest.mark.parametrize("chunk", [c for c in ALL if c.notes], ids=lambda chunk: chunk.name)
def test_a_fix_leaves_fewer_mistakes(chunk: Chunk) -> None:
    source = chunk.source
    before = parse(source).diagnostics
    for diagnostic in before:
        for fix in diagnostic.fixes:
            after = parse(_applied(source, fix)).diagnostics
            assert len(after) < len(before) or _progress(before, after), (diagnostic.message, fix)


def _progress(before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]) -> bool:
    """Whether the first mistake is another one now: `{` was mended, its `}` is next."""
    return before[0].message != after[0].message


def test_each_code_belongs_to_one_message() -> None:
    text = Path(syntax.__file__).read_text(encoding="utf-8")
    codes = re.findall(r'"([EW]\d{4})"', text)
    assert len(codes) == len(set(codes)) > 40
