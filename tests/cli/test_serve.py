"""`serve` and `demo`: starting, refusing to start in a clear sentence, stopping in order, and going on after a kill."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook as Receiver

from tests.cli.conftest import BAD
from tests.support.evil_http import EvilServer
from tests.support.live import LoopThread, wait_for
from tests.support.process import ServerProcess, client, command, environment, rulelang

Make = Callable[..., Path]


def serve(root: Path, *more: str, env: dict[str, str] | None = None) -> ServerProcess:
    return ServerProcess("serve", "--workspace", root, "--port", "0", *more, env=env)


def new_key(root: Path) -> str:
    return command("key", "create", "--workspace", root).stdout.strip()


@pytest.fixture
def hooks() -> Iterator[EvilServer]:
    """A receiver of webhooks that does as it is told."""
    with LoopThread() as loop:
        receiver = EvilServer()
        loop.run(receiver.start())
        yield receiver
        loop.run(receiver.stop())


# --- starting --------------------------------------------------------------------------------------


def test_a_server_says_where_it_is_and_the_link_works(workspace: Make) -> None:
    root = workspace({"rules/bad.rules": BAD})
    with serve(root) as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        assert server.link.startswith(f"{server.url}/sign-in?token=")
        assert httpx.get(server.link).status_code == 200
        with client(server, new_key(root)) as api:
            answer = api.get("/v1/rules").json()
            assert [rule["file"] for rule in answer["items"]] == ["rules/good.rules"]
            assert [d["path"] for d in answer["diagnostics"]] == ["rules/bad.rules"]
        assert server.terminate() == 0
    assert f"  1 mistake in the rules: run `rulelang check {root}`" in server.err
    assert server.link.partition("=")[2] not in str(server.err)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(workspace: Make, end: signal.Signals) -> None:
    root = workspace()
    with serve(root) as server:
        os.kill(server.pid, end)
        assert server.wait() == 0
    events = [json.loads(line)["event"] for line in server.err]
    assert events == ["started", "stopped"]


def test_an_occupied_port(workspace: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = rulelang("serve", "--workspace", workspace(), "--port", port)
    assert done.returncode == 3
    assert f"cannot listen on 127.0.0.1:{port}: the port is in use; is another server running?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workspace() / ".rulelang").exists()


def test_an_address_that_is_none(workspace: Make) -> None:
    done = rulelang("serve", "--workspace", workspace(), "--host", "256.256.256.256", "--port", "0")
    assert done.returncode == 3
    assert "there is no address for `256.256.256.256`" in done.stderr
    done = rulelang("serve", "--workspace", workspace(), "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 3
    assert "this machine does not have the address" in done.stderr


def test_a_second_server_on_the_same_workspace_is_refused(workspace: Make) -> None:
    root = workspace()
    with serve(root) as first:
        done = rulelang("serve", "--workspace", root, "--port", "0")
        assert done.returncode == 2
        assert f"is in use by process {first.pid}; only one engine may work on it" in done.stderr
        assert "Traceback" not in done.stderr
        assert httpx.get(f"{first.url}/readyz").text == "ready\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server\n", "rulelang.toml: "),
        ("[server]\nprt = 1\n", "did you mean `server.port`?"),
        ('[server]\nport = "many"\n', "`server.port`"),
        ('[mail]\ntransport = "smtp"\n', "`smtp.host` is missing"),
        ('[smtp]\npassword_env = "not a name"\n', "the name of an environment variable"),
    ],
)
def test_settings_that_cannot_be_used(workspace: Make, text: str, says: str) -> None:
    done = command("serve", "--workspace", workspace({"rulelang.toml": text}), "--port", "0")
    assert done.returncode == 2
    assert says in done.stderr


def test_a_variable_that_overrides_nothing(workspace: Make) -> None:
    done = command("serve", "--workspace", workspace(), env={"RULELANG_SMTP_HSOT": "x"})
    assert done.returncode == 2
    assert "did you mean RULELANG_SMTP_HOST?" in done.stderr


def test_a_database_that_is_none(workspace: Make) -> None:
    root = workspace()
    (root / ".rulelang").mkdir()
    (root / ".rulelang/rulelang.db").write_bytes(b"nonsense" * 1000)
    done = rulelang("serve", "--workspace", root, "--port", "0")
    assert done.returncode == 2
    assert "rulelang.db is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_of_another_program(workspace: Make) -> None:
    root = workspace()
    (root / ".rulelang").mkdir()
    with sqlite3.connect(root / ".rulelang/rulelang.db") as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    done = rulelang("serve", "--workspace", root, "--port", "0")
    assert done.returncode == 2
    assert "a database of another program" in done.stderr


def test_rules_that_cannot_be_read(workspace: Make) -> None:
    root = workspace()
    (root / "rules/latin.rules").write_bytes(b"# \xe4\n")
    done = rulelang("serve", "--workspace", root, "--port", "0")
    assert done.returncode == 2
    assert "latin.rules is not UTF-8 text" in done.stderr


def test_a_secret_that_is_missing_is_a_warning(workspace: Make) -> None:
    root = workspace({"rulelang.toml": '[webhook]\nsecret_env = "ACME_SECRET"\n'})
    with serve(root) as server:
        assert server.terminate() == 0
    warning = json.loads(server.err[0])
    assert (warning["level"], warning["event"]) == ("warning", "secret missing")
    assert "ACME_SECRET is not set" in warning["detail"]


def test_webhooks_are_signed_with_a_secret_made_once(workspace: Make, hooks: EvilServer) -> None:
    root = hooked(workspace, hooks)
    key = new_key(root)
    place = root / ".rulelang/webhook.secret"
    secrets = []
    for contact in ("c_1", "c_2"):
        with serve(root) as server, client(server, key) as api:
            api.put(f"/v1/contacts/{contact}", json={"tags": ["hook"]})
            wait_for(lambda: len(hooks.requests) > len(secrets))
            secrets.append(place.read_text().strip())
            assert server.terminate() == 0
    assert secrets[0] == secrets[1]
    assert place.stat().st_mode & 0o777 == 0o600
    for request in hooks.requests:
        assert Receiver(secrets[0]).verify(request.body, request.headers)["type"] == "contact.tag_added"
    assert secrets[0] not in str(server.err)


# --- stopping and going on -------------------------------------------------------------------------


def hooked(root_files: Make, hooks: EvilServer) -> Path:
    rule = f'on tag added "hook" do webhook post "{hooks.url("/hook")}"; add tag "hooked"\n'
    return root_files({"rules/hook.rules": rule, "rulelang.toml": f'[egress]\nallow = ["{hooks.address}"]\n'})


def test_it_ends_in_time_while_an_effect_is_under_way(workspace: Make, hooks: EvilServer) -> None:
    hooks.script("/hook", "/slow?s=60", 200)
    root = hooked(workspace, hooks)
    key = new_key(root)
    with serve(root) as server, client(server, key) as api:
        (run,) = api.put("/v1/contacts/c_1", json={"tags": ["hook"]}).json()["runs"]
        wait_for(lambda: hooks.requests)
        began = time.monotonic()
        assert server.terminate(patience=15) == 0
        assert time.monotonic() - began < 15
    assert json.loads(server.err[-1]).items() >= {"event": "stopped", "attempts_cut_off": True}.items()
    with serve(root) as server, client(server, key) as api:
        wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "completed", 20)
        assert server.terminate() == 0
    first, *others = [request.headers["idempotency-key"] for request in hooks.requests]
    assert others == [first]


def test_what_is_asked_before_the_end_is_answered(workspace: Make) -> None:
    root = workspace()
    key = new_key(root)
    with serve(root) as server, client(server, key) as api:
        for number in range(50):
            event = {
                "id": f"e-{number}",
                "type": "stage.entered",
                "contact_id": f"c_{number}",
                "data": {"stage": "Won"},
            }
            assert api.post("/v1/events", json=event).status_code == 200
        assert server.terminate() == 0
    with serve(root) as server, client(server, key) as api:
        assert len(api.get("/v1/runs", params={"limit": 100}).json()["items"]) == 50
        again = api.post("/v1/events", json=event).json()
        assert (again["status"], len(again["runs"])) == ("duplicate", 1)
        server.terminate()


def test_no_secret_reaches_the_log(workspace: Make) -> None:
    root = workspace()
    key = new_key(root)
    with serve(root) as server:
        (root / ".rulelang/keys.json").write_text("nonsense")
        for path in ("/v1/runs", "/metrics"):
            assert httpx.get(server.url + path, headers={"Authorization": f"Bearer {key}"}).status_code == 503
        assert server.terminate() == 0
    lines = [json.loads(line) for line in server.err]
    (failed,) = [line for line in lines if line["event"] == "request failed"]
    assert failed["path"] == "/v1/runs"
    assert "keys.json" in failed["reason"]
    assert key.rpartition("_")[2] not in str(server.err)


def test_a_process_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """What the README promises of the demonstration: kill -9 in the middle of a wait, start again, one mail."""
    first_rules = tmp_path / "demo/rules/first.rules"
    with ServerProcess("demo", "--port", "0", cwd=tmp_path) as server:
        assert "wait 20s" in first_rules.read_text()
        key = server.key()
        with client(server, key) as api:
            first_rules.write_text(first_rules.read_text().replace("wait 20s", "wait 4s"))
            wait_for(lambda: "wait 4s" in api.get("/v1/rules/rules/first.rules").text)
            contacts = (tmp_path / "demo/contacts.csv").read_bytes()
            api.post("/v1/contacts/import", content=contacts, headers={"Content-Type": "text/csv"})
            event = {"type": "contact.tag_added", "contact_id": "c_1", "data": {"tag": "demo"}}
            (run,) = api.post("/v1/events", json=event).json()["runs"]
            assert api.get("/v1/contacts/c_1").json()["fields"]["owner"] == "ana@acme.test"
            assert api.get("/v1/mailbox").json()["items"] == []
        server.kill()
    with ServerProcess("demo", "--port", "0", cwd=tmp_path) as server:
        assert server.key() == key, "the terminal in which it is set stays of use"
        with client(server, key) as api:
            wait_for(lambda: api.get(f"/v1/runs/{run}").json()["status"] == "completed", 20)
            (mail,) = api.get("/v1/mailbox").json()["items"]
            assert mail["to"] == "Léa Martin <lea@example.test>"
        assert server.terminate() == 0
    assert (tmp_path / "demo/.rulelang/demo-key").stat().st_mode & 0o077 == 0


def test_the_demonstration_prints_commands_that_work(tmp_path: Path) -> None:
    with ServerProcess("demo", "--port", "0", cwd=tmp_path) as server:
        server.find(re.compile(r"(Ctrl-C) ends"))
        text = "\n".join(server.out)
        lines = text.partition("export RULELANG_URL=")[2].split("\n\nThe rule")[0]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"export RULELANG_URL={lines}"],
            cwd=tmp_path,
            env=environment({"PATH": path}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        taken, answer = [line for line in done.stdout.splitlines() if line]
        assert taken.startswith("3 taken, 0 refused")
        assert json.loads(answer)["status"] == "accepted"
        assert len(json.loads(answer)["runs"]) == 1
        server.terminate()


@pytest.mark.slow
def test_a_client_that_does_not_come_to_the_point_is_cut_off(workspace: Make) -> None:
    with serve(workspace()) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        idle, slow = (socket.create_connection((host, int(port))) for _ in range(2))
        with idle, slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            began = time.monotonic()
            for connection in (idle, slow):
                connection.settimeout(20)
            for _ in range(4):
                time.sleep(2)
                slow.sendall(b"X-More: 1\r\n")
            assert idle.recv(1000) == b""
            assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")
            assert 9 < time.monotonic() - began < 15
        server.terminate()
