"""Rendering: values as text, filters with awkward values, escaping by sink, limits, data as plain copies."""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulelang.template.api import parse_template, render, render_message
from rulelang.template.model import Sink, TemplateError
from rulelang.template.scope import plain_copy
from tests.template.scope import scope

HOSTILE = "<a href='x'>&\"\r\n\tBcc: evil@x.test\x00\x1b]52;c;x\x07\u2028<!channel>\ud800"


def show(text: str, sink: Sink = Sink.TEXT, **data: Any) -> str:
    """A template rendered with the test scope; `data` are fields of the contact."""
    return render(parse_template("t", text), scope(contact=data), sink)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (12.0, "12"),
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (-0.0, "0"),
        (["a", 1, None, True], "a, 1, , true"),
        ([], ""),
    ],
)
def test_values_as_text(value: object, shown: str) -> None:
    assert show("{{ contact.x }}", x=value) == shown


def test_a_record_is_not_shown() -> None:
    with pytest.raises(TemplateError, match="template `t`, line 2: a whole record cannot be shown"):
        show("\n{{ contact.x }}", x={"secret": 1})


def test_missing_values_stay_missing_through_filters() -> None:
    for chain in (
        "upcase",
        "truncate: 3",
        "plus: 1",
        "round",
        "money",
        "date: '%Y'",
        "replace: 'a', 'b'",
        "first",
    ):
        assert show(f"{{{{ contact.nothing | {chain} | default: 'none' }}}}") == "none"
    assert (
        show(
            "{{ contact.nothing.at.all | default: 'none' }}{{ contact.tags[7] }}{{ contact.nothing | size }}"
        )
        == "none0"
    )


@pytest.mark.parametrize("value", [None, "", False, []])
def test_default_replaces_what_says_nothing(value: object) -> None:
    assert show("{{ contact.x | default: 'other' }}", x=value) == "other"


@pytest.mark.parametrize("value", [0, "0", " ", "false", [""]])
def test_default_keeps_what_says_something(value: object) -> None:
    assert show("{{ contact.x | default: 'other' }}", x=value) != "other"


@pytest.mark.parametrize(
    ("chain", "value", "problem"),
    [
        ("plus: 1", "abc", "no number"),
        ("plus: 1", "1_0", "no number"),
        ("plus: 1", "٣", "no number"),
        ("plus: 1", "nan", "no number"),
        ("plus: 1", "1" * 400, "no number"),
        ("plus: 1", True, "no number"),
        ("plus: 1", [1], "no number"),
        ("times: contact.x", 1e300, "too large"),
        ("divided_by: 0", 1, "divided by zero"),
        ("divided_by: 0.0", 1.5, "divided by zero"),
        ("truncate: 'x'", "abc", "no number"),
        ("truncate: 1.5", "abc", "whole number"),
        ("date: '%Y'", "yesterday", "no date"),
        ("date: '%Y'", 5, "no date"),
        ("date: '%Y'", "2026-02-30", "no date"),
        ("date: contact.pattern", "2026-02-01", "not part of a date format"),
        ("money: 'Euro'", 5, "currency"),
        ("money: contact.pattern", 5, "currency"),
        ("join", {"a": 1}, "whole record"),
        ("upcase", {"a": 1}, "whole record"),
        ("split: ''", "x" * 2_000, "more than 1000 parts"),
        ("escape | escape", "'" * 50_000, "grows beyond 256 KiB"),
        ("replace: 'x', contact.x | size", "x" * 600, "grows beyond 256 KiB"),
        ("append: contact.x | size", "x" * 140_000, "grows beyond 256 KiB"),
    ],
)
def test_filters_refuse_what_they_cannot_do(chain: str, value: object, problem: str) -> None:
    with pytest.raises(TemplateError, match=problem) as caught:
        show(f"{{{{ contact.x | {chain} }}}}", x=value, pattern="%Q")
    assert "abc" not in str(caught.value)
    assert "yesterday" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ '5' | plus: '2.5' }}", "7.5"),
        ("{{ 0.1 | plus: 0.2 }}", "0.3"),
        ("{{ -7 | divided_by: 2 }}", "-4"),
        ("{{ 1 | divided_by: 3.0 | round: 3 }}", "0.333"),
        ("{{ -1234.555 | money: 'eur' }}", "-€1,234.56"),
        ("{{ 0 | money: 'KWD' }}", "KWD 0.000"),
        ("{{ 'abcdef' | truncate: 2 }}", "..."),
        ("{{ 'abc' | truncate: 3 }}", "abc"),
        ("{{ 'abc' | replace: '', 'x' }}", "abc"),
        ("{{ '' | split: ',' | size }}", "0"),
        ("{{ 'abc' | split: '' | join: '-' }}", "a-b-c"),
        ("{{ '' | date: '%Y' }}|", "|"),
        ("{{ '2026-12-31' | date: '%j %% %A' }}", "365 % Thursday"),
        ("{{ '2026-01-01T00:00:00.000Z' | date: '%Y-%m-%d %I%P' }}", "2026-01-01 01am"),
        ("{% if contact.score > contact.nothing %}a{% else %}b{% endif %}", "b"),
        ("{% if contact.nothing == nil %}a{% endif %}{% if contact.nothing == blank %}b{% endif %}", "a"),
        ("{% for t in contact.nothing %}x{% else %}none{% endfor %}", "none"),
        ("{% for t in contact.first_name %}x{% else %}none{% endfor %}", "none"),
        (
            "{% for t in contact.tags %}{% if forloop.first %}{% continue %}{% endif %}{{ t }}{% break %}{% endfor %}",
            "newsletter",
        ),
        (
            "{% for a in contact.tags %}{% for b in contact.tags %}{{ forloop.index }}{% endfor %}{{ forloop.index }}{% endfor %}",
            "121122",
        ),
        (
            "{% for t in contact.tags reversed %}{{ t }} {% endfor %}{{ contact.tags.last }}",
            "newsletter vip newsletter",
        ),
        ("{% assign x = 1 %}{% for t in contact.tags %}{% assign x = x | plus: 1 %}{% endfor %}{{ x }}", "3"),
        ("a {{- 'b' -}} c {%- if true -%} d {%- endif %} e", "abcd e"),
        ("{{ contact['first_name'] }}{{ contact.tags[0] }}{{ contact.tags[-1] }}", "Anavipnewsletter"),
    ],
)
def test_small_things(text: str, shown: str) -> None:
    assert show(text) == shown


def test_time_zones_fall_back() -> None:
    text = "{{ contact.created_at | date: '%H:%M' }}"
    template = parse_template("t", text)
    assert render(template, scope(), Sink.TEXT) == "00:30"
    assert render(template, scope(contact={"time_zone": "Nowhere/Atlantis"}), Sink.TEXT) == "23:30"
    moved = scope(contact={"time_zone": None}, account={"time_zone": "America/New_York"})
    assert render(template, moved, Sink.TEXT) == "18:30"


def test_people_of_the_staff_have_names() -> None:
    text = "{{ owner.name }}/{{ contact.owner.name }}/{{ account.owner.name }}/{{ account.owner.email }}"
    assert show(text) == "Bo Lund/Bo Lund//eve@other.test"
    assert show("{{ owner.name }}{{ owner.email }}", owner=None) == ""
    assert show("{{ owner.email }}", owner="new@x.test") == "new@x.test"


# --- sinks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sink", "shown"),
    [
        (
            Sink.HTML,
            "&lt;a href=&#x27;x&#x27;&gt;&amp;&quot;\n\tBcc: evil@x.test]52;c;x\u2028&lt;!channel&gt;\ufffd",
        ),
        (Sink.TEXT, "<a href='x'>&\"\n\tBcc: evil@x.test]52;c;x\u2028<!channel>\ufffd"),
        (Sink.HEADER, "<a href='x'>&\" Bcc: evil@x.test ]52;c;x <!channel>\ufffd"),
        (Sink.SLACK, "&lt;a href='x'&gt;&amp;\"\n\tBcc: evil@x.test]52;c;x\u2028&lt;!channel&gt;\ufffd"),
    ],
)
def test_values_are_escaped_for_where_they_go(sink: Sink, shown: str) -> None:
    assert show("<b>{{ contact.x }}</b>", sink, x=HOSTILE) == f"<b>{shown}</b>"
    assert show("{% for t in contact.x %}{{ t }}{% endfor %}", sink, x=[HOSTILE]) == shown
    assert show("{{ contact.x | prepend: '' | default: '' }}", sink, x=HOSTILE) == shown


def test_escaping_twice_does_not_happen() -> None:
    assert show("{{ contact.x | escape }}", Sink.HTML, x="<&>") == "&lt;&amp;&gt;"
    assert show("{{ contact.x | escape | append: '<' }}", Sink.HTML, x="<") == "&amp;lt;&lt;"
    assert show("{{ contact.x | escape }}", Sink.TEXT, x="<") == "&lt;"
    assert (
        show("https://x.test/?q={{ contact.x | url_encode }}", Sink.URL, x="a b") == "https://x.test/?q=a%20b"
    )
    assert show("https://x.test/?q={{ contact.x | escape }}", Sink.URL, x="<") == "https://x.test/?q=%26lt%3B"


@given(st.text(max_size=60))
def test_no_value_breaks_out_of_its_sink(text: str) -> None:
    assert not set(show("{{ contact.x }}", Sink.HTML, x=text)) & set("<>\"'")
    assert not set(show("{{ contact.x }}", Sink.SLACK, x=text)) & set("<>")
    header = show("{{ contact.x }}", Sink.HEADER, x=text)
    assert len(header.splitlines()) <= 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in header)
    address = show("https://x.test/{{ contact.x }}", Sink.URL, x=text)
    assert set(address.removeprefix("https://x.test/")) <= set(
        "%0123456789ABCDEFabcdefghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ-._~"
    )
    show("{{ contact.x }}", Sink.TEXT, x=text).encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "https://{{ contact.x }}/hook",
        "https://ok.test{{ contact.x }}/",
        "{{ contact.x }}",
        "https://user{{ contact.x }}@ok.test/",
        "http{{ contact.x }}://ok.test/",
        "https://ok.test:{{ contact.x }}/",
        "{% if true %}https://{{ contact.x }}{% endif %}/",
        "{% assign h = contact.x %}https://{{ h }}/",
        "ftp://ok.test/{{ contact.x }}",
        "https://ok.test\\{{ contact.x }}",
        "https://a@{{ contact.x }}/",
    ],
)
def test_data_cannot_choose_the_host_of_an_address(text: str) -> None:
    with pytest.raises(TemplateError, match="host of an address must be written out"):
        show(text, Sink.URL, x=".evil.test")


def test_data_stays_in_its_part_of_an_address() -> None:
    url = show(
        "https://ok.test/a/{{ contact.x }}?q={{ contact.x }}#{{ contact.x }}", Sink.URL, x="../?&=#@:/é"
    )
    assert url == "https://ok.test/a/{0}?q={0}#{0}".format("..%2F%3F%26%3D%23%40%3A%2F%C3%A9")


# --- parts, data, loading --------------------------------------------------------------------------


def test_parts_of_a_message() -> None:
    text = "---\nsubject:  Hi {{ contact.x }} \nformat: html\n---\n<p>{{ contact.x }}</p>\n"
    message = render_message(parse_template("m", text), scope(contact={"x": "<A>\r\nBcc: e@x.test"}))
    assert message.subject == "Hi <A> Bcc: e@x.test"
    assert message.sender == ""
    assert message.format == "html"
    assert message.body == "<p>&lt;A&gt;\nBcc: e@x.test</p>\n"


def test_line_ends_of_windows_and_missing_parts() -> None:
    template = parse_template("m", "---\r\nsubject: S\r\n---\r\nBody\r\n")
    assert render(template, scope(), Sink.TEXT) == "Body\n"
    assert render(template, scope(), Sink.TEXT, "from") == ""
    assert render(parse_template("m", "---\nsubject: S\n---"), scope(), Sink.TEXT) == ""
    assert render(parse_template("m", "no settings\n---\n"), scope(), Sink.TEXT) == "no settings\n---\n"


def test_errors_name_the_line_in_the_file() -> None:
    text = "---\nsubject: S\n---\na\n{% for t in contact.tags %}\n{{ t | plus: 1 }}\n{% endfor %}"
    with pytest.raises(
        TemplateError, match="^template `m`, line 6: `plus` was given something that is no number$"
    ):
        render(parse_template("m", text), scope(), Sink.TEXT)


def test_unknown_first_words_are_errors_when_nobody_checked() -> None:
    for name in ("nothing", "people", "now", "today", "partial", "template", "forloop", "self"):
        with pytest.raises(TemplateError, match=f"there is nothing called `{name}`"):
            show(f"{{{{ {name} }}}}")


def test_the_data_is_not_changed() -> None:
    tags = ["a", "b"]
    show("{% assign x = contact.tags | first %}{% for t in contact.tags %}{{ t }}{% endfor %}", tags=tags)
    assert tags == ["a", "b"]


class Sly(str):
    """A text that would run code when it is shown."""

    def __str__(self) -> str:
        raise AssertionError("called")

    def upper(self) -> str:
        raise AssertionError("called")


def test_only_plain_copies_reach_the_template() -> None:
    data = plain_copy(MappingProxyType({"a": OrderedDict(x=(1, 2)), "b": Sly("text")}))
    assert data == {"a": {"x": [1, 2]}, "b": "text"}
    assert type(data["a"]) is dict
    assert type(data["a"]["x"]) is list
    assert type(data["b"]) is str
    assert show("{{ contact.x | upcase }}{{ contact.x }}", x=Sly("a")) == "Aa"
    for bad in (object(), b"x", {1: 2}, lambda: 1, {"a"}, 1j, type):
        with pytest.raises(TemplateError, match="the data of the message holds"):
            show("x", x=bad)


def test_data_that_is_too_large_is_refused() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    for bad in (deep, list(range(30_000))):
        with pytest.raises(TemplateError, match="the data of the message is too large"):
            show("x", x=bad)


def test_the_engine_is_loaded_late() -> None:
    code = (
        "import sys, rulelang.template.api\n"
        "assert 'liquid' not in sys.modules\n"
        "rulelang.template.api.parse_template('t', '{{ contact.x }}')\n"
        "assert 'liquid' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
