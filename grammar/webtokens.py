"""The tokens of rule files for the web editor: the terminals as one regular expression of JavaScript.

`python -m grammar.webtokens` writes web/static/editor/tokens.js.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from grammar.tables import load

TARGET = Path(__file__).parent.parent / "web/static/editor/tokens.js"

_HEAD = "// Made by `python -m grammar.webtokens` from grammar/rulelang.lark.\n"


def text() -> str:
    """The module as the file holds it."""
    tables = load()
    words = {word: kind for word, kind in tables.fixed.items() if word.isalpha()}
    return (
        f"{_HEAD}\n"
        "/** All terminals, longest literals first; sticky, so that it matches where `lastIndex` points. */\n"
        f"export const PATTERN = /{_pattern()}/y;\n\n"
        "/** Reserved words and those of operators, with the names of their terminals. */\n"
        f"export const WORDS = {_object(words)};\n\n"
        "/** Words of clauses, which are names everywhere else. */\n"
        f"export const SOFT = new Set({json.dumps(sorted(tables.soft))});\n"
    )


def _pattern() -> str:
    tables = load()
    signs = sorted((s for s in tables.fixed if not s[0].isalpha()), key=lambda s: (-len(s), s))
    groups = [f"(?<{name}>{pattern})" for name, pattern in tables.terminals]
    groups.append(f"(?<SIGN>{'|'.join(map(re.escape, signs))})")
    # A line break or a slash would end the literal.
    joined = "|".join(groups).replace("\n", "\\n").replace("\t", "\\t")
    return re.sub(r"\\.|/", lambda found: "\\/" if found.group() == "/" else found.group(), joined)


def _object(words: dict[str, str]) -> str:
    lines = "".join(f"  {word}: {json.dumps(words[word])},\n" for word in sorted(words))
    return f"{{\n{lines}}}"


def main() -> None:
    """Write the file."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
