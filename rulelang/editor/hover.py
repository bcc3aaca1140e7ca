"""What is to be said about the words at a place, as Markdown."""

from __future__ import annotations

from rulelang.calendar import Millis
from rulelang.catalog.model import Action, Function, Param, Trigger
from rulelang.catalog.phrase_syntax import arguments_of, params_of
from rulelang.catalog.phrases import Matched
from rulelang.editor.completion import documentation
from rulelang.editor.keywords import DOCS
from rulelang.editor.model import Hover
from rulelang.editor.occurrences import Target, definition_of, target_at
from rulelang.editor.schedules import next_times
from rulelang.editor.values import signature
from rulelang.editor.walk import around, touches
from rulelang.syntax import nodes
from rulelang.syntax.lexer import tokenize
from rulelang.types.schema import FieldDef
from rulelang.workspace import CheckedWorkspace


def hover(workspace: CheckedWorkspace, path: str, offset: int, now: Millis | None = None) -> Hover | None:
    """What is at a place of a file: a value or field, a function, a phrase, or a word of the language.

    With `now`, what is said about a schedule includes when it fires next.
    """
    named = target_at(workspace, path, offset)
    if named is not None:
        text = _target(workspace, named.target)
        if text:
            return Hover(named.span, text)
    file = workspace.files.get(path)
    if file is None:
        return None
    for item in file.parsed.module.items:
        if touches(item.span, offset):
            path_to = around(item, offset)
            found = _node(workspace, path_to)
            if found is not None:
                return found if now is None else _with_times(workspace, path, path_to, found, now)
    token = next((t for t in tokenize(file.source).tokens if t.start <= offset < t.end), None)
    doc = DOCS.get(token.text, "") if token is not None and token.kind != "TEXT" else ""
    return Hover(token.span, doc) if token is not None and doc else None


def _node(workspace: CheckedWorkspace, path: tuple[nodes.Node, ...]) -> Hover | None:
    for at in range(len(path) - 1, -1, -1):
        node = path[at]
        if isinstance(node, nodes.Call) and node.name in workspace.catalogue.functions:
            return Hover(node.name_span, _function(workspace.catalogue.functions[node.name]))
        if isinstance(node, nodes.Argument) and at > 1 and node.name is not None and path[-1] is node:
            return _argument(workspace, path, at)
        if isinstance(node, nodes.Phrase) and at and isinstance(path[-1], nodes.Word | nodes.Phrase):
            return _phrase(workspace, path[at - 1], node)
        if isinstance(node, nodes.Expr) and not isinstance(node, nodes.Name):
            return None
    return None


def _with_times(
    workspace: CheckedWorkspace, path: str, nodes_: tuple[nodes.Node, ...], found: Hover, now: Millis
) -> Hover:
    phrase = next((n for n in nodes_ if isinstance(n, nodes.Phrase) and n.span == found.span), None)
    times = next_times(workspace, path, phrase, now) if phrase is not None else ""
    return Hover(found.span, f"{found.text}\n\n{times}") if times else found


def _declaration(
    workspace: CheckedWorkspace, owner: nodes.Node, phrase: nodes.Phrase
) -> Trigger | Action | None:
    trigger = isinstance(owner, nodes.TriggerClause | nodes.Awaited | nodes.Happening)
    if not trigger and not isinstance(owner, nodes.ActionStep):
        return None
    phrases = workspace.phrases
    matched = phrases.triggers.match(phrase) if trigger else phrases.actions.match(phrase)
    return matched.declaration if isinstance(matched, Matched) else None


def _phrase(workspace: CheckedWorkspace, owner: nodes.Node, phrase: nodes.Phrase) -> Hover | None:
    found = _declaration(workspace, owner, phrase)
    if found is None:
        return None
    params = "\n".join(f"- {_param(p)}" for p in params_of(found))
    if isinstance(found, Action):
        params += "".join(f"\n- `with` {_param(p)}" for p in found.named)
    parts = [f"**{found.phrase}**", found.summary, documentation(found), params]
    return Hover(phrase.span, "\n\n".join(part for part in parts if part))


def _argument(workspace: CheckedWorkspace, path: tuple[nodes.Node, ...], at: int) -> Hover | None:
    node, phrase = path[at], path[at - 2]
    if not isinstance(node, nodes.Argument) or not isinstance(phrase, nodes.Phrase) or at < 3:
        return None
    found = _declaration(workspace, path[at - 3], phrase)
    param = next((p for p in arguments_of(found) if p.name == node.name), None) if found else None
    return Hover(node.name_span or node.span, _param(param)) if param is not None else None


def _param(param: Param) -> str:
    kind = " or ".join(param.choices) or str(param.type)
    return f"`{param.name}` ({kind}{'' if param.required else ', optional'}): {param.doc}"


def _function(function: Function) -> str:
    return f"```\n{signature(function)}\n```\n\n{function.summary}\n\n`{function.example}`"


def _target(workspace: CheckedWorkspace, target: Target) -> str:
    schema = workspace.schema
    match target.kind:
        case "field":
            field = schema.fields[target.owner].get(target.name)
            return _field(target.owner, field) if field is not None else ""
        case "person":
            person = schema.people.get(target.name)
            return f"**{person.name or person.email}** ({person.email})" if person is not None else ""
        case "team":
            team = schema.teams.get(target.name)
            return f"team **{team.name}**: {', '.join(team.members)}" if team is not None else ""
        case "stage":
            found = [p for p in schema.pipelines_of(target.owner) if target.name in p.stages]
            return "\n\n".join(f"stage of **{p.name}**: {', '.join(p.stages)}" for p in found)
        case "value":
            return f"**{target.name}**, a value of {target.owner}" if target.owner else ""
        case "segment":
            return _segment(workspace, target)
        case "template" if target.name in schema.templates:
            return f"```\n{schema.templates[target.name].text.strip()[:600]}\n```"
        case "rule" if target.name in workspace.keys:
            rule = workspace.keys[target.name]
            return f"rule **{rule.key}** for {rule.checked.subject}, {rule.checked.state}"
        case _:
            return ""


def _segment(workspace: CheckedWorkspace, target: Target) -> str:
    """A segment as it is declared."""
    place = definition_of(workspace, target)
    file = workspace.files.get(place.source.path) if place is not None else None
    if place is None or file is None:
        return ""
    text = next(
        (file.source.slice(d.span) for d in file.declarations if touches(d.span, place.span.start)), ""
    )
    return f"segment **{target.name}** for {target.owner}\n\n```rules\n{text}\n```"


def _field(owner: str, field: FieldDef) -> str:
    values = f": {', '.join(field.type.values)}" if field.type.values else ""
    lines = [f"`{owner}.{field.name}` {field.type}{values}", field.doc]
    if field.read_only:
        lines.append("Rules cannot set it.")
    return "\n\n".join(line for line in lines if line)
