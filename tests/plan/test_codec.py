"""Plans read back, hash by behaviour, and refuse what they cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rulelang.plan import codec
from rulelang.plan.codec import PlanError, PlanVersionError, decode, encode, plan_hash, with_hash
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.model import (
    ActionStep,
    Arm,
    Awaited,
    BlockStep,
    Branch,
    IfStep,
    ListenStep,
    Plan,
    StopStep,
    TriggerPlan,
    WaitStep,
)

CONDITION = Op(
    "and",
    (
        Op("eq", (Get(("contact", "status")), Lit("trial"))),
        Op("in", (Get(("contact", "country")), Lit(["DE", 1, 2.5, None, True]))),
    ),
)


def a_plan() -> Plan:
    return Plan(
        version=1,
        key="Confirm",
        subject="contact",
        state="live",
        triggers=(TriggerPlan("stage_enter", "stage.entered", CONDITION),),
        when=CONDITION,
        enrol="once",
        exits=(CONDITION,),
        steps=(
            ActionStep("do.0", "assign", {"who": Lit("ana@acme.test")}),
            WaitStep("do.1", "for", Lit("30m"), CONDITION),
            IfStep(
                "do.2",
                (Branch("do.2.then", CONDITION, (StopStep("do.2.then.0"),)),),
                (BlockStep("do.2.else.0", (StopStep("do.2.else.0.do.0", CONDITION),), CONDITION),),
            ),
            ListenStep("do.3", (Arm("do.3.on0", "on", (Awaited("user.login", CONDITION),)),)),
        ),
        file="a.rules",
        line=3,
        text="on …",
        spans={"do.0": (3, 5)},
    )


def test_plans_read_back() -> None:
    plan = with_hash(a_plan())
    assert decode(encode(plan)) == plan
    assert json.loads(encode(plan))["steps"][0] == {
        "do": "action",
        "id": "do.0",
        "action": "assign",
        "args": {"who": {"k": "lit", "v": "ana@acme.test"}},
    }


def test_types_of_literals_survive() -> None:
    values: list[Any] = ["a", 1, 1.0, True, None, -0.0, 2**63 - 1]
    plan = msgspec.structs.replace(a_plan(), when=Op("list", (Lit(values), *map(Lit, values))))
    read = decode(encode(plan)).when
    assert isinstance(read, Op)
    found = [arg.v for arg in read.a if isinstance(arg, Lit)]
    assert [repr(v) for v in found] == [repr(v) for v in [values, *values]]


def test_the_canonical_form_is_sorted_and_dense() -> None:
    text = codec.canonical(a_plan())
    fields = json.loads(text)
    assert list(fields) == sorted(fields)
    assert json.dumps(fields, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode() == text
    assert not {"hash", "file", "line", "state", "text", "spans"} & fields.keys()


@pytest.mark.parametrize(
    "change", [{"file": "b"}, {"line": 9}, {"state": "draft"}, {"text": "x"}, {"spans": {}}, {"hash": "x"}]
)
def test_what_does_not_change_behaviour_does_not_change_the_hash(change: dict[str, Any]) -> None:
    assert plan_hash(msgspec.structs.replace(a_plan(), **change)) == plan_hash(a_plan())


@pytest.mark.parametrize(
    "change",
    [
        {"key": "x"},
        {"when": None},
        {"enrol": "every time"},
        {"steps": ()},
        {"exits": ()},
        {"subject": "account"},
        {"triggers": ()},
    ],
)
def test_what_changes_behaviour_changes_the_hash(change: dict[str, Any]) -> None:
    assert plan_hash(msgspec.structs.replace(a_plan(), **change)) != plan_hash(a_plan())


def test_the_hash_is_known_for_ever() -> None:
    # Runs find their plan by its hash: a change of the format would orphan them.
    plan = Plan(
        1, "k", "contact", "live", (TriggerPlan("t", "e"),), CONDITION, "every time", (), (StopStep("do.0"),)
    )
    assert len(plan_hash(plan)) == 32
    assert plan_hash(plan) == with_hash(plan).hash == HASH


HASH = "b6fa2b07841e9aef506ae233402e4d7a"


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    fields = json.loads(encode(a_plan()))
    change(fields)
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: f.update(version=2),
            "the plan has version 2, and this version of rulelang reads only version 1",
        ),
        (
            lambda f: f.update(version=2, steps="new"),
            "the plan has version 2, and this version of rulelang reads only version 1",
        ),
        (
            lambda f: f["steps"][0].update(do="dance"),
            "the plan uses the step `dance`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["steps"][2]["otherwise"][0]["steps"][0].update(do="dance"),
            "the plan uses the step `dance`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["when"].update(n="xor"),
            "the plan uses the operator `xor`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["exits"][0]["a"][0].update(a=[]),
            "the plan uses the operator `eq/0`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["triggers"][0]["when"].update(n="xor"),
            "the plan uses the operator `xor`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["steps"][0]["args"].update(who={"k": "op", "n": "xor", "a": []}),
            "the plan uses the operator `xor`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["steps"][2]["branches"][0]["when"].update(n="xor"),
            "the plan uses the operator `xor`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["steps"][3]["arms"][0]["awaited"][0]["when"].update(n="xor"),
            "the plan uses the operator `xor`, which this version of rulelang does not know",
        ),
        (
            lambda f: f["steps"][1].update(mode="dream"),
            "the plan uses the mode `dream`, which this version of rulelang does not know",
        ),
        (
            lambda f: f.update(enrol="never"),
            "the plan uses the enrolment `never`, which this version of rulelang does not know",
        ),
    ],
)
def test_newer_plans_are_refused_by_name(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(PlanVersionError) as caught:
        decode(changed(change))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"version":"1"}', b"[" * 100_000, b'{"version":1}']
)
def test_other_bytes_are_no_plans(data: bytes) -> None:
    with pytest.raises(PlanError) as caught:
        decode(data)
    assert not isinstance(caught.value, PlanVersionError)


def test_damage_is_told() -> None:
    with pytest.raises(PlanError, match="damaged: .*missing required field `key`"):
        decode(changed(lambda f: f.pop("key")))


def deep(levels: int) -> Ir:
    ir: Ir = Lit(True)
    for _ in range(levels):
        ir = Op("not", (ir,))
    return ir


def test_depth_is_bounded() -> None:
    decode(encode(msgspec.structs.replace(a_plan(), when=deep(200))))
    with pytest.raises(PlanError, match="deeper than 256 levels"):
        decode(encode(msgspec.structs.replace(a_plan(), when=deep(300))))
    raw = encode(a_plan()).replace(b'"exits":[', b'"exits":[' + b'{"k":"op","n":"not","a":[' * 50_000)
    with pytest.raises(PlanError, match="deeper than 256 levels"):
        decode(raw)


def test_nested_steps_are_bounded() -> None:
    step: BlockStep = BlockStep("x", (StopStep("y"),))
    for _ in range(300):
        step = BlockStep("x", (step,))
    with pytest.raises(PlanError, match="deeper than 256 levels"):
        codec.check(msgspec.structs.replace(a_plan(), steps=(step,)))
