"""The conditions of segments and statuses: what they read, in which order they follow, and rings among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rulelang.catalog.model import Catalogue
from rulelang.check.context import Context
from rulelang.check.counted import broken, counter, refs
from rulelang.check.expressions import condition
from rulelang.check.phrases import Phrases
from rulelang.check.schema_followed import condition_of, provided
from rulelang.check.scope import Scope
from rulelang.check.segments import SEGMENTS
from rulelang.check.typed import Apply, Bad, CheckedCount, Const, Ref, Typed
from rulelang.diagnostics import followed as say
from rulelang.diagnostics.model import Diagnostic, Label
from rulelang.plan.builder import count_plans, lower
from rulelang.plan.followed import NOTHING, Computed, HealthPart, Part, SegmentPart, StatusPart, conditions
from rulelang.plan.moving import UnsteadyError, atoms
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.types.schema import Schema

_LOGIC = ("and", "or", "not")


@dataclass
class _Conditional:
    """Something that conditions decide: `segment "X"`, `status`, `health`, with what they read."""

    key: str
    title: str
    span: Span
    source: Source
    clauses: tuple[tuple[str, Typed], ...]
    health: HealthPart | None = None

    @property
    def refs(self) -> list[Ref]:
        return [ref for _, typed in self.clauses for ref in refs(typed)]


def check_computed(
    modules: Sequence[tuple[Source, nodes.Module]], schema: Schema, catalogue: Catalogue, phrases: Phrases
) -> tuple[Schema, tuple[Diagnostic, ...]]:
    """The schema with all that it computes, and what is wrong with the conditions."""
    found: list[Diagnostic] = []
    by_kind: dict[str, list[_Conditional]] = {}
    counts: dict[str, dict[str, CheckedCount]] = {}
    for source, module in modules:
        for item in module.items:
            kind = kind_of(item)
            if not isinstance(item, nodes.Declaration) or not kind:
                continue
            context = _context(source, schema, kind, catalogue, phrases, found, counts.setdefault(kind, {}))
            by_kind.setdefault(kind, []).extend(_read(context, item, schema, kind))
    computed = {kind: _ordered(parts, kind, counts[kind], found) for kind, parts in by_kind.items() if parts}
    return replace(schema, computed={kind: c for kind, c in computed.items() if c.parts}), tuple(found)


def check_followed(context: Context, typed: Typed) -> None:
    """Report what a condition that is followed all the time may not look at."""
    for ref in refs(typed):
        if ref.path[0] in ("event", "run", "awaited"):
            context.report(say.no_event(context.source, ref.span, context.text(ref.span)))
    for part in _comparisons(typed):
        if broken(part):
            continue
        try:
            list(atoms(lower(part)))
        except UnsteadyError:
            context.report(say.unsteady(context.source, part.span, context.text(part.span)))


def _comparisons(typed: Typed) -> Iterator[Typed]:
    if isinstance(typed, Apply) and typed.op in _LOGIC:
        for arg in typed.args:
            yield from _comparisons(arg)
    else:
        yield typed


# --- reading ---------------------------------------------------------------------------------------


def kind_of(item: object) -> str:
    """The kind of record that a declaration with conditions is for; "" for any other item."""
    if not isinstance(item, nodes.Declaration) or item.keyword.text not in ("segment", "status", "health"):
        return ""
    words = [part.text if isinstance(part, nodes.Word) else "" for part in item.head]
    kind = next((after for word, after in zip(words, words[1:], strict=False) if word == "for"), "")
    return kind if kind in ("contact", "account") else ""


def _context(
    source: Source,
    schema: Schema,
    kind: str,
    catalogue: Catalogue,
    phrases: Phrases,
    found: list[Diagnostic],
    counts: dict[str, CheckedCount],
) -> Context:
    scope = Scope(schema, kind)
    return Context(source, scope, catalogue, found=found, counts=counts, counter=counter(phrases))


def _read(context: Context, item: nodes.Declaration, schema: Schema, kind: str) -> Iterator[_Conditional]:
    source, keyword = context.source, item.keyword
    match keyword.text:
        case "segment":
            part = condition_of(item)
            name = _text(item.head[0])
            known = schema.segments.get(f"{kind}/{name}")
            place = known.declared if known is not None else None
            if part is None or place is None or (place.source, place.span) != (source, item.head[0].span):
                return
            typed = _condition(context, part)
            title = f'segment "{name}"'
            yield _Conditional(f"segment:{name}", title, item.head[0].span, source, ((name, typed),))
        case "status":
            clauses = tuple((_text(name), _condition(context, part)) for name, part in provided(item))
            if clauses:
                yield _Conditional("status", f"status for {kind}", keyword.span, source, clauses)
        case "health":
            levels = schema.computed.get(kind, NOTHING).parts
            health = next((part for part in levels if isinstance(part, HealthPart)), None)
            if health is not None:
                yield _Conditional("health", f"health for {kind}", keyword.span, source, (), health)


def _text(part: nodes.PhrasePart) -> str:
    match part:
        case nodes.Word(_, text) | nodes.Operand(_, nodes.TextLit(_, text)):
            return text
    return ""


def _condition(context: Context, part: nodes.Provided) -> Typed:
    if part.condition is None:
        return Bad(part.span)
    before = sum(d.is_error for d in context.found)
    typed = condition(context, part.condition)
    check_followed(context, typed)
    return typed if sum(d.is_error for d in context.found) == before else Bad(part.span)


# --- the order -------------------------------------------------------------------------------------


def _ordered(
    parts: Sequence[_Conditional], kind: str, counts: Mapping[str, CheckedCount], found: list[Diagnostic]
) -> Computed:
    """The parts, each behind those that it reads. One that is in a ring is reported and left out."""
    by_key = {part.key: part for part in parts}
    walk = _Walk({key: _needs(part, kind, by_key) for key, part in by_key.items()})
    for key in by_key:
        walk.visit(key)
    found.extend(_ring(ring, by_key) for ring in walk.rings)
    turning = {key for ring in walk.rings for key in ring}
    usable = [by_key[key] for key in walk.order if key not in turning]
    usable = [part for part in usable if not any(broken(typed) for _, typed in part.clauses)]
    plans = tuple(map(_plan, usable))
    return Computed(plans, count_plans(counts.values(), [ir for plan in plans for ir in conditions(plan)]))


def _needs(part: _Conditional, kind: str, known: Mapping[str, _Conditional]) -> list[str]:
    """The keys of what a part reads, in the order written."""
    found: dict[str, None] = {}
    for _, typed in part.clauses:
        for key in _reads(typed, kind, known):
            if key in known:
                found[key] = None
    return list(found)


def _reads(typed: Typed, kind: str, known: Mapping[str, _Conditional]) -> Iterator[str]:
    match typed:
        case Apply(_, _, "contains", (Ref(path=path), Const(value=name))) if path == (kind, SEGMENTS):
            yield f"segment:{name}"
        case Apply(args=args):
            for arg in args:
                yield from _reads(arg, kind, known)
        case Ref(path=path) if path == (kind, SEGMENTS):
            yield from (key for key in known if key.startswith("segment:"))
        case Ref(path=(root, field)) if root == kind:
            yield field


@dataclass
class _Walk:
    """Depth first through what needs what: `order` has each behind all it needs, `rings` what needs itself."""

    needs: Mapping[str, Sequence[str]]
    order: list[str] = field(default_factory=list)
    rings: list[list[str]] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)

    def visit(self, key: str) -> None:
        """Walk on from here, without recursion: chains may be long."""
        path: list[str] = []
        todo = [(key, False)]
        while todo:
            current, leaving = todo.pop()
            if leaving:
                path.pop()
                self._done.add(current)
                self.order.append(current)
            elif current in path:
                self.rings.append(path[path.index(current) :])
            elif current not in self._done:
                path.append(current)
                todo.append((current, True))
                todo.extend((other, False) for other in reversed(self.needs[current]))


def _ring(ring: Sequence[str], known: Mapping[str, _Conditional]) -> Diagnostic:
    first, *others = (known[key] for key in ring)
    labels = [Label(part.span, f"{part.title} is declared here", part.source) for part in others]
    return say.cycle(first.source, first.span, [known[key].title for key in ring], labels)


def _plan(part: _Conditional) -> Part:
    if part.health is not None:
        return part.health
    clauses = tuple((name, lower(typed)) for name, typed in part.clauses)
    return StatusPart(clauses) if part.key == "status" else SegmentPart(*clauses[0])
