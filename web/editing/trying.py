"""Rules tried out from the page: simulated on a virtual clock, and tested, with every step tied to its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from rulelang.diagnostics.model import Diagnostic
from rulelang.plan.model import Plan
from rulelang.workspace import CheckedWorkspace
from runtime.files import FileError, FileKind, kind_of, read_tests
from runtime.model import BRANCH_OF, EntryKind
from runtime.trying import Refused, Sample, Seen, Simulated, Tested, TestRun
from web.context import AppContext, context_of
from web.editing import convert
from web.editing.bodies import Place, check_texts, read_as
from web.editing.convert import Places
from web.editing.language import workspace_of
from web.editing.spans import PlanPlaces
from web.problems import Problem
from web.routing import json_response
from web.runs import run_json

_BOTH = ("true", "false")


class Attempt(Place, forbid_unknown_fields=True, rename={"start": "from", "span": "for"}):
    """A text with what it is tried out on: records as objects or as the text of a CSV file.

    `from` is a date or time, `for` a duration. With `only`, rules of other files do not run. `answers` say how the
    outside answers, as in tests.
    """

    contacts: list[dict[str, Any]] | str = []
    accounts: list[dict[str, Any]] | str = []
    opportunities: list[dict[str, Any]] | str = []
    events: list[dict[str, Any]] = []
    start: str = ""
    span: str = ""
    only: bool = False
    answers: list[str] = []


class Tests(msgspec.Struct, forbid_unknown_fields=True):
    """Which tests to run: those of one file, as its text says, or all. `others` are unsaved texts of files."""

    path: str = ""
    text: str | None = None
    others: dict[str, str] = {}


async def samples(request: Request) -> Response:
    """Records and events to begin with."""
    context = context_of(request)
    found = await run_in_threadpool(context.tools.samples, context.workspace.checked)
    return json_response(found)


async def simulate(request: Request) -> Response:
    """Run the rules, with the text as it is being edited, and say what would happen."""
    body, context = await read_as(request, Attempt), context_of(request)
    return json_response(await context.desk.heavy(lambda: _simulated(context, body)))


def _simulated(context: AppContext, body: Attempt) -> dict[str, Any]:
    checked = workspace_of(context, body)
    _stop_on_errors(checked, {body.path})
    records = {"contact": body.contacts, "account": body.accounts, "opportunity": body.opportunities}
    sample = Sample(records, body.events, body.start, body.span, body.answers)
    try:
        found = context.tools.simulate(checked, sample, body.path, body.only)
    except Refused as error:
        raise Problem(422, str(error)) from None
    return simulated_json(checked, found)


def _stop_on_errors(checked: CheckedWorkspace, paths: set[str]) -> None:
    """Rules with errors do not run, and a run without them would mislead."""
    errors = [d for d in checked.diagnostics if d.is_error and d.source.path in paths]
    if errors:
        raise Problem(
            422, "the text has mistakes; mend them first", diagnostics=convert.diagnostics(errors, Places())
        )


def simulated_json(checked: CheckedWorkspace, found: Simulated) -> dict[str, Any]:
    """A simulation for the page: each entry with the place of its step, and what was covered."""
    places = PlanPlaces(checked)
    return {
        "timeline": [_with_source(entry, places) for entry in found.timeline],
        "mails": [_with_source(mail, places) for mail in found.mails],
        "runs": list(_runs_json(found)),
        "coverage": coverage_json(found.seen, found.plans, places),
        "truncated": found.truncated,
        "left_out": found.left_out,
    }


def _runs_json(found: Simulated) -> Iterator[dict[str, Any]]:
    """The runs, those of branches beside each other with the run that they are a branch of."""
    parents = {
        entry["run"]: parent
        for entry in found.timeline
        if (parent := branch_of(str(entry["kind"]), str(entry.get("reason", ""))))
    }
    for run in found.runs:
        yield run_json(run) | ({"branch_of": parents[run.id]} if run.id in parents else {})


def branch_of(kind: str, reason: str) -> str:
    """The run of which the run of an entry walks a branch; "" when the entry does not say so."""
    return (
        reason.removeprefix(BRANCH_OF) if kind == EntryKind.ENROLLED and reason.startswith(BRANCH_OF) else ""
    )


def _with_source(entry: Mapping[str, Any], places: PlanPlaces) -> dict[str, Any]:
    place = places.of(entry["rule"], entry.get("step", "")) if "rule" in entry else None
    return {**entry, "source": place} if place is not None else dict(entry)


def coverage_json(seen: Iterable[Seen], plans: Sequence[Plan], places: PlanPlaces) -> dict[str, Any]:
    """How often each step happened, and how often each condition came out true and false."""
    conditions: dict[tuple[str, str], dict[str, int]] = {}
    steps: dict[tuple[str, str, str], int] = {}
    for each in seen:
        if each.what in _BOTH:
            conditions.setdefault((each.rule, each.part), {})[each.what] = each.hits
        else:
            steps[each.rule, each.part, each.what] = each.hits
    return {
        "steps": [
            {"rule": rule, "id": id, "what": what, "hits": hits, **places.at(rule, id)}
            for (rule, id, what), hits in steps.items()
        ],
        "branches": [
            {
                "rule": rule,
                "id": id,
                "true": n.get("true", 0),
                "false": n.get("false", 0),
                **places.at(rule, id),
            }
            for (rule, id), n in conditions.items()
        ],
    }


# --- tests -----------------------------------------------------------------------------------------


async def test(request: Request) -> Response:
    """Run tests, with texts as they are being edited."""
    body, context = await read_as(request, Tests), context_of(request)
    files, place = await run_in_threadpool(_test_files, context, body)
    inside = kind_of(body.path) is not FileKind.TEST
    return json_response(await context.desk.heavy(lambda: _tested(context, files, place, inside)))


def _test_files(context: AppContext, body: Tests) -> tuple[Mapping[str, str], Place]:
    """The test files that are meant, and the rules as they are being edited."""
    texts = dict(body.others)
    if body.path and body.text is not None:
        texts[body.path] = body.text
    check_texts(texts)
    try:
        files = read_tests(context.workspace.root)
    except FileError:
        raise Problem(422, "a file of tests cannot be read") from None
    files |= {path: text for path, text in texts.items() if kind_of(path) is FileKind.TEST}
    if kind_of(body.path) is FileKind.TEST:
        if body.path not in files:
            raise Problem(404, f"the workspace has no file {body.path[:100]!r}")
        files = {body.path: files[body.path]}
    edited = {
        path: text for path, text in texts.items() if kind_of(path) in (FileKind.RULES, FileKind.TEMPLATE)
    }
    path = next(iter(edited), "")
    return files, Place(path, edited.get(path, ""), edited)


def _tested(context: AppContext, files: Mapping[str, str], place: Place, inside: bool) -> dict[str, Any]:
    checked = workspace_of(context, place)
    _stop_on_errors(checked, set(place.others))
    try:
        found = context.tools.test(checked, files, inside)
    except Refused as error:
        raise Problem(422, str(error)) from None
    return _tests_json(checked, found)


def _tests_json(checked: CheckedWorkspace, found: TestRun) -> dict[str, Any]:
    places = Places()
    passed = sum(result.failure is None for result in found.results)
    return {
        "passed": passed,
        "failed": len(found.results) - passed,
        "tests": [_test_json(result, places) for result in found.results],
        "diagnostics": convert.diagnostics(found.mistakes, places),
        "coverage": coverage_json(found.seen, found.plans, PlanPlaces(checked)),
        "truncated": found.truncated,
    }


def _test_json(result: Tested, places: Places) -> dict[str, Any]:
    failure: Diagnostic | None = result.failure
    answer: dict[str, Any] = {
        "name": result.name,
        "path": result.path,
        "line": result.line,
        "passed": failure is None,
    }
    if failure is not None:
        where = places.place(failure.source, failure.span)
        answer |= {"message": failure.message, "found": failure.label, "source": where}
        answer["timeline"] = list(result.timeline)
    return answer
