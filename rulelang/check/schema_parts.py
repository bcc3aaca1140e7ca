"""The parts that declarations of a schema have in common: heads, lists of names, lines of a block, types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rulelang.diagnostics import schema as messages
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax import nodes as ast
from rulelang.types.coerce import CoercionError, clean_text
from rulelang.types.currencies import CURRENCIES
from rulelang.types.model import Kind, Type
from rulelang.types.schema import SUBJECT_KINDS, Declared

MAX_NAME = 200
"""The most characters of a name."""

_SIMPLE = {
    "text": Kind.TEXT,
    "number": Kind.NUMBER,
    "percent": Kind.PERCENT,
    "yes/no": Kind.BOOL,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
    "time": Kind.TIME,
    "person": Kind.PERSON,
}
TYPES = (*_SIMPLE, "money", "one of", "list of")
"""What a field may be, as it is written."""

Parts = Sequence[ast.PhrasePart]


@dataclass(frozen=True, slots=True)
class Named:
    """A name as written: its text and place."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a declaration. `values` is what follows the colon, None without one."""

    name: Named | None
    subject: Named | None
    values: Parts | None


class Reader:
    """Reads the parts of declarations of one source and collects what is wrong with them."""

    def __init__(self, source: Source, currency: str, report: Callable[[Diagnostic], None]) -> None:
        self.source = source
        self.currency = currency
        self.report = report

    def declared(self, span: Span) -> Declared:
        """A place in this source."""
        return Declared(self.source, span)

    # --- heads ---

    def head(self, declaration: ast.Declaration, *, named: bool, subject: bool) -> Head | None:
        """The head of a declaration that has a name, a subject, both or neither. Reports what is amiss."""
        before, values = _at_colon(declaration.head)
        keyword = declaration.keyword
        name: Named | None = None
        if named:
            if not before or _is_word(before[0], "for"):
                example = _EXAMPLES[keyword.text]
                self.report(messages.missing_name(self.source, keyword.span, keyword.text, example))
                return None
            name, before = self.name(before[0]), before[1:]
        kind, rest = self._subject(before, keyword) if subject else (None, before)
        if rest:
            after = f"`{keyword.text}`"
            self.report(messages.left_over(self.source, _span(rest), self._text(rest), after))
        if (named and name is None) or (subject and kind is None):
            return None
        return Head(name, kind, values)

    def _subject(self, parts: Parts, keyword: ast.Word) -> tuple[Named | None, Parts]:
        if len(parts) < 2 or not _is_word(parts[0], "for"):
            self.report(messages.missing_subject(self.source, keyword.span, keyword.text))
            return None, ()
        kind = self.name(parts[1])
        if kind is not None and kind.text not in SUBJECT_KINDS:
            self.report(messages.unknown_subject(self.source, kind.span, kind.text, SUBJECT_KINDS))
            kind = None
        return kind, parts[2:]

    # --- names ---

    def name(self, part: ast.PhrasePart) -> Named | None:
        """A word or a text as a name. Reports anything else."""
        match part:
            case ast.Word(span, text) | ast.Operand(_, ast.TextLit(span, text)):
                return self._clean(text, span)
            case _:
                text = self.source.slice(part.span)
                self.report(messages.not_a_name(self.source, part.span, text))
                return None

    def _clean(self, text: str, span: Span) -> Named | None:
        try:
            name = clean_text(text).strip()
        except CoercionError:
            self.report(messages.bad_name(self.source, span, "is made of whole characters"))
            return None
        if not name:
            self.report(messages.bad_name(self.source, span, "has at least one character"))
        elif not name.isprintable():
            self.report(messages.bad_name(self.source, span, "holds no line ends or control characters"))
        elif len(name) > MAX_NAME:
            self.report(messages.bad_name(self.source, span, f"has at most {MAX_NAME} characters"))
        else:
            return Named(name, span)
        return None

    def single(self, parts: Parts, after: str) -> Named | None:
        """The one name that stands here. Reports what follows it."""
        if len(parts) > 1:
            self.report(messages.left_over(self.source, _span(parts[1:]), self._text(parts[1:]), after))
        return self.name(parts[0])

    def listed(self, declaration: ast.Declaration, head: Head, what: str, example: str) -> tuple[Named, ...]:
        """The names after the colon or in the lines of the block, each once; reports a list without any."""
        names: list[Named] = list(self.names(head.values or (), what))
        for entry in declaration.entries:
            names += self.names(entry.parts, what)
        if not names and not (head.values or declaration.entries):
            keyword = declaration.keyword
            self.report(messages.nothing_declared(self.source, keyword.span, keyword.text, f"`{example}`"))
        return self._unique(names, what)

    def names(self, parts: Parts, what: str) -> tuple[Named, ...]:
        """The names between commas; a comma at the end does no harm."""
        found: list[Named] = []
        before: ast.PhrasePart | None = None
        for part in parts:
            if _is_word(part, ","):
                if before is None:
                    self.report(messages.stray_comma(self.source, part.span))
                before = None
                continue
            if before is not None:
                left, right = self._text([before]), self._text([part])
                self.report(messages.missing_comma(self.source, part.span, left, right))
            before = part
            name = self.name(part)
            if name is not None:
                found.append(name)
        return tuple(found)

    def _unique(self, names: Sequence[Named], what: str) -> tuple[Named, ...]:
        first: dict[str, Named] = {}
        for name in names:
            earlier = first.setdefault(name.text, name)
            if earlier is not name:
                place = self.declared(earlier.span)
                self.report(messages.duplicate_value(self.source, name.span, what, name.text, place))
        return tuple(first.values())

    # --- lines of a block ---

    def line(self, entry: ast.Phrase, example: str) -> tuple[Named, Parts] | None:
        """The name in front of the colon and what follows it. Reports a line that is not built so."""
        before, after = _at_colon(entry.parts)
        if len(before) != 1 or not after:
            text = self._text(entry.parts)
            self.report(messages.missing_colon(self.source, entry.span, text, example))
            return None
        name = self.name(before[0])
        return None if name is None else (name, after)

    # --- types ---

    def type(self, field: str, parts: Parts) -> Type | None:
        """A type as written after a field's name; `field` names an enumeration. Reports what is no type."""
        match parts:
            case [ast.Word(_, "one"), ast.Word(_, "of"), *values]:
                return self._one_of(field, parts, values)
            case [ast.Word(_, "list"), ast.Word(_, "of"), *item] if item:
                inner = self.type(field, item)
                return None if inner is None else Type(Kind.LIST, item=inner)
            case [ast.Word(_, "one" | "list" as word), *_]:
                example = "one of small, large" if word == "one" else "list of text"
                self.report(messages.incomplete_type(self.source, _span(parts), self._text(parts), example))
                return None
            case [ast.Word(_, "money"), *rest]:
                return self._money(rest)
            case [ast.Word(_, word), *rest] if word in _SIMPLE:
                self._end(rest, word)
                return Type(_SIMPLE[word])
            case _:
                text = self._text(parts[:1])
                self.report(messages.unknown_type(self.source, parts[0].span, text, TYPES))
                return None

    def _one_of(self, field: str, parts: Parts, values: Parts) -> Type | None:
        names = self._unique(self.names(values, "value"), "value")
        if not values:
            text = self._text(parts)
            self.report(messages.incomplete_type(self.source, _span(parts), text, "one of small, large"))
        return Type(Kind.ENUM, name=field, values=tuple(n.text for n in names)) if names else None

    def _money(self, rest: Parts) -> Type | None:
        if not rest:
            return Type(Kind.MONEY, currency=self.currency)
        code = self.currency_code(rest[0])
        self._end(rest[1:], "money")
        return Type(Kind.MONEY, currency=code) if code else None

    def currency_code(self, part: ast.PhrasePart) -> str | None:
        """A currency of ISO 4217. Reports anything else."""
        name = self.name(part)
        if name is None or name.text in CURRENCIES:
            return name.text if name else None
        self.report(messages.unknown_currency(self.source, name.span, name.text, CURRENCIES))
        return None

    def _end(self, rest: Parts, after: str) -> None:
        if rest:
            text = self._text(rest)
            self.report(messages.left_over(self.source, _span(rest), text, f"the type `{after}`"))

    def _text(self, parts: Parts) -> str:
        return " ".join(self.source.slice(_span(parts)).split())


_EXAMPLES = {
    "segment": 'segment "Power users" for contact: score >= 80',
    "pipeline": 'pipeline "Sales" for contact: New, Won, Lost',
    "team": 'team "Sales": "ana@acme.test"',
    "calendar": 'calendar "Office": monday to friday 9:00 to 17:00',
    "person": 'person "ana@acme.test": "Ana Ruiz"',
    "event": 'event "demo.requested" for contact',
    "weights": 'weights "Sales": "ana@acme.test" 3',
    "territory": 'territory "EMEA"',
    "topic": 'topic "newsletter": consent',
}


def _is_word(part: ast.PhrasePart, text: str) -> bool:
    return isinstance(part, ast.Word) and part.text == text


def _at_colon(parts: Parts) -> tuple[Parts, Parts | None]:
    for n, part in enumerate(parts):
        if _is_word(part, ":"):
            return parts[:n], parts[n + 1 :]
    return parts, None


def _span(parts: Parts) -> Span:
    return parts[0].span.to(parts[-1].span)
