"""The flow picture of rules beside their text, with the way that a run took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from rulelang.picture.build import picture
from rulelang.picture.marks import marks, told_by
from rulelang.picture.mermaid import mermaid
from rulelang.picture.model import Arm, Fork, Item, Loop, Mark, Node, Picture, without_places
from rulelang.picture.svg import svg
from rulelang.plan.codec import PlanError, decode
from rulelang.plan.model import Plan
from rulelang.workspace import CheckedWorkspace
from runtime.model import Entry, Run, RunStatus
from web.context import AppContext, context_of
from web.editing.bodies import Place, read_as
from web.editing.convert import Places
from web.editing.language import service_of
from web.editing.trying import branch_of
from web.problems import Problem
from web.routing import json_response
from web.runs import find_run

Placer: TypeAlias = Callable[[tuple[int, int]], tuple[int, int]]

_MOST = 50
"""Pictures in one answer."""
_SEGMENTS = 1000
OVER = frozenset((RunStatus.COMPLETED, RunStatus.EXITED, RunStatus.FAILED, RunStatus.CANCELLED))
"""How runs have ended."""


class Taken(msgspec.Struct):
    """One entry of a run's timeline, as a simulation gives it; keys that say nothing of the way are passed over."""

    kind: str
    step: str = ""
    run: str = ""


class Wanted(Place, forbid_unknown_fields=True):
    """A text, and whose picture is wanted: of the rule `rule`, else of all its rules.

    `run` is the id of a run whose way is marked; `taken` are the entries of one run of a simulation instead, which is
    `over` or not.
    """

    rule: str = ""
    run: str = ""
    taken: list[Taken] = []
    over: bool = False


class Way(msgspec.Struct, frozen=True):
    """What a journal tells of the way of one run through one rule."""

    told: Mapping[str, Mark] = {}
    over: bool = False


async def flow(request: Request) -> Response:
    """The pictures of rules, as data and as SVG."""
    body, context = await read_as(request, Wanted), context_of(request)
    if body.run:
        context.guard.require(request, "runs:read")
        return json_response(await _of_run(context, body))
    way = Way(told_by((e.run, e.kind, e.step) for e in body.taken), body.over)
    return json_response(await run_in_threadpool(_of_text, context, body, way))


def _of_text(context: AppContext, body: Wanted, way: Way) -> dict[str, Any]:
    """The rules of a text as it is being edited."""
    checked = service_of(context, body).workspace
    file = checked.files.get(body.path)
    plans = [r.plan for r in file.rules if r.plan is not None] if file is not None else []
    wanted = [plan for plan in plans if body.rule in ("", plan.key)]
    return {
        "rules": [_drawn(plan, checked, way if body.rule else Way()) for plan in wanted[:_MOST]],
        "truncated": len(wanted) > _MOST,
    }


async def _of_run(context: AppContext, body: Wanted) -> dict[str, Any]:
    run = await find_run(context, body.run)
    checked = await run_in_threadpool(lambda: service_of(context, body).workspace)
    found = await picture_of_run(context, run, checked)
    if found is None:
        raise Problem(404, "the version of the rule that this run followed cannot be read any more")
    return {"rules": [found], "truncated": False}


async def picture_of_run(context: AppContext, run: Run, checked: CheckedWorkspace) -> dict[str, Any] | None:
    """The version of the rule that a run follows, with its way; tied to the text if that is still the same.

    None when that version is not kept any more, or is of another release.
    """
    encoded = await context.reader.plan(run.plan)
    try:
        plan = decode(encoded) if encoded is not None else None
    except PlanError:
        plan = None
    if plan is None:
        return None
    way = Way(told_by(await _journal(context, run)), run.status in OVER)
    return await run_in_threadpool(_drawn, plan, checked, way)


def pictures_of_file(checked: CheckedWorkspace, path: str) -> list[dict[str, Any]]:
    """The rules of a file, as they are in force."""
    return [_drawn(plan, checked, Way()) for plan in checked.plans if plan.file == path][:_MOST]


async def _journal(context: AppContext, run: Run) -> list[tuple[str, str, str]]:
    """The entries of a run, and of the runs that walk its branches beside each other."""
    others, _ = await context.reader.list_runs(limit=_SEGMENTS, rule=run.rule, subject=run.subject)
    # Branches begin with the event that their run began with.
    near = [r.id for r in others if r.event == run.event and r.id != run.id][:_MOST]
    entries = {id: await _entries(context, id) for id in (run.id, *near)}
    parents = {id: branch_of(str(e.kind), e.reason) for id, own in entries.items() for e in own[:1]}
    own = [run.id]
    for parent in own:
        own += [id for id in near if parents.get(id) == parent]
    return [(id, str(e.kind), e.step) for id in own for e in entries[id]]


async def _entries(context: AppContext, run: str) -> list[Entry]:
    rows = await context.reader.journal(run=run, limit=_SEGMENTS)
    return [e for row in rows for e in row.entries if e.run == run]


# --- drawing ---------------------------------------------------------------------------------------


def _drawn(plan: Plan, checked: CheckedWorkspace, way: Way) -> dict[str, Any]:
    found = picture(plan)
    marked = marks(found, way.told, way.over) if way.told or way.over else {}
    state = checked.keys.get(plan.key)
    now = state.plan if state is not None else None
    current = now is not None and now.text == plan.text
    if current and now is not None:
        place, line = _placer(now, checked), now.line
    else:
        # The text has moved on: there is no place in it for steps of another version.
        found, place, line = without_places(found), _nowhere, plan.line
    return {
        "rule": plan.key,
        "state": plan.state,
        "plan": plan.hash,
        "path": now.file if now is not None else plan.file,
        "line": line,
        "current": current,
        "data": _picture_json(found, marked, place),
        "svg": svg(found, marked, place),
        "mermaid": mermaid(found),
    }


def _nowhere(span: tuple[int, int]) -> tuple[int, int]:
    return span


def _placer(plan: Plan, checked: CheckedWorkspace) -> Placer:
    """From spans in the plan's text to offsets in its file, in UTF-16 code units."""
    state = checked.keys[plan.key]
    start = state.node.span.start
    units = Places().of(checked.files[plan.file].source).units
    return lambda span: (units(start + span[0]), units(start + span[1]))


def _picture_json(found: Picture, marked: Mapping[str, Mark], place: Placer) -> dict[str, Any]:
    show = _Shown(marked, place)
    return {
        "start": show.node(found.start),
        "items": show.items(found.items),
        "end": show.node(found.end),
        "on_exit": show.items(found.on_exit),
    }


class _Shown:
    """Parts of a picture as JSON."""

    def __init__(self, marked: Mapping[str, Mark], place: Placer) -> None:
        self._marked = marked
        self._place = place

    def items(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        """Items below each other."""
        return [self._item(item) for item in items]

    def _item(self, item: Item) -> dict[str, Any]:
        match item:
            case Node():
                return self.node(item)
            case Loop(head, inner):
                return {**self.node(head), "repeats": self.items(inner)}
            case Fork(head, arms):
                return {**self.node(head), "arms": [self._arm(arm) for arm in arms]}

    def _arm(self, arm: Arm) -> dict[str, Any]:
        return {
            "id": arm.id,
            "label": arm.label,
            "mark": self._marked.get(arm.id),
            "ends": arm.ends,
            "items": self.items(arm.items),
        }

    def node(self, node: Node) -> dict[str, Any]:
        """One node."""
        places: Mapping[str, int | None] = {"from": None, "to": None}
        if node.span is not None:
            places = dict(zip(("from", "to"), self._place(node.span), strict=True))
        return {
            "id": node.id,
            "shape": node.shape,
            "title": node.title,
            "detail": node.detail,
            **places,
            "mark": self._marked.get(node.id) if node.id else None,
        }
