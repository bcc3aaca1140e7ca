"""The lint rules. Each looks at the live plans of a workspace and says what is suspicious, with a stable code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

from rulelang.diagnostics.model import Diagnostic, Label, Severity
from rulelang.lint.conditions import always_holds, never_holds
from rulelang.lint.consent import forbidden
from rulelang.lint.doing import ANYTHING, Write, all_steps, tells, writes
from rulelang.lint.listeners import Listeners
from rulelang.lint.privacy import handed_over
from rulelang.lint.reach import unreached
from rulelang.plan import model
from rulelang.plan.ir import Ir, Lit, Op, conjoin
from rulelang.source import Source, Span
from rulelang.workspace import CheckedWorkspace

Found: TypeAlias = Iterator[Diagnostic]

CODES: Mapping[str, str] = {
    "W0801": "rules set each other off in a loop",
    "W0802": "a condition can never hold",
    "W0803": "a condition always holds",
    "W0804": "two rules set the same field on the same event",
    "W0805": "a message that no consent can allow",
    "W0806": "a wait for something that may never come",
    "W0807": "a branch that is never taken",
    "W0808": "a rule or steps shadowed by a `stop` or an exit",
    "W0809": "a personal field in a webhook",
}


def lint(checked: CheckedWorkspace) -> list[Diagnostic]:
    """Everything suspicious about the live rules, by file and place."""
    plans = [plan for plan in checked.plans if plan.state in ("live", "paused")]
    places = _Places(checked)
    found = [diagnostic for rule in _RULES for diagnostic in rule(plans, places, checked)]
    return sorted(found, key=lambda d: (d.source.path, d.span, d.code))


class _Places:
    """Where steps and conditions of plans stand in the files."""

    def __init__(self, checked: CheckedWorkspace) -> None:
        self._checked = checked

    def of(self, plan: model.Plan, key: str = "") -> tuple[Source, Span]:
        """The source and span of a step or condition; of the rule's beginning without one."""
        rule = self._checked.keys[plan.key]
        source = self._checked.sources[plan.file]
        start = rule.node.span.start
        if key in plan.spans:
            low, high = plan.spans[key]
            return source, Span(start + low, start + high)
        return source, rule.node.header_span

    def warn(
        self, code: str, plan: model.Plan, key: str, message: str, help: str, labels: tuple[Label, ...] = ()
    ) -> Diagnostic:
        """A warning at a step or condition of a plan."""
        source, span = self.of(plan, key)
        return Diagnostic(code, message, source, span, Severity.WARNING, help=help, labels=labels)


# --- loops -----------------------------------------------------------------------------------------


def loops(plans: Sequence[model.Plan], places: _Places, checked: CheckedWorkspace) -> Found:
    """Rules that can set each other off for ever: one warning for each cycle, at the step that closes it."""
    recurring = [plan for plan in plans if plan.enrol != "once"]
    listeners = Listeners(recurring, checked.catalogue, checked.schema)
    edges = {plan.key: list(_followers(plan, listeners)) for plan in recurring}
    by_key = {plan.key: plan for plan in recurring}
    told: set[frozenset[str]] = set()
    for start in by_key:
        path = _cycle(start, edges)
        if path is None or frozenset(path) in told or not _goes_on([by_key[key] for key in path]):
            continue
        told.add(frozenset(path))
        last = by_key[path[-1]]
        write = next(w for key, w in edges[last.key] if key == start)
        names = " → ".join(f"`{key}`" for key in (*path, start))
        help = "make one of them `enrol once`, or give it a condition that its own change makes false"
        yield places.warn("W0801", last, write.step, f"these rules set each other off: {names}", help)


def _followers(plan: model.Plan, listeners: Listeners) -> Iterator[tuple[str, Write]]:
    for write in writes(plan):
        yield from ((other.key, write) for other in listeners.of(write))
    for other in listeners.following(plan):
        yield other.key, Write("start", other.key, ANYTHING, "", True, plan.subject)


def _goes_on(plans: Sequence[model.Plan]) -> bool:
    """Whether a round of these rules changes something each time.

    Rules that only set constants come to rest after a round, unless they undo each other's work.
    """
    if any(tells(plan, other) for plan, other in zip(plans, (*plans[1:], plans[0]), strict=True)):
        return True
    values: dict[tuple[str, str], set[object]] = {}
    for write in (write for plan in plans for write in writes(plan)):
        if write.kind == "start" or write.value is ANYTHING:
            return True
        kind = "tag" if write.kind.startswith("tag") else write.kind
        values.setdefault((kind, write.name), set()).add(write.kind if kind == "tag" else write.value)
    return any(len(found) > 1 for found in values.values())


def _cycle(start: str, edges: Mapping[str, Sequence[tuple[str, Write]]]) -> list[str] | None:
    """The shortest way from a rule back to itself, breadth first."""
    before: dict[str, str] = {}
    level = [start]
    while level:
        following: list[str] = []
        for key in level:
            for other, _ in edges[key]:
                if other == start:
                    return _walk(key, start, before)
                if other not in before:
                    before[other] = key
                    following.append(other)
        level = following
    return None


def _walk(key: str, start: str, before: Mapping[str, str]) -> list[str]:
    path = [key]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]


# --- conditions ------------------------------------------------------------------------------------


def impossible(plans: Sequence[model.Plan], places: _Places, checked: CheckedWorkspace) -> Found:
    """Conditions whose parts contradict each other, and those that are true whatever the data holds."""
    for plan in plans:
        for key, when in _conditions(plan):
            if never_holds(when):
                help = "two parts of it contradict each other; did you mean `or`?"
                yield places.warn("W0802", plan, key, "this condition can never hold", help)
            elif always_holds(when):
                help = "it is an `or` of a comparison and its opposite; leave it out"
                yield places.warn("W0803", plan, key, "this condition always holds", help)


def _conditions(plan: model.Plan) -> Iterator[tuple[str, Ir | None]]:
    for trigger in plan.triggers:
        if never_holds(conjoin(trigger.when, plan.when)):
            yield "when", conjoin(trigger.when, plan.when)
            break
    else:
        yield "when", plan.when
    for step, _ in all_steps(plan.steps):
        yield f"{step.id}.when", getattr(step, "when", None)
        if isinstance(step, model.IfStep):
            yield from ((f"{branch.id}.when", branch.when) for branch in step.branches)
        if isinstance(step, model.ListenStep):
            yield from ((f"{arm.id}.value", arm.value) for arm in step.arms if arm.kind == "until")
        if isinstance(step, model.RepeatStep):
            yield f"{step.id}.while", step.condition
    yield from ((f"exit.{number}", when) for number, when in enumerate(plan.exits))
    yield from ((f"goal.{number}", when) for number, when in enumerate(plan.goals))


# --- conflicts -------------------------------------------------------------------------------------


def conflicts(plans: Sequence[model.Plan], places: _Places, checked: CheckedWorkspace) -> Found:
    """Two rules that give one field different values on the same event."""
    writers: dict[tuple[str, str], list[tuple[model.Plan, Write]]] = {}
    for plan in plans:
        for write in _before_waiting(plan):
            if write.kind == "field":
                writers.setdefault((plan.subject, write.name), []).append((plan, write))
    told: set[tuple[str, str]] = set()
    for group in writers.values():
        for (one, mine), (other, theirs) in combinations(group, 2):
            pair = (one.key, other.key)
            if one is other or pair in told or not _differ(mine, theirs) or not _together(one, other):
                continue
            told.add(pair)
            source, span = places.of(one, mine.step)
            label = Label(span, f"`{one.key}` sets it here", source)
            message = f"`{other.key}` and `{one.key}` both set `{mine.name}` on the same event"
            help = "the later rule wins; join them, or give them conditions that exclude each other"
            yield places.warn("W0804", other, theirs.step, message, help, (label,))


def _before_waiting(plan: model.Plan) -> Iterator[Write]:
    waits = {
        step.id for step, _ in all_steps(plan.steps) if isinstance(step, (model.WaitStep, model.ListenStep))
    }
    order = [step.id for step, _ in all_steps(plan.steps)]
    first_wait = min((order.index(id) for id in waits), default=len(order))
    return (w for w in writes(plan) if w.sure and order.index(w.step) < first_wait)


def _together(one: model.Plan, other: model.Plan) -> bool:
    return any(
        a.event == b.event
        and not _of_two_values(a.when, b.when)
        and not never_holds(conjoin(a.when, b.when, one.when, other.when))
        for a in one.triggers
        for b in other.triggers
    )


def _of_two_values(one: Ir | None, other: Ir | None) -> bool:
    """Whether two triggers ask for different values of one thing: the common case, and quickly told."""
    if not isinstance(one, Op) or not isinstance(other, Op) or one.n != "eq" or other.n != "eq":
        return False
    (mine, my_value), (theirs, their_value) = one.a, other.a
    return (
        mine == theirs
        and isinstance(my_value, Lit)
        and isinstance(their_value, Lit)
        and my_value != their_value
    )


def _differ(one: Write, other: Write) -> bool:
    return one.value is ANYTHING or other.value is ANYTHING or one.value != other.value


# --- messages --------------------------------------------------------------------------------------


def without_consent(plans: Sequence[model.Plan], places: _Places, checked: CheckedWorkspace) -> Found:
    """Messages to the contact in a rule that is for, or has just made, contacts who must not get them."""
    for plan in plans:
        for step in forbidden(plan, checked.catalogue):
            help = "leave it out, or send it to the owner: `to owner`"
            yield places.warn("W0805", plan, step, "no consent can allow this message", help)


def endless(plans: Sequence[model.Plan], places: _Places, checked: CheckedWorkspace) -> Found:
    """Waits for an event or a condition that say nothing of what to do when it never comes."""
    for plan in plans:
        for step, _ in all_steps(plan.steps):
            if isinstance(step, model.ListenStep) and all(arm.kind != "timeout" for arm in step.arms):
                help = "add `timeout 7d`, or another time that fits"
                yield places.warn("W0806", plan, step.id, "this wait may never end", help)


# --- what is never reached ------------------------------------------------------------------------


_UNREACHED: Mapping[str, tuple[str, str, str]] = {
    "never": (
        "W0802",
        "this condition can never hold here",
        "what the rule's trigger and `when` ask for, or the branch it stands in, excludes it",
    ),
    "branch": (
        "W0807",
        "this branch is never taken",
        "a branch above takes everything that it could; put the narrower condition first",
    ),
    "stop": (
        "W0808",
        "this step is never made: the rule always stops before it",
        "the condition of the `stop` above holds whenever the rule starts",
    ),
    "exit": (
        "W0808",
        "this exit holds whenever the rule matches, so that no run begins",
        "the rule's `when` says so already; change one of them",
    ),
}


def shadowed(plans: Sequence[model.Plan], places: _Places, checked: CheckedWorkspace) -> Found:
    """Branches, steps and rules that what is known at the start keeps from ever happening."""
    for plan in plans:
        for finding in unreached(plan):
            code, message, help = _UNREACHED[finding.kind]
            warning = places.warn(code, plan, finding.key, message, help)
            if not any(_same_place(warning, other) for other in checked.diagnostics):
                yield warning


def _same_place(one: Diagnostic, other: Diagnostic) -> bool:
    """Whether the checker has said something about the same words already."""
    return one.source is other.source and one.span.start <= other.span.start < one.span.end


_Rule: TypeAlias = Callable[[Sequence[model.Plan], _Places, CheckedWorkspace], Found]


def personal(plans: Sequence[model.Plan], places: _Places, checked: CheckedWorkspace) -> Found:
    """W0809: what says who a contact is goes to an address outside."""
    for plan in plans:
        for step, name, in_address in dict.fromkeys(handed_over(plan)):
            where = "in the address of a webhook" if in_address else "to a webhook"
            help = "addresses are logged on the way: put it into the body" if in_address else ""
            help = help or "send an id, such as `contact.id`, unless the receiver needs to know who it is"
            yield places.warn("W0809", plan, step, f"`{name}` says who the contact is and goes {where}", help)


_RULES: tuple[_Rule, ...] = (loops, impossible, conflicts, without_consent, endless, shadowed, personal)
