"""How diagnostics are shown: widths, control characters, colours, JSON and GitHub annotations."""

from __future__ import annotations

import re

import pytest

from rulelang.diagnostics.model import Diagnostic, Fix, Label, Severity
from rulelang.diagnostics.render import render_github, render_json, render_text
from rulelang.diagnostics.terminal import harmless
from rulelang.source import Source, Span


def at(text: str, words: str, **more: object) -> Diagnostic:
    """A diagnostic under the first place where `words` stand in `text`."""
    source = Source.of("rules/a.rules", text)
    start = source.text.index(words)
    return Diagnostic("E0001", "message", source, Span(start, start + len(words)), **more)  # type: ignore[arg-type]


def underlined(rendered: str) -> str:
    """The columns of the source line over the first underline."""
    lines = rendered.split("\n")
    row = next(n for n, line in enumerate(lines) if "^" in line)
    begin = lines[row].index("^")
    return lines[row - 1][begin : lines[row].rindex("^") + 1]


def test_nothing_is_nothing() -> None:
    assert (render_text([], False), render_json([]), render_github([])) == ("", [], "")


def test_a_plain_diagnostic() -> None:
    shown = render_text([at("on a do b\n", "do", label="here", help="try")], False)
    assert shown == (
        "error[E0001]: message\n"
        "  --> rules/a.rules:1:6\n"
        "  |\n"
        "1 | on a do b\n"
        "  |      ^^ here\n"
        "  |\n"
        "   = help: try\n"
    )


def test_tabs_keep_the_underline_under_its_words() -> None:
    assert underlined(render_text([at("\ta\tbad\tb", "bad")], False)) == "bad"


def test_wide_characters_take_two_columns() -> None:
    shown = render_text([at('x = "\u65e5\u672c" bad', "bad")], False).split("\n")
    assert shown[4].index("^") == shown[3].index("bad") + 2
    assert "^" * 6 in render_text([at('x "\u65e5\u672c"', '"\u65e5\u672c"')], False)


def test_combining_characters_take_none() -> None:
    shown = render_text([at("e\u0301 bad", "bad")], False).split("\n")
    assert shown[4].index("^") == shown[3].index("bad") - 1


def test_a_place_between_words_gets_one_caret() -> None:
    source = Source.of("a", "on a")
    shown = render_text([Diagnostic("E0001", "m", source, Span(4, 4))], False)
    assert "\n  |     ^\n" in shown


def test_a_span_of_several_lines_is_marked_at_both_ends() -> None:
    shown = render_text([at("a b\nc\nd\n  e f\n", "b\nc\nd\n  e", label="all this")], False)
    assert "1 | a b\n  |   ^\n...\n4 |   e f\n  |   ^ all this\n" in shown


def test_two_labels_on_one_line() -> None:
    source = Source.of("a", "one two three")
    labels = (Label(Span(0, 3), "first"), Label(Span(4, 7), "second"))
    shown = render_text([Diagnostic("E0001", "m", source, Span(8, 13), label="third", labels=labels)], False)
    assert ("1 | one two three\n  | --- --- ^^^^^ third\n  | |   second\n  | first\n") in shown


def test_a_label_in_another_file() -> None:
    other = Source.of("schema.rules", "team x\n")
    shown = render_text([at("on a", "a", labels=(Label(Span(5, 6), "declared here", other),))], False)
    assert "  ::: schema.rules:1:6\n  |\n1 | team x\n  |      - declared here\n" in shown


def test_one_line_between_is_shown_and_more_are_dots() -> None:
    near = at("a\nb\nc\nd", "a", labels=(Label(Span(4, 5), "c"),))
    assert "2 | b" in render_text([near], False)
    far = at("a\nb\nc\nd", "a", labels=(Label(Span(6, 7), "d"),))
    assert "\n...\n4 | d" in render_text([far], False)


@pytest.mark.parametrize(
    ("fix", "lines"),
    [
        (Fix("t", Span(5, 9), "30m"), "1 | wait 30m\n  |      ~~~\n"),
        (Fix("t", Span(9, 9), ";"), "1 | wait 30 m;\n  |          +\n"),
        (Fix("t", Span(7, 9), ""), "1 | wait 30\n"),
        (Fix("t", Span(9, 9), "\nend"), "1 | wait 30 m\n2 | end\n  | +++\n"),
    ],
)
def test_a_fix_is_shown_as_it_would_be(fix: Fix, lines: str) -> None:
    source = Source.of("a", "wait 30 m")
    shown = render_text([Diagnostic("E0039", "m", source, Span(5, 9), fixes=(fix,))], False)
    assert shown.endswith("   = fix: t\n  |\n" + lines)


def test_nothing_of_the_source_controls_the_terminal() -> None:
    evil = "\x1b[31m\x07\x9b\u202e\u2066\x7f\ud800"
    found = at(f"on {evil} bad", "bad", label=evil, help=evil, fixes=(Fix(evil, Span(0, 2), evil),))
    found = Diagnostic(
        "E0001", evil, Source(evil, found.source.text), found.span, labels=(Label(found.span, evil),)
    )
    shown = render_text([found], False) + render_github([found])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert "\u241b[31m" in shown
    shown.encode("utf-8")


def test_harmless_text_is_one_line() -> None:
    assert harmless("a\nb\tc\r\n") == "a b c  "


def test_a_very_long_line_is_cut_around_the_mistake() -> None:
    shown = render_text([at("x" * 5_000 + " bad " + "y" * 5_000, "bad")], False)
    assert max(map(len, shown.split("\n"))) < 200
    assert underlined(shown) == "bad"
    assert "…" in shown


def test_colours_change_nothing_but_colours() -> None:
    found = [at("on a do b", "do", label="l", help="h", fixes=(Fix("f", Span(0, 2), "x"),))]
    plain, colored = render_text(found, False), render_text(found, True)
    assert "\x1b[1;31merror[E0001]\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_severities_have_their_words() -> None:
    for severity, command in (
        (Severity.WARNING, "warning"),
        (Severity.NOTE, "notice"),
        (Severity.ERROR, "error"),
    ):
        found = at("on a", "a", severity=severity)
        assert render_text([found], False).startswith(f"{severity}[E0001]: ")
        assert render_github([found]).startswith(f"::{command} ")


def test_json_counts_lines_and_columns_from_one() -> None:
    other = Source.of("b.rules", "\n z")
    found = at(
        "on a\n  do b",
        "do",
        label="l",
        help="h",
        fixes=(Fix("f", Span(0, 2), "x"),),
        labels=(Label(Span(2, 3), "t", other),),
    )
    assert render_json([found]) == [
        {
            "code": "E0001",
            "severity": "error",
            "message": "message",
            "label": "l",
            "help": "h",
            "path": "rules/a.rules",
            "start": {"line": 2, "column": 3},
            "end": {"line": 2, "column": 5},
            "labels": [
                {
                    "text": "t",
                    "path": "b.rules",
                    "start": {"line": 2, "column": 2},
                    "end": {"line": 2, "column": 3},
                }
            ],
            "fixes": [
                {
                    "title": "f",
                    "replacement": "x",
                    "start": {"line": 1, "column": 1},
                    "end": {"line": 1, "column": 3},
                }
            ],
        }
    ]


def test_github_commands_are_escaped() -> None:
    source = Source.of("a,b:c%.rules", "on a")
    found = Diagnostic("E0001", "50% of\nthis::error", source, Span(3, 4), help="h, i: j")
    assert render_github([found]) == (
        "::error file=a%2Cb%3Ac%25.rules,line=1,endLine=1,col=4,endColumn=5,title=E0001"
        "::50%25 of this::error%0Ah, i: j\n"
    )


def test_github_takes_no_columns_for_several_lines() -> None:
    assert render_github([at("on a\ndo b", "a\ndo")]).startswith(
        "::error file=rules/a.rules,line=1,endLine=2,title="
    )
