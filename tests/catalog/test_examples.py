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


def planned(text: str) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """The plan of the first rule of a file outside any workspace, and all that was said about it."""
    workspace = load_workspace({"example.rules": text}, CATALOGUE)
    (file,) = workspace.files.values()
    diagnostics = (*workspace.diagnostics, *file.parsed.diagnostics, *file.diagnostics)
    return file.rules[0].plan if file.rules else None, diagnostics


def names(things: tuple[Trigger, ...] | tuple[Action, ...] | tuple[Function, ...]) -> list[str]:
    return [thing.name for thing in things]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=names(TRIGGERS))
def test_the_example_of_a_trigger_uses_it_and_fires_on_its_sample(trigger: Trigger) -> None:
    plan, diagnostics = planned(trigger.example)
    assert diagnostics == ()
    assert plan is not None
    (planned_trigger,) = plan.triggers
    assert planned_trigger.trigger == trigger.name
    assert planned_trigger.event == (trigger.event or "demo.requested")
    if planned_trigger.when is not None:
        scope = Scope({"event": dict(trigger.sample)}, 0, zone("UTC"))
        assert holds(planned_trigger.when, scope)


@pytest.mark.parametrize("action", ACTIONS, ids=names(ACTIONS))
def test_the_example_of_an_action_checks(action: Action) -> None:
    plan, diagnostics = planned(action.example)
    assert diagnostics == ()
    assert plan is not None
    assert f'"{action.name}"' in repr(plan).replace("'", '"')


@pytest.mark.parametrize("function", FUNCTIONS, ids=names(FUNCTIONS))
def test_the_example_of_a_function_is_a_condition(function: Function) -> None:
    plan, diagnostics = planned(f'on contact changed when {function.example} do add tag "x"')
    assert diagnostics == ()
    assert plan is not None
    assert f"'{function.op}'" in repr(plan.when)
