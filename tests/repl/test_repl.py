"""The prompt, over a pipe and at a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulelang.calendar import parse_instant
from rulelang.workspace import load_workspace
from runtime.model import SubjectKey
from runtime.settings import Settings
from tests.support.live import SCHEMA, make_files
from tests.support.process import rulelang
from tests.support.rules import START, catalogue
from workbench.repl.entry import is_finished, is_rules
from workbench.repl.loop import Loop
from workbench.repl.session import Session

RULE = 'rule "Follow up" for contact\n  on stage enter "SQL"\n  when score > 50\ndo\n  wait 30m\n  set score = 5\nend\n'


def told(*lines: str, arguments: tuple[str | Path, ...] = ()) -> str:
    """What the prompt answers to lines on a pipe."""
    done = rulelang("repl", *arguments, stdin="\n".join(lines) + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def answers(*lines: str) -> list[str]:
    """The same within this process, with one contact."""
    session = Session(load_workspace({}, catalogue(), None), Settings(), Path(), parse_instant(START))
    session.add(SubjectKey("contact", "c_1"), session.codec.fields("contact", {"score": 85}))
    out: list[str] = []
    rest = iter(lines)
    Loop(session, lambda prompt: next(rest, None), out.append).run()
    return out


def test_expressions_have_values_and_types() -> None:
    assert told("score + 1", "score >= 80 and owner is set", "lower(first_name)", "today + 1d > today") == (
        '81  (number)\nfalse  (yes or no)\n  owner is missing\n"léa"  (text)\ntrue  (yes or no)\n'
    )


def test_a_rule_typed_in_runs_and_says_why() -> None:
    out = told(
        RULE,
        'fire stage enter "SQL"',
        "show runs",
        "advance until next",
        "score",
        "as c_2",
        'fire stage enter "SQL"',
        'why "Follow up"',
        "show journal",
        "show outbox",
    )
    assert out.startswith("`Follow up` is in force\n")
    assert re.search(r"contact c_1  waiting  `Follow up`  do\.0  until ", out)
    assert re.search(r"run_\w+  contact c_1  `Follow up`  waiting at do\.0  until ", out)
    assert "[score: 80 → 5]" in out
    assert "\n5  (number)\n" in out
    assert "did not match: " in out
    assert "    failed  score > 50   (score is 30)\n" in out
    assert out.count("enrolled  `Follow up`") == 2  # once when it happened, once in the journal
    assert out.endswith("nothing was sent\n")


def test_a_rule_typed_again_takes_the_place_of_the_first() -> None:
    rule = 'rule "A" on contact created do set score = {}; end'
    out = told(rule.format(1), rule.format(2), "fire contact created", "score", "show rules")
    assert out.count("`A` is in force") == 2
    assert "\n2  (number)\n`A` for contact, live\n" in out


def test_declarations_are_for_what_follows() -> None:
    out = told(
        "status for contact: trial, customer",
        "fields for contact",
        "  size: number",
        "end",
        "status = trial",
        "size",
    )
    assert out.startswith("that is in force\nthat is in force\ntrue  (yes or no)\n")
    assert out.endswith("missing  (number)\n")


def test_a_workspace_and_contacts_of_your_own(tmp_path: Path) -> None:
    template = "---\nsubject: Welcome\n---\nHello {{ contact.first_name }}\n"
    rule = 'rule "Welcome" on contact created do send email template("hello")\n'
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "a.rules": rule, "templates/hello.txt": template}
    root = make_files(tmp_path / "workspace", files)
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("id,email,first_name\nc_7,bea@example.test,Bea\n")
    out = told(
        "fire contact created", "show outbox", "show contact", arguments=(root, "--contacts", contacts)
    )
    assert "enrolled  `Welcome`" in out
    assert "| Hello Bea" in out
    assert 'first_name: "Bea"' in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lower(emial)", "did you mean `email`?"),
        ("score >", "error["),
        ("fire login", "`login` is no trigger; did you mean `user login"),
        ("fire birthday", "this trigger comes of time"),
        ("fire payment received with amount", "`=` is missing"),
        ('fire payment received with amount = "much"', "amount"),
        ("fire", "`fire` takes an event"),
        ("advance soon", "expected a duration such as `30m`, found `soon`"),
        ("advance until next", "nothing waits"),
        ("as c_3", "there is no contact `c_3`"),
        ("as company c_1", "name a record such as `contact c_1`"),
        ("show everything", "`show` takes one of runs, outbox"),
        ("show runs", "no rule has started"),
        ("show rules", "there are no rules"),
        ("show account", "there is no account"),
        ('why "A"', "there is no rule `A`"),
        ("on contact created do ad tag", "did you mean `add`?"),
        ("help", "advance until next"),
    ],
)
def test_each_mistake_is_one_answer_and_the_prompt_goes_on(line: str, said: str) -> None:
    out = answers(line, "1 + 1")
    assert said in "\n".join(out)
    assert out[-1] == "2  (number)"


def test_events_take_data() -> None:
    out = told('fire payment received with amount = 10, currency = "EUR"', "advance 1d")
    assert "payment.received amount: 10" in out
    assert "nothing happened\nit is " in out


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("on a b do stop", True),
        ("on a b do", False),
        ("on a b", False),
        ("on a b do if x then", False),
        ("on a b do if x then stop end", True),
        ('rule "A"', False),
        ('rule "A" on a b do stop', True),
        ('rule "A"\non a b\ndo\n  stop', False),
        ('rule "A"\non a b\ndo\n  if x then\n  stop\n  end', False),
        ('rule "A"\non a b\ndo\n  stop\nend', True),
        ("fields for contact", False),
        ("fields for contact\n  a: text\nend", True),
        ("tags: a,", False),
        ("tags: a", True),
    ],
)
def test_when_rules_are_finished(text: str, finished: bool) -> None:
    assert is_rules(text)
    assert is_finished(text) is finished


@pytest.mark.parametrize(
    "text", ["status = trial", "score", "fire x", "", "tags contains vip", "event.amount > 3"]
)
def test_what_is_no_rule(text: str) -> None:
    assert not is_rules(text)


def test_control_c_gives_up_the_line_and_not_the_session() -> None:
    session = Session(load_workspace({}, catalogue(), None), Settings(), Path(), parse_instant(START))
    typed = iter(['rule "A"', None, "1 + 1", "quit"])
    out: list[str] = []

    def read(prompt: str) -> str:
        line = next(typed)
        if line is None:
            raise KeyboardInterrupt
        return line

    Loop(session, read, out.append).run()
    assert out == ["", "2  (number)"]
