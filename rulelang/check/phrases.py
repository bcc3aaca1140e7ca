"""Phrases against the catalogue: which declaration is meant, what fills its parameters, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from rulelang.catalog.model import Action, Catalogue, Param, Trigger
from rulelang.catalog.phrase_syntax import arguments_of
from rulelang.catalog.phrases import Expected, Matched, NoMatch, PhraseTable
from rulelang.check.context import Context
from rulelang.check.phrase_guesses import another_way, reminder, told
from rulelang.check.roles import FIRST, argument
from rulelang.check.typed import Typed
from rulelang.diagnostics import messages
from rulelang.diagnostics.model import Diagnostic, Fix
from rulelang.diagnostics.syntax import apart
from rulelang.source import Source, Span
from rulelang.syntax import nodes

D = TypeVar("D", Trigger, Action)


@dataclass(frozen=True)
class Phrases:
    """The two tables of a catalogue's phrases, built once."""

    triggers: PhraseTable[Trigger]
    actions: PhraseTable[Action]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Phrases:
        """The tables of a catalogue.

        Raises PhraseError (phrase_syntax.py) for malformed phrases and for two that are ambiguous.
        """
        return cls(PhraseTable(catalogue.triggers.values()), PhraseTable(catalogue.actions.values()))


# --- no such phrase --------------------------------------------------------------------------------


def no_trigger(source: Source, phrase: nodes.Phrase, found: NoMatch[Trigger]) -> Diagnostic:
    """The mistake of a phrase after `on` that means nothing."""
    words = source.slice(phrase.span)
    help_ = "" if found.matched else reminder(words)
    help_ = help_ or _help(found, "triggers")
    return messages.unknown_trigger(source, found.span, words, found.ended, help_, _fixes(found))


def no_action(
    source: Source, phrase: nodes.Phrase, found: NoMatch[Action], table: PhraseTable[Action]
) -> Diagnostic:
    """The mistake of a phrase in `do` that means nothing."""
    part = phrase.parts[min(found.matched, len(phrase.parts) - 1)]
    if isinstance(part, nodes.Arguments) and Expected() in found.expected:
        what = source.slice(Span(phrase.span.start, part.span.start))
        return messages.no_arguments(source, part.span, what)
    if (
        isinstance(part, nodes.Operand)
        and Expected("(") in found.expected
        and source.text[part.span.start] == "("
    ):
        gap = Span(phrase.parts[found.matched - 1].span.end, part.span.start)
        return apart(source, gap, part.span)
    words = source.slice(phrase.span)
    other = "" if found.corrections else another_way(source, phrase, table)
    help_ = other or _help(found, "actions")
    return messages.unknown_action(source, found.span, words, found.ended, help_, _fixes(found))


_CLAUSES = frozenset({"enrol", "enroll", "exit"})
"""Words that begin a clause of a rule on a line of its own; inside a phrase they are words like any other."""


def _help(found: NoMatch[D], kind: str) -> str:
    if found.found in _CLAUSES:
        return f"`{found.found}` begins a clause of the rule: put it on a line of its own"
    if found.corrections:
        return f"did you mean `{found.corrections[0]}`?"
    if found.matched:
        return (
            f"{'it goes on with' if found.ended else 'here could stand'} {told(found) or _following(found)}"
        )
    if found.near:
        return f"did you mean {messages.listed((d.phrase for d in found.near), ' or ')}?"
    return f"it begins with one of {_following(found)}; `rulelang catalog {kind}` lists all"


def _following(found: NoMatch[D]) -> str:
    """The words and slots that could come next; the end of the phrase is not among them."""
    shown = [f"{{{e.param.name}}}" if e.param is not None else e.word for e in found.expected]
    words = dict.fromkeys("(…)" if word == "(" else word for word in shown if word)
    return messages.listed(words) if words else "nothing more"


def _fixes(found: NoMatch[D]) -> tuple[Fix, ...]:
    if not found.corrections or found.ended:
        return ()
    word = found.corrections[0]
    return (Fix(f"change to `{word}`", found.span, word),)


# --- parameters ------------------------------------------------------------------------------------


@dataclass
class _Filling:
    """The parameters of one phrase while they are filled: typed values by name, and by role for others."""

    values: dict[str, Typed] = field(default_factory=dict)
    by_role: dict[str, Typed] = field(default_factory=dict)


def fill(
    context: Context,
    params: Iterable[Param],
    given: Mapping[str, nodes.Expr],
    setting: bool,
) -> dict[str, Typed]:
    """The typed values of the parameters that were given, by name. Names that others depend on come first."""
    filling = _Filling()
    ordered = sorted((p for p in params if p.name in given), key=lambda p: p.role not in FIRST)
    for param in ordered:
        value = argument(context, param, given[param.name], filling.by_role, setting)
        filling.values[param.name] = value
        if param.role:
            filling.by_role[param.role] = value
    return filling.values


def given_arguments(context: Context, matched: Matched[D], phrase: nodes.Phrase) -> dict[str, nodes.Expr]:
    """What was written for each parameter: slots of the phrase, then arguments by position or name."""
    given = dict(matched.slots)
    if matched.arguments is None:
        return given
    what = context.text(_words_span(phrase))
    params = arguments_of(matched.declaration)
    places = [p.name for p in params if p.positional]
    names = [p.name for p in params]
    first: dict[str, Span] = {}
    position = 0
    for item in matched.arguments.items:
        if item.name is None or item.name_span is None:
            if position >= len(places):
                context.report(messages.too_many_arguments(context.source, item.span, what, len(places)))
                break
            name, position = places[position], position + 1
        elif item.name not in names:
            context.report(messages.unknown_argument(context.source, item.name_span, what, item.name, names))
            continue
        else:
            name = item.name
        if name in first:
            context.report(messages.duplicate_argument(context.source, item.span, name, first[name]))
            continue
        first[name], given[name] = item.span, item.value
    return given


def missing(context: Context, matched: Matched[D], phrase: nodes.Phrase, given: Iterable[str]) -> None:
    """Report the required arguments that were not given."""
    for param in arguments_of(matched.declaration):
        if param.required and param.name not in given:
            span = _words_span(phrase)
            what = context.text(span)
            form = f"{what}({_example(param)})"
            context.report(messages.missing_argument(context.source, span, what, param.name, param.doc, form))


def _example(param: Param) -> str:
    if param.choices:
        return param.choices[0]
    return '"…"' if param.positional else f'{param.name}: "…"'


def _words_span(phrase: nodes.Phrase) -> Span:
    """The words at the beginning of a phrase, before operands and arguments."""
    span = phrase.parts[0].span
    for part in phrase.parts:
        if not isinstance(part, nodes.Word):
            break
        span = span.to(part.span)
    return span
