"""Tokens, comments and the characters that no program may hold."""

from __future__ import annotations

import pytest

from grammar.build import load_lark
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax.lexer import tokenize
from tests.syntax.chunks import chunks


def kinds(text: str) -> list[str]:
    return [token.kind for token in tokenize(Source.of("t", text)).tokens]


def mistakes(text: str) -> tuple[Diagnostic, ...]:
    return tokenize(Source("t", text)).diagnostics


def test_tokens_know_their_place_and_line_starts() -> None:
    tokens = tokenize(Source.of("t", "on a # note\n  when x\n")).tokens
    assert [(t.kind, t.text, t.start, t.end, t.first) for t in tokens] == [
        ("ON", "on", 0, 2, True),
        ("NAME", "a", 3, 4, False),
        ("WHEN", "when", 14, 18, True),
        ("NAME", "x", 19, 20, False),
    ]


def test_comments_are_kept_apart() -> None:
    source = Source.of("t", "# one\non a // two\n")
    comments = tokenize(source).comments
    assert [source.slice(span) for span in comments] == ["# one", "// two"]
    assert comments[0] == Span(0, 5)


def test_a_comment_sign_inside_quotes_is_text() -> None:
    assert kinds('"a # b // c"') == ["TEXT"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("30m", "DURATION"),
        ("1d12h", "DURATION"),
        ("2mo", "DURATION"),
        ("9:00", "TIME"),
        ("2026-01-31", "DATE"),
        ("2026-01-31T09:00", "DATETIME"),
        ("2026-01-31T09:00:00.5+01:00", "DATETIME"),
        ("$10_000", "MONEY"),
        ("500USD", "MONEY"),
        ("£5.50", "MONEY"),
        ("50%", "PERCENT"),
        ("1_000.5", "NUMBER"),
        ("`when`", "NAME"),
        ("enroll", "ENROL"),
        ("yes/no", "YES_NO"),
        ("whenever", "NAME"),
        ("enrolment", "NAME"),
    ],
)
def test_one_token(text: str, kind: str) -> None:
    assert kinds(text) == [kind]
    assert mistakes(text) == ()


def test_or_and_on_are_one_token_unless_on_stands_in_the_first_column() -> None:
    assert kinds("a or on b") == ["NAME", "OR_ON", "NAME"]
    assert kinds("a or\n  on b") == ["NAME", "OR_ON", "NAME"]
    assert kinds("a or\non b") == ["NAME", "OR", "ON", "NAME"]


JOINED = {
    "OR_ON": ["OR", "ON"],
    "ON_EXIT": ["ON", "EXIT"],
    "AND_WAIT": ["AND", "WAIT"],
    "SKIP_IF": ["NAME", "IF"],
    "WAIT_ARMS": ["WAIT"],
}


@pytest.mark.parametrize("chunk", list(chunks("good.txt")), ids=lambda chunk: chunk.name)
def test_the_same_tokens_as_lark_itself(chunk: object) -> None:
    text = chunk.text  # type: ignore[attr-defined]
    theirs = ["NAME" if token.type.endswith("_WORD") else token.type for token in load_lark().lex(text)]
    ours = [part for kind in kinds(text) for part in JOINED.get(kind, [kind])]
    assert ours == theirs


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ('on a do mark "x\u202ey"', 15, 16),
        ("on a # \u2066 note", 7, 8),
        ("on a\0", 4, 5),
        ('"\0"', 1, 2),
        ('"\ud800"', 1, 2),
        ("\ud800", 0, 1),
    ],
)
def test_forbidden_characters_are_refused_everywhere(text: str, start: int, end: int) -> None:
    (found,) = mistakes(text)
    assert (found.code, found.span) == ("E0032", Span(start, end))


def test_a_bidi_character_inside_quotes_can_be_escaped() -> None:
    (found,) = mistakes('"x\u202ey"')
    assert found.fixes[0].replacement == "\\u{202E}"
    assert mistakes('"x\\u{202E}y"') == ()


@pytest.mark.parametrize("char", ["\u200b", "\u00a0", "\ufeff", "\u00ad", "\u2028"])
def test_invisible_characters_are_refused_outside_quotes_only(char: str) -> None:
    assert [d.code for d in mistakes(f"on{char}a")] == ["E0031"]
    assert mistakes(f'"on{char}a"') == ()


def test_a_word_in_another_script_that_looks_like_a_keyword_becomes_it() -> None:
    lexed = tokenize(Source.of("t", "wh\u0435n \uff57\uff48\uff45\uff4e"))
    assert [token.kind for token in lexed.tokens] == ["WHEN", "WHEN"]
    assert [(d.code, d.fixes[0].replacement) for d in lexed.diagnostics] == [
        ("E0033", "when"),
        ("E0033", "when"),
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30 m", "30m"),
        ("3 days", "3d"),
        ("2weeks", "2w"),
        ("1.5h", "1h30m"),
        ("0.5d", "12h"),
        ("10k", "10_000"),
        ("$10,000", "$10_000"),
        ("500usd", "500USD"),
        ("5 EUR", "5EUR"),
        ("20 \u20ac", "\u20ac20"),
        ("$ 5", "$5"),
        ("50 %", "50%"),
        ("2026-1-5", "2026-01-05"),
        ("2026/01/05", "2026-01-05"),
        ("31.01.2026", "2026-01-31"),
        ("2026-01-31 9:30", "2026-01-31T09:30"),
        ("9am", "9:00"),
        ("12 pm", "12:00"),
        ("9:30:00", "9:30"),
        (".5", "0.5"),
    ],
)
def test_literals_written_otherwise_are_mended(written: str, meant: str) -> None:
    lexed = tokenize(Source.of("t", f"x = {written} "))
    (found,) = lexed.diagnostics
    assert (found.code, found.source.slice(found.span), found.fixes[0].replacement) == (
        "E0039",
        written,
        meant,
    )
    assert lexed.tokens[-1].text == meant


@pytest.mark.parametrize("written", ["30mb", "1e5", "1.2.3", "12abc", "5mm", "1.5mo", "99:99x"])
def test_literals_that_mean_nothing_are_refused(written: str) -> None:
    (found,) = mistakes(written)
    assert (found.code, found.fixes) == ("E0039", ())
    assert "`30m`" in found.help


@pytest.mark.parametrize(
    "written",
    ["2026-02-30", "2026-13-01", "0000-01-01", "24:00", "9:60", "2026-01-31T24:00", "2026-01-31T09:00+15:00"],
)
def test_dates_and_times_that_do_not_exist(written: str) -> None:
    (found,) = mistakes(written)
    assert (found.code, found.source.slice(found.span)) == ("E0040", written)


@pytest.mark.parametrize(
    "written", ["999999999999d", "101y", "9" * 5000, "9" * 5000 + "d", "1" * 16 + "%", "$" + "1" * 16]
)
def test_numbers_and_durations_beyond_all_bounds(written: str) -> None:
    (found,) = mistakes(written)
    assert found.code == "E0041"


def test_the_largest_numbers_and_durations_are_fine() -> None:
    assert mistakes("999_999_999_999_999 100y 36500d 99999h") == ()


def test_text_over_several_lines_is_one_mistake() -> None:
    lexed = tokenize(Source.of("t", 'mark "one\ntwo\nthree" now'))
    assert [(d.code, d.fixes[0].replacement) for d in lexed.diagnostics] == [("E0036", '"one\\ntwo\\nthree"')]
    assert [token.text for token in lexed.tokens] == ["mark", '"one\\ntwo\\nthree"', "now"]


def test_text_without_its_end_leaves_the_next_line_alone() -> None:
    lexed = tokenize(Source.of("t", 'assign("ana)\nmark "x"'))
    assert [d.code for d in lexed.diagnostics] == ["E0035"]
    assert [token.kind for token in lexed.tokens] == ["NAME", "LPAR", "TEXT", "RPAR", "NAME", "TEXT"]


def test_an_address_without_quotes_becomes_one_text() -> None:
    lexed = tokenize(Source.of("t", "assign(ana.ruiz+x@acme.test)"))
    assert [token.text for token in lexed.tokens] == ["assign", "(", '"ana.ruiz+x@acme.test"', ")"]
    assert [d.code for d in lexed.diagnostics] == ["E0043"]
