"""The values of templates: a parsed template, the rendered message, and what can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rulelang.types.model import TEXT, Type

ROOTS = ("contact", "account", "opportunity", "event", "owner", "workspace")
"""The first words of paths in templates."""

OWNER: Mapping[str, Type] = {"name": TEXT, "email": TEXT}
"""What `owner`, the person who owns the subject, and any other person of the staff has."""

WORKSPACE: Mapping[str, Type] = {"name": TEXT, "currency": TEXT, "time_zone": TEXT}
"""What `workspace` has."""


class Sink(StrEnum):
    """Where rendered text goes, which decides how values from data are escaped."""

    HTML = "html"
    """the body of an HTML mail or page: `& < > " '` become entities"""
    TEXT = "text"
    """plain text (mail, SMS): control characters are dropped, line ends and tabs stay"""
    HEADER = "header"
    """a mail header such as the subject: one line, no control characters"""
    URL = "url"
    """a web address: values are percent-encoded, and may stand after the host only"""
    SLACK = "slack"
    """a Slack message: `& < >` become entities, so that data cannot call `<!channel>` or make links"""


class TemplateError(ValueError):
    """A template that cannot be used or rendered; the message is a sentence for people, without data values."""


@dataclass(frozen=True, slots=True)
class Part:
    """One template text that was read: a header line or the body. `nodes` belong to the engine."""

    text: str
    first_line: int
    nodes: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template that is known to be well-formed. `parts` are `body` and, from front matter, `subject` and `from`.

    `format` is `html` or `text`: the sink of the body in a message.
    """

    name: str
    format: str
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered template: `subject` and `sender` are "" when the front matter has none."""

    subject: str
    sender: str
    body: str
    format: str
