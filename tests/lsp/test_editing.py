"""Editing as editors really do it: in pieces, out of order, taken back, in large workspaces, in files of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lsp.client import Client, under
from tests.support.live import SCHEMA, make_files
from workbench.lsp.edits import edited
from workbench.lsp.frames import write_frame
from workbench.lsp.projects import uri_of

BOOK = """\
rule "Book" for contact
  on stage enter "SQL"
  when status = trial
do
  wait 1h
  set plan_name = "gold"
end
"""
TEST = """\
test "books"
  given contact "c_1" has status = trial
  when stage enter "SQL" for contact "c_1"
  after 1h
  expect contact "c_1" has plan_name = "gold"
end
"""
CONTACTS = "id,email,first_name,status\nc_1,lea@x.test,Léa,trial\nc_2,tom@x.test,Tom,customer\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {"rulelang.toml": "", "schema.rules": SCHEMA, "rules/book.rules": BOOK, "contacts.csv": CONTACTS}
    return make_files(tmp_path / "w", {**files, "tests/book.test.rules": TEST}).resolve()


@pytest.fixture
def client(root: Path) -> Iterator[Client]:
    client = Client()
    client.start(root)
    yield client
    client.close()


def change(client: Client, uri: str, version: int, *changes: dict[str, Any]) -> None:
    client.tell(
        "textDocument/didChange",
        textDocument={"uri": uri, "version": version},
        contentChanges=list(changes),
    )


def piece(line: int, start: int, end: int, text: str) -> dict[str, Any]:
    places = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"range": places, "text": text}


def test_pieces_in_utf16_units(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/new.rules")
    client.open(uri, 'on contact created do\r\n  add tag "😀😀"; ad tag "x"\r\nend\r\n')
    (found,) = client.problems(uri)
    assert found["range"]["start"] == {"line": 1, "character": 18}
    change(client, uri, 2, piece(1, 18, 20, "add"))
    assert client.problems(uri) == []
    # Two pieces in one change: the second is of the text that the first has left.
    change(client, uri, 3, piece(1, 11, 15, "😀"), piece(1, 16, 19, "ad"))
    (found,) = client.problems(uri)
    assert found["range"] == piece(1, 16, 18, "")["range"]


def test_an_older_version_that_comes_late_is_passed_over(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/book.rules")
    client.open(uri, BOOK)
    change(client, uri, 7, {"text": BOOK.replace("status", "staus")})
    change(client, uri, 5, {"text": BOOK})
    (found,) = client.problems(uri)
    assert found["code"] == "E0201"
    change(client, uri, 8, {"text": BOOK})
    assert client.problems(uri) == []


def test_a_change_of_a_document_that_is_not_open_changes_nothing(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/book.rules")
    change(client, uri, 2, {"text": "nonsense"})
    assert client.problems(uri) == []
    client.open(uri, BOOK)
    change(client, uri, 2, {"text": BOOK}, {"range": "odd", "text": ""})
    assert client.problems(uri) == []


def test_a_request_that_is_taken_back_is_not_carried_out(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/book.rules")
    stream = client.process.stdin
    assert stream is not None
    write_frame(
        stream, {"id": "slow", "method": "workspace/executeCommand", "params": {"command": "rulelang.check"}}
    )
    for id in ("a", "b"):
        params = {"textDocument": {"uri": uri}}
        write_frame(stream, {"id": id, "method": "textDocument/documentSymbol", "params": params})
    write_frame(stream, {"method": "$/cancelRequest", "params": {"id": "a"}})
    write_frame(stream, {"method": "$/cancelRequest", "params": None})
    answers: dict[Any, Any] = {}
    while "b" not in answers:
        message = client.receive()
        if "id" in message:
            answers[message["id"]] = message
    assert answers["a"]["error"]["code"] == -32800
    assert [symbol["name"] for symbol in answers["b"]["result"]] == ["Book"]


def test_what_a_change_means_for_other_files_comes_without_being_asked_for(
    client: Client, root: Path
) -> None:
    schema, book = uri_of(root / "schema.rules"), uri_of(root / "rules/book.rules")
    client.open(schema, SCHEMA)
    client.settle()
    change(client, schema, 2, {"text": SCHEMA.replace("plan_name: text", "other: text")})
    client.notified.clear()
    while not any(m["params"].get("uri") == book and m["params"]["diagnostics"] for m in client.notified):
        client.notified.append(client.receive())
    change(client, schema, 3, {"text": SCHEMA})
    assert client.problems(book) == []


def test_suspicions_are_told_once_it_is_quiet(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/odd.rules")
    client.open(uri, 'rule "Odd" on contact updated when score > 9 and score < 3 do stop\n')
    (found,) = client.problems(uri)
    assert (found["code"], found["severity"]) == ("W0802", 2)


def test_a_file_outside_of_the_workspace_stands_alone(client: Client, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere/x.rules"
    make_files(tmp_path / "elsewhere", {"x.rules": 'rule "Book" on contact created do stop\n'})
    client.open(uri_of(other), other.read_text())
    assert client.problems(uri_of(other)) == []
    assert client.problems(uri_of(root / "rules/book.rules")) == []
    client.tell("textDocument/didClose", textDocument={"uri": uri_of(other)})
    assert client.ask("textDocument/documentSymbol", textDocument={"uri": uri_of(root / "rules/book.rules")})


def test_files_of_tests_have_their_own_mistakes(client: Client, root: Path) -> None:
    uri = uri_of(root / "tests/book.test.rules")
    client.open(uri, TEST)
    assert client.problems(uri) == []
    text = TEST.replace("plan_name", "plan_nam")
    change(client, uri, 2, {"text": text})
    (found,) = client.problems(uri)
    assert under(text, found["range"]) == "plan_nam"
    for method in ("documentSymbol", "foldingRange", "formatting", "codeLens"):
        assert "error" not in client.ask(f"textDocument/{method}", textDocument={"uri": uri}, options={})
    for method in ("completion", "hover", "definition", "references"):
        place = {"line": 2, "character": 9}
        assert "error" not in client.ask(f"textDocument/{method}", textDocument={"uri": uri}, position=place)
    begun = {"line": 1, "character": 2}
    items = client.result("textDocument/completion", textDocument={"uri": uri}, position=begun)
    assert "expect" in {item["label"] for item in items}
    client.tell("textDocument/didClose", textDocument={"uri": uri})
    assert client.problems(uri) == []


def test_symbols_of_the_workspace(client: Client, root: Path) -> None:
    found = client.result("workspace/symbol", query="boo")
    (symbol,) = [s for s in found if s["name"] == "Book"]
    assert symbol["location"]["uri"] == uri_of(root / "rules/book.rules")
    assert under(BOOK, symbol["location"]["range"]) == '"Book"'
    assert len(client.result("workspace/symbol", query="")) > 1
    assert client.result("workspace/symbol", query="no such") == []


def run(client: Client, lens: dict[str, Any]) -> dict[str, Any]:
    command = lens["command"]
    answer = client.result(
        "workspace/executeCommand", command=command["command"], arguments=command["arguments"]
    )
    return dict(answer)


def test_lenses_simulate_and_say_why(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/book.rules")
    client.open(uri, BOOK)
    simulate, why = client.result("textDocument/codeLens", textDocument={"uri": uri})
    assert [simulate["command"]["title"], why["command"]["title"]] == ["simulate", "why"]
    shown = run(client, simulate)
    assert shown["title"] == "simulate: Book"
    assert "contact c_1  enrolled  `Book`" in shown["text"]
    assert "[plan_name: — → gold]" in shown["text"]
    reasons = run(client, why)["text"]
    assert "contact c_1\n" in reasons
    assert "started run_" in reasons
    assert 'did not match: status is "customer"' in reasons


def test_a_lens_runs_a_test(client: Client, root: Path) -> None:
    uri = uri_of(root / "tests/book.test.rules")
    client.open(uri, TEST)
    (lens,) = client.result("textDocument/codeLens", textDocument={"uri": uri})
    assert run(client, lens)["text"] == "1 passed\n"
    change(client, uri, 2, {"text": TEST.replace('"gold"', '"tin"')})
    assert "FAIL  books" in run(client, lens)["text"]


def test_commands_that_cannot_be_run(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/book.rules")
    for command, arguments, code in (
        ("rulelang.unheard", [], -32602),
        ("rulelang.simulate", [], -32602),
        ("rulelang.simulate", [uri, "None"], -32803),
        ("rulelang.test", [uri, "None"], -32803),
    ):
        answer = client.ask("workspace/executeCommand", command=command, arguments=arguments)
        assert answer["error"]["code"] == code, answer


def test_editors_that_show_no_documents_get_a_message(root: Path) -> None:
    client = Client()
    try:
        client.result("initialize", processId=None, rootUri=uri_of(root), capabilities={})
        client.tell("initialized")
        client.result("workspace/executeCommand", command="rulelang.check", arguments=[])
        told = [m["params"] for m in client.notified if m["method"] == "window/showMessage"]
        assert told == [{"type": 3, "message": "no mistakes found"}]
    finally:
        client.close()


def test_a_hundred_edits_in_one_go_are_answered_for_the_last(client: Client, root: Path) -> None:
    uri = uri_of(root / "rules/book.rules")
    client.open(uri, BOOK)
    for n in range(100):
        change(client, uri, 2 + n, {"text": BOOK.replace("status", f"staus{n}")})
    change(client, uri, 200, {"text": BOOK})
    assert client.problems(uri) == []
    told = [m for m in client.notified if m["params"].get("uri") == uri and m["params"].get("diagnostics")]
    assert len(told) < 50


@given(st.text("aé😀\n\r", max_size=12), st.text("b😀\n", max_size=4), st.data())
def test_pieces_are_put_where_utf16_says(before: str, new: str, data: st.DataObject) -> None:
    at = sorted(data.draw(st.integers(0, len(before))) for _ in range(2))
    if any(before[n - 1 : n + 1] == "\r\n" for n in at):
        return  # no place: the middle of a line break
    start, end = (_place(before, n) for n in at)
    change = {"range": {"start": start, "end": end}, "text": new}
    assert edited(before, [change]) == before[: at[0]] + new + before[at[1] :]


def _place(text: str, at: int) -> dict[str, int]:
    lines = text[:at].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return {"line": len(lines) - 1, "character": len(lines[-1].encode("utf-16-le")) // 2}
