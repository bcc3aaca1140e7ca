"""A receiver that takes half a minute for each answer holds up nobody else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.chaos import journey
from tests.chaos.receivers import Receivers
from tests.chaos.rig import Rig, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

RULES = """
rule "Slow" for contact
  on event "parcel.arrived"
do
  webhook post "{slow}"
end

rule "Quick" for contact
  on event "parcel.arrived"
do
  webhook post "{quick}"
end
"""
EVENTS = 100


def test_a_slow_receiver_delays_no_other(tmp_path: Path) -> None:
    with Receivers() as receivers, Receivers() as others:
        rules = RULES.replace("{slow}", others.http.url("/slow?s=30")).replace(
            "{quick}", receivers.http.url("/ok")
        )
        settings = receivers.settings().replace(
            f'"{receivers.http.address}"', f'"{receivers.http.address}", "{others.http.address}"'
        )
        settings = settings.replace("timeout = 10.0", "timeout = 60.0")
        files = journey.files(receivers) | {"rules/journey.rules": rules, "rulelang.toml": settings}
        with Rig(tmp_path / "workspace", files) as rig:
            rig.start()
            api, sent = rig.api(), {}
            for n in range(EVENTS):
                answer = api.request("POST", "/v1/events", journey.order(f"e{n}", f"c{n}"))
                assert answer.status == 200
                sent.update(dict.fromkeys(answer.json["runs"], time.time()))
                time.sleep(0.02)
            until(lambda: len(receivers.webhooks()) == EVENTS, 10, "the webhooks of the quick receiver")
            waiting = len(others.http.requests)
    delays = [hook.at / 1000 - sent[hook.run] for hook in receivers.webhooks()]
    print(f"{waiting} slow attempts under way; the quick ones took at most {max(delays):.2f} s")
    assert waiting == 16
    assert max(delays) < 3
