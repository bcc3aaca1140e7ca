"""Trying rules out: what goes in and what comes of it, between the author's tools and whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from rulelang.diagnostics.model import Diagnostic
from rulelang.editor.model import Completion
from rulelang.plan.model import Plan
from rulelang.source import Source
from rulelang.workspace import CheckedWorkspace
from runtime.model import Run


class Refused(Exception):
    """What was sent cannot be tried out; the message is a sentence for people."""


Records: TypeAlias = str | Sequence[Mapping[str, Any]]
"""Records in their public form, or as the text of a CSV file."""


class Sample(NamedTuple):
    """What rules are tried out on: `records` by kind, and events in their public form.

    `start` is when it begins (a date or instant as text, "" for the first event), `span` how long it goes on (a
    duration, "" until nothing is left to happen). `answers` are statements of tests such as
    `webhook answers 503 twice`; whatever they do not speak of succeeds.
    """

    records: Mapping[str, Records]
    events: Sequence[Mapping[str, Any]]
    start: str = ""
    span: str = ""
    answers: Sequence[str] = ()


class Seen(NamedTuple):
    """How often something of a rule happened: `part` of its plan, and `what` (`made`, `true`, `taken` …)."""

    rule: str
    part: str
    what: str
    hits: int


class Simulated(NamedTuple):
    """What a simulation brought about.

    `timeline` has the entries of docs/timeline.md, `mails` the messages that would be sent. `truncated` says why it
    ended early, "" when it did not. `plans` are the rules that ran; `left_out` says how many others there are.
    """

    timeline: Sequence[Mapping[str, Any]]
    mails: Sequence[Mapping[str, Any]]
    runs: Sequence[Run]
    seen: Sequence[Seen]
    plans: Sequence[Plan]
    truncated: str
    left_out: int = 0


class Tested(NamedTuple):
    """How a test ended: `failure` None when it passed; `path` and `line` are where it begins."""

    name: str
    path: str
    line: int
    failure: Diagnostic | None
    timeline: Sequence[str]


class TestRun(NamedTuple):
    """How tests ended, and what was exercised. `mistakes` are those of test files that cannot be read."""

    results: Sequence[Tested]
    mistakes: Sequence[Diagnostic]
    seen: Sequence[Seen]
    plans: Sequence[Plan]
    truncated: str


class AuthorTools(Protocol):
    """The author's tools. They block; all are bounded in time and size. Nothing they do leaves the process."""

    def simulate(self, checked: CheckedWorkspace, sample: Sample, path: str, only: bool) -> Simulated:
        """Run the live rules, and those of the file `path` in whatever state; with `only` no others.

        Of very many rules only those of other files run that listen to the events of the sample.

        Raises:
            Refused: the sample cannot be read.
        """

    def samples(self, checked: CheckedWorkspace) -> Mapping[str, Any]:
        """Sample records by kind and events: those of the workspace's files, else made from what it declares."""

    def test(self, checked: CheckedWorkspace, files: Mapping[str, str], inside: bool) -> TestRun:
        """Run the tests of these files, by path, and with `inside` those in rule files.

        Raises:
            Refused: the settings of the workspace cannot be read.
        """

    def check_tests(self, checked: CheckedWorkspace, path: str, text: str) -> Sequence[Diagnostic]:
        """What is wrong with a file of tests, or with the tests that stand in a rule file."""

    def complete_tests(self, checked: CheckedWorkspace, source: Source, offset: int) -> Sequence[Completion]:
        """What could be typed at a place of a file of tests, or of a test in a rule file."""
