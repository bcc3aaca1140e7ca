"""The language server as a process: what editors send and what they get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lsp.client import Client, at, under
from tests.support.live import SCHEMA, make_files
from workbench.lsp.projects import uri_of

GREETING = 'rule "Greet 😀" on stage enter "Won" do add tag "won 😀"; start rule("Upsell"); ad tag "x"\n'
UPSELL = 'rule "Upsell" for contact\n  on stage enter "SQL"\ndo\n  send email template("hello")\nend\n'


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "rulelang.toml": "",
        "schema.rules": SCHEMA,
        "rules/upsell.rules": UPSELL,
        "templates/hello.txt": "---\nsubject: Hello\n---\nHello {{ contact.first_name }}\n",
    }
    return make_files(tmp_path / "my workspace", files).resolve()


def test_a_session_ends_with_0_after_shutdown_and_with_1_without(client: Client, root: Path) -> None:
    found = client.start(root)
    assert found["capabilities"]["positionEncoding"] == "utf-16"
    assert client.stop() == 0
    other = Client()
    try:
        other.start(None)
        other.tell("exit")
        assert other.process.wait(10) == 1
    finally:
        other.close()


def test_the_end_of_input_ends_the_server(client: Client) -> None:
    client.start(None)
    _, errors = client.process.communicate()
    assert (client.process.returncode, errors) == (1, b"")


def test_mistakes_are_told_in_utf16_and_taken_back(client: Client, root: Path) -> None:
    client.start(root)
    uri = uri_of(root / "rules/greet.rules")
    client.open(uri, GREETING)
    (found,) = client.problems(uri)
    assert (found["code"], found["severity"]) == ("E0402", 1)
    assert under(GREETING, found["range"]) == "ad"
    client.change(uri, GREETING.replace("ad tag", "add tag"))
    assert client.problems(uri) == []


def test_a_quick_fix_mends_the_mistake(client: Client, root: Path) -> None:
    client.start(root)
    uri = uri_of(root / "rules/greet.rules")
    client.open(uri, GREETING)
    place = {"start": at(GREETING, "ad tag"), "end": at(GREETING, "ad tag", 1)}
    document = {"uri": uri}
    (action,) = client.result("textDocument/codeAction", textDocument=document, range=place, context={})
    (edit,) = action["edit"]["changes"][uri]
    assert (edit["newText"], under(GREETING, edit["range"])) == ("add", "ad")
    only = {"only": ["refactor"]}
    assert client.result("textDocument/codeAction", textDocument=document, range=place, context=only) == []


def test_completion_behind_an_emoji(client: Client, root: Path) -> None:
    client.start(root)
    uri = uri_of(root / "rules/greet.rules")
    text = 'on stage enter "Won" do add tag "😀"; start rule("'
    client.open(uri, text)
    found = client.result(
        "textDocument/completion", textDocument={"uri": uri}, position=at(text, 'rule("', 6)
    )
    assert [item["label"] for item in found] == ["Upsell"]
    edit = found[0]["textEdit"]
    assert (under(text, edit["range"]), edit["newText"], found[0]["filterText"]) == (
        '"',
        '"Upsell"',
        '"Upsell"',
    )


def test_snippets_are_for_clients_that_know_them(client: Client, root: Path) -> None:
    uri, text = uri_of(root / "rules/new.rules"), "on contact created do "
    client.start(root, snippets=False)
    client.open(uri, text)
    found = client.result("textDocument/completion", textDocument={"uri": uri}, position=at(text, " do ", 4))
    texts = {item["label"]: item["textEdit"]["newText"] for item in found}
    assert texts["add tag {tag}"] == 'add tag "tag"'
    assert all("${" not in text for text in texts.values())


def test_hover_definition_and_references(client: Client, root: Path) -> None:
    client.start(root)
    uri, upsell = uri_of(root / "rules/greet.rules"), uri_of(root / "rules/upsell.rules")
    client.open(uri, GREETING)
    place = {"textDocument": {"uri": uri}, "position": at(GREETING, "Upsell")}
    assert "rule **Upsell**" in client.result("textDocument/hover", **place)["contents"]["value"]
    found = client.result("textDocument/definition", **place)
    assert (found["uri"], under(UPSELL, found["range"])) == (upsell, '"Upsell"')
    places = client.result("textDocument/references", **place, context={"includeDeclaration": True})
    assert [p["uri"] for p in places] == [uri, upsell]
    template = {"textDocument": {"uri": upsell}, "position": at(UPSELL, "hello")}
    assert client.result("textDocument/definition", **template)["uri"] == uri_of(root / "templates/hello.txt")


def test_rename_changes_all_files_or_says_why_not(client: Client, root: Path) -> None:
    client.start(root)
    uri = uri_of(root / "rules/greet.rules")
    text = GREETING.replace("ad tag", "add tag")
    client.open(uri, text)
    place = {"textDocument": {"uri": uri}, "position": at(text, "Upsell")}
    changes = client.result("textDocument/rename", **place, newName="Sell more")["changes"]
    assert {u: [e["newText"] for e in edits] for u, edits in changes.items()} == {
        uri: ['"Sell more"'],
        uri_of(root / "rules/upsell.rules"): ['"Sell more"'],
    }
    refused = client.ask("textDocument/rename", **place, newName="Greet 😀")["error"]
    assert refused == {"code": -32803, "message": "there is a rule called `Greet 😀` already"}


def test_outline_folding_colours_and_format(client: Client, root: Path) -> None:
    client.start(root)
    document = {"uri": uri_of(root / "rules/upsell.rules")}
    (symbol,) = client.result("textDocument/documentSymbol", textDocument=document)
    assert (symbol["name"], symbol["children"][0]["name"]) == ("Upsell", 'stage enter "SQL"')
    assert client.result("textDocument/foldingRange", textDocument=document) == [
        {"startLine": 0, "endLine": 4}
    ]
    data = client.result("textDocument/semanticTokens/full", textDocument=document)["data"]
    assert (len(data) % 5, data[:4]) == (0, [0, 0, 4, 0])
    assert client.result("textDocument/formatting", textDocument=document, options={}) == []
    client.open(document["uri"], "on   contact created do\r\nstop\r\n")
    (edit,) = client.result("textDocument/formatting", textDocument=document, options={})
    assert edit["newText"] == "on contact created do\r\n  stop\r\n"


def test_a_closed_document_is_what_is_on_disk(client: Client, root: Path) -> None:
    client.start(root)
    upsell = uri_of(root / "rules/upsell.rules")
    client.open(upsell, "on nothing do stop\n")
    assert client.problems(upsell)
    client.tell("textDocument/didClose", textDocument={"uri": upsell})
    assert client.problems(upsell) == []


def test_what_changes_on_disk_is_read_again(client: Client, root: Path) -> None:
    client.start(root)
    upsell = uri_of(root / "rules/upsell.rules")
    (root / "templates/hello.txt").unlink()
    client.tell("workspace/didChangeWatchedFiles", changes=[])
    (found,) = client.problems(upsell)
    assert under(UPSELL, found["range"]) == '"hello"'


def test_a_text_that_is_no_file(client: Client) -> None:
    client.start(None)
    client.open("untitled:Untitled-1", "on contact created do stpo\n")
    (found,) = client.problems("untitled:Untitled-1")
    assert found["range"]["start"] == {"line": 0, "character": 22}


@pytest.mark.parametrize(
    "frame",
    [
        b"Content-Length: 3\r\n\r\n{{{",
        b"Content-Length: x\r\n\r\n",
        b"Nonsense\r\n\r\n",
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 1\r\n\r\n1",
        b'Content-Length: 13\r\n\r\n{"method": 1}',
    ],
)
def test_nonsense_gets_an_error_and_the_loop_goes_on(client: Client, frame: bytes) -> None:
    client.start(None)
    client.raw(frame)
    answer = client.receive()
    assert answer["id"] is None
    assert answer["error"]["code"] in (-32700, -32600)
    assert client.stop() == 0


def test_requests_that_cannot_be_answered(client: Client, root: Path) -> None:
    assert client.ask("textDocument/hover")["error"]["code"] == -32002
    client.start(root)
    assert client.ask("textDocument/unheard")["error"]["code"] == -32601
    assert client.ask("textDocument/hover")["error"]["code"] == -32602
    assert client.ask("textDocument/hover", textDocument={"uri": 3}, position=None)["error"]["code"] == -32602
    missing = {
        "textDocument": {"uri": uri_of(root / "rules/none.rules")},
        "position": {"line": 0, "character": 0},
    }
    assert client.ask("textDocument/hover", **missing)["error"]["code"] == -32602
    client.tell("textDocument/didOpen")
    client.tell("textDocument/unheard")
    assert client.ask("initialize")["error"]["code"] == -32600
    assert client.stop() == 0


def test_broken_files_are_told_of_and_answered(client: Client, root: Path) -> None:
    client.start(root)
    uri = uri_of(root / "rules/broken.rules")
    text = 'rule "half\n  on stage enter "SQL" when (\ndo do if ] \ud83d "'.encode("utf-8", "ignore").decode()
    client.open(uri, text)
    assert client.problems(uri)
    for method in ("documentSymbol", "foldingRange", "semanticTokens/full", "formatting"):
        assert "error" not in client.ask(f"textDocument/{method}", textDocument={"uri": uri}, options={})
    far = {"line": 99, "character": 99}
    for method in ("completion", "hover", "definition", "references"):
        assert "error" not in client.ask(f"textDocument/{method}", textDocument={"uri": uri}, position=far)


def test_a_file_that_is_no_text_is_named(client: Client, root: Path) -> None:
    (root / "rules/odd.rules").write_bytes(b"\xff\xfe")
    client.start(root)
    client.settle()
    told = [m["params"]["message"] for m in client.notified if m["method"] == "window/showMessage"]
    assert len(told) == 1
    assert "odd.rules is not UTF-8 text" in told[0]
