"""A language client that speaks to `rulelang lsp` in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from tests.support.process import ROOT, environment
from workbench.lsp.frames import read_frame, write_frame
from workbench.lsp.projects import uri_of


class Client:
    """One session. Requests wait for their answer; what comes before it is kept in `notified`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "workbench.cli", "lsp"],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.notified: list[dict[str, Any]] = []
        self._number = 0

    @property
    def _in(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def _out(self) -> Any:
        assert self.process.stdout is not None
        return self.process.stdout

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._in.write(data)
        self._in.flush()

    def receive(self) -> Any:
        """The next message, None at the end."""
        return read_frame(self._out)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request; the whole answer."""
        self._number += 1
        write_frame(self._in, {"id": self._number, "method": method, "params": params})
        while (message := self.receive()) is not None:
            if message.get("id") == self._number and "method" not in message:
                return dict(message)
            self.notified.append(message)
        raise AssertionError("the server ended without an answer")

    def result(self, method: str, **params: Any) -> Any:
        """Send a request; its result, which must be no error."""
        answer = self.ask(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def tell(self, method: str, **params: Any) -> None:
        """Send a notification."""
        write_frame(self._in, {"method": method, "params": params})

    def start(self, root: Path | None, snippets: bool = True) -> Any:
        """Begin the session with a folder; what the server can do."""
        item = {"snippetSupport": snippets}
        capabilities = {"textDocument": {"completion": {"completionItem": item}}}
        uri = uri_of(root) if root is not None else None
        found = self.result(
            "initialize",
            processId=None,
            rootUri=uri,
            capabilities=capabilities,
            initializationOptions={"documents": True},
        )
        self.tell("initialized")
        return found

    def open(self, uri: str, text: str) -> None:
        """Open a document."""
        self.tell(
            "textDocument/didOpen",
            textDocument={"uri": uri, "languageId": "rulelang", "version": 1, "text": text},
        )

    def change(self, uri: str, text: str, version: int | None = None) -> None:
        """Give a document another text."""
        self._number += 1
        document = {"uri": uri, "version": version or self._number + 1}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def settle(self) -> None:
        """Wait until all files have been looked at."""
        self.result("workspace/executeCommand", command="rulelang.check", arguments=[])

    def problems(self, uri: str) -> list[dict[str, Any]]:
        """The mistakes of a document that were told last."""
        self.settle()
        told = [m["params"] for m in self.notified if m.get("method") == "textDocument/publishDiagnostics"]
        return next((p["diagnostics"] for p in reversed(told) if p["uri"] == uri), [])

    def stop(self) -> int:
        """End the session properly; the exit code."""
        self.result("shutdown")
        self.tell("exit")
        return self.process.wait(10)

    def close(self) -> None:
        """Make sure that the process is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def at(text: str, words: str, after: int = 0) -> dict[str, int]:
    """The position of the first place of words, `after` characters on, in UTF-16 units."""
    before = text[: text.index(words) + after]
    line = before.count("\n")
    return {"line": line, "character": len(before.rpartition("\n")[2].encode("utf-16-le")) // 2}


def under(text: str, place: dict[str, Any]) -> str:
    """The words under a range of one line."""
    line = text.split("\n")[place["start"]["line"]].encode("utf-16-le")
    assert place["start"]["line"] == place["end"]["line"]
    return line[2 * place["start"]["character"] : 2 * place["end"]["character"]].decode("utf-16-le")
