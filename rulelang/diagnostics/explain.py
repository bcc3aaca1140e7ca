"""A page of explanation for each code, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from types import MappingProxyType

from rulelang.diagnostics.pages import (
    flow,
    followed,
    lint,
    names,
    phrases,
    schema,
    syntax,
    templates,
    types,
)
from rulelang.diagnostics.pages.page import Page

_GROUPS = (syntax, schema, followed, names, types, phrases, flow, templates, lint)

PAGES: Mapping[str, Page] = MappingProxyType(
    {code: page for group in _GROUPS for code, page in group.PAGES.items()}
)
"""All pages by code, in the order of the codes' groups."""

WIDTH = 88


def explain(code: str) -> str:
    """The page for a code such as `E0301` (letter case does not matter): meaning, wrong and right example.

    Raises:
        KeyError: there is no such code.
    """
    code = code.strip().upper()
    page = PAGES[code]
    wrong = [_example("Template", text) for text in page.wrong_templates.values()]
    right = [_example("Template", text) for text in page.templates.values()] if wrong else []
    parts = [
        f"{code}: {page.title}",
        textwrap.fill(page.meaning, WIDTH),
        _example("Wrong", page.wrong),
        *wrong,
        _example("Right", page.right),
        *right,
    ]
    return "\n\n".join(parts) + "\n"


def _example(heading: str, program: str) -> str:
    return f"{heading}:\n\n{textwrap.indent(program.rstrip(), '    ')}"
