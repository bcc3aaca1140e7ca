"""Turns the grammar file into `tables.json`: LALR tables, rules, terminals and keywords as plain data.

Run `python -m grammar.build` after a change of `rulelang.lark`; a test fails while the tables are stale.
Only this module imports Lark: the package itself parses from the tables.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import IntParseTable, Shift

GRAMMAR = Path(__file__).with_name("rulelang.lark")
TABLES = Path(__file__).with_name("tables.json")
STARTS = ("rule", "declaration", "segment", "prompt")


def load_lark(*, strict: bool = False) -> Lark:
    """The grammar as Lark reads it. `strict` refuses every conflict and needs `interegular`."""
    return Lark(
        GRAMMAR.read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        start=list(STARTS),
        keep_all_tokens=True,
        maybe_placeholders=False,
        strict=strict,
    )


def build() -> str:
    """The text of `tables.json`, the same for the same grammar on every machine."""
    lark = load_lark()
    table: IntParseTable = lark.parser.parser._parse_table
    rules = sorted((_rule(rule) for rule in lark.rules), key=json.dumps)
    order = _numbering(table)
    symbols = sorted({name for row in table.states.values() for name in row})
    parts = {
        "symbols": symbols,
        "starts": {s: [order[table.start_states[s]], order[table.end_states[s]]] for s in STARTS},
        "terminals": [_terminal(t) for t in _in_order(lark.terminals) if t.pattern.type == "re"],
        "fixed": _words(lark, soft=False),
        "soft": _words(lark, soft=True),
        "rules": rules,
        "states": [_pairs(row, symbols) for row in _shortened(_rows(table, order, rules), rules)],
    }
    lines = [f"{json.dumps(key)}: {_value(value)}" for key, value in parts.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _words(lark: Lark, *, soft: bool) -> dict[str, str]:
    """Words and signs with the names of their terminals: those that are names elsewhere too, or the others."""
    strings = (t for t in _in_order(lark.terminals) if t.pattern.type == "str")
    return {t.pattern.value: t.name for t in strings if t.name.endswith("_WORD") == soft}


def _numbering(table: IntParseTable) -> dict[int, int]:
    """Numbers for the states in the order a walk from the starts meets them (Lark's own vary with the hash seed)."""
    order: dict[int, int] = {}
    queue = deque(table.start_states[start] for start in STARTS)
    while queue:
        state = queue.popleft()
        if state in order:
            continue
        order[state] = len(order)
        row = table.states[state]
        queue.extend(row[name][1] for name in sorted(row) if row[name][0] is Shift)
    return order


def _rows(table: IntParseTable, order: dict[int, int], rules: list[Any]) -> list[dict[str, int]]:
    """The actions of each state: a state to shift to, or `-1 - rule` to reduce by."""
    return [
        {
            name: order[argument] if action is Shift else -1 - rules.index(_rule(argument))
            for name, (action, argument) in sorted(table.states[state].items())
        }
        for state in order
    ]


def _shortened(rows: list[dict[str, int]], rules: list[Any]) -> list[dict[str, int]]:
    """The rows with steps left out that only rename a node.

    A state in which all that can happen is one reduction of an only child to its parent is passed over: the row
    before goes where the parent would. (A wrong token is found a few reductions later, before it is shifted.)
    """
    for row in rows:
        for name in row:
            while row[name] >= 0 and (parent := _renamed(rows[row[name]], rules)):
                row[name] = row[parent]
    return rows


def _renamed(row: dict[str, int], rules: list[Any]) -> str:
    """The parent that takes the only child as it is, when nothing else can happen in a state; else ""."""
    actions = set(row.values())
    action = actions.pop() if len(actions) == 1 else 0
    if action >= 0:
        return ""
    origin, name, single, symbols = rules[-1 - action]
    return str(origin) if single and name == origin and len(symbols) == 1 else ""


def _pairs(row: dict[str, int], symbols: list[str]) -> list[int]:
    return [number for name, action in row.items() for number in (symbols.index(name), action)]


def _rule(rule: Rule) -> list[Any]:
    """Origin, the function that makes the node, whether a single child replaces it, and the symbols."""
    name = rule.alias or rule.origin.name
    return [rule.origin.name, name, rule.options.expand1, [symbol.name for symbol in rule.expansion]]


def _terminal(terminal: TerminalDef) -> list[str]:
    return [terminal.name, terminal.pattern.value]


def _in_order(terminals: Collection[TerminalDef]) -> list[TerminalDef]:
    return sorted(terminals, key=lambda t: (-t.priority, -len(t.pattern.value), t.name))


def _value(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in value) + "\n]"
    return json.dumps(value)


if __name__ == "__main__":
    TABLES.write_text(build(), encoding="utf-8")
