"""Membership in segments, as a condition: `in segment "Power users"`, `account not in segment "Big"`."""

from __future__ import annotations

from rulelang.check.context import Context
from rulelang.check.scope import RELATED
from rulelang.check.typed import Apply, Bad, Const, Ref, Typed
from rulelang.diagnostics import followed as say
from rulelang.diagnostics import messages
from rulelang.diagnostics.model import Diagnostic
from rulelang.syntax import nodes
from rulelang.types.model import BOOL, TEXT, TEXT_LIST, Kind

SEGMENTS = "segments"
"""The field that holds the names of the segments that a record is in."""


def membership(context: Context, node: nodes.InSegment, record: Typed | None) -> Typed:
    """The typed form of `in segment`; `record` is what stands before `in`, None for the subject itself."""
    kind = _kind(context, record)
    if kind is None:
        return Bad(node.span)
    if SEGMENTS not in context.schema.fields[kind]:
        message = f"{messages.article(kind)} is in no segment"
        return context.report(say.bad_segment(context.source, node.span, message))
    name = node.name.value
    if f"{kind}/{name}" not in context.schema.segments:
        return context.report(_unknown(context, node, kind))
    field = context.schema.fields[kind][SEGMENTS]
    whole = Ref(TEXT_LIST, node.span, (kind, SEGMENTS), field)
    return Apply(BOOL, node.span, "contains", (whole, Const(TEXT, node.name.span, name)))


def _kind(context: Context, record: Typed | None) -> str | None:
    if record is None:
        return context.scope.subject
    if isinstance(record, Ref) and record.type.kind is Kind.RECORD and len(record.path) == 1:
        return record.path[0]
    if not isinstance(record, Bad):
        text = f"`{context.text(record.span)}` is in no segment: only records are"
        context.report(say.bad_segment(context.source, record.span, text))
    return None


def _unknown(context: Context, node: nodes.InSegment, kind: str) -> Diagnostic:
    name, segments = node.name.value, context.schema.segments.values()
    own = [s.name for s in segments if s.subject == kind]
    related = [r for r in RELATED[context.scope.subject] if node.record is None]
    elsewhere = next((r for r in related if f"{r}/{name}" in context.schema.segments), "")
    return say.unknown_segment(context.source, node.name.span, name, kind, own, elsewhere)
