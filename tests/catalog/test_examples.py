"""The examples of all declarations: each checks without a word, makes a plan, and fires on its own sample."""

from __future__ import annotations

import pytest

from rulelang.calendar import zone
from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Action, Function, Trigger
from rulelang.diagnostics.model import Diagnostic
from rulelang.plan.interpret import holds
from rulelang.plan.model import Plan
from rulelang.plan.scope import Scope
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations

CATALOGUE = build_catalogue(declarations())
TRIGGERS = tuple(CATALOGUE.triggers.values())
ACTIONS = tuple(CATALOGUE.actions.values())
FUNCTIONS = tuple(CATALOGUE.functions.values())


def planned(text: str) -> tuple[tuple[Plan, ...], tuple[Diagnostic, ...]]:
    """The plans of a file outside any workspace, and all that was said about it."""
    workspace = load_workspace({"example.rules": text}, CATALOGUE)
    return workspace.plans, workspace.diagnostics


def names(things: tuple[Trigger, ...] | tuple[Action, ...] | tuple[Function, ...]) -> list[str]:
    return [thing.name for thing in things]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=names(TRIGGERS))
def test_the_example_of_a_trigger_uses_it_and_fires_on_its_sample(trigger: Trigger) -> None:
    plans, diagnostics = planned(trigger.example)
    assert diagnostics == ()
    # Triggers about other rules need another rule behind the one that shows them.
    (planned_trigger,) = plans[0].triggers
    assert planned_trigger.trigger == trigger.name
    assert planned_trigger.event == (trigger.event or "demo.requested")
    if planned_trigger.when is not None:
        scope = Scope({"event": dict(trigger.sample)}, 0, zone("UTC"))
        assert holds(planned_trigger.when, scope)


@pytest.mark.parametrize("action", ACTIONS, ids=names(ACTIONS))
def test_the_example_of_an_action_checks(action: Action) -> None:
    plans, diagnostics = planned(action.example)
    assert diagnostics == ()
    assert any(f"action='{action.name}'" in repr(plan.steps) for plan in plans)


@pytest.mark.parametrize("function", FUNCTIONS, ids=names(FUNCTIONS))
def test_the_example_of_a_function_is_a_condition(function: Function) -> None:
    plans, diagnostics = planned(f'on contact updated when {function.example} do add tag "x"')
    assert diagnostics == ()
    assert [f"'{function.op}'" in repr(plan.when) for plan in plans] == [True]
