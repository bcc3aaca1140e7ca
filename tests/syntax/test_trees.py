"""What the parser makes of the constructs of the language."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rulelang.source import Source
from rulelang.syntax import nodes as n
from rulelang.syntax.parser import parse, parse_expression
from tests.syntax.trees import bare


def rule(text: str) -> n.Rule:
    parsed = parse(Source.of("t.rules", text))
    assert parsed.diagnostics == ()
    (item,) = parsed.module.items
    assert isinstance(item, n.Rule)
    return item


def expression(text: str) -> Any:
    node, diagnostics = parse_expression(Source.of("t", text))
    assert diagnostics == ()
    return node


def same(left: str, right: str) -> None:
    assert bare(expression(left)) == bare(expression(right))


def test_a_phrase_does_not_take_the_next_line() -> None:
    first, second = rule('on a do\n  add tag "x"\n  wait 3d\n').steps
    assert isinstance(first, n.ActionStep)
    assert [bare(part) for part in first.phrase.parts] == [
        ("Word", "add"),
        ("Word", "tag"),
        ("Operand", ("TextLit", "x")),
    ]
    assert isinstance(second, n.WaitStep)
    assert bare(second.value) == ("DurationLit", ((3, "d"),))


def test_keywords_do_not_hide_in_words() -> None:
    parsed = parse(Source.of("t", 'onstage enter "x" do mark dnc'))
    assert [d.message for d in parsed.diagnostics] == ["`onstage` is two words"]
    parsed = parse(Source.of("t", 'on stage enter "x" dosend email "x"'))
    assert [d.message for d in parsed.diagnostics] == ["`dosend` is two words"]


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a or b and c", "a or (b and c)"),
        ("not a = 1 and b", "(not (a = 1)) and b"),
        ("a + b * c - d", "(a + (b * c)) - d"),
        ("-a * b", "(-a) * b"),
        ("a - -b", "a - (-b)"),
        ("a + 1 > b * 2", "(a + 1) > (b * 2)"),
        ("a between b + 1 and c and d", "(a between (b + 1) and c) and d"),
        ("a not contains b or c", "(not (a contains b)) or c"),
        ("a - b - c", "(a - b) - c"),
        ("a or b or c", "(a or b) or c"),
        ("x not between 1 and 2", "not (x between 1 and 2)"),
        ("x not starts with y", "not (x starts with y)"),
    ],
)
def test_precedence(text: str, grouped: str) -> None:
    same(text, grouped)


def test_the_list_after_in_may_stand_in_parentheses() -> None:
    same('country in ("DE", "FR")', 'country in ["DE", "FR"]')
    same('country not in ("DE")', 'country not in ["DE"]')
    assert bare(expression("plan in tags")) == ("Binary", "in", ("Name", ("plan",)), ("Name", ("tags",)))


def test_soft_words_are_names_where_a_value_stands() -> None:
    assert bare(expression("set is set")) == ("Test", ("Name", ("set",)), "set", False)
    assert bare(expression("`when` is not empty")) == ("Test", ("Name", ("when",)), "empty", True)
    assert bare(expression("contact.exit")) == ("Name", ("contact", "exit"))


def test_parentheses_widen_the_span_of_a_node() -> None:
    node = expression("(a + b) * c")
    assert node.left.span.start == 0
    assert node.left.left.span.start == 1


def test_literals_have_their_values() -> None:
    assert bare(expression('"a\\n\\u{1F600}\\""')) == ("TextLit", 'a\n\U0001f600"')
    assert expression("1_000.50").value == Decimal("1000.50")
    assert bare(expression("$10_000")) == ("MoneyLit", Decimal(10000), "USD")
    assert bare(expression("5.5CHF")) == ("MoneyLit", Decimal("5.5"), "CHF")
    assert bare(expression("50%")) == ("PercentLit", Decimal(50))
    assert bare(expression("1y2mo3d")) == ("DurationLit", ((1, "y"), (2, "mo"), (3, "d")))
    assert bare(expression("2026-02-28")) == ("DateLit", 2026, 2, 28)
    assert bare(expression("9:05")) == ("TimeLit", 9, 5)
    assert bare(expression("2026-02-28T09:00Z")) == ("DateTimeLit", "2026-02-28T09:00Z")


def test_arguments_by_place_and_name() -> None:
    (step,) = rule('on a do send email hyper("hi", tone = "warm", to: owner, (a = b),)').steps
    assert isinstance(step, n.ActionStep)
    arguments = step.phrase.parts[-1]
    assert isinstance(arguments, n.Arguments)
    assert [argument.name for argument in arguments.items] == [None, "tone", "to", None]
    assert bare(arguments.items[3].value)[0] == "Binary"


def test_an_operand_in_parentheses_stands_apart() -> None:
    (step,) = rule("on a do add tag (lower(x)) to -5").steps
    assert isinstance(step, n.ActionStep)
    assert [type(part).__name__ for part in step.phrase.parts] == [
        "Word",
        "Word",
        "Operand",
        "Word",
        "Operand",
    ]


def test_after_the_equals_sign_comes_an_expression() -> None:
    (step,) = rule("on a do set score = score + 5 * 2 for account when x").steps
    assert isinstance(step, n.ActionStep)
    words = [part.text if isinstance(part, n.Word) else bare(part)[1][0] for part in step.phrase.parts]
    assert words == ["set", "score", "=", "Binary", "for", "account"]
    assert bare(step.when) == ("Name", ("x",))


HEADER = """rule "X" for account draft
  on stage enter "SQL" or on stage enter "Won"
  on tag added "vip"
  when a = 1
  enroll every time
  exit when b = 2
  exit when c = 3
do
  stop when d
end
"""


def test_the_header_of_a_rule() -> None:
    item = rule(HEADER)
    assert item.name
    assert item.name.value == "X"
    assert item.subject
    assert item.subject.text == "account"
    assert item.state
    assert item.state.text == "draft"
    assert len(item.triggers) == 3
    assert bare(item.when)[1] == "="
    assert item.enrol
    assert [word.text for word in item.enrol.words] == ["every", "time"]
    assert len(item.exits) == 2
    assert Source.of("t", HEADER).slice(item.header_span) == 'rule "X" for account draft'


def test_a_header_on_one_line() -> None:
    item = rule("on a when x = 1 exit when y = 2 enrol once do b")
    assert (len(item.triggers), len(item.exits)) == (1, 1)
    assert item.enrol
    assert [word.text for word in item.enrol.words] == ["once"]
    item = rule('on stage exit "SQL"; exit when y = 2; do b')
    assert len(item.triggers[0].phrase.parts) == 3


def test_then_may_be_left_out_before_a_new_line() -> None:
    with_then = "on a do\n  if x then\n    b\n  elif y then\n    c\n  else\n    d\n  end\n"
    assert bare(rule(with_then)) == bare(rule(with_then.replace(" then", "")))


def test_semicolons_and_new_lines_are_the_same() -> None:
    lines = 'on a do\n  wait 3d\n  if x then\n    stop\n  end\n  add tag "x"\nend\n'
    line = 'on a do wait 3d; if x then stop end; add tag "x" end'
    assert bare(rule(lines)) == bare(rule(line))
    assert bare(rule(lines)) == bare(rule(lines.replace("3d\n", "3d;;\n\n;")))


def test_a_line_goes_on_after_an_operator_and_inside_brackets() -> None:
    wrapped = 'on a when x\n  and y\n  or country in ("DE",\n    "FR") and\n  z do b'
    assert bare(rule(wrapped)) == bare(rule('on a when x and y or country in ("DE", "FR") and z do b'))


def test_items_begin_where_the_language_says() -> None:
    text = "on a do b\non c\n  on d do e\n  on f do g end tags: x, y\nrule\non h\non i\ndo j\n"
    items = parse(Source.of("t", text)).module.items
    triggers = [len(item.triggers) if isinstance(item, n.Rule) else item.keyword.text for item in items]
    assert triggers == [1, 2, 1, "tags", 2]


def test_declarations_keep_their_separators() -> None:
    text = 'fields for contact\n  plan: one of free, pro\n  ok: yes/no\nend\nteam "S": "a", b\n'
    block, line = parse(Source.of("t", text)).module.items
    assert isinstance(block, n.Declaration)
    assert isinstance(line, n.Declaration)
    assert [[bare(p)[-1] for p in entry.parts] for entry in block.entries] == [
        ["plan", ":", "one", "of", "free", ",", "pro"],
        ["ok", ":", "yes/no"],
    ]
    assert [bare(part)[-1] for part in block.head] == ["for", "contact"]
    assert [bare(part)[-1] for part in line.head] == [("TextLit", "S"), ":", ("TextLit", "a"), ",", "b"]


def test_a_broken_step_leaves_the_others() -> None:
    parsed = parse(Source.of("t", "on a do\n  mark b\n  foo > > 3\n  if x then\n    mark c\n  end\n"))
    (item,) = parsed.module.items
    assert isinstance(item, n.Rule)
    assert item.broken
    assert [type(step).__name__ for step in item.steps] == ["ActionStep", "ErrorStep", "IfStep"]


def test_a_broken_condition_leaves_the_steps_behind_it() -> None:
    parsed = parse(Source.of("t", "on a when ) do\n  if x + then\n    mark b\n  else\n    mark c\n  end\n"))
    (item,) = parsed.module.items
    assert isinstance(item, n.Rule)
    assert item.when is None
    (step,) = item.steps
    assert isinstance(step, n.BlockStep)
    assert [type(inner).__name__ for inner in step.steps] == ["ErrorStep", "ActionStep", "ActionStep"]


def test_a_warning_does_not_break_a_rule() -> None:
    parsed = parse(Source.of("t", "on a do\n  if x then\n    b\n  if y then\n    c\n  end\nend\n"))
    assert [d.code for d in parsed.diagnostics] == ["W0001"]
    assert [item.broken for item in parsed.module.items if isinstance(item, n.Rule)] == [False]


@pytest.mark.parametrize("text", ["", "1 +", "a b", "(a", "a = = b", ")"])
def test_expressions_that_are_none(text: str) -> None:
    _, diagnostics = parse_expression(Source.of("t", text))
    assert [d.code for d in diagnostics][:1] in (["E0001"], ["E0008"], ["E0007"], ["E0024"])
