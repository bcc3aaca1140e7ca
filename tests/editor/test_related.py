"""Editors inside steps for related records, in schedules, calendars, and texts that show names of the run."""

from __future__ import annotations

import pytest

from rulelang.editor.service import EditorService
from rulelang.workspace import load_workspace
from tests.support.rules import SCHEMA, catalogue

EACH = 'rule "r" for account on field changed name do\n  for each contact do\n    '


def labels(text: str, templates: dict[str, str] | None = None) -> list[str]:
    """What is offered at the `^` of a text."""
    at, text = text.index("^"), text.replace("^", "")
    checked = load_workspace({"schema.rules": SCHEMA, "a.rules": text}, catalogue(), templates or {})
    return [found.label for found in EditorService(checked).completion("a.rules", text, at)]


@pytest.mark.parametrize(
    ("text", "offered", "not_offered"),
    [
        (EACH + "if ^ then stop end\n  end\nend", "first_name", "industry"),
        (EACH + "if ^", "first_name", "industry"),
        (EACH + "set ^ = 3\n  end\nend", "score", "industry"),
        (EACH + "stop\n  end\n  set ^ = 3\nend", "industry", "first_name"),
        ('rule "r" for account on field changed name do\n  for each ^', "contact", "industry"),
        ("on contact created when is_open(^) do stop", "Office", ""),
        ("on every ^ do stop", "last", ""),
        ("on every monday ^ do stop", "ending", ""),
        ('rule "x" on contact created do stop end\nrule "y" on rule completed ^ do stop end', "x", ""),
        ('on contact created do let n = 1; notify owner "{{ ^ }}" end', "n", "score"),
        (
            'on contact created do wait on payment received as pay timeout 1d; notify owner "{{ pay.^ }}" end',
            "amount",
            "",
        ),
    ],
)
def test_what_is_offered(text: str, offered: str, not_offered: str) -> None:
    found = labels(text)
    assert offered in found
    assert not_offered not in found


def test_a_template_offers_the_names_that_its_steps_know() -> None:
    rules = 'on contact created do let bonus = 1; send email template("hello") end'
    checked = load_workspace({"schema.rules": SCHEMA, "a.rules": rules}, catalogue(), {"hello": "Hi"})
    text = "Hi {{ b }}"
    found = EditorService(checked).completion("templates/hello.liquid", text, text.index(" }}"))
    assert "bonus" in [each.label for each in found]


def test_a_field_within_is_that_of_the_related_record() -> None:
    text = EACH + "set score = 1\n  end\nend"
    checked = load_workspace({"schema.rules": SCHEMA, "a.rules": text}, catalogue(), {})
    found = EditorService(checked).hover("a.rules", text, text.index("score") + 1)
    assert found is not None
    assert "`contact.score`" in found.text
