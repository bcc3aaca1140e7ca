"""Hover, definitions, references, rename, outline, folding, colours and fixes over texts."""

from __future__ import annotations

import pytest

from rulelang.editor.model import RenameError, TokenKind
from rulelang.editor.service import EditorService
from rulelang.source import Span
from rulelang.workspace import load_workspace
from tests.support.rules import SCHEMA, catalogue

TEXT = """# first
# second
rule "Upsell" for contact
  on stage enter "SQL"
  when contact.plan = free and lower(email) = "x"
do
  set plan = pro
  assign("Sales")
  let limit = score * 2
  if score > 3 then
    send email template("confirm", subject: "Hi")
  end
end
on field changed plan do start rule("Upsell")
"""
OTHER = 'on contact created do start rule("Upsell") when plan = free\n'


def service(text: str = TEXT, template: str = "Hello") -> EditorService:
    files = {"schema.rules": SCHEMA, "a.rules": text, "b.rules": OTHER}
    return EditorService(load_workspace(files, catalogue(), {"confirm": template}))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("plan = free", "`contact.plan` plan: free, pro"),
        ("free", "**free**, a value of plan"),
        ("lower(", "lower(text: text) → text"),
        ("stage enter", "**stage enter {stage}"),
        ('"SQL"', "stage of **Sales**: MQL, SQL, Proposal Sent, Won, Lost"),
        ('"Sales"', "team **Sales**: ana@acme.test, bo@acme.test"),
        ("send email", "**send email template()"),
        ('"confirm"', "Hello"),
        ("subject:", "`subject` (text, optional)"),
        ("if score", "`if … then … elif … else … end`"),
        ('"Upsell")', "rule **Upsell** for contact, live"),
        ("changed plan", "**field changed {field}"),
    ],
)
def test_hover(words: str, said: str) -> None:
    found = service().hover("a.rules", TEXT, TEXT.index(words) + 1)
    assert found is not None
    assert said in found.text


def test_hover_sees_the_text_it_is_given() -> None:
    text = "on contact created when score > 3 do stop\n"
    found = service().hover("a.rules", text, text.index("score"))
    assert found is not None
    assert "`contact.score` number" in found.text
    assert service().hover("a.rules", text, len(text)) is None


@pytest.mark.parametrize(
    ("words", "path", "declared"),
    [
        ("plan = free", "schema.rules", "plan"),
        ("plan = pro", "schema.rules", "plan"),
        ('"Sales"', "schema.rules", '"Sales"'),
        ('"SQL"', "schema.rules", '"Sales"'),
        ('"Upsell")', "a.rules", '"Upsell"'),
        ('"confirm"', "templates/confirm", ""),
    ],
)
def test_definition(words: str, path: str, declared: str) -> None:
    found = service().definition("a.rules", TEXT.index(words) + 1)
    assert found is not None
    assert (found.path, found.source.slice(found.span)) == (path, declared)


def test_references_are_found_in_all_files_and_forms() -> None:
    found = service().references("a.rules", TEXT.index("plan = pro"))
    assert [(f.path, f.source.position(f.span.start).line) for f in found] == [
        ("a.rules", 5),
        ("a.rules", 7),
        ("a.rules", 14),
        ("b.rules", 1),
        ("schema.rules", 10),
    ]
    assert {f.source.slice(f.span) for f in found} == {"plan"}
    assert len(service().references("a.rules", TEXT.index("plan = pro"), declaration=False)) == 4


@pytest.mark.parametrize(("words", "name"), [("plan = pro", "tier"), ("Upsell", "Sell more")])
def test_a_renamed_workspace_means_the_same(words: str, name: str) -> None:
    before = service()
    texts = {path: source.text for path, source in before.workspace.sources.items()}
    edits = before.rename("a.rules", TEXT.index(words), name)
    for edit in sorted(edits, key=lambda e: -e.span.start):
        text = texts[edit.source.path]
        texts[edit.source.path] = text[: edit.span.start] + edit.text + text[edit.span.end :]
    after = load_workspace(texts, catalogue(), {"confirm": "Hello"})
    assert not after.diagnostics
    assert len(after.plans) == len(before.workspace.plans) == 3
    assert all(words.split()[0] not in text for text in texts.values())


@pytest.mark.parametrize(
    ("words", "name", "why"),
    [
        ("email)", "mail", "built in"),
        ("plan = pro", "score", "a field called `score` already"),
        ("plan = pro", "when", "not reserved"),
        ("plan = pro", "two words", "one word"),
        ("Upsell", "", "one line of text"),
        ('"Sales"', "Support", "a team is renamed where it is declared"),
        ("# first", "x", "nothing here"),
    ],
)
def test_what_cannot_be_renamed_is_said(words: str, name: str, why: str) -> None:
    with pytest.raises(RenameError, match=why):
        service().rename("a.rules", TEXT.index(words) + 1, name)


def test_a_field_in_a_message_or_in_broken_rules_keeps_its_name() -> None:
    place = TEXT.index("plan = pro")
    with pytest.raises(RenameError, match="used in a message in templates/confirm"):
        service(template="You have {{ contact.plan }}").rename("a.rules", place, "tier")
    with pytest.raises(RenameError, match="mend them first"):
        service(f"{TEXT}on contact created do set = =\n").rename("a.rules", place, "tier")


def test_outline() -> None:
    rule, other = service().symbols("a.rules")
    assert (rule.name, [c.name for c in rule.children]) == ("Upsell", ['stage enter "SQL"'])
    assert other.name == "on field changed plan"
    names = [s.name for s in service().symbols("schema.rules")]
    assert names == [
        "workspace",
        "status for contact",
        'pipeline "Sales"',
        "fields for contact",
        "status for account",
        'person "ana@acme.test"',
        'team "Sales"',
    ]


def test_blocks_and_comments_fold() -> None:
    found = [(f.first, f.last, f.comment) for f in service().folding("a.rules")]
    assert found == [(1, 2, True), (3, 13, False), (10, 12, False)]


def test_colours_know_what_words_mean() -> None:
    found = [(TEXT[t.span.start : t.span.end], t.kind) for t in service().semantic_tokens("a.rules")]
    for pair in (
        ("# first", TokenKind.COMMENT),
        ("rule", TokenKind.KEYWORD),
        ("contact", TokenKind.TYPE),
        ("stage", TokenKind.EVENT),
        ('"SQL"', TokenKind.STRING),
        ("plan", TokenKind.PROPERTY),
        ("free", TokenKind.ENUM_MEMBER),
        ("pro", TokenKind.ENUM_MEMBER),
        ("lower", TokenKind.FUNCTION),
        ("set", TokenKind.METHOD),
        ("limit", TokenKind.VARIABLE),
        ("subject", TokenKind.PARAMETER),
        ("3", TokenKind.NUMBER),
        (">", TokenKind.OPERATOR),
    ):
        assert pair in found
    assert ("plan", TokenKind.METHOD) not in found


def test_fixes_are_those_of_the_mistakes_at_a_place() -> None:
    text = 'on contact created do stpo\non contact created do ad tag "x"\n'
    mended = service(text)
    (found,) = mended.fixes("a.rules", Span(text.index("ad tag"), text.index("ad tag")))
    assert (found.edit.text, text[found.edit.span.start : found.edit.span.end]) == ("add", "ad")
    assert not mended.fixes("a.rules", Span(0, 2))


def test_files_that_are_not_there_have_nothing() -> None:
    empty = service()
    assert (
        empty.symbols("none.rules")
        == empty.folding("none.rules")
        == empty.semantic_tokens("none.rules")
        == ()
    )
    assert empty.definition("none.rules", 0) is None
    assert empty.format("none.rules", "on contact created do stop") == "on contact created do stop\n"


def test_rules_below_an_edit_are_known_where_they_stand_now() -> None:
    before = service()
    above = "# a longer beginning\n\n"
    after = before.with_text("a.rules", above + TEXT)
    fresh = EditorService(
        load_workspace(
            {p: (above + TEXT if p == "a.rules" else s.text) for p, s in before.workspace.sources.items()},
            before.workspace.catalogue,
            {t.path: t.text for t in before.workspace.schema.templates.values()},
        )
    )
    assert after.workspace.modules == fresh.workspace.modules
    assert [r.node for r in after.workspace.rules] == [r.node for r in fresh.workspace.rules]
    assert after.symbols("a.rules") == fresh.symbols("a.rules")
    assert after.folding("a.rules") == fresh.folding("a.rules")
    assert after.semantic_tokens("a.rules") == fresh.semantic_tokens("a.rules")
    offset = len(above) + TEXT.index("plan = pro")
    assert after.references("a.rules", offset) == fresh.references("a.rules", offset)
    noted = after.with_text("b.rules", 'on contact created do notify owner "{{ contact.plan }}"\n')
    moved = noted.with_text("b.rules", '\n\non contact created do notify owner "{{ contact.plan }}"\n')
    with pytest.raises(RenameError, match="used in a message in b.rules"):
        moved.rename("a.rules", offset, "tier")
