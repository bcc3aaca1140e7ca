"""The web editor reads tokens as the lexer does: on every example, on random programs, on odd texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.async_api import Browser, Page, Route

from grammar.webtokens import TARGET, text
from rulelang.source import Source
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.tokens import TokenList
from tests.syntax.printed import print_rule
from tests.syntax.random_rules import rules

ROOT = Path(__file__).parents[2]
SESSION = pytest.mark.asyncio(loop_scope="session")
RANDOM = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
# Kinds of the parser's making, with those of the words they stand for.
JOINED = {"WAIT_ARMS": "WAIT"}
READ = """async (texts) => {
  const { tokensOf } = await import("/static/editor/tokenize.js");
  return texts.map((text) => {
    let begin = 0;
    return text.split("\\n").flatMap((line) => {
      const found = tokensOf(line).map((t) => [t.kind, line.slice(t.start, t.end), begin + t.start]);
      begin += line.length + 1;
      return found;
    });
  });
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def reader(browser: Browser) -> AsyncIterator[Page]:
    """A page that can load the editor's modules, and nothing else."""

    async def serve(route: Route) -> None:
        await route.fulfill(path=ROOT / "web/static" / route.request.url.partition("/static/")[2])

    async with await browser.new_context() as context:
        await context.route("**/static/**", serve)
        await context.route("**/page", lambda route: route.fulfill(body="", content_type="text/html"))
        page = await context.new_page()
        await page.goto("http://editor.test/page")
        yield page


def test_the_table_is_current() -> None:
    assert TARGET.read_text("utf-8") == text(), "run `python -m grammar.webtokens`"


def from_lexer(source: Source, lexed: TokenList) -> list[list[Any]]:
    """The lexer's tokens in the browser's terms: joined words apart, signs as such, offsets in UTF-16."""
    spans = [("COMMENT", s.start, s.end) for s in lexed.comments]
    for token in lexed.tokens:
        words = token.text.split(" ") if token.kind.isupper() and token.text in _PAIRS else [token.text]
        if len(words) == 1:
            spans.append((JOINED.get(token.kind, token.kind), token.start, token.end))
        else:
            spans.append((words[0].upper(), token.start, token.start + len(words[0])))
            spans.append((words[1].upper(), token.end - len(words[1]), token.end))
    found = []
    for kind, start, end in sorted(spans, key=lambda s: s[1]):
        written = source.text[start:end]
        sign = not (written[0].isalnum() or written[0] in '_`"$€£#' or kind == "COMMENT")
        at = len(source.text[:start].encode("utf-16-le")) // 2
        found.append(["NAME" if kind == "SKIP" else "SIGN" if sign else kind, written, at])
    return found


_PAIRS = frozenset(("or on", "and wait", "skip if", "on exit"))


async def compare(page: Page, texts: list[str]) -> None:
    sources = [Source.of("x.rules", text) for text in texts]
    for source, read in zip(sources, await page.evaluate(READ, [s.text for s in sources]), strict=True):
        assert read == from_lexer(source, tokenize(source)), source.text


@pytest.mark.browser
@SESSION
async def test_examples(reader: Page) -> None:
    paths = sorted(ROOT.glob("examples/**/*.rules"))
    texts = [path.read_text("utf-8") for path in paths]
    right = [text for text in texts if not tokenize(Source.of("x.rules", text)).diagnostics]
    assert len(right) > 10
    await compare(reader, right)


@pytest.mark.browser
@SESSION
async def test_random_programs(reader: Page) -> None:
    programs: list[str] = []

    @settings(RANDOM, max_examples=12)
    @given(rules())
    def collect(rule: Any) -> None:
        programs.append(print_rule(rule))

    collect()
    assert len(programs) >= 12
    await compare(reader, programs)


@pytest.mark.browser
@SESSION
async def test_texts_that_the_lexer_takes(reader: Page) -> None:
    parts = st.sampled_from(
        [
            '"a \\" é 😀"',
            "enroll",
            "enrol_x",
            "yes/no",
            "# é",
            "\n",
            "// x\n",
            "2026-01-31T09:00Z",
            "9:00",
            "50%",
        ]
        + [
            "1_000EUR",
            "$20",
            "1d12h",
            "2mo",
            "30m",
            "`or`",
            "a1",
            "<",
            "<=",
            "!=",
            ">",
            "(",
            "]",
            ";",
            " ",
            "\t",
        ]
        + ["or", "and", "on", "with", "where", "x", "2.5", "-", "*", "/", "."]
    )
    texts: list[str] = []

    @settings(RANDOM, max_examples=250)
    @given(st.lists(parts, max_size=12).map("".join))
    def collect(text: str) -> None:
        lexed = tokenize(Source.of("x.rules", text))
        # An arrow is left to the parser to refuse.
        if not lexed.diagnostics and all(token.kind != "ARROW" for token in lexed.tokens):
            texts.append(text)

    collect()
    assert len(texts) > 50
    await compare(reader, texts)
