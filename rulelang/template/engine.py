"""The engine under templates: python-liquid with its lexer, lookups, filters and most tags replaced.

Of the library the expression parser and the nodes of `if`, `unless`, `case` and `assign` remain. Importing this
module loads the library, so it is imported when a template is first used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from liquid import Environment
from liquid.ast import Node
from liquid.builtin.content import Literal
from liquid.builtin.illegal import Illegal
from liquid.builtin.tags.assign_tag import AssignTag
from liquid.builtin.tags.for_tag import BreakTag, ContinueTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.exceptions import LiquidError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.token import TOKEN_CONTENT, TOKEN_EOF, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from rulelang.template.context import Context, Page
from rulelang.template.markup import Piece
from rulelang.template.model import Part, Sink, TemplateError
from rulelang.template.tags import ForTag, OutputTag, StrictCaseTag

_TAGS = (
    Literal,
    OutputTag,
    Illegal,
    IfTag,
    UnlessTag,
    StrictCaseTag,
    ForTag,
    BreakTag,
    ContinueTag,
    AssignTag,
)


class _Environment(Environment):
    """The closed set of tags. Filters are looked up in `Context.filter`."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register our tags instead of the library's."""
        for tag in _TAGS:
            self.add_tag(tag)


@cache
def environment() -> Environment:
    """The one environment; it never changes."""
    return _Environment()


# --- parsing ---------------------------------------------------------------------------------------


class ExpressionError(Exception):
    """What stands between braces cannot be read: `start` and `end` in the text, `problem` in words."""

    def __init__(self, start: int, end: int, problem: str) -> None:
        super().__init__(problem)
        self.start = start
        self.end = end
        self.problem = problem


def parse_pieces(pieces: Sequence[Piece], text: str) -> tuple[Node, ...]:
    """The nodes of a text whose structure was checked.

    Raises:
        ExpressionError: at the first expression that cannot be read.
    """
    tokens = [token for piece in pieces for token in _tokens(piece, text)]
    stream = TokenStream(iter(tokens))
    try:
        return tuple(get_parser(environment()).parse(stream))
    except LiquidError as error:
        raise _located(error, tokens, stream.pos) from error
    except RecursionError as error:
        at = tokens[min(stream.pos, len(tokens) - 1)]
        problem = "it is nested too deeply"
        raise ExpressionError(at.start_index, at.start_index + len(at.value), problem) from error


def _tokens(piece: Piece, text: str) -> Iterable[Token]:
    if piece.kind == "text":
        yield Token(TOKEN_CONTENT, piece.inner, piece.start, text)
        return
    if piece.kind == "output":
        yield Token(TOKEN_OUTPUT, text[piece.start : piece.end], piece.start, text)
    else:
        yield Token(TOKEN_TAG, piece.name, piece.name_start, text)
    if piece.inner:
        yield Token(TOKEN_EXPRESSION, piece.inner, piece.inner_start, text)


def _located(error: LiquidError, tokens: Sequence[Token], position: int) -> ExpressionError:
    """The place of an error; one at the end of an expression is placed on its last character."""
    token, message = error.token, str(error.message)
    if token is not None and token.kind != TOKEN_EOF and token.start_index >= 0:
        end = token.start_index + max(len(token.value), 1)
        return ExpressionError(token.start_index, end, _problem(message, token))
    before = [t for t in tokens[: position + 1] if t.kind == TOKEN_EXPRESSION]
    last = before[-1] if before else tokens[min(position, len(tokens) - 1)]
    end = last.start_index + len(last.value)
    return ExpressionError(end - 1, end, _problem(message, None))


_WANTED = {
    "a primitive expression": "a value",
    "an infix expression": "a comparison",
    "a comma separated list of arguments": "a comma",
    "an identifier": "a name",
    "word": "a name",
    "in": "`in`",
}


def _problem(message: str, token: Token | None) -> str:
    """The library's message in our words; `token` is what was found, None at the end."""
    found = "the end" if token is None else f"`{token.value[:40]}`" if token.value else "a text"
    if found in ("`'`", '`"`'):
        return "a quote is not closed"
    if message == "missing expression":
        return "nothing follows the name of the tag"
    wanted = message.partition(", found ")[0].removeprefix("expected ")
    if wanted == message or wanted == "end of expression":
        return f"{found} does not belong here"
    shown = _WANTED.get(wanted, wanted.replace("'", "`"))
    return f"{shown} is missing before {found}" if token is not None else f"{shown} is missing at the end"


# --- rendering -------------------------------------------------------------------------------------


def render_part(part: Part, scope: Mapping[str, Any], sink: Sink) -> str:
    """Render the nodes of a part with a scope of plain copies.

    Raises:
        TemplateError: a limit was reached or a filter cannot work with a value; it names the line.
    """
    context, page = Context(environment(), scope), Page(sink)
    for node in part.nodes:
        try:
            node.render(context, page)
        except (LiquidError, TemplateError, RecursionError) as error:
            line = part.first_line + part.text.count("\n", 0, max(context.at, node.token.start_index, 0))
            raise TemplateError(f"line {line}: {_sentence(error)}") from error
    return page.getvalue()


def _sentence(error: Exception) -> str:
    if isinstance(error, TemplateError):
        return str(error)
    return "values of different kinds are compared"
