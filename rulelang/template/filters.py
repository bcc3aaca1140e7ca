"""The filters of templates: pure functions over plain values, each with its usage.

A missing value stays missing through text and number filters, so that `default` works at the end of a chain.
Results are bounded before they are built wherever a filter could make text grow.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rulelang.plan import numbers
from rulelang.template.dates import format_date
from rulelang.template.escape import Escaped, text_of
from rulelang.template.limits import MAX_OUTPUT, MAX_PARTS
from rulelang.template.model import Sink, TemplateError
from rulelang.types.model import ANY, NUMBER, TEXT, TEXT_LIST, Kind, Type

Value: TypeAlias = Any
"""A plain value: None, str, bool, int, float, list or dict of these."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What some filters know of the workspace: the zone for instants, and the currency for amounts (or "")."""

    zone: ZoneInfo
    currency: str


@dataclass(frozen=True, slots=True)
class FilterDef:
    """A filter: how many arguments it takes, an example of its use, and the type of its result.

    `result` None stands for the type of what it is applied to. `work` multiplies what it costs.
    """

    name: str
    function: Callable[..., Value]
    least: int
    most: int
    usage: str
    result: Type | None = TEXT
    work: int = 1
    needs_setting: bool = False


# --- arguments -------------------------------------------------------------------------------------


def _text(value: Value) -> str:
    return str(text_of(value))


def _whole(value: Value, name: str) -> int:
    number = _number(value, name)
    if number != int(number):
        raise TemplateError(f"`{name}` needs a whole number")
    return int(number)


def _number(value: Value, name: str) -> numbers.Number:
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float) or numbers.finite(value) is None:
        raise TemplateError(f"`{name}` was given something that is no number")
    return value


def _parsed(text: str) -> numbers.Number | None:
    if len(text) > 30 or not text.isascii() or "_" in text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def _bounded(length: int) -> None:
    if length > MAX_OUTPUT:
        raise TemplateError(f"a text grows beyond {MAX_OUTPUT // 1024} KiB")


# --- text ------------------------------------------------------------------------------------------


def _on_text(change: Callable[[str], str]) -> Callable[[Value], Value]:
    return lambda value: None if value is None else change(_text(value))


def _default(value: Value, other: Value) -> Value:
    return other if value is None or value is False or value in ("", []) else value


def _truncate(value: Value, length: Value = 50, ending: Value = "...") -> Value:
    if value is None:
        return None
    text, tail, most = _text(value), _text(ending), _whole(length, "truncate")
    return text if len(text) <= most else text[: max(most - len(tail), 0)] + tail


def _truncatewords(value: Value, count: Value = 15, ending: Value = "...") -> Value:
    if value is None:
        return None
    most = max(_whole(count, "truncatewords"), 1)
    words = _text(value).split()
    return " ".join(words) if len(words) <= most else " ".join(words[:most]) + _text(ending)


def _replace(value: Value, old: Value, new: Value) -> Value:
    if value is None:
        return None
    text, before, after = _text(value), _text(old), _text(new)
    if not before:
        return text
    _bounded(len(text) + text.count(before) * (len(after) - len(before)))
    return text.replace(before, after)


def _remove(value: Value, old: Value) -> Value:
    return _replace(value, old, "")


def _append(value: Value, tail: Value) -> Value:
    text, more = _text(value), _text(tail)
    _bounded(len(text) + len(more))
    return text + more


def _prepend(value: Value, head: Value) -> Value:
    return _append(head, value)


def _escape(value: Value) -> Value:
    return Escaped(html.escape(_text(value)), Sink.HTML)


def _url_encode(value: Value) -> Value:
    return Escaped(quote(_text(value), safe="", errors="replace"), Sink.URL)


# --- lists -----------------------------------------------------------------------------------------


def _split(value: Value, separator: Value) -> Value:
    text, mark = _text(value), _text(separator)
    if not text:
        return []
    parts = text.split(mark, MAX_PARTS) if mark else list(text[: MAX_PARTS + 1])
    if len(parts) > MAX_PARTS:
        raise TemplateError(f"`split` makes more than {MAX_PARTS} parts")
    return parts


def _join(value: Value, glue: Value = ", ") -> Value:
    if not isinstance(value, list):
        return value
    items, mark = [_text(item) for item in value], _text(glue)
    _bounded(sum(map(len, items)) + len(mark) * len(items))
    return mark.join(items)


def _first(value: Value) -> Value:
    return value[0] if isinstance(value, list) and value else None


def _last(value: Value) -> Value:
    return value[-1] if isinstance(value, list) and value else None


def size(value: Value) -> int:
    """How many items a list or record has, or characters a text; 0 for everything else."""
    return len(value) if isinstance(value, list | dict | str) else 0


# --- numbers ---------------------------------------------------------------------------------------


def _arithmetic(
    name: str, operate: Callable[[Any, Any], numbers.Number | None]
) -> Callable[[Value, Value], Value]:
    def apply(value: Value, other: Value) -> Value:
        if value is None or other is None:
            return None
        left, right = _number(value, name), _number(other, name)
        if name == "divided_by" and right == 0:
            raise TemplateError("a number is divided by zero")
        result = operate(left, right)
        if result is None:
            raise TemplateError(f"`{name}` makes a number that is too large")
        return result

    return apply


def _divide(left: numbers.Number, right: numbers.Number) -> numbers.Number | None:
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    return numbers.money_div(left, right)


def _round(value: Value, digits: Value = 0) -> Value:
    if value is None:
        return None
    rounded = numbers.rounded(_number(value, "round"), _whole(digits, "round"))
    if rounded is None:
        raise TemplateError("`round` keeps at most 15 digits")
    return rounded


def _whole_up(value: Value) -> Value:
    return None if value is None else numbers.whole(_number(value, "ceil"), up=True)


def _whole_down(value: Value) -> Value:
    return None if value is None else numbers.whole(_number(value, "floor"), up=False)


_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "BRL": "R$"}


def _money(value: Value, currency: Value = None, *, setting: Setting) -> Value:
    if value is None:
        return None
    code = _text(currency or setting.currency).upper()
    if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise TemplateError("`money` needs a currency like `EUR`")
    amount = numbers.money_add(_number(value, "money"), 0, code or "USD")
    if amount is None:
        raise TemplateError("`money` was given an amount that is too large")
    shown = f"{numbers.decimal(abs(amount)):,.{numbers.minor_digits(code)}f}"
    symbol = _SYMBOLS.get(code, f"{code} " if code else "")
    return f"{'-' if amount < 0 else ''}{symbol}{shown}"


def _date(value: Value, pattern: Value, *, setting: Setting) -> Value:
    return None if value is None or value == "" else format_date(value, _text(pattern), setting.zone)


# --- the list --------------------------------------------------------------------------------------

_FIRST_NAME = "contact.first_name | "
_DEFS = (
    FilterDef("default", _default, 1, 1, _FIRST_NAME + 'default: "there"', None),
    FilterDef("upcase", _on_text(str.upper), 0, 0, _FIRST_NAME + "upcase"),
    FilterDef("downcase", _on_text(str.lower), 0, 0, _FIRST_NAME + "downcase"),
    FilterDef("capitalize", _on_text(str.capitalize), 0, 0, _FIRST_NAME + "capitalize"),
    FilterDef("strip", _on_text(str.strip), 0, 0, _FIRST_NAME + "strip"),
    FilterDef("truncate", _truncate, 0, 2, 'contact.company | truncate: 20, "…"'),
    FilterDef("truncatewords", _truncatewords, 0, 2, "contact.company | truncatewords: 3"),
    FilterDef("replace", _replace, 2, 2, 'contact.phone | replace: "+", "00"'),
    FilterDef("remove", _remove, 1, 1, 'contact.phone | remove: " "'),
    FilterDef("append", _append, 1, 1, _FIRST_NAME + 'append: "!"'),
    FilterDef("prepend", _prepend, 1, 1, _FIRST_NAME + 'prepend: "Dear "'),
    FilterDef("escape", _escape, 0, 0, _FIRST_NAME + "escape", work=4),
    FilterDef("url_encode", _url_encode, 0, 0, "contact.email | url_encode", work=16),
    FilterDef("split", _split, 1, 1, 'contact.name | split: " "', TEXT_LIST),
    FilterDef("join", _join, 0, 1, 'contact.tags | join: " and "'),
    FilterDef("first", _first, 0, 0, "contact.tags | first", ANY),
    FilterDef("last", _last, 0, 0, "contact.tags | last", ANY),
    FilterDef("size", size, 0, 0, "contact.tags | size", NUMBER),
    FilterDef("plus", _arithmetic("plus", numbers.money_add), 1, 1, "contact.score | plus: 5", NUMBER, 8),
    FilterDef("minus", _arithmetic("minus", numbers.money_sub), 1, 1, "contact.score | minus: 5", NUMBER, 8),
    FilterDef("times", _arithmetic("times", numbers.money_mul), 1, 1, "contact.score | times: 2", NUMBER, 8),
    FilterDef(
        "divided_by", _arithmetic("divided_by", _divide), 1, 1, "contact.score | divided_by: 2", NUMBER, 8
    ),
    FilterDef("round", _round, 0, 1, "account.health_score | round: 1", NUMBER, 8),
    FilterDef("ceil", _whole_up, 0, 0, "account.health_score | ceil", NUMBER),
    FilterDef("floor", _whole_down, 0, 0, "account.health_score | floor", NUMBER),
    FilterDef("money", _money, 0, 1, 'opportunity.value | money: "EUR"', TEXT, 8, needs_setting=True),
    FilterDef("date", _date, 1, 1, 'contact.created_at | date: "%-d %B %Y"', TEXT, 8, needs_setting=True),
)
FILTERS: Mapping[str, FilterDef] = {definition.name: definition for definition in _DEFS}
"""All filters by name."""


def result_type(name: str, left: Type) -> Type:
    """The type of what a filter makes of a value of type `left`."""
    definition = FILTERS.get(name)
    if definition is None:
        return ANY
    if name in ("first", "last") and left.kind is Kind.LIST:
        return left.item or ANY
    return left if definition.result is None else definition.result
