"""The value of a literal token. The lexer has made sure that each is well formed and within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from rulelang.source import Span
from rulelang.syntax.nodes import (
    BoolLit,
    DateLit,
    DateTimeLit,
    DurationLit,
    Expr,
    MoneyLit,
    NullLit,
    NumberLit,
    PercentLit,
    TextLit,
    TimeLit,
)
from rulelang.syntax.tokens import Token

CURRENCY_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|(.))", re.DOTALL)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
DURATION_PART = re.compile(r"(\d+)(mo|[smhdwy])")


def literal(token: Token) -> Expr:
    """The node of a literal token."""
    return _MAKERS[token.kind](token.text, token.span)


def text(token: Token) -> TextLit:
    """The node of a text in quotes."""
    return TextLit(token.span, unquote(token.text))


def unquote(text: str) -> str:
    """The text between the quotes of a literal, its escapes resolved."""
    inner = text[1:-1]
    return ESCAPE.sub(_escape, inner) if "\\" in inner else inner


def quoted(text: str) -> str:
    """The literal of a text: what `unquote` makes of it is the text again."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + _UNSEEN.sub(lambda found: f"\\u{{{ord(found[0]):X}}}", escaped) + '"'


def _escape(match: re.Match[str]) -> str:
    code, char = match.groups()
    return chr(int(code, 16)) if code else ESCAPES[char]


def duration_parts(text: str) -> tuple[tuple[int, str], ...]:
    """`1d12h` as ((1, "d"), (12, "h"))."""
    return tuple((int(count), unit) for count, unit in DURATION_PART.findall(text))


def _number(text: str) -> Decimal:
    return Decimal(text.replace("_", ""))


def _money(text: str, span: Span) -> Expr:
    if text[0] in CURRENCY_SIGNS:
        return MoneyLit(span, _number(text[1:]), CURRENCY_SIGNS[text[0]])
    return MoneyLit(span, _number(text[:-3]), text[-3:])


def _date(text: str, span: Span) -> Expr:
    year, month, day = text.split("-")
    return DateLit(span, int(year), int(month), int(day))


def _time(text: str, span: Span) -> Expr:
    hour, minute = text.split(":")
    return TimeLit(span, int(hour), int(minute))


_MAKERS: dict[str, Callable[[str, Span], Expr]] = {
    "TEXT": lambda text, span: TextLit(span, unquote(text)),
    "NUMBER": lambda text, span: NumberLit(span, _number(text)),
    "MONEY": _money,
    "PERCENT": lambda text, span: PercentLit(span, _number(text[:-1])),
    "DURATION": lambda text, span: DurationLit(span, duration_parts(text)),
    "DATE": _date,
    "DATETIME": lambda text, span: DateTimeLit(span, text),
    "TIME": _time,
    "TRUE": lambda text, span: BoolLit(span, True),
    "FALSE": lambda text, span: BoolLit(span, False),
    "NULL": lambda text, span: NullLit(span),
}
