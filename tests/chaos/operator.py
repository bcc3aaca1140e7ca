"""What an operator does about effects that wait for somebody: looks at the receiver, then skips or replays."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any
from urllib.parse import quote

from stdlib_actions.mail.compose import message_id
from tests.chaos.audit import SENDER
from tests.chaos.receivers import Receivers
from tests.chaos.rig import Api

_LIVE = ("waiting", "effect", "blocked")


def drain(api: Api, receivers: Receivers, seconds: float) -> Counter[str]:
    """Wait until no run is under way, and decide on what stands still; how often what was done.

    Raises:
        AssertionError: it takes longer.
    """
    did: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while any(_page(api, f"/v1/runs?limit=1&status={status}") for status in _LIVE):
        if time.monotonic() > until:
            raise AssertionError(f"runs are under way {seconds:g} seconds after the last start: {_left(api)}")
        for status in ("unknown", "dead"):
            for effect in _page(api, f"/v1/effects?limit=200&status={status}"):
                did[_decide(api, effect, receivers)] += 1
        time.sleep(0.2)
    return did


def _decide(api: Api, effect: dict[str, Any], receivers: Receivers) -> str:
    """A message that has arrived is not sent again; whatever else stands still is."""
    what = "replay"
    if effect["action"].startswith("send_email"):
        arrived = {mail.message_id for mail in receivers.mails()}
        what = "skip" if message_id(effect["key"], SENDER) in arrived else "replay"
    answer = api.insist("POST", f"/v1/effects/{quote(effect['key'], safe='')}/{what}", {})
    return f"{effect['status']}: {what}" if answer.status == 200 else f"{what} refused ({answer.status})"


def _page(api: Api, path: str) -> list[dict[str, Any]]:
    answer = api.insist("GET", path)
    assert answer.status == 200, (path, answer.status, answer.body)
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def _left(api: Api) -> list[str]:
    return [
        f"{run['id']} {run['status']} at {run['step']} {run.get('reason', '')}"
        for status in _LIVE
        for run in _page(api, f"/v1/runs?limit=3&status={status}")
    ]
