"""What goes wrong at the prompt."""

from __future__ import annotations


class Trouble(Exception):
    """Something that cannot be done as typed; the text is for people, of one line or of several."""
