"""`new`, `key` and `import`: a workspace from nothing to contacts in a running server."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.keys import SCOPES
from tests.support.evil_http import EvilServer
from tests.support.live import LiveServer, LoopThread, wait_for
from tests.support.process import command

Make = Callable[..., Path]


# --- new -------------------------------------------------------------------------------------------


def test_a_new_workspace_does_what_it_says(tmp_path: Path) -> None:
    made = command("new", "shop", cwd=tmp_path)
    assert made.returncode == 0
    commands = [line.split() for line in made.stdout.splitlines() if line.startswith("  rulelang ")]
    assert [command[1] for command in commands] == ["check", "simulate", "serve"]
    assert command(*commands[0][1:], cwd=tmp_path).stdout == "no mistakes found\n"
    simulated = command(*commands[1][1:], cwd=tmp_path)
    assert simulated.returncode == 0
    assert "completed  `Confirm the meeting`" in simulated.stdout
    assert "Messages that would be sent" in simulated.stdout


def test_a_new_workspace_is_served(tmp_path: Path) -> None:
    command("new", tmp_path / "shop")
    with LiveServer(tmp_path / "shop") as server, server.client() as api:
        assert api.get("/v1/rules").json()["diagnostics"] == []
        contacts = (tmp_path / "shop/contacts.csv").read_bytes()
        answer = api.post(
            "/v1/contacts/import", content=contacts, headers={"Content-Type": "text/csv"}
        ).json()
        assert (answer["taken"], answer["refused"]) == (3, [])


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    assert command("new", tmp_path / "shop").returncode == 0
    again = command("new", tmp_path / "shop")
    assert again.returncode == 2
    assert "exists and is not empty" in again.stderr
    (tmp_path / "file").write_text("")
    assert command("new", tmp_path / "file").returncode == 2


# --- key -------------------------------------------------------------------------------------------


def test_keys_are_made_listed_and_revoked(workspace: Make) -> None:
    root = workspace()
    assert command("key", "list", "--workspace", root).stdout == ""
    one = command("key", "create", "--name", "website", "--scope", "events:write", "--workspace", root)
    two = command("key", "create", cwd=root)
    assert re.fullmatch(r"rl_[a-z0-9]{12}_[\w-]{43}\n", one.stdout)
    id = one.stdout.split("_")[1]
    listed = command("key", "list", cwd=root).stdout.splitlines()
    assert len(listed) == 2
    assert re.fullmatch(rf"{id}  valid +\S+Z  website  events:write", listed[0])
    assert listed[1].endswith(f"-  {' '.join(SCOPES)}")
    secret = one.stdout.strip().split("_", 2)[2]
    assert secret not in str(listed)
    assert secret not in (root / ".rulelang/keys.json").read_text()
    revoked = command("key", "revoke", one.stdout.strip(), cwd=root)
    assert (revoked.returncode, revoked.stdout.startswith("revoked")) == (0, True)
    assert "revoked" in command("key", "list", cwd=root).stdout.splitlines()[0]
    assert two.returncode == 0


def test_keys_that_there_are_not(workspace: Make) -> None:
    root = workspace()
    scope = command("key", "create", "--scope", "everything", "--workspace", root)
    assert scope.returncode == 2
    assert "there is no scope `everything`; scopes are events:write, " in scope.stderr
    gone = command("key", "revoke", "abcdefabcdef", "--workspace", root)
    assert gone.returncode == 2
    assert "there is no key abcdefabcdef" in gone.stderr
    (root / ".rulelang/keys.json").write_text("nonsense")
    broken = command("key", "list", "--workspace", root)
    assert broken.returncode == 3
    assert "cannot be read" in broken.stderr


def test_a_running_server_knows_new_keys_at_once_and_revoked_ones_within_seconds(workspace: Make) -> None:
    root = workspace()
    with LiveServer(root) as server, server.stranger() as client:
        key = command("key", "create", "--scope", "runs:read", "--workspace", root).stdout.strip()
        headers = {"Authorization": f"Bearer {key}"}
        assert client.get("/v1/runs", headers=headers).status_code == 200
        assert client.get("/v1/rules", headers=headers).status_code == 403
        command("key", "revoke", key.split("_")[1], "--workspace", root)
        wait_for(lambda: client.get("/v1/runs", headers=headers).status_code == 401)


def test_a_name_does_not_reach_the_terminal_as_it_is(workspace: Make) -> None:
    root = workspace()
    command("key", "create", "--name", "\x1b[31mred\n", "--workspace", root)
    listed = command("key", "list", "--workspace", root).stdout
    assert "\x1b" not in listed
    assert len(listed.splitlines()) == 1


# --- import ----------------------------------------------------------------------------------------


def test_an_import_reports_the_lines_that_were_refused(workspace: Make, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,status,score\nc_1,trial,5\nc_2,gone,5\nc_3,trial,5,6\n")
    with LiveServer(workspace()) as server:
        env = {"RULELANG_URL": server.url, "RULELANG_KEY": server.key("records:write")}
        done = command("import", "contacts", file, env=env)
        assert done.returncode == 1
        assert done.stdout == "1 taken, 2 refused, 0 runs started\n"
        first, second = done.stderr.splitlines()
        assert first.startswith(f"  {file}:3 `status`: ")
        assert second.startswith(f"  {file}:4: the line has 4 cells")
        file.write_text("id,status\nc_1,customer\n")
        again = command(
            "import", "contacts", file, "--url", server.url, "--key", server.key(), "--skip-rules"
        )
        assert (again.returncode, again.stdout) == (0, "1 taken, 0 refused, 0 runs started\n")
        with server.client() as api:
            assert api.get("/v1/contacts/c_1").json()["fields"]["status"] == "customer"
        file.write_text("id,email\nc_1,a@x.test\nc_2,a@x.test\n")
        shared = command("import", "contacts", file, "--server", server.url, "--key", server.key())
        assert shared.returncode == 0
        assert shared.stdout.endswith("2 taken, 0 refused, 0 runs started\n")
        assert shared.stderr == (
            "1 taken, and not found by what another record has:\n"
            f"  {file}:3 `email`: c_2: the email belongs to c_1 already\n"
        )


def test_many_refused_lines_are_cut_short(workspace: Make, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,score\n" + "c_1,many\n" * 1005)
    with LiveServer(workspace()) as server:
        done = command("import", "contacts", file, "--url", server.url, "--key", server.key())
    assert done.stdout.startswith("0 taken, 1005 refused")
    assert len(done.stderr.splitlines()) == 1001
    assert done.stderr.endswith("  and 5 more\n")


def test_what_keeps_an_import_from_happening(workspace: Make, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id\nc_1\n")
    with LiveServer(workspace()) as server:

        def tried(url: str, key: str, path: Path = file) -> tuple[int, str]:
            done = command("import", "contacts", path, "--url", url, "--key", key)
            assert "Traceback" not in done.stderr
            return done.returncode, done.stderr

        assert tried(server.url, "rl_nonsense") == (3, tried(server.url, "rl_nonsense")[1])
        assert "send an API key" in tried(server.url, "rl_nonsense")[1]
        assert "lacks the scope `records:write`" in tried(server.url, server.key("runs:read"))[1]
        assert "is the server running?" in tried("http://127.0.0.1:1", "rl_x")[1]
        assert tried("ftp://x.test", "rl_x")[0] == 2
        assert tried("nonsense", "rl_x")[0] == 2
        assert "--key or RULELANG_KEY" in tried(server.url, "")[1]
        assert tried(server.url, "ключ")[0] == 2
        with LoopThread() as loop:
            other = EvilServer()
            loop.run(other.start())
            assert "something else" in tried(other.url("/ok"), server.key())[1]
            loop.run(other.stop())
        file.write_text("first_name\nAna\n")
        assert "`id` or `email`" in tried(server.url, server.key())[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id\n")
    file.chmod(0)
    assert command("import", "contacts", file, "--key", "x").returncode == 2
