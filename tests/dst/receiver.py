"""Receivers that fail in every way, and notice every promise broken towards them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from runtime.actions import ActionError, Facts, Intent
from runtime.model import JSON, Effect, EffectStatus, Outcome, OutcomeKind
from tests.dst.coroutines import pause
from tests.dst.ledger import Ledger

KINDS = (
    ("done", 70),
    ("retry", 9),
    ("retry after", 4),
    ("refused", 4),
    ("answer lost", 7),
    ("request lost", 4),
    ("slow", 2),
)


@dataclass
class Attempts:
    """What a receiver knows of one key."""

    attempts: int = 0
    accepted: int = 0
    last: str = ""
    recorded: int = 0
    message: JSON = None
    replays: int = 0
    open: bool = False


@dataclass
class Receivers:
    """All receivers. `life` numbers the processes, so that a repeat after a crash can be told from another."""

    random: Random
    ledger: Ledger
    calm: bool = False
    down: str = ""
    by_key: dict[str, Attempts] = field(default_factory=dict)
    key_of: dict[tuple[str, str], str] = field(default_factory=dict)
    crashed: set[str] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)

    def process_ended(self) -> None:
        """The process ended: whatever was under way may have happened, and may be repeated once."""
        self.crashed = set(self.by_key)
        for known in self.by_key.values():
            known.open = False

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts, idempotent: bool) -> Outcome:
        """One attempt, as the receiver sees it."""
        known = self._examine(effect, prepared, facts)
        if facts.contact.get("dnc") is True:
            self.seen["suppressed at sending"] += 1
            return Outcome(OutcomeKind.SUPPRESSED, "the contact is marked do not contact")
        known.open = True
        known.attempts += 1
        kind = self._fate(effect.destination)
        self.seen[kind] += 1
        for _ in range(self.random.randrange(12) if kind == "slow" else self.random.randrange(3)):
            await pause()
        if kind in ("done", "slow", "answer lost"):
            known.accepted += 1
            allowed = 1 + self.ledger.replays[effect.key]
            self.ledger.check(
                idempotent or known.accepted <= allowed,
                "what must not be repeated is not repeated",
                effect.key,
            )
        for _ in range(self.random.randrange(2)):
            await pause()
        known.open = False
        known.last = kind
        return _OUTCOMES[kind]

    def _fate(self, destination: str) -> str:
        if self.calm:
            return "done"
        return "retry" if destination == self.down else self.random.choices(*zip(*KINDS, strict=True))[0]

    def _examine(self, effect: Effect, prepared: JSON, facts: Facts) -> Attempts:
        check = self.ledger.check
        place = (effect.run, effect.step)
        check(
            self.key_of.setdefault(place, effect.key) == effect.key, "one key for a step", place, effect.key
        )
        row = self.ledger.effects.get(effect.key)
        check(row is not None, "an effect is on disk before it is attempted", effect.key)
        assert row is not None
        settled = (EffectStatus.DONE, EffectStatus.DEAD, EffectStatus.SUPPRESSED, EffectStatus.UNKNOWN)
        check(row.status not in settled, "what is settled is not attempted", effect.key, row.status)
        known = self.by_key.setdefault(effect.key, Attempts())
        replays = self.ledger.replays[effect.key]
        if replays > known.replays:
            known.replays, known.recorded, known.last = replays, 0, "replay"
        check(
            row.attempts > known.recorded,
            "an attempt is on record before it is made",
            effect.key,
            row.attempts,
        )
        check(not known.open, "one attempt at a time", effect.key)
        if known.attempts:
            self._may_repeat(effect.key, known)
        known.recorded = row.attempts
        check(known.message in (None, prepared), "every try sends the same text", effect.key)
        check(row.prepared == prepared, "the text is on disk before it is sent", effect.key)
        known.message = prepared
        fields = self.ledger.fields.get(facts.key, {})
        check(
            facts.subject == fields,
            "facts are those of the moment of sending",
            effect.key,
            facts.subject,
            fields,
        )
        self.crashed.discard(effect.key)
        return known

    def _may_repeat(self, key: str, known: Attempts) -> None:
        repeatable = known.last not in ("done", "slow", "refused") or key in self.crashed
        self.ledger.check(repeatable, "nothing is repeated without a reason", key, known.last)


_OUTCOMES = {
    "done": Outcome(OutcomeKind.DONE, result={"status": 200}),
    "slow": Outcome(OutcomeKind.DONE, result={"status": 200}),
    "retry": Outcome(OutcomeKind.RETRY, "it answered 503"),
    "retry after": Outcome(OutcomeKind.RETRY, "it answered 429", retry_after=90.0),
    "refused": Outcome(OutcomeKind.FAILED, "it answered 410"),
    "answer lost": Outcome(OutcomeKind.UNKNOWN, "the connection was reset"),
    "request lost": Outcome(OutcomeKind.UNKNOWN, "the connection was reset"),
}


class SimulatedSend:
    """An effect action whose receiver is simulated."""

    def __init__(self, receivers: Receivers, composes: bool, idempotent: bool) -> None:
        self._receivers = receivers
        self._composes = composes
        self._idempotent = idempotent

    def intend(self, schema: Any, facts: Facts, args: Any) -> Intent:
        """See EffectAction."""
        if args.get("to") is None:
            raise ActionError("there is nobody to send to")
        return Intent(str(args["to"]), dict(args))

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """See EffectAction. A message differs each time it is composed, as that of a model does."""
        if not self._composes:
            return None
        await pause()
        return {"text": f"{self._receivers.random.random()}"}

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """See EffectAction."""
        return await self._receivers.deliver(effect, prepared, facts, self._idempotent)
