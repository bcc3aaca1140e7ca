"""How tests end, and when they begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rulelang.calendar import resolve
from rulelang.diagnostics.model import Diagnostic
from runtime.model import Millis
from workbench.testing.meaning import Meaning
from workbench.testing.model import At, Statement, Test

FAILED = "expectation"
"""The code of a failed expectation."""

BROKEN = "property"
"""The code of a property that does not hold."""

_BEGIN = datetime(2026, 1, 5, 9, 0)


@dataclass(frozen=True, slots=True)
class Result:
    """How a test ended: `failure` None when it passed; `timeline` are lines under a `heading`, about what led to it."""

    test: Test
    failure: Diagnostic | None = None
    timeline: tuple[str, ...] = ()
    heading: str = "what had happened"


def beginning(statements: Iterable[Statement], meaning: Meaning) -> Millis:
    """When a test begins: as its last `at` says."""
    moments = [s.moment for s in statements if isinstance(s, At)]
    return moments[-1] if moments else resolve(_BEGIN, meaning.zone)
