"""The one module with generated code: plan expressions as Python functions, tested against the interpreter.

Source comes from `emit`, made of the checked expression alone; literals are passed in as closed-over constants and
never stand in the source. Equal shapes share one compiled factory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from rulelang.plan.emit import Constants, Emitter, is_small
from rulelang.plan.interpret import evaluate, holds
from rulelang.plan.ir import Ir, Path, conjuncts
from rulelang.plan.operators import at_most, is_empty, less, same
from rulelang.plan.scope import JSON, Scope
from rulelang.plan.views import (
    ABSENT,
    CONVERTERS,
    FALSE,
    NAN,
    NO_KEY,
    SOURCES,
    TRUE,
    UNSET,
    Form,
    elements,
    getter,
)

Condition: TypeAlias = Callable[[Scope], bool]
Value: TypeAlias = Callable[[Scope], JSON]

_DATA = re.compile(r"\bC[0-9]+\b")
_HELPERS = {
    "__builtins__": {},
    "ABSENT": ABSENT,
    "FALSE": FALSE,
    "NAN": NAN,
    "NO_KEY": NO_KEY,
    "TRUE": TRUE,
    "UNSET": UNSET,
    "at_most": at_most,
    "dict": dict,
    "elements": elements,
    "float": float,
    "getter": getter,
    "int": int,
    "is_empty": is_empty,
    "less": less,
    "list": list,
    "same": same,
    "str": str,
    **{f"as_{form}": convert for form, convert in CONVERTERS.items()},
}


def _define(source: str) -> Callable[..., Any]:
    """The function `make` that the source defines."""
    namespace: dict[str, Any] = dict(_HELPERS)
    exec(compile(source, "<rules>", "exec"), namespace)
    make: Callable[..., Any] = namespace["make"]
    return make


_defined = lru_cache(maxsize=4096)(_define)


def _names(letter: str, values: Sequence[object]) -> list[str]:
    return [f"{letter}{index}" for index in range(len(values))]


def _source(names: Sequence[str], header: str, lines: Sequence[str]) -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return f"def make({', '.join(names)}):\n def {header}:\n{body} return {header.split('(')[0]}\n"


def build(header: str, lines: Sequence[str], constants: Constants) -> Callable[..., Any]:
    """A function with this `header` (`run(S)`) and body, closed over its constants; equal shapes share code."""
    names = _names("C", constants.values) + _names("H", constants.objects)
    make = _defined(_source(names, header, lines))
    function: Callable[..., Any] = make(*constants.values, *constants.objects)
    return function


def build_large(header: str, lines: Sequence[str], constants: Constants) -> Callable[..., Any]:
    """The same for a function that is the only one of its shape.

    Its data are constants of its code and lie together in memory, where a closure over hundreds would be scattered:
    the code is made with marks in their places, which are then exchanged.
    """
    marked = [_DATA.sub(r"'\\0\g<0>'", line) for line in lines]
    make = _define(_source(_names("H", constants.objects), header, marked))
    function: Any = make(*constants.objects)
    function.__code__ = function.__code__.replace(
        co_consts=tuple(_exchanged(value, constants) for value in function.__code__.co_consts)
    )
    return function  # type: ignore[no-any-return]


def _exchanged(value: object, constants: Constants) -> object:
    """The constant that a mark stands for. All texts in generated source are marks."""
    return constants.values[int(value[2:])] if isinstance(value, str) else value


class Reads:
    """Source that reads paths of the scope `S`. `lines` is the head of the function: what is read into locals."""

    def __init__(self, constants: Constants) -> None:
        self.lines: list[str] = []
        self._constant = constants.name
        self._getters: dict[Path, str] = {}
        self._names: dict[tuple[Path, Form], str] = {}

    def local(self, path: Path, form: Form) -> str:
        """The local variable that holds a path in a form from here on."""
        known = self._names.get((path, form))
        if known is not None:
            return known
        source = self.once(path) if form is Form.RAW else SOURCES[form].format(self.local(path, Form.RAW))
        name = self._names[path, form] = f"{form}{len(self._names)}"
        self.lines.append(f"{name} = {source}")
        return name

    def once(self, path: Path, form: Form = Form.RAW) -> str:
        """Source that reads a path where it stands."""
        known = self._names.get((path, form))
        if known is not None:
            return known
        if form is not Form.RAW:
            return f"as_{form}({self.once(path)})"
        return f"{self._getter(path[:-1])}({self._constant(path[-1])})"

    def _getter(self, path: Path) -> str:
        """The bound `get` of the record at a path."""
        if not path:
            return "S.values.get"
        if path not in self._getters:
            record = self.local(path, Form.RAW)
            name = self._getters[path] = f"get{len(self._getters)}"
            self.lines.append(f"{name} = {record}.get if {record}.__class__ is dict else getter({record})")
        return self._getters[path]


def _reading() -> tuple[Emitter, Reads]:
    """An emitter whose views are locals, each read where it is first needed."""
    constants = Constants()
    reads = Reads(constants)
    return Emitter(reads.local, constants), reads


def compile_value(ir: Ir) -> Value:
    """A function from a scope to the value of the expression, equal to the interpreter's."""
    if not is_small(ir):
        return lambda scope: evaluate(ir, scope)
    emitter, reads = _reading()
    result = emitter.value(ir)
    return build("run(S)", [*reads.lines, f"return {result}"], emitter.constants)


def compile_condition(ir: Ir | None) -> Condition:
    """A function from a scope to whether the condition holds, equal to the interpreter's; None always holds."""
    parts = conjuncts(ir)
    if not all(map(is_small, parts)):
        return lambda scope: holds(ir, scope)
    emitter, reads = _reading()
    for part in parts:
        test = emitter.condition(part)
        reads.lines.append(f"if not {test}: return False")
    return build("run(S)", [*reads.lines, "return True"], emitter.constants)
