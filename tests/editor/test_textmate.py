"""The TextMate grammar is current and colours as the lexer reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from grammar.colours import SCOPES
from grammar.tables import load
from grammar.textmate import TARGET, grammar, text
from rulelang.source import Source
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.tokens import TokenList
from tests.syntax.printed import print_rule
from tests.syntax.random_rules import rules

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples/workspace").glob("**/*.rules"))
KEYWORDS = ("keyword.control", "keyword.operator.word", "constant.language", "storage.type")
SOFT = {*load().soft, "enrol", "enroll"}


def test_the_file_is_current() -> None:
    assert TARGET.read_text("utf-8") == text(), "run `python -m grammar.textmate`"


def agree(source: Source) -> None:
    """Numbers, texts and comments are those of the lexer; so are keywords, and only words of clauses join them."""
    lexed = tokenize(source)
    found = _coloured(source.text)
    expected = {(t.start, t.end): SCOPES[t.kind] for t in lexed.tokens if t.kind in SCOPES}
    expected |= {(span.start, span.end): SCOPES["COMMENT"] for span in lexed.comments}
    wanted = set(SCOPES.values())
    assert {place: scope for place, scope in found.items() if scope in wanted} == expected
    keywords = {place for place, scope in found.items() if scope in KEYWORDS}
    # A word in the first column begins an item, whatever it is.
    more = {(a, b) for a, b in keywords - _keywords(lexed) if source.text[a - 1 : a] not in ("", "\n")}
    coloured = {source.text[a:b].split()[-1] for a, b in more}
    assert coloured <= SOFT
    missed = {source.text[a:b] for a, b in _keywords(lexed) - keywords}
    assert missed <= {"set", "empty", "skip", "yes/no"} | SOFT


def _keywords(lexed: TokenList) -> set[tuple[int, int]]:
    """The places of keywords, those in joined tokens apart."""
    found = set()
    for token in lexed.tokens:
        if token.kind == "NAME" or not token.text[:1].isalpha():
            continue
        first, _, last = token.text.partition(" ")
        found.add((token.start, token.start + len(first)))
        found.add((token.end - len(last or first), token.end))
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples(path: Path) -> None:
    agree(Source.of(path.name, path.read_text("utf-8")))


@settings(
    max_examples=25,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(rules())
def test_random_programs(rule: Any) -> None:
    agree(Source.of("x.rules", print_rule(rule)))


def test_words_have_their_colours() -> None:
    line = 'on stage enter "a \\" b" when not lower(name1) = null do wait 30m if x then end'
    found = {line[a:b]: scope for (a, b), scope in _coloured(line).items()}
    assert found == {
        "on": "keyword.control",
        '"a \\" b"': "string.quoted.double",
        "when": "keyword.control",
        "not": "keyword.operator.word",
        "lower": "entity.name.function",
        "=": "keyword.operator",
        "null": "constant.language",
        "do": "keyword.control",
        "wait": "keyword.control",
        "30m": "constant.numeric.duration",
        "if": "keyword.control",
        "then": "keyword.control",
        "end": "keyword.control",
    }


def _coloured(text: str) -> dict[tuple[int, int], str]:
    """What a TextMate editor makes of a text: at each place the first pattern whose match begins first."""
    patterns = [
        (re.compile(p["match"], re.ASCII), p["name"].removesuffix(".rulelang")) for p in grammar()["patterns"]
    ]
    found: dict[tuple[int, int], str] = {}
    begin = 0
    for line in text.split("\n"):
        at = 0
        while at <= len(line):
            hits = [(m.start(), n, m) for n, (p, _) in enumerate(patterns) if (m := p.search(line, at))]
            if not hits:
                break
            start, number, match = min(hits, key=lambda hit: hit[:2])
            found[(begin + start, begin + match.end())] = patterns[number][1]
            at = max(match.end(), at + 1)
        begin += len(line) + 1
    return found


def test_the_extension_names_files_that_are_there() -> None:
    folder = ROOT / "editors/vscode"
    package = json.loads((folder / "package.json").read_text("utf-8"))
    (language,) = package["contributes"]["languages"]
    (colours,) = package["contributes"]["grammars"]
    for name in (package["main"], language["configuration"], colours["path"]):
        assert (folder / name).is_file()
    assert language["extensions"] == [".rules"]
    assert colours["scopeName"] == grammar()["scopeName"]
    json.loads((folder / language["configuration"]).read_text("utf-8"))
