"""What the parts of a statement mean in a workspace: phrases, conditions, values and names, checked as in rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rulelang.calendar import (
    CalendarError,
    instant_text,
    midnight,
    parse_civil,
    parse_date,
    parse_instant,
    zone,
)
from rulelang.calendar import resolve as resolve_civil
from rulelang.diagnostics.model import Diagnostic
from rulelang.plan.interpret import first_false
from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts
from rulelang.plan.model import EVERY_TIME, Plan, StopStep, TriggerPlan
from rulelang.plan.scope import Scope
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.syntax.parser import parse_expression
from rulelang.syntax.tokens import Token
from rulelang.types.schema import SUBJECT_KINDS
from rulelang.workspace import CheckedWorkspace
from runtime.events import EventCodec, EventError
from runtime.model import JSON, Millis, SubjectKey
from workbench.testing.lines import Line, Mistake, mistake, unknown

_FILE = "~test.rules"
_TAIL = "\ndo\n  stop\nend\n"
_AT_LEAST = frozenset(("eq", "ge", "le"))


@dataclass(frozen=True, slots=True)
class Pair:
    """`FIELD = VALUE` with the place of each part."""

    name: str
    value: JSON
    name_span: Span
    span: Span


class Meaning:
    """Reads parts of statements against a checked workspace. All raise Mistake for what an author got wrong."""

    def __init__(self, checked: CheckedWorkspace) -> None:
        self.checked = checked
        self.codec = EventCodec(checked.catalogue, checked.schema)
        self.zone = zone(checked.schema.time_zone) or ZoneInfo("UTC")

    # --- moments ---

    def moment(self, source: Source, token: Token) -> Millis:
        """The instant of a date or moment; without a zone it is in the workspace's."""
        try:
            return self._moment(token)
        except CalendarError as error:
            raise mistake(source, token.span, f"no moment: {error}") from None

    def _moment(self, token: Token) -> Millis:
        text = token.text
        if token.kind == "DATE":
            return midnight(parse_date(text), self.zone)
        clock = text.partition("T")[2]
        if clock.endswith("Z") or "+" in clock or "-" in clock:
            return parse_instant(text)
        return resolve_civil(parse_civil(text), self.zone)

    # --- fields and data ---

    def pairs(self, line: Line) -> list[Pair]:
        """`FIELD = VALUE, …` up to the end of the statement."""
        found: list[Pair] = []
        while True:
            name = line.token("the name of a field", "NAME")
            line.expect("=")
            span = _value_span(line)
            value = self.value(line.source, span)
            if any(pair.name == name.text for pair in found):
                raise mistake(line.source, name.span, f"`{name.text}` is given twice")
            found.append(Pair(name.text.strip("`"), value, name.span, span))
            if not line.take(","):
                line.end()
                return found

    def value(self, source: Source, span: Span) -> JSON:
        """The JSON value of a literal, a word or a list."""
        node, diagnostics = parse_expression(Source(source.path, source.slice(span)))
        _raise(source, [_moved(d, source, span.start, span) for d in diagnostics])
        if node is None:
            raise mistake(source, span, "a value is missing")
        return self._json(source, node, span)

    def _json(self, source: Source, node: nodes.Expr, span: Span) -> JSON:
        match node:
            case nodes.TextLit(_, value) | nodes.BoolLit(_, value):
                return value
            case nodes.NumberLit(_, value):
                return _number(value)
            case nodes.Unary(_, "-", nodes.NumberLit(_, value)):
                return _number(-value)
            case nodes.MoneyLit(_, amount, currency):
                return f"{amount}{currency}"
            case nodes.PercentLit(_, value):
                return f"{value}%"
            case nodes.DurationLit(_, parts):
                return "".join(f"{count}{unit}" for count, unit in parts)
            case nodes.DateLit(_, year, month, day):
                return date(year, month, day).isoformat()
            case nodes.TimeLit(_, hour, minute):
                return f"{hour:02}:{minute:02}"
            case nodes.DateTimeLit(_, text):
                return instant_text(self._moment(Token("DATETIME", text, span.start, span.end, False)))
            case nodes.NullLit():
                return None
            case nodes.Name(_, (word,), _):
                return word
            case nodes.ListLit(_, items):
                return [self._json(source, item, span) for item in items]
        raise mistake(source, span, "a value here is a literal, a word or a list, not something to compute")

    def fields(self, line: Line, kind: str, pairs: Iterable[Pair]) -> dict[str, JSON]:
        """Checked field values of a record; `stage` is the stage in the first pipeline that has it."""
        found: dict[str, JSON] = {}
        for pair in pairs:
            try:
                if pair.name == "stage":
                    stages = found.get("stages", {})
                    found["stages"] = {**stages, **self.codec.stage(kind, str(pair.value))}
                else:
                    found |= self.codec.fields(kind, {pair.name: pair.value})
            except EventError as error:
                known = pair.name == "stage" or pair.name in self.checked.schema.fields[kind]
                raise _refused(line.source, pair.span if known else pair.name_span, error) from None
        return found

    # --- events ---

    def event(self, line: Line, phrase: Span, key: SubjectKey, data: Mapping[str, Pair]) -> dict[str, Any]:
        """The event of a trigger's phrase: its slots fill the data, `data` goes before them."""
        trigger = self._trigger(line, phrase, key.kind)
        given = {name: pair.value for name, pair in data.items()}
        payload = {**filled(trigger.when), **given}
        raw = self.raw(line, trigger.event, key, payload, data)
        event = self.codec.read({"id": "event", **raw}, 0, ahead=None)
        scope = Scope({"event": event.data}, 0, self.zone, subject=key.kind)
        reason = first_false(trigger.when, scope) if _of_event(trigger.when) else ""
        if reason:
            raise mistake(
                line.source, phrase, "the event would not fit its own phrase", reason, "say it in `with`"
            )
        return raw

    def raw(
        self, line: Line, type_: str, key: SubjectKey, data: Mapping[str, JSON], pairs: Mapping[str, Pair]
    ) -> dict[str, Any]:
        """The public JSON of an event without its id, checked."""
        raw = {"type": type_, "subject": {"kind": key.kind, "id": key.id}, "data": dict(data)}
        try:
            self.codec.read({"id": "event", **raw}, 0, ahead=None)
        except EventError as error:
            name = error.pointer.split("/")[2] if error.pointer.startswith("/data/") else ""
            span = pairs[name].span if name in pairs else line.span
            raise _refused(line.source, span, error) from None
        return raw

    def check_phrase(self, line: Line, phrase: Span) -> None:
        """That a phrase is a trigger of some kind of record; what is said of it for contacts is raised otherwise."""
        for kind in reversed(SUBJECT_KINDS):
            try:
                self._trigger(line, phrase, kind)
                return
            except Mistake as error:
                last = error
        raise last

    def _trigger(self, line: Line, phrase: Span, kind: str) -> TriggerPlan:
        plan = self._rule(line.source, f'rule "test" for {kind}\n  on ', phrase, asks=False)
        trigger = plan.triggers[0]
        if self.checked.catalogue.triggers[trigger.trigger].clock is not None:
            help = "let time pass, and it happens"
            raise mistake(line.source, phrase, "this trigger comes of time", help=help)
        return trigger

    # --- conditions ---

    def condition(self, source: Source, kind: str, span: Span) -> Ir:
        """A condition on a record, in the plan's form."""
        head = f'rule "test" for {kind}\n  on manual start\n  when '
        plan = self._rule(source, head, span, asks=True)
        return Lit(True) if plan.when is None else plan.when

    def _rule(self, source: Source, head: str, span: Span, asks: bool) -> Plan:
        """The plan of a rule made around a part of a statement; what is wrong with it is said of that part."""
        file = self.checked.with_file(_FILE, f"{head}{source.slice(span)}{_TAIL}").files[_FILE]
        found = [*file.parsed.diagnostics, *(d for rule in file.rules for d in rule.diagnostics)]
        _raise(source, [_moved(d, source, span.start - len(head), span) for d in found if d.is_error])
        plan = file.rules[0].plan if len(file.rules) == 1 else None
        if plan is None or not _is_bare(plan, asks):
            raise mistake(source, span, "this says more than may stand here")
        return plan

    # --- names ---

    def rule(self, line: Line) -> str:
        """The name of a rule in quotes."""
        token = line.here
        name = line.text("the name of a rule in quotes")
        if name not in self.checked.keys and token is not None:
            raise unknown(line.source, token.span, name, "no rule of this workspace", self.checked.keys)
        return name


def _is_bare(plan: Plan, asks: bool) -> bool:
    """Whether a rule made around a part holds nothing but that part: one trigger, and a condition if it `asks`."""
    extras = (plan.exits, plan.goals, plan.exit_on, plan.on_exit, plan.params)
    alone = len(plan.triggers) == 1 and len(plan.steps) == 1 and isinstance(plan.steps[0], StopStep)
    plain = plan.enrol == "every time" and plan.enrolment == EVERY_TIME and not any(extras)
    return alone and plain and (asks or plan.when is None)


def _value_span(line: Line) -> Span:
    """Up to the next comma that is not in brackets, or the end."""
    start, depth = line.at, 0
    while (token := line.here) is not None and not (token.text == "," and depth == 0):
        depth += (token.kind in ("LPAR", "LSQB")) - (token.kind in ("RPAR", "RSQB"))
        line.at += 1
    if line.at == start:
        raise line.miss("a value")
    return line.tokens[start].span.to(line.tokens[line.at - 1].span)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def filled(condition: Ir | None) -> dict[str, JSON]:
    """Data that makes a trigger's condition true, as far as its slots say it."""
    data: dict[str, Any] = {}
    for part in conjuncts(condition):
        match part:
            case Op(n, (Get(("event", *keys)), Lit(value))) if n in _AT_LEAST:
                _put(data, keys, value)
            case Op("contains", (Get(("event", *keys)), Lit(value))):
                _put(data, keys, [value])
    return data


def _put(data: dict[str, Any], keys: list[str], value: JSON) -> None:
    for key in keys[:-1]:
        data = data.setdefault(key, {})
    data[keys[-1]] = value


def _of_event(condition: Ir | None) -> bool:
    """Whether a condition reads nothing but the event."""
    match condition:
        case Get(path):
            return path[0] == "event"
        case Op(_, args):
            return all(map(_of_event, args))
    return True


def _refused(source: Source, span: Span, error: EventError) -> Mistake:
    return mistake(source, span, str(error))


def _raise(source: Source, diagnostics: list[Diagnostic]) -> None:
    if diagnostics:
        raise Mistake(*diagnostics)


def _moved(diagnostic: Diagnostic, source: Source, by: int, within: Span) -> Diagnostic:
    """A diagnostic about a part, at its place in the file; one about what stands around it points at the part."""
    start, end = diagnostic.span.start + by, diagnostic.span.end + by
    inside = within.start <= start < within.end
    span = Span(start, max(start + 1, min(end, within.end))) if inside else within
    return replace(diagnostic, source=source, span=span, labels=(), fixes=())
