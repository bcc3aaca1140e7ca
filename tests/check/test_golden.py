"""The golden files: every program gives exactly the mistakes that stand above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.golden import Chunk, chunks, described, mistakes

FILES = sorted(Path(__file__).parent.glob("*.golden"))
CHUNKS = [chunk for file in FILES for chunk in chunks(file)]


@pytest.mark.parametrize("chunk", CHUNKS, ids=str)
def test_program_gives_its_mistakes_and_no_others(chunk: Chunk) -> None:
    found = mistakes(chunk.program)
    assert len(found) == len(chunk.expected), [described(each) for each in found]
    for each, expected in zip(found, chunk.expected, strict=True):
        assert expected.fits(each), described(each)


def test_golden_files_are_not_empty() -> None:
    assert len(FILES) >= 4
    assert sum(bool(chunk.expected) for chunk in CHUNKS) > 100
