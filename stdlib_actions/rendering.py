"""Liquid for actions: templates of the workspace and texts in rules, rendered with the facts of the moment."""

from __future__ import annotations

from typing import NamedTuple

from rulelang.template.api import parse_template, render, render_message
from rulelang.template.model import Sink, TemplateError
from rulelang.template.scope import build_scope
from rulelang.types.schema import Schema
from runtime.actions import ActionError, Facts


class RenderedTemplate(NamedTuple):
    """A rendered template as the parts of a message; `html` and `sender` are "" when it has none."""

    subject: str
    text: str
    html: str
    sender: str


class Renderer:
    """Renders with one set of facts. Every mistake is an ActionError: trying again would not help."""

    def __init__(self, schema: Schema, facts: Facts) -> None:
        self._templates = schema.templates
        self._scope = build_scope(
            schema,
            facts.key.kind,
            contact=facts.contact,
            account=facts.account,
            opportunity=facts.opportunity,
            event=facts.event.get("data", {}),
            names=facts.names,
        )

    def inline(self, text: str, sink: Sink) -> str:
        """A text of a rule, rendered for where it goes."""
        try:
            return render(parse_template("message", text), self._scope, sink)
        except TemplateError as problem:
            raise ActionError(str(problem)) from None

    def flow(self, name: str) -> str:
        """The body of a template of marked-up text, with what fields hold escaped for XML."""
        found = self._templates.get(name)
        if found is None:
            raise ActionError(f"there is no template `{name}`")
        return self.inline(found.text, Sink.HTML)

    def template(self, name: str) -> RenderedTemplate:
        """The template with this name as a message; one of HTML gets a text part made from it."""
        found = self._templates.get(name)
        if found is None:
            raise ActionError(f"there is no template `{name}`")
        try:
            message = render_message(parse_template(name, found.text), self._scope)
        except TemplateError as problem:
            raise ActionError(str(problem)) from None
        if message.format == "text":
            return RenderedTemplate(message.subject, message.body, "", message.sender)
        from stdlib_actions.mail.html_text import text_of

        return RenderedTemplate(message.subject, text_of(message.body), message.body, message.sender)
