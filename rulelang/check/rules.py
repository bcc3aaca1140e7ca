"""Checks one rule: its triggers, whom it is for, its conditions and its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rulelang.catalog.model import Catalogue
from rulelang.check.awaited import check_awaited
from rulelang.check.binding import Names
from rulelang.check.computed import check_followed
from rulelang.check.context import Context
from rulelang.check.counted import counter
from rulelang.check.counts import duration
from rulelang.check.enrolment import check_enrolment, enrolment_mode
from rulelang.check.expressions import condition
from rulelang.check.labels import check_places
from rulelang.check.parameters import check_takes
from rulelang.check.phrases import Phrases
from rulelang.check.scope import EventFields, Scope
from rulelang.check.steps import StepChecker
from rulelang.check.triggers import Found, checked_trigger, event_fields, find_triggers, subject_of
from rulelang.check.typed import CheckedExit, CheckedRule, Typed
from rulelang.check.walk import names_given
from rulelang.diagnostics import followed as say
from rulelang.diagnostics import messages
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.types.model import DATETIME, TEXT
from rulelang.types.schema import Schema

STATES = ("draft", "live", "paused", "disabled")
"""The words for a rule's state; without one it is live."""

BEGUN = {"rule": TEXT, "since": DATETIME}
"""What the event of a condition that has become true holds: the rule, and since when it has been true."""

MAX_NAME = 200
"""The longest name of a rule, in characters."""


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
    context = Context(source, Scope(schema, "contact"), catalogue, templates_known, counter=counter(phrases))
    _check_name(context, rule)
    found = find_triggers(context, rule.triggers, phrases)
    context = _with_events(context, rule, found)
    triggers = tuple(checked_trigger(context, each) for each in found)
    when = condition(context, rule.when) if rule.when is not None else None
    held = _beginning(context, rule, when)
    enrolment = check_enrolment(context, rule)
    names = context.scope.names
    names.running = True
    takes = check_takes(context, rule.takes)
    exits = _Exits(context, phrases)
    exits.check(rule.exits)
    check_places(context, rule.steps, rule.on_exit)
    steps = StepChecker(context, phrases).steps(rule.steps)
    names.known = dict(names.all)
    last = StepChecker(context, phrases, last=True).steps(rule.on_exit)
    return CheckedRule(
        node=rule,
        source=source,
        subject=context.scope.subject,
        state=_state(rule),
        enrol=enrolment_mode(rule.enrol),
        triggers=triggers,
        when=when,
        exits=tuple(exits.exits),
        steps=steps,
        rule_refs=tuple(context.rule_refs),
        template_uses=tuple(context.template_uses),
        diagnostics=tuple(context.found),
        enrolment=enrolment,
        goals=tuple(exits.goals),
        exit_on=tuple(exits.events),
        on_exit=last,
        takes=takes,
        counts=tuple(context.counts.values()),
        held=held,
    )


def context_of(
    rule: nodes.Rule, source: Source, schema: Schema, catalogue: Catalogue, phrases: Phrases
) -> Context:
    """What names mean behind the last step of a rule that may not be finished, for editors."""
    context = Context(source, Scope(schema, "contact"), catalogue, counter=counter(phrases))
    context = _with_events(context, rule, find_triggers(context, rule.triggers, phrases))
    names = context.scope.names
    names.running = True
    check_takes(context, rule.takes)
    StepChecker(context, phrases).steps(rule.steps)
    names.known = dict(names.all)
    return context


def _with_events(context: Context, rule: nodes.Rule, found: Sequence[Found]) -> Context:
    """The context in which names of the rule's subject and of its events are known."""
    schema, subject = context.schema, subject_of(context, rule, found)
    taken = {word.text: word.span for word, _ in rule.takes.params} if rule.takes is not None else {}
    names = Names({**names_given((*rule.steps, *rule.on_exit)), **taken})
    context = context.with_scope(Scope(schema, subject))
    payloads = [event_fields(context, each) for each in found]
    events = tuple(payload for payload in payloads if payload is not None)
    known = len(events) == len(rule.triggers) and not rule.broken
    if begins_by_condition(rule):
        events = (EventFields("when", BEGUN),)
    return context.with_scope(Scope(schema, subject, events, known, names=names))


def begins_by_condition(rule: nodes.Rule) -> bool:
    """Whether no event begins a rule, but its condition when it becomes true."""
    return not rule.triggers and rule.takes is None and rule.when is not None


def _beginning(context: Context, rule: nodes.Rule, when: Typed | None) -> str:
    """How long the condition that begins a rule must have held; "" where it need not, and for other rules."""
    begins = begins_by_condition(rule) and not rule.broken
    if begins and when is not None:
        check_followed(context, when)
    if rule.held is None:
        return ""
    if not begins:
        context.report(say.useless_held(context.source, rule.held.span))
        return ""
    return duration(context, rule.held, "how long the condition must hold", "when score >= 80 for 3d") or ""


@dataclass
class _Exits:
    """The clauses that end a run early, sorted into conditions, goals and events."""

    context: Context
    phrases: Phrases
    exits: list[Typed] = field(default_factory=list)
    goals: list[Typed] = field(default_factory=list)
    events: list[CheckedExit] = field(default_factory=list)

    def check(self, clauses: Sequence[nodes.ExitClause]) -> None:
        """Check all clauses. Parameters are known in them, what steps name is not."""
        for clause in clauses:
            if clause.condition is not None:
                kept = self.goals if clause.goal else self.exits
                kept.append(condition(self.context, clause.condition))
            why = "the run ends with this event"
            for each in check_awaited(
                self.context, self.phrases, clause.awaited, no_name=why, no_from_now=why
            ):
                self.events.append(CheckedExit(each, clause.goal))


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
