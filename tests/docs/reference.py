"""The parts of docs/reference.md that are made from the program: `python -m tests.docs.reference` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import Path

from grammar.tables import load
from rulelang.catalog.build import build_catalogue
from rulelang.catalog.model import Catalogue, Function, Generic, Param
from rulelang.lint.rules import CODES
from rulelang.plan.ir import Ir, Op
from rulelang.workspace import load_workspace
from stdlib_actions.library import declarations

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"
_MADE = re.compile(r"<!-- made: (\w+) -->\n(.*?)<!-- end -->\n", re.S)
CATALOGUE: Catalogue = build_catalogue(declarations())

OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("`x = y`, `x != y`", 'status = trial and city != "Bonn"', "equal, not equal"),
    (
        "`< <= > >=`",
        "score >= 80",
        "order: numbers, money, percentages, dates, instants, times, durations, text",
    ),
    ("`x in [a, b]`", 'country in ["DE", "AT"]', "one of these, or of a list field; `not in`"),
    ("`x between a and b`", "score between 50 and 79", "both ends included"),
    ("`x contains y`", "tags contains vip", "text in text, item in list; `not contains`"),
    ("`x starts with y`", 'phone starts with "+49"', "also `not starts with`"),
    ("`x ends with y`", 'email ends with "@acme.test"', "also `not ends with`"),
    (
        "`x matches y`",
        'postal_code matches "^1[0-9]{4}$"',
        "a regular expression in RE2 syntax, found anywhere in the text",
    ),
    ("`x is set`", "owner is set", "there is a value; `is not set`"),
    ("`x is empty`", "city is not empty", 'missing, `""` or an empty list; `is not empty`'),
    (
        "`in segment`",
        'in segment "Hot leads"',
        "membership; `not in segment`, `account in segment` for a related record",
    ),
    ("`and`", "status = trial and score > 50", "both hold"),
    ("`or`", "status = trial or score > 50", "one holds, or both"),
    ("`not`", "not (score > 50)", "the exact opposite: true also where the score is missing"),
    ("`x + y`, `x - y`", "renewal_date - 7d <= today", "see below"),
    ("`x * y`, `x / y`", "score * 2 / 3 > 10", "see below"),
    ("`-x`", "-score < 0", "the opposite"),
)
"""Form, example, meaning. The test of this page holds them against the terminals of the grammar."""

_SAMPLES: Mapping[str, str] = {
    "number": "score",
    "percent": "discount",
    "money": "deal_size",
    "text": "city",
    "date": "renewal_date",
    "datetime": "created_at",
    "duration": "1d",
}
_SCHEMA = "fields for contact\n  discount: percent\n  deal_size: money USD\n  renewal_date: date\nend\n"
_TYPES: tuple[tuple[str, str, str], ...] = (
    ("text", '"Bonn"', "compared exactly; `lower(city)` for any case"),
    ("number", "2.5", "decimal"),
    ("money", "€20", "`money` in the workspace's currency, or `money USD`; currencies do not mix"),
    ("percent", "50%", ""),
    ("yes/no", "true", "`dnc` alone is a condition"),
    ("date", "2026-01-31", "without a time of day it begins at 0:00 in the subject's zone"),
    ("datetime", "2026-01-31T09:00Z", "an instant"),
    ("time", "9:00", "a time of day"),
    ("person", '"ana@acme.test"', "declared with `person`, or as a member of a team; has `name` and `email`"),
    ("one of a, b", "a", "an enumeration, named by bare words"),
    ("list of text", '["de", "fr"]', "a list of any other type"),
)


def page(text: str) -> str:
    """The page with all its made parts as they should be."""
    return _MADE.sub(lambda m: f"<!-- made: {m[1]} -->\n{_PARTS[m[1]]()}<!-- end -->\n", text)


def _table(head: str, rows: Iterable[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows]) + "\n"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _operators() -> str:
    rows = (f"| {form} | {_code(example)} | {meaning} |" for form, example, meaning in OPERATORS)
    return _table("| form | example | meaning |", rows)


def _arithmetic() -> str:
    """Each pair of types that some operator takes, asked of the checker itself."""
    questions = list(product("+-*/", _SAMPLES, _SAMPLES, _SAMPLES))
    rules = [
        f'rule "{n}" on tag added when {_SAMPLES[a]} {op} {_SAMPLES[b]} = {_SAMPLES[c]} do stop end\n'
        for n, (op, a, b, c) in enumerate(questions)
    ]
    checked = load_workspace({"schema.rules": _SCHEMA, "a.rules": "".join(rules)}, CATALOGUE)
    good = {plan.key for plan in checked.plans if not _converted(plan.when)}
    found: dict[tuple[str, str, str], list[str]] = {}
    for n, (op, a, b, c) in enumerate(questions):
        if str(n) in good:
            found.setdefault((op, a, b), []).append(c)
    rows = (
        f"| {_code(f'{a} {op} {b}')} | {' or '.join(results)} |"
        for (op, a, b), results in sorted(found.items())
    )
    return _table("| operation | result |", rows)


def _converted(when: Ir | None) -> bool:
    """Whether the sides of a comparison were made comparable first, and so are of two types."""
    assert isinstance(when, Op)
    sides = when.a[0].a if isinstance(when.a[0], Op) and when.n == "not" else when.a
    return any(isinstance(side, Op) and side.n in ("date.of", "instant.of") for side in sides)


def _types() -> str:
    rows = (f"| {_code(name)} | {_code(literal)} | {note} |" for name, literal, note in _TYPES)
    return _table("| type | a value | |", rows)


def _functions() -> str:
    rows = (
        f"| {_code(_signature(f))} | {_result(f)} | {f.summary} | {_code(f.example)} |"
        for f in CATALOGUE.functions.values()
    )
    return _table("| function | result | meaning | example |", rows)


def _signature(function: Function) -> str:
    names = [_optional(p) for p in function.params]
    return f"{function.name}({', '.join(names)}{', …' if function.variadic else ''})"


def _optional(param: Param) -> str:
    return param.name if param.required else f"[{param.name}]"


def _result(function: Function) -> str:
    match function.generic:
        case Generic.SAME:
            return "as the arguments"
        case Generic.ITEM:
            return "an item"
    return str(function.result)


def _words() -> str:
    tables = load()
    words = {word for word in tables.fixed if word.isalpha()}
    names = sorted(word for word in words if _is_name(word))
    soft = sorted({*tables.soft, "label"})
    lines = [
        f"Reserved: {_listed(sorted(words - set(names)))}.",
        f"Words of operators and clauses that may be names and parts of phrases: {_listed([*names, 'enrol'])}.",
        f"Words only where the language needs them, and names everywhere else: {_listed(soft)}.",
        "A field that is called like a reserved word is written in backquotes.",
    ]
    return "\n\n".join(lines) + "\n"


def _is_name(word: str) -> bool:
    """Whether a word may be the name of a field."""
    text = f"fields for contact\n  {word}: number\nend\non tag added when {word} > 5 do stop"
    return not any(d.is_error for d in load_workspace({"a.rules": text}, CATALOGUE).diagnostics)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _triggers() -> str:
    rows = (
        f"| {_code(t.phrase)} | {t.summary} | {', '.join(t.subjects)} |" for t in CATALOGUE.triggers.values()
    )
    return _table("| `on …` | when | for |", rows)


def _actions() -> str:
    rows = (
        f"| {_code(a.phrase)} | {a.summary[:1].lower() + a.summary[1:]} |" for a in CATALOGUE.actions.values()
    )
    return _table("| action | |", rows)


def _lint() -> str:
    return _table("| code | finding |", (f"| {code} | {meaning} |" for code, meaning in CODES.items()))


_PARTS: Mapping[str, Callable[[], str]] = {
    "operators": _operators,
    "arithmetic": _arithmetic,
    "types": _types,
    "functions": _functions,
    "words": _words,
    "triggers": _triggers,
    "actions": _actions,
    "lint": _lint,
}

if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
