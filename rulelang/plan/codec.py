"""Plans as bytes: JSON to store, a canonical form with its hash, and the refusal of what is newer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import get_args

import msgspec

from rulelang.plan.ir import Get, Lit, Op
from rulelang.plan.model import PLAN_VERSION, Arm, Enrolment, ListenStep, Plan, Step, WaitStep
from rulelang.plan.operators import OPERATORS

MAX_DEPTH = 256
"""Expressions and steps nested deeper are refused. The language itself stops at 64 levels."""

CLOSED: Mapping[type[msgspec.Struct], Mapping[str, tuple[str, ...]]] = {
    Arm: {"kind": ("on", "until", "timeout")},
    Enrolment: {"running": ("skip", "restart", "queue", "parallel")},
    ListenStep: {"subject": ("", "approval", "callback")},
    Plan: {"enrol": ("every time", "once", "again")},
    WaitStep: {"mode": ("for", "time", "date", "day")},
}
"""Fields that hold one of a few words, with the words that this version can carry out."""

STEP_KINDS = frozenset(kind.__struct_config__.tag for kind in get_args(Step))

_NOUNS = {"enrol": "enrolment"}
_ATOMS = frozenset({Lit, Get, str, int, bool, type(None)})
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
        PlanVersionError: it has a version, operator or closed word (such as a wait's mode) that is unknown here.
        PlanError: it is nested too deeply.
    """
    if plan.version != PLAN_VERSION:
        raise _version(plan.version)
    _check_part(plan, 0)


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


def _check_part(part: object, depth: int) -> None:
    """Check a step, an expression or any other part of a plan, and all parts of it."""
    kind = part.__class__
    if kind in _ATOMS:
        return
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(part, Op):
        _check_operator(part)
        for arg in part.a:
            if arg.__class__ is Op:
                _check_part(arg, depth + 1)
    elif isinstance(part, tuple | dict):
        for item in part.values() if isinstance(part, dict) else part:
            _check_part(item, depth)
    elif isinstance(part, msgspec.Struct):
        _check_struct(part, depth)


def _check_operator(op: Op) -> None:
    known = OPERATORS.get(op.n)
    if known is None or not known.takes(len(op.a)):
        raise _unknown("operator", f"{op.n}/{len(op.a)}" if known else op.n)


def _check_struct(part: msgspec.Struct, depth: int) -> None:
    kind = part.__class__
    for name, words in CLOSED.get(kind, {}).items():
        word = getattr(part, name)
        if word not in words:
            raise _unknown(_NOUNS.get(name, name), word)
    for name in _parts(kind):
        _check_part(getattr(part, name), depth + 1)


@cache
def _parts(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields that may hold something to check."""
    plain = {str, int, bool, dict[str, str], dict[str, tuple[int, int]]}
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.type not in plain)


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
