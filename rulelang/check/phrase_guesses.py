"""What a phrase that means nothing was meant to be: a word left out in front, its parts in another order, a moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rulelang.catalog.model import Action, Trigger
from rulelang.catalog.phrases import Expected, Matched, NoMatch, PhraseTable
from rulelang.diagnostics import messages
from rulelang.source import Source, Span
from rulelang.syntax import nodes

_MOST_FRONT = 3
_MOST_TOLD = 4
_LENGTH = r"(?P<length>\d+(?P<unit>mo|[smhdwy]))"
_FIELD = r"(?P<field>[a-z_]\w*)"
_BEFORE = re.compile(rf"{_LENGTH}\s+(?P<way>before|after)\s+{_FIELD}(?:\s+at\s+(?P<time>\d\d?:\d\d))?")
_SHIFTED = re.compile(rf"{_FIELD}\s*-\s*{_LENGTH}(?P<way>)(?P<time>)")


def reminder(words: str) -> str:
    """The reminder that `3d before trial_ends` or `trial_ends - 3d` stands for; "" for other words."""
    found = _BEFORE.fullmatch(words) or _SHIFTED.fullmatch(words)
    if found is None:
        return ""
    way = found["way"] or "before"
    days = found["unit"] not in ("h", "m", "s")
    at = f" at {found['time'] or '9:00'}" if days or found["time"] else ""
    return f"did you mean `reminder {found['length']} {way} {found['field']}{at}`?"


def another_way(source: Source, phrase: nodes.Phrase, table: PhraseTable[Action]) -> str:
    """The help for words that mean something with a word in front, or in another order; "" when they do not."""
    front = list(_with_a_word_in_front(source, phrase, table))
    if front and len(front) <= _MOST_FRONT:
        return f"did you mean {messages.listed(front, ' or ')}?"
    moved = _moved_forward(source, phrase, table)
    return f"{messages.q(moved[0])} comes first: {messages.q(moved[1])}" if moved else ""


def _with_a_word_in_front(source: Source, phrase: nodes.Phrase, table: PhraseTable[Action]) -> Iterator[str]:
    words = source.slice(phrase.span)
    start = Span(phrase.span.start, phrase.span.start)
    for expected in table.expected(()):
        tried = replace(phrase, parts=(nodes.Word(start, expected.word), *phrase.parts))
        if expected.word and _begins_so(table.match(tried), tried):
            yield f"{expected.word} {words}"


def _begins_so(matched: Matched[Action] | NoMatch[Action], phrase: nodes.Phrase) -> bool:
    """Whether the first two words are words of the action, not what fills its slots."""
    if isinstance(matched, NoMatch):
        return False
    own = matched.declaration.phrase.replace("()", "").split()
    return own[:2] == [part.text for part in phrase.parts[:2] if isinstance(part, nodes.Word)]


def _moved_forward(
    source: Source, phrase: nodes.Phrase, table: PhraseTable[Action]
) -> tuple[str, str] | None:
    """The text that stands too late, and the phrase with it where it belongs."""
    parts = phrase.parts
    texts = [n for n, part in enumerate(parts) if source.slice(part.span).startswith('"')]
    for at in reversed(texts):
        for place in range(1, at):
            moved = (*parts[:place], parts[at], *parts[place:at], *parts[at + 1 :])
            if not isinstance(table.match(replace(phrase, parts=moved)), NoMatch):
                return source.slice(parts[at].span), " ".join(source.slice(part.span) for part in moved)
    return None


def told(found: NoMatch[Action] | NoMatch[Trigger]) -> str:
    """The words that could come next, each with what it leads to; "" unless each leads to one declaration."""
    words = [expected.word for expected in found.expected]
    leads = {word: [d for d in found.candidates if _goes_on(d.phrase, found.matched, word)] for word in words}
    if not 1 < len(words) <= _MOST_TOLD or any(len(to) != 1 for to in leads.values()):
        return ""
    if Expected() in found.expected or len({to[0].name for to in leads.values()}) < len(words):
        return ""
    return ", ".join(f"`{word}` ({to[0].summary})" for word, to in leads.items())


def _goes_on(phrase: str, matched: int, word: str) -> bool:
    parts = phrase.split()
    return len(parts) > matched and parts[matched].removesuffix("()") == word
