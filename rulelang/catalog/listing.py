"""The catalogue in its public form: what programs, pages and the command line list of it."""

from __future__ import annotations

from typing import Any

from rulelang.catalog.model import Action, Catalogue, Function, Param, Trigger


def catalogue_json(catalogue: Catalogue) -> dict[str, list[dict[str, Any]]]:
    """The catalogue in its public form: a list for each of triggers, actions and functions."""
    return {
        "triggers": [_trigger(t) for t in catalogue.triggers.values()],
        "actions": [_action(a) for a in catalogue.actions.values()],
        "functions": [_function(f) for f in catalogue.functions.values()],
    }


def _trigger(trigger: Trigger) -> dict[str, Any]:
    return {
        "name": trigger.name,
        "rows": list(trigger.rows),
        "phrase": trigger.phrase,
        "event": trigger.event,
        "subjects": list(trigger.subjects),
        "payload": {name: str(type_) for name, type_ in trigger.payload.items()},
        "filters": [_param(p) for p in trigger.slots],
        "where": dict(trigger.where),
        "unless": dict(trigger.unless),
        "summary": trigger.summary,
        "doc": trigger.doc,
        "example": trigger.example,
        "sample": dict(trigger.sample),
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "rows": list(action.rows),
        "phrase": action.phrase,
        "performs": str(action.performs),
        "params": [_param(p) for p in action.params],
        "with": {"params": [_param(p) for p in action.named], "names": str(action.names)},
        "subjects": list(action.subjects),
        "channel": action.channel,
        "summary": action.summary,
        "doc": action.doc,
        "example": action.example,
    }


def _function(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "rows": [],
        "phrase": f"{function.name}({', '.join(p.name for p in function.params)})",
        "params": [_param(p) for p in function.params],
        "result": str(function.result),
        "summary": function.summary,
        "example": function.example,
    }


def _param(param: Param) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": param.name,
        "type": str(param.type),
        "doc": param.doc,
        "required": param.required,
    }
    if param.choices:
        result["choices"] = list(param.choices)
    if param.role:
        result["role"] = param.role
    if param.default is not None:
        result["default"] = param.default
    return result
