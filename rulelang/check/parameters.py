"""Parameters: what a rule takes, what another one starts it with, and whether the two fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from rulelang.check.awaited import name
from rulelang.check.context import Context
from rulelang.check.convert import refuse_record, same_currency
from rulelang.check.expressions import typed
from rulelang.check.schema_parts import Reader
from rulelang.check.typed import Const, Given, RuleRef, Taken, Typed
from rulelang.check.values import TEXTUAL, is_address
from rulelang.diagnostics import flow as say
from rulelang.diagnostics import messages
from rulelang.diagnostics.messages import noun
from rulelang.diagnostics.model import Diagnostic, Label
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.types.model import ANY, Kind, Type

At = Callable[[Span], Span]
"""Where a span of a rule is now; its text may have moved since it was checked."""


def check_takes(context: Context, clause: nodes.TakesClause | None) -> dict[str, Taken]:
    """The parameters that a rule takes. The steps know them by their names."""
    found: dict[str, Taken] = {}
    for word, phrase in clause.params if clause is not None else ():
        if word.text in found:
            place = found[word.text].span
            context.report(say.named_twice(context.source, word.span, "parameters", word.text, place))
            continue
        reader = Reader(context.source, context.schema.currency, context.found.append)
        type_ = (reader.type(word.text, phrase.parts) if phrase.parts else None) or ANY
        name(context, word, type_)
        found[word.text] = Taken(word.text, word.span, type_)
    return found


def check_given(context: Context, arguments: Sequence[nodes.Argument]) -> tuple[Given, ...]:
    """What another rule is started with; whether it takes that is known only when all files are."""
    found: dict[str, Given] = {}
    for item in arguments:
        word, span = item.name or "", item.name_span or item.span
        value = _value(context, item.value)
        if word in found:
            context.report(messages.duplicate_argument(context.source, item.span, word, found[word].span))
        else:
            found[word] = Given(word, span, value)
    return tuple(found.values())


def _value(context: Context, node: nodes.Expr) -> Typed:
    value = typed(context, node)
    if value.type.kind is Kind.RECORD:
        return refuse_record(context, value)
    if value.type.kind is Kind.NULL:
        return context.report(messages.null_value(context.source, node.span))
    return value


# --- two rules -------------------------------------------------------------------------------------


def unfit(
    source: Source, ref: RuleRef, takes: Mapping[str, Taken], home: Source, at: At
) -> Iterator[Diagnostic]:
    """What is wrong with the parameters that a rule is started with. `takes` are those of the rule, in `home`."""
    step = ref.step or ref.span
    what = source.slice(at(step))
    for given in ref.given:
        taken = takes.get(given.name)
        if taken is None:
            yield messages.unknown_argument(source, at(given.span), what, given.name, tuple(takes))
        elif not accepts(taken.type, given.value):
            span = at(given.value.span)
            wanted, text = noun(taken.type), source.slice(span)
            found = messages.wrong_argument(source, span, given.name, wanted, text, given.value.type)
            yield replace(found, labels=(Label(taken.span, "taken here", home),))
    # A parameter that is only misspelt is not missing as well.
    names = {given.name if given.name in takes else did_you_mean(given.name, takes) for given in ref.given}
    for taken in takes.values():
        if taken.name not in names:
            form = f"{what} with {taken.name} = …"
            span = at(step)
            found = messages.missing_argument(source, span, what, taken.name, noun(taken.type), form)
            yield replace(found, labels=(Label(taken.span, "taken here", home),))


def accepts(wanted: Type, value: Typed) -> bool:
    """Whether a parameter of a type can be given a value, as it is and without conversion."""
    found = value.type
    if ANY in (wanted, found):
        return True
    match wanted.kind:
        case Kind.TEXT:
            return found.kind in TEXTUAL
        case Kind.ENUM if isinstance(value, Const):
            return value.value in wanted.values
        case Kind.ENUM:
            return found.kind is Kind.ENUM and set(found.values) <= set(wanted.values)
        case Kind.MONEY:
            return found.kind is Kind.MONEY and same_currency(found, wanted)
        case Kind.PERSON if isinstance(value, Const) and found.kind is Kind.TEXT:
            return is_address(value.value) and value.value == value.value.lower()
        case Kind.LIST:
            return found.kind is Kind.LIST and _same_items(wanted.item or ANY, found.item or ANY)
        case _:
            return found.kind is wanted.kind


def _same_items(wanted: Type, found: Type) -> bool:
    return ANY in (wanted, found) or wanted.kind is found.kind
