"""Runs that are moved to another version of their rule, ended, or left where they are."""

from __future__ import annotations

from runtime.engine.settling import Settling
from tests.support.rules import Story, check

START = "2026-03-02T09:00:00Z"


def rule(steps: str, clauses: str = "") -> str:
    """A rule with these steps."""
    return f'rule "R" on tag added "x"\n{clauses}\ndo\n{steps}\nend'


def deploy(story: Story, text: str, do: str = "move") -> None:
    """Put another version in force."""
    plans = check(text).plans
    to = plans[0].hash if do == "move" else ""
    settlings = [] if do == "finish" else [Settling("R", "contact", to, "ended by a deploy")]
    story.simulation.deploy(story.schema, plans, settlings)
    story.after(0)


def begun(text: str, *people: str) -> Story:
    """A story in which people wait in a rule."""
    story = Story(text, START)
    for id in people or ("c_1",):
        story.contact(id)
        assert story.event("contact.tag_added", id, tag="x")
    return story


def test_an_edit_during_a_wait_leaves_the_run_on_the_version_it_began_with() -> None:
    story = begun(rule('wait 1h; add tag "old"'))
    deploy(story, rule('wait 2h; add tag "new"'), "finish")
    story.until("2026-03-02T10:00:00Z")
    assert story.fields()["tags"] == ["x", "old"]
    story.contact("c_2")
    story.event("contact.tag_added", "c_2", tag="x")
    story.until("2026-03-02T12:00:00Z")
    assert story.fields("c_2")["tags"] == ["x", "new"]


def test_a_longer_wait_counts_from_when_the_run_began_to_wait() -> None:
    story = begun(rule('wait 1h; add tag "a"'))
    story.until("2026-03-02T09:30:00Z")
    deploy(story, rule('add tag "early"; wait 2h; add tag "b"'))
    assert "now follows version" in story.reasons("moved")[0]
    story.until("2026-03-02T10:59:59Z")
    assert story.fields()["tags"] == ["x"]
    story.until("2026-03-02T11:00:00Z")
    assert story.fields()["tags"] == ["x", "b"]


def test_a_wait_that_would_be_over_by_now_ends_at_once() -> None:
    story = begun(rule('wait 10d; add tag "a"'))
    story.until("2026-03-04T09:00:00Z")
    deploy(story, rule('wait 1d; add tag "a"'))
    assert story.fields()["tags"] == ["x", "a"]
    assert story.at("action") == ["2026-03-04T09:00:00Z"]


def test_an_unchanged_wait_keeps_its_moment_to_the_millisecond() -> None:
    story = begun(rule('wait 1d; add tag "a"'))
    story.until("2026-03-02T18:00:00Z")
    deploy(story, rule('wait 1d; add tag "b"'))
    story.until("2026-03-05T00:00:00Z")
    assert story.at("resumed") == ["2026-03-03T09:00:00Z"]
    assert story.fields()["tags"] == ["x", "b"]


def test_a_run_without_a_place_finishes_on_the_old_version() -> None:
    story = begun(rule('wait 1h; add tag "old"'))
    deploy(story, rule('wait until 18:00; add tag "new"'))
    assert story.reasons("moved") == []
    story.until("2026-03-03T09:00:00Z")
    assert story.fields()["tags"] == ["x", "old"]


def test_runs_can_be_ended() -> None:
    story = begun(rule('wait 1h; add tag "old"'), "c_1", "c_2")
    deploy(story, rule('wait 1h; add tag "new"'), "end")
    assert story.reasons("exited") == ["ended by a deploy"] * 2
    story.until("2026-03-03T09:00:00Z")
    assert story.fields()["tags"] == ["x"]


def test_the_timeout_of_a_wait_for_events_is_counted_anew_and_what_came_before_is_kept() -> None:
    old = rule("wait 1h; wait on user login timeout 2d; wait on payment received timeout 1d")
    story = begun(old)
    story.event("payment.received", amount=5)
    story.until("2026-03-02T10:00:00Z")
    deploy(
        story,
        rule(
            'add tag "n"; wait 1h; wait on user login timeout 5d; wait on payment received timeout 1d; stop'
        ),
    )
    story.until("2026-03-07T09:59:59Z")
    assert "completed" not in story.kinds("R")
    story.until("2026-03-07T10:00:00Z")
    assert story.kinds("R")[-1] == "completed"
    assert "the event had come before the wait" in story.reasons("resumed")


def test_the_exit_of_the_new_version_acts_at_once() -> None:
    story = Story(rule("wait 1d"), START)
    story.contact(status="customer")
    story.event("contact.tag_added", tag="x")
    deploy(story, rule("wait 1d", "exit when status = customer"))
    assert any("the exit condition holds" in reason for reason in story.reasons("exited"))


def test_branches_go_together() -> None:
    old = rule(
        'parallel\n do\n wait 1d\n add tag "a"\n end\n do\n wait 2d\n add tag "b"\n end\n end; add tag "c"'
    )
    new = rule(
        'wait 1s when score > 5\nparallel\n do\n wait 3d\n add tag "a"\n end\n do\n wait 2d\n add tag "b"\n end\n end'
        '\nadd tag "d"'
    )
    story = begun(old)
    deploy(story, new)
    assert len(story.reasons("moved")) == 3
    story.until("2026-03-04T09:00:00Z")
    assert story.fields()["tags"] == ["x", "b"]
    story.until("2026-03-05T09:00:00Z")
    assert story.fields()["tags"] == ["x", "b", "a", "d"]


def test_an_effect_of_the_new_version_has_a_key_of_its_own() -> None:
    old = rule('webhook post "https://a.test/1"; webhook post "https://a.test/2"; wait 1d')
    new = rule('wait 1d; webhook post "https://a.test/3"')
    story = begun(old)
    deploy(story, new)
    story.until("2026-03-04T09:00:00Z")
    keys = [row.effect.key for row in story.effects()]
    assert [row.effect.args["url"] for row in story.effects()] == [f"https://a.test/{n}" for n in (1, 2, 3)]
    assert len(set(keys)) == 3
    assert keys[2].endswith(":do.1:0@1")


def test_a_loop_goes_on_with_its_rounds() -> None:
    story = begun(rule("repeat 3 times do\n wait 1d\n end"))
    story.until("2026-03-03T12:00:00Z")
    deploy(story, rule('add tag "n"\nrepeat 3 times do\n wait 1d\n end\nadd tag "end"'))
    story.until("2026-03-05T09:00:00Z")
    assert story.fields()["tags"] == ["x", "end"]
    assert story.at("resumed") == [f"2026-03-0{day}T09:00:00Z" for day in (3, 4, 5)]


def test_a_goal_that_is_passed_now_holds_nobody() -> None:
    story = begun(rule('goal "Paid" on payment received'))
    deploy(story, rule('goal "Paid" on payment received pass; add tag "on"'))
    assert story.fields()["tags"] == ["x", "on"]


def test_steps_for_related_records_are_moved_where_they_are_made() -> None:
    old = 'rule "R" for account on account created do\nfor each contact at most 10 do\n wait 1d\n add tag "old"\n end\nend'
    new = old.replace('wait 1d\n add tag "old"', 'add tag "n"\n wait 2d\n add tag "new"')
    story = Story(old, START)
    story.contact("c_1", account_id="a_1")
    story.event("account.created", "a_1", "account")
    plans = check(new).plans
    story.after(0)
    story.simulation.deploy(story.schema, plans, [Settling("R", "account", plans[0].hash, "")])
    story.until("2026-03-04T08:59:59Z")
    assert story.fields().get("tags") is None
    story.until("2026-03-04T09:00:00Z")
    assert story.fields()["tags"] == ["new"]
