"""Membership that is kept incrementally is what a full look at the whole history would give, after any history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rulelang.calendar import parse_instant
from runtime.model import SubjectKey
from tests.support.rules import START, Story

RULES = """
segment "Deep" for contact: in segment "Marked" and stage = SQL
segment "Marked" for contact: tags contains vip or in segment "Scored"
segment "Scored" for contact: score >= 50
segment "Buyers" for contact: count(order placed in 5d where value >= $10) >= 2
segment "Quiet" for contact: last(order placed) < now - 3d
segment "Soon" for contact: renewal_date between today and today + 2d
segment "Theirs" for contact: account in segment "Alive" and not in segment "Buyers"
segment "Alive" for account: employees >= 10 and count(user login in 2d) >= 1

on segment entered "Quiet" do set score = 60
"""
SCHEMA = 'pipeline "Sales" for contact: MQL, SQL\nfields for contact\n  renewal_date: date\nend\n'
DAY = timedelta(days=1)
C, A = SubjectKey("contact", "c_1"), SubjectKey("account", "a_1")


@dataclass
class History:
    """All that ever happened, kept whole."""

    now: datetime = field(default_factory=lambda: datetime.fromisoformat(START))
    score: float = 0
    vip: bool = False
    stage: str = ""
    renewal: str = ""
    linked: bool = True
    employees: float = 10
    orders: list[tuple[datetime, float]] = field(default_factory=list)
    logins: list[datetime] = field(default_factory=list)

    def contact(self) -> set[str]:
        """The segments of the contact by the plain meaning of their conditions."""
        found = set()
        if self.score >= 50:
            found.add("Scored")
        if self.vip or "Scored" in found:
            found.add("Marked")
        if "Marked" in found and self.stage == "SQL":
            found.add("Deep")
        if sum(value >= 10 and self.now < at + 5 * DAY for at, value in self.orders) >= 2:
            found.add("Buyers")
        if self.quiet():
            found.add("Quiet")
        today = self.now.date()
        if self.renewal and today <= datetime.fromisoformat(self.renewal).date() <= today + 2 * DAY:
            found.add("Soon")
        if self.linked and "Alive" in self.account() and "Buyers" not in found:
            found.add("Theirs")
        return found

    def quiet(self) -> bool:
        return bool(self.orders) and max(at for at, _ in self.orders) < self.now - 3 * DAY

    def account(self) -> set[str]:
        alive = self.employees >= 10 and any(self.now < at + 2 * DAY for at in self.logins)
        return {"Alive"} if alive else set()


VALUES = {
    "wait": st.sampled_from([1, 23, 24, 25, 47, 48, 49, 71, 72, 73, 120]),
    "order": st.sampled_from([5, 10, 20]),
    "login": st.none(),
    "score": st.sampled_from([0, 49, 50, 90]),
    "vip": st.booleans(),
    "stage": st.sampled_from(["MQL", "SQL"]),
    "renewal": st.integers(-3, 6),
    "employees": st.sampled_from([1, 10]),
    "link": st.booleans(),
}
OFTEN = [*VALUES, "wait", "wait", "wait", "wait", "order", "order", "order", "login", "login"]
STEPS = st.sampled_from(OFTEN).flatmap(lambda what: st.tuples(st.just(what), VALUES[what]))


def take(story: Story, past: History, what: str, value: object) -> None:
    """Let one thing happen, in the world and in the plain history."""
    match what, value:
        case "wait", int(hours):
            before = past.quiet()
            past.now += timedelta(hours=hours)
            story.until(past.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
            if past.quiet() and not before:
                past.score = 60
        case "score", int(score):
            past.score = score
            story.event("record.updated", fields={"score": score})
        case "vip", bool(vip):
            past.vip = vip
            story.event(f"contact.tag_{'added' if vip else 'removed'}", tag="vip")
        case "stage", str(stage):
            past.stage = stage
            story.event("stage.entered", stage=stage)
        case "renewal", int(days):
            past.renewal = (past.now.date() + days * DAY).isoformat()
            story.event("record.updated", fields={"renewal_date": past.renewal})
        case "order", int(amount):
            past.orders.append((past.now, amount))
            story.event("order.placed", value=amount)
        case "login", _:
            if past.linked:
                past.logins.append(past.now)
            story.event("user.logged_in")
        case "employees", int(count):
            past.employees = count
            story.event("record.updated", "a_1", "account", fields={"employees": count})
        case "link", bool(linked):
            past.linked = linked
            story.event("record.updated", fields={"account_id": "a_1" if linked else None})


def segments(story: Story, key: SubjectKey) -> set[str]:
    state = story.simulation.subject(key)
    return set(state.fields.get("segments") or ()) if state is not None else set()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=5, max_size=30))
def test_incremental_membership_is_that_of_a_full_recomputation(steps: list[tuple[str, object]]) -> None:
    story, past = Story(RULES, schema=SCHEMA), History()
    story.record("account", "a_1", employees=10)
    story.contact(account_id="a_1")
    for what, value in steps:
        take(story, past, what, value)
        assert segments(story, C) == past.contact(), (what, value)
        assert segments(story, A) == past.account(), (what, value)
    assert past.now == datetime.fromtimestamp(story.simulation.now / 1000, UTC)
    assert parse_instant(START) <= story.simulation.now
