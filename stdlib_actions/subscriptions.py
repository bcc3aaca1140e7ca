"""What a contact subscribed to: `subscribe to` and `unsubscribe from` a topic, with the legal basis."""

from __future__ import annotations

from collections.abc import Mapping

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT
from rulelang.types.staff import BASES
from runtime.actions import LocalAction, LocalContext
from runtime.model import JSON

_TOPIC = Param("topic", TEXT, "a topic of the schema", role="topic")

DECLARATIONS = (
    Action(
        name="subscribe",
        phrase="subscribe to {topic} [basis {basis}]",
        performs=Performs.LOCAL,
        summary="subscribe the contact to a topic",
        doc=(
            "Kept in the field `subscriptions` with the basis and the time: `subscriptions.newsletter.subscribed`. "
            "Mail with `topic:` goes out only to those who may get it: a topic whose basis is `consent` needs a "
            "subscription, every other one goes to all but those who unsubscribed. An opt-out of e-mail, and do not "
            "contact, hold for all topics."
        ),
        example=(
            'topic "newsletter": consent\n\n'
            'on form submitted "newsletter" do subscribe to "newsletter" basis consent\n'
        ),
        rows=("A3",),
        params=(
            _TOPIC,
            Param(
                "basis",
                TEXT,
                "why it may be sent; without it what the topic says",
                required=False,
                choices=BASES,
            ),
        ),
        subjects=("contact",),
        idempotent=True,
    ),
    Action(
        name="unsubscribe",
        phrase="unsubscribe from {topic}",
        performs=Performs.LOCAL,
        summary="unsubscribe the contact from a topic",
        doc="From then on no mail of this topic goes to the contact, also from runs under way. Other topics stay.",
        example='topic "newsletter": consent\n\non email unsubscribed do unsubscribe from "newsletter"\n',
        rows=("A3",),
        params=(_TOPIC,),
        subjects=("contact",),
        idempotent=True,
    ),
)


def subscribe(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Note the subscription; one that is there with the same basis stays as it is."""
    topic = context.schema.topics.get(args["topic"])
    _note(context, args["topic"], True, args.get("basis") or (topic.basis if topic else ""))


def unsubscribe(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Note that the contact does not want it."""
    _note(context, args["topic"], False, "")


def _note(context: LocalContext, topic: str, subscribed: bool, basis: str) -> None:
    from rulelang.calendar import instant_text

    known: dict[str, JSON] = context.get("subscriptions") or {}
    before = known.get(topic) or {}
    if (before.get("subscribed"), before.get("basis", "")) == (subscribed, basis):
        return
    entry: dict[str, JSON] = {"subscribed": subscribed, "at": instant_text(context.now)}
    if basis:
        entry["basis"] = basis
    context.set("subscriptions", {**known, topic: entry})


LOCAL: Mapping[str, LocalAction] = {"subscribe": subscribe, "unsubscribe": unsubscribe}
