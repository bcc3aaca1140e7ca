"""The formatter: one style, comments kept, the same tree, nothing to do the second time, broken files left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.format import format_text, same_tree
from rulelang.source import Source
from rulelang.syntax.parser import parse
from workbench.fmt import fmt

ROOT = Path(__file__).parents[2]
MESSY = """\
# head comment
   rule   "Trial ends"   for contact
 on tag added "x"   # why
    when status=trial and score>= 5
      enrol again after 30d
do
assign( "ana@acme.test" );
   wait on user login timeout 2d do
 add tag "active"
     else
     # inside
 add tag "gone"
 end


 match plan
 case free do add tag "f"
   else
add tag "p"
    end
 set score = score+ -1
 if score in (1,2) or
  score = 7 then
 stop
 elif score>3 then
 stop
 end
on stage enter "SQL" do add tag "y";  wait 3d ; stop
status for contact: trial,customer
fields for contact
plan: one of free,pro
end
"""
NEAT = """\
# head comment
rule "Trial ends" for contact
  on tag added "x"  # why
  when status = trial and score >= 5
  enrol again after 30d
do
  assign("ana@acme.test")
  wait on user login timeout 2d do
    add tag "active"
  else
    # inside
    add tag "gone"
  end

  match plan
    case free do add tag "f"
    else
      add tag "p"
  end
  set score = score + -1
  if score in (1, 2) or
      score = 7 then
    stop
  elif score > 3 then
    stop
  end

on stage enter "SQL" do add tag "y"; wait 3d; stop
status for contact: trial, customer

fields for contact
  plan: one of free, pro
end
"""


def formatted(text: str) -> str:
    result = format_text("a.rules", text)
    assert result is not None
    return result


def tree(text: str) -> object:
    return parse(Source.of("a.rules", text)).module


def test_a_messy_file_becomes_neat() -> None:
    assert formatted(MESSY) == NEAT
    assert formatted(NEAT) == NEAT
    assert same_tree(tree(MESSY), tree(NEAT))


def test_a_broken_file_is_left_alone() -> None:
    assert format_text("a.rules", "on contact created do ))") is None


FILES = [
    p
    for p in sorted(ROOT.glob("**/*.rules"))
    if ".venv" not in p.parts and "broken" not in p.parts and not p.name.endswith(".test.rules")
]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_our_own_files_are_neat(path: Path) -> None:
    text = path.read_text("utf-8")
    assert formatted(text) == text


LINES = MESSY.splitlines(keepends=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(["  ", "\t", "\n", "# note\n"])), max_size=8
    )
)
def test_spaces_lines_and_comments_change_nothing_but_the_looks(extra: list[tuple[int, str]]) -> None:
    lines = list(LINES)
    for at, space in extra:
        lines[at] = space + lines[at]
    text = "".join(lines)
    once = format_text("a.rules", text)
    if once is not None:
        assert formatted(once) == once
        assert same_tree(tree(text), tree(once))
        assert once.count("# note") == text.count("# note")


def test_the_command_formats_checks_and_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.rules"
    path.write_text(MESSY, "utf-8")
    assert CliRunner().invoke(fmt, ["--check", str(path)]).exit_code == 1
    shown = CliRunner().invoke(fmt, ["--diff", str(path)])
    assert (shown.exit_code, path.read_text("utf-8")) == (1, MESSY)
    assert '+rule "Trial ends" for contact' in shown.output
    assert CliRunner().invoke(fmt, [str(tmp_path)]).exit_code == 0
    assert path.read_text("utf-8") == NEAT
    assert CliRunner().invoke(fmt, ["--check", str(path)]).exit_code == 0
