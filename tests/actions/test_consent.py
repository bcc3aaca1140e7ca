"""Consent: which messages a contact's marks keep back."""

from __future__ import annotations

import pytest

from runtime.consent import OPT_OUT_FIELDS, needs_consent, refusal


@pytest.mark.parametrize("channel", list(OPT_OUT_FIELDS))
def test_do_not_contact_closes_every_channel_also_for_transactional_messages(channel: str) -> None:
    assert refusal(channel, {"dnc": True}) == "the contact is marked do not contact"
    assert refusal(channel, {"dnc": True}, transactional=True) is not None


@pytest.mark.parametrize(("channel", "field"), list(OPT_OUT_FIELDS.items()))
def test_an_opt_out_closes_its_own_channel_alone(channel: str, field: str) -> None:
    assert "has opted out of" in str(refusal(channel, {field: True}))
    assert refusal(channel, {field: True}, transactional=True) is None
    others = set(OPT_OUT_FIELDS) - {channel}
    assert [refusal(other, {field: True}) for other in others] == [None, None]


def test_missing_marks_and_unverified_addresses_are_no_obstacle() -> None:
    assert refusal("email", {}) is None
    assert refusal("email", {"email_verified": False, "dnc": None, "email_opt_out": False}) is None


def test_an_unknown_channel_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        refusal("fax", {})


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, True),
        ({"to": "contact"}, True),
        ({"to": None}, False),
        ({"to": "owner"}, False),
        ({"to": "account owner"}, False),
        ({"to": "team:Sales"}, False),
        ({"to": "address:other@example.com"}, False),
        ({"to": "address:ANA@example.com"}, True),
        ({"to": "person:ana@example.com"}, True),
    ],
)
def test_whose_consent_is_needed(args: dict[str, object], expected: bool) -> None:
    assert needs_consent(args, {"email": "ana@example.com"}) is expected


def test_a_contact_without_an_address_is_nobody_elses() -> None:
    assert needs_consent({"to": "address:"}, {}) is False
