"""Twilio's API (version 2010-04-01): one form posted, and what the answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.actions import ActionError
from runtime.model import JSON, Outcome, OutcomeKind

if TYPE_CHECKING:
    from runtime.egress.client import Reply
    from stdlib_actions.services import Services

STOPPED = 21610
"""The error code for a number that has answered STOP."""

DESTINATION = "twilio"


def check_account(services: Services) -> None:
    """Raise ActionError when no account is set up; a simulation needs none."""
    if services.egress is not None and not services.settings.twilio.account_sid:
        raise ActionError("no Twilio account is set up; add `[twilio]` to rulelang.toml")


def sender(services: Services, whatsapp: bool = False) -> dict[str, str]:
    """Who it comes from, as fields of the form.

    Raises:
        ActionError: no number is set up.
    """
    twilio = services.settings.twilio
    number = twilio.whatsapp_from if whatsapp else twilio.sender
    if not number:
        if services.egress is None:
            return {"From": ""}
        raise ActionError(f"`twilio.{'whatsapp_from' if whatsapp else 'from'}` is missing in rulelang.toml")
    if whatsapp:
        return {"From": f"whatsapp:{number}"}
    return {"MessagingServiceSid": number} if number.startswith("MG") else {"From": number}


def status_url(services: Services, contact: JSON) -> dict[str, str]:
    """Where Twilio reports what becomes of it; the contact is named there, so that events find it."""
    from urllib.parse import quote

    url = services.settings.twilio.status_url
    if not url:
        return {}
    named = f"{'&' if '?' in url else '?'}contact={quote(str(contact), safe='')}" if contact else ""
    return {"StatusCallback": url + named}


def token_of(services: Services) -> str:
    """The account's token.

    Raises:
        SettingsError: it is not there.
    """
    from runtime.settings import Secret

    twilio = services.settings.twilio
    return Secret(twilio.token_env, twilio.token_file).read(services.root, services.env)


def link(services: Services, key: str) -> str:
    """The address at which Twilio asks how the call of an effect goes on. Raises SettingsError without a token."""
    from stdlib_actions.twilio.voice import address

    return address(services.settings.twilio.voice_url, token_of(services), key)


async def post(services: Services, resource: str, form: Mapping[str, str], key: str) -> Outcome:
    """Make one attempt at `Messages` or `Calls`. Never raises for what Twilio does."""
    from urllib.parse import quote, urlencode

    from runtime.egress.errors import EgressError
    from runtime.settings import SettingsError
    from stdlib_actions.connections import Request, basic, failure

    if services.egress is None:
        return Outcome(OutcomeKind.FAILED, "nothing is sent from a simulation")
    twilio = services.settings.twilio
    try:
        token = token_of(services)
    except SettingsError as problem:
        return Outcome(OutcomeKind.RETRY, f"Twilio cannot be reached: {problem}")
    account = quote(twilio.account_sid, safe="")
    url = f"{twilio.base_url.rstrip('/')}/2010-04-01/Accounts/{account}/{resource}.json"
    headers = {
        "Authorization": basic(twilio.account_sid, token),
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "I-Twilio-Idempotency-Token": key,
    }
    request = Request("POST", url, headers, urlencode(form).encode(), key)
    try:
        reply = await services.connections.send(request, timeout=twilio.timeout)
    except EgressError as problem:
        return failure(problem)
    return _meaning(reply, resource)


def _meaning(reply: Reply, resource: str) -> Outcome:
    """Twilio promises no idempotency for messages and calls: an answer that leaves it open is not tried again."""
    from runtime.egress.outcome import refusal
    from stdlib_actions.connections import parsed

    answer: Any = parsed(reply)
    said: dict[str, Any] = answer if isinstance(answer, dict) else {}
    result: dict[str, JSON] = {"status": reply.status}
    if reply.ok:
        result |= {"id": said.get("sid"), "state": said.get("status")}
        return Outcome(OutcomeKind.DONE, result={name: value for name, value in result.items() if value})
    reason = refusal(reply, str(said.get("message") or ""))
    code = said.get("code")
    if reply.status in (429, 503) or reply.status in (401, 403):
        # Credentials that are refused are the operator's to mend, as with mail.
        return Outcome(OutcomeKind.RETRY, reason, result, reply.retry_after)
    if reply.status >= 500:
        return Outcome(OutcomeKind.UNKNOWN, f"{reason}; it may have been sent", result)
    return _refused(resource, int(code) if isinstance(code, int) else 0, reason, result, said)


def _refused(
    resource: str, code: int, reason: str, result: dict[str, JSON], said: Mapping[str, Any]
) -> Outcome:
    if code:
        reason, result = f"{reason} (Twilio error {code})", {**result, "code": code}
    if resource == "Messages":
        text = str(said.get("message") or reason)[:500]
        events = [{"type": "sms.failed", "data": {"error_code": code, "error_text": text}}]
        if code == STOPPED:
            stop = {"enabled": True, "scope": "specific", "channels": ["sms"], "direction": "outbound"}
            events.append({"type": "contact.dnd_changed", "data": stop})
        result = {**result, "events": events}
    kind = OutcomeKind.SUPPRESSED if code == STOPPED else OutcomeKind.FAILED
    return Outcome(kind, reason, result)
