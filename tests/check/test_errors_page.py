"""docs/errors.md shows ten broken files, each with exactly one message, as they are rendered now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check import errors_page
from tests.check.golden import described


def test_the_page_is_current() -> None:
    assert errors_page.PAGE.read_text("utf-8") == errors_page.page()


@pytest.mark.parametrize("file", errors_page.files(), ids=lambda file: file.stem)
def test_each_file_has_one_mistake_with_help(file: Path) -> None:
    (found,) = errors_page.mistakes(file)
    assert found.help or found.label, described(found)
    assert found.source.slice(found.span)


def test_there_are_ten_files_with_ten_codes() -> None:
    codes = [errors_page.mistakes(file)[0].code for file in errors_page.files()]
    assert len(codes) == len(set(codes)) == 10
