"""Expectations of tasks, and whose an action or a message is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.live import make_files
from tests.support.process import command

RULES = """\
person "ana@acme.test": "Ana Ruiz"
person "bo@acme.test": "Bo"
team "Sales": "ana@acme.test", "bo@acme.test"

rule "Call" on tag added "call" do
  create task "Call {{ contact.first_name }}" for "Ana@acme.test" due 2d with description = "About the trial"
  create task "Look" for "Sales" when score > 5
end

rule "Hook" on tag added "hook" do webhook post "https://hooks.example.com/x" end
"""
GIVEN = """at 2026-03-02T09:00Z
given contact "c_1" has first_name = "Lea"
given contact "c_2" has first_name = "Max", score = 9
"""
CALL = '  when tag added "call" for contact "c_1"\n'
HOOK = '  when tag added "hook" for contact "c_1"\n'
Run = Callable[[str], tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs statements as one test: exit code, and all that is printed."""

    def go(text: str) -> tuple[int, str]:
        files = {"rulelang.toml": "", "a.rules": RULES, "a.test.rules": f'{GIVEN}test "it"\n{text}\nend\n'}
        done = command("test", make_files(tmp_path / "w", files))
        return done.returncode, done.stdout + done.stderr

    return go


def test_a_task_is_expected_by_whom_title_record_and_rule(run: Run) -> None:
    text = f"""{CALL}
  expect task to "ana@acme.test" title is "Call Lea" text contains "trial" by "Call" for contact "c_1"
  expect no task for contact "c_2"
  expect no task by "Hook"
  expect no task to "bo@acme.test"
  expect nothing sent
  when tag added "call" for contact "c_2"
  expect task for contact "c_2" to "sales" and title contains "Look"
  expect task title contains "Max"
  expect nothing else sent"""
    assert run(text) == (0, "1 passed\n")


def test_a_task_that_is_told_as_an_event_counts(run: Run) -> None:
    text = '  when event "task.created" for contact "c_2" with task_id = "t_1", title = "By hand"\n'
    assert run(f'{text}  expect task title is "By hand" for contact "c_2"') == (0, "1 passed\n")


def test_actions_and_messages_are_expected_for_a_record(run: Run) -> None:
    text = f"""{CALL}{HOOK}
  expect action create_task for contact "c_1" by "Call"
  expect no action create_task by "Call" for contact "c_2"
  expect nothing sent by "Call"
  expect nothing sent for contact "c_2"
  expect webhook for contact "c_1"
  expect no webhook for contact "c_2"
  expect nothing else sent by "Hook\""""
    assert run(text) == (0, "1 passed\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  expect task", "no task was created"),
        (
            f'{CALL}  expect task to "bo@acme.test"',
            '1 task was created: create_task to "ana@acme.test" title "Call Lea"',
        ),
        (f'{CALL}  expect task for contact "c_2"', 'no task for contact "c_2" was created'),
        (f"{CALL}  expect task\n  expect task", "no further task was created"),
        (f"{CALL}  expect no task", "a task was created"),
        (f'{CALL}  expect action create_task for contact "c_2"', 'was not carried out for contact "c_2"'),
        (f'{HOOK}  expect nothing sent by "Hook"', "something was sent by `Hook`"),
        (f'{HOOK}  expect nothing else sent for contact "c_1"', "something else was sent for contact"),
        (f'{CALL}  expect task for "ana@acme.test"', 'who gets it is said with `to "ana@acme.test"`'),
        (f'{CALL}  expect task subject is "x"', "`subject` is no part of a task"),
        (f'{CALL}  expect nothing sent by "Hok"', "did you mean `Hook`?"),
        (f'{CALL}  expect action create_task to "x"', "`to` is not expected here"),
    ],
)
def test_what_does_not_hold_is_told(run: Run, text: str, says: str) -> None:
    code, out = run(text)
    assert code != 0
    assert says in out
