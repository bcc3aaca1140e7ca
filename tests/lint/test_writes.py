"""What steps change, as the linter sees it: all fields of a `set`, lists, marks and topics."""

from __future__ import annotations

import pytest

from rulelang.lint.doing import writes
from rulelang.workspace import load_workspace
from tests.support.rules import SCHEMA, catalogue


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("set score = 1, city = source", ["score", "city"]),
        ("clear [score, city]", ["score", "city"]),
        ("clear score", ["score"]),
        ('append "ana@acme.test" to followers', ["followers"]),
        ("mark dnd(sms)", ["dnd"]),
        ('subscribe to "news"', ["subscriptions"]),
        ('create opportunity "x"', ["opportunity_id"]),
        ("toggle verified(email)", ["email_verified"]),
        ("assign by territory", ["owner"]),
    ],
)
def test_what_a_step_changes(step: str, names: list[str]) -> None:
    files = {"s.rules": SCHEMA + 'topic "news": consent\n', "r.rules": f"on contact created do {step}"}
    (plan,) = load_workspace(files, catalogue()).plans
    assert [write.name for write in writes(plan)] == names
