"""`for each contact do … end`: which related records a subject has."""

from __future__ import annotations

from rulelang.check.context import Context
from rulelang.check.scope import RELATED
from rulelang.diagnostics import flow as say
from rulelang.syntax import nodes
from rulelang.types.schema import SUBJECT_KINDS

DEFAULT_MOST = 100
"""How many related records steps are made for when the rule does not say."""
MAX_RELATED = 10_000
"""The most that it may say."""


def related_kind(context: Context, step: nodes.EachStep, inside: bool) -> str | None:
    """The kind of the records; None after a report when the subject has none of them in this way.

    `inside` says that the step is within another one of its kind.
    """
    word, subject = step.subject, context.scope.subject
    one = RELATED[subject]
    many = tuple(kind for kind in SUBJECT_KINDS if subject in RELATED[kind])
    if inside:
        context.report(say.each_within_each(context.source, step.subject.span))
    elif word.text in (many if step.many else one):
        return word.text
    else:
        context.report(say.not_related(context.source, word.span, word.text, subject, one, many))
    return None
