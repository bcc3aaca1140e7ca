"""Rules and fields under another name, everywhere at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rulelang.editor.model import Edit, RenameError
from rulelang.editor.occurrences import Occurrence, Target, definition_of, occurrences
from rulelang.editor.walk import everything
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.syntax.lexer import tokenize
from rulelang.workspace import CheckedWorkspace

_LIQUID = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


def rename(workspace: CheckedWorkspace, found: Occurrence, name: str) -> tuple[Edit, ...]:
    """The changes that give a rule or a declared field another name.

    Raises:
        RenameError: it cannot be renamed, or not to this.
    """
    target = found.target
    if target.kind not in ("rule", "field"):
        raise RenameError(f"a {target.kind} is renamed where it is declared")
    if any(rule.broken for rule in workspace.rules):
        raise RenameError("there are rules that cannot be read; mend them first")
    text = _rule_name(workspace, name) if target.kind == "rule" else _field_name(workspace, target, name)
    return tuple(Edit(o.source, o.span, text) for o in occurrences(workspace, target))


def _rule_name(workspace: CheckedWorkspace, name: str) -> str:
    name = name.strip().strip('"')
    if not name or not name.isprintable() or '"' in name or "\\" in name:
        raise RenameError("a rule's name is one line of text without quotes and backslashes")
    if name in workspace.keys:
        raise RenameError(f"there is a rule called `{name}` already")
    return f'"{name}"'


def _field_name(workspace: CheckedWorkspace, target: Target, name: str) -> str:
    if definition_of(workspace, target) is None:
        raise RenameError(f"`{target.name}` is built in and keeps its name")
    tokens = tokenize(Source("name", name)).tokens
    if [token.kind for token in tokens] != ["NAME"] or tokens[0].text != name:
        raise RenameError("a field's name is one word of letters, digits and `_` that is not reserved")
    if name in workspace.schema.fields[target.owner]:
        raise RenameError(f"there is a field called `{name}` already")
    where = _in_messages(workspace, target.name)
    if where:
        raise RenameError(f"`{target.name}` is used in a message in {where}; change that by hand first")
    return name


def _in_messages(workspace: CheckedWorkspace, word: str) -> str:
    """The first file with a message that holds the word in a placeholder, or ""."""
    texts: list[tuple[str, Sequence[str]]] = [
        (t.path, (t.text,)) for t in workspace.schema.templates.values()
    ]
    for path, module in workspace.modules.items():
        texts.append((path, [n.value for n in everything(module) if isinstance(n, nodes.TextLit)]))
    pattern = re.compile(rf"\b{re.escape(word)}\b")
    for path, each in texts:
        if any(pattern.search(part) for text in each for part in _LIQUID.findall(text)):
            return path
    return ""
