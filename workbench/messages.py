"""Messages that a simulation composed, as people and programs read them (docs/timeline.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from rulelang.diagnostics.terminal import harmless
from runtime.model import EffectRow, Entry, EntryKind, SubjectKey
from runtime.timeline import entry_json


def message_json(row: EffectRow) -> dict[str, Any]:
    """The message of an effect: `from`, `to`, `subject` and `text` of an e-mail, with the `composer` of one that was
    written, `url` and `body` of a webhook; for other actions what was composed. Empty when nothing was.
    """
    prepared = row.prepared if isinstance(row.prepared, dict) else {}
    if isinstance(prepared.get("message"), dict):
        written = {"composer": prepared["composer"]} if "composer" in prepared else {}
        return _mail(prepared["message"]) | written
    if isinstance(prepared.get("body"), str):
        return {"url": row.effect.args.get("url", ""), "body": _parsed(prepared["body"])}
    return dict(prepared)


def _mail(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "from": _spelled(message["sender"]),
        "to": [_spelled(pair) for pair in message["to"]],
        "subject": message["subject"],
        "text": message["text"],
    }


def _spelled(pair: Any) -> str:
    address, name = pair
    return f"{name} <{address}>" if name else str(address)


def _parsed(body: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body


def with_messages(
    timeline: Iterable[tuple[SubjectKey, Entry]], rows: Iterable[EffectRow], zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    """The entries of a timeline in their public form, actions with the messages composed for them."""
    messages = {(row.effect.run, row.effect.step): message_json(row) for row in rows}
    for subject, entry in timeline:
        result = entry_json(subject, entry, zone)
        message = messages.get((entry.run, entry.step)) if entry.kind == EntryKind.ACTION else None
        yield {**result, "message": message} if message else result


def messages_text(rows: list[EffectRow]) -> Iterator[str]:
    """Lines for a terminal: each message with where it goes and what it says."""
    found = [(row, message) for row in rows if (message := message_json(row))]
    if not found:
        return
    yield ""
    yield "Messages that would be sent"
    for row, message in found:
        yield ""
        yield f"  {row.effect.action.replace('_', ' ')} (`{harmless(row.effect.rule)}`, {row.effect.step})"
        for name, value in message.items():
            if name != "text":
                yield f"    {name}: {harmless(_one_line(value))}"
        for line in str(message.get("text", "")).rstrip("\n").split("\n"):
            if "text" in message:
                yield f"    | {harmless(line)}".rstrip()


def _one_line(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return str(value)
