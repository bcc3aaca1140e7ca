"""The grammar itself: free of conflicts, its tables current, the package free of Lark."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grammar.build import TABLES, build, load_lark
from grammar.tables import load
from rulelang.source import Source
from rulelang.syntax.builder import Builder
from rulelang.syntax.lalr import Machine, reductions

FIRST_PARSE = """
import sys, time
start = time.process_time()
from rulelang.source import Source
from rulelang.syntax.parser import parse
assert parse(Source.of("a", "on a do b")).diagnostics == ()
print(time.process_time() - start, "lark" in sys.modules)
"""


def test_no_conflict_is_resolved_silently() -> None:
    load_lark(strict=True)


def test_a_conflict_would_be_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    text = (TABLES.parent / "rulelang.lark").read_text(encoding="utf-8")
    broken = tmp_path / "broken.lark"  # type: ignore[operator]
    broken.write_text(text.replace("_assigned named", "_assigned part"), encoding="utf-8")
    monkeypatch.setattr("grammar.build.GRAMMAR", broken)
    with pytest.raises(Exception, match="Shift/Reduce"):
        load_lark(strict=True)


def test_tables_are_current() -> None:
    assert TABLES.read_text(encoding="utf-8") == build(), "run `python -m grammar.build`"


def test_every_production_has_its_function() -> None:
    bound = reductions(Builder(Source.of("t", "")))
    assert len(bound) == len(load().productions)


def test_the_package_starts_fast_and_without_lark() -> None:
    answer = subprocess.run([sys.executable, "-c", FIRST_PARSE], capture_output=True, text=True, check=True)
    seconds, lark = answer.stdout.split()
    assert lark == "False"
    assert float(seconds) < 0.4, "import and first parse take about 0.1 s of processor time"


def test_accepts_changes_nothing() -> None:
    machine = Machine("rule", reductions(Builder(Source.of("t", ""))))
    assert machine.accepts("ON")
    assert not machine.accepts("DO")
    assert (machine.values, len(machine.states)) == ([], 1)
