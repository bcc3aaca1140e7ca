"""`rulelang test`: the statements of a test, what a failure shows, coverage, reports and mistakes in test files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.live import make_files
from tests.support.process import ROOT, command

SCHEMA = """\
workspace
  name: "Acme"
  time_zone: "Europe/Berlin"
  currency: EUR
end
status for contact: trial, customer, inactive
pipeline "Sales" for contact: MQL, SQL, Won
fields for contact
  renewal_date: date
  deal_size: money EUR
end
event "meeting.held" for contact
  minutes: number
end
person "ana@acme.test": "Ana Ruiz"
"""
RULES = """\
rule "Book"
  on stage enter "SQL"
  when status = trial
  exit when status = customer
do
  assign("ana@acme.test")
  wait 30m
  if score >= 80 then
    send email template("confirm")
  else
    webhook post "https://hooks.example.com/x"
  end
end

rule "Held" on event "meeting.held" do
  add tag "long" when event.minutes >= 60
end

rule "Wait" on tag added "wait" do
  wait on contact replied timeout 3d do
    add tag "answered"
  else
    add tag "silent"
  end
end

rule "Named" on manual start do add tag "named" end

rule "Draft" draft on tag added "draft" do add tag "drafted" end

rule "Off" disabled on tag added "off" do add tag "switched" end
"""
TEMPLATE = "---\nsubject: Hello {{ contact.first_name }}\n---\nSee you.\n"
GIVEN = '  given contact "c_1" has status = trial, email = "Lea@X.test", first_name = "Léa", score = 90\n'
SQL = '  when stage enter "SQL" for contact "c_1"\n'
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs statements as one test (or, with `whole`, a whole file): exit code, output, errors."""
    files = {"rulelang.toml": '[mail]\nfrom = "Acme <a@acme.test>"\n', "schema.rules": SCHEMA}
    files |= {"rules/book.rules": RULES, "templates/confirm.liquid": TEMPLATE}

    def go(text: str, *options: str, whole: bool = False) -> tuple[int, str, str]:
        body = text if whole else f'test "it"\n  at 2026-03-02T09:00Z\n{GIVEN}{text}\nend\n'
        root = make_files(tmp_path / "w", {**files, "tests/it.test.rules": body})
        done = command("test", root, *options)
        return done.returncode, done.stdout, done.stderr

    return go


def test_a_mail_after_its_wait(run: Run) -> None:
    text = f"""{SQL}
  expect contact "c_1" has owner = "ana@acme.test" and stage = "SQL"
  after 29m
  expect nothing sent
  expect run "Book" waiting for contact "c_1"
  until 2026-03-02T09:30Z
  expect email to "lea@x.test" subject is "Hello Léa" text contains "See you" by "Book"
  expect nothing else sent
  expect no webhook
  expect action send_email_template by "Book"
  expect no action webhook_post
  expect run "Book" completed"""
    assert run(text) == (0, "1 passed\n", "")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (f"{SQL}  after 1h\n  expect nothing sent", 6, "something was sent"),
        (f"{SQL}  after 29m\n  expect email", 6, "no email went out"),
        (f"{SQL}  after 1h\n  expect no email", 6, "an email went out"),
        (f"{SQL}  after 1h\n  expect email\n  expect email", 7, "no further email went out"),
        (f"{SQL}  after 1h\n  expect nothing else sent", 6, "something else was sent"),
        (f'{SQL}  after 1h\n  expect email to "bo@x.test"', 6, "lea@x.test"),
        (f'{SQL}  after 1h\n  expect email subject is "Hello"', 6, "Hello Léa"),
        (f'{SQL}  after 1h\n  expect email by "Held"', 6, "no email by"),
        (f'{SQL}  expect run "Book" completed', 5, "it is waiting"),
        (f'{SQL}  expect no run "Book"', 5, "has started a run"),
        (f"{SQL}  expect no action assign", 5, "the action `assign` was carried out"),
        (f"{SQL}  expect action add_tag", 5, "carried out were assign"),
        (f'{SQL}  expect action assign by "Held"', 5, "was not carried out by `Held`"),
        ('  expect run "Book" waiting', 4, "no event that it listens to has happened"),
        (f'{SQL}  expect contact "c_1" has score > 90', 5, "score is 90, not more than 90"),
        ('  expect contact "c_2" has score > 90', 4, "no such record"),
        ('  expect contact "c_1" missing', 4, "there is a contact `c_1`"),
        (f'{SQL}  expect run "Book" refused', 5, "`Book` was not refused"),
        ("  until 2026-03-01", 4, "time only goes forward"),
    ],
)
def test_what_does_not_hold_is_shown_where_it_stands(run: Run, text: str, line: int, says: str) -> None:
    code, out, _ = run(text)
    assert code == 1
    assert f"tests/it.test.rules:{line}:3" in out
    assert says in out
    assert out.endswith("0 passed, 1 failed\n")


def test_a_failure_shows_what_had_happened(run: Run) -> None:
    _, out, _ = run(f"{SQL}  expect nothing sent\n  after 1h\n  expect nothing sent")
    assert "10:30:00  contact c_1  action  `Book`  do.2.then.0  send_email_template" in out


def test_the_outside_answers_as_it_is_told(run: Run) -> None:
    text = f"""  webhook answers 503 twice
  when contact "c_1" gets score = 10
{SQL}  after 30m
  expect no webhook
  expect run "Book" waiting
  after 1h
  expect webhook to "https://hooks.example.com/x" text contains "c_1"
  expect run "Book" completed"""
    assert run(text)[:2] == (0, "1 passed\n")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("webhook answers 410", "blocked"),
        ('webhook_post answers failed "gone"', "blocked"),
        ("webhook answers unknown once", "completed"),
        ("webhook answers retry 2 times", "completed"),
        ("webhook answers 204", "completed"),
        ("email answers failed", "completed"),
        ('webhook answers refused "not now"', "completed"),
    ],
)
def test_answers_end_as_with_the_real_sender(run: Run, answer: str, state: str) -> None:
    text = f'  {answer}\n  when contact "c_1" gets score = 10\n{SQL}  after 5h\n  expect run "Book" {state}'
    assert run(text)[:2] == (0, "1 passed\n")


def test_events_by_phrase_by_type_and_by_name(run: Run) -> None:
    text = """  when event "meeting.held" for contact "c_1" with minutes = 61
  when manual start "Named" for contact "c_1"
  when tag added "draft" for contact "c_1"
  when tag added "off" for contact "c_1"
  expect contact "c_1" has tags contains long and tags contains named and tags contains drafted
  expect contact "c_1" has tags not contains switched"""
    assert run(text)[:2] == (0, "1 passed\n")


def test_values_of_all_types(run: Run) -> None:
    text = """  given account "a_1" has name = "Nord"
  given contact "c_2" has tags = [vip, "no calls"], deal_size = €1_000, renewal_date = 2026-05-01, dnc = true,
    score = -5, owner = null, account_id = "a_1", time_zone = "Asia/Tokyo"
  expect contact "c_2" has tags contains "no calls" and deal_size = €1000 and renewal_date = 2026-05-01 and dnc
    and score = -5 and owner is not set and account.name = "Nord"
  expect account "a_1" has name starts with "N"
  expect contact "c_9" missing"""
    assert run(text)[:2] == (0, "1 passed\n")


def test_a_second_enrolment_is_refused_and_an_exit_seen(run: Run) -> None:
    text = f"""{SQL}{SQL.replace('"SQL"', '"MQL"')}{SQL}
  expect run "Book" refused
  when contact "c_1" gets status = customer
  expect run "Book" exited"""
    assert run(text)[:2] == (0, "1 passed\n")


def test_until_a_time_of_day_is_the_next_one(run: Run) -> None:
    text = f"{SQL}  until 10:29\n  expect nothing sent\n  until 10:30\n  expect email"
    assert run(text)[:2] == (0, "1 passed\n")


def test_what_stands_above_holds_for_each_test(run: Run) -> None:
    file = f"""at 2026-03-02T09:00Z
{GIVEN}
test "one"
{SQL}
  expect run "Book" waiting
end
test "two"
  expect contact "c_1" has owner is not set
end
"""
    assert run(file, whole=True)[:2] == (0, "2 passed\n")
    assert run(file, "-k", "tw", whole=True)[:2] == (0, "1 passed\n")
    code, _, err = run(file, "-k", "three", whole=True)
    assert code == 2
    assert "no test has 'three' in its name" in err


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("  expcet nothing sent", "4:3", "did you mean `expect`?"),
        ("  wait 2d", "4:3", "did you mean `after 2d`?"),
        ("  wait until 18:00", "4:3", "time passes with `after 2d`"),
        ("  when renewal_date passes", "4:8", "`renewal_date passes` is no trigger"),
        ('  when event "meeting.held"', "4:28", '`for contact "c_1"` is missing'),
        ('  when manual start "Named"', "4:28", '`for contact "c_1"` is missing'),
        ('  given contact "c_2" has status = trail', "4:36", "did you mean `trial`?"),
        ('  given contact "c_2" has stats = trial', "4:27", "did you mean `status`?"),
        ('  when stage entr "SQL" for contact "c_1"', "4:14", "did you mean `enter`?"),
        ('  when stage enter "SQQ" for contact "c_1"', "4:20", "there is no stage `SQQ`"),
        ('  when stage enter "SQL"', "4:25", '`for contact "c_1"` is missing'),
        (
            '  when stage enter "SQL" or on tag added for contact "c_1"',
            "4:8",
            "says more than may stand here",
        ),
        ('  when stage enter "SQL" when score > 1 for contact "c_1"', "4:8", "says more than may stand here"),
        ('  when birthday for contact "c_1"', "4:8", "this trigger comes of time"),
        ('  when event "meeting.hold" for contact "c_1"', "4:14", "did you mean `meeting.held`?"),
        ('  when event "meeting.held" for contact "c_1" with minutes = "x"', "4:62", "expected a number"),
        ('  expect contact "c_1" has scor > 1', "4:28", "did you mean `score`?"),
        ('  expect run "Boook" waiting', "4:14", "did you mean `Book`?"),
        ('  expect run "Book" wating', "4:21", "did you mean `waiting`?"),
        ("  expect action asign", "4:17", "did you mean `assign`?"),
        ('  expect slack subject is "x"', "4:3", "a slack has no subject"),
        ("  after 30", "4:9", "expected a duration"),
        ("  webhook answers 99", "4:19", "no final status of HTTP"),
        ("  webhok answers 503", "4:3", "did you mean `webhook`?"),
        ('  expect nothing sent "x"', "4:23", "is not expected here"),
        (f"{SQL}  at 2026-03-02", "5:3", "`at` stands before anything happens"),
    ],
)
def test_a_mistake_in_a_test_file_is_shown_where_it_stands(
    run: Run, text: str, place: str, says: str
) -> None:
    code, out, err = run(text)
    assert (code, out) == (2, "")
    assert f"tests/it.test.rules:{place}" in err
    assert says in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('test "a"\n  expect nothing sent\n', "the test `a` has no `end`"),
        ('test "a"\ntest "b"\nend\n', "the test `a` has no `end`"),
        ('test "a"\nend\ntest "a"\nend\n', "a test `a` in this file already"),
        ("expect nothing sent\n", "this stands in no test"),
        ("end\n", "no test is open here"),
    ],
)
def test_the_shape_of_a_file(run: Run, text: str, says: str) -> None:
    code, _, err = run(text, whole=True)
    assert code == 2
    assert says in err


def test_coverage_names_what_no_test_has_done(run: Run) -> None:
    text = f"{SQL}  after 1h\n  expect email"
    code, out, _ = run(text, "--coverage")
    gaps = [tuple(re.split(r" ! +|  +", line.strip())) for line in out.splitlines() if " ! " in line]
    assert code == 0
    assert gaps[:5] == [
        ("2", 'on stage enter "SQL"', "never passed by"),
        ("3", "when status = trial", "never false"),
        ("4", "exit when status = customer", "never true"),
        ("8", "if score >= 80 then", "never false"),
        ("11", 'webhook post "https://hooks.example.com/x"', "never made"),
    ]
    assert gaps[5][0] == "15"
    assert out.splitlines()[2] == "Book  rules/book.rules:1  7 of 12"


def test_coverage_of_waits_and_conditions_of_steps(run: Run) -> None:
    text = """  when tag added "wait" for contact "c_1"
  after 3d
  when event "meeting.held" for contact "c_1" with minutes = 5
  expect contact "c_1" has tags contains silent and tags not contains long"""
    _, out, _ = run(text, "--coverage", "--format", "json")
    rules = {rule["rule"]: rule for rule in json.loads(out)["coverage"]}
    assert [gap["what"] for gap in rules["Wait"]["missing"]] == ["never taken", "never made"]
    assert (rules["Wait"]["covered"], rules["Wait"]["total"]) == (5, 7)
    assert [gap["what"] for gap in rules["Held"]["missing"]] == ["never true"]
    assert "Off" not in rules
    assert rules["Named"]["covered"] == 0


MIXED = """\
rule "Mix" on tag added "x" do
  split "s"
    case 50% "A" do add tag "sa"
    case 50% "B" do add tag "sb"
  end
  repeat while score < 50 at most 2 times do set score = score + 10 end
  do add tag "b" end when score > 100
  parallel
    do add tag "p1" end
    do add tag "p2" when dnc end
  end
  webhook post "https://x.example.com/a" on error do add tag "err" end
  go to "over" when status = customer
  add tag "between"
  label "over"
  stop when score > 90
end
"""


def test_coverage_of_every_kind_of_step(tmp_path: Path) -> None:
    case = 'test "{0}"\n  given contact "{0}" has score = {1}, dnc = {2}, status = {3}\n  {4}\n  when tag added "x" for contact "{0}"\n  expect run "Mix" completed\nend\n'
    quiet, refused = "webhook answers 200", "webhook answers 410"
    cases = [case.format(f"c_{n}", 10, "false", "trial", quiet) for n in range(12)]
    cases += [
        case.format("low", 45, "false", "trial", quiet),
        case.format("high", 200, "true", "customer", refused),
    ]
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "mix.rules": MIXED, "few.test.rules": cases[0]}
    root = make_files(tmp_path / "w", files)
    few = json.loads(command("test", root, "--coverage", "--format", "json").stdout)["coverage"][0]
    assert {gap["what"] for gap in few["missing"]} >= {"never true", "never made"}
    assert few["covered"] < few["total"]
    make_files(root, {"few.test.rules": "\n".join(cases)})
    done = command("test", root, "--coverage", "--coverage-min", "100")
    assert done.returncode == 0, done.stdout


REMINDER = """\
rule "Ends" on reminder 3d before renewal_date at 10:00 do add tag "ends" end
rule "Won" on stage enter "Won" do stop
"""
REMINDED = """\
test "it"
  at 2026-03-01
  given contact "c_1" has renewal_date = 2026-03-10, status = trial
  until 2026-03-07T10:00
  expect contact "c_1" has tags contains ends
end
"""


def test_no_moment_of_another_can_pass_by_a_trigger_of_the_clock(tmp_path: Path) -> None:
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "a.rules": REMINDER}
    root = make_files(tmp_path / "w", {**files, "a.test.rules": REMINDED})
    done = command("test", root, "--coverage", "--format", "json")
    ends, won = json.loads(done.stdout)["coverage"]
    assert (ends["covered"], ends["total"], ends["missing"]) == (2, 2, [])
    assert {gap["what"] for gap in won["missing"]} >= {"never fired", "never passed by"}


def test_what_is_wrong_within_a_part_is_said_once(run: Run) -> None:
    _, _, err = run('  given contact "c_2" has score = 3d2')
    assert err.count("`3d2` is no number and no duration") == 1


def test_coverage_below_the_bound_fails(run: Run) -> None:
    code, out, err = run(SQL, "--coverage-min", "90")
    assert (code, out) == (1, "1 passed\n")
    assert "less than 90 %" in err
    assert run(SQL, "--coverage-min", "5")[0] == 0


def test_reports_for_build_servers(run: Run) -> None:
    file = f'test "a # b"\n{SQL}end\ntest "c"\n  expect email\nend\n'
    code, out, _ = run(file, "--format", "tap", whole=True)
    assert code == 1
    assert out.startswith("TAP version 14\n1..2\nok 1 - a \\# b\nnot ok 2 - c\n  ---\n")
    suite = ElementTree.fromstring(run(file, "--format", "junit", whole=True)[1].partition("\n")[2])
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failure = suite.find("testcase[@name='c']/failure")
    assert failure is not None
    assert failure.get("message") == "no email went out"
    report = json.loads(run(file, "--format", "json", whole=True)[1])
    assert (report["passed"], report["failed"]) == (1, 1)
    assert report["tests"][1] | {"timeline": []} == {
        "name": "c",
        "file": "tests/it.test.rules",
        "line": 5,
        "passed": False,
        "message": "no email went out",
        "found": "nothing went out",
        "timeline": [],
    }


def test_test_files_are_no_rules_but_can_be_checked(run: Run, tmp_path: Path) -> None:
    assert run('  expect contact "c_1" has scor > 1')[0] == 2
    file = tmp_path / "w" / "tests" / "it.test.rules"
    for path in (file, tmp_path / "w"):
        done = command("check", path)
        assert done.returncode == 1
        assert "tests/it.test.rules:4:28" in done.stdout
        assert done.stdout.count("did you mean `score`?") == 1
    assert command("check", tmp_path / "w" / "rules/book.rules").stdout == "no mistakes found\n"
    assert command("fmt", "--check", tmp_path / "w").stderr.count("it.test.rules") == 0
    assert command("test", file).returncode == 2
    assert command("test", tmp_path / "w" / "schema.rules").returncode == 2
    make_files(tmp_path / "w", {"rules/book.rules": RULES.replace("wait 30m", "wait 30q")})
    broken = command("check", tmp_path / "w").stdout
    assert "rules/book.rules" in broken
    assert "it.test.rules" not in broken


@pytest.mark.parametrize("folder", ["examples/workspace", "workbench/skeleton"])
def test_our_own_workspaces_pass_their_tests_with_full_coverage(folder: str) -> None:
    done = command("test", ROOT / folder, "--coverage-min", "100")
    assert done.returncode == 0, done.stdout + done.stderr
