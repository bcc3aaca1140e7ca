"""Turns of a team on a real server: fair however many requests come at once, and going on after a restart."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.support.live import SCHEMA, LiveServer, make_files

RULES = """\
weights "Sales": "ana@acme.test" 2

rule "Turn" on tag added "turn" do assign("Sales") end
rule "Load" for account on field changed industry do assign("Sales", by: load) end
"""


def owners(api: httpx.Client, plural: str, tag: str, ids: list[str]) -> Counter[str]:
    def make(id: str) -> str:
        path = f"/v1/{plural}/{id}"
        assert (
            api.put(
                path, json={"tags": [tag], **({"industry": "x"} if plural == "accounts" else {})}
            ).status_code
            == 200
        )
        owner: str = api.get(path).json()["fields"]["owner"]
        return owner

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(make, ids))


def test_turns_and_loads_are_fair_under_concurrency_and_survive_a_restart(tmp_path: Path) -> None:
    root = make_files(tmp_path, {"schema.rules": SCHEMA, "rules/turn.rules": RULES})
    fair = {"ana@acme.test": 20, "bo@acme.test": 10}
    with LiveServer(root) as server, server.client() as api:
        assert owners(api, "contacts", "turn", [f"c_{n}" for n in range(30)]) == fair
        assert owners(api, "accounts", "load", [f"a_{n}" for n in range(30)]) == fair
        assert owners(api, "contacts", "turn", ["c_30"]) == {"ana@acme.test": 1}
    with LiveServer(root) as server, server.client() as api:
        rest = owners(api, "contacts", "turn", ["c_31", "c_32"])
        assert rest == {"ana@acme.test": 1, "bo@acme.test": 1}
        assert owners(api, "accounts", "load", ["a_30", "a_31", "a_32"]) == {
            "ana@acme.test": 2,
            "bo@acme.test": 1,
        }
