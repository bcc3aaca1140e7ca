"""Whether a contact may be written to or called: one pure answer, asked at the step and at each sending."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.model import JSON

OPT_OUT_FIELDS: Mapping[str, str] = {
    "email": "email_opt_out",
    "sms": "sms_opt_out",
    "call": "call_opt_out",
}
"""The contact's field that withdraws consent, for each channel."""

_WORDS = {"email": "e-mail", "sms": "text messages", "call": "calls"}


def refusal(channel: str, fields: Mapping[str, JSON], transactional: bool = False) -> str | None:
    """Why the contact with these fields must not be reached on `channel`, as a sentence; None when it may be.

    `dnc` ("do not contact") closes every channel. The opt-out of a channel closes that channel, except for
    `transactional` messages, which carry out what the contact asked for (a receipt, a password). An address
    that was never verified is no obstacle.

    Raises:
        KeyError: the channel is none of `OPT_OUT_FIELDS`.
    """
    opt_out = OPT_OUT_FIELDS[channel]
    if fields.get("dnc") is True:
        return "the contact is marked do not contact"
    if not transactional and fields.get(opt_out) is True:
        return f"the contact has opted out of {_WORDS[channel]}"
    return None


def needs_consent(args: Mapping[str, JSON], contact: Mapping[str, JSON]) -> bool:
    """Whether an action with these arguments reaches the contact itself rather than the staff.

    The recipient is the argument `to`; without it the message is for the contact. (A `to` that is null names
    a field without a value: nobody.) An address counts as the contact's when it is the contact's own, so
    that spelling it out evades nothing.
    """
    to = args.get("to", "contact")
    if to == "contact":
        return True
    kind, _, address = str(to).partition(":")
    own = contact.get("email")
    return kind in ("address", "person") and isinstance(own, str) and address.casefold() == own.casefold()
