"""The plan: a checked rule as data. Versioned JSON, the same for the machine, the editor and the store."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from rulelang.plan.ir import Get, Lit, Op

PLAN_VERSION = 1
"""Raised when an older reader could misread a plan; see docs/plan-format.md."""


class ActionStep(msgspec.Struct, frozen=True, tag="action", tag_field="do"):
    """Perform `action` (a name in the catalogue) with evaluated `args`."""

    id: str
    action: str
    args: dict[str, Lit | Get | Op]
    when: Lit | Get | Op | None = None


class WaitStep(msgspec.Struct, frozen=True, tag="wait", tag_field="do"):
    """Sleep. `mode`: `for` (a duration), `time` (until a time of day), `date` (until a date or instant)."""

    id: str
    mode: str
    value: Lit | Get | Op
    when: Lit | Get | Op | None = None


class Branch(msgspec.Struct, frozen=True):
    """One arm of an `if`; `id` is its path (`do.2.then`, `do.2.elif1`)."""

    id: str
    when: Lit | Get | Op
    steps: tuple[Step, ...]


class IfStep(msgspec.Struct, frozen=True, tag="if", tag_field="do"):
    """Run the first branch whose condition holds, else `otherwise`."""

    id: str
    branches: tuple[Branch, ...]
    otherwise: tuple[Step, ...] = ()


class BlockStep(msgspec.Struct, frozen=True, tag="block", tag_field="do"):
    """Steps under one condition."""

    id: str
    steps: tuple[Step, ...]
    when: Lit | Get | Op | None = None


class StopStep(msgspec.Struct, frozen=True, tag="stop", tag_field="do"):
    """End the run as completed."""

    id: str
    when: Lit | Get | Op | None = None


Step: TypeAlias = ActionStep | WaitStep | IfStep | BlockStep | StopStep


class TriggerPlan(msgspec.Struct, frozen=True):
    """When the rule is attempted: an event type of the subject kind, and a condition on its payload."""

    trigger: str
    event: str
    when: Lit | Get | Op | None = None


class Plan(msgspec.Struct, frozen=True):
    """One rule. `key` is its identity across edits: its name, or `file#n` without one.

    `enrol` is `every time` or `once`. `hash` (of everything that changes behaviour; not `file`, `line`,
    `state`) names this version of the rule. `text` is the source, kept so that a run can be explained for ever.
    """

    version: int
    key: str
    subject: str
    state: str
    triggers: tuple[TriggerPlan, ...]
    when: Lit | Get | Op | None
    enrol: str
    exits: tuple[Lit | Get | Op, ...]
    steps: tuple[Step, ...]
    hash: str = ""
    file: str = ""
    line: int = 0
    text: str = ""
    spans: dict[str, tuple[int, int]] = {}
