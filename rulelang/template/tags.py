"""The tags of templates that differ from the library's: output that is escaped, and loops that are counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from liquid import RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import FilteredExpression, LoopExpression, tokenize
from liquid.builtin.tags.case_tag import CaseTag
from liquid.exceptions import BreakLoop, ContinueLoop
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from rulelang.template.context import Context, Page
from rulelang.template.model import TemplateError


class OutputNode(Node):
    """`{{ … }}`."""

    __slots__ = ("expression",)

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token)
        self.expression = expression
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Show the value; output of blocks that show nothing but space is dropped by the library."""
        value = self.expression.evaluate(context)
        return buffer.write_value(value) if isinstance(buffer, Page) else 0

    def expressions(self) -> Iterable[Expression]:
        """The one expression."""
        yield self.expression


class OutputTag(Tag):
    """Reads `{{ … }}`."""

    name = TOKEN_OUTPUT
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """The node for the output that begins here."""
        token = stream.eat(TOKEN_OUTPUT)
        inner = stream.expect(TOKEN_EXPRESSION)
        tokens = TokenStream(tokenize(inner.value, inner))
        return OutputNode(token, FilteredExpression.parse(self.env, tokens))


class ForNode(Node):
    """`{% for %}` over a list. Each turn is charged with the number of nodes and expressions in the body."""

    __slots__ = ("expression", "body", "otherwise", "cost")

    def __init__(
        self, token: Token, expression: LoopExpression, body: BlockNode, otherwise: BlockNode | None
    ) -> None:
        super().__init__(token)
        self.expression = expression
        self.body = body
        self.otherwise = otherwise
        self.cost = 1 + _weight(body)
        self.blank = body.blank and (otherwise is None or otherwise.blank)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Render the body for each item, or the `else` branch when there is none."""
        assert isinstance(context, Context)
        items = self._items(context)
        if not items:
            return self.otherwise.render(context, buffer) if self.otherwise else 0
        names: dict[str, object] = {}
        context.loop_names.append(names)
        try:
            return self._turns(items, names, context, buffer)
        finally:
            context.loop_names.pop()

    def _turns(self, items: list[Any], names: dict[str, object], context: Context, buffer: TextIO) -> int:
        for index, item in enumerate(items):
            context.charge(self.cost)
            names["forloop"] = _forloop(index, len(items))
            names[str(self.expression.identifier)] = item
            try:
                self.body.render(context, buffer)
            except ContinueLoop:
                continue
            except BreakLoop:
                break
        return len(items)

    def _items(self, context: Context) -> list[Any]:
        found = self.expression.iterable.evaluate(context)
        if not isinstance(found, list):
            return []
        start = _index(self.expression.offset, context) or 0
        count = _index(self.expression.limit, context)
        items = found[start:] if count is None else found[start : start + count]
        context.charge(len(items) // 8)
        return items[::-1] if self.expression.reversed else items

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> Iterable[Node]:
        """The body and the `else` branch."""
        yield self.body
        if self.otherwise:
            yield self.otherwise

    def expressions(self) -> Iterable[Expression]:
        """What it goes over, with limit and offset."""
        yield self.expression


def _index(expression: Expression | None, context: Context) -> int | None:
    if expression is None:
        return None
    value = expression.evaluate(context)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TemplateError("`limit` and `offset` need a whole number")
    return value


def _forloop(index: int, length: int) -> dict[str, object]:
    return {
        "index": index + 1,
        "index0": index,
        "rindex": length - index,
        "rindex0": length - index - 1,
        "first": index == 0,
        "last": index == length - 1,
        "length": length,
    }


def _weight(node: Node) -> int:
    """How many nodes and expressions one turn may visit; loops inside charge for themselves."""
    if isinstance(node, ForNode):
        return 1
    children: Iterable[Node] = node.children(None)  # type: ignore[arg-type]
    return 1 + sum(map(_weight, children)) + sum(map(_size, node.expressions()))


def _size(expression: Expression) -> int:
    return 1 + sum(map(_size, expression.children()))


class ForTag(Tag):
    """Reads `{% for %}`."""

    name = "for"
    end = "endfor"

    def parse(self, stream: TokenStream) -> Node:
        """The node for the loop that begins here."""
        token = stream.eat(TOKEN_TAG)
        expression = LoopExpression.parse(self.env, stream.into_inner(tag=token))
        block = get_parser(self.env).parse_block
        body = block(stream, ("endfor", "else"))
        otherwise = None
        if stream.current.is_tag("else"):
            next(stream)
            otherwise = block(stream, ("endfor",))
        stream.expect(TOKEN_TAG, value="endfor")
        return ForNode(token, expression, body, otherwise)


class StrictCaseTag(CaseTag):
    """The library's `case`, without its tolerance for words that follow the values of a `when`."""

    def _parse_when_expression(self, stream: TokenStream) -> list[Expression]:
        expressions: list[Expression] = super()._parse_when_expression(stream)
        stream.expect_eos()
        return expressions
