"""How an outgoing request can fail, told apart by what is safe to do next."""

from __future__ import annotations


class EgressError(Exception):
    """A request that got no answer. The message is a sentence for people, without path, query or header.

    `sent` says whether the receiver may have seen the request.
    """

    sent = False


class Refused(EgressError):
    """The guard forbids it: nothing was sent, and trying again will not help."""


class NotSent(EgressError):
    """No connection came about: nothing was sent, so it is safe to try again."""


class OutcomeUnknown(EgressError):
    """It was sent and no answer came: the receiver may have acted on it."""

    sent = True
