"""What the parser makes of waits, choices, enrolment and goals."""

from __future__ import annotations

from typing import Any

import pytest

from rulelang.source import Source
from rulelang.syntax import nodes as n
from rulelang.syntax.parser import parse
from tests.syntax.trees import bare


def rule(text: str) -> n.Rule:
    parsed = parse(Source.of("t.rules", text))
    assert parsed.diagnostics == ()
    (item,) = parsed.module.items
    assert isinstance(item, n.Rule)
    return item


def step(text: str) -> Any:
    (found,) = rule(f"on a do\n{text}\n").steps
    return found


def words(phrase: n.Phrase) -> list[str]:
    return [part.text for part in phrase.parts if isinstance(part, n.Word)]


def arms(text: str) -> list[tuple[str, int]]:
    found = step(text)
    assert isinstance(found, n.ListenStep)
    return [(arm.kind, len(arm.steps)) for arm in found.arms]


# --- waits -----------------------------------------------------------------------------------------


def test_an_awaited_event_has_a_condition_a_name_and_a_beginning() -> None:
    found = step("wait on payment received where order_id = event.order_id as payment from now timeout 2d")
    (event,) = found.arms[0].awaited
    assert words(event.phrase) == ["payment", "received"]
    assert bare(event.where)[1] == "="
    assert event.name.text == "payment"
    assert event.from_now


def test_from_now_right_behind_the_phrase_is_no_part_of_it() -> None:
    found = step('wait on stage enter "SQL" from "MQL" from now')
    (event,) = found.arms[0].awaited
    assert words(event.phrase) == ["stage", "enter", "from"]
    assert event.from_now


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("wait on b timeout 2d", [("on", 0), ("timeout", 0)]),
        ("wait on b timeout 2d do c else d; e end", [("on", 1), ("timeout", 2)]),
        ("wait on b or on c do d end", [("on", 1)]),
        ("wait until x > 3 timeout until renewal_date", [("until", 0), ("timeout", 0)]),
        ("wait until x > 3 do c end", [("until", 1)]),
        ("wait for approval from owner do c else d end", [("on", 1), ("timeout", 1)]),
        ("wait; on b do c end; timeout 3d; end", [("on", 1), ("timeout", 0)]),
        ("wait\n until b\n on c do d end\nend", [("until", 0), ("on", 1)]),
    ],
)
def test_alternatives(text: str, kinds: list[tuple[str, int]]) -> None:
    assert arms(text) == kinds


def test_a_timeout_may_be_an_instant() -> None:
    assert [arm.at for arm in step("wait on b timeout until renewal_date").arms] == [False, True]
    assert [arm.at for arm in step("wait\n timeout until renewal_date\n on b\nend").arms] == [True, False]


def test_a_day_of_the_week_and_a_time() -> None:
    found = step("wait until monday 9:00")
    assert found.day.text == "monday"
    assert bare(found.value) == ("TimeLit", 9, 0)
    assert step("wait until monday").day is None


@pytest.mark.parametrize("joint", [" ", "\n  "])
def test_parts_of_a_wait_may_stand_on_lines_of_their_own(joint: str) -> None:
    parts = ["wait on b", "where c = d", "as e", "timeout 2d"]
    assert bare(step(joint.join(parts))) == bare(step(" ".join(parts)))
    parts = ["wait until c", "skip if past", "restart on b"]
    found = step(joint.join(parts))
    assert found.skip_if_past
    assert len(found.restart) == 1


def test_the_alternatives_of_a_wait_begin_no_rule() -> None:
    text = "on a do\n  wait\n    on b do\n      c\n    end\n    on d\n  end\n\non e do f\n"
    parsed = parse(Source.of("t", text))
    assert parsed.diagnostics == ()
    assert len(parsed.module.items) == 2
    parsed = parse(Source.of("t", "on a do wait 3d; on b do c"))
    assert len(parsed.module.items) == 2


# --- choices and repetition ------------------------------------------------------------------------


def test_cases_share_the_end_of_their_match() -> None:
    found = step("match plan\n case free, pro do\n  if x then b end\n case gold do c\n else d\nend")
    assert isinstance(found, n.MatchStep)
    assert [(len(case.values), len(case.steps)) for case in found.cases] == [(2, 1), (1, 1)]
    assert len(found.otherwise or ()) == 1


def test_a_split() -> None:
    found = step('split "s"\n case 40% "A" do b\n case 12.5% do c\nend')
    assert isinstance(found, n.SplitStep)
    assert found.otherwise is None
    assert [(str(c.share.value), c.name.value if c.name else "") for c in found.cases if c.share] == [
        ("40", "A"),
        ("12.5", ""),
    ]


def test_repetition() -> None:
    assert bare(step("repeat 3 times do b end").times)[0] == "NumberLit"
    found = step("repeat while x < 3 at most 10 do b end")
    assert bare(found) == bare(step("repeat while x < 3 at most 10 times do b end"))


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("let x = score * 2", False),
        ("let x = lower(email)", False),
        ("let x = contact.email", False),
        ("let x = y", False),
        ('let x = webhook post "u"', True),
        ('let x = start rule("b")', True),
        ("let x = set score = score + 5", True),
    ],
)
def test_let_keeps_a_value_or_the_result_of_an_action(text: str, action: bool) -> None:
    found = step(text)
    assert (found.action is not None, found.value is None) == (action, action)


# --- actions ---------------------------------------------------------------------------------------


def test_what_follows_an_action() -> None:
    found = step('start rule("b") with a = 1, b = x + 2 and wait when c on error retry 3')
    assert [argument.name for argument in found.arguments] == ["a", "b"]
    assert words(found.phrase) == ["start", "rule"]
    assert found.and_wait
    assert bare(found.when) == ("Name", ("c",))
    assert found.on_error.retry == 3
    other = step('start rule("b") with a = 1, b = x + 2 and wait on error retry 3 times when c')
    assert bare(other) == bare(found)


def test_on_error_may_stand_on_a_line_of_its_own() -> None:
    found = step("webhook post\n  on error do\n    b\n  end")
    assert [bare(inner)[0] for inner in found.on_error.steps] == ["ActionStep"]


def test_places() -> None:
    texts = ['label "a"', 'go to "a" when b', 'goal "g" on c pass', "goal when d", 'goal "g" when d pass']
    found = [step(text) for text in texts]
    assert [type(each) for each in found] == [n.LabelStep, n.GoToStep, *[n.GoalStep] * 3]
    assert [goal.passes for goal in found[2:]] == [True, False, True]


# --- the header ------------------------------------------------------------------------------------


def test_clauses() -> None:
    found = rule(
        "rule\n on a\n takes x: number, y: one of b, c\n enrol every time per event.id if running parallel at most 5\n"
        " limit 100 per 1d\n release 5 per 1h\n exit on b or on c\n goal on d\n goal when e\ndo f"
    )
    assert found.takes
    assert [(name.text, len(phrase.parts)) for name, phrase in found.takes.params] == [("x", 1), ("y", 5)]
    assert found.enrol
    assert found.enrol.running
    assert found.enrol.running.text == "parallel"
    assert bare(found.enrol.per) == ("Name", ("event", "id"))
    assert [rate.kind for rate in found.rates] == ["limit", "release"]
    assert [(len(each.awaited), each.goal) for each in found.exits] == [(2, False), (1, True), (0, True)]


def test_enrolling_again() -> None:
    clause = rule("on a; enrol again after 30d; do b").enrol
    assert clause
    assert [word.text for word in clause.words] == ["again"]
    assert bare(clause.after) == ("DurationLit", ((30, "d"),))


def test_a_rule_that_takes_something_needs_no_trigger() -> None:
    assert rule('rule "x" for contact\n takes a: number\ndo b').triggers == ()


@pytest.mark.parametrize(
    "text",
    [
        "on a do b\non exit do c",
        "on a do\n  b\nend\non exit do\n  c\nend",
        "on a do\n  b\n  on exit do\n    c\n  end\nend",
        "on a do b on exit do c end end",
    ],
)
def test_the_last_steps(text: str) -> None:
    found = rule(text)
    assert (len(found.steps), len(found.on_exit)) == (1, 1)


def test_an_event_named_exit_is_a_trigger() -> None:
    items = parse(Source.of("t", "on a do b\non exit reached do c\n")).module.items
    assert len(items) == 2


# --- soft words ------------------------------------------------------------------------------------

SOFT = [
    "after",
    "as",
    "at",
    "error",
    "for",
    "from",
    "goal",
    "limit",
    "pass",
    "per",
    "release",
    "restart",
    "skip",
    "takes",
    "times",
    "where",
    "while",
    "label",
    "go",
    "to",
]


@pytest.mark.parametrize("word", SOFT)
def test_soft_words_are_names_elsewhere(word: str) -> None:
    found = rule(f"on {word} b when {word} = {word} do set {word} = {word} + 1; {word} reached {word}")
    assert words(found.triggers[0].phrase)[0] == word
    assert bare(found.when) == ("Binary", "=", ("Name", (word,)), ("Name", (word,)))
    assert [type(each) for each in found.steps] == [n.ActionStep, n.ActionStep]
    declared = parse(Source.of("t", f"fields for contact\n  {word}: number\nend\n"))
    assert declared.diagnostics == ()


def test_trigger_words_that_are_soft_can_be_awaited() -> None:
    found = step("wait on error limit per reached timeout 3d")
    assert words(found.arms[0].awaited[0].phrase) == ["error", "limit", "per", "reached"]
