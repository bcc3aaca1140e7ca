"""Every example of docs/templates.md checks without a mistake and shows what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulelang.source import Source
from rulelang.template.api import check_template, parse_template, render, render_message
from rulelang.template.filters import FILTERS
from rulelang.template.model import Sink
from tests.template.scope import schema, scope

PAGE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.*\{.*)` \| `(.*)` \|$", PAGE, re.MULTILINE)
BLOCKS = re.findall(r"^```liquid\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", PAGE, re.MULTILINE | re.DOTALL)


def problems(text: str) -> list[str]:
    """What the checker says about a template."""
    return [d.message for d in check_template(text, schema(), "contact", Source.of("docs", text), 0)]


def test_the_page_has_examples() -> None:
    assert len(ROWS) > 25
    assert sum(bool(shown) for _, shown in BLOCKS) == 3
    assert len(BLOCKS) == 4


@pytest.mark.parametrize(("text", "shown"), ROWS)
def test_rows(text: str, shown: str) -> None:
    assert problems(text) == []
    assert render(parse_template("docs", text), scope(), Sink.TEXT) == shown


@pytest.mark.parametrize(("text", "shown"), [block for block in BLOCKS if block[1]])
def test_blocks(text: str, shown: str) -> None:
    assert problems(text) == []
    assert render(parse_template("docs", text), scope(), Sink.TEXT) == shown


def test_the_template_file() -> None:
    text = BLOCKS[0][0]
    assert problems(text) == []
    message = render_message(parse_template("docs", text), scope())
    assert message.subject == "Welcome, Ana"
    assert message.sender == "Bo Lund <bo@acme.test>"
    assert message.body == "Dear Ana,\n\nthank you for trying Acme.\n"


def test_every_filter_is_on_the_page_and_its_usage_works() -> None:
    for name, definition in FILTERS.items():
        assert re.search(rf"\| {name}\b", PAGE), name
        text = f"{{{{ {definition.usage} }}}}"
        kind = "opportunity" if "opportunity" in text else "contact"
        assert check_template(text, schema(), kind, Source.of("usage", text), 0) == ()
        render(parse_template("usage", text), scope(opportunity={"value": 5}), Sink.TEXT)
