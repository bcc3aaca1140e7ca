"""The language's own words: which of them can stand in a place, and what each means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grammar.tables import load
from rulelang.editor.cursor import Cursor
from rulelang.syntax import nodes

_SEVERAL: Mapping[str, tuple[str, ...]] = {
    "IS": ("is set", "is not set", "is empty", "is not empty"),
    "STARTS": ("starts with",),
    "ENDS": ("ends with",),
    "OR_ON": ("or on",),
    "AND_WAIT": ("and wait",),
    "SKIP_IF": ("skip if past",),
    "ENROL": ("enrol",),
    "ON_EXIT": ("on exit do",),
    "AT_WORD": ("at most",),
}
"""Terminals that stand for more than one word, or for another one than they are called."""

_NAMES = frozenset(
    [
        "IS",
        "SET",
        "EMPTY",
        "CONTAINS",
        "BETWEEN",
        "STARTS",
        "ENDS",
        "WITH",
        "MATCHES",
        "ENROL",
        "EXIT",
        "RULE",
    ]
)
"""Words that may be names wherever a name may stand, so that the grammar takes them there as such."""

_VALUES = frozenset(("TRUE", "FALSE", "NULL", "NOT"))

DOCS: Mapping[str, str] = {
    "rule": '`rule "name" for contact live` begins a rule with a name, its subject and its state.',
    "on": "`on` and a trigger say what sets the rule off; several are alternatives.",
    "when": "`when` and a condition: the rule starts, or the step is made, only if it holds.",
    "do": "`do` begins the steps.",
    "end": "`end` closes the innermost open block.",
    "if": "`if … then … elif … else … end` chooses between steps.",
    "elif": "`elif` is tested when the conditions before it do not hold.",
    "else": "`else` holds the steps for when nothing before it holds.",
    "then": "`then` begins the steps under a condition; a new line does as well.",
    "wait": "`wait 30m`, `wait until 9:00`, `wait on user login timeout 2d`: the run rests and survives restarts.",
    "until": "`until` waits for a time of day, a date, an instant or a condition.",
    "timeout": "`timeout 2d` says how long to wait at most; the steps behind `else` are for when it has passed.",
    "stop": "`stop` completes the run here.",
    "let": "`let name = value` keeps a value, or the result of an action, for later steps.",
    "match": "`match field case value do … end` makes the steps of the first case that holds.",
    "split": '`split case 50% "A" do … end` draws once for each subject; who is in a branch stays there.',
    "case": "`case` begins one way of `match` or `split`.",
    "repeat": "`repeat 3 times do … end`, `repeat while … at most 10 times do … end`.",
    "for": "`for each contact at most 100 do … end` makes steps for related records, `for account do … end` for one.",
    "parallel": "`parallel do … end do … end end` runs branches side by side and goes on when all have ended.",
    "enrol": "`enrol once`, `enrol every time`, `enrol again after 30d`, `per event.order_id`: how often.",
    "exit": "`exit when` a condition or `exit on` an event ends the run early.",
    "goal": "`goal when` or `goal on` ends the run early and counts as success.",
    "limit": "`limit 100 per 1d`: more enrolments than this in a rolling span are refused.",
    "release": "`release 50 per 1h`: enrolments wait their turn.",
    "takes": "`takes discount: number`: what `start rule` must give to this rule.",
    "where": "`where` narrows the awaited event; names are first those of the event.",
    "and": "both sides hold",
    "or": "one side or both hold",
    "not": "the exact opposite; true for `not x = y` also where `x` is missing",
    "in": "`x in [a, b]`: one of these",
    "contains": "text contains text; a list contains an item",
    "between": "`x between a and b`, both ends included",
    "matches": '`x matches "…"`: a regular expression in RE2 syntax',
    "is": "`is set` and `is empty` ask whether there is a value",
}
"""What words mean; language.md and flow.md say it in full."""


def keywords(cursor: Cursor, in_phrase: bool) -> Iterator[str]:
    """The words that the grammar takes at a place. `in_phrase` says that a phrase may go on there."""
    names = "NAME" in cursor.accepted
    words = _words()
    for kind in sorted(cursor.accepted):
        # `in` is a word of some phrases, which know themselves where it may stand.
        if (names and kind in _NAMES) or (in_phrase and (kind in _VALUES or kind == "IN")):
            continue
        for word in words.get(kind, ()):
            yield "on error" if word == "on" and _in_action(cursor) else word


def _in_action(cursor: Cursor) -> bool:
    return any(isinstance(node, nodes.ActionStep) for node in cursor.path)


def _words() -> dict[str, tuple[str, ...]]:
    tables = load()
    single = {kind: (word,) for word, kind in (*tables.fixed.items(), *tables.soft.items()) if word.isalpha()}
    return {**single, **_SEVERAL}


def fixed_words(cursor: Cursor) -> tuple[str, ...] | None:
    """The words of places that the grammar leaves to the builder: titles, `enrol`, `wait for`. None elsewhere."""
    texts = tuple(token.text for token in cursor.tokens)
    kinds = {token.kind for token in cursor.tokens}
    if cursor.conditional is not None:
        return None
    if cursor.item == "declaration":
        return _in_declaration(texts, cursor)
    if texts[0] == "rule" and kinds <= {"RULE", "TEXT", "NAME"} and not cursor.begins_line:
        return _SUBJECTS if texts[-1] == "for" else ("for", *_STATES)
    for ending, words in _AFTER.items():
        if texts[-len(ending) :] == ending:
            return words
    return _TYPES if texts[-1] == ":" and "takes" in texts and "do" not in texts else None


_SUBJECTS = ("contact", "account", "opportunity")
_STATES = ("draft", "live", "disabled", "paused")
_TYPES = (
    *("text", "number", "money", "percent", "yes/no", "date", "datetime", "time", "person"),
    *("one of", "list of"),
)
_AFTER: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("enrol",): ("once", "every time", "again after"),
    ("enroll",): ("once", "every time", "again after"),
    ("if", "running"): ("skip", "restart", "queue", "parallel"),
    ("wait", "for"): ("approval", "callback"),
    ("for", "each"): _SUBJECTS,
    ("on", "error"): ("continue", "retry", "do"),
}
_POLICY = ("quiet hours", "quiet hours for", "business hours", "business hours for", "at most")
_CALENDAR = ("hours", "holidays", "pause", "time_zone")
_WORKSPACE = ("name", "time_zone", "currency")


def _in_declaration(texts: tuple[str, ...], cursor: Cursor) -> tuple[str, ...]:
    keyword = texts[0]
    if texts[-1] == "for" and len(texts) <= 3:
        return _SUBJECTS
    if cursor.begins_line:
        entries = {"policy": _POLICY, "workspace": _WORKSPACE, "calendar": _CALENDAR}.get(keyword, ())
        entries = ("owner",) if keyword == "territory" else entries
        blocks = ("policy", "workspace", "fields", "event", "calendar", "territory")
        return (*entries, "end") if keyword in blocks else ()
    if len(texts) == (1 if keyword in ("fields", "status") else 2) and ":" not in texts:
        return ("for",)
    return _TYPES if texts[-1] == ":" and keyword in ("fields", "event") else ()
