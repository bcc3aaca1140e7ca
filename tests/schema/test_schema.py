"""Declarations: what they make of the schema, and what is said about each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulelang.check.schema import pipeline_key, read_schema
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax import nodes as ast
from rulelang.syntax.parser import parse
from rulelang.types import model as t
from rulelang.types.defaults import default_schema
from rulelang.types.model import Kind, Type
from rulelang.types.schema import Schema

DOCS = Path(__file__).parents[2] / "docs" / "schema.md"


def read(*texts: str) -> tuple[Schema, tuple[Diagnostic, ...]]:
    """The schema of files `0.rules`, `1.rules` …; the texts must parse."""
    modules = []
    for n, text in enumerate(texts):
        source = Source.of(f"{n}.rules", text)
        parsed = parse(source)
        assert parsed.diagnostics == ()
        modules.append((source, parsed.module))
    return read_schema(modules, {"stage.entered"})


def sound(*texts: str) -> Schema:
    schema, diagnostics = read(*texts)
    assert diagnostics == ()
    return schema


def said(*texts: str) -> list[tuple[str, str, str]]:
    """Code, message and underlined text of everything that is wrong."""
    return [(d.code, d.message, d.source.slice(d.span)) for d in read(*texts)[1]]


def only(*texts: str) -> Diagnostic:
    (diagnostic,) = read(*texts)[1]
    return diagnostic


# --- what declarations make ------------------------------------------------------------------------


def test_without_declarations_the_defaults_serve() -> None:
    assert sound() == default_schema()
    assert sound('on contact created do add tag "new"') == default_schema()


def test_the_defaults_are_those_of_the_documentation() -> None:
    schema = default_schema()
    assert [(p.subject, p.name, p.stages) for p in schema.pipelines.values()] == [
        ("contact", "Sales", ("MQL", "SQL", "Proposal Sent", "Won", "Lost")),
        ("contact", "Customer Success", ("Onboarding", "Active", "At Risk", "Churned")),
        ("account", "Customer Success", ("Onboarding", "Active", "At Risk", "Churned")),
        ("opportunity", "Deals", ("Qualified", "Proposal", "Negotiation", "Won", "Lost")),
    ]
    assert schema.fields["contact"]["status"].type.values == ("trial", "customer", "inactive", "churned")
    assert schema.fields["account"]["status"].type.values == ("trial", "customer", "inactive", "churned")
    assert list(schema.teams) == ["Sales", "Customer Success"]
    assert (schema.time_zone, schema.currency, schema.tags) == ("UTC", "USD", None)


@pytest.mark.parametrize("kind", ["contact", "account", "opportunity"])
def test_every_documented_field_is_built_in_and_described(kind: str) -> None:
    fields = default_schema().fields[kind]
    text = " ".join(DOCS.read_text(encoding="utf-8").split())
    own = re.search(rf"`([a-z_ ]+)` for an? {kind}", text)
    common = re.search(r"`([a-z_ ]+)` all of them", text)
    assert own is not None
    assert common is not None
    members = {"segments"} if kind != "opportunity" else set()
    assert "`segments` contacts and accounts" in text
    assert set(own[1].split()) | set(common[1].split()) | members == set(fields)
    assert all(f.doc.endswith(".") and f.name == name for name, f in fields.items())


def test_the_example_of_the_documentation_is_sound() -> None:
    texts = re.findall(r"```rules\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    schema = sound("\n".join(texts))
    assert len(schema.policy.quiet) == len(schema.policy.caps) == 2
    contact = schema.fields["contact"]
    assert (schema.name, schema.time_zone, schema.currency) == ("Acme", "Europe/Berlin", "EUR")
    assert [p.name for p in schema.pipelines_of("contact")] == ["Sales"]
    assert [p.name for p in schema.pipelines_of("account")] == ["Customer Success"]
    assert contact["score"].type == t.NUMBER
    assert contact["plan"].type == Type(Kind.ENUM, name="plan", values=("free", "pro", "enterprise"))
    assert contact["qualified"].type == t.BOOL
    assert contact["deal_size"].type == Type(Kind.MONEY, currency="EUR")
    assert contact["languages"].type == t.TEXT_LIST
    assert contact["csm"].type == t.PERSON
    assert schema.people["ana@acme.test"].name == "Ana Ruiz"
    assert schema.people["bo@acme.test"].name == ""
    assert schema.teams["Sales"].members == ("ana@acme.test", "bo@acme.test")
    assert list(schema.teams) == ["Sales"]
    assert schema.tags == ("vip", "newsletter")
    event = schema.events["demo.requested"]
    assert (event.subject, [f.type for f in event.payload.values()]) == ("contact", [t.TEXT, t.NUMBER])


@pytest.mark.parametrize(
    ("written", "type_"),
    [
        ("text", t.TEXT),
        ("number", t.NUMBER),
        ("percent", t.PERCENT),
        ("yes/no", t.BOOL),
        ("date", t.DATE),
        ("datetime", t.DATETIME),
        ("time", t.TIME),
        ("person", t.PERSON),
        ("money", Type(Kind.MONEY, currency="CHF")),
        ("money JPY", Type(Kind.MONEY, currency="JPY")),
        ('one of small, "very large"', Type(Kind.ENUM, name="own", values=("small", "very large"))),
        ("list of date", Type(Kind.LIST, item=t.DATE)),
        ("list of one of a, b", Type(Kind.LIST, item=Type(Kind.ENUM, name="own", values=("a", "b")))),
        ("list of money USD", Type(Kind.LIST, item=Type(Kind.MONEY, currency="USD"))),
    ],
)
def test_a_type_is_read_as_written(written: str, type_: Type) -> None:
    # The workspace's currency counts, wherever it is declared.
    schema = sound(f"fields for account\n  own: {written}\nend", "workspace\n  currency: CHF\nend")
    assert schema.fields["account"]["own"].type == type_


def test_lists_may_stand_in_a_block_and_end_in_a_comma() -> None:
    schema = sound(
        'pipeline "Beta" for opportunity\n  New\n  Running, Done\nend',
        "status for account: a, b,",
        'team "Mine":\n  "ana@acme.test",\n  "bo@acme.test"',
    )
    assert schema.pipelines["opportunity/Beta"].stages == ("New", "Running", "Done")
    assert schema.fields["account"]["status"].type.values == ("a", "b")
    assert schema.fields["contact"]["status"].type.values[0] == "trial"
    assert schema.teams["Mine"].members == ("ana@acme.test", "bo@acme.test")


def test_one_name_may_serve_pipelines_of_several_kinds() -> None:
    schema = sound('pipeline "X Y-1" for contact: A', 'pipeline "X Y-1" for account: B')
    contact, account = schema.pipeline("contact", "X Y-1"), schema.pipeline("account", "X Y-1")
    assert contact is not None
    assert account is not None
    assert (contact.key, contact.stages, account.stages) == ("x_y_1", ("A",), ("B",))
    assert schema.pipeline("opportunity", "X Y-1") is None
    assert pipeline_key("Ärger & Co") == "_rger___co"


def test_the_stage_is_that_of_the_first_pipeline() -> None:
    schema = sound('pipeline "One" for contact: A, B\npipeline "Two" for contact: C')
    assert schema.fields["contact"]["stage"].type.values == ("A", "B")


def test_a_built_in_field_may_be_restated_and_narrowed() -> None:
    schema = sound("fields for account\n  name: text\n  plan: one of free, pro\n  revenue: money EUR\nend")
    fields = schema.fields["account"]
    assert fields["plan"].type.values == ("free", "pro")
    assert fields["plan"].doc == default_schema().fields["account"]["plan"].doc
    assert fields["revenue"].type.currency == "EUR"
    assert fields["name"].declared is not None


def test_people_and_tags_add_up_over_files() -> None:
    schema = sound('team "A": "bo@acme.test"\ntags: a', 'person "Bo@ACME.test": "Bo"\ntags: b')
    assert schema.people["bo@acme.test"].name == "Bo"
    assert schema.tags == ("a", "b")


def test_names_are_in_normal_form() -> None:
    schema = sound('pipeline "P" for contact: "Caf\u0065\u0301"')
    assert schema.pipelines["contact/P"].stages == ("Café",)


# --- mistakes --------------------------------------------------------------------------------------

FIELDS = "fields for contact\n  {}\nend"
MISTAKES = [
    ('pipeline "S": A', "E0102", "`pipeline` does not say what kind of record it is for", "pipeline"),
    ("fields for contcat\n  a: text\nend", "E0103", "there are no records called `contcat`", "contcat"),
    ("pipeline: A", "E0104", "the pipeline has no name", "pipeline"),
    ('pipeline "" for contact: A', "E0105", "a name has at least one character", '""'),
    ('tags: "a\\nb"', "E0105", "a name holds no line ends or control characters", '"a\\nb"'),
    ("tags:", "E0106", "this `tags` declares nothing", "tags"),
    ('team "S":', "E0106", "this `team` declares nothing", "team"),
    ("fields for contact\nend", "E0106", "this `fields` declares nothing", "fields"),
    ("status for contact: a, 5", "E0107", "`5` is no name", "5"),
    ("tags: a b", "E0108", "there is no comma between `a` and `b`", "b"),
    ("tags: a,, b", "E0109", "there is no name in front of this comma", ","),
    ("tags: a, b, a", "E0110", "the tag `a` is listed twice", "a"),
    (FIELDS.format("a: one of x, x"), "E0110", "the value `x` is listed twice", "x"),
    (FIELDS.format("a text"), "E0111", "`a text` does not give a name a meaning", "a text"),
    (FIELDS.format("a: text b"), "E0112", "`b` cannot follow the type `text`", "b"),
    ("status for contact again: a", "E0112", "`again` cannot follow `status`", "again"),
    ("fields for contact: a", "E0113", "`fields` is not declared like this", "fields"),
    (FIELDS.format("a: boolean"), "E0120", "there is no type `boolean`", "boolean"),
    (FIELDS.format("a: list"), "E0121", "the type `list` is not complete", "list"),
    (FIELDS.format("a: list text"), "E0121", "the type `list text` is not complete", "list text"),
    (FIELDS.format("a: one of"), "E0121", "the type `one of` is not complete", "one of"),
    (FIELDS.format("a: money EUX"), "E0122", "there is no currency `EUX`", "EUX"),
    ("workspace\n  currency: eur\nend", "E0122", "there is no currency `eur`", "eur"),
    (FIELDS.format("account: text"), "E0123", "a field cannot be called `account`", "account"),
    (FIELDS.format("now: date"), "E0123", "a field cannot be called `now`", "now"),
    (
        FIELDS.format("score: text"),
        "E0124",
        "the field `score` of a contact is built in as number, not as text",
        "score",
    ),
    (
        FIELDS.format("a: text\n  status: one of x, y"),
        "E0124",
        "the field `status` of a contact is built in as one of `trial`, `customer`, `inactive` or `churned`, not as "
        "one of `x` or `y`",
        "status",
    ),
    ('workspace\n  nmae: "A"\nend', "E0130", "a workspace has no setting `nmae`", "nmae"),
    ('workspace\n  time_zone: "Berlin"\nend', "E0131", "there is no time zone `Berlin`", '"Berlin"'),
    ('person "ana": "Ana"', "E0132", "`ana` is no e-mail address", '"ana"'),
    ('team "S": "ana@acme.test", bo', "E0132", "`bo` is no e-mail address", "bo"),
    (
        'event "Demo Requested" for contact\n  a: text\nend',
        "E0133",
        "`Demo Requested` is no name for an event",
        None,
    ),
    (
        'event "stage.entered" for contact\n  a: text\nend',
        "E0134",
        "the event `stage.entered` is built in",
        None,
    ),
    ("status for opportunity: a", "E0135", "the statuses of an opportunity are fixed", "status"),
    (
        'pipeline "A B" for contact: x\npipeline "a-b" for contact: y',
        "E0136",
        "the pipelines `a-b` and `A B` would both be `stages.a_b`",
        '"a-b"',
    ),
    (
        "policy\n  at most: 3 letters per 7d\nend",
        "E0137",
        "`at most: 3 letters per 7d` is no line of a policy",
        "at most: 3 letters per 7d",
    ),
    (
        "policy\n  quiet hours: 21:00 to 8:00, postpone\nend",
        "E0137",
        "`quiet hours: 21:00 to 8:00, postpone` is no line of a policy",
        None,
    ),
]


@pytest.mark.parametrize(("text", "code", "message", "underlined"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_said_once_where_it_stands(
    text: str, code: str, message: str, underlined: str | None
) -> None:
    ((found, sentence, place),) = said(text)
    assert (found, sentence) == (code, message)
    assert underlined is None or place == underlined


DUPLICATES = [
    ('pipeline "S" for contact: A', "there is a pipeline for contact `S` already", '"S"'),
    ("status for contact: a", "there is a `status for contact` declaration already", "status"),
    ('team "S": "a@b.test"', "there is a team `S` already", '"S"'),
    ('person "a@b.test": "A"', "there is a person `a@b.test` already", '"a@b.test"'),
    ("tags: vip", "there is a tag `vip` already", "vip"),
    (FIELDS.format("own: text"), "there is a field `own` already", "own"),
    ('event "a.b" for contact\n  x: text\nend', "there is an event `a.b` already", '"a.b"'),
    ('workspace\n  name: "A"\nend', "there is a `workspace` declaration already", "workspace"),
]


@pytest.mark.parametrize(("text", "message", "underlined"), DUPLICATES, ids=[d[0] for d in DUPLICATES])
def test_a_second_declaration_points_at_the_first(text: str, message: str, underlined: str) -> None:
    diagnostic = only(text, f"\n{text}")
    assert (diagnostic.code, diagnostic.message) == ("E0101", message)
    assert (diagnostic.source.path, diagnostic.source.slice(diagnostic.span)) == ("1.rules", underlined)
    (label,) = diagnostic.labels
    assert label.source is not None
    assert (label.source.path, label.source.slice(label.span)) == ("0.rules", underlined)


NEAR = [
    (FIELDS.format("a: boolean"), "did you mean `yes/no`?", "yes/no"),
    (FIELDS.format("a: nubmer"), "did you mean `number`?", "number"),
    (FIELDS.format("a: money eur"), "did you mean `EUR`?", "EUR"),
    ("fields for contcat\n  a: text\nend", "did you mean `contact`?", "contact"),
    ('workspace\n  nmae: "A"\nend', "did you mean `name`?", "name"),
    ('workspace\n  time_zone: "Europe/Berln"\nend', "did you mean `Europe/Berlin`?", '"Europe/Berlin"'),
    ('workspace\n  time_zone: "New York"\nend', "did you mean `America/New_York`?", '"America/New_York"'),
    ("tags: a b", "", ", "),
]


@pytest.mark.parametrize(("text", "label", "replacement"), NEAR, ids=[n[0] for n in NEAR])
def test_a_slip_comes_with_a_correction_that_mends_it(text: str, label: str, replacement: str) -> None:
    diagnostic = only(text)
    (fix,) = diagnostic.fixes
    assert (diagnostic.label, fix.replacement) == (label, replacement)
    mended = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
    assert said(mended) == []


def test_what_is_wrong_leaves_the_rest_of_a_declaration_standing() -> None:
    schema, diagnostics = read("fields for contact\n  a: boolean\n  b: text\nend\ntags: x, 5, y")
    assert [d.code for d in diagnostics] == ["E0120", "E0107"]
    assert "a" not in schema.fields["contact"]
    assert schema.fields["contact"]["b"].type == t.TEXT
    assert schema.tags == ("x", "y")


def test_mistakes_come_in_the_order_of_the_text() -> None:
    found = said('tags: 5\nfields for contact\n  score: text\nend\nworkspace\n  nmae: "A"\nend', "tags: 6")
    assert [place for _, _, place in found] == ["5", "score", "nmae", "6"]


def test_a_field_is_called_by_a_word() -> None:
    text = '"my field": text'
    source = Source.of("x.rules", text)
    name = ast.Operand(Span(0, 10), ast.TextLit(Span(0, 10), "my field"))
    line = ast.Phrase(Span(0, 16), (name, ast.Word(Span(10, 11), ":"), ast.Word(Span(12, 16), "text")))
    head = (ast.Word(Span(0, 0), "for"), ast.Word(Span(0, 0), "contact"))
    fields = ast.Declaration(Span(0, 16), ast.Word(Span(0, 0), "fields"), head, (line,))
    (diagnostic,) = read_schema([(source, ast.Module(Span(0, 16), (fields,)))])[1]
    assert (diagnostic.code, source.slice(diagnostic.span)) == ("E0123", '"my field"')
    assert diagnostic.help.startswith("names of fields are made of ASCII letters")


def test_a_keyword_that_no_parser_knows_is_refused() -> None:
    source = Source.of("x.rules", "pipelnie")
    span = Span(0, 8)
    module = ast.Module(span, (ast.Declaration(span, ast.Word(span, "pipelnie"), (), ()),))
    (diagnostic,) = read_schema([(source, module)])[1]
    assert (diagnostic.code, diagnostic.label) == ("E0100", "did you mean `pipeline`?")
