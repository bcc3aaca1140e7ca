"""What going live with other rules would mean: a value made from two sets of plans and the runs in flight. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from rulelang.calendar import instant_text
from rulelang.plan.difference import Change, differences, step_text, text_difference, wait_text
from rulelang.plan.mapping import PlaceMap, map_places
from rulelang.plan.model import Arm, ListenStep, Plan, Step, WaitStep
from rulelang.plan.parts import all_steps, meaning
from runtime.files import Files
from runtime.model import JSON, Millis
from runtime.store.protocol import Flight

FINISH, MOVE, END = "finish", "move", "end"
CHOICES = (FINISH, MOVE, END)
"""What becomes of runs in flight: they finish on the version they began with, are moved to the new one, or end."""


class Wait(msgspec.Struct, frozen=True, omit_defaults=True):
    """A wait that is another in the new version: `before` and `after` are as written ("" without a timeout)."""

    before: str
    after: str


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Runs at one step of one version. `to` is their step in the new version; None when they cannot be moved, and
    `why_not` says why. `text` is the step as written; `wait` what a changed wait means for them once they are moved.
    """

    plan: str
    step: str
    status: str
    runs: int
    text: str = ""
    to: str | None = None
    why_not: str = ""
    wait: Wait | None = None
    first_due: Millis | None = None
    last_due: Millis | None = None


class RuleChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule in a deploy plan.

    `change` is `added`, `changed`, `removed`, or `unchanged` for a rule of which runs follow an older version. `plan`
    is the new version's hash. `diff` compares the texts. `choices` are what may be chosen for its runs.
    """

    rule: str
    change: str
    file: str
    plan: str = ""
    changes: tuple[Change, ...] = ()
    diff: str = ""
    runs: int = 0
    movable: int = 0
    standing: tuple[Standing, ...] = ()
    choices: tuple[str, ...] = ()


class DeployPlan(msgspec.Struct, frozen=True):
    """What a deploy would do. `token` stands for the state that it was made from."""

    token: str
    rules: tuple[RuleChange, ...]


def plan_deploy(
    before: Sequence[Plan],
    after: Sequence[Plan],
    flights: Sequence[Flight],
    versions: Mapping[str, Plan],
    uses_event: frozenset[str] = frozenset(),
    token: str = "",
) -> DeployPlan:
    """The plan for going from the rules `before` to those `after`.

    `versions` are the plans by hash that `flights` follow; those of which none is known cannot be moved.
    `uses_event` is as in `rulelang.plan.mapping.map_places`.
    """
    old = {plan.key: plan for plan in before}
    new = {plan.key: plan for plan in after}
    by_rule: dict[str, list[Flight]] = {}
    for flight in flights:
        by_rule.setdefault(flight.rule, []).append(flight)
    keys = dict.fromkeys([*new, *old, *by_rule])
    changes = (
        _rule(key, old.get(key), new.get(key), by_rule.get(key, []), versions, uses_event) for key in keys
    )
    return DeployPlan(token, tuple(change for change in changes if change is not None))


def deploy_token(before: Files, after: Files, flights: Iterable[Flight]) -> str:
    """A hash of what is in force, of what is to be, and of the versions that runs in flight follow.

    How many runs there are is not part of it: people come and go all the time, and what is chosen for a rule holds for
    whoever is in flight then.
    """
    followed = sorted({(flight.rule, flight.plan) for flight in flights})
    state = [before.rules, before.templates, after.rules, after.templates, followed]
    encoded = msgspec.json.encode(state, order="sorted")
    return hashlib.sha256(encoded).hexdigest()[:32]


def _rule(
    key: str,
    old: Plan | None,
    new: Plan | None,
    flights: Sequence[Flight],
    versions: Mapping[str, Plan],
    uses_event: frozenset[str],
) -> RuleChange | None:
    kind = _kind(old, new, flights)
    if kind is None:
        return None
    standing = tuple(_standing(new, flights, versions, uses_event))
    movable = sum(each.runs for each in standing if each.to is not None)
    known = new or old or _latest(flights, versions)
    return RuleChange(
        rule=key,
        change=kind,
        file=known.file if known else "",
        plan=new.hash if new else "",
        changes=differences(old, new) if old and new else (),
        diff=_diff(old, new),
        runs=sum(flight.runs for flight in flights),
        movable=movable,
        standing=standing,
        choices=() if not flights else CHOICES if new else (FINISH, END),
    )


def _kind(old: Plan | None, new: Plan | None, flights: Sequence[Flight]) -> str | None:
    if new is None:
        return "removed" if old is not None else None
    if old is None:
        return "added"
    if (old.hash, old.state, old.text, old.file) != (new.hash, new.state, new.text, new.file):
        return "changed"
    return "unchanged" if any(flight.plan != new.hash for flight in flights) else None


def _latest(flights: Sequence[Flight], versions: Mapping[str, Plan]) -> Plan | None:
    return next((versions[f.plan] for f in flights if f.plan in versions), None)


def _diff(old: Plan | None, new: Plan | None) -> str:
    before, after = (plan.text if plan else "" for plan in (old, new))
    return text_difference(before, after, "in force", "new")


def _standing(
    new: Plan | None, flights: Sequence[Flight], versions: Mapping[str, Plan], uses_event: frozenset[str]
) -> Iterator[Standing]:
    maps: dict[str, PlaceMap] = {}
    for flight in flights:
        version = versions.get(flight.plan)
        if new is not None and version is not None and flight.plan not in maps:
            maps[flight.plan] = map_places(version, new, uses_event)
        yield _place(flight, version, new, maps.get(flight.plan))


def _place(flight: Flight, version: Plan | None, new: Plan | None, places: PlaceMap | None) -> Standing:
    steps = {} if version is None else {step.id: step for step in all_steps(version)}
    step = steps.get(flight.position)
    to = places.place(flight.position) if places is not None else None
    why_not = ""
    if to is None:
        why_not = "the rule is gone" if new is None else "the version they follow is not known here"
        why_not = places.why_not(flight.position) if places is not None else why_not
    return Standing(
        plan=flight.plan,
        step=flight.position,
        status=flight.status,
        runs=flight.runs,
        text=step_text(version, step) if version is not None and step is not None else _nowhere(flight),
        to=to,
        why_not=why_not,
        wait=_changed_wait(version, step, new, to),
        first_due=flight.first_due,
        last_due=flight.last_due,
    )


def _nowhere(flight: Flight) -> str:
    return "before the first step" if not flight.position else ""


def _changed_wait(version: Plan | None, step: Step | None, new: Plan | None, to: str | None) -> Wait | None:
    if version is None or step is None or new is None or not to:
        return None
    other = next(each for each in all_steps(new) if each.id == to)
    if isinstance(step, WaitStep) and isinstance(other, WaitStep):
        same = (step.day, meaning(step.value)) == (other.day, meaning(other.value))
        return None if same else Wait(wait_text(version, step), wait_text(new, other))
    if isinstance(step, ListenStep) and isinstance(other, ListenStep):
        mine, theirs = _timeout(step), _timeout(other)
        if (mine is None, mine and meaning(mine.value)) == (theirs is None, theirs and meaning(theirs.value)):
            return None
        return Wait(_timeout_text(version, mine), _timeout_text(new, theirs))
    return None


def _timeout(step: ListenStep) -> Arm | None:
    return next((arm for arm in step.arms if arm.kind == "timeout"), None)


def _timeout_text(plan: Plan, arm: Arm | None) -> str:
    span = plan.spans.get(f"{arm.id}.value") if arm is not None else None
    return f"timeout {plan.text[span[0] : span[1]]}" if span is not None else "no timeout"


# --- forms ---------------------------------------------------------------------------------------------------


def deploy_json(plan: DeployPlan) -> JSON:
    """The public JSON form (docs/deploy.md); times are ISO 8601 in UTC."""
    value = msgspec.to_builtins(plan)
    for rule in value["rules"]:
        for standing in rule.get("standing", ()):
            for name in ("first_due", "last_due"):
                if standing.get(name) is not None:
                    standing[name] = instant_text(standing[name])
    return value


def deploy_lines(plan: DeployPlan) -> Iterator[str]:
    """The plan for a terminal."""
    if not plan.rules:
        yield "nothing changes"
    for rule in plan.rules:
        yield from _rule_lines(rule)


def _rule_lines(rule: RuleChange) -> Iterator[str]:
    yield f"{rule.change:<9}  {rule.rule}  ({rule.file})"
    for change in rule.changes:
        yield f"    {_change_line(change)}"
    if rule.change == "changed" and not rule.changes:
        yield "    the text alone is another; the rule does the same"
    if not rule.runs:
        return
    yield f"    {_runs(rule.runs)} in flight, {rule.movable} can be moved"
    for standing in rule.standing:
        yield f"      {_standing_line(standing)}"


def _change_line(change: Change) -> str:
    if not change.before:
        return f"+ {change.part}  {change.after}"
    if not change.after:
        return f"- {change.part}  {change.before}"
    return f"~ {change.part}  {change.before}  →  {change.after}"


def _standing_line(standing: Standing) -> str:
    where = f"at {standing.step}: {standing.text}" if standing.step else standing.text
    line = f"{_runs(standing.runs)} {standing.status} {where}"
    if standing.wait is not None:
        line += f"; {standing.wait.before} becomes {standing.wait.after}"
    if standing.to is None:
        return f"{line}; cannot be moved: {standing.why_not}"
    return line if standing.to == standing.step else f"{line}; moves to {standing.to}"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


__all__ = [
    "CHOICES",
    "END",
    "FINISH",
    "MOVE",
    "DeployPlan",
    "RuleChange",
    "Standing",
    "Wait",
    "deploy_json",
    "deploy_lines",
    "deploy_token",
    "plan_deploy",
]
