"""What is wrong with rules that only all files together show: names given twice, rules started that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rulelang.check.parameters import unfit
from rulelang.check.typed import Taken
from rulelang.diagnostics import messages
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.types.schema import Declared

if TYPE_CHECKING:
    from rulelang.workspace import CheckedWorkspace, FileState, RuleState


@dataclass(frozen=True)
class CrossFile:
    """Mistakes that only all files together show; `refused` are the rules, by id(), that have them."""

    diagnostics: tuple[Diagnostic, ...]
    refused: frozenset[int]


def cross_file(workspace: CheckedWorkspace) -> CrossFile:
    """The mistakes of all rules."""
    found: list[Diagnostic] = []
    refused: set[int] = set()
    for file in workspace.files.values():
        for rule in file.rules:
            mistakes = mistakes_across(workspace, file, rule)
            if mistakes:
                found += mistakes
                refused.add(id(rule))
    return CrossFile(tuple(found), frozenset(refused))


def mistakes_across(workspace: CheckedWorkspace, file: FileState, rule: RuleState) -> list[Diagnostic]:
    """What other files show to be wrong with a rule."""
    return [
        *_duplicates(workspace, file, rule),
        *_started_rules(workspace, file, rule),
        *_templates(workspace, file, rule),
    ]


def _duplicates(workspace: CheckedWorkspace, file: FileState, rule: RuleState) -> Iterable[Diagnostic]:
    first = workspace.keys[rule.key]
    if first is rule:
        return
    declared = Declared(_source_of(workspace, first), _name_span(first))
    yield messages.duplicate_rule(file.source, _name_span(rule), rule.key, declared)


def _source_of(workspace: CheckedWorkspace, rule: RuleState) -> Source:
    return next(f.source for f in workspace.files.values() if any(r is rule for r in f.rules))


def _name_span(rule: RuleState) -> Span:
    return rule.node.name.span if rule.node.name is not None else rule.node.header_span


def _started_rules(workspace: CheckedWorkspace, file: FileState, rule: RuleState) -> Iterable[Diagnostic]:
    """Rules that are started and do not exist, or do not take what they are given."""

    def at(span: Span) -> Span:
        return Span(span.start + rule.offset, span.end + rule.offset)

    for ref in rule.checked.rule_refs:
        target = workspace.keys.get(ref.name)
        if target is None:
            yield messages.unknown_rule(file.source, at(ref.span), ref.name, tuple(workspace.keys))
        elif ref.step is not None and not target.broken:
            yield from unfit(file.source, ref, _takes(target), _source_of(workspace, target), at)


def _templates(workspace: CheckedWorkspace, file: FileState, rule: RuleState) -> Iterable[Diagnostic]:
    """Templates that show names which the run has not given where they are used."""
    for use in rule.checked.template_uses:
        lacking = sorted(workspace.names_shown.get(use.name, frozenset()) - use.given.keys())
        if lacking:
            span = Span(use.span.start + rule.offset, use.span.end + rule.offset)
            yield messages.not_given(file.source, span, use.name, lacking[0])


def _takes(rule: RuleState) -> Mapping[str, Taken]:
    """What a rule takes, with the places in the text as it is now."""
    by = rule.offset
    return {
        name: replace(taken, span=Span(taken.span.start + by, taken.span.end + by))
        for name, taken in rule.checked.takes.items()
    }
