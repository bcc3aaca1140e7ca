"""Properties on random sequences: what is found, that it is small, that it comes again, and what holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.live import make_files
from tests.support.process import command

SCHEMA = """\
workspace
  name: "Acme"
  time_zone: "Europe/Berlin"
end
status for contact: trial, customer
pipeline "Sales" for contact: MQL, SQL, Won
person "ana@acme.test": "Ana Ruiz"
event "demo.asked" for contact
  seats: number
end
"""
RULES = """\
rule "Hook" for contact
  on stage enter "SQL"
  enrol every time
do
  webhook post "https://x.example/y"
  wait 100d
end

rule "Mail" on event "demo.asked" when event.seats > 40 and status = trial enrol every time do
  send email template("hello")
  set score = 7
end

rule "Short" on tag added "x" do wait 1h; assign("ana@acme.test"); end
"""
TEMPLATE = "---\nsubject: Hello\n---\nHello\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Tries invariants, as one property: exit code, output, errors."""
    files = {
        "rulelang.toml": '[mail]\nfrom = "a@acme.test"\n',
        "schema.rules": SCHEMA,
        "rules/a.rules": RULES,
    }

    def go(text: str, *options: str, whole: bool = False) -> tuple[int, str, str]:
        body = text if whole else f'property "it"\n{text}\nend\n'
        files["p.test.rules"] = body
        root = make_files(tmp_path / "w", {**files, "templates/hello.liquid": TEMPLATE})
        done = command("test", root, *options)
        return done.returncode, done.stdout, done.stderr

    return go


@pytest.mark.parametrize(
    ("invariant", "said"),
    [
        ("never posts a contact with dnc", ", for which `dnc` holds"),
        ("never messages a contact with score = 7", "for which `score = 7` holds"),
        ("never does assign to a contact with status = trial", "assign by `Short` for contact"),
        ("never more than 1 mails in 90d", "2 went out for contact"),
        ("never more than 0 mails in 1d", "1 went out for contact"),
        ("every run ends within 90d", "a run of `Hook` for contact"),
        ('every run of "Short" ends within 30m', "a run of `Short` for contact"),
        ("every contact has score is not set or score != 7", "it does not hold for contact"),
    ],
)
def test_what_does_not_hold_is_found(run: Run, invariant: str, said: str) -> None:
    code, out, err = run(f"  {invariant}")
    assert (code, err) == (1, ""), out
    assert f"error[property]: `{invariant}` does not hold" in out
    assert said in out
    assert out.endswith("0 passed, 1 failed\n")


@pytest.mark.parametrize(
    "invariant",
    [
        "never mails a contact with dnc",
        "never mails a contact with status = customer",
        "never notifies a contact with score > 0",
        "never does mark_dnc to a contact with status = trial",
        "never more than 20 messages in 1d",
        'every run of "Short" ends within 2h',
        'every run of "Mail" ends within 1m',
        "every contact has score is not set or score < 1000",
        "every account has name is not set or name is set",
    ],
)
def test_what_holds_passes(run: Run, invariant: str) -> None:
    assert run(f"  {invariant}") == (0, "1 passed\n", "")


def test_the_counterexample_is_small_and_a_test_that_shows_it(run: Run) -> None:
    _, out, _ = run("  never mails a contact with status = trial\n  never more than 90 mails in 1d")
    shown = out[out.index('  test "it"') : out.index("  # found by sequence")]
    lines = [line.strip() for line in shown.strip().split("\n")]
    assert lines[0] == 'test "it"'
    assert lines[-1] == "end"
    assert sum(line.startswith("when ") for line in lines) == 1, shown
    assert not any(line.startswith("after ") for line in lines), shown
    (event,) = [line for line in lines if line.startswith("when ")]
    assert re.search(r'when event "demo.asked" for contact "c_\d" with seats = 41$', event)
    # It is a test as it stands: the mail goes out.
    text = shown.replace("  end", '    expect email by "Mail"\n  end')
    assert run(text, whole=True)[:2] == (0, "1 passed\n")


def test_the_same_seed_gives_the_same_and_another_another(run: Run) -> None:
    invariant = "  never messages a contact with score = 7"
    first = run(invariant, "--seed", "5")
    assert run(invariant, "--seed", "5") == first
    assert "of --seed 5" in first[1]
    sequence = re.search(r"found by sequence (\d+) of", first[1])
    assert sequence is not None
    number = int(sequence[1])
    assert run(invariant, "--seed", "5", "--property", str(number))[0] == 1
    if number > 1:
        assert run(invariant, "--seed", "5", "--property", str(number - 1))[0] == 0


def test_what_is_given_begins_each_sequence(run: Run) -> None:
    given = '  at 2026-07-01\n  given contact "c_9" has dnc = true\n'
    code, out, _ = run(f"{given}  never posts a contact with dnc")
    assert code == 1
    assert "for contact c_9, for which" in out
    assert 'given contact "c_9" has dnc = true' in out
    assert "at 2026-06-30T22:00Z" in out
    failing = "  webhook answers 410\n"
    assert run(f"{failing}  never posts a contact with dnc")[0] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the property `it` says nothing"),
        ("  never", "verb is missing"),
        ("  never sends a contact with dnc", "`sends` is no verb"),
        ("  never mails a contact", "`with` is missing"),
        ("  never mails a contact with", "a condition is missing"),
        ("  never mails a contact with emial is set", "did you mean `email`?"),
        ("  never more than x mails in 7d", "expected a number"),
        ("  never more than 3.5 mails in 7d", "a whole number is meant"),
        ("  never more than 3 mails in May", "expected a duration"),
        ("  never more than 3 cats in 7d", "`cats` is no kind of message"),
        ("  every run ends", "`ends within` is missing"),
        ('  every run of "Hok" ends within 1d', "did you mean `Hook`?"),
        ("  every thing has dnc", "`thing` is no what is spoken of"),
        ("  expect nothing sent\n  never mails a contact with dnc", "this cannot stand in a property"),
        ('  when tag added "x" for contact "c_1"\n', "this cannot stand in a property"),
    ],
)
def test_mistakes_in_properties(run: Run, text: str, said: str) -> None:
    code, _, err = run(text)
    assert code == 2
    assert said.removeprefix("`ends within` is missing") in err


def test_invariants_stand_in_properties_alone(run: Run) -> None:
    code, _, err = run('test "x"\n  never mails a contact with dnc\nend\n', whole=True)
    assert code == 2
    assert "this is said of all that may happen" in err
