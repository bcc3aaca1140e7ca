"""How soon the language server answers in a large workspace: a real process, real stdio, an editor that types.

    python -m benchmarks.lsp [--rules 10000] [--per-file 100] [--edits 200]

Each edit makes a mistake in an open file or mends it; what is measured is the time from the change to the
diagnostics of that file. Between edits the server is left alone for a moment, as by somebody who types.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.language import rule
from workbench.lsp.frames import read_frame, write_frame
from workbench.lsp.projects import uri_of

SCHEMA = """\
workspace
  name: "Acme"
end
status for contact: trial, customer
pipeline "Sales" for contact: MQL, SQL, Won, Lost
fields for contact
  region: text
end
"""
PAUSE = 0.05
"""Seconds between two edits."""


class Editor:
    """An editor that has a folder open in a language server."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "workbench.cli", "lsp"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._number = self._version = 0
        self.ask("initialize", processId=None, rootUri=uri_of(root), capabilities={})
        self.tell("initialized")

    def tell(self, method: str, **params: Any) -> None:
        """Send a notification."""
        assert self.process.stdin is not None
        write_frame(self.process.stdin, {"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and wait for its answer."""
        self._number += 1
        assert self.process.stdin is not None
        write_frame(self.process.stdin, {"id": self._number, "method": method, "params": params})
        for message in self._messages():
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
        raise AssertionError

    def _messages(self) -> Iterator[Any]:
        assert self.process.stdout is not None
        while (message := read_frame(self.process.stdout)) is not None:  # type: ignore[arg-type]
            yield message

    def problems(self, uri: str) -> list[Any]:
        """The next diagnostics of a document."""
        for message in self._messages():
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return list(message["params"]["diagnostics"])
        raise AssertionError

    def open(self, uri: str, text: str) -> None:
        """Open a document and wait for what is wrong with it."""
        document = {"uri": uri, "languageId": "rulelang", "version": 0, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        self.problems(uri)

    def change(self, uri: str, text: str) -> float:
        """Change a document; the seconds until its diagnostics came."""
        self._version += 1
        start = time.perf_counter()
        self.tell(
            "textDocument/didChange",
            textDocument={"uri": uri, "version": self._version},
            contentChanges=[{"text": text}],
        )
        self.problems(uri)
        return time.perf_counter() - start

    def timed(self, method: str, uri: str, line: int, character: int) -> float:
        """The seconds that a question about a place takes."""
        start = time.perf_counter()
        self.ask(method, textDocument={"uri": uri}, position={"line": line, "character": character})
        return time.perf_counter() - start


def workspace(root: Path, count: int, per_file: int) -> list[Path]:
    """Write a workspace of that many rules; its rule files."""
    (root / "rules").mkdir(parents=True)
    (root / "rulelang.toml").touch()
    (root / "schema.rules").write_text(SCHEMA)
    files = []
    for start in range(0, count, per_file):
        files.append(root / "rules" / f"{start // per_file:05}.rules")
        files[-1].write_text("\n".join(map(rule, range(start, min(start + per_file, count)))))
    return files


def _edits(editor: Editor, path: Path, count: int, right: str, wrong: str) -> list[float]:
    """Times of edits that each make a mistake or mend it, in another rule of the file each time."""
    uri, text = uri_of(path), path.read_text()
    places = [n for n in range(len(text)) if text.startswith(right, n)]
    editor.open(uri, text)
    times = []
    for n in range(count):
        at = places[n // 2 % len(places)]
        edited = text[:at] + wrong + text[at + len(right) :] if n % 2 == 0 else text
        times.append(editor.change(uri, edited))
        time.sleep(PAUSE)
    return times


def _row(name: str, times: list[float]) -> None:
    middle, p95 = median(times) * 1e3, quantiles(times, n=20)[-1] * 1e3
    print(f"| {name} | {middle:.1f} | {p95:.1f} | {max(times) * 1e3:.1f} |", flush=True)


def measure(root: Path, count: int, per_file: int, edits: int) -> None:
    """Measure one layout and print its table."""
    files = workspace(root, count, per_file)
    start = time.perf_counter()
    editor = Editor(root)
    ready = time.perf_counter() - start
    print(
        f"\n{count:,} rules in {len(files):,} files; ready after {ready:.1f} s\n\n| | p50 ms | p95 ms | max ms |\n|---|---:|---:|---:|"
    )
    path = files[len(files) // 2]
    _row("diagnostics after an edit of a rule", _edits(editor, path, edits, "score >=", "scor >="))
    _row("completion", [editor.timed("textDocument/completion", uri_of(path), 2, 7) for _ in range(edits)])
    _row("hover", [editor.timed("textDocument/hover", uri_of(path), 1, 8) for _ in range(edits)])
    times = _edits(editor, root / "schema.rules", max(edits // 10, 20), "region: text", "region: txet")
    _row("diagnostics after an edit of the schema", times)
    editor.ask("shutdown")
    editor.tell("exit")
    editor.process.wait(60)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--per-file", type=int, default=0, help="one layout only")
    parser.add_argument("--edits", type=int, default=200)
    options = parser.parse_args()
    print(
        f"## Language server\n\n`python -m benchmarks.lsp`: Python {platform.python_version()}, {platform.machine()}"
    )
    for per_file in [options.per_file] if options.per_file else [100, 1]:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder) / "workspace", options.rules, per_file, options.edits)


if __name__ == "__main__":
    main()
