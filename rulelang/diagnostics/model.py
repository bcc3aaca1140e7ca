"""What the language says about a text: one value per mistake, rendered elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rulelang.source import Source, Span


class Severity(StrEnum):
    """How grave a diagnostic is. Only errors keep a rule from being planned."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that would mend the mistake: replace the text under `span` with `replacement`."""

    title: str
    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Label:
    """A further place that explains the mistake, such as an earlier declaration."""

    span: Span
    text: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: a stable `code` (`E0101`), one sentence, the words underlined, and what to do.

    `message` is one sentence without capital or full stop; words of the author stand in backquotes.
    `label` is the short text under the underline; `help` says what to write instead.
    """

    code: str
    message: str
    source: Source
    span: Span
    severity: Severity = Severity.ERROR
    label: str = ""
    help: str = ""
    labels: tuple[Label, ...] = ()
    fixes: tuple[Fix, ...] = field(default=())

    @property
    def is_error(self) -> bool:
        """Whether this diagnostic keeps its rule from being planned."""
        return self.severity is Severity.ERROR
