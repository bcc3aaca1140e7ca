"""Arithmetic of plan expressions: numbers that stay within JSON, money in decimal.

All functions take ints and floats. Results beyond 64-bit integers or finite floats are missing (None).
Division by zero and other trouble raise ArithmeticError, which the caller makes missing.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import TypeAlias

Number: TypeAlias = int | float

_INT_LIMIT = 2**63
# Wide enough for the largest float with fifteen digits after the point.
_CONTEXT = Context(prec=400)
# ISO 4217 currencies whose minor unit is not a hundredth.
_MINOR_DIGITS = {
    0: ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV")
    + ("XAF", "XOF", "XPF"),
    3: ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"),
    4: ("CLF", "UYW"),
}
_MINOR = {code: digits for digits, codes in _MINOR_DIGITS.items() for code in codes}


def finite(value: Number) -> Number | None:
    """The value if JSON can carry it, else None."""
    if isinstance(value, int):
        return value if -_INT_LIMIT <= value < _INT_LIMIT else None
    return value if math.isfinite(value) else None


def minor_digits(currency: str) -> int:
    """How many digits the minor unit of an ISO 4217 currency has after the point."""
    return _MINOR.get(currency, 2)


def add(a: Number, b: Number) -> Number | None:
    """The sum."""
    return finite(a + b)


def sub(a: Number, b: Number) -> Number | None:
    """The difference."""
    return finite(a - b)


def mul(a: Number, b: Number) -> Number | None:
    """The product."""
    return finite(a * b)


def div(a: Number, b: Number) -> Number | None:
    """The quotient: a whole number when whole numbers divide without rest."""
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return finite(a // b)
    return finite(a / b)


def neg(a: Number) -> Number | None:
    """The negative."""
    return finite(-a)


def decimal(value: Number) -> Decimal:
    """The shortest decimal that reads back as the value."""
    return Decimal(repr(value))


def number(value: Decimal) -> Number | None:
    """The JSON number nearest to a decimal: a whole one as int."""
    if value == value.to_integral_value() and abs(value) < _INT_LIMIT:
        return int(value)
    return finite(float(value))


def _money(value: Decimal, currency: str) -> Number | None:
    if not currency:
        return number(value)
    unit = Decimal(1).scaleb(-minor_digits(currency))
    return number(value.quantize(unit, rounding=ROUND_HALF_EVEN, context=_CONTEXT))


def money_add(a: Number, b: Number, currency: str = "") -> Number | None:
    """The exact sum of two amounts, rounded to the currency's minor unit when one is given."""
    return _money(_CONTEXT.add(decimal(a), decimal(b)), currency)


def money_sub(a: Number, b: Number, currency: str = "") -> Number | None:
    """The exact difference of two amounts."""
    return _money(_CONTEXT.subtract(decimal(a), decimal(b)), currency)


def money_mul(amount: Number, factor: Number, currency: str = "") -> Number | None:
    """An amount times a number, half-even to the minor unit."""
    return _money(_CONTEXT.multiply(decimal(amount), decimal(factor)), currency)


def money_div(amount: Number, divisor: Number, currency: str = "") -> Number | None:
    """An amount divided by a number, half-even to the minor unit."""
    return _money(_CONTEXT.divide(decimal(amount), decimal(divisor)), currency)


def percent_of(value: Number, percent: Number, currency: str = "") -> Number | None:
    """So many percent of a number or an amount."""
    part = _CONTEXT.multiply(decimal(value), decimal(percent))
    return _money(_CONTEXT.divide(part, Decimal(100)), currency)


def rounded(value: Number, digits: Number) -> Number | None:
    """Half away from zero on the shortest written form, to -15 … 15 digits after the point."""
    if digits != int(digits) or not -15 <= digits <= 15:
        return None
    unit = Decimal(1).scaleb(-int(digits))
    return number(decimal(value).quantize(unit, rounding=ROUND_HALF_UP, context=_CONTEXT))


def whole(value: Number, up: bool) -> Number | None:
    """The next whole number up or down."""
    found = math.ceil(value) if up else math.floor(value)
    return found if abs(found) < _INT_LIMIT else finite(float(found))
