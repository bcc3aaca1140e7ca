"""Several fields at once, lists, do not disturb by channel and direction, topics with their legal basis."""

from __future__ import annotations

from typing import Any

import pytest

from rulelang.workspace import load_workspace
from tests.support.rules import SCHEMA, Story, catalogue

TOPICS = (
    SCHEMA
    + "fields for contact\n  languages: list of text\nend\n"
    + ('topic "newsletter": consent\ntopic "service": legitimate_interest, "What changes"\n')
)
HELLO = {"hello": "---\nsubject: Hello\n---\nHello"}


def after(steps: str, more: str = "", **fields: Any) -> Story:
    story = Story(f'rule "R" on tag added "go" do\n{steps}\nend\n{more}', schema=TOPICS, templates=HELLO)
    story.contact(**{"email": "ana@x.test", **fields})
    story.event("contact.tag_added", tag="go")
    return story


def test_several_fields_are_set_at_once_from_what_was_before() -> None:
    story = after(
        'set score = score + 5, source = "from {{x}}", status = customer, city = first_name, first_name = city',
        'rule "U" on contact updated do add tag "told" end',
        score=10,
        first_name="Ana",
        city="Rome",
    )
    found = story.fields()
    kept = ("score", "source", "status", "city", "first_name")
    assert [found[name] for name in kept] == [15, "from {{x}}", "customer", "Ana", "Rome"]
    # Once for the tag that came, once for all that was set, once for the tag that it adds itself.
    assert story.kinds("U").count("enrolled") == 3


def test_dates_are_reckoned_and_values_copied_from_the_account() -> None:
    story = Story(
        'rule "R" on tag added "go" do set renewal_date = renewal_date + 1y, company = account.name end',
        schema=TOPICS,
    )
    story.record("account", "a_1", name="Acme")
    story.contact(renewal_date="2026-02-28", account_id="a_1")
    story.event("contact.tag_added", tag="go")
    assert (story.fields()["renewal_date"], story.fields()["company"]) == ("2027-02-28", "Acme")


def test_several_fields_are_cleared() -> None:
    found = after("clear [city, score]", city="Rome", score=1, source="x").fields()
    assert ("city" in found, "score" in found, found["source"]) == (False, False, "x")


def test_lists_grow_and_shrink() -> None:
    story = after(
        'append "ana@acme.test" to followers; append "bo@acme.test" to followers\n'
        'append "ana@acme.test" to followers; drop "bo@acme.test" from followers\n'
        "append city to languages; append source to languages",
        city="de",
    )
    assert (story.fields()["followers"], story.fields()["languages"]) == (["ana@acme.test"], ["de"])
    assert "languages" not in after('drop "de" from languages', languages=["de", "de"]).fields()


@pytest.mark.parametrize(
    ("step", "code", "words"),
    [
        ("set score = 5, status = nonsense", "E0301", "nonsense"),
        ("set score = 5, scroe = 6", "E0201", "scroe"),
        ('set score = 5, id = "x"', "E0219", "id"),
        ("clear [city, id]", "E0219", "id"),
        ("clear [city, ctiy]", "E0201", "ctiy"),
        ('append "x" to city', "E0407", "city"),
        ("append 5 to followers", "E0308", "5"),
        ('subscribe to "newslater"', "E0242", '"newslater"'),
        ('subscribe to "newsletter" basis luck', "E0402", "luck"),
        ("mark dnd(fax)", "E0408", "fax"),
    ],
)
def test_mistakes_are_underlined(step: str, code: str, words: str) -> None:
    files = {"s.rules": TOPICS, "r.rules": f"on contact created do {step}"}
    (found,) = [d for d in load_workspace(files, catalogue()).diagnostics if d.is_error]
    assert (found.code, found.source.slice(found.span)) == (code, words)


# --- do not disturb --------------------------------------------------------------------------------

SEND = 'send email template("hello"{})'


def sent(story: Story) -> int:
    return len(story.effects())


def test_a_channel_closed_outbound_takes_no_message_at_all() -> None:
    story = after(
        f"mark dnd(email)\n{SEND.format(', transactional: true')}\nunmark dnd(email)\n{SEND.format('')}"
    )
    assert story.reasons("suppressed") == ["the contact is not to be disturbed with e-mail"]
    assert sent(story) == 1


def test_directions_are_kept_apart_and_rules_hear_of_each() -> None:
    story = after(
        "mark dnd(sms, direction: both); unmark dnd(sms, direction: outbound); mark dnd(all, direction: inbound)",
        'rule "D" on dnd enabled for call when event.direction = "inbound" do add tag "quiet" end',
    )
    assert story.fields()["dnd"] == ["sms inbound", "email inbound", "call inbound"]
    assert story.fields()["tags"] == ["go", "quiet"]


def test_what_comes_in_on_a_closed_channel_is_kept_and_not_heard() -> None:
    story = after(
        "mark dnd(sms, direction: inbound)",
        'rule "H" on contact replied do add tag "heard" end',
    )
    story.event("message.replied", channel="sms", text="hello")
    assert story.fields()["tags"] == ["go"]
    assert story.reasons("suppressed") == ["the contact's text messages are not to be heard"]
    story.event("message.replied", channel="email", text="hello")
    assert story.fields()["tags"] == ["go", "heard"]


def test_an_event_closes_and_opens_a_direction() -> None:
    story = after("stop")
    data = {"scope": "specific", "channels": ["call"], "direction": "inbound"}
    story.event("contact.dnd_changed", enabled=True, **data)
    assert story.fields()["dnd"] == ["call inbound"]
    story.event("contact.dnd_changed", enabled=False, **data)
    assert "dnd" not in story.fields()


# --- topics ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (SEND.format(', topic: "newsletter"'), "the contact has not subscribed to `newsletter`"),
        (
            'unsubscribe from "service"\n' + SEND.format(', topic: "service"'),
            "the contact has unsubscribed from `service`",
        ),
        (
            'subscribe to "newsletter"; unsubscribe from "newsletter"\n'
            + SEND.format(', topic: "newsletter"'),
            "the contact has unsubscribed from `newsletter`",
        ),
        (
            'subscribe to "newsletter"; mark opt_out(email)\n' + SEND.format(', topic: "newsletter"'),
            "the contact has opted out of e-mail",
        ),
    ],
)
def test_mail_of_a_topic_goes_only_to_whom_it_may(steps: str, reason: str) -> None:
    story = after(steps)
    assert (story.reasons("suppressed"), sent(story)) == ([reason], 0)


def test_mail_of_a_topic_goes_out_with_consent_or_interest() -> None:
    assert sent(after(SEND.format(', topic: "service"'))) == 1
    assert sent(after('subscribe to "newsletter"\n' + SEND.format(', topic: "newsletter"'))) == 1


def test_basis_and_time_are_kept_and_repeating_changes_nothing() -> None:
    story = after(
        'subscribe to "newsletter"\nsubscribe to "service" basis contract\nwait 1d\nsubscribe to "newsletter"'
    )
    expected = {
        "newsletter": {"subscribed": True, "at": "2026-03-02T09:00:00.000Z", "basis": "consent"},
        "service": {"subscribed": True, "at": "2026-03-02T09:00:00.000Z", "basis": "contract"},
    }
    assert story.fields()["subscriptions"] == expected
    story.after(86_400)
    assert story.fields()["subscriptions"] == expected
