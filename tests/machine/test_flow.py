"""Choosing, repeating, branches side by side, jumps, goals, errors and rules that start rules."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.model import Outcome, OutcomeKind
from runtime.simulate import delivered
from tests.support.rules import Story

EVENTS = """
event "go" for contact
  number: text
  amount: number
end
event "login" for contact
end
"""
DAY = 86_400


def story(steps: str, header: str = 'on event "go"', answer: Any = delivered, **fields: object) -> Story:
    made = Story(f'{EVENTS}\nrule "R"\n  {header}\ndo\n{steps}\nend\n', answer=answer)
    made.contact(**fields)
    return made


def tags(made: Story, id: str = "c_1") -> list[str]:
    found: list[str] = made.fields(id).get("tags", [])
    return found


# --- match and split -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "tag"), [(1, "low"), (2, "low"), (3, "mid"), (4, "other"), (None, "other")]
)
def test_match_takes_the_first_case_that_holds(score: int | None, tag: str) -> None:
    steps = 'match score case 1, 2 do add tag "low" case [2, 3] do add tag "mid" else add tag "other" end; add tag "end"'
    made = story(steps, **({} if score is None else {"score": score}))
    made.event("go")
    assert tags(made) == [tag, "end"]


def test_match_without_else_goes_on_when_no_case_holds() -> None:
    made = story('match plan case free do add tag "free" end; add tag "end"', plan="pro")
    made.event("go")
    assert tags(made) == ["end"]


def split(first: int, second: int) -> str:
    return f'split "line" case {first}% "A" do add tag "a" case {second}% "B" do add tag "b" else add tag "none" end'


def branches(made: Story, ids: range) -> dict[int, str]:
    for n in ids:
        made.contact(f"c_{n}")
        made.event("go", f"c_{n}")
    return {n: tags(made, f"c_{n}")[0] for n in ids}


def test_a_split_shares_subjects_out_by_its_percentages() -> None:
    found = list(branches(story(split(40, 40)), range(400)).values())
    assert 130 <= found.count("a") <= 190
    assert 130 <= found.count("b") <= 190
    assert 50 <= found.count("none") <= 110


def test_who_is_in_a_branch_stays_there_also_when_percentages_change() -> None:
    made = story(split(40, 40))
    before = branches(made, range(60))
    text = f'{EVENTS}\nrule "R"\n  on event "go"\ndo\n{split(1, 99)}\nend\n'
    made.replace(text)
    for n, tag in before.items():
        made.event("record.updated", f"c_{n}", fields={"tags": []})
        made.event("go", f"c_{n}")
        assert tags(made, f"c_{n}") == [tag]
    newcomers = list(branches(made, range(100, 160)).values())
    assert newcomers.count("b") >= 55
    assert set(before.values()) == {"a", "b", "none"}


def test_re_entry_keeps_the_branch() -> None:
    made = story(split(50, 50))
    made.event("go")
    first = tags(made)
    made.event("record.updated", fields={"tags": []})
    made.event("go")
    assert tags(made) == first


# --- repeat ----------------------------------------------------------------------------------------


def test_repeat_times() -> None:
    made = story("repeat 3 times do set score = score + 1 end; set score = score * 10", score=0)
    made.event("go")
    assert made.fields()["score"] == 30


def test_repeat_with_a_number_from_the_event() -> None:
    made = story("repeat event.amount times do set score = score + 1 end", score=0)
    made.event("go", amount=4)
    assert made.fields()["score"] == 4


def test_repeat_while_ends_with_its_condition_and_at_its_bound() -> None:
    for most, expected in (("", 50), (" at most 2 times", 20)):
        made = story(f"repeat while score < 50{most} do set score = score + 10 end", score=0)
        made.event("go")
        assert made.fields()["score"] == expected


def test_each_round_is_an_effect_of_its_own_with_waits_between() -> None:
    made = story('repeat 3 times do webhook post "https://example.com/x"; wait 1h end; add tag "end"')
    made.event("go")
    made.after(3 * 3600)
    keys = [row.effect.key for row in made.effects()]
    assert len(set(keys)) == 3
    assert tags(made) == ["end"]


def test_loops_inside_loops_start_over() -> None:
    made = story("repeat 2 times do repeat 3 times do set score = score + 1 end end", score=0)
    made.event("go")
    assert made.fields()["score"] == 6


def test_a_jump_out_of_a_loop_leaves_no_rounds_behind() -> None:
    steps = """
      repeat 2 times do
        repeat 3 times do
          set score = score + 1
          go to "out" when score = 2
        end
        label "out"
      end
    """
    made = story(steps, score=0)
    made.event("go")
    # Two rounds of the first inner loop, then three of the second.
    assert made.fields()["score"] == 5


# --- let -------------------------------------------------------------------------------------------


def test_let_keeps_what_a_value_was() -> None:
    made = story("let before = score * 2; set score = 100; wait 1h; set score = before + 1", score=4)
    made.event("go")
    made.after(3600)
    assert made.fields()["score"] == 9


def test_let_keeps_the_result_of_an_action() -> None:
    answer = lambda row: Outcome(OutcomeKind.DONE, result={"status": 201, "body": {"id": "o_1"}})  # noqa: E731
    steps = """
      let answer = webhook post "https://example.com/x"
      if answer.ok and answer.status = 201 and answer.body.id = "o_1" then add tag "created" else add tag "no" end
    """
    made = story(steps, answer=answer)
    made.event("go")
    assert tags(made) == ["created"]


def test_the_result_of_a_failure_says_why() -> None:
    refuse = lambda row: Outcome(OutcomeKind.FAILED, "409 conflict", result={"status": 409})  # noqa: E731
    steps = """
      let answer = webhook post "https://example.com/x" on error continue
      add tag "conflict" when answer.status = 409 and answer.error contains "conflict" and not answer.ok
    """
    made = story(steps, answer=refuse)
    made.event("go")
    assert tags(made) == ["conflict"]


# --- parallel --------------------------------------------------------------------------------------

SIDE_BY_SIDE = """
  let base = 7
  parallel
    do wait 1h; set score = base end
    do wait on event "login" timeout 2d; add tag "b" end
  end
  add tag "joined"
"""


@pytest.mark.parametrize("login", [1800, 7200])
def test_parallel_goes_on_when_all_branches_have_ended(login: int) -> None:
    made = story(SIDE_BY_SIDE)
    made.event("go")
    made.after(login)
    made.event("login")
    assert ("joined" in tags(made)) == (login > 3600)
    made.after(7200)
    assert tags(made) == ["b", "joined"]
    assert made.fields()["score"] == 7
    assert made.kinds("R").count("completed") == 3


def test_ids_of_runs_and_branches_sort_by_their_start() -> None:
    made = story("wait 1h; parallel\ndo wait 2h end\ndo wait 3h end\nend")
    for id in ("c_2", "c_3"):
        made.contact(id)
    started = [made.event("go", id)[0] for id in ("c_1", "c_2", "c_3")]
    made.after(3600)
    enrolled = [entry for entry in made.entries if entry.kind == "enrolled"]
    first = [entry.run for entry in enrolled if entry.run in started]
    branches = [entry.run for entry in enrolled if entry.run not in started]
    assert len(set(first)) == 3
    assert len(set(branches)) == 6
    assert max(first) < min(branches)
    assert {int(entry.run[4:15], 16) for entry in enrolled} == {entry.at for entry in enrolled}


def test_branches_without_waits_join_at_once() -> None:
    made = story('parallel\ndo add tag "a" end\ndo add tag "b" end\nend\nadd tag "end"')
    made.event("go")
    assert tags(made) == ["a", "b", "end"]


def test_stop_in_a_branch_ends_the_whole_run() -> None:
    made = story('parallel\ndo wait 1h; stop end\ndo wait 2h; add tag "b" end\nend\nadd tag "end"')
    made.event("go")
    made.after(DAY)
    assert tags(made) == []


def test_an_exit_ends_the_branches_too() -> None:
    made = story(
        'parallel\ndo wait 1h; add tag "a" end\ndo wait 2h; add tag "b" end\nend\nadd tag "end"',
        'on event "go"; exit on event "login"',
    )
    made.event("go")
    made.after(3600)
    made.event("login")
    made.after(DAY)
    assert tags(made) == ["a"]


# --- jumps and goals -------------------------------------------------------------------------------


def test_go_to_leaves_steps_out_in_and_out_of_blocks() -> None:
    steps = 'if score > 5 then go to "end" end; add tag "small"; go to "end" when score = 3; add tag "tiny"; label "end"; add tag "end"'
    for score, expected in ((9, ["end"]), (3, ["small", "end"]), (1, ["small", "tiny", "end"])):
        made = story(steps, score=score)
        made.event("go")
        assert tags(made) == expected


GOAL = 'wait 1h; add tag "late"; goal "In" on event "login"; add tag "in"'


def test_a_run_jumps_to_a_goal_from_an_earlier_step() -> None:
    made = story(GOAL)
    made.event("go")
    made.after(60)
    made.event("login")
    assert tags(made) == ["in"]
    made.after(DAY)
    assert tags(made) == ["in"]


def test_a_run_that_gets_to_a_goal_by_itself_waits_there_unless_it_passes() -> None:
    made = story(GOAL)
    made.event("go")
    made.after(DAY)
    assert tags(made) == ["late"]
    made.event("login")
    assert tags(made) == ["late", "in"]
    passing = story(GOAL.replace('"login";', '"login" pass;'))
    passing.event("go")
    passing.after(DAY)
    assert tags(passing) == ["late", "in"]


def test_a_goal_with_a_condition_is_reached_by_a_change() -> None:
    made = story('wait 30d; add tag "late"; goal "Won" when status = customer; add tag "won"', status="trial")
    made.event("go")
    made.event("record.updated", fields={"status": "customer"})
    assert tags(made) == ["won"]


def test_what_a_goal_names_is_known_behind_it() -> None:
    made = story('wait 30d; goal on event "go" as second; set score = second.amount')
    made.event("go", amount=1)
    made.event("go", amount=2)
    assert made.fields()["score"] == 2


def test_a_goal_behind_an_effect_calls_it_off() -> None:
    busy = lambda row: Outcome(OutcomeKind.RETRY, "busy")  # noqa: E731
    made = story('webhook post "https://example.com/x"; goal on event "login"; add tag "in"', answer=busy)
    made.event("go")
    made.event("login")
    assert tags(made) == ["in"]
    made.after(7 * DAY)
    assert tags(made) == ["in"]


# --- on error --------------------------------------------------------------------------------------


def refused(row: Any) -> Outcome:
    return Outcome(OutcomeKind.FAILED, "410 gone")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", []),
        ("on error continue", ["end"]),
        ('on error do add tag "wrong" end', ["wrong", "end"]),
        ("on error retry 2", []),
    ],
)
def test_a_step_that_fails_for_good(written: str, expected: list[str]) -> None:
    made = story(f'webhook post "https://example.com/x" {written}; add tag "end"', answer=refused)
    made.event("go")
    made.after(30 * DAY)
    assert tags(made) == expected
    assert made.reasons("failed") == ["410 gone"]


def test_on_error_steps_are_not_made_when_nothing_fails() -> None:
    made = story('webhook post "https://example.com/x" on error do add tag "wrong" end; add tag "end"')
    made.event("go")
    assert tags(made) == ["end"]


def test_on_error_retry_bounds_the_tries() -> None:
    tries = []

    def busy(row: Any) -> Outcome:
        tries.append(row.effect.key)
        return Outcome(OutcomeKind.RETRY, "busy")

    made = story('webhook post "https://example.com/x" on error retry 2; add tag "end"', answer=busy)
    made.event("go")
    made.after(60 * DAY)
    assert len(tries) == 3
    assert tags(made) == []


def test_on_error_holds_for_what_cannot_even_be_tried() -> None:
    steps = 'send email template("t") to account.owner on error do add tag "nobody" end; add tag "end"'
    made = Story(f'{EVENTS}\nrule "R"\n  on event "go"\ndo\n{steps}\nend\n', templates={"t": "Hello"})
    made.contact()
    made.event("go")
    assert tags(made) == ["nobody", "end"]


# --- rules that start rules ------------------------------------------------------------------------

OTHER = """
rule "Other"
  takes discount: number, reason: text
  on manual start
  exit when score > discount
do
  wait 1h
  set score = discount * 2 when reason = "renewal"
end
"""


def starting(step: str) -> Story:
    made = Story(f'{EVENTS}{OTHER}\nrule "R"\n  on event "go"\ndo\n{step}; add tag "end"\nend\n')
    made.contact(score=1)
    return made


def test_parameters_reach_the_other_rule() -> None:
    made = starting('start rule("Other") with discount = event.amount + 5, reason = "renewal"')
    made.event("go", amount=5)
    assert tags(made) == ["end"]
    made.after(3600)
    assert made.fields()["score"] == 20


def test_and_wait_goes_on_when_the_other_run_has_ended() -> None:
    made = starting('start rule("Other") with discount = 10, reason = "renewal" and wait')
    made.event("go")
    made.after(3599)
    assert tags(made) == []
    made.after(1)
    assert tags(made) == ["end"]
    assert made.fields()["score"] == 20


def test_and_wait_goes_on_at_once_when_the_other_rule_refuses() -> None:
    made = starting('start rule("Other") with discount = 0, reason = "renewal" and wait')
    made.event("go")
    assert tags(made) == ["end"]
    assert "exit condition" in made.reasons("refused")[0]


def test_exits_see_parameters() -> None:
    made = starting('start rule("Other") with discount = 10, reason = "renewal" and wait')
    made.event("go")
    made.event("record.updated", fields={"score": 11})
    assert tags(made) == ["end"]
    assert made.fields()["score"] == 11


# --- exits and last steps --------------------------------------------------------------------------

LEAVING = 'on event "go"; exit when status = customer; exit on event "go" where number = event.number and amount > 5'
LAST = '\non exit do\n  add tag "bye"\n  set score = kept + 1\n  stop when dnc\n  add tag "end"\nend'


def leaving(last: str = LAST) -> Story:
    text = f'{EVENTS}\nrule "R"\n  {LEAVING.replace("; ", chr(10))}\ndo\nlet kept = 41\nwait 1d\nadd tag "done"\nend{last}\n'
    made = Story(text)
    made.contact(status="trial")
    return made


def test_exit_on_an_event_with_a_condition() -> None:
    made = leaving("")
    made.event("go", number="1", amount=1)
    made.event("go", number="1", amount=5)
    made.event("go", number="2", amount=6)
    assert "exited" not in made.kinds("R")
    made.event("go", number="1", amount=6)
    assert "exited" in made.kinds("R")


@pytest.mark.parametrize("way", ["condition", "event"])
def test_the_steps_on_exit_are_made_when_a_run_is_ended_early(way: str) -> None:
    made = leaving()
    made.event("go", number="1")
    if way == "condition":
        made.event("record.updated", fields={"status": "customer"})
    else:
        made.event("go", number="1", amount=6)
    assert tags(made) == ["bye", "end"]
    assert made.fields()["score"] == 42


def test_the_steps_on_exit_are_not_made_at_the_end() -> None:
    made = leaving()
    made.event("go", number="1")
    made.after(DAY)
    assert tags(made) == ["done"]


def test_stop_in_the_last_steps_ends_them() -> None:
    made = leaving()
    made.contact("c_2", status="trial", dnc=True)
    made.event("go", "c_2", number="1")
    made.event("record.updated", "c_2", fields={"status": "customer"})
    assert tags(made, "c_2") == ["bye"]
    run = next(e.run for e in made.entries if e.kind == "enrolled")
    assert made.status(run) == "exited"


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("goal when status = customer", "completed"),
        ("exit when status = customer", "exited"),
        ('goal on event "login"', "completed"),
        ('exit on event "login"', "exited"),
    ],
)
def test_goals_count_as_success(clause: str, kind: str) -> None:
    made = story('wait 1d; add tag "end"', f'on event "go"\n  {clause}', status="trial")
    made.event("go")
    made.event("login")
    made.event("record.updated", fields={"status": "customer"})
    assert made.kinds("R")[-1] == kind
    made.after(2 * DAY)
    assert tags(made) == []
