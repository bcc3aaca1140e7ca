"""Regular expressions of `matches`, tried out with RE2 when the rule is checked."""

from __future__ import annotations

import re2

MAX_PATTERN = 1000
"""The longest pattern, in characters."""

MAX_MEMORY = 1 << 20
"""What a compiled pattern may take, in bytes."""


def pattern_fault(pattern: str) -> str:
    """Why a pattern cannot be used, in a few words; "" when it can."""
    if len(pattern) > MAX_PATTERN:
        return f"it is longer than {MAX_PATTERN:,} characters"
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except UnicodeEncodeError:
        return "it holds half of a character pair"
    except re2.error as error:
        return _reason(error)
    return ""


def _reason(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(text.split())[:120] or "it is malformed"
