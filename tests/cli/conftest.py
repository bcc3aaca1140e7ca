"""Workspaces for commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.live import SCHEMA, make_files

GOOD = 'on stage enter "Won" do add tag "won"\n'
BAD = 'on stage enter "Wom" do add tag "won"\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[..., Path]:
    """Makes a workspace of a schema and these files (path with `/` for `__` in keyword names, or a mapping)."""

    def make(files: dict[str, str] | None = None) -> Path:
        root = tmp_path / "workspace"
        base = {"rulelang.toml": "", "schema.rules": SCHEMA, "rules/good.rules": GOOD}
        return make_files(root, {**base, **(files or {})})

    return make
