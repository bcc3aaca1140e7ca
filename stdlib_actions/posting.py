"""One POST through the guarded client, and what its answer means for the outbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runtime.model import JSON, Outcome, OutcomeKind

if TYPE_CHECKING:
    from runtime.egress.client import EgressClient, Reply

MAX_KEPT = 2048
"""How much of an answer is read and kept, in bytes."""

_AGAIN = frozenset({408, 425, 429})
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\uffff]+")


async def post(
    egress: EgressClient | None,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key: str = "",
    timeout: float,
) -> Outcome:
    """Make one attempt (`timeout` in seconds, `key` as `Idempotency-Key`); never raises for what a receiver does."""
    if egress is None:
        return Outcome(OutcomeKind.FAILED, "nothing is sent from a simulation")
    from runtime.egress.errors import EgressError

    try:
        reply = await egress.request(
            "POST", url, headers, body, deadline=timeout, max_response_bytes=MAX_KEPT, idempotency_key=key
        )
    except EgressError as problem:
        return Outcome(_failure(problem), str(problem))
    return _answered(reply)


def _failure(problem: Exception) -> OutcomeKind:
    from runtime.egress.errors import OutcomeUnknown, Refused

    match problem:
        case Refused():
            return OutcomeKind.FAILED
        case OutcomeUnknown():
            return OutcomeKind.UNKNOWN
        case _:
            return OutcomeKind.RETRY


def _answered(reply: Reply) -> Outcome:
    result: dict[str, JSON] = {"status": reply.status}
    if reply.ok:
        return Outcome(OutcomeKind.DONE, result=result)
    said = shown(reply.body)
    reason = f"the receiver answered {reply.status}" + (f": {said}" if said else "")
    if reply.status in _AGAIN or reply.status >= 500:
        return Outcome(OutcomeKind.RETRY, reason, result, reply.retry_after)
    if 300 <= reply.status < 400:
        reason = f"the receiver answered {reply.status}; redirects are not followed"
    return Outcome(OutcomeKind.FAILED, reason, result)


def shown(body: bytes) -> str:
    """The beginning of an answer for a log or page: one line, printable."""
    return _UNPRINTABLE.sub(" ", body[:200].decode("utf-8", "replace")).strip()
