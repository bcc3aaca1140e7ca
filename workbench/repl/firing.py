"""Events from trigger phrases: `stage enter "SQL"`, `payment received with amount = 10`."""

from __future__ import annotations

from typing import Any

from rulelang.diagnostics.render import render_text
from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts
from rulelang.plan.model import TriggerPlan
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.syntax.lexer import tokenize
from rulelang.syntax.parser import parse_expression
from rulelang.workspace import CheckedWorkspace
from runtime.model import JSON, SubjectKey
from workbench.repl.trouble import Trouble

_FILE = "~event.rules"
_AT_LEAST = frozenset(("eq", "ge", "le"))


def event_of(checked: CheckedWorkspace, text: str, key: SubjectKey) -> dict[str, Any]:
    """The public JSON of an event without its id; the slots of the phrase fill its data.

    Raises:
        Trouble: the phrase is no trigger's, or its event comes of time.
    """
    phrase, given = _parts(text)
    trigger = _trigger(checked, phrase, key.kind)
    if checked.catalogue.triggers[trigger.trigger].clock is not None:
        raise Trouble("this trigger comes of time: let it pass with `advance`")
    data = {**filled(trigger.when), **given}
    return {"type": trigger.event, "subject": {"kind": key.kind, "id": key.id}, "data": data}


def _parts(text: str) -> tuple[str, dict[str, JSON]]:
    """The phrase, and the values behind `with`."""
    tokens = tokenize(Source("prompt", text)).tokens
    at = next((n for n, token in enumerate(tokens) if token.kind == "WITH"), None)
    if at is None:
        return text, {}
    given: dict[str, JSON] = {}
    for pair in _pairs(text, at + 1):
        name, sign, value = pair.partition("=")
        if not sign or not name.strip().isidentifier():
            raise Trouble("behind `with` stand values such as `amount = 10, currency = EUR`")
        given[name.strip()] = value_of(value.strip())
    return text[: tokens[at].start], given


def _pairs(text: str, first: int) -> list[str]:
    """What stands between the commas that are in no brackets, from a token on."""
    tokens = tokenize(Source("prompt", text)).tokens[first:]
    start, depth, found = (tokens[0].start if tokens else len(text)), 0, []
    for token in tokens:
        depth += (token.kind in ("LPAR", "LSQB")) - (token.kind in ("RPAR", "RSQB"))
        if token.kind == "COMMA" and not depth:
            found.append(text[start : token.start])
            start = token.end
    return [*found, text[start:]]


def value_of(text: str) -> JSON:
    """The JSON value of a literal, a word or a list; dates, amounts and durations as text, as in events.

    Raises:
        Trouble: it is something else.
    """
    node, diagnostics = parse_expression(Source("prompt", text))
    if node is None or diagnostics:
        raise Trouble(render_text(diagnostics, color=False).rstrip() or "a value is missing")
    return _json(node, text)


def _json(node: nodes.Expr, text: str) -> JSON:
    match node:
        case nodes.TextLit(_, value) | nodes.BoolLit(_, value) | nodes.Name(_, (value,), _):
            return value
        case nodes.NumberLit(_, number):
            return int(number) if number == number.to_integral_value() else float(number)
        case nodes.Unary(_, "-", nodes.NumberLit() as positive):
            return -_json(positive, text)
        case nodes.MoneyLit(_, amount, currency):
            return f"{amount}{currency}"
        case nodes.NullLit():
            return None
        case nodes.ListLit(_, items):
            return [_json(item, text) for item in items]
        case nodes.DateLit(span) | nodes.DateTimeLit(span) | nodes.TimeLit(span):
            return text[span.start : span.end]
        case nodes.DurationLit(span) | nodes.PercentLit(span):
            return text[span.start : span.end]
    raise Trouble("a value here is a literal, a word or a list")


def _trigger(checked: CheckedWorkspace, phrase: str, kind: str) -> TriggerPlan:
    """The trigger that a phrase means, checked as in a rule."""
    text = f'rule "prompt" for {kind}\non {phrase}\ndo\nstop\nend\n'
    file = checked.with_file(_FILE, text).files[_FILE]
    errors = [
        d for d in (*file.parsed.diagnostics, *(d for r in file.rules for d in r.diagnostics)) if d.is_error
    ]
    plan = file.rules[0].plan if file.rules else None
    if errors or plan is None or len(plan.triggers) != 1:
        first = errors[0] if errors else None
        said = f"{first.message}; {first.help}" if first and first.help else first.message if first else ""
        raise Trouble(said or "this is no trigger; `rulelang catalog` lists them")
    found: TriggerPlan = plan.triggers[0]
    return found


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
