"""What an answer, or the lack of one, means for the effect that the request was sent for."""

from __future__ import annotations

from runtime.egress.client import Reply
from runtime.egress.errors import EgressError, NotSent
from runtime.model import Outcome, OutcomeKind

_TRANSIENT = frozenset({408, 421, 425, 429})


def outcome_of(reply: Reply) -> Outcome:
    """Done for 2xx, a retry for 5xx and the codes that ask for one, final for the rest and for redirects."""
    result = {"status": reply.status}
    if reply.ok:
        return Outcome(OutcomeKind.DONE, result=result)
    if reply.status in _TRANSIENT or reply.status >= 500:
        reason = f"the receiver answered {reply.status}"
        return Outcome(OutcomeKind.RETRY, reason, result, reply.retry_after)
    if 300 <= reply.status < 400:
        reason = (
            f"the receiver answered {reply.status}: redirects are not followed, so give its final address"
        )
        return Outcome(OutcomeKind.FAILED, reason, result)
    return Outcome(OutcomeKind.FAILED, f"the receiver refused the request with {reply.status}", result)


def outcome_of_error(error: EgressError) -> Outcome:
    """A retry when nothing was sent, unknown when the receiver may have acted, final when it was refused."""
    if error.sent:
        return Outcome(OutcomeKind.UNKNOWN, str(error))
    return Outcome(OutcomeKind.RETRY if isinstance(error, NotSent) else OutcomeKind.FAILED, str(error))
