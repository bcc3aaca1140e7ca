"""What is suggested where: the `|` in a text is the place where somebody types."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from rulelang.catalog.phrases import Matched
from rulelang.editor.completion import complete
from rulelang.editor.model import Completion
from rulelang.editor.snippets import phrase_snippet
from rulelang.source import Source
from rulelang.syntax.nodes import ActionStep, Rule
from rulelang.syntax.parser import parse
from rulelang.workspace import CheckedWorkspace, load_workspace
from tests.support.rules import SCHEMA, catalogue
from workbench.lsp.convert import completion as as_json

UPSELL = 'rule "Upsell" on contact created do stop\n'


@lru_cache(maxsize=1)
def workspace() -> CheckedWorkspace:
    return load_workspace(
        {"schema.rules": SCHEMA, "a.rules": UPSELL},
        catalogue(),
        {"confirm": "Hello {{ contact.first_name }}"},
    )


def suggested(text: str) -> tuple[Completion, ...]:
    return complete(workspace(), Source.of("new.rules", text.replace("|", "")), text.index("|"))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("on stage enter |", ["MQL", "SQL", "Proposal Sent", "Won", "Lost", "{stage}"]),
        ('on stage enter "|', ["MQL", "SQL", "Proposal Sent", "Won", "Lost"]),
        ("on stage |", ["enter", "changed", "exit"]),
        ("on contact created when status = |", ["trial", "customer", "inactive"]),
        ("on contact created when not (status != tr|", ["trial", "customer", "inactive"]),
        ("on contact created when plan in [free, |", ["free", "pro"]),
        ("on contact created when plan between |", ["free", "pro"]),
        ("on contact created do set plan = |", ["free", "pro"]),
        ("on contact created do match plan case |", ["free", "pro"]),
        ("on contact created when qualified and dnc = |", ["true", "false"]),
        ('on contact created do start rule("|")', ["Upsell"]),
        ('on contact created do send email template("|', ["confirm"]),
        ("on contact created do assign(|", ["who: ", "Sales", "ana@acme.test", "bo@acme.test"]),
        ("on contact created when contact.owner.|", ["email", "name", "team"]),
        ("on contact created do mark opt_out(|", ["channel: ", "email", "sms", "call"]),
        ("on contact created do send email |", ["template", "hyper"]),
        ('on contact created do send email template("confirm") |', ["to", "after"]),
        ('rule "A" for |', ["contact", "account", "opportunity"]),
        ('rule "A" |', ["for", "draft", "live", "disabled"]),
        ("on contact created\n  enrol |", ["once", "every time", "again after"]),
        ("on contact created do wait for |", ["approval", "callback"]),
        ("on contact created do wait until |", ["monday", "tuesday"]),
        ("fields for |", ["contact", "account", "opportunity"]),
        ("fields for contact\n  size: |", ["text", "number"]),
        ("|", ["rule", "on", "workspace"]),
        ("on contact created do stop\n\n|", ["rule", "on", "workspace"]),
    ],
)
def test_what_fits_best_comes_first(text: str, first: list[str]) -> None:
    assert [c.label for c in suggested(text)][: len(first)] == first


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ('rule "A"\n  on contact created\n  |', {"when", "do", "enrol", "exit", "goal", "limit", "takes"}),
        ("on contact created when status |", {"is set", "in", "and", "or", "do", "contains"}),
        (
            "on contact created do |",
            {"if", "wait on", "stop", "add tag {tag}", "let", "set {field} = {value}"},
        ),
        ("on contact created do\n  if dnc then\n    |", {"stop", "elif", "else", "end", "assign()"}),
        ("on contact created when sc|", {"score", "account", "event", "lower", "now"}),
        ("on contact created when event.|", {"source", "tags"}),
        ("on contact created when account.|", {"domain", "owner"}),
        ("on contact created do let x = 3; set score = |", {"x", "score"}),
        ("on contact created do wait on payment received where |", {"amount", "score"}),
        ("on contact created do wait on payment received |", {"where", "as", "timeout", "do"}),
        ("on contact created do\n  foo ( = bar\n  set plan = |", {"free", "pro"}),
        ("on contact created do stop when |", {"dnc", "score", "not"}),
        ("on contact created do assign() |", {"when", "on error"}),
    ],
)
def test_what_may_stand_is_suggested(text: str, among: set[str]) -> None:
    assert among <= {c.label for c in suggested(text)}


@pytest.mark.parametrize(
    "text",
    ["# a comment |", "on contact created // |", "on contact created do wait 30|", 'rule "no names here|'],
)
def test_where_nothing_can_be_suggested_nothing_is(text: str) -> None:
    assert suggested(text) == ()


def test_rules_cannot_set_what_they_may_only_read() -> None:
    labels = {c.label for c in suggested("on contact created do set |")}
    assert "score" in labels
    assert not labels & {"id", "created_at"}


def test_a_suggestion_takes_the_place_of_the_word_or_the_text_in_quotes() -> None:
    text = 'on contact created do start rule("Ups|x")'
    (found,) = suggested(text)
    plain = text.replace("|", "")
    assert plain[found.replace.start : found.replace.end] == '"Upsx"'
    (found, *_) = suggested("on contact created when status = tr|ial and dnc")
    assert (found.replace.start, found.replace.end) == (33, 38)


def test_snippets_of_all_actions_mean_the_action_once_filled_in() -> None:
    for action in catalogue().actions.values():
        source = Source.of("x.rules", f"on contact created do {_filled(phrase_snippet(action))}\n")
        (rule,) = parse(source).module.items
        assert isinstance(rule, Rule)
        (step,) = rule.steps
        assert isinstance(step, ActionStep), source.text
        found = workspace().phrases.actions.match(step.phrase)
        assert isinstance(found, Matched), source.text
        assert found.declaration is action


def _filled(snippet: str) -> str:
    """A snippet as an editor without snippets gets it."""
    found = next(c for c in suggested("on contact created do |") if c.insert == snippet)
    return str(as_json(found, 0, Source.of("x", "x" * 100), snippets=False)["textEdit"]["newText"])


EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/**/*.rules"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_anywhere_in_the_examples_suggestions_fit_their_place(path: Path) -> None:
    text = path.read_text("utf-8")
    for offset in range(0, len(text) + 1, 7):
        for found in complete(workspace(), Source.of("new.rules", text), offset):
            assert found.replace.start <= offset <= found.replace.end
            assert found.insert
