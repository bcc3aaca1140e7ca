"""The colours of rule files for editors without a language server: a TextMate grammar made from the terminals.

`python -m grammar.textmate` writes editors/vscode/syntaxes/rulelang.tmLanguage.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grammar.colours import CONSTANTS, OPERATORS, SCOPES, words
from grammar.tables import load

TARGET = Path(__file__).parent.parent / "editors/vscode/syntaxes/rulelang.tmLanguage.json"


def grammar() -> dict[str, Any]:
    """The grammar as VS Code and others read it."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "rulelang",
        "scopeName": "source.rulelang",
        "fileTypes": ["rules"],
        "patterns": [
            *_terminals(("COMMENT", "TEXT")),
            {"name": _scope("variable.other"), "match": "`[^`\\n]+`"},
            *_words(),
            *_terminals(_numbers()),
            *_signs(),
        ],
        "repository": {"text": {"patterns": _inside_text()}},
    }


def _numbers() -> tuple[str, ...]:
    return tuple(name for name, _ in load().terminals if SCOPES.get(name, "").startswith("constant"))


def _terminals(names: tuple[str, ...]) -> list[dict[str, Any]]:
    patterns = dict(load().terminals)
    found: list[dict[str, Any]] = []
    for name in names:
        # A number is no part of a name; the lexer takes a name as a whole.
        before = "(?<![A-Za-z0-9_])" if name not in ("COMMENT", "TEXT") else ""
        found.append({"name": _scope(SCOPES[name]), "match": f"{before}(?:{patterns[name]})"})
        if name == "TEXT":
            found[-1]["captures"] = {"0": {"patterns": [{"include": "#text"}]}}
    return found


def _inside_text() -> list[dict[str, Any]]:
    return [
        {"name": _scope("constant.character.escape"), "match": r'\\(?:["\\nt]|u\{[0-9A-Fa-f]+\})'},
        {"name": _scope("variable.other.placeholder"), "match": r"\{\{.*?\}\}|\{%.*?%\}"},
    ]


def _words() -> list[dict[str, Any]]:
    found = words()
    return [
        {"name": _scope("keyword.control"), "match": rf"^[ \t]*{_any(found.leading)}"},
        {"name": _scope("keyword.control"), "match": _any(found.control)},
        {"name": _scope("keyword.operator.word"), "match": _any(OPERATORS)},
        {"name": _scope("constant.language"), "match": _any(CONSTANTS)},
        # Only the words of items begin in the first column.
        {"name": _scope("storage.type"), "match": r"^[a-z]+\b"},
        {"name": _scope("entity.name.function"), "match": r"\b[A-Za-z_][A-Za-z0-9_]*(?=\()"},
    ]


def _signs() -> list[dict[str, Any]]:
    alternatives = "|".join(map(_escaped, words().signs))
    return [{"name": _scope("keyword.operator"), "match": alternatives}]


def _escaped(sign: str) -> str:
    return "".join(f"\\{char}" if char in "*+.?^$|()[]{}\\" else char for char in sign)


def _any(choice: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(sorted(choice))})\b"


def _scope(name: str) -> str:
    return f"{name}.rulelang"


def text() -> str:
    """The grammar as the file holds it."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
