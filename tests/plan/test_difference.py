"""What differs between two versions of a rule, in the author's words."""

from __future__ import annotations

from rulelang.plan.difference import differences, text_difference
from tests.support.rules import check


def changed(old: str, new: str) -> list[tuple[str, str, str]]:
    """The parts that differ."""
    before, after = (check(text).plans[0] for text in (old, new))
    return [(change.part, change.before, change.after) for change in differences(before, after)]


def test_trigger_condition_enrolment_exits_and_steps_are_named_as_written() -> None:
    old = """rule "R"
  on tag added "x"
  when status = trial
  enrol once
  exit when status = customer
do
  wait 30m
  add tag "a"
end"""
    new = """rule "R" for contact draft
  on tag added "y"
  when status = trial and score > 5
  enrol every time
  exit when status = customer
  exit when score = 0
do
  wait 2h
  add tag "a"
  add tag "b"
end"""
    assert changed(old, new) == [
        ("state", "live", "draft"),
        ("trigger", 'on tag added "x"', 'on tag added "y"'),
        ("condition", "status = trial", "status = trial and score > 5"),
        ("enrolment", "once", "every time"),
        ("exit", "", "score = 0"),
        ("step", "wait 30m", "wait 2h"),
        ("step", "", 'add tag "b"'),
    ]


def test_a_change_inside_a_branch_names_the_step_in_it_alone() -> None:
    rule = 'rule "R" on tag added "x" do if score > 5 then\n wait {0}\n add tag "a"\n else\n add tag "b"\n end end'
    assert changed(rule.format("1d"), rule.format("2d")) == [("step", "wait 1d", "wait 2d")]


def test_white_space_and_comments_are_no_difference() -> None:
    old = 'rule "R" on tag added "x" do wait 1d end'
    new = 'rule "R"\n  on tag added "x" # why\ndo\n  wait 1d\nend'
    assert changed(old, new) == []
    assert text_difference(old, new).startswith("--- before")
    assert text_difference(old, old) == ""
