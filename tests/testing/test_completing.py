"""Completion in tests: statements, records, conditions, triggers, messages and runs."""

from __future__ import annotations

import pytest

from rulelang.editor.model import Completion
from rulelang.source import Source
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue
from tests.support.live import SCHEMA
from workbench.testing.completing import complete_tests

RULES = 'rule "Book" for contact\n  on stage enter "SQL"\ndo\n  stop\nend\n'
WORKSPACE = load_workspace({"schema.rules": SCHEMA, "rules/main.rules": RULES}, catalogue(), {})


def completed(line: str, before: str = 'test "x"\n  ') -> dict[str, Completion]:
    """The suggestions at the bar, by label."""
    text = f"{before}{line}\nend\n"
    at = text.index("‖")
    source = Source.of("a.test.rules", text.replace("‖", ""))
    found = {each.label: each for each in complete_tests(WORKSPACE, source, at)}
    for each in found.values():
        assert 0 <= each.replace.start <= at <= each.replace.end
    return found


@pytest.mark.parametrize(
    ("line", "among"),
    [
        ("‖", {"given", "when", "after", "expect", "at"}),
        ("exp‖", {"expect"}),
        ("given ‖", {"contact", "account", "opportunity"}),
        ('given contact "c_1" ‖', {"has"}),
        ('given contact "c_1" has ‖', {"status", "plan_name", "stage", "email"}),
        ('given contact "c_1" has email = "a, b", sta‖', {"status"}),
        ('given contact "c_1" has status = ‖', {"trial", "customer", "inactive"}),
        ("when ‖", {"contact", "manual start", "stage enter {stage} [from {previous}] [of {pipeline}]"}),
        ("when stage ‖", {"enter", "exit", "for contact"}),
        ('when stage enter "‖"', {"SQL", "Won"}),
        ('when contact "c_1" ‖', {"gets"}),
        ('when contact "c_1" gets status = tr‖', {"trial"}),
        ("expect ‖", {"email", "contact", "run", "nothing else sent", "no"}),
        ("expect no ‖", {"email", "task", "run", "action"}),
        ('expect contact "c_1" ‖', {"has", "missing"}),
        ('expect contact "c_1" has ‖', {"status", "tags", "lower"}),
        ('expect contact "c_1" has status = ‖', {"trial"}),
        ('expect contact "c_1" has status = trial ‖', {"and", "or"}),
        ("expect email ‖", {"to", "subject", "text", "by", "for"}),
        ("expect task ‖", {"to", "title", "text", "by", "for"}),
        ("expect task title ‖", {"contains", "is"}),
        ("expect task by ‖", {"Book"}),
        ("expect task for ‖", {"contact", "account"}),
        ("expect nothing sent ‖", {"by", "for"}),
        ("expect nothing else sent by ‖", {"Book"}),
        ("expect email subject ‖", {"contains", "is"}),
        ("expect email by ‖", {"Book"}),
        ('expect email to "a@b.test" by "Bo‖"', {"Book"}),
        ("expect run ‖", {"Book"}),
        ('expect run "‖"', {"Book"}),
        ('expect run "Book" ‖', {"completed", "waiting", "refused"}),
        ("expect action ass‖", {"assign", "add_tag"}),
        ("expect no action assign ‖", {"by", "for"}),
        ("webhook answers ‖", {"503 twice", "unknown"}),
    ],
)
def test_what_goes_on(line: str, among: set[str]) -> None:
    assert among <= set(completed(line))


def test_what_does_not_fit_is_left_out() -> None:
    assert "do" not in completed('expect contact "c_1" has status = trial ‖')
    assert "contact" not in completed("expect no ‖")
    assert not {"do", "where", "when"} & set(completed("when stage ‖"))
    assert completed("# expect ‖") == {}
    assert completed('expect email to "‖"') == {}
    assert set(completed('given contact "c_1" has status = ‖')) == {"trial", "customer", "inactive"}


@pytest.mark.parametrize(
    ("line", "label", "becomes"),
    [
        ("exp‖", "expect", "expect ${0}"),
        ('expect run "Bo‖"', "Book", 'expect run "Book"'),
        ("expect run Bo‖", "Book", 'expect run "Book"'),
        ('when stage enter "S‖"', "SQL", 'when stage enter "SQL"'),
        ('given contact "c_1" has sta‖', "status", 'given contact "c_1" has status'),
        ('expect contact "c_1" has status = tr‖ial', "trial", 'expect contact "c_1" has status = trial'),
    ],
)
def test_what_is_typed_is_replaced(line: str, label: str, becomes: str) -> None:
    before = 'test "x"\n  '
    found = completed(line, before)[label]
    text = before + line.replace("‖", "")
    assert text[: found.replace.start] + found.insert + text[found.replace.end :] == before + becomes
