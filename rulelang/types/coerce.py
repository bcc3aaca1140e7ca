"""Takes values in: a JSON value or a cell of a CSV file becomes a value of a type, in its one stored form.

The stored forms are in docs/plan-format.md ("Values"). Whatever enters the system (events, records over the
API, imports) passes through here, so that the rest may trust the values it works on.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from rulelang.calendar import (
    CalendarError,
    instant_text,
    parse_date,
    parse_duration,
    parse_instant,
    parse_time,
)
from rulelang.diagnostics.near import listed, near_misses
from rulelang.types.currencies import CURRENCIES, SYMBOLS
from rulelang.types.model import TEXT, Kind, Type

JSON: TypeAlias = Any

MAX_TEXT = 65_536
"""The longest text, in UTF-8 bytes."""

MAX_NUMBER = 10**15
"""Numbers are smaller than this, so that they are exact to the hundredth and safe in every JSON reader."""

MAX_LIST = 1_000
"""The most items of a list."""

MAX_DEPTH = 32
"""How deep lists and objects may be nested in one another."""

MAX_LABEL = 200
"""The most characters of a tag or of the name of a team."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_AMOUNT = re.compile(
    r"(?P<symbol>[$€£])?\s*(?P<amount>[+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?)\s*(?P<code>[A-Za-z]{3})?"
)
_LOCAL = re.compile(r"""[^\s@<>()\[\],;:\\"\x00-\x1f\x7f]{1,64}""")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_YES = ("yes", "y", "true", "t", "1", "on", 1)
_NO = ("no", "n", "false", "f", "0", "off", 0)


class CoercionError(ValueError):
    """A value that is not of the type. The text is a sentence part for people: what was expected and found."""

    def __init__(self, expected: str, found: JSON, more: str = "") -> None:
        super().__init__(f"expected {expected}, found {shown(found)}{f'; {more}' if more else ''}")


def coerce(type_: Type, value: JSON) -> JSON:
    """The stored form of a JSON value or of a text from a file as a value of `type_`.

    None stays None, and so does a blank text where no text is wanted. Numbers may be written as text, yes/no as
    `yes`, `true` or `1`, a list as items between `;`, money with its symbol or code. Enumerations, stages and
    addresses do not mind capitals. Raises CoercionError.
    """
    if value is None:
        return None
    if isinstance(value, str) and type_.kind not in _KEEPS_BLANKS and not value.strip():
        return None
    return _COERCE[type_.kind](type_, value)


def shown(value: JSON) -> str:
    """A value as a message shows it: short, on one line, in backquotes."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "an object"
        case list():
            return "a list"
        case bool():
            return f"`{str(value).lower()}`"
        case str() if not value.strip():
            return "an empty text"
        case int() if abs(value) >= 10**60:
            return f"a number of {value.bit_length()} bits"
        case _:
            whole = str(value).encode("utf-8", "replace").decode()
            text = "".join(c if c.isprintable() else " " for c in whole[:400])
            text = " ".join(text.split())
            return f"`{text[:57] + '…' if len(text) > 60 else text}`"


# --- text ------------------------------------------------------------------------------------------


def clean_text(value: str) -> str:
    """Text in normal form C. Raises CoercionError for NUL, lone surrogates, and more than 64 KiB in UTF-8."""
    if "\x00" in value:
        raise CoercionError("text without NUL characters", value.replace("\x00", "�"))
    text = value if value.isascii() else unicodedata.normalize("NFC", value)
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise CoercionError("text of whole characters", value, "it holds half of a surrogate pair") from None
    if size > MAX_TEXT:
        raise CoercionError("text of at most 64 KiB", value)
    return text


def _text(type_: Type, value: JSON) -> JSON:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(_finite("text", value))
    if not isinstance(value, str):
        raise CoercionError("text", value)
    form = _FORMATS.get(type_.format)
    if form is None:
        return clean_text(value)
    return form(clean_text(value).strip()) if value.strip() else None


def email(value: str) -> str:
    """An e-mail address in lower case. Raises CoercionError unless it has the shape `name@domain.tld`."""
    address = clean_text(value).strip().lower()
    local, _, domain = address.rpartition("@")
    labels = domain.split(".")
    sound = (
        _LOCAL.fullmatch(local)
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
    )
    if not sound or len(address) > 254 or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise CoercionError("an e-mail address such as `ana@acme.test`", value)
    return address


def _country(value: str) -> str:
    return value.upper() if re.fullmatch(r"[A-Za-z]{2,3}", value) else value


def currency(value: str) -> str:
    """A currency code in capitals. Raises CoercionError unless it is one of ISO 4217."""
    code = value.strip().upper()
    if code not in CURRENCIES:
        raise CoercionError("a currency code such as `EUR`", value)
    return code


_FORMATS: Mapping[str, Callable[[str], str]] = {"email": email, "country": _country, "currency": currency}


def _person(type_: Type, value: JSON) -> JSON:
    if not isinstance(value, str):
        raise CoercionError("the e-mail address of a person", value)
    return email(value)


def _label(type_: Type, value: JSON) -> JSON:
    text = str(_text(TEXT, value)).strip()
    if not text or len(text) > MAX_LABEL:
        raise CoercionError(f"the name of a {type_} of 1 to {MAX_LABEL} characters", value)
    return text


def _member(type_: Type, value: JSON) -> JSON:
    """A value of an enumeration or a stage; without known values any word will do."""
    text = str(_text(TEXT, value)).strip()
    if not type_.values or text in type_.values:
        return text
    folded = [v for v in type_.values if v.casefold() == text.casefold()]
    if len(folded) == 1:
        return folded[0]
    near = near_misses(text, type_.values, 1)
    more = f"did you mean `{near[0]}`?" if near else ""
    raise CoercionError(f"one of {listed(type_.values)}", value, more)


# --- numbers ---------------------------------------------------------------------------------------


def _finite(expected: str, value: float) -> float:
    """A number within bounds; a whole one as an int. Raises CoercionError."""
    if isinstance(value, float) and not math.isfinite(value):
        raise CoercionError(f"{expected} that is finite", value)
    if abs(value) >= MAX_NUMBER:
        raise CoercionError(f"{expected} below a thousand million million", value)
    return int(value) if value == int(value) else value


def _parsed(expected: str, value: JSON) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) and len(value) <= 100:
        number = Decimal(value.strip())
        value = (
            int(number)
            if number == number.to_integral_value() and abs(number) < MAX_NUMBER
            else float(number)
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CoercionError(expected, value)
    return _finite(expected, value)


def _number(type_: Type, value: JSON) -> JSON:
    return _parsed("a number", value)


def _percent(type_: Type, value: JSON) -> JSON:
    if isinstance(value, str) and value.strip().endswith("%"):
        return _parsed("a percentage such as `50%`", value.strip()[:-1])
    return _parsed("a percentage such as `50%`", value)


def _money(type_: Type, value: JSON) -> JSON:
    """An amount in major units; a code or symbol that comes with it must be the type's currency."""
    expected = f"an amount in {type_.currency}" if type_.currency else "an amount of money"
    code: str | None = None
    amount = value
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        amount, code = value["amount"], str(value["currency"])
    elif isinstance(value, str) and (found := _AMOUNT.fullmatch(value.strip())):
        amount, code = found["amount"], SYMBOLS.get(found["symbol"] or "") or found["code"]
    if code is not None and (code := currency(code)) != (type_.currency or code):
        raise CoercionError(expected, f"one in {code}")
    return _parsed(expected, amount)


def _bool(type_: Type, value: JSON) -> JSON:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else value
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CoercionError("yes or no", value)


# --- times -----------------------------------------------------------------------------------------


def _calendar(expected: str, value: JSON, read: Callable[[str], str]) -> str:
    """`read` applied to a text. Raises CoercionError for what it does not take."""
    if not isinstance(value, str) or len(value) > 100:
        raise CoercionError(expected, value)
    try:
        return read(value.strip())
    except CalendarError:
        raise CoercionError(expected, value) from None


def _date(type_: Type, value: JSON) -> JSON:
    return _calendar("a date such as `2026-01-31`", value, lambda text: parse_date(text).isoformat())


def _datetime(type_: Type, value: JSON) -> JSON:
    expected = "an instant with its offset, such as `2026-01-31T09:00:00Z`"
    return _calendar(expected, value, lambda text: instant_text(parse_instant(text.replace(" ", "T", 1))))


def _time(type_: Type, value: JSON) -> JSON:
    expected = "a time of day such as `09:00`"
    return _calendar(expected, value, lambda text: f"{parse_time(_without_seconds(text)):%H:%M}")


def _without_seconds(text: str) -> str:
    return text[:-3] if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}:00", text) else text


def _duration(type_: Type, value: JSON) -> JSON:
    return _calendar("a duration such as `1d12h`", value, lambda text: parse_duration(text).text)


# --- lists and open values -------------------------------------------------------------------------


def _list(type_: Type, value: JSON) -> JSON:
    item = type_.item or Type(Kind.ANY)
    if isinstance(value, str):
        value = [part for part in value.split(";") if part.strip()]
        value = [part.strip() for part in value]
    if not isinstance(value, list):
        raise CoercionError(f"a {type_}", value)
    if len(value) > MAX_LIST:
        raise CoercionError(f"a list of at most {MAX_LIST} items", value)
    items = [coerce(item, part) for part in value if part is not None]
    items = [part for part in items if part is not None]
    return list(dict.fromkeys(items)) if item.kind is Kind.TAG else items


def _record(type_: Type, value: JSON) -> JSON:
    if not isinstance(value, dict):
        raise CoercionError("an object", value)
    return clean_json(value)


def _any(type_: Type, value: JSON) -> JSON:
    return clean_json(value)


def clean_json(value: JSON, depth: int = 0) -> JSON:
    """A JSON value with every text and number checked. Raises CoercionError, also when it is too deep."""
    if depth > MAX_DEPTH:
        raise CoercionError(f"values nested at most {MAX_DEPTH} deep", value)
    match value:
        case None | bool():
            return value
        case str():
            return clean_text(value)
        case int() | float():
            return _finite("a number", value)
        case list():
            return [clean_json(item, depth + 1) for item in value]
        case dict():
            return {clean_text(str(key)): clean_json(item, depth + 1) for key, item in value.items()}
        case _:
            raise CoercionError("a JSON value", value)


def _null(type_: Type, value: JSON) -> JSON:
    raise CoercionError("nothing", value)


_KEEPS_BLANKS = frozenset({Kind.TEXT, Kind.LIST, Kind.ANY})

_COERCE: Mapping[Kind, Callable[[Type, JSON], JSON]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.PERCENT: _percent,
    Kind.BOOL: _bool,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.TIME: _time,
    Kind.DURATION: _duration,
    Kind.ENUM: _member,
    Kind.STAGE: _member,
    Kind.PERSON: _person,
    Kind.TEAM: _label,
    Kind.TAG: _label,
    Kind.LIST: _list,
    Kind.RECORD: _record,
    Kind.NULL: _null,
    Kind.ANY: _any,
}
