"""Tasks, carts and opportunities: what is remembered of events, and for how long."""

from __future__ import annotations

from typing import Any

from runtime.model import SubjectKey
from tests.support.rules import Story

DEALS = 'pipeline "Deals" for opportunity: Proposal, Negotiation\n'
STALE = DEALS + "on opportunity stale for 14d do stop"


def memory(made: Story, key: tuple[str, str] = ("contact", "c_1")) -> dict[str, Any]:
    state = made.simulation.subject(SubjectKey(*key))
    assert state is not None
    return state.memory


def rung(made: Story) -> list[tuple[str, Any]]:
    """When alarms rang in UTC, and what for."""
    names = ("task_id", "cart_id", "count")
    derived = [e for e in made.entries if e.kind == "derived"]
    return [
        (at, next(entry.input[n] for n in names if n in entry.input))
        for at, entry in zip(made.at("derived"), derived, strict=True)
        if entry.action in ("task.due", "cart.abandoned", "opportunity.stale")
    ]


# --- tasks -------------------------------------------------------------------------------------------

TASKS = 'rule "due" on task due do stop\nrule "soon" on reminder 2h before task due do stop'


def test_a_task_is_due_at_its_moment_and_before() -> None:
    made = Story(TASKS)
    made.contact()
    made.event(
        "task.created", task_id="t1", title="call", due_at="2026-03-05T16:00:00Z", assignee="ana@acme.test"
    )
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == [("2026-03-05T14:00:00Z", "t1"), ("2026-03-05T16:00:00Z", "t1")]
    assert [e.rule for e in made.entries if e.kind == "enrolled"] == ["soon", "due"]
    last = [e for e in made.entries if e.kind == "derived"][-1]
    assert last.input == {
        "task_id": "t1",
        "title": "call",
        "due_at": "2026-03-05T16:00:00.000Z",
        "assignee": "ana@acme.test",
        "offset": "0s",
        "offset_days": 0,
    }


def test_a_task_that_is_done_is_not_due() -> None:
    made = Story(TASKS)
    made.contact()
    for n in (1, 2):
        made.event("task.created", task_id=f"t{n}", title="call", due_at="2026-03-05T16:00:00Z")
    made.event("task.completed", task_id="t1")
    made.until("2026-12-31T00:00:00Z")
    assert [id for _, id in rung(made)] == ["t2", "t2"]


def test_a_task_that_is_moved_is_due_then() -> None:
    made = Story("on task due do stop")
    made.contact()
    made.event("task.created", task_id="t1", due_at="2026-03-05T16:00:00Z")
    made.event("task.created", task_id="t1", due_at="2026-03-09T16:00:00Z")
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == [("2026-03-09T16:00:00Z", "t1")]


def test_tasks_that_are_over_are_forgotten() -> None:
    made = Story(TASKS)
    made.contact()
    made.event("task.created", task_id="t1", due_at="2026-03-05T16:00:00Z")
    assert set(memory(made)) >= {"alarms", "items"}
    made.until("2026-12-31T00:00:00Z")
    assert not set(memory(made)) & {"alarms", "rung", "items"}


def test_a_hundred_tasks_are_remembered_and_no_more() -> None:
    made = Story("on task due do stop")
    made.contact()
    for n in range(130):
        made.event("task.created", task_id=f"t{n}", due_at="2026-03-05T16:00:00Z")
    items = memory(made)["items"]["task"]
    assert list(items) == [f"t{n}" for n in range(30, 130)]
    assert len(memory(made)["alarms"]) == 100


# --- carts -------------------------------------------------------------------------------------------


def test_a_cart_is_abandoned_when_nothing_happens_with_its_newest_content() -> None:
    made = Story("on cart abandoned for 45m when event.value >= $100 do set score = event.value / $1")
    made.contact()
    made.event("cart.updated", cart_id="k", value=50, items=[{"product": "Mug"}])
    made.after(44 * 60)
    made.event("cart.updated", cart_id="k", value=120, items=[{"product": "Mug"}, {"product": "Pot"}])
    made.until("2026-03-03T00:00:00Z")
    assert rung(made) == [("2026-03-02T10:29:00Z", "k")]
    last = [e for e in made.entries if e.action == "cart.abandoned"][-1]
    assert last.input["items"] == [{"product": "Mug"}, {"product": "Pot"}]
    assert made.fields()["score"] == 120


def test_an_order_ends_the_cart() -> None:
    made = Story("on cart abandoned do stop")
    made.contact()
    made.event("cart.updated", cart_id="a", value=50)
    made.event("cart.updated", cart_id="b", value=50)
    made.event("order.placed", order_id="o", cart_id="a")
    made.until("2026-03-03T00:00:00Z")
    assert rung(made) == [("2026-03-02T10:00:00Z", "b")]
    made.event("cart.updated", cart_id="a", value=50)
    made.event("order.submitted", order_id="o2")
    made.until("2026-03-04T00:00:00Z")
    assert len(rung(made)) == 1


def test_a_cart_that_is_emptied_is_not_abandoned() -> None:
    made = Story("on cart abandoned do stop")
    made.contact()
    made.event("cart.updated", cart_id="a", items=[{"product": "Mug"}])
    made.event("cart.updated", cart_id="a", items=[])
    made.until("2026-03-03T00:00:00Z")
    assert rung(made) == []


def test_a_cart_that_changes_after_it_was_abandoned_may_be_abandoned_again() -> None:
    made = Story("on cart abandoned do stop")
    made.contact()
    made.event("cart.updated", cart_id="a")
    made.after(7200)
    made.event("cart.updated", cart_id="a")
    made.until("2026-03-03T00:00:00Z")
    assert rung(made) == [("2026-03-02T10:00:00Z", "a"), ("2026-03-02T12:00:00Z", "a")]


def test_an_update_that_arrives_late_does_not_put_back_an_older_cart() -> None:
    made = Story("on cart abandoned do stop")
    made.contact()
    codec, simulation = made.codec, made.simulation
    for id, at, value in (("new", "2026-03-02T08:59:00Z", 120), ("old", "2026-03-02T08:50:00Z", 50)):
        raw = {
            "id": id,
            "type": "cart.updated",
            "contact_id": "c_1",
            "occurred_at": at,
            "data": {"cart_id": "a", "value": value},
        }
        simulation.fire(codec.read(raw, simulation.now))
    made.until("2026-03-03T00:00:00Z")
    last = [e for e in made.entries if e.action == "cart.abandoned"][-1]
    assert last.input["value"] == 120


def test_two_rules_may_wait_for_different_times_of_one_cart() -> None:
    made = Story('rule "a" on cart abandoned for 30m do stop\nrule "b" on cart abandoned for 1d do stop')
    made.contact()
    made.event("cart.updated", cart_id="k")
    made.until("2026-03-05T00:00:00Z")
    assert rung(made) == [("2026-03-02T09:30:00Z", "k"), ("2026-03-03T09:00:00Z", "k")]
    assert [e.rule for e in made.entries if e.kind == "enrolled"] == ["a", "b"]


# --- opportunities -----------------------------------------------------------------------------------


def opportunity(text: str, **fields: Any) -> Story:
    made = Story(text)
    made.event("opportunity.created", "o", "opportunity", pipeline="deals", stage="Proposal", **fields)
    return made


def test_an_opportunity_is_stale_after_days_without_a_change() -> None:
    made = opportunity(STALE)
    made.until("2026-03-10T09:00:00Z")
    made.event("record.updated", "o", "opportunity", fields={"value": 500})
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == [("2026-03-24T09:00:00Z", 1)]
    (entry,) = [e for e in made.entries if e.action == "opportunity.stale"]
    assert entry.input == {
        "pipeline": "deals",
        "stage": "Proposal",
        "days_in_stage": 22,
        "last_activity_at": "2026-03-10T09:00:00.000Z",
        "count": 1,
        "duration": "14d",
        "limit": 1,
    }


def test_it_fires_as_often_as_the_rule_says_and_begins_anew_with_a_change() -> None:
    made = opportunity(DEALS + "on opportunity stale for 7d at most 3 times do stop")
    made.until("2026-04-30T00:00:00Z")
    # Summer time begins on 29 March.
    assert [n for _, n in rung(made)] == [1, 2, 3]
    made.event("record.updated", "o", "opportunity", fields={"value": 500})
    made.until("2026-12-31T00:00:00Z")
    assert [n for _, n in rung(made)] == [1, 2, 3, 1, 2, 3]


def test_only_the_stage_and_pipeline_that_are_named() -> None:
    made = opportunity(
        DEALS + 'rule "p" on opportunity stale for 7d at stage Proposal of Deals do stop\n'
        'rule "n" on opportunity stale for 7d at stage Negotiation do stop'
    )
    made.until("2026-04-30T00:00:00Z")
    assert [e.rule for e in made.entries if e.kind == "enrolled"] == ["p"]


def test_an_opportunity_that_is_closed_is_not_stale() -> None:
    made = opportunity(STALE)
    made.event("opportunity.status_changed", "o", "opportunity", after="won")
    made.until("2026-12-31T00:00:00Z")
    assert rung(made) == []


def test_a_rule_that_changes_what_is_stale_comes_to_rest() -> None:
    made = opportunity(DEALS + 'on opportunity stale for 7d do add tag "stale"')
    made.until("2026-12-31T00:00:00Z")
    assert [n for _, n in rung(made)] == [1, 1]
