"""What an answer, or the lack of one, means for the effect that the request was sent for. Nothing else says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runtime.egress.errors import EgressError, NotSent
from runtime.model import JSON, Outcome, OutcomeKind

if TYPE_CHECKING:
    from runtime.egress.client import Reply

_TRANSIENT = frozenset({408, 421, 425, 429})
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\uffff]+")


def outcome_of(reply: Reply) -> Outcome:
    """Done for 2xx, a retry for 5xx and the codes that ask for one, final for the rest and for redirects."""
    result: dict[str, JSON] = {"status": reply.status}
    if reply.ok:
        return Outcome(OutcomeKind.DONE, result=result)
    kind = kind_of(reply.status)
    again = reply.retry_after if kind is OutcomeKind.RETRY else None
    return Outcome(kind, refusal(reply), result, again)


def kind_of(status: int) -> OutcomeKind:
    """Whether a refusal is final, by its status."""
    return OutcomeKind.RETRY if status in _TRANSIENT or status >= 500 else OutcomeKind.FAILED


def refusal(reply: Reply, said: str = "") -> str:
    """A sentence about an answer that is no success; `said` is what the receiver gave as the reason."""
    if 300 <= reply.status < 400:
        return f"the receiver answered {reply.status}; redirects are not followed"
    said = one_line(said or reply.body[:200].decode("utf-8", "replace"))[:200]
    return f"the receiver answered {reply.status}" + (f": {said}" if said else "")


def one_line(text: str) -> str:
    """Foreign text for a log or a page: one line, printable."""
    return _UNPRINTABLE.sub(" ", text).strip()


def outcome_of_error(error: EgressError) -> Outcome:
    """A retry when nothing was sent, unknown when the receiver may have acted, final when it was refused."""
    if error.sent:
        return Outcome(OutcomeKind.UNKNOWN, str(error))
    return Outcome(OutcomeKind.RETRY if isinstance(error, NotSent) else OutcomeKind.FAILED, str(error))
