"""Where the names of a workspace stand: rules, fields, people, teams, stages, templates and events of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rulelang.catalog.phrase_syntax import params_of
from rulelang.catalog.phrases import Matched
from rulelang.check.computed import kind_of
from rulelang.check.context import Context
from rulelang.check.phrases import given_arguments
from rulelang.check.roles import word_of
from rulelang.check.scope import Scope
from rulelang.check.typed import Const, Ref
from rulelang.editor.model import Location
from rulelang.editor.walk import everything, touches
from rulelang.source import Source, Span
from rulelang.syntax import nodes
from rulelang.types.model import Kind
from rulelang.types.schema import SUBJECT_KINDS, Declared, EventDef, Person, Schema, Team
from rulelang.workspace import CheckedWorkspace, FileState, RuleState


@dataclass(frozen=True, slots=True)
class Target:
    """Something with a name. `kind` is `rule`, `field`, `person`, `team`, `stage`, `value`, `tag`, `template`,
    `event` or `segment`; `owner` the subject of a field or segment, or what a value or a stage is one of.
    """

    kind: str
    name: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where something is named."""

    target: Target
    source: Source
    span: Span
    declares: bool = False


_KINDS = {
    Kind.PERSON: "person",
    Kind.TEAM: "team",
    Kind.STAGE: "stage",
    Kind.TAG: "tag",
    Kind.ENUM: "value",
}
_ROLES = {
    role: role for role in ("rule", "template", "event", "field", "stage", "tag", "person", "team", "segment")
}


def target_at(workspace: CheckedWorkspace, path: str, offset: int) -> Occurrence | None:
    """What is named at a place of a file; of two the shorter one."""
    file = workspace.files.get(path)
    if file is None:
        return None
    found = [o for o in in_file(workspace, file, offset) if touches(o.span, offset)]
    return min(found, key=lambda o: o.span.end - o.span.start, default=None)


def occurrences(workspace: CheckedWorkspace, target: Target) -> Iterator[Occurrence]:
    """All places where a target is named, by file and place."""
    for file in workspace.files.values():
        if not _may_name(file.source.text, target.name):
            continue
        named = in_file(workspace, file, naming=target.name)
        found = {o.span: o for o in named if o.target == target}
        yield from (found[span] for span in sorted(found))


def _may_name(text: str, name: str) -> bool:
    """Whether a look at the tree is worth while: the name stands in the text, or may stand there in escapes."""
    return "\\" in text or name.casefold() in text.casefold()


def in_file(
    workspace: CheckedWorkspace, file: FileState, near: int | None = None, naming: str = ""
) -> Iterator[Occurrence]:
    """All names in a file that stand for something of the workspace.

    `near` a place those of the rule there alone, with `naming` those of rules in whose text that name may stand.
    """
    yield from _declared_fields(workspace, file)
    yield from _declared_segments(workspace, file)
    for rule in file.rules:
        if near is not None and not touches(rule.span, near):
            continue
        if naming and not _may_name(file.source.slice(rule.span), naming):
            continue
        if rule.node.name is not None:
            yield Occurrence(Target("rule", rule.key), file.source, rule.node.name.span, declares=True)
        yield from _in_phrases(workspace, file, rule)
        yield from _in_values(file, rule)
        yield from _memberships(workspace, file, rule.node, rule.checked.subject)


def _declared_fields(workspace: CheckedWorkspace, file: FileState) -> Iterator[Occurrence]:
    for kind, fields in workspace.schema.fields.items():
        for field in fields.values():
            declared = field.declared
            if declared is not None and declared.source.path == file.source.path:
                span = _last_word(file.source, declared.span, field.name)
                if span is not None:
                    yield Occurrence(Target("field", field.name, kind), file.source, span, declares=True)


def _declared_segments(workspace: CheckedWorkspace, file: FileState) -> Iterator[Occurrence]:
    """Segments that the file declares, and those that its declarations use."""
    for segment in workspace.schema.segments.values():
        place = segment.declared
        if place is not None and place.source.path == file.source.path:
            yield Occurrence(_segment(segment.subject, segment.name), file.source, place.span, declares=True)
    for declaration in file.declarations:
        yield from _memberships(workspace, file, declaration, kind_of(declaration))


def _segment(kind: str, name: str) -> Target:
    return Target("segment", name, kind)


def _memberships(
    workspace: CheckedWorkspace, file: FileState, node: nodes.Node, subject: str
) -> Iterator[Occurrence]:
    """Segments behind `in segment`."""
    for each in everything(node):
        if isinstance(each, nodes.InSegment):
            kind = each.record.parts[0] if isinstance(each.record, nodes.Name) else subject
            if f"{kind}/{each.name.value}" in workspace.schema.segments:
                yield Occurrence(_segment(kind, each.name.value), file.source, each.name.span)


def _last_word(source: Source, span: Span, name: str) -> Span | None:
    """The place of a name at the beginning or at the end of a span."""
    if source.text.startswith(name, span.start):
        return Span(span.start, span.start + len(name))
    return Span(span.end - len(name), span.end) if source.slice(span).endswith(name) else None


def _in_phrases(workspace: CheckedWorkspace, file: FileState, rule: RuleState) -> Iterator[Occurrence]:
    context = Context(file.source, Scope(workspace.schema, rule.checked.subject), workspace.catalogue)
    related = _of_related(rule.node)
    for node in everything(rule.node):
        subject = related.get(id(node), rule.checked.subject)
        if isinstance(node, nodes.TriggerClause | nodes.Awaited):
            matched: object = workspace.phrases.triggers.match(node.phrase)
        elif isinstance(node, nodes.ActionStep):
            matched = workspace.phrases.actions.match(node.phrase)
        else:
            continue
        if not isinstance(matched, Matched):
            continue
        given = given_arguments(context, matched, node.phrase)
        for param in params_of(matched.declaration):
            value = given.get(param.name)
            target = _named(workspace, subject, param.role, value) if value is not None else None
            if target is not None and value is not None:
                yield Occurrence(target, file.source, value.span)


def _of_related(rule: nodes.Rule) -> dict[int, str]:
    """The nodes, by id(), of steps for related records, with the kind of these."""
    steps = [node for node in everything(rule) if isinstance(node, nodes.EachStep)]
    return {
        id(node): each.subject.text
        for each in steps
        if each.subject.text in SUBJECT_KINDS
        for inner in each.steps
        for node in everything(inner)
    }


def _named(workspace: CheckedWorkspace, subject: str, role: str, value: nodes.Expr) -> Target | None:
    word = word_of(value)
    if word is None:
        return None
    if role in ("person_or_team", "recipient"):
        role = "team" if word in workspace.schema.teams else "person"
    if role == "person" and word.lower() not in workspace.schema.people:
        return None
    kind = _ROLES.get(role)
    if kind is None:
        return None
    if kind == "segment" and f"{subject}/{word}" not in workspace.schema.segments:
        return None
    owner = subject if kind in ("field", "stage", "segment") else ""
    return Target(kind, word.lower() if kind == "person" else word, owner)


def _in_values(file: FileState, rule: RuleState) -> Iterator[Occurrence]:
    """Names in expressions, whose meaning the checker has found."""
    for node in everything(rule.checked):
        if isinstance(node, Ref) and len(node.path) == 2 and node.path[0] in SUBJECT_KINDS:
            kind, name = node.path
            span = _last_word(file.source, _moved(node.span, rule), name)
            if span is not None:
                yield Occurrence(Target("field", name, kind), file.source, span)
        elif isinstance(node, Const) and node.type.kind in _KINDS and isinstance(node.value, str):
            kind = _KINDS[node.type.kind]
            owner = rule.checked.subject if kind == "stage" else node.type.name if kind == "value" else ""
            yield Occurrence(Target(kind, node.value, owner), file.source, _moved(node.span, rule))


def _moved(span: Span, rule: RuleState) -> Span:
    return Span(span.start + rule.offset, span.end + rule.offset)


# --- where things are declared ---------------------------------------------------------------------


def definition_of(workspace: CheckedWorkspace, target: Target) -> Location | None:
    """Where something is declared; None for what is built in or declared nowhere."""
    schema = workspace.schema
    match target.kind:
        case "rule":
            return _rule(workspace, target.name)
        case "template" if target.name in schema.templates:
            template = schema.templates[target.name]
            return Location(Source.of(template.path, template.text), Span(0, 0))
        case "field":
            field = schema.fields[target.owner].get(target.name)
            declared = field.declared if field is not None else None
        case "stage":
            pipelines = schema.pipelines_of(target.owner)
            declared = next((p.declared for p in pipelines if target.name in p.stages), None)
        case "segment":
            segment = schema.segments.get(f"{target.owner}/{target.name}")
            declared = segment.declared if segment is not None else None
        case "person" | "team" | "event":
            declared = _by_name(schema, target)
        case _:
            return None
    return Location(declared.source, declared.span) if declared is not None else None


def _by_name(schema: Schema, target: Target) -> Declared | None:
    found: Person | Team | EventDef | None
    if target.kind == "person":
        found = schema.people.get(target.name)
    elif target.kind == "team":
        found = schema.teams.get(target.name)
    else:
        found = schema.events.get(target.name)
    return found.declared if found is not None else None


def _rule(workspace: CheckedWorkspace, name: str) -> Location | None:
    for file in workspace.files.values():
        for rule in file.rules:
            if rule.key == name:
                span = rule.node.name.span if rule.node.name is not None else rule.node.header_span
                return Location(file.source, span)
    return None
