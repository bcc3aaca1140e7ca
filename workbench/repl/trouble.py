"""What goes wrong at the prompt."""

from __future__ import annotations

from rulelang.diagnostics.model import Diagnostic


class Trouble(Exception):
    """Something that cannot be done as typed; the text is for people, of one line or of several."""


def sentence(diagnostic: Diagnostic) -> str:
    """A diagnostic as one line, without the source that stands right above at the prompt."""
    return "; ".join(part for part in (diagnostic.message, diagnostic.label, diagnostic.help) if part)
