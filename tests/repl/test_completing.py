"""What the prompt offers, and how fast; colours that agree with the lexer."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from importlib import import_module
from pathlib import Path
from statistics import median

import pytest
from pygments.token import Comment, Keyword, Name, Number, Operator, String

from rulelang.calendar import parse_instant
from rulelang.source import Source
from rulelang.syntax.lexer import tokenize
from runtime.model import SubjectKey
from runtime.settings import Settings
from tests.support.process import ROOT
from tests.support.rules import START, check
from workbench.highlight import PromptLexer, RulesLexer
from workbench.repl.completing import suggestions
from workbench.repl.session import Session

EXAMPLES = sorted((ROOT / "examples").glob("**/*.rules"))


@pytest.fixture
def session() -> Session:
    found = Session(
        check('rule "Hello" on contact created do add tag "vip" end'),
        Settings(),
        Path(),
        parse_instant(START),
    )
    found.add(SubjectKey("contact", "c_1"), {"score": 85})
    return found


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", "fire "),
        ("adv", "advance "),
        ("sco", "score"),
        ("status = tr", "trial"),
        ("score > 3 and ow", "owner"),
        ("fire stage ent", "enter"),
        ("fire sta", 'stage enter "'),
        ('fire stage enter "SQ', '"SQL"'),
        ("set sta", "status = "),
        ("set score = 1, plan = f", "free"),
        ("show ru", "runs"),
        ("advance un", "until next"),
        ("as c", "contact c_1"),
        ("why ", '"Hello"'),
        ('edit "H', '"Hello"'),
        ("save ", "as test "),
        ("live r", "runs"),
        ("on contact created do mark d", "dnc"),
        ('rule "X" for contact\non stage enter "', '"Proposal Sent"'),
    ],
)
def test_what_is_offered(session: Session, typed: str, offered: str) -> None:
    found = list(suggestions(session, typed))
    hit = next((s for s in found if s.text == offered), None)
    assert hit is not None, [s.text for s in found]
    assert offered.casefold().startswith(typed[len(typed) - hit.length :].casefold())


def test_only_what_goes_on_from_what_is_typed_is_offered(session: Session) -> None:
    assert [s.text for s in suggestions(session, "sho")] == ["show "]
    assert list(suggestions(session, "show nothing")) == []
    assert [s.text for s in suggestions(session, "fire stage ")] == ["enter", "changed", "exit"]


def test_completion_takes_no_time(session: Session) -> None:
    times = []
    for typed in ("sc", "fire st", "status = ", "on contact created do se") * 5:
        start = time.perf_counter()
        list(suggestions(session, typed))
        times.append(time.perf_counter() - start)
    assert median(times) < 0.05, times


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_colours_are_those_of_the_lexer(path: Path) -> None:
    text = Source.of("", path.read_text("utf-8")).text
    found = list(RulesLexer().get_tokens_unprocessed(text))
    assert "".join(piece for _, _, piece in found) == text
    kinds = {at: kind for at, kind, _ in found}
    lexed = tokenize(Source("", text))
    for token in lexed.tokens:
        if token.kind == "TEXT":
            assert kinds[token.start] is String.Double
        elif token.kind in ("NUMBER", "DURATION", "DATE", "MONEY", "PERCENT", "TIME", "DATETIME"):
            assert kinds[token.start] is Number
        elif token.kind in ("RULE", "ON", "WHEN", "DO", "END", "IF", "THEN", "WAIT"):
            assert kinds[token.start] is Keyword
        elif token.end > token.start:
            assert token.start in kinds
    assert all(kinds[span.start] is Comment.Single for span in lexed.comments)


def test_words_have_their_colours() -> None:
    def kinds(lexer: RulesLexer, text: str) -> dict[str, object]:
        return {piece: kind for _, kind, piece in lexer.get_tokens_unprocessed(text) if piece.strip()}

    rule = kinds(RulesLexer(), "on tag added when not lower(a1) >= null do stop")
    assert rule == {
        "on": Keyword, "tag": Name, "added": Name, "when": Keyword, "not": Operator.Word,
        "lower": Name.Function, "(": rule["("], "a1": Name, ")": rule["("], ">=": Operator,
        "null": Keyword.Constant, "do": Keyword, "stop": Keyword,
    }  # fmt: skip
    assert kinds(PromptLexer(), "fire fire") == {"fire": Name}
    assert next(iter(PromptLexer().get_tokens_unprocessed("fire x")))[1] is Keyword.Pseudo
    assert kinds(RulesLexer(), "team x")["team"] is Keyword.Declaration


def test_pygments_is_told_of_the_lexer() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())
    module, _, name = package["project"]["entry-points"]["pygments.lexers"]["rules"].partition(":")
    assert getattr(import_module(module), name) is RulesLexer


def test_the_version_is_told_without_loading_any_of_it() -> None:
    code = "import sys, workbench.cli as c\ntry: c.main()\nexcept SystemExit: pass\nprint(sorted(set(sys.modules) & {'prompt_toolkit', 'pygments', 'httpx', 'rulelang.workspace', 'asyncio'}))"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\n[]\n"), done.stdout
