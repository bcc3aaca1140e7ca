"""What the place of a word being typed asks for: a type, and the role of a parameter."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rulelang.catalog.functions import WEEKDAY
from rulelang.catalog.model import Action, Param, Trigger
from rulelang.catalog.phrase_syntax import arguments_of
from rulelang.catalog.phrases import Expected, Matched, PhraseTable
from rulelang.check.context import Context
from rulelang.check.expressions import typed
from rulelang.check.phrases import Phrases
from rulelang.check.triggers import Found, event_fields
from rulelang.editor.cursor import is_stand_in
from rulelang.syntax import nodes
from rulelang.types.model import ANY, BOOL, DURATION, TEXT, Type
from rulelang.types.schema import SUBJECT_KINDS

_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may stand in a place. `words` are what may go on with a phrase there, `whole` says that a phrase begins.

    `parameter` is what a value is for, `of` the phrase's field whose value it is; `arguments` are parameters that
    may be named here; `expression` says that names of fields and functions make sense, `condition` that the place
    is a whole condition.
    """

    type: Type = ANY
    words: tuple[Expected, ...] = ()
    table: PhraseTable[Trigger] | PhraseTable[Action] | None = None
    whole: bool = False
    parameter: Param | None = None
    of: Type | None = None
    arguments: tuple[Param, ...] = ()
    expression: bool = False
    condition: bool = False


def wanted(context: Context, phrases: Phrases, path: tuple[nodes.Node, ...]) -> Wanted:
    """What the place of the stand-in, at the end of `path`, asks for."""
    for at in range(len(path) - 1, 0, -1):
        node, parent = path[at], path[at - 1]
        if isinstance(parent, nodes.Phrase):
            return _in_phrase(context, _table(phrases, path[at - 2]), parent, node, path[-1])
        if isinstance(parent, nodes.Arguments):
            return _in_arguments(context, _table(phrases, path[at - 3]), path[at - 2], parent, node)
        found = _in_expression(context, parent, node)
        if found is not None:
            return replace(found, expression=True)
    return Wanted(expression=True)


def _in_expression(context: Context, parent: nodes.Node, node: nodes.Node) -> Wanted | None:
    """What the parts of an expression want of each other; None when it is the matter of what is around."""
    match parent:
        case nodes.Binary(_, op, _, left, right) if op in _COMPARISONS:
            return Wanted(_type(context, left if node is right else right))
        case nodes.Binary(_, "in" | "not in", _, left, _):
            return Wanted(_type(context, left))
        case nodes.Binary(_, "contains", _, left, right) if node is right:
            return Wanted(_type(context, left).item or ANY)
        case nodes.Between(_, value):
            return Wanted(_type(context, value))
        case nodes.Call(_, name, _, args):
            return _of_function(context, name, next(n for n, a in enumerate(args) if a is node))
        case nodes.InSegment(_, record, _, name) if node is name:
            kind = record.parts[0] if isinstance(record, nodes.Name) else ""
            return Wanted(parameter=Param("segment", TEXT, "a segment", role="segment", subject=kind))
        case nodes.MatchStep(_, value) if isinstance(node, nodes.Case):
            return Wanted(_type(context, value))
        case nodes.WaitStep(_, "for") | nodes.WaitArm(_, "timeout"):
            return Wanted(DURATION)
        case nodes.WaitStep(_, "until"):
            return Wanted(WEEKDAY)
        case nodes.Provided():
            return Wanted(BOOL, condition=True)
        case nodes.Binary() | nodes.Rule() | nodes.IfStep() | nodes.Branch() | nodes.ActionStep():
            return Wanted(BOOL, condition=True)
        case _:
            return None


def _of_function(context: Context, name: str, number: int) -> Wanted:
    function = context.catalogue.functions.get(name)
    if function is None or not function.params:
        return Wanted()
    param = function.params[min(number, len(function.params) - 1)]
    return Wanted(param.type, parameter=param)


def _type(context: Context, node: nodes.Expr) -> Type:
    return typed(replace(context, found=[], rule_refs=[]), node).type


# --- phrases ---------------------------------------------------------------------------------------


def _table(phrases: Phrases, owner: nodes.Node) -> PhraseTable[Trigger] | PhraseTable[Action]:
    trigger = isinstance(owner, nodes.TriggerClause | nodes.Awaited | nodes.Happening)
    return phrases.triggers if trigger else phrases.actions


def _in_phrase(
    context: Context,
    table: PhraseTable[Trigger] | PhraseTable[Action],
    phrase: nodes.Phrase,
    part: nodes.Node,
    last: nodes.Node,
) -> Wanted:
    before = phrase.parts[: next(n for n, each in enumerate(phrase.parts) if each is part)]
    expected = table.expected(before)
    parameter = next((e.param for e in expected if e.param is not None), None)
    words = expected if isinstance(part, nodes.Word) else ()
    type_ = parameter.type if parameter is not None else ANY
    return Wanted(
        type_,
        words,
        table,
        whole=not before,
        parameter=parameter,
        of=_field_type(context, before),
        # After `=` a whole expression may stand; elsewhere in a phrase paths only, and only for values.
        expression=not isinstance(part, nodes.Word)
        and not is_stand_in(part)
        and isinstance(last, nodes.Name),
    )


def _field_type(context: Context, parts: tuple[nodes.PhrasePart, ...]) -> Type | None:
    """The type of the field that earlier words of a phrase name, as in `set status = …`."""
    words = [part.text for part in parts if isinstance(part, nodes.Word)]
    return next((context.scope.fields[w].type for w in reversed(words) if w in context.scope.fields), None)


def _in_arguments(
    context: Context,
    table: PhraseTable[Trigger] | PhraseTable[Action],
    phrase: nodes.Node,
    arguments: nodes.Arguments,
    argument: nodes.Node,
) -> Wanted:
    assert isinstance(phrase, nodes.Phrase)
    assert isinstance(argument, nodes.Argument)
    matched = table.match(phrase)
    if not isinstance(matched, Matched):
        return Wanted(expression=True)
    params = arguments_of(matched.declaration)
    if argument.name is not None:
        param = next((p for p in params if p.name == argument.name), None)
        return Wanted(param.type if param else ANY, parameter=param, expression=True)
    before = [item for item in arguments.items if item is not argument]
    given = {item.name for item in before if item.name is not None}
    places = [p for p in params if p.positional]
    number = sum(item.name is None for item in before)
    given |= {p.name for p in places[:number]}
    param = places[number] if number < len(places) and not given - {p.name for p in places[:number]} else None
    open_ = tuple(p for p in params if p.name not in given) if isinstance(argument.value, nodes.Name) else ()
    return Wanted(
        param.type if param else ANY, parameter=param, arguments=open_, expression=param is not None
    )


def awaited_context(context: Context, phrases: Phrases, path: tuple[nodes.Node, ...]) -> Context:
    """The context inside `where`, in which names are first those of the awaited event."""
    awaited = next((node for node in reversed(path) if isinstance(node, nodes.Awaited)), None)
    if awaited is None or not any(node is awaited.where for node in path):
        return context
    matched = phrases.triggers.match(awaited.phrase)
    if not isinstance(matched, Matched):
        return context
    found = Found(nodes.TriggerClause(awaited.phrase.span, awaited.phrase), matched)
    return context.with_scope(replace(context.scope, awaited=event_fields(context, found)))


def within_each(context: Context, path: tuple[nodes.Node, ...]) -> Context:
    """The context inside `for each contact do …`, in which names are those of the related record."""
    for node in path:
        if not isinstance(node, nodes.EachStep) or node.subject.text not in SUBJECT_KINDS:
            continue
        if any(step in path for step in node.steps):
            context = context.with_scope(context.scope.of(node.subject.text))
    return context
