"""The operators of plan expressions, one total function each: whatever the data holds, none raises.

`docs/plan-format.md` says what each one computes. Arguments of another type than the operator works on, and
missing ones, give a missing value, or false where the operator is a condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import re2

from rulelang import calendar
from rulelang.calendar import Duration, parse_date, parse_duration, parse_instant
from rulelang.plan import functions, numbers
from rulelang.plan.ir import Op
from rulelang.plan.scope import JSON, Scope

Call: TypeAlias = Callable[..., JSON]

MAX_SUBJECT = 65_536
"""Longer texts (in UTF-8 bytes) match no regular expression."""

_CLASSES: dict[str, frozenset[type]] = {
    "n": frozenset({int, float}),
    "t": frozenset({str}),
    "l": frozenset({list}),
}
_MISSING = frozenset({type(None)})


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: `call(scope, *args)` is total; `least` and `most` bound the number of arguments.

    `condition` says that the result is always true or false.
    """

    call: Call
    least: int
    most: int | None
    condition: bool = False

    def takes(self, count: int) -> bool:
        """Whether it works on so many arguments."""
        return self.least <= count and (self.most is None or count <= self.most)


def _classes(letter: str) -> frozenset[type] | None:
    """The classes that a signature letter admits; None for any. A capital admits missing values too."""
    if letter == "*":
        return None
    found = _CLASSES[letter.lower()]
    return found | _MISSING if letter.isupper() else found


def _operator(signature: str, function: Call, *, condition: bool = False) -> Operator:
    """An operator from a function of the scope and arguments.

    `signature` has a letter an argument: n number, t text, l list, * any value. Capitals admit missing values,
    `?` makes all that follows optional, a final `+` repeats the last letter.
    """
    letters = signature.replace("?", "").rstrip("+")
    least = len(signature.split("?")[0].rstrip("+"))
    variadic = signature.endswith("+")
    kinds = tuple(_classes(letter) for letter in letters)
    otherwise: JSON = False if condition else None

    def call(scope: Scope, *args: JSON) -> JSON:
        for index, arg in enumerate(args):
            allowed = kinds[min(index, len(kinds) - 1)]
            if allowed is not None and arg.__class__ not in allowed:
                return otherwise
        try:
            return function(scope, *args)
        except (ValueError, ArithmeticError):
            return otherwise

    return Operator(call, least, None if variadic else len(letters), condition)


def _pure(signature: str, function: Callable[..., JSON], *, condition: bool = False) -> Operator:
    """An operator from a function of the arguments alone."""
    return _operator(signature, lambda scope, *args: function(*args), condition=condition)


# --- comparisons -----------------------------------------------------------------------------------


def is_number(value: JSON) -> bool:
    """Whether a value is a number; true and false are none."""
    return value.__class__ is int or value.__class__ is float


def same(a: JSON, b: JSON) -> bool:
    """Equality of two values that are not missing; values of different types are never equal."""
    if a is None or b is None:
        return False
    if a.__class__ is b.__class__:
        return bool(a == b)
    return is_number(a) and is_number(b) and bool(a == b)


def _comparable(a: JSON, b: JSON) -> bool:
    return (is_number(a) and is_number(b)) or (a.__class__ is str and b.__class__ is str)


def less(a: JSON, b: JSON) -> bool:
    """Whether both are numbers, or both texts, and `a` comes before `b`."""
    return _comparable(a, b) and a < b


def at_most(a: JSON, b: JSON) -> bool:
    """Whether both are numbers, or both texts, and `a` does not come after `b`."""
    return _comparable(a, b) and a <= b


def _member(x: JSON, items: list[JSON]) -> bool:
    return any(same(x, item) for item in items)


def _contains(whole: JSON, x: JSON) -> bool:
    if whole.__class__ is str:
        return x.__class__ is str and x in whole
    return whole.__class__ is list and _member(x, whole)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None


def searcher(pattern: str) -> Callable[[JSON], bool]:
    """`matches` for one pattern: whether RE2 finds it in a value.

    False for what is no text, for texts too long or not encodable, and for bad patterns.
    """
    compiled = _pattern(pattern)

    def search(value: JSON) -> bool:
        if compiled is None or value.__class__ is not str or len(value) > MAX_SUBJECT:
            return False
        try:
            subject = value.encode()
        except UnicodeEncodeError:
            return False
        return len(subject) <= MAX_SUBJECT and compiled.search(subject) is not None

    return search


def _matches(text: str, pattern: str) -> bool:
    return searcher(pattern)(text)


def is_empty(value: JSON) -> bool:
    """Missing, the empty text or the empty list."""
    return value is None or value == "" or value == []


def _between(x: JSON, low: JSON, high: JSON) -> bool:
    return at_most(low, x) and at_most(x, high)


_CONDITIONS = {
    "eq": _pure("**", same, condition=True),
    "ne": _pure("**", lambda a, b: not same(a, b), condition=True),
    "lt": _pure("**", less, condition=True),
    "le": _pure("**", at_most, condition=True),
    "gt": _pure("**", lambda a, b: less(b, a), condition=True),
    "ge": _pure("**", lambda a, b: at_most(b, a), condition=True),
    "in": _pure("*l", _member, condition=True),
    "contains": _pure("**", _contains, condition=True),
    "starts_with": _pure("tt", str.startswith, condition=True),
    "ends_with": _pure("tt", str.endswith, condition=True),
    "matches": _pure("tt", _matches, condition=True),
    "between": _pure("***", _between, condition=True),
    "is_set": _pure("*", lambda x: x is not None, condition=True),
    "is_empty": _pure("*", is_empty, condition=True),
    # `and` and `or` are evaluated without calling these, to stop early; the meaning is the same.
    "and": _pure("?*+", lambda *args: all(arg is True for arg in args), condition=True),
    "or": _pure("?*+", lambda *args: any(arg is True for arg in args), condition=True),
    "not": _pure("*", lambda x: x is not True, condition=True),
}


# --- durations, dates, instants --------------------------------------------------------------------


def _lengths(test: Callable[[int, int], bool]) -> Operator:
    def compare(a: str, b: str) -> bool:
        return test(parse_duration(a).nominal, parse_duration(b).nominal)

    return _pure("tt", compare, condition=True)


def _shift_date(day: str, duration: Duration) -> str:
    return calendar.shift_date(parse_date(day), duration).isoformat()


def _date_diff(a: str, b: str) -> str:
    return Duration(days=(parse_date(a) - parse_date(b)).days).text


def _shift_instant(scope: Scope, instant: str, duration: Duration) -> str:
    return calendar.instant_text(calendar.shift(parse_instant(instant), duration, scope.zone))


def _instant_diff(a: str, b: str) -> str:
    return Duration(seconds=int((parse_instant(a) - parse_instant(b)) / 1000)).text


def _midnight(scope: Scope, day: str) -> str:
    return calendar.instant_text(calendar.midnight(parse_date(day), scope.zone))


def _civil(scope: Scope, text: str) -> str:
    return calendar.instant_text(calendar.resolve(calendar.parse_civil(text), scope.zone))


_TIMES = {
    "date.add": _pure("tt", lambda day, by: _shift_date(day, parse_duration(by))),
    "date.sub": _pure("tt", lambda day, by: _shift_date(day, -parse_duration(by))),
    "date.diff": _pure("tt", _date_diff),
    "date.of": _operator("t", functions.local_date),
    "instant.add": _operator("tt", lambda scope, at, by: _shift_instant(scope, at, parse_duration(by))),
    "instant.sub": _operator("tt", lambda scope, at, by: _shift_instant(scope, at, -parse_duration(by))),
    "instant.diff": _pure("tt", _instant_diff),
    "instant.of": _operator("t", _midnight),
    "instant.civil": _operator("t", _civil),
    "duration.add": _pure("tt", lambda a, b: (parse_duration(a) + parse_duration(b)).text),
    "duration.sub": _pure("tt", lambda a, b: (parse_duration(a) - parse_duration(b)).text),
    "duration.lt": _lengths(lambda a, b: a < b),
    "duration.le": _lengths(lambda a, b: a <= b),
    "duration.gt": _lengths(lambda a, b: a > b),
    "duration.ge": _lengths(lambda a, b: a >= b),
    "duration.eq": _lengths(lambda a, b: a == b),
    "now": _operator("", lambda scope: calendar.instant_text(scope.now)),
    "today": _operator("", lambda scope: functions.today(scope).isoformat()),
}


# --- numbers, money, text, people ------------------------------------------------------------------


_VALUES = {
    "add": _pure("nn", numbers.add),
    "sub": _pure("nn", numbers.sub),
    "mul": _pure("nn", numbers.mul),
    "div": _pure("nn", numbers.div),
    "neg": _pure("n", numbers.neg),
    "money.add": _pure("nn?t", numbers.money_add),
    "money.sub": _pure("nn?t", numbers.money_sub),
    "money.mul": _pure("nn?t", numbers.money_mul),
    "money.div": _pure("nn?t", numbers.money_div),
    "money.ratio": _pure("nn", numbers.div),
    "percent.of": _pure("nn?t", numbers.percent_of),
    "list": _pure("?*+", lambda *items: list(items)),
    "concat": _pure("?*+", functions.concat),
    "person.name": _operator("t", lambda scope, email: scope.people.names.get(email.lower())),
    "person.team": _operator("t", lambda scope, email: scope.people.teams.get(email.lower())),
}

_FUNCTIONS = {
    f"fn.{name}": (_operator if scoped else _pure)(
        signature, function, condition=name in functions.CONDITIONS
    )
    for name, (signature, function, scoped) in functions.FUNCTIONS.items()
}

OPERATORS: Mapping[str, Operator] = MappingProxyType({**_CONDITIONS, **_TIMES, **_VALUES, **_FUNCTIONS})
"""Every operator by its name in plans."""


class UnknownOperatorError(LookupError):
    """An expression uses an operator that this version does not have; decoding refuses such plans."""


def operator_of(op: Op) -> Operator:
    """The operator that a node of an expression applies.

    Raises:
        UnknownOperatorError: this version does not have it, or not with so many arguments.
    """
    found = OPERATORS.get(op.n)
    if found is None or not found.takes(len(op.a)):
        raise UnknownOperatorError(f"operator `{op.n}` with {len(op.a)} arguments is unknown to this version")
    return found
