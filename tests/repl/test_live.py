"""The prompt beside a live server: what is there, and what happened there happening here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repl.test_session import FILES
from tests.support.live import LiveServer, make_files
from tests.support.process import rulelang

RULES = """\
rule "Hello" for contact
  on stage enter "SQL"
  when score > 50
do
  add tag "greeted"
  wait 1d
  set score = 1
end
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    root = make_files(tmp_path_factory.mktemp("live"), {**FILES, "rules/hello.rules": RULES})
    with LiveServer(root) as running:
        with running.client() as api:
            api.put("/v1/contacts/c_1", json={"score": 10, "first_name": "Léa"}).raise_for_status()
            enter = {"type": "stage.entered", "contact_id": "c_1", "data": {"stage": "SQL"}}
            api.post("/v1/events", json={**enter, "id": "one"}).raise_for_status()
            api.put("/v1/contacts/c_1", json={"score": 90}).raise_for_status()
            api.post("/v1/events", json={**enter, "id": "two"}).raise_for_status()
            api.put("/v1/contacts/c_2", json={"score": 5}).raise_for_status()
        yield running


def told(server: LiveServer, *lines: str, scopes: tuple[str, ...] = ()) -> tuple[int, str, str]:
    key = server.key(*scopes)
    done = rulelang("repl", "--server", server.url, stdin="\n".join(lines) + "\n", env={"RULELANG_KEY": key})
    return done.returncode, done.stdout, done.stderr


def test_records_runs_and_reasons_are_those_of_the_server(server: LiveServer) -> None:
    with server.client() as api:
        before = api.get("/v1/history", params={"subject": "contact:c_1"}).json()
    code, out, err = told(
        server,
        "score",
        "tags",
        "show rules",
        "live contact",
        "live runs",
        'live why "Hello"',
        "as c_2",
        "live runs",
    )
    assert (code, err) == (0, "")
    assert out.startswith(
        '90  (number)\n["greeted"]  (list of tag)\n`Hello` for contact, live\ncontact c_1\n'
    )
    assert "\n  stages: sales: SQL\n" in out
    assert "`Hello`  waiting at do.1  until " in out
    assert "stage.entered  started" in out
    assert "stage.entered  not matched: score is 10, not more than 50\n" in out
    assert "\n    failed  score > 50\n" in out
    assert out.endswith("no rule has started for contact c_2 there\n")
    with server.client() as api:
        assert api.get("/v1/history", params={"subject": "contact:c_1"}).json() == before


def test_what_happened_there_happens_here_again_and_can_be_saved(server: LiveServer, tmp_path: Path) -> None:
    code, out, err = told(server, "replay", "score", "advance 1d", "score", "show runs", "undo", "score")
    assert (code, err) == (0, "")
    assert out.startswith("4 events of contact c_1 happened again\n")
    assert "not matched  `Hello`" in out
    assert "enrolled  `Hello`" in out
    assert [line for line in out.split("\n") if line.endswith("(number)")] == [
        "90  (number)", "1  (number)", "90  (number)",
    ]  # fmt: skip
    code, out, _ = told(server, "as c_2", "replay", "score")
    assert out.endswith("\n5  (number)\n")


def test_the_key_decides_what_may_be_read(server: LiveServer) -> None:
    code, _, err = told(server, "live runs", scopes=("mailbox:read",))
    assert code == 3
    assert "rules:read" in err
    code, out, _ = told(server, "live runs", "1 + 1", scopes=("rules:read", "records:read"))
    assert code == 0
    assert "runs:read" in out
    assert out.endswith("2  (number)\n")


def test_a_server_that_is_not_there() -> None:
    done = rulelang("repl", "--server", "http://127.0.0.1:9", stdin="", env={"RULELANG_KEY": "x"})
    assert done.returncode == 3
    assert "does not answer" in done.stderr
    assert rulelang("repl", "--server", "nowhere", stdin="").returncode == 2


def test_the_history_over_the_api(server: LiveServer) -> None:
    with server.client() as api:
        found = api.get("/v1/history", params={"subject": "contact:c_1"}).json()
        assert [e["type"] for e in found["items"]] == ["record.updated", "stage.entered"] * 2
        assert "score" not in found["before"]
        last = api.get("/v1/history", params={"subject": "contact:c_1", "limit": "1"}).json()
        assert [e["id"] for e in last["items"]] == ["two"]
        assert last["before"]["score"] == 90
        assert "greeted" not in last["before"].get("tags", [])
        assert api.get("/v1/history", params={"subject": "contact:nobody"}).status_code == 404
        assert api.get("/v1/history", params={"subject": "c_1"}).status_code == 400
        assert api.get("/v1/history").status_code == 400
