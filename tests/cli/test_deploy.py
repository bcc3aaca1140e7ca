"""`deploy`, `history`, `diff` and `restore` against a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.support.live import SCHEMA, LiveServer, make_files, wait_for
from workbench.cli import root
from workbench.errors import CommandError

MAIN = 'rule "Wait"\n  on tag added "x"\ndo\n  wait 30m\n  add tag "a"\nend\n'
OTHER = 'rule "Other" on tag added "y" do add tag "b" end\n'


class Desk:
    """Somebody with a checkout of the rules, and a server that runs them."""

    def __init__(self, server: LiveServer, checkout: Path) -> None:
        self.server = server
        self.checkout = checkout
        self.key = server.key()

    def run(self, *args: str, input: str = "") -> Result:
        """A command; its own errors come as an exit code and a line."""
        env = {"RULELANG_URL": self.server.url, "RULELANG_KEY": self.key}
        result = CliRunner().invoke(root, args, env=env, input=input)
        if isinstance(result.exception, CommandError):
            result.exit_code = result.exception.code
            result.stderr_bytes = str(result.exception).encode()
        elif result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def deploy(self, *more: str, input: str = "") -> Result:
        """Deploy the checkout."""
        return self.run("deploy", str(self.checkout), *more, input=input)

    def edit(self, text: str) -> None:
        """Change the main file of the checkout."""
        (self.checkout / "main.rules").write_text(text)

    def enrol(self, id: str) -> str:
        """Have a contact wait; the run's id."""
        event = {"type": "contact.tag_added", "subject": {"kind": "contact", "id": id}, "data": {"tag": "x"}}
        with self.server.client() as api:
            found: str = api.post("/v1/events", json=event).json()["runs"][0]
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    files = {"schema.rules": SCHEMA, "main.rules": MAIN}
    checkout = make_files(tmp_path / "checkout", files)
    with LiveServer(make_files(tmp_path / "server", {**files, "rulelang.toml": ""})) as server:
        yield Desk(server, checkout)


def test_the_plan_is_shown_before_anything_happens(desk: Desk) -> None:
    desk.enrol("a")
    desk.edit(MAIN.replace("30m", "2h") + OTHER)
    shown = desk.deploy("--plan")
    assert shown.exit_code == 1
    assert "changed    Wait  (main.rules)" in shown.output
    assert "~ step  wait 30m  →  wait 2h" in shown.output
    assert "1 run in flight, 1 can be moved" in shown.output
    assert "1 run waiting at do.0: wait 30m; 30m becomes 2h" in shown.output
    assert "added      Other  (main.rules)" in shown.output
    refused = desk.deploy(input="n\n")
    assert refused.exit_code == 1
    assert (desk.server.root / "main.rules").read_text() == MAIN


def test_a_deploy_moves_runs_where_it_is_asked_to(desk: Desk) -> None:
    run = desk.enrol("a")
    desk.edit(MAIN.replace("30m", "2h"))
    done = desk.deploy("--yes", "--runs", "Wait=move")
    assert done.exit_code == 0, done.output
    assert done.output.endswith("runs of `Wait`: move\ndeployed\n")
    with desk.server.client() as api:
        wait_for(lambda: "moved" in [e["kind"] for e in api.get(f"/v1/runs/{run}").json()["journal"]])
    assert desk.deploy("--plan").output == "nothing changes\n"


def test_a_star_ends_what_can_be_ended(desk: Desk) -> None:
    run = desk.enrol("a")
    desk.edit(OTHER)
    assert desk.deploy("--yes", "--runs", "*=end").exit_code == 0
    with desk.server.client() as api:
        wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "cancelled")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--runs", "Wait"], "--runs takes a rule and one of finish, move, end, found 'Wait'"),
        (["--runs", "Wait=stay"], "--runs takes a rule"),
        (["--runs", "Nobody=end"], "no runs of this rule are concerned"),
        (["--server", "nowhere"], "--server takes an address"),
        (["--server", "http://127.0.0.1:1"], "does not answer"),
        (["--key", "rl_bad"], "send an API key"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(desk: Desk, args: list[str], says: str) -> None:
    refused = desk.deploy("--yes", *args)
    assert refused.exit_code in (2, 3)
    assert says in (refused.stderr_bytes or b"").decode()


def test_mistakes_are_not_deployed(desk: Desk) -> None:
    desk.edit('rule "Wait" on tag addd "x" do stop end')
    refused = desk.deploy("--yes")
    assert refused.exit_code == 1
    assert "this cannot be deployed: main.rules:" in (refused.stderr_bytes or b"").decode()


def test_json_is_the_answer_of_the_server(desk: Desk) -> None:
    desk.edit(MAIN.replace("30m", "2h"))
    shown = json.loads(desk.deploy("--plan", "--format", "json").output)
    assert shown["rules"][0]["changes"][0]["after"] == "wait 2h"
    assert shown["deployable"] is True


def test_history_diff_and_restore(desk: Desk) -> None:
    desk.edit(MAIN.replace("30m", "2h"))
    assert desk.deploy("--yes").exit_code == 0
    workspace = ("--workspace", str(desk.server.root))
    lines = desk.run("history", "Wait", *workspace).output.splitlines()
    assert len(lines) == 2
    assert "   2  deploy   test" in lines[0]
    assert "   1  files    the files" in lines[1]
    compared = desk.run("diff", "Wait", *workspace).output
    assert compared.startswith("step: wait 30m  →  wait 2h\n\n--- version 1\n+++ version 2\n")
    restored = desk.run("restore", "Wait", "1")
    assert restored.output == "`Wait` is as in version 1; this is version 3\n"
    assert (desk.server.root / "main.rules").read_text() == MAIN
    every = json.loads(desk.run("history", *workspace, "--format", "json").output)
    assert [(v["rule"], v["version"]) for v in every] == [("Wait", 3), ("Wait", 2), ("Wait", 1)]
    assert len(desk.run("history", "main.rules", *workspace).output.splitlines()) == 3
    unknown = desk.run("history", "Nobody", *workspace)
    assert b"there is no history of `Nobody`" in (unknown.stderr_bytes or b"")
    assert desk.run("diff", "Wait", "1", "9", *workspace).exit_code == 2
    assert desk.run("restore", "Wait", "9").exit_code == 3


def test_a_rule_is_paused_and_goes_on(desk: Desk) -> None:
    run = desk.enrol("a")
    assert "is paused" in desk.run("pause", "Wait").output
    assert desk.run("pause", "Wait").exit_code == 0
    event = {"type": "contact.tag_added", "subject": {"kind": "contact", "id": "b"}, "data": {"tag": "x"}}
    with desk.server.client() as api:
        assert api.post("/v1/events", json=event).json()["runs"] == []
        (rule,) = api.get("/v1/rules").json()["items"]
        assert (rule["state"], rule["paused"]) == ("live", True)
        before = api.get(f"/v1/runs/{run}").json()["due"]
        desk.edit(MAIN.replace('"a"', '"b"'))
        assert desk.deploy("--yes").exit_code == 0
        assert api.get("/v1/rules").json()["items"][0]["paused"] is True
        assert desk.run("resume", "Wait").output == "`Wait` goes on\n"
        wait_for(lambda: api.get(f"/v1/runs/{run}").json()["due"] > before)
        assert api.post("/v1/events", json=event).json()["runs"]
    told = desk.run("history", "Wait", "--workspace", str(desk.server.root)).output
    assert [line.split()[2] for line in told.splitlines()] == ["resume", "deploy", "pause", "files"]
    assert desk.run("pause", "Nobody").exit_code == 3
    desk.edit(MAIN.replace('rule "Wait"', 'rule "Wait" for contact paused'))
    assert desk.deploy("--yes").exit_code == 0
    refused = desk.run("resume", "Wait")
    assert b"the header of `Wait` says that it is paused" in (refused.stderr_bytes or b"")


def test_statistics_over_the_api_and_from_the_database(desk: Desk) -> None:
    desk.enrol("a")
    event = {"type": "contact.tag_added", "subject": {"kind": "contact", "id": "a"}, "data": {"tag": "z"}}
    with desk.server.client() as api:
        api.post("/v1/events", json=event)
        found = api.get("/v1/rules/Wait/stats").json()
        assert (found["attempted"], found["matched"], found["started"]) == (2, 1, 1)
        assert found["runs"] == {"waiting": 1}
        assert api.get("/v1/rules/Wait/stats", params={"days": 1}).json() == found
        assert api.get("/v1/rules/Wait/stats", params={"days": "0"}).status_code == 400
        assert api.get("/v1/rules/Nobody/stats").status_code == 404
    workspace = ("--workspace", str(desk.server.root))
    lines = desk.run("stats", *workspace).output.splitlines()
    assert lines[:3] == ["Wait", "  attempted    2", "  not matched  1"]
    with desk.server.client() as api:
        found = api.get("/v1/rules/Wait/stats", params={"sample": "true"}).json()
    assert found["sample"]["stopped_by"] == {"trigger": 1}
    assert (found["sample"]["events"], found["sample"]["started"]) == (2, 1)
    assert json.loads(desk.run("stats", "Wait", "--format", "json", *workspace).output) == [found]
    assert "    1  stopped by: trigger" in desk.run("stats", "Wait", *workspace).output
    assert desk.run("stats", "Nobody", *workspace).exit_code == 2
