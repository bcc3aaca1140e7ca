"""The generated tables of the grammar, loaded from `tables.json` beside this file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Production:
    """One way to make `origin`: the symbols, and the name of the function that makes its node.

    `single` says that the node of an only child stands for the whole.
    """

    origin: str
    name: str
    single: bool
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """LALR tables. An action of 0 or more shifts to that state; `-1 - n` reduces by production n.

    `terminals` are (name, regular expression), longest literals first; `fixed` maps words and signs to
    terminal names, `soft` the words that are names where the grammar cannot take them as words of its own;
    `starts` gives the first and the accepting state of each start symbol.
    """

    actions: tuple[dict[str, int], ...]
    productions: tuple[Production, ...]
    terminals: tuple[tuple[str, str], ...]
    fixed: dict[str, str]
    soft: dict[str, str]
    starts: dict[str, tuple[int, int]]


@cache
def load() -> Tables:
    """The tables of this package, read once."""
    raw = json.loads(Path(__file__).with_name("tables.json").read_text(encoding="utf-8"))
    symbols = raw["symbols"]
    return Tables(
        actions=tuple(
            {symbols[n]: a for n, a in zip(row[::2], row[1::2], strict=True)} for row in raw["states"]
        ),
        productions=tuple(
            Production(o, name, single, tuple(parts)) for o, name, single, parts in raw["rules"]
        ),
        terminals=tuple((name, pattern) for name, pattern in raw["terminals"]),
        fixed=raw["fixed"],
        soft=raw["soft"],
        starts={name: (first, last) for name, (first, last) in raw["starts"].items()},
    )
