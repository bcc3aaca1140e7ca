"""Completion inside placeholders of messages, in templates and in texts of rules."""

from __future__ import annotations

import pytest

from rulelang.editor.model import Completion
from rulelang.editor.placeholders import TAGS
from rulelang.editor.service import EditorService
from rulelang.source import Source
from rulelang.template.api import check_template
from rulelang.template.filters import FILTERS
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue
from tests.support.live import SCHEMA

SERVICE = EditorService(load_workspace({"schema.rules": SCHEMA}, catalogue(), {"hello": "Hello"}))
RULE = 'rule "x" for contact\n  on event "shop.ordered"\ndo\n  notify owner "TEXT"\nend\n'


def completed(text: str, path: str = "templates/hello.liquid") -> dict[str, Completion]:
    """The suggestions where `|` stands doubled, by label."""
    at = text.index("‖")
    found = SERVICE.completion(path, text.replace("‖", ""), at)
    return {each.label: each for each in found}


def in_rule(text: str) -> dict[str, Completion]:
    return completed(RULE.replace("TEXT", text), "x.rules")


@pytest.mark.parametrize("find", [completed, in_rule])
def test_records_and_their_fields(find: object) -> None:
    assert callable(find)
    assert {"contact", "account", "owner", "workspace", "event"} <= set(find("Hello {{ ‖"))
    fields = find("Hello {{ contact.‖ }}")
    assert fields["plan_name"].detail == "text"
    assert "email" in fields
    assert set(find("{{ workspace.‖ }}")) == {"name", "currency", "time_zone"}
    assert set(find("{{ contact.owner.‖ }}")) == {"name", "email"}
    assert find("{{ contact.nope.‖ }}") == {}


def test_the_word_that_is_there_is_replaced() -> None:
    text = "Hello {{ contact.fi‖rst }}"
    found = completed(text)["first_name"]
    assert text.replace("‖", "")[found.replace.start : found.replace.end] == "first"


def test_the_data_of_the_event_is_known_in_a_rule() -> None:
    assert "total" in in_rule("{{ event.‖ }}")
    assert completed("{{ event.‖ }}") == {}


def test_filters_with_their_use() -> None:
    found = completed("{{ contact.first_name | de‖ }}")
    assert set(found) == set(FILTERS)
    assert (found["default"].insert, found["default"].snippet) == ("default: ${1}", True)
    assert found["upcase"].insert == "upcase"
    assert "there" in found["default"].documentation


def test_tags_and_the_authors_own_names() -> None:
    assert set(completed("{% ‖")) == set(TAGS)
    found = completed("{% assign who = contact.name %}{% for tag in contact.tags %}{{ ‖")
    assert {"who", "tag"} <= set(found)
    assert "contact" in completed("{% if ‖ %}")


def test_all_tags_are_tags() -> None:
    text = (
        "{% if contact.name %}{% elsif contact.email %}{% else %}{% endif %}{% unless contact.name %}{% endunless %}"
        "{% case contact.name %}{% when 'x' %}{% endcase %}{% for t in contact.tags %}{% break %}{% continue %}{% endfor %}"
        "{% assign a = 1 %}"
    )
    assert all(f"{{% {tag}" in text for tag in TAGS)
    assert check_template(text, SERVICE.workspace.schema, "", Source.of("t", text), 0) == ()


def test_nothing_outside_and_in_quotes() -> None:
    assert completed("Hello ‖") == {}
    assert completed("{{ contact.name }} ‖") == {}
    assert completed("{{ contact.name | default: 'a‖' }}") == {}
    assert in_rule('Hello {{ contact.name | default: \\"a‖\\" }}') == {}
    assert "‖" not in in_rule("Hello ‖")
