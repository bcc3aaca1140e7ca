"""Which rules an event starts, and which it must not: enrolment modes, concurrency, limits and bounds."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from rulelang.calendar import CalendarError, parse_duration, shift
from rulelang.plan.interpret import first_false
from runtime.existing import existing_match
from runtime.lives import ENTERED, tell_run
from runtime.model import JSON, Cause, EntryKind, Event, Millis, Run, RunStatus
from runtime.program import Program
from runtime.tracking import CONDITION_MET

if TYPE_CHECKING:
    from runtime.turn import Turn

_BY_NAME = frozenset({"rule.start", CONDITION_MET})
"""Events that name the rule that they start."""

_PACK = 1_000_000
"""The counter of a `release` holds `slot * _PACK + count`, so that one number is enough for it."""


class Enrolments:
    """Starts runs within a turn."""

    __slots__ = ("_turn",)

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def enrol(self, event: Event, data: dict[str, JSON]) -> None:
        """Start a run of each live rule that the event matches, in the rules' order."""
        turn = self._turn
        if event.type in _BY_NAME:
            self._start_named(event, data)
            return
        scope = turn.scope(data)
        kind = turn.working.key.kind
        matched = turn.plans.match(event.type, kind, scope)
        if turn.machine.explain:
            for program, condition in turn.plans.misses(event.type, kind, matched):
                turn.note_event(EntryKind.NOT_MATCHED, program.plan.key, event, first_false(condition, scope))
        for program in matched:
            turn.note_event(EntryKind.MATCHED, program.plan.key, event, "")
        for program in matched:
            self._enrol(program, event, data)

    def _start_named(self, event: Event, data: dict[str, JSON]) -> None:
        turn = self._turn
        key = str(data.get("rule", ""))
        program = turn.plans.live.get(key)
        kind, reason = self._why_not_named(key, program, event, data)
        turn.note_event(kind, key, event, reason)
        started = program is not None and kind is EntryKind.MATCHED and self._enrol(program, event, data)
        if not started:
            turn.steps.child_ended(str(data.get("parent", "")))

    def _why_not_named(
        self, key: str, program: Program | None, event: Event, data: dict[str, JSON]
    ) -> tuple[EntryKind, str]:
        turn = self._turn
        if program is None:
            state = turn.plans.all[key].state if key in turn.plans.all else "unknown"
            return EntryKind.REFUSED, f"the rule is {state}, only a live rule can be started"
        if program.plan.subject != turn.working.key.kind:
            return EntryKind.REFUSED, f"the rule is for {program.plan.subject} records"
        scope = turn.scope(data)
        if program.when is not None and not program.when(scope):
            return EntryKind.NOT_MATCHED, first_false(program.plan.when, scope)
        if event.type != CONDITION_MET:
            return EntryKind.MATCHED, "started by name"
        begins = program.plan.begins
        held = begins.held if begins is not None else ""
        return (
            EntryKind.MATCHED,
            f"its condition has held for {held}" if held else "its condition has become true",
        )

    def enrol_existing(self, event: Event) -> None:
        """Start a run for a record that matches as it is, because a backfill asks for it."""
        turn, key = self._turn, str(event.data.get("rule", ""))
        program = turn.plans.live.get(key)
        # Only the engine gives such an event a cause.
        if event.cause is None or program is None or not turn.working.exists:
            return
        if program.plan.subject != turn.working.key.kind:
            return
        found = existing_match(turn, program, event)
        if found is not None:
            data = {} if found is event else found.data
            turn.note_event(EntryKind.MATCHED, key, event, "it matches already; a backfill asks for it")
            self._enrol(program, found, data, event.data.get("due"))

    def _enrol(
        self, program: Program, event: Event, data: dict[str, JSON], due: Millis | None = None
    ) -> bool:
        """Start a run, not before `due`, or say why not; whether it was started."""
        turn = self._turn
        run = self._new_run(program, event, data)
        refusal = "the rule is paused" if program.plan.key in turn.plans.paused else ""
        refusal = refusal or self._refusal(program, event, run) or self._make_room(program, run, event, data)
        if refusal:
            turn.note_event(EntryKind.REFUSED, program.plan.key, event, refusal)
            return False
        refusal = self._over_limit(program)
        if refusal:
            turn.note_event(EntryKind.REFUSED, program.plan.key, event, refusal)
            return False
        self._note_enrolled(program, run)
        turn.started.append(run.id)
        turn.update(run)
        turn.note(EntryKind.ENROLLED, run, event=event.id)
        if turn.plans.tells:
            tell_run(turn, run, ENTERED)
        released = self._release_at(program)
        due = max((at for at in (released, due) if at is not None and at > turn.now), default=None)
        if due is None:
            turn.steps.proceed(run, program, 0)
        else:
            turn.steps.park(run, "", due, "waits its turn to be released")
        return True

    def _new_run(self, program: Program, event: Event, data: dict[str, JSON]) -> Run:
        plan, cause = program.plan, event.cause
        own: dict[str, JSON] = {}
        if program.per is not None:
            own["key"] = program.per(self._turn.scope(data))
        if event.type == "rule.start":
            own |= {name: data[name] for name in ("parent",) if data.get(name)}
            own |= {"vars": data["params"]} if data.get("params") else {}
        kept: dict[str, JSON] = {}
        if program.keeps_event:
            kept = {"type": event.type, "id": event.id, "data": data, "changes": event.changes}
        return Run(
            id=run_id(self._turn.now, plan.key, *self._turn.working.key, event.id),
            rule=plan.key,
            plan=plan.hash,
            subject=self._turn.working.key,
            status=RunStatus.WAITING,
            position="",
            started_at=self._turn.now,
            event=event.id,
            data=kept,
            locals=own,
            depth=cause.depth if cause else 0,
            root=cause.root if cause else event.id,
            path=cause.path if cause else (),
        )

    # --- what stands in the way ---

    def _refusal(self, program: Program, event: Event, run: Run) -> str:
        bounds, cause = self._turn.machine.bounds, event.cause
        deep = self.too_deep(cause, program.plan.key) if cause is not None else ""
        if deep:
            return deep
        if len(self._turn.started) >= bounds.runs_per_event:
            return f"one event may start {bounds.runs_per_event} runs; more were due"
        reason = self._enrolled_before(program, run)
        if reason:
            return reason
        reason, _ = self._turn.listening.exit_reason(run, program)
        return reason or self.too_many_a_minute()

    def too_deep(self, cause: Cause, key: str) -> str:
        """Why a rule must not be set off by what other rules did; "" when it may."""
        most = self._turn.machine.bounds.depth
        if cause.depth <= most:
            return ""
        return f"rules set each other off more than {most} deep: {' → '.join((*cause.path, key))}"

    def _enrolled_before(self, program: Program, run: Run) -> str:
        memory = self._turn.working.memory
        mark = _mark(run)
        if program.plan.enrol == "once" and mark in memory.get("once", {}):
            return "the rule enrols each subject once, and this one has been enrolled"
        if program.plan.enrol != "again":
            return ""
        last = memory.get("last", {}).get(mark)
        free = None if last is None else self._later(last, program.plan.enrolment.again)
        if free is not None and free > self._turn.now:
            return f"the subject was enrolled less than {program.plan.enrolment.again} ago"
        return ""

    def _make_room(self, program: Program, run: Run, event: Event, data: dict[str, JSON]) -> str:
        """What `if running` says about runs of the rule that are live; a reason to refuse, or ""."""
        own = run.locals.get("key")
        live = [
            r for r in self._turn.working.runs.values() if r.rule == run.rule and "branch" not in r.locals
        ]
        live = [r for r in live if r.locals.get("key") == own]
        enrolment = program.plan.enrolment
        if not live:
            return ""
        match enrolment.running:
            case "restart":
                for other in live:
                    self._turn.end(other, RunStatus.EXITED, EntryKind.EXITED, "begun anew by another event")
                return ""
            case "parallel" if len(live) < enrolment.most:
                return ""
            case "parallel":
                return f"{len(live)} runs of this rule are under way for this subject, as many as it allows"
            case "queue":
                return self._queue_up(run, enrolment.most, event, data)
        return "a run of this rule is already under way for this subject"

    def _queue_up(self, run: Run, most: int, event: Event, data: dict[str, JSON]) -> str:
        memory = self._turn.working.memory
        queues = memory.get("queue", {})
        waiting = queues.get(_mark(run), [])
        if len(waiting) >= most:
            return f"a run is under way and {most} more are in line, as many as the rule allows"
        item = {"id": event.id, "type": event.type, "data": data}
        self._turn.working.memory = {**memory, "queue": {**queues, _mark(run): [*waiting, item]}}
        self._turn.working.touched = True
        return "a run of this rule is under way; this one stands in line"

    def next_in_line(self, ended: Run) -> None:
        """After a run has ended: start the one that stands in line behind it."""
        memory = self._turn.working.memory
        queues = memory.get("queue")
        mark = _mark(ended)
        if not queues or mark not in queues or "branch" in ended.locals:
            return
        if ended.rule in self._turn.plans.paused:
            return
        first, *rest = queues[mark]
        left = {k: v for k, v in queues.items() if k != mark} | ({mark: rest} if rest else {})
        self._turn.working.memory = {**memory, "queue": left}
        program = self._turn.plans.live.get(ended.rule)
        if program is not None:
            now, key = self._turn.now, self._turn.working.key
            event = Event(first["id"], first["type"], now, now, key, data=first["data"])
            self._turn.note_event(EntryKind.MATCHED, ended.rule, event, "its turn in the line has come")
            self._enrol(program, event, first["data"])

    def _note_enrolled(self, program: Program, run: Run) -> None:
        working = self._turn.working
        working.touched = True
        match program.plan.enrol:
            case "once":
                working.memory = {
                    **working.memory,
                    "once": {**working.memory.get("once", {}), _mark(run): run.id},
                }
            case "again":
                last = {**working.memory.get("last", {}), _mark(run): self._turn.now}
                working.memory = {**working.memory, "last": last}

    # --- rates ---

    def too_many_a_minute(self) -> str:
        """Count another run of this subject; why it is one too many, or ""."""
        bounds, working = self._turn.machine.bounds, self._turn.working
        minute = self._turn.now // bounds.minute
        last, count = working.memory.get("rate", (0, 0))
        count = count + 1 if last == minute else 1
        working.memory = {**working.memory, "rate": (minute, count)}
        if count > bounds.runs_per_minute:
            return f"more than {bounds.runs_per_minute} runs were started for this subject within a minute"
        return ""

    def _over_limit(self, program: Program) -> str:
        limit = program.plan.enrolment.limit
        if limit is None:
            return ""
        count, span = limit
        working, ring = self._turn.working, f"limit:{count}"
        made = working.counter(f"{ring}:n:{program.plan.key}")
        # A ring of the moments of the last `count` enrolments: the oldest of them must have left the span.
        place = f"{ring}:{made % count}:{program.plan.key}"
        if made >= count and self._later(working.counter(place), span) > self._turn.now:
            return f"the rule enrols at most {count} per {span}, and has enrolled as many"
        working.new_counters |= {place: self._turn.now, f"{ring}:n:{program.plan.key}": made + 1}
        return ""

    def _release_at(self, program: Program) -> Millis | None:
        """When a run may begin by the rule's `release`; None for at once."""
        release = program.plan.enrolment.release
        if release is None:
            return None
        count, span = release
        width = self._width(span)
        key = f"release:{program.plan.key}"
        now_slot = self._turn.now // width
        slot, used = divmod(self._turn.working.counter(key), _PACK)
        slot, used = (slot, used) if slot >= now_slot else (now_slot, 0)
        if used >= count:
            slot, used = slot + 1, 0
        self._turn.working.new_counters[key] = slot * _PACK + used + 1
        return None if slot == now_slot else slot * width

    def _width(self, span: str) -> Millis:
        return max(self._later(0, span), 1000)

    def _later(self, start: Millis, span: str) -> Millis:
        try:
            return shift(start, parse_duration(span), self._turn.scope({}).zone)
        except CalendarError:
            return start


def _mark(run: Run) -> str:
    """What tells enrolments of a rule apart: the rule, and the value of `per`."""
    key = run.locals.get("key")
    return run.rule if key is None else f"{run.rule}\0{key}"


def run_id(at: Millis, *parts: str) -> str:
    """The id of a run that starts at `at`; `parts` tell it apart from all others of that moment.

    The time comes first, in eleven hexadecimal digits: ids sort by start, and rows of new runs and of their
    effects are neighbours on disk. The rest is the 64-bit BLAKE2b of the parts, so that a turn made again
    names its runs alike.
    """
    digest = blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()
    return f"run_{at:011x}{digest}"
