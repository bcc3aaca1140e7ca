"""Reads what a workspace declares of segments, statuses with conditions and health; the conditions come later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rulelang.check.schema_parts import Named, Parts, Reader
from rulelang.diagnostics import followed as say
from rulelang.diagnostics import schema as messages
from rulelang.plan.followed import Computed, HealthPart
from rulelang.syntax import nodes as ast
from rulelang.types.builtin import HEALTH
from rulelang.types.schema import Declared, SegmentDef

KINDS = ("contact", "account")
"""The kinds of record that have segments, statuses of their own, and health."""


def condition_of(declaration: ast.Declaration) -> ast.Provided | None:
    """The condition of a segment."""
    last = declaration.head[-1] if declaration.head else None
    return last if isinstance(last, ast.Provided) else None


def unconditional(declaration: ast.Declaration) -> ast.Declaration:
    """A declaration without the conditions of its items."""
    entries = tuple(replace(entry, parts=_plain(entry.parts)) for entry in declaration.entries)
    return replace(declaration, head=_plain(declaration.head), entries=entries)


def _plain(parts: Parts) -> tuple[ast.PhrasePart, ...]:
    return tuple(part for part in parts if not isinstance(part, ast.Provided))


def provided(declaration: ast.Declaration) -> list[tuple[ast.PhrasePart, ast.Provided]]:
    """The items of a declaration that have a condition, each with it."""
    lists = [declaration.head, *(entry.parts for entry in declaration.entries)]
    return [
        (item, condition)
        for parts in lists
        for item, condition in zip(parts, parts[1:], strict=False)
        if isinstance(condition, ast.Provided)
    ]


class Followed:
    """What has been declared so far: segments by `<kind>/<name>`, health by kind."""

    def __init__(self) -> None:
        self.segments: dict[str, SegmentDef] = {}
        self._levels: dict[str, tuple[HealthPart, Declared]] = {}

    def computed(self) -> dict[str, Computed]:
        """What is computed without any condition: health."""
        return {kind: Computed((levels,)) for kind, (levels, _) in self._levels.items()}

    def segment(self, reader: Reader, declaration: ast.Declaration) -> None:
        """Take a segment in."""
        new = _segment(reader, declaration)
        if new is None or new.declared is None:
            return
        first = self.segments.setdefault(f"{new.subject}/{new.name}", new)
        if first is not new:
            what, span = f"segment for {new.subject}", new.declared.span
            reader.report(messages.duplicate(reader.source, span, what, new.name, first.declared))

    def health(self, reader: Reader, declaration: ast.Declaration) -> None:
        """Take the levels of health in."""
        found, place = _health(reader, declaration), reader.declared(declaration.keyword.span)
        if found is None:
            return
        kind, levels = found
        first = self._levels.setdefault(kind, (levels, place))
        if first[1] is not place:
            reader.report(messages.duplicate(reader.source, place.span, f"health for {kind}", "", first[1]))


def _segment(reader: Reader, declaration: ast.Declaration) -> SegmentDef | None:
    """A segment; None when its head could not be understood. A segment without a condition is kept by events."""
    head = reader.head(replace(declaration, head=_plain(declaration.head)), named=True, subject=True)
    if head is None or head.name is None or head.subject is None:
        return None
    name, kind = head.name, head.subject
    if kind.text not in KINDS:
        reader.report(say.bad_segment(reader.source, kind.span, f"`{kind.text}` records are in no segments"))
        return None
    computed = condition_of(declaration) is not None
    return SegmentDef(name.text, kind.text, computed, reader.declared(name.span))


def _health(reader: Reader, declaration: ast.Declaration) -> tuple[str, HealthPart] | None:
    """The kind of record and its levels; None after a report."""
    head = reader.head(declaration, named=False, subject=True)
    if head is None or head.subject is None:
        return None
    kind = head.subject
    if kind.text not in KINDS:
        reader.report(say.bad_segment(reader.source, kind.span, f"`{kind.text}` records have no health"))
        return None
    lists = [*_split(head.values or ()), *(entry.parts for entry in declaration.entries)]
    if not lists:
        wanted = "`health for account: good from 70, average from 40, bad`"
        keyword = declaration.keyword
        reader.report(messages.nothing_declared(reader.source, keyword.span, keyword.text, wanted))
        return None
    levels = [_level(reader, parts) for parts in lists if parts]
    known = [level for level in levels if level is not None]
    if len(known) != len(levels) or not _ordered(reader, known):
        return None
    return kind.text, HealthPart(tuple((name.text, least) for name, least in known))


def _split(parts: Parts) -> list[Parts]:
    """The parts between commas."""
    found: list[list[ast.PhrasePart]] = [[]]
    for part in parts:
        if isinstance(part, ast.Word) and part.text == ",":
            found.append([])
        else:
            found[-1].append(part)
    return [each for each in found if each]


def _level(reader: Reader, parts: Parts) -> tuple[Named, float | None] | None:
    name = reader.name(parts[0])
    if name is None:
        return None
    if name.text not in HEALTH.values:
        why = f"is no level of health: they are {', '.join(HEALTH.values)}"
        reader.report(say.bad_level(reader.source, name.span, name.text, why))
        return None
    match parts[1:]:
        case []:
            return name, None
        case [ast.Word(_, "from"), ast.Operand(_, ast.NumberLit(_, least))]:
            return name, float(least)
        case [ast.Word(_, "from"), ast.Operand(_, ast.Unary(_, "-", ast.NumberLit(_, least)))]:
            return name, -float(least)
        case rest:
            text = reader.source.slice(rest[0].span.to(rest[-1].span))
            why = f"cannot stand behind `{name.text}`"
            reader.report(say.bad_level(reader.source, rest[0].span, text, why))
            return None


def _ordered(reader: Reader, levels: Sequence[tuple[Named, float | None]]) -> bool:
    """Levels come best first, each from a lower score than the one before; only the last goes without."""
    for n, (name, least) in enumerate(levels):
        before = levels[n - 1] if n else None
        why = ""
        if (least is None) != (n == len(levels) - 1):
            why = (
                "is the last level, and has no bound"
                if least is not None
                else "needs a score, as in `from 40`"
            )
        elif before is not None and least is not None and before[1] is not None and least >= before[1]:
            why = f"would never be reached: it must begin below {before[1]:g}"
        elif before is not None and HEALTH.values.index(name.text) <= HEALTH.values.index(before[0].text):
            why = f"does not come after `{before[0].text}`: levels are written best first"
        if why:
            reader.report(say.bad_level(reader.source, name.span, name.text, why))
            return False
    return True
