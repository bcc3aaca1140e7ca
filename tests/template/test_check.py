"""The checker of templates: each mistake with its code, sentence, underlined text, help and fix."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source
from rulelang.template.api import check_template, parse_template, render
from rulelang.template.model import Sink, TemplateError
from rulelang.types.model import ANY, NUMBER, RECORD, TEXT, TEXT_LIST
from tests.template.mistakes import MISTAKES
from tests.template.scope import schema, scope

PAYLOAD = {"product": TEXT, "seats": NUMBER, "items": TEXT_LIST, "extra": RECORD, "form": ANY}


def check(text: str, kind: str = "contact") -> tuple[Diagnostic, ...]:
    """What the checker says about a template file."""
    return check_template(text, schema(), kind, Source.of("t", text), 0, PAYLOAD)


@pytest.mark.parametrize(("text", "code", "underlined", "message", "help_"), MISTAKES)
def test_mistakes(text: str, code: str, underlined: str, message: str, help_: str) -> None:
    found = check(text)
    assert [d.code for d in found] == [code]
    (mistake,) = found
    assert mistake.source.slice(mistake.span) == underlined
    assert message in mistake.message
    assert help_ in mistake.help


@pytest.mark.parametrize("text", [m[0] for m in MISTAKES if m[1] < "E0720"])
def test_what_cannot_be_read_is_no_template(text: str) -> None:
    with pytest.raises(TemplateError, match=r"^template `t`, line \d+: "):
        parse_template("t", text)


@pytest.mark.parametrize("text", [m[0] for m in MISTAKES])
def test_fixes_lead_to_something_better(text: str) -> None:
    (mistake,) = check(text)
    for fix in mistake.fixes:
        mended = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
        assert mistake.message not in [d.message for d in check(mended)]


GOOD = [
    "",
    "no markup at all, 5 % and { } and }} and %}",
    "{{ contact.first_name }}{{ account.name }}{{ event.product }}{{ owner.name }}{{ workspace.name }}",
    "{{ event.extra.anything.at_all }}{{ event.form.x }}{{ event.form[0].y }}",
    "{% for i in event.items %}{{ i | upcase }}{{ i.size }}{% endfor %}{% for x in event.form %}{{ x.y }}{% endfor %}",
    "{% assign n = contact.name | split: ' ' %}{{ n | first }}{{ n[1] }}{% for w in n %}{{ w }}{% endfor %}",
    "{% assign contact_name = contact.name %}{{ contact_name.size }}",
    "{% for t in contact.tags reversed limit: 2 offset: 1 %}{{ forloop.rindex0 }}{% else %}none{% endfor %}",
    "{{ contact.tags.size }}{{ contact.tags.first }}{{ contact.tags[0] }}{{ contact.email.size }}",
    "{{ contact.owner }}{{ contact.owner.name }}{{ account.owner.email }}{{ contact.followers.first.name }}",
    "{{ contact.stage }}{{ contact.stages.customer_success }}",
    "{% if contact.company != blank and contact.score >= 5 or contact.tags contains 'vip' %}{% endif %}",
    "{% case contact.status %}\n {% when 'trial' or 'customer' %}a{% else %}b{% endcase %}",
    "{{- contact.email -}}{%- if true -%}{%- endif -%}",
    "{% comment %}{{ nonsense {% endcomment %}{% raw %}{{ nonsense }}{% nope %}{% endraw %}",
    "---\n# a note\n\nsubject: Hi {{ contact.name }}\nfrom: a@b.test\nformat: html\n---\n<p>{{ contact.name }}</p>",
    "--- not settings",
]


@pytest.mark.parametrize("text", GOOD)
def test_nothing_is_said_about_good_templates(text: str) -> None:
    assert check(text) == ()
    render(parse_template("t", text), scope(), Sink.TEXT)


def test_several_mistakes_come_in_the_order_of_the_text() -> None:
    text = "---\nsubject: {{ contact.a1 }}\n---\n{{ contact.a2 | nope: contact.a3 }}\n{% if contact.a4 %}{{ contact.a5 }}{% endif %}"
    found = check(text)
    assert [d.source.slice(d.span) for d in found] == ["a1", "a2", "nope", "a3", "a4", "a5"]


def test_other_subjects_reach_other_records() -> None:
    text = "{{ contact.email }}{{ account.name }}{{ opportunity.name }}"
    assert check(text, "opportunity") == ()
    assert check(text, "") == ()
    assert [d.source.slice(d.span) for d in check(text, "account")] == ["contact", "opportunity"]
    assert check("{{ name }}", "account")[0].help == "write `account.name`"


def test_without_a_known_event_its_fields_are_not_judged() -> None:
    text = "{{ event.whatever.it.is }}"
    assert check_template(text, schema(), "contact", Source.of("t", text), 0) == ()


def test_places_inside_a_rule() -> None:
    rule = 'on stage enter "SQL" do\n  notify team "Sales" "Hi {{ contact.nmae }}" # end\n'
    source = Source.of("a.rules", rule)
    offset = rule.index("Hi {{")
    (mistake,) = check_template("Hi {{ contact.nmae }}", schema(), "contact", source, offset)
    assert source.slice(mistake.span) == "nmae"
    assert source.position(mistake.span.start).line == 2


def test_places_behind_escapes() -> None:
    literal = r"\u{1F600} \"Hi\" \\ {{ contact.nmae | default: \"x\" }}\n{{ contact.emial }}"
    value = '\U0001f600 "Hi" \\ {{ contact.nmae | default: "x" }}\n{{ contact.emial }}'
    source = Source.of("a.rules", f'  notify team "Sales" "{literal}"')
    found = check_template(value, schema(), "contact", source, source.text.index(literal))
    assert [source.slice(d.span) for d in found] == ["nmae", "emial"]


def test_messages_are_sentences() -> None:
    for text, *_ in MISTAKES:
        for mistake in check(text):
            assert not mistake.message.endswith(".")
            assert mistake.message[0] in "`" or mistake.message[0].islower()
            assert re.search(r"\b(None|str|int|dict|token|EOF|identindex)\b", mistake.message) is None


PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "-",
        " ",
        "\n",
        "if",
        "endif",
        "for",
        "in",
        "endfor",
        "contact",
        ".",
        "email",
        "|",
        "default",
    ]
    + [
        ":",
        "'x'",
        "'",
        '"',
        "[",
        "]",
        "(",
        ")",
        "..",
        "assign",
        "=",
        "case",
        "when",
        "raw",
        "endraw",
        "comment",
        "---",
        "1",
    ]
    + [
        "endcomment",
        "else",
        "elsif",
        ",",
        "==",
        "and",
        "subject: x",
        "tags",
        "{",
        "}",
        "%",
        "é",
        "\u2028",
        "upcase",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_no_text_breaks_the_checker(text: str) -> None:
    source = Source.of("t", text)
    found = check_template(source.text, schema(), "contact", source, 0)
    for mistake in found:
        assert 0 <= mistake.span.start <= mistake.span.end <= len(source.text)
    try:
        template = parse_template.__wrapped__("t", text)
        render(template, scope(), Sink.TEXT)
    except TemplateError:
        return
    assert not [d for d in found if d.code < "E0720"]
