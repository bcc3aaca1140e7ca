"""Plans as bytes: JSON to store, a canonical form with its hash, and the refusal of what is newer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from rulelang.plan.ir import Ir, Op
from rulelang.plan.model import (
    PLAN_VERSION,
    ActionStep,
    BlockStep,
    IfStep,
    Plan,
    Step,
    WaitStep,
)
from rulelang.plan.operators import OPERATORS

MAX_DEPTH = 256
"""Expressions and steps nested deeper are refused. The language itself stops at 64 levels."""

WAIT_MODES = frozenset({"for", "time", "date"})
ENROLMENTS = frozenset({"every time", "once"})
STEP_KINDS = frozenset({"action", "wait", "if", "block", "stop"})

_UNHASHED = ("hash", "file", "line", "state", "text", "spans")


class PlanError(ValueError):
    """Bytes that are no plan; the message is a sentence for people."""


class PlanVersionError(PlanError):
    """A plan made for another version: of an unknown version, or with a step or operator unknown here."""


class _Head(msgspec.Struct):
    version: int


_encoder = msgspec.json.Encoder()
_canonical = msgspec.json.Encoder(order="sorted")
_head = msgspec.json.Decoder(_Head)
_decoder = msgspec.json.Decoder(Plan)


def encode(plan: Plan) -> bytes:
    """The plan as JSON, complete, to be read by `decode`."""
    return _encoder.encode(plan)


def canonical(plan: Plan) -> bytes:
    """Everything that changes behaviour as JSON with sorted keys and no spaces: equal for equal behaviour."""
    fields = msgspec.to_builtins(plan)
    for name in _UNHASHED:
        fields.pop(name, None)
    return _canonical.encode(fields)


def plan_hash(plan: Plan) -> str:
    """The first 128 bits of SHA-256 over the canonical form, in hex."""
    return hashlib.sha256(canonical(plan)).hexdigest()[:32]


def with_hash(plan: Plan) -> Plan:
    """The plan with its hash filled in."""
    return msgspec.structs.replace(plan, hash=plan_hash(plan))


def decode(data: bytes) -> Plan:
    """The plan in `data`, ready to run.

    Raises:
        PlanVersionError: it is of another version, or has a step, wait or operator that is unknown here.
        PlanError: it is no plan at all, or nested too deeply.
    """
    try:
        plan = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _explain(data, error) from None
    check(plan)
    return plan


def check(plan: Plan) -> None:
    """Make sure that this version can run a plan.

    Raises:
        PlanVersionError: it has a version, step, wait or operator that is unknown here.
        PlanError: it is nested too deeply.
    """
    if plan.version != PLAN_VERSION:
        raise _version(plan.version)
    if plan.enrol not in ENROLMENTS:
        raise _unknown("enrolment", plan.enrol)
    for ir in _expressions(plan):
        _check_ir(ir)


def _version(version: int) -> PlanVersionError:
    return PlanVersionError(
        f"the plan has version {version}, and this version of rulelang reads only version {PLAN_VERSION}"
    )


def _unknown(what: str, name: object) -> PlanVersionError:
    return PlanVersionError(
        f"the plan uses the {what} `{str(name)[:80]}`, which this version of rulelang does not know"
    )


def _too_deep() -> PlanError:
    return PlanError(f"the plan is nested deeper than {MAX_DEPTH} levels")


def _expressions(plan: Plan) -> Iterator[Ir]:
    if plan.when is not None:
        yield plan.when
    yield from plan.exits
    for trigger in plan.triggers:
        if trigger.when is not None:
            yield trigger.when
    yield from _step_expressions(plan.steps)


def _step_expressions(steps: tuple[Step, ...]) -> Iterator[Ir]:
    """The expressions of all steps, nested ones too."""
    levels = [(steps, 0)]
    while levels:
        nested, depth = levels.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        for step in nested:
            yield from _own_expressions(step)
            levels.extend((inner, depth + 1) for inner in _inner_steps(step))


def _own_expressions(step: Step) -> Iterator[Ir]:
    if isinstance(step, IfStep):
        yield from (branch.when for branch in step.branches)
        return
    if step.when is not None:
        yield step.when
    if isinstance(step, ActionStep):
        yield from step.args.values()
    elif isinstance(step, WaitStep):
        if step.mode not in WAIT_MODES:
            raise _unknown("wait", step.mode)
        yield step.value


def _inner_steps(step: Step) -> Iterator[tuple[Step, ...]]:
    if isinstance(step, BlockStep):
        yield step.steps
    elif isinstance(step, IfStep):
        yield from (branch.steps for branch in step.branches)
        yield step.otherwise


def _check_ir(op: Ir, depth: int = 0) -> None:
    if not isinstance(op, Op):
        return
    known = OPERATORS.get(op.n)
    if known is None or not known.takes(len(op.a)):
        raise _unknown("operator", f"{op.n}/{len(op.a)}" if known else op.n)
    if depth >= MAX_DEPTH:
        raise _too_deep()
    for arg in op.a:
        if isinstance(arg, Op):
            _check_ir(arg, depth + 1)


def _explain(data: bytes, error: Exception) -> PlanError:
    """The best reason why `data` did not decode: a newer version, an unknown step, or the decoder's words."""
    if isinstance(error, RecursionError):
        return _too_deep()
    try:
        version = _head.decode(data).version
        tree = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return PlanError("the plan is no JSON object with a version")
    if version != PLAN_VERSION:
        return _version(version)
    kind = _unknown_kind(tree)
    return _unknown("step", kind) if kind else PlanError(f"the plan is damaged: {error}")


def _unknown_kind(tree: object) -> str:
    """The first step kind in decoded JSON that this version does not have; "" if there is none."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            kind = node.get("do")
            if isinstance(kind, str) and kind not in STEP_KINDS:
                return kind
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return ""
