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
        did += _decide_all(api, receivers)
        time.sleep(0.2)
    return did


def _decide_all(api: Api, receivers: Receivers) -> Counter[str]:
    did: Counter[str] = Counter()
    for status in ("unknown", "dead"):
        effects = _page(api, f"/v1/effects?limit=200&status={status}")
        arrived = {mail.message_id for mail in receivers.mails()} if effects else set()
        for effect in effects:
            did[_decide(api, effect, arrived)] += 1
    return did


def _decide(api: Api, effect: dict[str, Any], arrived: set[str]) -> str:
    """A message that has arrived is not sent again; whatever else stands still is."""
    mailed = effect["action"].startswith("send_email") and message_id(effect["key"], SENDER) in arrived
    what = "skip" if mailed else "replay"
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
