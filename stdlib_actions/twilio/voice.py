"""What a call says at each of its turns, as TwiML: pure, from the flow that was kept when the call was asked for."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

PHASES = ("", "pressed", "whisper")
"""The turns of a call: its beginning, a key that was pressed, what the person who is connected hears first."""


def signature(token: str, key: str) -> str:
    """What proves that an address of a call is ours; `token` is the account's."""
    return hmac.new(token.encode(), f"voice:{key}".encode(), hashlib.sha256).hexdigest()[:32]


def address(base: str, token: str, key: str, phase: str = "") -> str:
    """The address at which Twilio asks how a call goes on."""
    more = f"&phase={phase}" if phase else ""
    return f"{base.rstrip('/')}/{quote(key, safe='')}?s={signature(token, key)}{more}"


def answer(flow: Mapping[str, Any], phase: str, form: Mapping[str, str], links: Mapping[str, str]) -> str:
    """The TwiML for a turn. `links` are the addresses of the other turns, `form` is what Twilio says of the call."""
    if phase == "whisper":
        return response(say(str(flow.get("whisper", ""))))
    if phase == "pressed":
        wanted = str(flow.get("keypress", ""))
        return response(_connected(flow, links) if form.get("Digits") == wanted else "<Hangup/>")
    machine = form.get("AnsweredBy", "").startswith("machine")
    if machine and flow.get("voicemail"):
        return response(say(str(flow["voicemail"])))
    if flow.get("keypress"):
        link = escape(links["pressed"])
        return response(
            f'<Gather numDigits="1" timeout="10" action="{link}">{say(str(flow["say"]))}</Gather>'
        )
    return response(say(str(flow["say"])) + _connected(flow, links))


def _connected(flow: Mapping[str, Any], links: Mapping[str, str]) -> str:
    if not flow.get("connect"):
        return ""
    whisper = f' url="{escape(links["whisper"])}"' if flow.get("whisper") else ""
    return f"<Dial><Number{whisper}>{escape(str(flow['connect']))}</Number></Dial>"


def say(text: str) -> str:
    """Words to be spoken."""
    return f"<Say>{escape(text, quote=False)}</Say>"


def response(inner: str) -> str:
    """A whole answer."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
