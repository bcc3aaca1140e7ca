"""Reading a template: its markup, its expressions, and, with a schema, what its names mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from liquid.ast import Node
from liquid.builtin.expressions import Filter, FilteredExpression, KeywordArgument, Path, StringLiteral
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.expression import Expression
from liquid.token import Token

from rulelang.diagnostics import messages
from rulelang.diagnostics import template as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Span
from rulelang.template.dates import DIRECTIVES, unknown_directive
from rulelang.template.engine import ExpressionError, parse_pieces
from rulelang.template.filters import FILTERS, result_type
from rulelang.template.front_matter import read_front_matter
from rulelang.template.limits import MAX_TEMPLATE
from rulelang.template.markup import MarkupError, pieces_of
from rulelang.template.model import Part
from rulelang.template.names import Known, Names, member
from rulelang.template.place import Place
from rulelang.template.structure import check_structure
from rulelang.template.tags import ForNode, OutputNode
from rulelang.types.model import ANY, NUMBER, TEXT, Kind

_BRACKETS = r"""\[\s*(?:"([^"]*)"|'([^']*)'|(-?\d+))\s*\]"""
_ROOT = re.compile(rf"{_BRACKETS}|([\w-]+\??)")
_SEGMENT = re.compile(rf"\s*(?:{_BRACKETS}|\.\s*([\w-]+\??))")
_PATH = re.compile(r"[\w-]+\??(?:\.[\w-]+\??|\[[^\]]*\])*")
_SHOWN = re.compile(rf"{_PATH.pattern}|\([^)]*\)?")


@dataclass(frozen=True, slots=True)
class Reading:
    """A template as read: its parts (without those that could not be), its settings, and the mistakes in it."""

    parts: Mapping[str, Part]
    settings: Mapping[str, str]
    found: tuple[Diagnostic, ...]


def read(text: str, place: Place, names: Names | None = None) -> Reading:
    """Read a whole template, and with `names` check what they mean."""
    if len(text) > MAX_TEMPLATE:
        too_long = say.too_long(place.source, place.span(0, 1), "the template", MAX_TEMPLATE)
        return Reading({}, {}, (too_long,))
    matter = read_front_matter(text, place)
    found, parts = list(matter.found), {}
    for name, (start, end) in matter.parts.items():
        nodes, problems = _read_part(text[start:end], place.within(start, end), names)
        found += problems
        parts[name] = Part(text[start:end], text.count("\n", 0, start) + 1, nodes)
    found.sort(key=lambda diagnostic: diagnostic.span)
    return Reading(parts, matter.settings, tuple(found))


def _read_part(text: str, place: Place, names: Names | None) -> tuple[tuple[Node, ...], list[Diagnostic]]:
    try:
        pieces = list(pieces_of(text, place))
        if problems := check_structure(pieces, place):
            return (), problems
        nodes = parse_pieces(pieces, text)
    except MarkupError as error:
        return (), [error.diagnostic]
    except ExpressionError as error:
        return (), [say.syntax(place.source, place.span(error.start, error.end), error.problem)]
    walk = _Walk(text, place, names)
    for node in nodes:
        walk.node(node)
    return nodes, walk.found


class _Walk:
    """One pass over the nodes of a part: forbidden constructs, filters, and names when they are known."""

    def __init__(self, text: str, place: Place, names: Names | None) -> None:
        self.found: list[Diagnostic] = []
        self._text = text
        self._place = place
        self._names = names

    def node(self, node: Node) -> None:
        """Check a node and all below it."""
        match node:
            case AssignNode():
                known = self._value(node.expression)
                if self._names:
                    self._names.assign(str(node.name), known)
            case ForNode():
                self._for(node)
            case OutputNode():
                self._shown(node.expression, self._value(node.expression))
            case _:
                for expression in node.expressions():
                    self._value(expression)
                self._children(node)

    def _children(self, node: Node) -> None:
        for child in node.children(None):  # type: ignore[arg-type]
            self.node(child)

    def _for(self, node: ForNode) -> None:
        loop = node.expression
        known = self._value(loop.iterable)
        for extra in (loop.limit, loop.offset):
            if extra is not None:
                self._value(extra)
        if loop.cols is not None or _is_continue(loop.offset):
            self._report(say.syntax, loop.token, "`for` takes only `limit`, `offset` and `reversed`")
        if (
            not known.is_open
            and known.type.kind is not Kind.LIST
            and not isinstance(loop.iterable, RangeLiteral)
        ):
            self._report(
                say.not_a_list, loop.iterable.token, self._words(loop.iterable), messages.noun(known.type)
            )
        if self._names is None:
            self._children(node)
            return
        with self._names.loop(str(loop.identifier), Known(known.type.item or ANY)):
            self.node(node.body)
        if node.otherwise:
            self.node(node.otherwise)

    def _shown(self, expression: Expression, known: Known) -> None:
        if known.type.kind is Kind.RECORD and known.fields:
            self._report(say.whole_record, expression.token, self._words(expression), known.fields)

    # --- expressions -------------------------------------------------------------------------------

    def _value(self, expression: Expression) -> Known:
        match expression:
            case Path():
                return self._path(expression)
            case FilteredExpression():
                return self._filtered(expression)
            case RangeLiteral():
                self._report(say.ranges, expression.token)
                return Known(ANY)
            case StringLiteral():
                return Known(TEXT)
            case _:
                for child in expression.children():
                    self._value(child)
                return Known(NUMBER if isinstance(getattr(expression, "value", None), int | float) else ANY)

    def _filtered(self, expression: FilteredExpression) -> Known:
        known = self._value(expression.left)
        for filter_ in expression.filters or ():
            for argument in filter_.args:
                self._value(argument.value)
            self._arguments(filter_)
            type_ = result_type(filter_.name, known.type)
            known = known if type_ is known.type else Known(type_)
        return known

    def _arguments(self, filter_: Filter) -> None:
        name, token = filter_.name, filter_.token
        definition = FILTERS.get(name)
        if definition is None:
            self._report(say.unknown_filter, token, name, FILTERS)
            return
        named = any(isinstance(argument, KeywordArgument) for argument in filter_.args)
        if named or not definition.least <= len(filter_.args) <= definition.most:
            self._report(say.filter_arguments, token, name, definition.usage)
        elif name == "date" and isinstance(pattern := filter_.args[0].value, StringLiteral):
            self._date_format(pattern)

    def _date_format(self, pattern: StringLiteral) -> None:
        if unknown := unknown_directive(pattern.value):
            # The token of a text in quotes begins with the quote.
            start = pattern.token.start_index + 1 + unknown.start()
            span = self._place.span(start, start + len(unknown[0]))
            known = (f"%{letter}" for letter in DIRECTIVES)
            self.found.append(say.date_format(self._place.source, span, unknown[0], known))

    # --- names -------------------------------------------------------------------------------------

    def _path(self, path: Path) -> Known:
        if not all(isinstance(segment, str | int) for segment in path.path):
            for child in path.children():
                self._value(child)
            self._report(say.computed_name, path.token)
            return Known(ANY)
        if self._names is None:
            return Known(ANY)
        names = [segment for segment in path.path if isinstance(segment, str | int)]
        spans = self._segments(path.token.start_index, len(names))
        known = self._root(str(names[0]), spans[0], self._names)
        for segment, span in zip(names[1:], spans[1:], strict=True):
            if known is None:
                break
            known = self._member(known, segment, Span(spans[0].start, span.start), span)
        return known or Known(ANY)

    def _root(self, name: str, span: Span, names: Names) -> Known | None:
        known = names.root(name)
        if known is None:
            say_ = say.unknown_name(self._place.source, span, name, names.known(), names.owner_of(name))
            self.found.append(say_)
        elif names.unrelated(name):
            self.found.append(say.unrelated(self._place.source, span, name, names.subject))
        return known

    def _member(self, owner: Known, segment: str | int, before: Span, span: Span) -> Known | None:
        known = member(owner, segment)
        if known is None:
            words = self._place.source.slice(before).rstrip(".[ \"'")
            source, name = self._place.source, str(segment)
            if owner.type.kind is Kind.RECORD:
                self.found.append(say.unknown_field(source, span, name, words, owner.fields))
            else:
                self.found.append(say.no_parts(source, span, name, words, messages.noun(owner.type)))
        return known

    def _segments(self, start: int, count: int) -> list[Span]:
        """The spans of the parts of a path: the name alone, without dot or brackets."""
        spans, at = [], start
        for pattern in (_ROOT, *[_SEGMENT] * (count - 1)):
            found = pattern.match(self._text, at)
            if found is None:
                spans.append(self._place.span(at, at + 1))
                continue
            at = found.end()
            inner = next(group for group in range(1, 5) if found[group] is not None)
            spans.append(self._place.span(found.start(inner), found.end(inner)))
        return spans

    def _words(self, expression: Expression) -> str:
        """The author's own words for a value, as far as a path goes."""
        start = expression.token.start_index
        found = _PATH.match(self._text, start)
        return found[0] if found else self._text[start : start + 20]

    def _report(self, mistake: Callable[..., Diagnostic], token: Token, *details: object) -> None:
        start = token.start_index
        found = _SHOWN.match(self._text, start)
        end = found.end() if found else start + max(len(token.value), 1)
        self.found.append(mistake(self._place.source, self._place.span(start, end), *details))


def _is_continue(offset: Expression | None) -> bool:
    return isinstance(offset, StringLiteral) and offset.value == "continue"
