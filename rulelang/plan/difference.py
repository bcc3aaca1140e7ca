"""What is different between two versions of a rule, part by part, in the author's own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff

import msgspec

from rulelang.plan.alignment import align
from rulelang.plan.ir import Get, Lit, Op
from rulelang.plan.mapping import pair_steps
from rulelang.plan.model import ActionStep, Plan, Step, WaitStep
from rulelang.plan.parts import arm_kind, arm_name, arms_of, blocks_of, kind_of, meaning
from rulelang.plan.wording import describe


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part that is another: `part` is `trigger`, `condition`, `enrolment`, `exit`, `goal`, `step`, `on exit`,
    `parameters`, `record` or `state`. `before` and `after` are as written; "" for a part that is new or gone. `step` is
    its id in the new version, for one that is gone in the old.
    """

    part: str
    before: str = ""
    after: str = ""
    step: str = ""


def differences(old: Plan, new: Plan) -> tuple[Change, ...]:
    """All parts that differ in meaning, in the order of the rule; empty for rules that do the same."""
    found = [*_header(old, new), *_steps(old, new, old.steps, new.steps, "step")]
    found += _steps(old, new, old.on_exit, new.on_exit, "on exit")
    return tuple(found)


def text_difference(before: str, after: str, old: str = "before", new: str = "after") -> str:
    """The lines that differ, as a unified diff; "" for equal texts."""
    lines = unified_diff(before.splitlines(), after.splitlines(), old, new, lineterm="")
    return "\n".join(lines)


def _header(old: Plan, new: Plan) -> Iterator[Change]:
    if old.state != new.state:
        yield Change("state", old.state, new.state)
    if old.subject != new.subject:
        yield Change("record", old.subject, new.subject)
    if old.params != new.params:
        yield Change("parameters", _params(old), _params(new))
    yield from _listed("trigger", _texts(old, "on", old.triggers), _texts(new, "on", new.triggers))
    if meaning(old.begins) != meaning(new.begins):
        yield Change("trigger", _text(old, "when", old.begins), _text(new, "when", new.begins))
    if meaning(old.when) != meaning(new.when):
        yield Change("condition", _text(old, "when", old.when), _text(new, "when", new.when))
    if (old.enrol, meaning(old.enrolment)) != (new.enrol, meaning(new.enrolment)):
        yield Change("enrolment", _enrolment(old), _enrolment(new))
    yield from _listed("exit", _texts(old, "exit", old.exits), _texts(new, "exit", new.exits))
    yield from _listed("goal", _texts(old, "goal", old.goals), _texts(new, "goal", new.goals))
    ends = (_texts(plan, "exit_on", plan.exit_on) for plan in (old, new))
    yield from _listed("exit", *ends)


def _params(plan: Plan) -> str:
    return ", ".join(f"{name}: {type_}" for name, type_ in plan.params.items())


def _enrolment(plan: Plan) -> str:
    detail = plan.enrolment
    words = [f"again after {detail.again}" if plan.enrol == "again" else plan.enrol]
    if detail.per is not None:
        words.append(f"per {describe(detail.per, plan.subject)}")
    if detail.running != "skip":
        words.append(f"if running {detail.running}")
    words += [f"at most {detail.most}"] if detail.running in ("queue", "parallel") else []
    words += [f"limit {detail.limit[0]} per {detail.limit[1]}"] if detail.limit else []
    words += [f"release {detail.release[0]} per {detail.release[1]}"] if detail.release else []
    return " ".join(words)


def _texts(plan: Plan, path: str, parts: Sequence[msgspec.Struct]) -> list[tuple[bytes, str]]:
    """What each part says, and how it is written."""
    return [(meaning(part), _text(plan, f"{path}.{n}", part)) for n, part in enumerate(parts)]


def _listed(part: str, old: list[tuple[bytes, str]], new: list[tuple[bytes, str]]) -> Iterator[Change]:
    """What was taken out of a list and what came into it."""
    before, after = {said for said, _ in old}, {said for said, _ in new}
    gone = [text for said, text in old if said not in after]
    come = [text for said, text in new if said not in before]
    if len(gone) == len(come):
        yield from (Change(part, was, is_) for was, is_ in zip(gone, come, strict=True))
        return
    yield from (Change(part, text, "") for text in gone)
    yield from (Change(part, "", text) for text in come)


def _text(plan: Plan, path: str, part: object) -> str:
    """How a part is written; in words where the text is not at hand."""
    span = plan.spans.get(path)
    if span is not None and plan.text:
        return " ".join(plan.text[span[0] : span[1]].split())
    if part is None:
        return ""
    return describe(part, plan.subject) if isinstance(part, Lit | Get | Op) else path


# --- steps -----------------------------------------------------------------------------------------------


def _steps(
    old: Plan, new: Plan, before: Sequence[Step], after: Sequence[Step], part: str
) -> Iterator[Change]:
    pairs = dict(pair_steps(before, after))
    known = set(pairs.values())
    following = 0
    for n, step in enumerate(before):
        if n not in pairs:
            yield Change(part, step_text(old, step), "", step.id)
            continue
        yield from _added(new, after[following : pairs[n]], part)
        following = pairs[n] + 1
        yield from _step(old, new, step, after[pairs[n]], part)
    yield from _added(new, [after[m] for m in range(following, len(after)) if m not in known], part)


def _added(new: Plan, steps: Sequence[Step], part: str) -> Iterator[Change]:
    yield from (Change(part, "", step_text(new, step), step.id) for step in steps)


def _step(old: Plan, new: Plan, before: Step, after: Step, part: str) -> Iterator[Change]:
    if meaning(before) == meaning(after):
        return
    if kind_of(before) != kind_of(after) or not (arms_of(after) or _has_blocks(after)):
        yield Change(part, step_text(old, before), step_text(new, after), after.id)
        return
    inside = list(_inside(old, new, before, after, part))
    if _head(before) != _head(after) or not inside:
        yield Change(part, step_text(old, before), step_text(new, after), after.id)
    yield from inside


def _has_blocks(step: Step) -> bool:
    return not isinstance(step, ActionStep) and bool(blocks_of(step))


def _inside(old: Plan, new: Plan, before: Step, after: Step, part: str) -> Iterator[Change]:
    """What differs in the steps within a step that stands on both sides."""
    mine, theirs = arms_of(before), arms_of(after)
    for n, m in align(mine, theirs, (meaning, arm_name, arm_kind)):
        yield from _steps(old, new, mine[n].steps, theirs[m].steps, part)
    others = blocks_of(after)
    for name, steps in blocks_of(before).items():
        yield from _steps(old, new, steps, others.get(name, ()), part)


def _head(step: Step) -> bytes:
    """What a step says itself, without the steps in it."""
    fields = msgspec.to_builtins(step)
    return msgspec.json.encode(_without_steps(fields))


def _without_steps(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_steps(v) for k, v in value.items() if k not in ("id", "steps", "otherwise")}
    if isinstance(value, list | tuple):
        return [_without_steps(item) for item in value]
    return value


def step_text(plan: Plan, step: Step) -> str:
    """A step as it is written, on one line; of one with steps in it the first line."""
    span = plan.spans.get(step.id)
    if span is None or not plan.text:
        return wait_text(plan, step) if isinstance(step, WaitStep) else kind_of(step)
    text = plan.text[span[0] : span[1]].strip()
    if arms_of(step) or _has_blocks(step):
        text = text.split("\n", 1)[0]
    return " ".join(text.split())


def wait_text(plan: Plan, step: WaitStep) -> str:
    """What a wait waits for, as it is written: `30m`, `9:00`, `renewal_date - 7d`."""
    span = plan.spans.get(f"{step.id}.value")
    if span is not None and plan.text:
        return plan.text[span[0] : span[1]]
    return describe(step.value, plan.subject)
