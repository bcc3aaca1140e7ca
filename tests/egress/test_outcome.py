"""What answers and failures mean for the effect."""

from __future__ import annotations

import pytest

from runtime.egress.client import Reply
from runtime.egress.errors import EgressError, NotSent, OutcomeUnknown, Refused
from runtime.egress.outcome import outcome_of, outcome_of_error


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "done"),
        (204, "done"),
        (301, "failed"),
        (304, "failed"),
        (400, "failed"),
        (401, "failed"),
        (404, "failed"),
        (408, "retry"),
        (410, "failed"),
        (421, "retry"),
        (425, "retry"),
        (429, "retry"),
        (500, "retry"),
        (503, "retry"),
        (599, "retry"),
    ],
)
def test_statuses(status: int, kind: str) -> None:
    outcome = outcome_of(Reply(status, {}, b"", retry_after=3.0))
    assert outcome.kind == kind
    assert outcome.result == {"status": status}
    assert outcome.retry_after == (3.0 if kind == "retry" else None)
    assert (str(status) in outcome.reason) is (kind != "done")


@pytest.mark.parametrize(
    ("error", "kind"),
    [(Refused("no"), "failed"), (NotSent("no"), "retry"), (OutcomeUnknown("no"), "unknown")],
)
def test_failures(error: EgressError, kind: str) -> None:
    outcome = outcome_of_error(error)
    assert (outcome.kind, outcome.reason) == (kind, "no")
