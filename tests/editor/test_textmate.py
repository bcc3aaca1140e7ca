"""The TextMate grammar is current and colours as the lexer reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from grammar.textmate import SCOPES, TARGET, grammar, text
from rulelang.source import Source
from rulelang.syntax.lexer import tokenize

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples/workspace").glob("**/*.rules"))


def test_the_file_is_current() -> None:
    assert TARGET.read_text("utf-8") == text(), "run `python -m grammar.textmate`"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_numbers_texts_and_comments_are_those_of_the_lexer(path: Path) -> None:
    source = Source.of(path.name, path.read_text("utf-8"))
    lexed = tokenize(source)
    expected = {(t.start, t.end): SCOPES[t.kind] for t in lexed.tokens if t.kind in SCOPES}
    expected |= {(span.start, span.end): SCOPES["COMMENT"] for span in lexed.comments}
    wanted = set(SCOPES.values())
    found = {place: scope for place, scope in _coloured(source.text).items() if scope in wanted}
    assert found == expected


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
