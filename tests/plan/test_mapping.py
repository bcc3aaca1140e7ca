"""Where runs of an old version stand in a new one: what maps, what must not, and why."""

from __future__ import annotations

import pytest

from rulelang.plan.mapping import PlaceMap, map_places
from rulelang.plan.model import Plan
from tests.support.rules import check


def plan(steps: str, head: str = 'on tag added "x"') -> Plan:
    """A rule with these steps."""
    return check(f'rule "R" {head} do\n{steps}\nend').plans[0]


def mapped(old: str, new: str, head: str = 'on tag added "x"', after: str = "") -> PlaceMap:
    """The places of one list of steps in another."""
    return map_places(plan(old, head), plan(new, after or head))


def test_every_place_of_a_rule_stands_for_itself() -> None:
    text = """
    wait 1d
    wait on user login timeout 2d do
      wait 1d
    else
      wait 2d
    end
    parallel
      do
        wait 1d
      end
      do
        wait until 9:00
      end
    end
    goal "Paid" on payment received
    """
    found = mapped(text, text)
    assert found.refused == {}
    assert all(found.place(step) == step for step in found.steps)
    assert {"do.0", "do.1", "do.1.on0.0", "do.1.timeout.0", "do.2", "do.2.1.do.0", "do.3"} <= set(found.steps)


def test_a_step_put_before_a_wait_moves_the_wait_along() -> None:
    found = mapped('wait 30m; add tag "a"', 'add tag "new"; wait 2h; add tag "a"')
    assert found.place("do.0") == "do.1"


def test_a_run_that_waits_to_be_released_begins_with_the_new_version() -> None:
    assert mapped("wait 30m", 'add tag "b"').place("") == ""


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ('add tag "a"', "the new version has no such step: a wait for a duration"),
        ('wait until 9:00; add tag "a"', "the new version has no such step: a wait for a duration"),
        ('wait 1h; wait 2h; add tag "a"', "not certain"),
        ('add tag "a"; wait 30m', "not certain"),
        ('add tag "a"; wait 30m; notify owner "x"', "not certain"),
    ],
)
def test_what_is_gone_of_another_kind_or_doubtful_is_refused(new: str, why: str) -> None:
    found = mapped('wait 30m; add tag "a"', new)
    assert found.place("do.0") is None
    assert why in found.why_not("do.0")


def test_nothing_is_done_twice_or_left_out() -> None:
    old = 'add tag "a"; add tag "b"; wait 30m; add tag "c"'
    again = mapped(old, 'add tag "b"; wait 1h; if score > 5 then\n add tag "a"\n end; add tag "c"')
    assert again.place("do.2") is None
    assert "would do `add tag` again" in again.why_not("do.2")
    less = mapped(old, 'if score > 5 then\n add tag "c"\n end; add tag "a"; add tag "b"; wait 1h')
    assert "would leave out `add tag`" in less.why_not("do.2")


def test_steps_whose_order_was_changed_stand_for_nothing() -> None:
    found = mapped('add tag "a"; wait 30m', 'wait 30m; add tag "a"')
    assert (found.place("do.0"), found.place("do.1")) == (None, None)


def test_waits_of_one_length_are_told_apart_by_what_stands_around_them() -> None:
    found = mapped(
        'wait 1d; add tag "a"; wait 1d; add tag "b"', 'add tag "a"; wait 1d; add tag "b"; add tag "c"'
    )
    assert found.place("do.2") == "do.1"
    assert found.place("do.0") is None


def test_runs_side_by_side_have_places_together_or_not_at_all() -> None:
    old = "parallel\n do\n wait 1d\n end\n do\n wait 2d\n end\n end"
    kept = "parallel\n do\n wait 3d\n end\n do\n wait 2d\n end\n end"
    lost = "parallel\n do\n wait 1d\n end\n do\n wait until 9:00\n end\n end"
    more = "parallel\n do\n wait 1d\n end\n do\n wait 2d\n end\n do\n wait 1h\n end\n end"
    assert mapped(old, kept).place("do.0") == "do.0"
    for new in (lost, more):
        found = mapped(old, new)
        assert [found.place(id) for id in ("do.0", "do.0.0.do.0", "do.0.1.do.0")] == [None, None, None]


def test_branches_of_a_split_go_by_their_names() -> None:
    old = 'split "s"\n case 50% "A" do\n wait 1d\n case 50% "B" do\n wait 2d\n end'
    new = 'split "s"\n case 20% "B" do\n wait 2d\n case 80% "A" do\n wait 3d\n end'
    found = mapped(old, new)
    assert found.place("do.0.case0.0") == "do.0.case1.0" or found.place("do.0.case0.0") is None
    assert found.place("do.0.case1.0") != "do.0.case1.0"


def test_a_name_with_another_meaning_keeps_everybody() -> None:
    found = mapped("let n = score; wait 1d", "let n = score * 2; wait 1d")
    assert found.place("do.1") is None
    assert "the name `n` has another meaning" in found.why_not("do.1")


def test_an_event_that_was_not_kept_cannot_be_read() -> None:
    found = mapped("wait 1d", "wait 1d; add tag event.tag")
    assert "did not keep it" in found.why_not("do.0")


def test_an_event_of_another_kind_cannot_be_read() -> None:
    steps = "wait 1d; add tag event.tag"
    found = mapped(steps, steps, 'on tag added "x"', 'on tag removed "x"')
    assert "begins with other events" in found.why_not("do.0")


def test_an_action_that_uses_the_event_counts_as_reading_it() -> None:
    old, new = plan("wait 1d"), plan('wait 1d; add tag "b"')
    assert map_places(old, new).place("do.0") == "do.0"
    assert map_places(old, new, frozenset({"add_tag"})).place("do.0") is None


def test_another_kind_of_record_is_another_rule() -> None:
    old = check('rule "R" on stage enter "SQL" do wait 1d end').plans[0]
    new = check('rule "R" for account on account created do wait 1d end').plans[0]
    assert map_places(old, new).place("do.0") is None
