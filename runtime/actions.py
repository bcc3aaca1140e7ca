"""How an action is implemented: local work inside the machine, or an effect that the outbox performs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from rulelang.catalog.model import Catalogue
from rulelang.types.schema import Schema
from runtime.model import JSON, Effect, Millis, Outcome, SubjectKey


class LocalContext(Protocol):
    """What a local action may do to its subject. Everything is journaled and derives events by itself."""

    @property
    def subject(self) -> SubjectKey:
        """Whom the run is for."""

    @property
    def schema(self) -> Schema:
        """The workspace's schema."""

    @property
    def now(self) -> Millis:
        """The time of this input."""

    def get(self, name: str) -> JSON:
        """The subject's field, or None."""

    def set(self, name: str, value: JSON) -> None:
        """Set a field; None clears it. Setting the value it has changes nothing."""

    def add_tag(self, tag: str) -> None:
        """Add a tag; no effect when present."""

    def remove_tag(self, tag: str) -> None:
        """Remove a tag; no effect when absent."""

    def move_stage(self, pipeline: str, stage: str) -> None:
        """Move to a stage of the pipeline with this key."""

    def next_turn(self, team: str) -> str:
        """The e-mail address whose turn it is in a team (round robin, durable, shared by all subjects).

        Raises:
            ActionError: the team has no members.
        """

    def load(self, person: str) -> int:
        """How many records of the subject's kind a person owns (shared by all subjects, kept at every change)."""

    def recall(self, name: str) -> JSON:
        """What an action kept with the subject under this name; None when there is nothing."""

    def remember(self, name: str, value: JSON) -> None:
        """Keep something with the subject, beside its fields."""

    def start_rule(self, rule: str) -> None:
        """Start another rule for the same subject, through an event with this run as its cause."""

    @property
    def key(self) -> str:
        """What this step is known by for ever: another on each round of a loop, equal whenever it is replayed."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the subject's times of day."""

    @property
    def facts(self) -> Facts:
        """The subject, its related records and the event that started the run (where the action `uses_event`)."""

    def raise_event(self, type_: str, data: dict[str, JSON]) -> None:
        """Let an event happen to the subject, after this step, with this run as its cause."""

    def tell(self, to: SubjectKey, type_: str, data: dict[str, JSON], links: Mapping[str, str] = {}) -> None:
        """Let an event happen to another record. `links` may hold its `contact_id` and `account_id`."""


class ActionError(Exception):
    """A local action cannot be done; the message is a sentence for people. The run fails at this step."""


class LocalAction(Protocol):
    """A change of the subject. Pure: the same context and arguments give the same changes."""

    def __call__(self, context: LocalContext, args: Mapping[str, JSON]) -> None:
        """Make the change through `context`.

        Raises:
            ActionError: with a sentence that says what stands in the way.
        """


@dataclass(frozen=True, slots=True)
class Facts:
    """What an effect may know, read fresh at the moment of use.

    `subject` are the fields of the run's subject; `contact`, `account`, `opportunity` those of it and its related
    records ({} when there is none). `event` is {type, data, changes} of the event that started the run. `names` are the
    values that the run has given names to.
    """

    key: SubjectKey
    contact: Mapping[str, JSON]
    account: Mapping[str, JSON]
    opportunity: Mapping[str, JSON]
    event: Mapping[str, JSON]
    names: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def subject(self) -> Mapping[str, JSON]:
        """The fields of the subject itself."""
        found: Mapping[str, JSON] = getattr(self, self.key.kind)
        return found


@dataclass(frozen=True, slots=True)
class Intent:
    """What the machine writes to the outbox for an effect step: the queue it belongs to and final arguments.

    With `series` the next number of that series is among the arguments, as `number`: taken in the transaction that
    makes the effect, so that none is left out and none comes twice.
    """

    destination: str
    args: dict[str, JSON]
    series: str = ""


class EffectAction(Protocol):
    """An effect in three parts: a pure intent, a message composed once, and deliveries that may repeat.

    The engine stores the result of `prepare` before the first `deliver`, so that every try sends the same text.
    """

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """Pure, inside the machine: choose the destination and resolve what must not change later.

        Raises:
            ActionError: nothing sensible can be sent (no address, say). The run fails at this step.
        """

    async def prepare(self, effect: Effect, facts: Facts) -> JSON:
        """Compose the message: render the template, ask the model. Called once; None when there is nothing to keep.

        Raises:
            ActionError: it can never be composed (a template error, say): a dead letter.
        """

    async def deliver(self, effect: Effect, prepared: JSON, facts: Facts) -> Outcome:
        """Make one attempt with `effect.key` as its idempotency key. Never raises for what a receiver does.

        Consent is tested here once more with the fresh `facts`; a refusal is an Outcome of kind SUPPRESSED.
        """


@dataclass(frozen=True)
class Library:
    """The catalogue together with what performs its actions, by action name."""

    catalogue: Catalogue
    local: Mapping[str, LocalAction]
    effects: Mapping[str, EffectAction]
