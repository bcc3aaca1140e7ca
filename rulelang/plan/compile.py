"""The one module with generated code: plan expressions as Python functions, tested against the interpreter.

Source comes from `emit`, made of the checked expression alone; literals are passed in as closed-over constants and
never stand in the source. Equal shapes share one compiled factory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from rulelang.plan.emit import Constants, Emitter, is_small
from rulelang.plan.interpret import evaluate, holds
from rulelang.plan.ir import Ir, conjuncts
from rulelang.plan.operators import at_most, is_empty, less, same
from rulelang.plan.scope import JSON, Scope
from rulelang.plan.views import (
    ABSENT,
    FALSE,
    NAN,
    NO_KEY,
    SOURCES,
    TRUE,
    UNSET,
    Form,
    elements,
    step,
)

Condition: TypeAlias = Callable[[Scope], bool]
Value: TypeAlias = Callable[[Scope], JSON]

_EMPTY: MappingProxyType[str, JSON] = MappingProxyType({})
_HELPERS = {
    "__builtins__": {},
    "ABSENT": ABSENT,
    "EMPTY": _EMPTY,
    "FALSE": FALSE,
    "NAN": NAN,
    "NO_KEY": NO_KEY,
    "TRUE": TRUE,
    "UNSET": UNSET,
    "at_most": at_most,
    "dict": dict,
    "elements": elements,
    "float": float,
    "int": int,
    "is_empty": is_empty,
    "less": less,
    "list": list,
    "same": same,
    "step": step,
    "str": str,
}


@lru_cache(maxsize=8192)
def _factory(source: str) -> Callable[..., Any]:
    """The function `make` that the source defines."""
    namespace: dict[str, Any] = dict(_HELPERS)
    exec(compile(source, "<rules>", "exec"), namespace)
    make: Callable[..., Any] = namespace["make"]
    return make


def build(header: str, lines: Sequence[str], constants: Constants) -> Callable[..., Any]:
    """A function with this `header` (`run(S)`) and body, closed over its constants."""
    names = ", ".join(f"C{index}" for index in range(len(constants.values)))
    body = "".join(f"  {line}\n" for line in lines)
    make = _factory(f"def make({names}):\n def {header}:\n{body} return {header.split('(')[0]}\n")
    function: Callable[..., Any] = make(*constants.values)
    return function


class Locals:
    """Views as local variables of one function, read where they are first needed. `lines` is its body so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.emitter = Emitter(self.view)
        self._names: dict[tuple[tuple[str, ...], Form], str] = {}

    def view(self, path: tuple[str, ...], form: Form) -> str:
        """The local variable that holds a path in a form."""
        known = self._names.get((path, form))
        if known is not None:
            return known
        source = self._raw(path) if form is Form.RAW else SOURCES[form].format(self.view(path, Form.RAW))
        name = self._names[path, form] = f"{form}{len(self._names)}"
        self.lines.append(f"{name} = {source}")
        return name

    def _raw(self, path: tuple[str, ...]) -> str:
        key = self.emitter.constant(path[-1])
        if len(path) == 1:
            return f"S.values.get({key})"
        above = self.view(path[:-1], Form.RAW)
        return f"{above}.get({key}) if {above}.__class__ is dict else step({above}, {key})"


def compile_value(ir: Ir) -> Value:
    """A function from a scope to the value of the expression, equal to the interpreter's."""
    if not is_small(ir):
        return lambda scope: evaluate(ir, scope)
    code = Locals()
    result = code.emitter.value(ir)
    return build("run(S)", [*code.lines, f"return {result}"], code.emitter.constants)


def compile_condition(ir: Ir | None) -> Condition:
    """A function from a scope to whether the condition holds, equal to the interpreter's; None always holds."""
    parts = conjuncts(ir)
    if not all(map(is_small, parts)):
        return lambda scope: holds(ir, scope)
    code = Locals()
    for part in parts:
        test = code.emitter.condition(part)
        code.lines.append(f"if not {test}: return False")
    return build("run(S)", [*code.lines, "return True"], code.emitter.constants)
