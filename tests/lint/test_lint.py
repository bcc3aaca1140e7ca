"""Lint finds each planted defect, under the right words, and says nothing about clean rules."""

from __future__ import annotations

import pytest

from rulelang.lint.rules import CODES, lint
from tests.support.rules import check

CLEAN = "\n".join(
    f"""rule "Clean {n}"
  on tag added "t{n}"
  when status = trial and score between {n} and {n + 50}
  exit when status = customer
do
  set city = "c{n}"
  wait {n}h
  add tag "done {n}"
  send email template("hello") when score > {n}
end"""
    for n in range(1, 41)
)
HELLO = {"hello": "---\nsubject: Hi\n---\nHello"}

PLANTED = [
    (
        "W0801",
        'add tag "a"',
        'rule "A" on tag added "a" do remove tag "a"; add tag "b" end\nrule "B" on tag added "b" do remove tag "b"; add tag "a" end',
    ),
    ("W0801", 'start rule("Self")', 'rule "Self" on manual start do wait 1d; start rule("Self") end'),
    ("W0801", "set score = score + 1", 'rule "Count" on field changed score do set score = score + 1 end'),
    (
        "W0802",
        "status = trial and status = customer",
        'rule "N" on tag added "n"; when status = trial and status = customer; do add tag "m" end',
    ),
    (
        "W0802",
        "score > 80 and score < 50",
        'rule "N" on tag added "n" do add tag "m" when score > 80 and score < 50 end',
    ),
    (
        "W0802",
        'country = "DE" and country in ("FR", "GB")',
        'rule "N" on tag added "n" do if country = "DE" and country in ("FR", "GB") then add tag "m" end end',
    ),
    (
        "W0803",
        "status = trial or status != trial",
        'rule "Y" on tag added "n"; when status = trial or status != trial; do add tag "m" end',
    ),
    (
        "W0804",
        'set city = "Bonn"',
        'rule "One" on tag added "n" do set city = "Berlin" end\nrule "Two" on tag added "n" do set city = "Bonn" end',
    ),
    (
        "W0805",
        'send email template("hello")',
        'rule "M" on tag added "n"; when dnc = true; do send email template("hello") end',
    ),
    (
        "W0805",
        'send email template("hello")',
        'rule "M" on tag added "n" do mark opt_out(email); send email template("hello") end',
    ),
]


def spotted(text: str) -> list[tuple[str, str]]:
    checked = check(text, HELLO)
    return [(d.code, d.source.slice(d.span)) for d in lint(checked)]


def test_clean_rules_are_left_alone() -> None:
    assert spotted(CLEAN) == []


@pytest.mark.parametrize(("code", "underlined", "text"), PLANTED)
def test_a_planted_defect_is_found_among_clean_rules(code: str, underlined: str, text: str) -> None:
    assert spotted(f"{CLEAN}\n{text}") == [(code, underlined)]


def test_the_message_of_a_loop_names_the_path() -> None:
    found = lint(check(PLANTED[0][2]))
    assert "`A` → `B` → `A`" in found[0].message


@pytest.mark.parametrize(
    "text",
    [
        'rule "Rest" on contact updated do add tag "seen"; set city = "x" end',
        'rule "Once" on tag added "a"; enrol once; do remove tag "a"; add tag "a" end',
        'rule "Same" on status becomes customer do set status = customer end',
        'rule "A" on tag added "a" do set status = customer end\nrule "B" on status becomes customer; when status = customer; do set city = "x" end',
        'rule "A" on status becomes trial do set status = customer end\nrule "B" on status becomes inactive do set status = trial end',
        'rule "One" on tag added "n"; when status = trial; do set city = "a" end\nrule "Two" on tag added "n"; when status = customer; do set city = "b" end',
        'rule "One" on tag added "n" do set city = "a" end\nrule "Two" on tag added "m" do set city = "b" end',
        'rule "One" on tag added "n" do set city = "a" end\nrule "Two" on tag added "n" do set city = "a" end',
        'rule "Owner" on tag added "n"; when dnc = true; do notify owner "call them" end',
        'rule "Draft" draft on tag added "n" do stop; add tag "m" end',
    ],
)
def test_what_is_no_defect_is_not_reported(text: str) -> None:
    assert spotted(text) == []


def test_every_code_has_a_meaning() -> None:
    assert {code for code, _, _ in PLANTED} <= set(CODES)


def test_rules_that_hear_each_others_runs_are_a_loop_and_so_are_those_across_records() -> None:
    runs = (
        'rule "a" on rule completed "b" do add tag "x" end\nrule "b" on rule entered "a" do add tag "x" end\n'
    )
    assert [code for code, _ in spotted(runs)] == ["W0801"]
    assert (
        spotted(
            'rule "a" on contact created do add tag "x" end\nrule "b" on rule completed "a" do add tag "y" end'
        )
        == []
    )
    across = (
        'rule "down" for account on field changed revenue do for each contact do set score = score + 1 end end\n'
        'rule "up" for contact on score changed do for account do set revenue = revenue + €1 end end\n'
    )
    assert [code for code, _ in spotted(across)] == ["W0801"]
    one_way = 'rule "r" for account on field changed name do for each contact do set city = name end end'
    assert [code for code, _ in spotted(one_way) if code == "W0801"] == []
