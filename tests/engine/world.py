"""A small world for tests of the engine: a library of plain actions, hand-made plans, and a receiver that keeps count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from rulelang.catalog.model import Action, Catalogue, Derivation, Effect, Performs, Trigger
from rulelang.plan.codec import with_hash
from rulelang.plan.ir import Get, Ir, Lit
from rulelang.plan.model import PLAN_VERSION, ActionStep, Plan, Step, TriggerPlan, WaitStep
from rulelang.types.model import BOOL, NUMBER, TEXT
from rulelang.types.schema import FieldDef, Schema
from runtime import model
from runtime.actions import ActionError, Facts, Intent, Library, LocalContext
from runtime.engine.rules import Rules
from runtime.engine.work import Arrival
from runtime.model import JSON, Event, Outcome, OutcomeKind, SubjectKey

# --- declarations ----------------------------------------------------------------------------------------


def _trigger(event: str, effect: Effect = Effect.NONE, derivation: Derivation = Derivation.NONE) -> Trigger:
    return Trigger(
        name=event,
        phrase=event,
        event=event,
        subjects=("contact", "account"),
        payload={},
        summary="",
        doc="",
        example="",
        sample={},
        effect=effect,
        derivation=derivation,
    )


def _action(name: str, performs: Performs, idempotent: bool = False) -> Action:
    return Action(
        name=name, phrase=name, performs=performs, summary="", doc="", example="", idempotent=idempotent
    )


EVENTS = ("ping", "go", "loop", "slow", "boom", "kill")
CATALOGUE = Catalogue(
    triggers={
        **{event: _trigger(event) for event in EVENTS},
        "contact.updated": _trigger("contact.updated", Effect.FIELDS, Derivation.UPDATED),
        "account.updated": _trigger("account.updated", Effect.FIELDS),
    },
    actions={
        "set": _action("set", Performs.LOCAL),
        "bump": _action("bump", Performs.LOCAL),
        "start": _action("start", Performs.LOCAL),
        "explode": _action("explode", Performs.LOCAL),
        "die": _action("die", Performs.LOCAL),
        "rot": _action("rot", Performs.LOCAL),
        "tell": _action("tell", Performs.EFFECT, idempotent=True),
        "post": _action("post", Performs.EFFECT),
    },
    functions={},
)
_FIELDS = {
    "email": TEXT,
    "external_id": TEXT,
    "name": TEXT,
    "score": NUMBER,
    "count": NUMBER,
    "dnc": BOOL,
    "account_id": TEXT,
    "status": TEXT,
}
SCHEMA = Schema(
    fields={
        kind: {name: FieldDef(name, type) for name, type in _FIELDS.items()}
        for kind in ("contact", "account")
    }
)


class Dies(BaseException):
    """What `os._exit` in an action looks like to everything around it, without ending the tests."""


def _set(context: LocalContext, args: Mapping[str, JSON]) -> None:
    context.set(args["field"], args["value"])


def _bump(context: LocalContext, args: Mapping[str, JSON]) -> None:
    context.set("count", (context.get("count") or 0) + 1)


def _start(context: LocalContext, args: Mapping[str, JSON]) -> None:
    context.start_rule(args["rule"])


def _explode(context: LocalContext, args: Mapping[str, JSON]) -> None:
    raise ZeroDivisionError("a mistake of the programmer")


def _rot(context: LocalContext, args: Mapping[str, JSON]) -> None:
    context.set("name", object())


def _die(context: LocalContext, args: Mapping[str, JSON]) -> None:
    raise Dies


# --- effects ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Delivery:
    """One attempt as its receiver saw it."""

    key: str
    run: str
    step: str
    message: JSON
    to: str


Behaviour = Callable[["Delivery"], Awaitable[Outcome]]


async def well(delivery: Delivery) -> Outcome:
    """A receiver that always accepts."""
    return Outcome(OutcomeKind.DONE, result={"id": delivery.key})


@dataclass
class Receiver:
    """Everybody that effects go to: remembers every attempt, and answers by destination as told."""

    deliveries: list[Delivery] = field(default_factory=list)
    behaviour: Behaviour = well
    at: dict[str, Behaviour] = field(default_factory=dict)

    def attempted(self, to: str = "") -> list[str]:
        """The keys of all attempts, in their order; of one destination only when it is named."""
        return [d.key for d in self.deliveries if not to or d.to == to]

    async def take(self, delivery: Delivery) -> Outcome:
        """Handle one attempt."""
        self.deliveries.append(delivery)
        return await self.at.get(delivery.to, self.behaviour)(delivery)


class Send:
    """An effect action: `to` is the destination. With `composes` it keeps a message, made of what is true then."""

    def __init__(self, receiver: Receiver, composes: bool) -> None:
        self._receiver = receiver
        self._composes = composes

    def intend(self, schema: Schema, facts: Facts, args: Mapping[str, JSON]) -> Intent:
        """See EffectAction."""
        if args.get("to") is None:
            raise ActionError("there is nobody to send to")
        return Intent(str(args["to"]), dict(args))

    async def prepare(self, effect: model.Effect, facts: Facts) -> JSON:
        """See EffectAction."""
        return {"text": f"score {facts.subject.get('score')}"} if self._composes else None

    async def deliver(self, effect: model.Effect, prepared: JSON, facts: Facts) -> Outcome:
        """See EffectAction."""
        if facts.contact.get("dnc") is True:
            return Outcome(OutcomeKind.SUPPRESSED, "the contact is marked do not contact")
        return await self._receiver.take(
            Delivery(effect.key, effect.run, effect.step, prepared, effect.destination)
        )


def library(receiver: Receiver) -> Library:
    """The library whose effects go to this receiver."""
    return Library(
        CATALOGUE,
        local={"set": _set, "bump": _bump, "start": _start, "explode": _explode, "die": _die, "rot": _rot},
        effects={"tell": Send(receiver, composes=False), "post": Send(receiver, composes=True)},
    )


# --- plans -----------------------------------------------------------------------------------------------


def act(id: str, action: str, **args: JSON) -> ActionStep:
    """An action step with constant arguments, or with expressions."""
    return ActionStep(
        id, action, {name: arg if isinstance(arg, Get) else Lit(arg) for name, arg in args.items()}
    )


def wait(id: str, duration: str) -> WaitStep:
    """A wait for a duration."""
    return WaitStep(id, "for", Lit(duration))


def plan(
    key: str,
    event: str,
    *steps: Step,
    when: Ir | None = None,
    enrol: str = "every time",
    exits: Iterable[Ir] = (),
    subject: str = "contact",
) -> Plan:
    """A live rule."""
    return with_hash(
        Plan(
            version=PLAN_VERSION,
            key=key,
            subject=subject,
            state="live",
            triggers=(TriggerPlan(event, event),),
            when=when,
            enrol=enrol,
            exits=tuple(exits),
            steps=steps,
        )
    )


def rules(receiver: Receiver, *plans: Plan) -> Rules:
    """Rules over the small library."""
    return Rules(library(receiver), SCHEMA, plans)


def event(
    id: str, type: str = "ping", subject: str = "c1", now: int = 0, kind: str = "contact", **data: JSON
) -> Event:
    """An event."""
    return Event(
        id=id, type=type, occurred_at=now, received_at=now, subject=SubjectKey(kind, subject), data=data
    )


def arrival(given: Event) -> Arrival:
    """An event as it arrives from outside."""
    body = f"{given.type}{given.subject}{sorted(given.data.items())}"
    return Arrival(given, blake2b(body.encode(), digest_size=16).digest())
