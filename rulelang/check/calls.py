"""Calls of functions: how many arguments, of which types, and the type that comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rulelang.catalog.model import Function, Generic, Param
from rulelang.check.context import Context, Expected
from rulelang.check.convert import fit, is_any, number_hint
from rulelang.check.typed import Apply, Const, Typed
from rulelang.diagnostics import messages
from rulelang.syntax import nodes
from rulelang.types.model import ANY, Kind, Type

Typer = Callable[[Context, nodes.Expr, Expected], Typed]


def call(context: Context, node: nodes.Call, typer: Typer) -> Typed:
    """The typed form of a call; Bad after a report when there is no such function or the arguments do not fit."""
    function = context.catalogue.functions.get(node.name)
    if function is None:
        known = tuple(context.catalogue.functions)
        return context.report(messages.unknown_function(context.source, node.name_span, node.name, known))
    named = next((a.name_span for a in node.args if a.name_span is not None), None)
    if named is not None:
        return context.report(messages.named_in_function(context.source, named, function.name))
    if not _takes(function, len(node.args)):
        wanted, given = _wanted(function), len(node.args)
        return context.report(
            messages.argument_count(context.source, node.span, function.name, wanted, given)
        )
    args = _arguments(context, function, node, typer)
    return Apply(_result(function, args), node.span, function.op, tuple(args + _defaults(function, node)))


def _takes(function: Function, count: int) -> bool:
    least = sum(p.required for p in function.params)
    return least <= count and (function.variadic or count <= len(function.params))


def _wanted(function: Function) -> str:
    least, most = sum(p.required for p in function.params), len(function.params)
    if function.variadic:
        return f"at least {_count(least)}"
    return _count(most) if least == most else f"{least} to {_count(most)}"


def _count(number: int) -> str:
    return {0: "no arguments", 1: "one argument"}.get(number, f"{number} arguments")


def _defaults(function: Function, node: nodes.Call) -> list[Typed]:
    return [Const(p.type, node.span, p.default) for p in function.params[len(node.args) :]]


def _arguments(context: Context, function: Function, node: nodes.Call, typer: Typer) -> list[Typed]:
    """The arguments, each fitted to its parameter; those of type ANY share the type of the first one."""
    shared: Typed | None = None
    found: list[Typed] = []
    for index, argument in enumerate(node.args):
        param = function.params[min(index, len(function.params) - 1)]
        generic = function.generic is Generic.SAME and param.type == ANY
        expected = context.expecting(shared) if generic and shared is not None else Expected(param.type)
        wanted = shared.type if generic and shared is not None else param.type
        value = _argument(context, function, param, typer(context, argument.value, expected), wanted)
        shared = value if shared is None and generic and not is_any(value) else shared
        found.append(value)
    return found


def _argument(context: Context, function: Function, param: Param, value: Typed, type_: Type) -> Typed:
    if param.role == "calendar":
        return calendar_named(context, value)
    if param.kinds and not is_any(value) and value.type.kind not in param.kinds:
        wanted = " or ".join(messages.noun(Type(kind)) for kind in param.kinds[:3])
        return _refuse(context, function, param, wanted, value)
    fitted = fit(context, value, type_) if value.type.kind is not Kind.NULL else None
    return fitted if fitted is not None else _refuse(context, function, param, messages.noun(type_), value)


def calendar_named(context: Context, value: Typed) -> Typed:
    """The name of a calendar of the workspace, written out; Bad after a report when there is none of that name."""
    calendars = context.schema.calendars
    if isinstance(value, Const) and value.value in calendars:
        return value
    if is_any(value):
        return value
    word = value.value if isinstance(value, Const) else context.text(value.span)
    return context.report(messages.unknown_calendar(context.source, value.span, str(word), tuple(calendars)))


def _refuse(context: Context, function: Function, param: Param, wanted: str, value: Typed) -> Typed:
    text, hint = context.text(value.span), number_hint(context, value, param.type)
    hint = f"write {messages.q(hint)}" if hint else ""
    return context.report(
        messages.wrong_operand(context.source, value.span, function.name, wanted, text, value.type, hint)
    )


def _result(function: Function, args: Sequence[Typed]) -> Type:
    match function.generic:
        case Generic.SAME:
            own = (a.type for a, p in zip(args, function.params, strict=False) if p.type == ANY)
            return next((t for t in own if t.kind is not Kind.ANY), ANY)
        case Generic.ITEM:
            return (args[0].type.item if args else None) or ANY
        case _:
            return function.result
