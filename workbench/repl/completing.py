"""What could be typed at a place of the prompt: commands, and what the editor service says of the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from grammar.colours import CONSTANTS, OPERATORS
from rulelang.editor.completion import complete
from rulelang.editor.model import Completion, CompletionKind
from rulelang.editor.snippets import STEPS
from rulelang.source import Source
from rulelang.types.schema import SUBJECT_KINDS
from workbench.repl.commands import COMMANDS
from workbench.repl.entry import is_rules
from workbench.repl.session import TYPED, Session
from workbench.repl.views import SHOWS

_PLACE = re.compile(r"\$\{\d+(?::[^}]*|\|[^}]*)\}")
_TIMES = ("until next", "30m", "1h", "1d", "7d", "until 9:00")


class Suggestion(NamedTuple):
    """A piece of text that takes the place of the `length` characters before the cursor."""

    text: str
    length: int
    label: str
    detail: str = ""


def suggestions(session: Session, text: str) -> Iterator[Suggestion]:
    """What may stand behind a text, best first, each once."""
    found: dict[str, Suggestion] = {}
    for each in _all(session, text):
        typed = text[len(text) - each.length :] if each.length else ""
        if each.text != typed and each.text.casefold().startswith(typed.casefold()):
            found.setdefault(each.text, each)
    yield from found.values()


def _all(session: Session, text: str) -> Iterator[Suggestion]:
    word, space, rest = text.lstrip().partition(" ")
    if "\n" in text or is_rules(text):
        yield from _of_file(session, "", text)
    elif not space:
        yield from (Suggestion(f"{c} ", len(word), c, what) for c, what in COMMANDS.items())
        yield from _of_condition(session, text)
        yield from _of_file(session, "", text)
    elif word in COMMANDS:
        yield from _of_command(session, word, rest)
    else:
        yield from _of_condition(session, text)


def _of_command(session: Session, word: str, rest: str) -> Iterator[Suggestion]:
    kind = session.subject.kind if session.subject is not None else "contact"
    match word:
        case "fire":
            yield from _of_file(session, f'rule "prompt" for {kind}\n  on ', rest, operators=False)
        case "set":
            yield from _of_assignment(session, kind, rest)
        case "show":
            yield from _words(SHOWS, rest)
        case "live":
            yield from _words(("runs", kind, 'why "'), rest)
        case "advance":
            yield from _words(_TIMES, rest)
        case "save":
            yield from _words(("as test ",), rest)
        case "as":
            yield from _words(_records(session), rest)
        case "why" | "edit":
            yield from _words((f'"{key}"' for key in session.checked.keys), rest)


def _words(known: Iterable[str], typed: str) -> Iterator[Suggestion]:
    return (Suggestion(word, len(typed), word) for word in known)


def _records(session: Session) -> Iterator[str]:
    for kind in SUBJECT_KINDS:
        yield from (f"{kind} {state.key.id}" for state in session.records(kind))


def _of_condition(session: Session, text: str) -> Iterator[Suggestion]:
    """What may stand in an expression about the record that is looked at."""
    kind = session.subject.kind if session.subject is not None else "contact"
    yield from _of_file(session, f'rule "prompt" for {kind}\n  on manual start\n  when ', text)


def _of_assignment(session: Session, kind: str, rest: str) -> Iterator[Suggestion]:
    """What may stand in `set`: a field, or behind the sign a value of its type."""
    pair = rest.rpartition(",")[2].lstrip()
    if "=" in pair:
        yield from _of_condition(session, pair)
        return
    for field in session.checked.schema.fields[kind].values():
        if not field.read_only:
            yield Suggestion(f"{field.name} = ", len(pair), field.name, str(field.type))


def _of_file(session: Session, head: str, text: str, operators: bool = True) -> Iterator[Suggestion]:
    """What may stand behind a text in a rule file; behind a made-up head only what belongs to the text."""
    source = Source.of(TYPED, head + text)
    end = len(source.text)
    for found in complete(session.checked, source, end):
        if not head or _belongs(found, operators):
            yield Suggestion(_plain(found), end - found.replace.start, found.label, found.detail)


def _belongs(found: Completion, operators: bool) -> bool:
    """Whether a suggestion goes on with a phrase or an expression, rather than with the rule around it."""
    if found.kind is CompletionKind.KEYWORD:
        return operators and found.label != "or on" and found.label.split()[0] in OPERATORS | CONSTANTS
    return found.label not in STEPS


def _plain(found: Completion) -> str:
    """What is inserted: a snippet up to its first place to fill in."""
    if not found.snippet:
        return found.insert
    place = _PLACE.search(found.insert)
    return found.insert[: place.start()] if place is not None else found.insert
