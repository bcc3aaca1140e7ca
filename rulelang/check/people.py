"""Who is meant: recipients of messages and those a subject is assigned to, in the form that plans hold."""

from __future__ import annotations

from rulelang.check.context import Context, Expected
from rulelang.check.scope import RELATED
from rulelang.check.typed import Apply, Const, Typed
from rulelang.check.values import is_address, no_member
from rulelang.diagnostics import messages
from rulelang.source import Span
from rulelang.syntax import nodes
from rulelang.types.model import PERSON, TEAM, TEXT, Kind


def written(context: Context, node: nodes.Expr) -> str | None:
    """A text in quotes, or a bare word that is a team and no field."""
    match node:
        case nodes.TextLit(_, value):
            return value
        case nodes.Name(_, (word,)) if word in context.schema.teams and word not in context.scope.fields:
            return word
        case _:
            return None


def named(context: Context, text: str, span: Span, strangers: bool) -> Typed:
    """A person by address or a team by name. `strangers` says that any address will do."""
    if text in context.schema.teams:
        return Const(TEXT, span, f"team:{text}")
    if "@" not in text:
        teams = tuple(context.schema.teams)
        return context.report(messages.unknown_team(context.source, span, text, teams))
    address, known = text.lower(), context.schema.people
    if address in known or (not known and not strangers and is_address(text)):
        return Const(TEXT, span, f"person:{address}")
    if strangers and is_address(text):
        return Const(TEXT, span, f"address:{text}")
    return context.report(no_member(context, text, span, Expected(PERSON)))


def fixed_recipient(context: Context, node: nodes.Expr) -> Typed | None:
    """`contact`, `owner` and `account.owner`, when they are what is written."""
    if not isinstance(node, nodes.Name):
        return None
    subject = context.scope.subject
    match node.parts:
        case ("contact",):
            return _the_contact(context, node)
        case ("owner",) | (_, "owner") if node.parts in (("owner",), (subject, "owner")):
            return Const(TEXT, node.span, "owner")
        case ("account", "owner") if "account" in RELATED[subject]:
            return Const(TEXT, node.span, "account owner")
        case _:
            return None


def has_contact(subject: str) -> bool:
    """Whether a run for this kind of subject has one contact."""
    return subject == "contact" or "contact" in RELATED[subject]


def _the_contact(context: Context, node: nodes.Expr) -> Typed:
    subject = context.scope.subject
    if has_contact(subject):
        return Const(TEXT, node.span, "contact")
    hint = f"{messages.article(subject)} may have many contacts; write `owner`, a team or an address"
    return context.report(messages.bad_recipient(context.source, node.span, "contact", hint))


def assignee(context: Context, value: Typed) -> Typed | None:
    """A field that holds a person, or the team of one."""
    if value.type.kind is Kind.PERSON:
        return _marked("person:", value)
    return _marked("team:", value) if value.type == TEAM and not isinstance(value, Const) else None


def recipient(context: Context, value: Typed) -> Typed | None:
    """A field that holds a person, a team's name or an address."""
    if value.type.kind in (Kind.TEXT, Kind.ANY):
        return _marked("address:", value)
    return assignee(context, value)


def telephone(value: Typed) -> Typed | None:
    """A field that holds a person, or a telephone number."""
    if value.type.kind is Kind.PERSON:
        return _marked("person:", value)
    if value.type.kind in (Kind.TEXT, Kind.ANY) and not isinstance(value, Const):
        return _marked("number:", value)
    return None


def _marked(mark: str, value: Typed) -> Typed:
    return Apply(TEXT, value.span, "concat", (Const(TEXT, value.span, mark), value))
