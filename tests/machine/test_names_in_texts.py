"""Names that a run has given, in texts of rules and in templates: checked where they are used, and rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rulelang.diagnostics.model import Diagnostic
from rulelang.workspace import load_workspace
from runtime.model import EffectRow, Outcome, OutcomeKind, SubjectKey
from tests.alarms.cores import Process
from tests.support.rules import SCHEMA, Story, catalogue

THANKS = "---\nsubject: Thank you for {{ payment.amount }}\n---\n{% if bonus > 5 %}a lot, {{ place }}{% endif %}{{ contact.email }}"
PAID = (
    'rule "pay" on tag added "x"\n'
    "do\n"
    "  let bonus = score * 2\n"
    "  let place = city\n"
    "  wait on payment received as payment timeout 5d\n"
    '  send email template("thanks")\n'
    "end\n"
)


def mistakes(text: str, templates: dict[str, str] | None = None) -> list[Diagnostic]:
    checked = load_workspace({"schema.rules": SCHEMA, "test.rules": text}, catalogue(), templates or {})
    return [d for d in checked.diagnostics if d.is_error]


def message(story: Story) -> str:
    return str(story.effects()[-1].prepared)


# --- rendering ---------------------------------------------------------------------------------------


def test_a_template_shows_the_data_of_an_awaited_event_and_values_under_names() -> None:
    story = Story(PAID, templates={"thanks": THANKS})
    story.contact(email="a@b.test", score=4, city="Bonn")
    story.event("contact.tag_added", tag="x")
    story.event("payment.received", amount=30)
    assert "Thank you for 30" in message(story)
    assert "a lot, Bonna@b.test" in message(story)


def test_what_another_way_would_have_named_is_missing() -> None:
    story = Story(PAID, templates={"thanks": THANKS})
    story.contact(email="a@b.test", score=1)
    story.event("contact.tag_added", tag="x")
    story.until("2026-03-10T00:00:00Z")
    assert "Thank you for" in message(story)
    assert "a lot" not in message(story)


def test_a_text_of_a_rule_shows_them_too_also_parameters_and_results() -> None:
    text = (
        'rule "a" on tag added "x" do start rule("b") with discount = 10 end\n'
        'rule "b"\n  takes discount: number\ndo\n'
        '  let answer = webhook post "https://hooks.example.com/x"\n'
        '  notify team "Sales" "{{ discount }} percent, {{ answer.status }}: {{ answer.body.state }}"\n'
        "end\n"
    )

    def answer(row: EffectRow) -> Outcome:
        return Outcome(OutcomeKind.DONE, result={"status": 200, "body": {"state": "good"}})

    story = Story(text, answer=answer)
    story.contact()
    story.event("contact.tag_added", tag="x")
    assert "10 percent, 200: good" in message(story)


def test_names_are_those_of_the_moment_at_which_the_step_was_made() -> None:
    text = (
        'rule "r" on tag added "x" do\n  let n = 1\n  repeat 3 times do\n    let n = n + 1\n'
        '    notify team "Sales" "round {{ n }}"\n  end\nend\n'
    )
    story = Story(text)
    story.contact()
    story.event("contact.tag_added", tag="x")
    shown = [str(row.prepared) for row in story.effects()]
    assert [n for n in (2, 3, 4) if any(f"round {n}" in one for one in shown)] == [2, 3, 4]


def test_what_a_value_holds_is_never_read_as_a_template() -> None:
    story = Story(PAID, templates={"thanks": THANKS})
    story.contact(email="a@b.test", score=9, city="{{ contact.email }}")
    story.event("contact.tag_added", tag="x")
    story.event("payment.received", amount=30)
    assert "a lot, {{ contact.email }}" in message(story)


def test_related_records_see_the_names_of_the_run_that_asked() -> None:
    text = (
        'rule "r" for account on field changed status\ndo\n  let why = account.city\n'
        '  for each contact do notify team "Sales" "{{ contact.first_name }} of {{ why }}" end\nend\n'
    )
    story = Story(text)
    story.record("account", "acme", name="Acme", city="Bonn", status="prospect")
    story.record("contact", "ana", account_id="acme", first_name="Ana")
    story.event("record.updated", "acme", "account", fields={"status": "customer"})
    assert "Ana of Bonn" in message(story)


def test_a_webhook_posts_no_names() -> None:
    text = (
        'rule "r" on tag added "x" do let secret = "s3cret"; webhook post "https://hooks.example.com/x" end'
    )
    story = Story(text)
    story.contact()
    story.event("contact.tag_added", tag="x")
    assert "s3cret" not in message(story)


def test_names_survive_a_kill_between_the_step_and_the_message(tmp_path: Path) -> None:
    text = 'rule "r" on tag added "x" do let n = 7; notify team "Sales" "n is {{ n }}" end'
    process = Process(tmp_path / "db", text, "2026-03-02T09:00:00Z")
    process.event("contact.tag_added", SubjectKey("contact", "a"), tag="x")
    process.kill()
    process = Process(tmp_path / "db", text, "2026-03-02T09:00:00Z")
    (row,) = process.core.unfinished(10)
    assert row.effect.names == {"n": 7}
    process.close()


# --- checking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "words", "said"),
    [
        ('notify owner "{{ payment.amount }}"', "payment", "payment"),
        ('wait on payment received as payment; notify owner "{{ payment.amont }}"', "amont", "amont"),
        ('wait on payment received as payment; notify owner "{{ paymnt.amount }}"', "paymnt", "paymnt"),
        ('notify owner "{{ n }}"; let n = 1', "n", "n"),
        ('parallel do let n = 1 end do wait 1d end end; notify owner "{{ n }}"', "n", "n"),
    ],
)
def test_a_name_that_is_not_known_there_is_underlined_in_the_text(steps: str, words: str, said: str) -> None:
    text = f'rule "r" on tag added "x" do {steps} end'
    (found,) = mistakes(text)
    assert found.source.slice(found.span) == words
    assert f"`{said}`" in found.message


def test_a_template_is_checked_with_what_the_steps_know_that_use_it() -> None:
    assert mistakes(PAID, {"thanks": THANKS}) == []
    (found,) = mistakes(PAID, {"thanks": THANKS.replace("payment.amount", "payment.amont")})
    assert found.source.path == "templates/thanks"
    assert found.source.slice(found.span) == "amont"
    (found,) = mistakes('on tag added "x" do send email template("thanks") end', {"thanks": "{{ bonus }}"})
    assert (found.source.path, found.source.slice(found.span)) == ("templates/thanks", "bonus")


def test_a_step_that_does_not_know_what_its_template_shows_is_underlined() -> None:
    other = 'rule "other" on tag added "y" do send email template("thanks") end\n'
    (found,) = mistakes(PAID + other, {"thanks": "{{ bonus }}"})
    assert (found.code, found.source.slice(found.span)) == ("E0245", '"thanks"')
    assert found.span.start > len(PAID)
    assert "`bonus`" in found.message
    assert mistakes(PAID + other, {"thanks": "{{ contact.email }}"}) == []


def test_an_edit_of_the_rule_is_seen_by_its_template() -> None:
    files = {"schema.rules": SCHEMA, "test.rules": PAID}
    checked: Any = load_workspace(files, catalogue(), {"thanks": "{{ bonus }}"})
    assert not [d for d in checked.diagnostics if d.is_error]
    edited = checked.with_file("test.rules", PAID.replace("bonus", "extra"))
    assert [d.source.path for d in edited.diagnostics if d.is_error] == ["templates/thanks"]
