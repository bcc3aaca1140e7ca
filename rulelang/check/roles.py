"""What fills a slot or an argument: names by the parameter's role, else a value of its type.

The form in which each role lands in a plan is in docs/plan-format.md ("Names in arguments").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from rulelang.catalog.model import Param
from rulelang.check import people
from rulelang.check.context import Context, Expected
from rulelang.check.convert import fit, number_hint, refuse_record
from rulelang.check.expressions import typed
from rulelang.check.typed import Bad, Const, Ref, RuleRef, Typed
from rulelang.check.urls import url_fault
from rulelang.check.values import is_e164
from rulelang.check.zones import check_zone
from rulelang.diagnostics import messages
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.syntax import nodes
from rulelang.template.api import check_template
from rulelang.types.builtin import concrete, stage_type
from rulelang.types.model import ANY, DURATION, PERSON, TAG, TEAM, TEXT, TEXT_LIST, Kind, Type
from rulelang.types.schema import SUBJECT_KINDS, FieldDef, Pipeline

Known = Mapping[str, Typed]
"""What other parameters of the same phrase have become, by role; `field` and `pipeline` are read first."""

FIRST = ("field", "pipeline", "word")
"""Roles that others depend on."""


_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
"""Header fields whose values are secrets."""


def argument(context: Context, param: Param, node: nodes.Expr, known: Known, setting: bool) -> Typed:
    """The value of one parameter. `setting` says that a field named here is going to be changed."""
    if param.choices:
        return _choice(context, param, node)
    if param.role == "field":
        return _field(context, node, setting)
    special = _ROLES.get(param.role)
    return special(context, param, node, known) if special else _plain(context, param, node)


def word_of(node: nodes.Expr) -> str | None:
    """The text of a bare word or of a text in quotes; None for everything else."""
    match node:
        case nodes.TextLit(_, value):
            return value
        case nodes.Name(_, (word,)):
            return word
        case _:
            return None


def _plain(context: Context, param: Param, node: nodes.Expr) -> Typed:
    type_ = concrete(param.type, context.schema, context.scope.subject)
    value = typed(context, node, Expected(type_, param.name if type_ != ANY else ""))
    if value.type.kind is Kind.NULL:
        return context.report(messages.null_value(context.source, value.span))
    if param.kinds and value.type.kind not in (*param.kinds, Kind.ANY):
        return _wrong(context, param, value)
    fitted = fit(context, value, type_)
    return fitted if fitted is not None else _wrong(context, param, value)


def _wrong(context: Context, param: Param, value: Typed) -> Typed:
    type_ = concrete(param.type, context.schema, context.scope.subject)
    text, written = context.text(value.span), number_hint(context, value, type_)
    if type_ == DURATION and value.type.kind is Kind.NUMBER:
        written = f"{text}m"
    hint = f"write {messages.q(written)}" if written else param.doc
    wanted = messages.noun(type_)
    return context.report(
        messages.wrong_argument(context.source, value.span, param.name, wanted, text, value.type, hint)
    )


def _choice(context: Context, param: Param, node: nodes.Expr) -> Typed:
    word = word_of(node)
    if word is not None and word.lower() in param.choices:
        return Const(TEXT, node.span, word.lower())
    text = word if word is not None else context.text(node.span)
    return context.report(messages.not_a_choice(context.source, node.span, text, param.name, param.choices))


# --- fields and their values -----------------------------------------------------------------------


def _field(context: Context, node: nodes.Expr, setting: bool) -> Typed:
    subject, fields = context.scope.subject, context.scope.fields
    if not isinstance(node, nodes.Name):
        text = context.text(node.span)
        return context.report(messages.needs_field(context.source, node.span, text, subject))
    parts = node.parts[1:] if node.parts[0] == subject and len(node.parts) > 1 else node.parts
    if len(parts) > 1 or context.scope.is_root(parts[0]):
        return context.report(messages.needs_field(context.source, node.span, ".".join(node.parts), subject))
    found = fields.get(parts[0])
    if found is None:
        near = did_you_mean(parts[0], fields)
        declared = fields[near].declared if near else None
        owner, span = messages.article(subject), node.part_spans[-1]
        return context.report(
            messages.unknown_field(context.source, span, parts[0], owner, tuple(fields), declared=declared)
        )
    if setting and found.read_only:
        return context.report(messages.read_only(context.source, node.span, parts[0], how_to_set(found)))
    return Const(TEXT, node.span, found.name)


def how_to_set(found: FieldDef) -> str:
    """What an author does instead of setting a read-only field."""
    if found.name in ("stage", "stages"):
        return 'stages are changed with `move to stage "…"`'
    return "the system keeps it"


def _value(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    name = known.get("field")
    if not isinstance(name, Const):
        return typed(context, node, Expected(ANY, silent=True))
    found = context.scope.fields[name.value]
    if param.kinds and found.type.kind not in param.kinds:
        wanted, source = "a field that holds a number", context.source
        return context.report(
            messages.wrong_argument(source, name.span, "field", wanted, context.text(name.span), found.type)
        )
    return field_value(context, context.scope.fields[name.value], node)


def field_value(context: Context, found: FieldDef, node: nodes.Expr) -> Typed:
    """An expression as a value of a field."""
    value = typed(context, node, Expected(found.type, found.name, found.declared))
    if value.type.kind is Kind.NULL:
        return value
    check_zone(context, found.type, value)
    fitted = fit(context, value, found.type)
    if fitted is not None:
        return fitted
    text, written = context.text(value.span), number_hint(context, value, found.type)
    hint = f"write {messages.q(written)}" if written else ""
    return context.report(
        messages.wrong_value(context.source, value.span, found.name, found.type, text, value.type, hint)
    )


def _fields(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    """One field, or a list of them; all are going to be changed."""
    if not isinstance(node, nodes.ListLit):
        return _field(context, node, setting=True)
    names = [_field(context, item, setting=True) for item in node.items]
    fixed = [name.value for name in names if isinstance(name, Const)]
    return Const(TEXT_LIST, node.span, fixed) if len(fixed) == len(names) else Bad(node.span)


def _item(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    """A value that may be an item of the list that the slot `field` names."""
    name = known.get("field")
    if not isinstance(name, Const):
        return typed(context, node, Expected(ANY, silent=True))
    found = context.scope.fields[name.value]
    if found.type.kind is not Kind.LIST:
        return context.report(
            messages.wrong_argument(
                context.source, name.span, "field", "a list", found.name, found.type, "set it with `set`"
            )
        )
    item = replace(found, type=found.type.item or ANY)
    return field_value(context, item, node)


# --- stages and pipelines --------------------------------------------------------------------------


def _pipeline(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    word, subject = word_of(node), param.subject or context.scope.subject
    if word is None:
        return _needs_literal(context, param, node)
    pipelines = context.schema.pipelines_of(subject)
    for pipeline in pipelines:
        if word in (pipeline.name, pipeline.key):
            return Const(TEXT, node.span, pipeline.key)
    names = tuple(p.name for p in pipelines)
    return context.report(messages.unknown_pipeline(context.source, node.span, word, subject, names))


def _stage(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    word, subject = word_of(node), param.subject or context.scope.subject
    if word is None:
        return _needs_literal(context, param, node)
    pipelines = context.schema.pipelines_of(subject)
    chosen = known.get("pipeline")
    if isinstance(chosen, Const):
        pipelines = tuple(p for p in pipelines if p.key == chosen.value)
    for pipeline in pipelines:
        if word in pipeline.stages:
            return Const(stage_type(pipeline), node.span, word)
    options = tuple(dict.fromkeys(s for p in pipelines for s in p.stages))
    hint = _other_kind(context, subject, word) or _other_pipeline(context, subject, word, chosen)
    return context.report(messages.unknown_stage(context.source, node.span, word, subject, options, hint))


def _other_kind(context: Context, subject: str, stage: str) -> str:
    for kind in SUBJECT_KINDS:
        if kind != subject and pipelines_with(context, kind, stage):
            return f"it is a stage of {messages.plural(kind)}: write `for {kind}`"
    return ""


def _other_pipeline(context: Context, subject: str, stage: str, chosen: Typed | None) -> str:
    found = pipelines_with(context, subject, stage) if chosen is not None else ()
    return f"it is a stage of the pipeline `{found[0].name}`" if found else ""


def pipelines_with(context: Context, kind: str, stage: str) -> tuple[Pipeline, ...]:
    """The pipelines of a subject kind that have a stage."""
    return tuple(p for p in context.schema.pipelines_of(kind) if stage in p.stages)


# --- names of other things -------------------------------------------------------------------------


def _needs_literal(context: Context, param: Param, node: nodes.Expr) -> Typed:
    return context.report(messages.needs_literal(context.source, node.span, param.name, param.doc))


def _rule(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    word = word_of(node)
    if word is None:
        return _needs_literal(context, param, node)
    context.rule_refs.append(RuleRef(word, node.span))
    return Const(TEXT, node.span, word)


def _template(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    word, templates = word_of(node), context.schema.templates
    if word is None:
        return _needs_literal(context, param, node)
    if word not in templates and (templates or context.templates_known):
        return context.report(messages.unknown_template(context.source, node.span, word, tuple(templates)))
    return Const(TEXT, node.span, word)


def _topic(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    word, topics = word_of(node), context.schema.topics
    if word is None:
        return _needs_literal(context, param, node)
    if word not in topics:
        return context.report(messages.unknown_topic(context.source, node.span, word, tuple(topics)))
    return Const(TEXT, node.span, word)


def _event(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    word = word_of(node)
    if word is None:
        return _needs_literal(context, param, node)
    if word not in context.schema.events:
        names = tuple(context.schema.events)
        return context.report(messages.unknown_event_type(context.source, node.span, word, names))
    return Const(TEXT, node.span, word)


def _url(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    if not isinstance(node, nodes.TextLit):
        return _needs_literal(context, param, node)
    if fault := url_fault(node.value):
        return context.report(messages.bad_url(context.source, node.span, node.value, fault))
    return Const(TEXT, node.span, node.value)


def _endpoint(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    """A web address whose path may hold fields; behind a connection it may be a path alone."""
    if not isinstance(node, nodes.TextLit):
        return _needs_literal(context, param, node)
    fixed = _PLACEHOLDER.sub("x", node.value)
    whole = f"https://example.com{fixed}" if fixed.startswith("/") and "word" in known else fixed
    start = node.value.find("{{")
    in_host = 0 <= start < _path_of(node.value)
    if fault := "its host cannot be put together from fields" if in_host else url_fault(whole):
        return context.report(messages.bad_url(context.source, node.span, node.value, fault))
    return _liquid(context, param, node, known)


def _path_of(url: str) -> int:
    """Where the path of an absolute address begins."""
    if "//" not in url:
        return 0
    slash = url.find("/", url.find("//") + 2)
    return slash if slash >= 0 else len(url)


def _word(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    word = word_of(node)
    return _needs_literal(context, param, node) if word is None else Const(TEXT, node.span, word)


def _headers(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    """Header fields as texts `Name: value`; secrets belong into connections."""
    items = node.items if isinstance(node, nodes.ListLit) else ()
    if not items or not all(isinstance(item, nodes.TextLit) for item in items):
        return _needs_literal(context, param, node)
    texts = [item for item in items if isinstance(item, nodes.TextLit)]
    for item in texts:
        name, colon, _ = item.value.partition(":")
        if not colon or not _HEADER.fullmatch(name.strip()) or name.strip().lower() in _SECRET:
            return context.report(messages.bad_header(context.source, item.span, item.value))
        _liquid(context, param, item, known)
    return Const(TEXT_LIST, node.span, [item.value for item in texts])


def _liquid(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    if not isinstance(node, nodes.TextLit):
        hint = "put fields into it as `{{ contact.first_name }}`"
        return context.report(messages.needs_literal(context.source, node.span, param.name, hint))
    if "{{" in node.value or "{%" in node.value:
        scope = context.scope
        offset = node.span.start + 1
        given = scope.names.known if scope.names.running else None
        context.found.extend(
            check_template(
                node.value, scope.schema, scope.subject, context.source, offset, scope.payload, given
            )
        )
    return Const(TEXT, node.span, node.value)


def _named(type_: Type) -> Callable[[Context, Param, nodes.Expr, Known], Typed]:
    """A role that is a type of its own, whatever the parameter's type says."""
    return lambda context, param, node, known: _plain(context, replace(param, type=type_), node)


# --- people ----------------------------------------------------------------------------------------


def _person_or_team(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    return _somebody(context, param, node, people.assignee)


def _recipient(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    return people.fixed_recipient(context, node) or _somebody(context, param, node, people.recipient)


def _phone(context: Context, param: Param, node: nodes.Expr, known: Known) -> Typed:
    """Who is called or texted: as a recipient of mail, but with numbers in place of addresses, and one alone."""
    if isinstance(node, nodes.TextLit) and is_e164(node.value):
        return Const(TEXT, node.span, f"number:{node.value}")
    if (fixed := people.fixed_recipient(context, node)) is not None:
        return fixed
    if (text := people.written(context, node)) is not None and "@" in text:
        return people.named(context, text, node.span, strangers=False)
    value = typed(context, node, Expected(TEXT, param.name)) if text is None else None
    if isinstance(value, Bad):
        return value
    found = people.telephone(value) if value is not None else None
    if found is not None:
        return found
    return context.report(
        messages.bad_recipient(context.source, node.span, context.text(node.span), param.doc)
    )


def _somebody(
    context: Context, param: Param, node: nodes.Expr, reading: Callable[[Context, Typed], Typed | None]
) -> Typed:
    if (text := people.written(context, node)) is not None:
        return people.named(context, text, node.span, strangers=reading is people.recipient)
    value = typed(context, node, Expected(TEAM, param.name))
    if isinstance(value, Bad):
        return value
    if value.type.kind is Kind.RECORD and isinstance(value, Ref):
        return refuse_record(context, value)
    found = reading(context, value)
    if found is not None:
        return found
    return context.report(
        messages.bad_recipient(context.source, node.span, context.text(node.span), param.doc)
    )


_ROLES: Mapping[str, Callable[[Context, Param, nodes.Expr, Known], Typed]] = {
    "value": _value,
    "field_value": _value,
    "pipeline": _pipeline,
    "stage": _stage,
    "rule": _rule,
    "template": _template,
    "event": _event,
    "topic": _topic,
    "fields": _fields,
    "item": _item,
    "url": _url,
    "endpoint": _endpoint,
    "word": _word,
    "headers": _headers,
    "liquid": _liquid,
    "tag": _named(TAG),
    "person": _named(PERSON),
    "team": _named(TEAM),
    "person_or_team": _person_or_team,
    "recipient": _recipient,
    "phone": _phone,
}
