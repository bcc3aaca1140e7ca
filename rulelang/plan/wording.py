"""Expressions and values in words close to what the author wrote, for journals and "why not"."""

from __future__ import annotations

import re

from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.scope import JSON

MAX_SHOWN = 80
"""Longer texts and lists are cut with an ellipsis."""

_TIMELIKE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?|[0-9]{2}:[0-9]{2}")
_DURATION = re.compile(r"-?(-?[0-9]+(y|mo|w|d|h|m|s))+")
_DURATION_FAMILIES = ("date.", "instant.", "duration.")
_INFIX = {
    "and": (1, "and"),
    "or": (0, "or"),
    "eq": (3, "="),
    "ne": (3, "!="),
    "lt": (3, "<"),
    "le": (3, "<="),
    "gt": (3, ">"),
    "ge": (3, ">="),
    "in": (3, "in"),
    "contains": (3, "contains"),
    "starts_with": (3, "starts with"),
    "ends_with": (3, "ends with"),
    "matches": (3, "matches"),
    "add": (4, "+"),
    "sub": (4, "-"),
    "mul": (5, "*"),
    "div": (5, "/"),
}
_LOOSE = {"instant.civil", "instant.of", "date.of"}
_NEGATED = ("in", "contains", "starts_with", "ends_with", "matches")
_WRITTEN = {"fn.split": "parts"}
_ATOM = 9


def show(value: JSON) -> str:
    """A value as an author would write it, cut at a readable length."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _show_text(value)
    if isinstance(value, list):
        return f"[{_cut(', '.join(map(show, value[:20])))}]"
    return _cut(repr(value)) if isinstance(value, int | float) else "a record"


def _show_text(text: str) -> str:
    if _TIMELIKE.fullmatch(text):
        return text
    escaped = text[: MAX_SHOWN + 1].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{_cut(escaped)}"'


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def describe(ir: Ir, subject: str = "contact") -> str:
    """An expression in the words of the language; fields of `subject` stand without their root."""
    return _describe(ir, subject)[0]


def _describe(ir: Ir, subject: str) -> tuple[str, int]:
    """The words and how tightly they bind."""
    match ir:
        case Lit(v):
            return show(v) if v is not None else "null", _ATOM
        case Get(p):
            return ".".join(p[1:] if len(p) > 1 and p[0] == subject else p), _ATOM
        case Op():
            return _describe_op(ir, subject)


def _describe_op(op: Op, subject: str) -> tuple[str, int]:
    name = _infix_name(op.n)
    if name in _INFIX and len(op.a) >= 2:
        return _describe_infix(op, name, subject)
    return _describe_form(op, [_inside(arg, subject, 4) for arg in op.a], subject)


def _describe_infix(op: Op, name: str, subject: str) -> tuple[str, int]:
    """`a + b`; a third argument of money operators (the currency) has no place in the words."""
    tightness, symbol = _INFIX[name]
    operands = op.a if name in ("and", "or") else op.a[:2]
    if op.n.startswith(_DURATION_FAMILIES):
        operands = tuple(map(_bare_duration, operands))
    first = _inside(operands[0], subject, tightness + (tightness == 3))
    rest = [_inside(operand, subject, tightness + 1) for operand in operands[1:]]
    return f" {symbol} ".join([first, *rest]), tightness


def _bare_duration(ir: Ir) -> Ir:
    """A duration stands without quotes: as a path of one part it is written as it is."""
    return Get((ir.v,)) if isinstance(ir, Lit) and isinstance(ir.v, str) and _DURATION.fullmatch(ir.v) else ir


def _describe_not(ir: Ir, subject: str) -> tuple[str, int]:
    """`tags not contains "vip"`, `owner is not set`, else `not` in front."""
    if isinstance(ir, Op) and ir.n in _NEGATED and len(ir.a) == 2:
        left, right = (_inside(arg, subject, 4) for arg in ir.a)
        return f"{left} not {_INFIX[ir.n][1]} {right}", 3
    if isinstance(ir, Op) and ir.n in ("is_set", "is_empty"):
        return f"{_inside(ir.a[0], subject, 4)} is not {ir.n[3:]}", 3
    return f"not {_inside(ir, subject, 2)}", 2


def _infix_name(name: str) -> str:
    """`money.add` and `duration.lt` read like `add` and `lt`."""
    family, _, plain = name.rpartition(".")
    if family in ("money", "date", "instant", "duration"):
        return {"diff": "sub", "ratio": "div"}.get(plain, plain)
    return name


def _inside(ir: Ir, subject: str, tightness: int) -> str:
    words, own = _describe(ir, subject)
    return words if own >= tightness else f"({words})"


def _describe_form(op: Op, args: list[str], subject: str) -> tuple[str, int]:
    match op.n, args:
        case "not", _:
            return _describe_not(op.a[0], subject)
        case "neg", [x]:
            return f"-{x}", 6
        case "between", [x, low, high]:
            return f"{x} between {low} and {high}", 3
        case "is_set" | "is_empty", [x]:
            return f"{x} is {op.n[3:]}", 3
        case "list", _:
            return f"[{', '.join(args)}]", _ATOM
        case "percent.of", [x, percent, *_]:
            return f"{x} * {percent}%", 5
        case "person.name" | "person.team", [person]:
            return f"{person}.{op.n[7:]}", _ATOM
        case name, [x] if name in _LOOSE:
            return x, _ATOM
        case (("now" | "today"), _):
            return op.n, _ATOM
        case _:
            name = _WRITTEN.get(op.n, op.n.removeprefix("fn."))
            return f"{name}({', '.join(args)})", _ATOM
