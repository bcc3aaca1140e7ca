"""Time zones that are written where a field holds one: a name that is no zone is a mistake there."""

from __future__ import annotations

from rulelang.calendar import zone_names
from rulelang.check.context import Context
from rulelang.check.typed import Const, Typed
from rulelang.diagnostics import schema as messages
from rulelang.types.model import Type


def check_zone(context: Context, type_: Type, value: Typed) -> None:
    """Report a literal that stands for a value of `type_`, a time zone, and names none."""
    if type_.format != "zone" or not isinstance(value, Const) or not value.value:
        return
    if value.value not in zone_names():
        context.report(messages.unknown_zone(context.source, value.span, str(value.value), zone_names()))
