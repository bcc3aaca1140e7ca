"""Results as people and build servers read them: text, JSON, JUnit XML and TAP 14."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import msgspec

from rulelang.diagnostics.render import render_text
from rulelang.diagnostics.terminal import harmless
from rulelang.source import Source
from workbench.testing.coverage import RuleCoverage
from workbench.testing.results import Result


def render(results: Sequence[Result], coverage: Sequence[RuleCoverage], form: str, color: bool) -> str:
    """The results as text of a form: `text`, `json`, `junit` or `tap`."""
    match form:
        case "json":
            return (
                msgspec.json.format(msgspec.json.encode(_json(results, coverage)), indent=2).decode() + "\n"
            )
        case "junit":
            return _junit(results)
        case "tap":
            return "\n".join(_tap(results)) + "\n"
    return "".join(_text(result, color) for result in results if result.failure) + _summary(results)


def percent(coverage: Sequence[RuleCoverage]) -> float:
    """How much of all rules together was exercised, in percent; 100 of nothing."""
    total = sum(rule.total for rule in coverage)
    return 100.0 if not total else 100.0 * sum(rule.covered for rule in coverage) / total


def coverage_text(coverage: Sequence[RuleCoverage], sources: Mapping[str, Source]) -> Iterator[str]:
    """Lines for a terminal: each rule, and the lines of it that lack something, marked."""
    for rule in coverage:
        plan = rule.plan
        yield f"{harmless(plan.key)}  {plan.file}:{plan.line}  {rule.covered} of {rule.total}"
        lacking: dict[int, list[str]] = {}
        for gap in rule.gaps:
            lacking.setdefault(gap.line, []).append(gap.what)
        for line, what in lacking.items():
            written = harmless(sources[plan.file].line(line).rstrip())
            yield f"{line:5} ! {written:<48}  {', '.join(what)}"
    yield f"coverage: {percent(coverage):.1f} %"


def _text(result: Result, color: bool) -> str:
    assert result.failure is not None
    lines = [f"FAIL  {harmless(result.test.name)}", render_text([result.failure], color).rstrip("\n")]
    if result.timeline:
        lines += ["", f"  {result.heading}", *(f"  {line}" for line in result.timeline)]
    return "\n".join(lines) + "\n\n"


def _summary(results: Sequence[Result]) -> str:
    count = Counter(result.failure is None for result in results)
    failed = f", {count[False]} failed" if count[False] else ""
    return f"{count[True]} passed{failed}\n"


def _json(results: Sequence[Result], coverage: Sequence[RuleCoverage]) -> dict[str, Any]:
    count = Counter(result.failure is None for result in results)
    return {
        "passed": count[True],
        "failed": count[False],
        "tests": [_json_test(result) for result in results],
        "coverage": [
            {
                "rule": rule.plan.key,
                "file": rule.plan.file,
                "line": rule.plan.line,
                "covered": rule.covered,
                "total": rule.total,
                "missing": [{"line": gap.line, "what": gap.what} for gap in rule.gaps],
            }
            for rule in coverage
        ],
    }


def _json_test(result: Result) -> dict[str, Any]:
    failure = result.failure
    return {
        "name": result.test.name,
        "file": result.test.source.path,
        "line": _line(result),
        "passed": failure is None,
        "message": failure.message if failure else "",
        "found": failure.label if failure else "",
        "timeline": list(result.timeline),
    }


def _line(result: Result) -> int:
    """The line of the failure, else of the test."""
    if result.failure is None:
        return result.test.line
    return result.test.source.position(result.failure.span.start).line


def _junit(results: Sequence[Result]) -> str:
    failed = sum(result.failure is not None for result in results)
    suite = ElementTree.Element("testsuite", name="rules", tests=str(len(results)), failures=str(failed))
    for result in results:
        file, name = result.test.source.path, harmless(result.test.name)
        case = ElementTree.SubElement(suite, "testcase", classname=file, name=name, file=file)
        case.set("line", str(_line(result)))
        if result.failure is not None:
            failure = ElementTree.SubElement(case, "failure", message=harmless(result.failure.message))
            failure.text = "\n".join(map(harmless, _details(result)))
    ElementTree.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suite, encoding="unicode")}\n'


def _details(result: Result) -> list[str]:
    found = result.failure.label if result.failure is not None else ""
    return [f"{result.test.source.path}:{_line(result)}: {found}", *result.timeline]


def _tap(results: Sequence[Result]) -> Iterator[str]:
    yield "TAP version 14"
    yield f"1..{len(results)}"
    for number, result in enumerate(results, 1):
        name = harmless(result.test.name).replace("\\", "\\\\").replace("#", "\\#")
        if result.failure is None:
            yield f"ok {number} - {name}"
            continue
        yield f"not ok {number} - {name}"
        yield "  ---"
        yield f"  message: {msgspec.json.encode(result.failure.message).decode()}"
        yield f"  found: {msgspec.json.encode(result.failure.label).decode()}"
        yield f"  at: {{file: {msgspec.json.encode(result.test.source.path).decode()}, line: {_line(result)}}}"
        yield "  ..."
