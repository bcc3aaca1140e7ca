"""Events with a free payload: behind `where` a name that means nothing else is one of their fields."""

from __future__ import annotations

import pytest

from rulelang.catalog.build import build_catalogue
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations

SCHEMA = 'event "survey.free" for contact\n'


@pytest.mark.parametrize(
    "where", ["amount > 5", 'answer.city = "Rome"', "amount > score", "status = trial and amount is set"]
)
def test_any_name_may_be_a_field_of_it(where: str) -> None:
    rule = f'rule "x" for contact\n  on tag added\ndo\n  wait on event "survey.free" where {where} timeout 2d\nend\n'
    workspace = load_workspace({"a.rules": SCHEMA + rule}, build_catalogue(declarations()))
    assert not workspace.diagnostics
    assert len(workspace.plans) == 1


def test_an_event_that_is_not_declared_is_a_mistake() -> None:
    rule = 'rule "x" for contact\n  on tag added\ndo\n  wait on event "no.such" where amount > 5 timeout 2d\nend\n'
    workspace = load_workspace({"a.rules": rule}, build_catalogue(declarations()))
    assert [d.is_error for d in workspace.diagnostics] == [True]
    assert workspace.plans == ()
