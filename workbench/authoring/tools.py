"""The author's tools for the pages of a server, over the workspace in its folder (`runtime.trying.AuthorTools`)."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rulelang.diagnostics.model import Diagnostic
from rulelang.editor.model import Completion
from rulelang.plan.model import Plan
from rulelang.source import Source
from rulelang.workspace import CheckedWorkspace
from runtime.actions import Library
from runtime.settings import SettingsError, load_settings
from runtime.trying import Refused, Sample, Simulated, Tested, TestRun
from stdlib_actions.library import offline_library
from workbench.authoring import samples, simulating
from workbench.authoring.simulating import Bounds, seen_of
from workbench.testing.completing import complete_tests
from workbench.testing.coverage import Coverage
from workbench.testing.meaning import Meaning
from workbench.testing.model import Test
from workbench.testing.parser import parse_inside, parse_tests
from workbench.testing.proving import USUAL, Sequences
from workbench.testing.runner import Runner, tested

_SEQUENCES = Sequences(min(USUAL.count, 20), USUAL.seed)
"""How often a property is tried: `rulelang test` has more patience than a page."""


class Tools:
    """The tools for one workspace."""

    def __init__(self, root: Path, bounds: Bounds | None = None) -> None:
        self._root = root
        self._bounds = bounds or Bounds()

    def simulate(self, checked: CheckedWorkspace, sample: Sample, path: str, only: bool) -> Simulated:
        """Run the live rules, and those of the file `path` in whatever state; with `only` no others.

        Raises:
            Refused: the sample cannot be read.
        """
        own = [p for p in checked.plans if p.file == path and p.state != "disabled"]
        others = [] if only else [p for p in checked.plans if p.file != path and p.state == "live"]
        kept = self._at_hand(others, {str(event.get("type")) for event in sample.events})
        # In the order of the workspace, in which rules that match together start.
        running = {plan.key for plan in (*own, *kept)}
        plans = tested(plan for plan in checked.plans if plan.key in running)
        library = self._library(checked)
        found = simulating.simulate(checked, plans, library, sample, path if own else "", self._bounds)
        return found._replace(left_out=len(others) - len(kept))

    def _at_hand(self, others: Sequence[Plan], events: Container[str]) -> Sequence[Plan]:
        """Of very many rules those that listen to the events of a sample: all would take too long to get ready."""
        if len(others) <= self._bounds.rules:
            return others
        return [p for p in others if any(t.event in events for t in p.triggers)][: self._bounds.rules]

    def samples(self, checked: CheckedWorkspace) -> Mapping[str, Any]:
        """Sample records by kind and events: those of the workspace's files, else made from what it declares."""
        return samples.samples(checked, self._root)

    def check_tests(self, checked: CheckedWorkspace, path: str, text: str) -> Sequence[Diagnostic]:
        """What is wrong with a file of tests, or with the tests that stand in a rule file."""
        meaning = Meaning(checked)
        if path in checked.files:
            return parse_inside(checked.files[path], meaning)[1]
        return parse_tests(Source.of(path, text), meaning)[1]

    def complete_tests(self, checked: CheckedWorkspace, source: Source, offset: int) -> Sequence[Completion]:
        """What could be typed at a place of a file of tests, or of a test in a rule file."""
        return complete_tests(checked, source, offset)

    def test(self, checked: CheckedWorkspace, files: Mapping[str, str], inside: bool) -> TestRun:
        """Run the tests of these files, by path, and with `inside` those in rule files.

        Tests for which no time is left are not run; a property is tried with a few sequences only.

        Raises:
            Refused: the settings of the workspace cannot be read.
        """
        meaning, coverage = Meaning(checked), Coverage()
        plans = tested(checked.plans)
        runner = Runner(self._library(checked), meaning, plans, coverage.plan_set, _SEQUENCES)
        parsed = [parse_inside(file, meaning) for file in checked.files.values()] if inside else []
        parsed += [parse_tests(Source.of(path, text), meaning) for path, text in files.items()]
        tests = [test for found, _ in parsed for test in found]
        results = list(self._results(runner, tests))
        left = len(tests) - len(results)
        return TestRun(
            results=results,
            mistakes=[mistake for _, mistakes in parsed for mistake in mistakes],
            seen=seen_of(coverage, plans, ()),
            plans=plans,
            truncated=f"{left} of {len(tests)} tests were not run for want of time" if left else "",
        )

    def _results(self, runner: Runner, tests: Sequence[Test]) -> Iterator[Tested]:
        deadline = time.monotonic() + self._bounds.seconds
        for test in tests:
            if time.monotonic() > deadline:
                return
            result = runner.run(test)
            yield Tested(test.name, test.source.path, test.line, result.failure, result.timeline)

    def _library(self, checked: CheckedWorkspace) -> Library:
        """Actions that compose for real, with the workspace's own settings and no secrets, and deliver nothing."""
        try:
            settings = load_settings(self._root, {})
        except SettingsError as error:
            raise Refused(str(error)) from None
        return offline_library(lambda: checked.schema, settings, self._root, checked.catalogue)
