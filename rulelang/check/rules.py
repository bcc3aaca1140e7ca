"""Checks one rule: its triggers, whom it is for, its conditions and its steps."""

from __future__ import annotations

from rulelang.catalog.model import Catalogue
from rulelang.check.context import Context
from rulelang.check.expressions import condition
from rulelang.check.phrases import Phrases
from rulelang.check.scope import Scope
from rulelang.check.steps import StepChecker
from rulelang.check.triggers import checked_trigger, event_fields, find_triggers, subject_of
from rulelang.check.typed import CheckedRule
from rulelang.diagnostics import messages
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.types.schema import Schema

STATES = ("draft", "live", "disabled")
"""The words for a rule's state; without one it is live."""

MAX_NAME = 200
"""The longest name of a rule, in characters."""

ENROLMENTS = ("once", "every time")
"""How often one subject may run through a rule; every time unless the rule says otherwise."""


def check_rule(
    rule: nodes.Rule,
    source: Source,
    schema: Schema,
    catalogue: Catalogue,
    phrases: Phrases,
    *,
    templates_known: bool = False,
) -> CheckedRule:
    """The rule with all names resolved and all types known, and everything that is wrong with it.

    `templates_known` says that the schema's templates are all there are, even when there are none. Never raises
    for what an author wrote.
    """
    context = Context(source, Scope(schema, "contact"), catalogue, templates_known)
    _check_name(context, rule)
    found = find_triggers(context, rule.triggers, phrases)
    subject = subject_of(context, rule, found)
    context = context.with_scope(Scope(schema, subject))
    payloads = [event_fields(context, each) for each in found]
    events = tuple(payload for payload in payloads if payload is not None)
    known = len(events) == len(rule.triggers) and not rule.broken
    context = context.with_scope(Scope(schema, subject, events, known))
    triggers = tuple(checked_trigger(context, each) for each in found)
    when = condition(context, rule.when) if rule.when is not None else None
    exits = tuple(condition(context, e.condition) for e in rule.exits if e.condition is not None)
    steps = StepChecker(context, phrases).steps(rule.steps)
    return CheckedRule(
        node=rule,
        source=source,
        subject=subject,
        state=_state(rule),
        enrol=_enrol(rule),
        triggers=triggers,
        when=when,
        exits=exits,
        steps=steps,
        rule_refs=tuple(context.rule_refs),
        diagnostics=tuple(context.found),
    )


def _check_name(context: Context, rule: nodes.Rule) -> None:
    """A name is shown in lists and logs, and is a part of addresses."""
    if rule.name is None:
        return
    name, span = rule.name.value, rule.name.span
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        context.report(messages.bad_rule_name(context.source, span, MAX_NAME))


def _state(rule: nodes.Rule) -> str:
    """The state of the header; the parser has reported words that are none."""
    word = rule.state.text if rule.state is not None else ""
    return word if word in STATES else "live"


def _enrol(rule: nodes.Rule) -> str:
    """How often a subject may enrol; the parser has reported other words."""
    words = " ".join(word.text for word in rule.enrol.words) if rule.enrol is not None else ""
    return words if words in ENROLMENTS else "every time"
