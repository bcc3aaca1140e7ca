"""Every bound of templates: what a text may weigh, and how much work one rendering may be."""

from __future__ import annotations

MAX_TEMPLATE = 65_536
"""Characters of a template with its front matter."""

MAX_MARKUP = 1_000
"""Characters between `{{` and `}}` or `{%` and `%}`. Keeps the engine's patterns, some quadratic, harmless."""

MAX_DEPTH = 16
"""Blocks within blocks."""

MAX_OUTPUT = 262_144
"""Bytes of UTF-8 that a rendering may produce, and characters that any value on the way may have."""

MAX_STEPS = 100_000
"""Units of work of one rendering: a node in a loop, a lookup, a filter, 128 characters that a filter handles."""

MAX_NAMES = 100
"""Names that `assign` may make."""

MAX_LOCALS = 1_048_576
"""Characters that all assigned values may have together."""

MAX_PARTS = 1_000
"""Parts that `split` may make."""

MAX_DATA_DEPTH = 16
"""Levels of nesting in the data that a template is rendered with."""

MAX_DATA_VALUES = 20_000
"""Values in the data that a template is rendered with."""
