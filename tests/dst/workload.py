"""What the simulated clients want: rules that use everything, and events that set them off."""

from __future__ import annotations

from random import Random

from rulelang.plan.ir import Get, Lit, Op
from rulelang.plan.model import Plan
from runtime.actions import Library
from runtime.engine.work import Arrival
from runtime.model import JSON, Event, Millis, SubjectKey
from tests.dst.receiver import Receivers, SimulatedSend
from tests.engine import world
from tests.engine.world import act, plan, wait

CHURNED = Op("eq", (Get(("account", "status")), Lit("churned")))
CUSTOMER = Op("eq", (Get(("contact", "status")), Lit("customer")))


def plans(version: int) -> list[Plan]:
    """The rules; a later version differs in what it sets and in how long it waits."""
    return [
        plan(
            "two sends",
            "go",
            act("do.0", "set", field="score", value=version),
            wait("do.1", f"{30 + version % 3 * 10}m"),
            act("do.2", "tell", to="alpha"),
            act("do.3", "post", to="beta"),
        ),
        plan("count", "go", act("do.0", "bump"), act("do.1", "tell", to="gamma"), act("do.2", "bump")),
        plan("nap", "ping", act("do.0", "bump"), wait("do.1", "0s"), act("do.2", "tell", to="alpha")),
        plan("long", "ping", wait("do.0", "45m"), act("do.1", "post", to="slow"), exits=[CHURNED, CUSTOMER]),
        plan("first", "loop", wait("do.0", "1m"), act("do.1", "start", rule="second")),
        plan("second", "never", wait("do.0", "1m"), act("do.1", "start", rule="first")),
        plan("broken", "boom", act("do.0", "bump"), act("do.1", "explode")),
        plan("late", "slow", wait("do.0", "20m"), act("do.1", "explode")),
        plan("deadly", "kill", act("do.0", "die")),
        plan("nobody", "go", act("do.0", "bump"), act("do.1", "tell", to=None)),
        plan("news", "contact.updated", act("do.0", "post", to="beta"), enrol="once"),
    ]


def library(receivers: Receivers) -> Library:
    """The small library with simulated receivers."""
    local = world.library(world.Receiver()).local
    return Library(
        world.CATALOGUE,
        local,
        {
            "tell": SimulatedSend(receivers, composes=False, idempotent=True),
            "post": SimulatedSend(receivers, composes=True, idempotent=False),
        },
    )


_TYPES = (
    ("go", 6),
    ("ping", 6),
    ("loop", 1),
    ("boom", 1),
    ("slow", 1),
    ("contact.updated", 5),
    ("account.updated", 2),
)


def events(random: Random, client: int, number: int, now: Millis, deadly: bool) -> list[Event]:
    """The events of one client, all about its own contact or the one account, in the order that it sends them."""
    result = []
    for n in range(number):
        type = random.choices(*zip(*_TYPES, strict=True))[0]
        data: dict[str, JSON] = {"n": n}
        subject = SubjectKey("contact", f"c{client}")
        if type == "contact.updated":
            data["fields"] = random.choice(
                [{"dnc": True}, {"dnc": None}, {"account_id": "a1"}, {"name": "x"}, {"status": "customer"}]
            )
        if type == "account.updated":
            subject = SubjectKey("account", f"a{client}" if random.random() < 0.2 else "a1")
            data = {"fields": {"status": random.choice(["churned", "active"])}}
        result.append(Event(f"e{client}.{n}", type, now, now, subject, data))
    if deadly:
        place = random.randrange(len(result) + 1)
        result.insert(place, Event(f"e{client}.k", "kill", now, now, SubjectKey("contact", f"c{client}")))
    return result


def arrival(event: Event, other_body: bool = False) -> Arrival:
    """An event as it arrives; with another body than before when asked for."""
    return Arrival(event, f"{event.id}{'!' if other_body else ''}".encode())
