"""The extension for VS Code without VS Code: its client starts the server, its grammar colours as the lexer reads.

The packages it needs come from npm; where they cannot be had these tests are left out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grammar.colours import SCOPES
from rulelang.source import Source
from rulelang.syntax.lexer import tokenize
from tests.support.process import ROOT, environment

FOLDER = ROOT / "editors/vscode"
EXAMPLES = sorted((ROOT / "examples").glob("**/*.rules"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension with its packages, in a folder of its own."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("there is no Node.js")
    folder = tmp_path_factory.mktemp("vscode") / "extension"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules", "*.vsix"))
    done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install its packages: {done.stderr[-200:]}")
    return folder


def test_the_client_starts_the_server_and_shows_what_it_answers(installed: Path, tmp_path: Path) -> None:
    server = tmp_path / "rulelang"
    server.write_text(f'#!/bin/sh\nexec {sys.executable} -m workbench.cli "$@"\n')
    server.chmod(0o755)
    done = subprocess.run(
        ["node", "test/extension.test.js"],
        cwd=installed,
        env=environment({"RULELANG": str(server)}),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "extension: ok\n"), done.stderr


def test_the_engine_of_vscode_colours_as_the_lexer_reads(installed: Path) -> None:
    command = ["node", "test/colours.js", *map(str, EXAMPLES)]
    done = subprocess.run(command, cwd=installed, capture_output=True, text=True, timeout=100, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(EXAMPLES) > 10
    for path, line in zip(EXAMPLES, lines, strict=True):
        source = Source.of(path.name, path.read_text("utf-8"))
        found = {
            (row, start, end): scope.removesuffix(".rulelang") for row, start, end, scope in json.loads(line)
        }
        lexed = tokenize(source)
        wanted = [(t.span, SCOPES[t.kind]) for t in lexed.tokens if t.kind in SCOPES]
        wanted += [(span, SCOPES["COMMENT"]) for span in lexed.comments]
        for span, scope in wanted:
            (row, start), (_, end) = source.utf16_position(span.start), source.utf16_position(span.end)
            pieces = [s for (r, a, b), s in found.items() if r == row and start <= a and b <= end]
            assert set(pieces) == {scope}, (path.name, source.slice(span), pieces)
        spans = {source.utf16_position(span.start) for span, _ in wanted}
        others = {(r, a) for (r, a, _), s in found.items() if s in SCOPES.values()} - spans
        # A text with placeholders or escapes in it comes in pieces.
        texts = [span for span, scope in wanted if scope == SCOPES["TEXT"]]
        inside = {(r, a) for r, a in others for t in texts if t.start < source.utf16_offset(r, a) < t.end}
        assert others == inside, path.name


def test_the_package_holds_what_is_needed_and_no_more(installed: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "LICENSE", installed)
    target = tmp_path / "rulelang.vsix"
    command = [
        "npx",
        "--yes",
        "@vscode/vsce@3.9.2",
        "package",
        "--allow-missing-repository",
        "--out",
        str(target),
    ]
    done = subprocess.run(command, cwd=installed, capture_output=True, text=True, timeout=110, check=False)
    if done.returncode and "ERR" in done.stderr.upper() and not target.exists() and "npm" in done.stderr:
        pytest.skip(f"vsce cannot be had: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    names = set(zipfile.ZipFile(target).namelist())
    package = json.loads((FOLDER / "package.json").read_text("utf-8"))
    for needed in ("extension.js", "package.json", "language-configuration.json", "LICENSE.txt"):
        assert f"extension/{needed}" in names
    assert "extension/syntaxes/rulelang.tmLanguage.json" in names
    assert "extension/node_modules/vscode-languageclient/node.js" in names
    assert not [n for n in names if "/test/" in n.split("node_modules")[0] or "vscode-textmate" in n]
    assert package["version"] in zipfile.ZipFile(target).read("extension.vsixmanifest").decode()
