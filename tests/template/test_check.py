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
from tests.template.scope import schema, scope

PAYLOAD = {"product": TEXT, "seats": NUMBER, "items": TEXT_LIST, "extra": RECORD, "form": ANY}


def check(text: str, kind: str = "contact") -> tuple[Diagnostic, ...]:
    """What the checker says about a template file."""
    return check_template(text, schema(), kind, Source.of("t", text), 0, PAYLOAD)


# (template, code, underlined, message, part of the help)
MISTAKES = [
    (
        "{{ contact.first_nam }}",
        "E0721",
        "first_nam",
        "`contact` has no field `first_nam`",
        "did you mean `first_name`?",
    ),
    ("{{ contact.zzz }}", "E0721", "zzz", "`contact` has no field `zzz`", "it has `id`, `external_id`"),
    ("{{ contact['zzz'] }}", "E0721", "zzz", "`contact` has no field `zzz`", "it has"),
    ("{{ contact . emial }}", "E0721", "emial", "`contact` has no field `emial`", "did you mean `email`?"),
    (
        "{{ contact.stages.sale }}",
        "E0721",
        "sale",
        "`contact.stages` has no field `sale`",
        "did you mean `sales`?",
    ),
    ("{{ owner.phone }}", "E0721", "phone", "`owner` has no field `phone`", "it has `name` and `email`"),
    ("{{ workspace.nmae }}", "E0721", "nmae", "`workspace` has no field `nmae`", "did you mean `name`?"),
    ("{{ event.seat }}", "E0721", "seat", "`event` has no field `seat`", "did you mean `seats`?"),
    (
        "{% if contact.scor > 5 %}{% endif %}",
        "E0721",
        "scor",
        "`contact` has no field `scor`",
        "did you mean `score`?",
    ),
    (
        "{% if 1 == 2 %}{% elsif contact.scor %}{% endif %}",
        "E0721",
        "scor",
        "`contact` has no field `scor`",
        "`score`",
    ),
    ("{% unless contact.scor %}{% endunless %}", "E0721", "scor", "`contact` has no field `scor`", "`score`"),
    (
        "{% case contact.scor %}{% when 1 %}{% endcase %}",
        "E0721",
        "scor",
        "`contact` has no field `scor`",
        "`score`",
    ),
    (
        "{% case 1 %}{% when contact.scor %}{% endcase %}",
        "E0721",
        "scor",
        "`contact` has no field `scor`",
        "`score`",
    ),
    ("{{ 'a' | append: contact.scor }}", "E0721", "scor", "`contact` has no field `scor`", "`score`"),
    ("{% assign x = contact.scor %}", "E0721", "scor", "`contact` has no field `scor`", "`score`"),
    ("{% for t in contact.tgas %}{% endfor %}", "E0721", "tgas", "`contact` has no field `tgas`", "`tags`"),
    (
        "{% for t in contact.tags limit: contact.scor %}{% endfor %}",
        "E0721",
        "scor",
        "`contact` has no field `scor`",
        "`score`",
    ),
    (
        "{% for t in contact.tags %}{{ forloop.idnex }}{% endfor %}",
        "E0721",
        "idnex",
        "`forloop` has no field `idnex`",
        "`index`",
    ),
    ("{{ contact.email.domain }}", "E0722", "domain", "`contact.email` is text and has no `domain`", ""),
    ("{{ contact.score.x }}", "E0722", "x", "`contact.score` is a number and has no `x`", ""),
    ("{{ contact.tags.x }}", "E0722", "x", "`contact.tags` is a list of tag and has no `x`", ""),
    ("{{ contact.owner.phone }}", "E0722", "phone", "`contact.owner` is a person and has no `phone`", ""),
    (
        "{% for t in contact.tags %}{{ t.name }}{% endfor %}",
        "E0722",
        "name",
        "`t` is a tag and has no `name`",
        "",
    ),
    (
        "{{ first_name }}",
        "E0720",
        "first_name",
        "`first_name` does not say whose it is",
        "write `contact.first_name`",
    ),
    ("{{ revenue }}", "E0720", "revenue", "`revenue` does not say whose it is", "write `account.revenue`"),
    (
        "{{ contcat.email }}",
        "E0720",
        "contcat",
        "there is nothing called `contcat`",
        "did you mean `contact`?",
    ),
    ("{{ now }}", "E0720", "now", "there is nothing called `now`", ""),
    ("{{ people }}", "E0720", "people", "there is nothing called `people`", ""),
    ("{% for t in contact.tags %}{% endfor %}{{ t }}", "E0720", "t", "there is nothing called `t`", ""),
    ("{{ x }}{% assign x = 1 %}", "E0720", "x", "there is nothing called `x`", ""),
    (
        "{{ opportunity.name }}",
        "E0725",
        "opportunity",
        "a message about a contact cannot show its `opportunity`: there may be many",
        "",
    ),
    ("{{ contact }}", "E0724", "contact", "`contact` is a whole record", "such as `contact.id`"),
    (
        "{{ contact.stages }}",
        "E0724",
        "contact.stages",
        "`contact.stages` is a whole record",
        "such as `contact.stages.sales`",
    ),
    (
        "{% for t in contact.email %}{% endfor %}",
        "E0723",
        "contact.email",
        "`contact.email` is text, not a list",
        "such as `contact.tags`",
    ),
    ("{% for t in contact %}{% endfor %}", "E0723", "contact", "`contact` is a whole record, not a list", ""),
    (
        "{% assign x = contact.email %}{% for t in x %}{% endfor %}",
        "E0723",
        "x",
        "`x` is text, not a list",
        "",
    ),
    (
        "{% assign x = contact.tags | join %}{% for t in x %}{% endfor %}",
        "E0723",
        "x",
        "`x` is text, not a list",
        "",
    ),
    ("{{ contact.email | upcas }}", "E0707", "upcas", "there is no filter `upcas`", "did you mean `upcase`?"),
    (
        "{{ contact.email | where: 'a' }}",
        "E0707",
        "where",
        "there is no filter `where`",
        "filters are `default`, `upcase`",
    ),
    (
        "{{ contact.email | default }}",
        "E0708",
        "default",
        "`default` is used with the wrong arguments",
        'default: "there"',
    ),
    (
        "{{ contact.email | upcase: 1 }}",
        "E0708",
        "upcase",
        "`upcase` is used with the wrong arguments",
        "| upcase`",
    ),
    (
        "{{ contact.email | default: 'x', allow_false: true }}",
        "E0708",
        "default",
        "`default` is used with the wrong arguments",
        "",
    ),
    (
        "{{ contact.created_at | date: '%d.%Q.%Y' }}",
        "E0709",
        "%Q",
        "`%Q` is not part of a date format",
        "use `%Y`",
    ),
    ("{{ contact.created_at | date: '%' }}", "E0709", "%", "`%` is not part of a date format", ""),
    ("{{ contact.created_at | date: '%-' }}", "E0709", "%-", "`%-` is not part of a date format", ""),
    ("{{ (1..3) }}", "E0710", "(1..3)", "ranges are not available in messages", "items of a list"),
    (
        "{% for i in (1..contact.score) %}{% endfor %}",
        "E0710",
        "(1..contact.score)",
        "ranges are not available in messages",
        "",
    ),
    ("{% if (1..3) contains 2 %}{% endif %}", "E0710", "(1..3)", "ranges are not available in messages", ""),
    ("{{ 'a' | append: (1..3) }}", "E0710", "(1..3)", "ranges are not available in messages", ""),
    ("{{ contact[event.product] }}", "E0711", "contact[event.product]", "a field must be written out", ""),
    ("{% include 'x' %}", "E0703", "include", "the tag `include` is not available in messages", ""),
    ("{% render 'x' %}", "E0703", "render", "the tag `render` is not available in messages", ""),
    (
        "{% capture x %}{% endcapture %}",
        "E0703",
        "capture",
        "the tag `capture` is not available in messages",
        "",
    ),
    ("{% iff contact.email %}", "E0702", "iff", "there is no tag `iff`", "did you mean `if`?"),
    ("{% # comment %}", "E0702", "{% # comment %}", "the tag has no name", "tags are `if`"),
    ("{% %}", "E0702", "{% %}", "the tag has no name", "tags are `if`"),
    ("{{ contact.email", "E0701", "{{", "`{{` is not closed", "write `}}` after it"),
    ("{{ contact.email } {{ contact.name }}", "E0701", "{{", "`{{` is not closed", ""),
    ("{% if contact.email }{% endif %}", "E0701", "{%", "`{%` is not closed", "write `%}` after it"),
    ("{% endif %}", "E0704", "{% endif %}", "`endif` may only stand at the end of `if`", ""),
    ("{% else %}", "E0704", "{% else %}", "`else` may only stand inside `if`, `unless`, `case` or `for`", ""),
    ("{% if 1 %}{% when 1 %}{% endif %}", "E0704", "{% when 1 %}", "`when` may only stand inside `case`", ""),
    (
        "{% if 1 %}{% else %}{% elsif 1 %}{% endif %}",
        "E0704",
        "{% elsif 1 %}",
        "`elsif` may only stand before `else`",
        "",
    ),
    (
        "{% if 1 %}{% else %}{% else %}{% endif %}",
        "E0704",
        "{% else %}",
        "`else` may only stand once in a block",
        "",
    ),
    ("{% break %}", "E0704", "{% break %}", "`break` may only stand inside `for`", ""),
    ("{% endraw %}", "E0704", "{% endraw %}", "`endraw` may only stand at the end of `raw`", ""),
    (
        "{% case 1 %}lost{% when 1 %}{% endcase %}",
        "E0704",
        "lost",
        "`lost` may only stand behind a `when`",
        "",
    ),
    (
        "{% if contact.email %}",
        "E0705",
        "{% if contact.email %}",
        "`if` is not closed",
        "write `{% endif %}` where it ends",
    ),
    ("{% raw %}", "E0705", "{% raw %}", "`raw` is not closed", "write `{% endraw %}`"),
    ("{% comment %}", "E0705", "{% comment %}", "`comment` is not closed", "write `{% endcomment %}`"),
    ("{% if 1 %}{% endfor %}", "E0705", "endfor", "`endfor` stands where `endif` is due", ""),
    (
        "{% if 1 %}{% for t in contact.tags %}{% endif %}{% endfor %}",
        "E0705",
        "endif",
        "`endif` stands where `endfor` is due",
        "",
    ),
    (
        "{% if 1 %}{% else if 2 %}{% endif %}",
        "E0706",
        "{% else if 2 %}",
        "nothing may follow `else`",
        "write `elsif`",
    ),
    ("{% if 1 %}{% endif 1 %}", "E0706", "{% endif 1 %}", "nothing may follow `endif`", ""),
    ("{{ }}", "E0714", "{{ }}", "nothing stands between the braces", "write `{{ contact.first_name }}`"),
    (
        "{{ contact.email | }}",
        "E0700",
        "|",
        "this part of the template cannot be read: a name is missing at the end",
        "",
    ),
    (
        "{{ contact. }}",
        "E0700",
        ".",
        "this part of the template cannot be read: a name is missing at the end",
        "",
    ),
    (
        "{{ contact.email | default 'x' }}",
        "E0700",
        "'",
        "this part of the template cannot be read: `x` does not belong here",
        "",
    ),
    (
        "{{ contact.email upcase }}",
        "E0700",
        "upcase",
        "this part of the template cannot be read: `upcase` does not belong here",
        "",
    ),
    ("{{ 'a }}", "E0700", "'", "this part of the template cannot be read: a quote is not closed", ""),
    (
        "{{ contact.score * 2 }}",
        "E0700",
        "*",
        "this part of the template cannot be read: `*` does not belong here",
        "",
    ),
    (
        "{% if contact.score = 2 %}{% endif %}",
        "E0700",
        "=",
        "this part of the template cannot be read: `=` does not belong here",
        "",
    ),
    (
        "{% if contact.score => 2 %}{% endif %}",
        "E0700",
        "=>",
        "this part of the template cannot be read: `=>` does not belong here",
        "",
    ),
    (
        "{% if %}{% endif %}",
        "E0700",
        "if",
        "this part of the template cannot be read: nothing follows the name of the tag",
        "",
    ),
    (
        "{% assign x %}",
        "E0700",
        "x",
        "this part of the template cannot be read: `=` is missing at the end",
        "",
    ),
    (
        "{% for contact.tags %}{% endfor %}",
        "E0700",
        "contact",
        "this part of the template cannot be read: a name is missing before `contact`",
        "",
    ),
    (
        "{% for t contact.tags %}{% endfor %}",
        "E0700",
        "contact",
        "this part of the template cannot be read: `in` is missing before `contact`",
        "",
    ),
    (
        "{% for t in contact.tags offset: continue %}{% endfor %}",
        "E0700",
        "t",
        "`for` takes only `limit`, `offset` and `reversed`",
        "",
    ),
    (
        "{% case 1 %}{% when 1 2 %}{% endcase %}",
        "E0700",
        "2",
        "this part of the template cannot be read: `2` does not belong here",
        "",
    ),
    (
        "---\nsubjec: Hi\n---\n",
        "E0713",
        "subjec: Hi",
        "this line is no setting of a template",
        "did you mean `subject`?",
    ),
    (
        "---\nHello\n---\n",
        "E0713",
        "Hello",
        "this line is no setting of a template",
        "write lines like `subject: Welcome`",
    ),
    ("---\nsubject: a\nsubject: b\n---\n", "E0713", "subject: b", "`subject` is given twice", ""),
    ("---\nformat: pdf\n---\n", "E0713", "pdf", "`pdf` is no format of a message", "write `html` or `text`"),
    (
        "---\nsubject: Hi\n",
        "E0713",
        "---",
        "the settings of the template are not closed",
        "write a line `---`",
    ),
    (
        "---\nsubject: {{ contact.nmae }}\n---\n",
        "E0721",
        "nmae",
        "`contact` has no field `nmae`",
        "did you mean `name`?",
    ),
    (
        "{{ '" + "a" * 1_000 + "' }}",
        "E0712",
        "{{",
        "what stands between the braces is longer than 1000 characters",
        "",
    ),
    ("x" * 70_000, "E0712", "x", "the template is longer than 65536 characters", ""),
    (
        "{% if 1 %}" * 17 + "{% endif %}" * 17,
        "E0712",
        "{% if 1 %}",
        "blocks are nested more than 16 deep",
        "",
    ),
]


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
