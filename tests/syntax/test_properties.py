"""What holds for every program and every text."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rulelang.diagnostics.render import render_github, render_json, render_text
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.parser import parse, parse_expression
from tests.syntax.printed import print_rule
from tests.syntax.random_rules import rules
from tests.syntax.strategies import expressions
from tests.syntax.trees import bare, print_expression

FIRST = 'rule "first"\n  on stage enter "SQL"\n  when status = trial\ndo\n  wait 3d\n  add tag "x"\nend\n'
MIDDLE = """rule "middle" for contact live
  on stage enter "SQL" from "MQL"
  or on tag added "vip"
  when status = trial and (score + 5) * 2 >= 80 or country in ("DE", "FR")
  exit when customer is set
do
  assign("ana@acme.test", at: 9:00)
  if score between 1 and 5 then
    wait until renewal_date - 7d
  elif not (email ends with ".test")
    do
      set score = score + 5
    end when owner is set
  else
    stop
  end
end
"""
FLOW = """rule "middle"
  on cart changed
  takes discount: number, reason: one of a, b
  enrol again after 30d per event.order_id if running parallel at most 5
  limit 100 per 1d
  exit on payment received where order_id = event.order_id or on tag added "x"
  goal when status = customer
do
  wait on user login where score > 5 as login from now timeout 2d do
    wait 30m restart on cart changed
  else
    wait until renewal_date skip if past
  end
  wait
    on email replied do
      match plan
        case free, pro do
          stop
        else
          let answer = webhook post "x" on error retry 3
      end
    end
    until status = churned
    timeout 3d do
      split "s"
        case 40% "A" do
          mark a
      end
    end
  end
  repeat while score < 50 at most 10 times do
    parallel
      do start rule("b") with a = 1, b = 2 and wait end
      do webhook post "x" on error do mark b end end
    end
  end
on exit do
  mark c
end
"""
LAST = 'rule "last"\n  on email opened\ndo\n  mark dnc\n'
VOCABULARY = [
    "rule",
    "on",
    "when",
    "do",
    "end",
    "if",
    "then",
    "elif",
    "else",
    "wait",
    "until",
    "stop",
    "and",
    "or",
    "not",
    "in",
    "true",
    "null",
    "is",
    "set",
    "empty",
    "contains",
    "between",
    "starts",
    "with",
    "exit",
    "enrol",
    "repeat",
    "times",
    "while",
    "match",
    "split",
    "case",
    "otherwise",
    "parallel",
    "let",
    "timeout",
    "restart",
    "skip",
    "where",
    "as",
    "from",
    "now",
    "error",
    "goal",
    "limit",
    "per",
    "takes",
    "go",
    "to",
    "label",
    "x",
    "send",
    "status",
    "5",
    "30m",
    "50%",
    "$5",
    "2026-01-31",
    "9:00",
    '"t"',
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ";",
    "=",
    "==",
    "!=",
    "<",
    ">",
    "+",
    "-",
    "*",
    "/",
    ".",
    "=>",
    "{",
    "}",
    "!",
    "'",
    "`",
    "@",
    "é",
    '"',
    "\n",
]


@given(expressions())
@settings(max_examples=200, deadline=None)
def test_expression_printed_and_read_is_the_same(tree: Any) -> None:
    read, diagnostics = parse_expression(Source.of("e", print_expression(tree)))
    assert diagnostics == ()
    assert bare(read) == bare(tree)


@given(st.lists(rules(), min_size=1, max_size=2))
@settings(max_examples=60, deadline=None)
def test_rules_printed_and_read_are_the_same(trees: list[nodes.Rule]) -> None:
    parsed = parse(Source.of("r", "\n".join(map(print_rule, trees))))
    assert parsed.diagnostics == ()
    assert [bare(rule) for rule in parsed.module.items] == [bare(tree) for tree in trees]


def _expect_neighbours(middle: str) -> None:
    source = Source.of("m.rules", f"{FIRST}\n{middle}\n{LAST}")
    parsed = parse(source)
    first, last = parsed.module.items[0], parsed.module.items[-1]
    assert bare(first) == bare(parse(Source.of("f", FIRST)).module.items[0])
    assert bare(last) == bare(parse(Source.of("l", LAST)).module.items[0])
    _expect_sound(source)


def _expect_sound(source: Source) -> None:
    """Spans lie in the text, in order, and every form of output takes them."""
    diagnostics = parse(source).diagnostics
    assert list(diagnostics) == sorted(diagnostics, key=lambda d: d.span)
    for diagnostic in diagnostics:
        for span in (diagnostic.span, *[x.span for x in (*diagnostic.labels, *diagnostic.fixes)]):
            assert 0 <= span.start <= span.end <= len(source.text)
    shown = render_text(diagnostics, color=False) + render_github(diagnostics)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert len(render_json(diagnostics)) == len(diagnostics)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_neighbours_survive_lost_and_added_tokens(data: st.DataObject) -> None:
    middle = data.draw(st.sampled_from([MIDDLE, FLOW]))
    spans = [(t.start, t.end) for t in tokenize(Source.of("m", middle)).tokens][1:]
    start, end = data.draw(st.sampled_from(spans))
    word = data.draw(st.sampled_from([""] + [w for w in VOCABULARY if w != '"']))
    _expect_neighbours(middle[:start] + word + middle[end if data.draw(st.booleans()) else start :])


@given(st.lists(st.sampled_from(VOCABULARY), max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_words_get_an_answer(words: list[str]) -> None:
    _expect_sound(Source.of("w", " ".join(words)))


@given(st.text(st.characters(), max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_gets_an_answer(text: str) -> None:
    _expect_sound(Source.of("t", text))
    parse_expression(Source.of("t", text))


@given(st.lists(st.sampled_from(VOCABULARY), max_size=12))
@settings(max_examples=200, deadline=None)
def test_an_expression_is_read_or_refused(words: list[str]) -> None:
    node, diagnostics = parse_expression(Source.of("w", " ".join(words)))
    assert node is not None or diagnostics
