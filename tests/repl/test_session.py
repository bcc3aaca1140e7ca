"""Taking back, editing and saving a session as a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulelang.calendar import parse_instant
from runtime.model import SubjectKey
from runtime.settings import Settings, load_settings
from tests.support.live import make_files
from tests.support.process import rulelang
from tests.support.rules import SCHEMA, START, check
from workbench.loading import load
from workbench.repl import rules
from workbench.repl.loop import Loop
from workbench.repl.session import Session

MAILS = 'rule "Hello" for contact\n  on stage enter "SQL"\n  when score > 50\ndo\n  wait 30m\n  send email template("hello")\n  add tag "greeted"\nend\n'
FILES = {
    "rulelang.toml": '[mail]\nfrom = "Acme <a@acme.test>"\n',
    "schema.rules": SCHEMA,
    "rules/hello.rules": MAILS,
    "templates/hello.txt": "---\nsubject: Hello, {{ contact.first_name }}\n---\nGood day\n",
}


def play(session: Session, *lines: str) -> list[str]:
    """What the prompt answers."""
    out: list[str] = []
    rest = iter(lines)
    Loop(session, lambda prompt: next(rest, None), out.append).run()
    return out


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session in a workspace on disk, with one contact."""
    root = make_files(tmp_path / "w", FILES)
    loaded = load(root)
    found = Session(loaded.checked, load_settings(root, {}), root, parse_instant(START))
    values = {"email": "lea@x.test", "first_name": 'Léa "L"', "score": 85, "status": "trial"}
    found.add(SubjectKey("contact", "c_1"), found.codec.fields("contact", values))
    return found


def without_workspace() -> Session:
    """A session without files."""
    found = Session(check(""), Settings(), Path(), parse_instant(START))
    found.add(SubjectKey("contact", "c_1"), {"score": 85})
    found.add(SubjectKey("contact", "c_2"), {"score": 5})
    return found


def test_undo_takes_the_last_deed_back_and_all_that_came_of_it() -> None:
    session = without_workspace()
    rule = 'rule "R" on contact updated do add tag "seen"; wait 1h; set score = 1; end'
    play(session, rule, 'set city = "Bonn"')
    before = (session.simulation.now, session.simulation.timeline(), session.state())
    out = play(session, "advance 2h", "score", "undo", "score")
    assert out[-3:] == [
        "1  (number)",
        "taken back: `after 2h`; it is 2026-03-02T10:00:00+01:00",
        "85  (number)",
    ]
    assert (session.simulation.now, session.simulation.timeline(), session.state()) == before
    assert play(session, "undo", "tags", "show rules")[1:] == [
        "missing  (list of tag)",
        "`R` for contact, live",
    ]
    assert play(session, "undo", "show rules")[1:] == ["there are no rules; type one"]
    assert play(session, "undo") == ["there is nothing to take back"]


def test_undo_goes_back_to_the_record_looked_at_before() -> None:
    session = without_workspace()
    assert play(session, "as c_2", "score", "undo", "score")[-1] == "85  (number)"


def test_what_fails_leaves_nothing_behind() -> None:
    session = without_workspace()
    before = (list(session.deeds), session.simulation.now, session.state())
    play(session, "advance until 2026-01-01", "set score = much", "fire stage enter")
    assert (session.deeds, session.simulation.now, session.state()) == before


def test_set_and_answers_are_statements_of_tests() -> None:
    session = without_workspace()
    rule = 'rule "Hook" on contact updated when score > 90 do webhook post "https://x.example/y" end'
    out = "\n".join(play(session, rule, "webhook answers 503 once", "set score = 95", "show runs"))
    assert "so it will answer" in out
    assert "score: 85 → 95" in out
    assert "`Hook`  effect at do.0" in out
    assert "`Hook`  completed" in "\n".join(play(session, "advance 1h", "show runs"))


def test_a_rule_of_the_workspace_is_edited_for_the_session(session: Session) -> None:
    seen: list[str] = []

    def editor(text: str) -> str:
        seen.append(text)
        return text.replace("score > 50", "score > 90")

    assert list(rules.edit(session, '"Hello"', False, editor)) == ["`Hello` is in force"]
    assert seen == [MAILS]
    out = play(session, 'fire stage enter "SQL"', 'why "Hello"', "save as test x.test.rules")
    assert "    failed  score > 90   (score is 85)" in out
    assert out[-1] == "rules/hello.rules differs from what is on disk; change it there, or `undo`"
    assert (session.root / "rules/hello.rules").read_text() == MAILS
    assert list(rules.edit(session, "Hello", False, lambda text: text)) == ["nothing was changed"]


def test_editing_begins_with_the_last_rule_typed_or_a_new_one() -> None:
    session = without_workspace()
    seen: list[str] = []
    list(rules.edit(session, "", False, lambda text: seen.append(text)))
    play(session, 'rule "A" on contact created do stop')
    list(rules.edit(session, "", False, lambda text: seen.append(text)))
    assert seen[0].startswith('rule "New rule" for contact')
    assert seen[1] == 'rule "A" on contact created do stop\n'


def test_a_session_saved_as_a_test_passes_and_holds_the_rules_to_it(session: Session) -> None:
    out = play(
        session,
        "webhook answers 503 once",
        'fire stage enter "SQL"',
        "advance until next",
        'set city = "Bonn, am Rhein"',
        "advance 1d",
        "save as test tests/hello.test.rules",
    )
    path = session.root / "tests/hello.test.rules"
    assert out[-1] == f"wrote {path}"
    text = path.read_text()
    assert 'expect email to "lea@x.test" subject is "Hello, Léa \\"L\\"" by "Hello"' in text
    assert 'expect run "Hello" completed for contact "c_1"' in text
    assert "tags contains greeted" in text
    assert "expect nothing else sent" in text
    done = rulelang("test", session.root)
    assert (done.returncode, done.stdout) == (0, "1 passed\n"), done.stdout + done.stderr
    rule = session.root / "rules/hello.rules"
    rule.write_text(MAILS.replace("30m", "2d"))
    assert rulelang("test", session.root).returncode == 1


def test_tasks_of_rules_are_expected_of_a_saved_session(session: Session) -> None:
    rule = (
        'rule "Ask" on tag added "ask" do create task "Call {{ contact.first_name }}" for "Ana@acme.test" end'
    )
    play(session, rule, 'fire tag added "ask"', "save as test tests/task.test.rules")
    text = (session.root / "tests/task.test.rules").read_text()
    assert 'expect task to "ana@acme.test" title is "Call Léa \\"L\\"" by "Ask" for contact "c_1"' in text
    done = rulelang("test", session.root)
    assert (done.returncode, done.stdout) == (0, "1 passed\n"), done.stdout + done.stderr


def test_typed_rules_are_saved_beside_the_test(session: Session) -> None:
    rule = 'rule "Typed" on tag added "x" do set score = 1 end'
    out = play(session, rule, 'fire tag added "x"', "save as test tests/typed.test.rules")
    tests = session.root / "tests"
    assert out[-1] == f"wrote {tests / 'typed.test.rules'} and {tests / 'typed.rules'}"
    assert (tests / "typed.rules").read_text() == rule + "\n"
    assert rulelang("test", session.root).stdout == "1 passed\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("save", "`save` takes `as test FILE`"),
        ("save x", "`save` takes `as test FILE`"),
        ("save as test x.rules", "ends in `.test.rules`"),
        ("live runs", "start with --server URL"),
        ("replay", "start with --server URL"),
        ("undo", "there is nothing to take back"),
    ],
)
def test_mistakes(session: Session, line: str, said: str) -> None:
    assert said in play(session, line)[-1]


def test_an_existing_file_is_kept(session: Session) -> None:
    make_files(session.root, {"tests/a.test.rules": "mine"})
    assert "exists already" in play(session, "save as test tests/a.test.rules")[-1]
    assert (session.root / "tests/a.test.rules").read_text() == "mine"
