"""Phrases: how declarations write them, which one a text means, and what is said when none does."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from rulelang.catalog.model import Action, Param, Performs
from rulelang.catalog.phrase_syntax import (
    ArgumentsPart,
    OptionalPart,
    PhraseError,
    SlotPart,
    WordPart,
    arguments_of,
    parse_phrase,
    variants,
)
from rulelang.catalog.phrases import Expected, Matched, NoMatch, PhraseTable
from rulelang.source import Span
from rulelang.syntax import nodes as ast
from rulelang.types.model import TEXT

_PIECE = re.compile(r'"(?P<text>[^"]*)"|(?P<number>\d+)|\((?P<args>[^)]*)\)|(?P<word>=|\w+)')


def action(phrase: str, *more: str, choices: dict[str, tuple[str, ...]] | None = None) -> Action:
    """An action with a parameter for each slot of its phrase, and further ones."""
    names = [*re.findall(r"\{(\w+)\}", phrase), *more]
    params = tuple(Param(n, TEXT, n, choices=(choices or {}).get(n, ())) for n in dict.fromkeys(names))
    return Action(phrase, phrase, Performs.LOCAL, "summary", "doc", "example", params=params)


def phrase(text: str) -> ast.Phrase:
    """A phrase node of words, texts, numbers and `( … )`, as the parser would build it."""
    parts: list[ast.PhrasePart] = []
    for match in _PIECE.finditer(text):
        span = Span(*match.span())
        if match["word"]:
            parts.append(ast.Word(span, match["word"]))
        elif match["args"] is not None:
            value = ast.TextLit(span, match["args"])
            parts.append(ast.Arguments(span, (ast.Argument(span, None, None, value),)))
        elif match["number"]:
            parts.append(ast.Operand(span, ast.NumberLit(span, Decimal(match["number"]))))
        else:
            parts.append(ast.Operand(span, ast.TextLit(span, match["text"])))
    return ast.Phrase(Span(0, len(text)), tuple(parts))


def matched(table: PhraseTable[Action], text: str) -> Matched[Action]:
    found = table.match(phrase(text))
    assert isinstance(found, Matched), found
    return found


def unmatched(table: PhraseTable[Action], text: str) -> NoMatch[Action]:
    found = table.match(phrase(text))
    assert isinstance(found, NoMatch), found
    return found


def values(found: Matched[Action]) -> dict[str, object]:
    """The slots as plain values: a bare word as its text, a call as `name(…)`."""
    result: dict[str, object] = {}
    for name, node in found.slots.items():
        match node:
            case ast.Name(_, (word,)):
                result[name] = word
            case ast.TextLit(_, value) | ast.NumberLit(_, value):
                result[name] = value
            case ast.Call(_, called):
                result[name] = f"{called}(…)"
    return result


# --- how declarations write them -------------------------------------------------------------------


def test_a_phrase_has_words_slots_options_and_arguments() -> None:
    declared = action("send hyper() {tone} [to {whom}]", "prompt")
    send, hyper, arguments, tone, option = parse_phrase(declared)
    assert (send, hyper, arguments) == (WordPart("send"), WordPart("hyper"), ArgumentsPart())
    assert isinstance(tone, SlotPart)
    assert tone.param.name == "tone"
    assert isinstance(option, OptionalPart)
    assert option.parts[0] == WordPart("to")
    assert [p.name for p in arguments_of(declared)] == ["prompt"]


def test_options_side_by_side_come_in_any_order_and_one_with_a_slot_first() -> None:
    parts = parse_phrase(action("sent [{form}] [at {page}] [of {kind}]"))
    written = {" ".join(p.text if isinstance(p, WordPart) else "_" for p in v) for v in variants(parts)}
    assert written == {
        "sent",
        "sent _",
        "sent at _",
        "sent of _",
        "sent _ at _",
        "sent _ of _",
        "sent at _ of _",
        "sent of _ at _",
        "sent _ at _ of _",
        "sent _ of _ at _",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not complete"),
        ("go [to {place}", "is not complete"),
        ("go ] there", "brackets of the phrase `go ] there` do not pair"),
        ("go [to [the {place}]]", "do not pair"),
        ("go []", "empty optional part"),
        ("go To", "malformed at `To`"),
        ("go {place} to {place}", "a parameter of the phrase `go {place} to {place}` is there twice"),
        ("go() there()", "takes arguments in two places"),
    ],
)
def test_a_malformed_phrase_is_refused(text: str, message: str) -> None:
    with pytest.raises(PhraseError, match=re.escape(message)):
        parse_phrase(action(text))


def test_a_parameter_needs_a_place_and_a_slot_a_parameter() -> None:
    with pytest.raises(PhraseError, match=r"`tone` is neither a slot of the phrase `send` nor in `\(\)`"):
        parse_phrase(action("send", "tone"))
    bare = Action("send", "send {tone}", Performs.LOCAL, "", "", "")
    with pytest.raises(PhraseError, match="the slot `tone` of the phrase `send {tone}` has no parameter"):
        parse_phrase(bare)


# --- what a text means -----------------------------------------------------------------------------

TABLE = PhraseTable(
    [
        action("stage enter {stage} [from {previous}] [of {pipeline}]"),
        action("stage exit {stage}"),
        action("set {field} = {value}"),
        action("assign()", "to"),
        action("send email hyper() [to {to}] [after {delay}]", "prompt"),
        action("send email template() [after {delay}]", "name"),
        action("clear {field}"),
        action("clear dnc"),
        action("call status {status}", choices={"status": ("busy", "no_answer")}),
        action("form submitted [{form}] [at {page}]"),
    ]
)


@pytest.mark.parametrize(
    ("text", "declaration", "slots"),
    [
        ('stage enter "SQL"', 0, {"stage": "SQL"}),
        ("stage enter SQL", 0, {"stage": "SQL"}),
        ("Stage ENTER SQL", 0, {"stage": "SQL"}),
        ("stage enter SQL of sales from MQL", 0, {"stage": "SQL", "previous": "MQL", "pipeline": "sales"}),
        ("stage exit 5", 1, {"stage": Decimal(5)}),
        ("set score = 5", 2, {"field": "score", "value": Decimal(5)}),
        ("set score = round(x)", 2, {"field": "score", "value": "round(…)"}),
        ("assign(x)", 3, {}),
        ("assign", 3, {}),
        ('send email hyper(x) after 3 to "o"', 4, {"delay": Decimal(3), "to": "o"}),
        ("send email template(x)", 5, {}),
        ("clear country", 6, {"field": "country"}),
        ("clear dnc", 7, {}),
        ("clear country(x)", 6, {"field": "country(…)"}),
        ("call status no_answer", 8, {"status": "no_answer"}),
        ('call status "Busy"', 8, {"status": "Busy"}),
        ("form submitted", 9, {}),
        ("form submitted demo at home", 9, {"form": "demo", "page": "home"}),
        ("form submitted at home", 9, {"page": "home"}),
    ],
)
def test_a_phrase_finds_its_declaration(text: str, declaration: int, slots: dict[str, object]) -> None:
    found = matched(TABLE, text)
    assert found.declaration is TABLE.declarations[declaration]
    assert values(found) == slots
    assert (found.arguments is not None) == (declaration in (3, 4, 5) and "(x)" in text)


def test_a_bare_word_arrives_with_its_place() -> None:
    (stage,) = matched(TABLE, "stage enter SQL").slots.values()
    assert stage == ast.Name(Span(12, 15), ("SQL",), (Span(12, 15),))


# --- what is said when there is none ---------------------------------------------------------------


def words(found: NoMatch[Action]) -> set[str]:
    return {e.param.name if e.param else e.word for e in found.expected}


def test_a_slip_in_a_word_is_corrected() -> None:
    found = unmatched(TABLE, "stage entre SQL")
    assert (found.matched, found.span, found.found, found.ended) == (1, Span(6, 11), "entre", False)
    assert words(found) == {"enter", "exit"}
    assert found.corrections == ("enter",)
    assert [d.phrase.split()[1] for d in found.candidates] == ["enter", "exit"]


def test_a_phrase_that_ends_too_early_says_what_goes_on() -> None:
    found = unmatched(TABLE, "stage enter")
    assert (found.matched, found.span, found.ended, found.found) == (2, Span(6, 11), True, "")
    assert found.expected == (Expected(param=TABLE.declarations[0].params[0]),)


def test_words_after_the_end_are_pointed_at() -> None:
    found = unmatched(TABLE, "form submitted demo at home today")
    assert (found.matched, found.span, found.found) == (5, Span(28, 33), "today")
    assert words(found) == {""}


def test_a_word_that_is_no_choice_is_pointed_at() -> None:
    found = unmatched(TABLE, "call status bussy")
    assert (found.span, found.corrections) == (Span(12, 17), ("busy",))


def test_arguments_where_none_are_taken_are_pointed_at() -> None:
    found = unmatched(TABLE, 'stage exit "SQL" (x)')
    assert (found.span, found.found) == (Span(17, 20), "")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("enter stage SQL", "stage enter {stage} [from {previous}] [of {pipeline}]"),
        ("stage entered SQL", "stage enter {stage} [from {previous}] [of {pipeline}]"),
        ("email template(x)", "send email template() [after {delay}]"),
        ("submitted a form", "form submitted [{form}] [at {page}]"),
    ],
)
def test_the_phrases_most_alike_are_offered(text: str, near: str) -> None:
    assert unmatched(TABLE, text).near[0].phrase == near


def test_nothing_is_offered_for_what_is_like_nothing() -> None:
    found = unmatched(TABLE, "frobnicate everything")
    assert (found.matched, found.near, found.candidates, found.corrections) == (0, (), (), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"stage", "set", "assign", "send", "clear", "call", "form"}),
        ("stage", {"enter", "exit"}),
        ("stage enter SQL", {"", "from", "of"}),
        ("stage enter SQL of sales", {"", "from"}),
        ("send email hyper", {"(", "", "to", "after"}),
        ("set score", {"="}),
        ("nonsense", set()),
    ],
)
def test_what_may_follow_the_beginning_of_a_phrase(text: str, expected: set[str]) -> None:
    found = TABLE.expected(phrase(text).parts)
    assert {e.param.name if e.param else e.word for e in found} == expected


# --- ambiguity -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (action("add {tag}"), action("add {note}")),
        (action("go [to {place}]"), action("go")),
        (action("a {x} of {y}"), action("a {x} [of {z}] [to {w}]")),
        (action("a {x}", choices={"x": ("p", "q")}), action("a {y}", choices={"y": ("q", "r")})),
        (action("send()", "x"), action("send")),
    ],
)
def test_two_phrases_that_one_text_could_be_are_refused(one: Action, other: Action) -> None:
    other = replace(other, name="other")
    with pytest.raises(PhraseError, match="are ambiguous"):
        PhraseTable([one, other])
    with pytest.raises(PhraseError, match="are ambiguous"):
        PhraseTable([other, one])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (action("a {x} c"), action("a b {y}", choices={"y": ("d", "e")})),
        (action("send()", "x"), action("send {y}", choices={"y": ("now",)})),
        (action("a {x}", choices={"x": ("p", "q")}), action("a {y}", choices={"y": ("r",)})),
        (action("a {x} of {y}"), action("a {x} to {y}")),
    ],
)
def test_phrases_that_no_text_could_both_be_are_taken(one: Action, other: Action) -> None:
    assert PhraseTable([one, replace(other, name="other")]).declarations[0] is one


def test_a_word_goes_before_a_choice_and_a_choice_before_an_open_slot() -> None:
    by_word = action("hook post {url}")
    by_choice = action("hook {method} {url}", choices={"method": ("get", "post")})
    open_slot = action("hook {name} {url} ")
    table = PhraseTable([open_slot, by_choice, by_word])
    assert matched(table, "hook post x").declaration is by_word
    assert matched(table, "hook get x").declaration is by_choice
    assert matched(table, "hook mine x").declaration is open_slot
