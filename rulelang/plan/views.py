"""Ways to look at a value so that a test on it cannot fail, whatever the data holds.

Generated code and the matcher read a field once in the form that its tests need; a value of another type becomes
one that fails every test of that form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal

from rulelang.plan.interpret import fetch
from rulelang.plan.ir import Path
from rulelang.plan.operators import is_number
from rulelang.plan.scope import JSON, Scope


class Form(StrEnum):
    """How a value is looked at."""

    # Enumerations hash in Python, and forms are parts of keys everywhere.
    __hash__ = str.__hash__

    RAW = "v"
    """as it is"""
    KEY = "k"
    """hashable, equal exactly where `eq` holds: texts and numbers as they are, booleans apart from 0 and 1"""
    NUMBER = "n"
    """a number, or NaN, which compares false"""
    TEXT = "s"
    """a text, or ABSENT, which compares false"""
    WHOLE = "t"
    """a text or list to search in, or the empty tuple"""
    ELEMENTS = "e"
    """a text, or the items of a list, each once"""


class Absent:
    """Stands for what is no text: unequal to all, before and after nothing, beginning with nothing."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Literal[False]:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def startswith(self, prefix: str) -> Literal[False]:
        """Like that of a text: never."""
        return False

    endswith = startswith


class Mark:
    """A unique value that no data contains, named for debugging."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ABSENT = Absent()
NAN = float("nan")
TRUE, FALSE = Mark("TRUE"), Mark("FALSE")
"""How true and false look as keys."""
NO_KEY = Mark("NO_KEY")
"""How missing values, lists and records look as keys: no table has it."""
UNSET = Mark("UNSET")
"""A field that has not been read yet."""

SOURCES: dict[Form, str] = {
    Form.KEY: (
        "{0} if {0}.__class__ is str or {0}.__class__ is int or {0}.__class__ is float "
        "else TRUE if {0} is True else FALSE if {0} is False else NO_KEY"
    ),
    Form.NUMBER: "{0} if {0}.__class__ is int or {0}.__class__ is float else NAN",
    Form.TEXT: "{0} if {0}.__class__ is str else ABSENT",
    Form.WHOLE: "{0} if {0}.__class__ is list or {0}.__class__ is str else ()",
    Form.ELEMENTS: "{0} if {0}.__class__ is str else elements({0})",
}
"""The same forms as Python source over the name of a raw value."""


def key(value: JSON) -> Any:
    """A value as a key of a table."""
    if value.__class__ is str or is_number(value):
        return value
    return TRUE if value is True else FALSE if value is False else NO_KEY


def elements(value: JSON) -> frozenset[Any]:
    """What is in a list, with all its texts; empty for anything else."""
    if value.__class__ is not list:
        return frozenset()
    try:
        return frozenset(value)
    except TypeError:
        return frozenset(item for item in value if item.__class__ is str)


def _whole(value: JSON) -> JSON:
    return value if value.__class__ in (list, str) else ()


CONVERTERS: dict[Form, Callable[[JSON], Any]] = {
    Form.RAW: lambda value: value,
    Form.KEY: key,
    Form.NUMBER: lambda value: value if is_number(value) else NAN,
    Form.TEXT: lambda value: value if value.__class__ is str else ABSENT,
    Form.WHOLE: _whole,
    Form.ELEMENTS: lambda value: value if value.__class__ is str else elements(value),
}
"""The conversions to each form as functions; `SOURCES` has the same as source."""


def step(value: JSON, name: str) -> JSON:
    """The value under a name, missing unless `value` is a record."""
    return value.get(name) if isinstance(value, Mapping) else None


def getter(record: JSON) -> Callable[[str], JSON]:
    """What reads the values of a record by name; missing ones if `record` is none."""
    return lambda name: step(record, name)


def reader(path: Path, form: Form) -> Callable[[Scope], Any]:
    """What reads a path of a scope in a form."""
    convert = CONVERTERS[form]
    if len(path) != 2:
        return lambda scope: convert(fetch(path, scope))
    root, name = path

    def read(scope: Scope) -> Any:
        record = scope.values.get(root)
        return convert(record.get(name) if record.__class__ is dict else step(record, name))

    return read
