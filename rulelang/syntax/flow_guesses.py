"""Mistakes in waits, choices and repetitions: their blocks, and the words between their parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax import expected
from rulelang.syntax.blocks import Blocks
from rulelang.syntax.changes import Change, at_place, insert, inserted, spelt, swap, wants_value
from rulelang.syntax.indentation import mismatches
from rulelang.syntax.tokens import Token

if TYPE_CHECKING:
    from rulelang.syntax.recovery import Recovery

_HOMES = {
    "CASE": ("MATCH", "SPLIT"),
    "ON": ("WAIT_ARMS",),
    "UNTIL": ("WAIT_ARMS",),
    "TIMEOUT": ("WAIT_ARMS",),
}
"""The blocks in which a word begins a part."""

_OPENERS = {"switch": "match", "select": "match", "choose": "match"}
"""Words of other languages."""

_STATEMENTS = ("ERR_STEP", "ERR_CLAUSE")

_VALUES = frozenset(("DURATION", "NUMBER", "UNTIL", "ON", "TIME", "DATE", "DATETIME"))

# --- blocks ----------------------------------------------------------------------------------------


def inner_end(state: Recovery, token: Token) -> Iterator[Change]:
    """A `case`, an alternative of a wait or `on exit` inside a block before it that has no `end`."""
    homes, blocks = _HOMES.get(token.kind, ()), state.blocks
    home = next((n for n in range(len(blocks) - 1, -1, -1) if blocks[n].kind in homes), None)
    if token.kind == "ON_EXIT" and blocks:
        home = 0
    if home is not None:
        yield from _closed(state, token, blocks[home], blocks[home + 1 :])


def outer_end(state: Recovery, token: Token) -> Iterator[Change]:
    """A step where a wait or a parallel has only alternatives or branches: an `end` is missing."""
    blocks = state.blocks
    if blocks and blocks[-1].kind in ("WAIT_ARMS", "PARALLEL") and state.tokens[state.at - 1].kind == "END":
        yield from _closed(state, token, blocks[-1], blocks[-1:])


def _closed(state: Recovery, token: Token, home: Token, blocks: list[Token]) -> Iterator[Change]:
    """The blocks closed. To blame are those inside `home` whose `end` stands further out, then they themselves."""
    if not blocks:
        return
    tokens = state.tokens[: state.at]
    unlike = [
        (m.opener, m.end.span, tokens[tokens.index(m.end) - 1].end)
        for m in mismatches(state.source, tokens)
        if m.outward and m.opener.start > home.start
    ]
    guilty = [*unlike, *((block, token.span, state.behind()) for block in reversed(blocks))][: len(blocks)]
    messages = tuple(say.missing_end(state.source, b.span, b.text, at, behind) for b, at, behind in guilty)
    closing = tuple(insert(state, "END", "end") for _ in blocks)
    yield Change(state.at, state.at, closing, messages)


def case_ends(state: Recovery, token: Token) -> Iterator[Change]:
    """`end` behind each case: the cases share that of their `match`."""
    if token.kind != "CASE" or state.tokens[state.at - 1].kind != "END":
        return
    spare = _spare(state.tokens, state.at - 1)
    if spare:
        until = spare[-1] + 1
        kept = tuple(t for n, t in enumerate(state.tokens[:until]) if n not in spare)
        first = state.tokens[spare[0]]
        message = say.stray(state.source, first.span, "`end`", "a `case` has no `end` of its own")
        yield Change(
            0, until, kept, (replace(message, help="one `end` closes the whole `match` or `split`"),), 0
        )


def _spare(tokens: list[Token], end: int) -> list[int]:
    """The places of the `end`s that close a `case` each, of the block that the one at `end` belongs to."""
    blocks, opener = Blocks(), None
    for n in range(end + 1):
        before = blocks.open[-1:]
        blocks.note(tokens[n])
        opener = before[0] if n == end and before else None
    if opener is None or opener.kind not in ("MATCH", "SPLIT"):
        return []
    return _ends_of_cases(tokens, tokens.index(opener))


def _ends_of_cases(tokens: list[Token], at: int) -> list[int]:
    blocks, found, depth = Blocks(), list[int](), 0
    blocks.open.append(tokens[at])
    for n in range(at + 1, len(tokens)):
        token = tokens[n]
        if token.kind == "END" and len(blocks.open) == 1:
            if not depth:
                break
            found.append(n)
            depth = 0
            continue
        if token.kind == "CASE" and len(blocks.open) == 1:
            depth = 1
        blocks.note(token)
    return found


def openers(state: Recovery, token: Token) -> Iterator[Change]:
    """`mtach`, `switch` or `paralel` in front of what passed for a step of its own."""
    words = {"CASE": ("match", "split")}.get(token.kind, ("parallel",))
    for n in range(state.at - 1, 0, -1):
        word = state.tokens[n]
        if word.kind != "NAME" or not word.first:
            continue
        meant = _OPENERS.get(word.text) if token.kind == "CASE" else None
        near = None if meant else did_you_mean(word.text, words)
        if near and len(word.text) < 4:
            continue
        if meant or near:
            say_it = say.instead if meant else say.misspelt
            message = say_it(state.source, word.span, word.text, meant or near or "")
            yield Change(0, n + 1, (*state.tokens[:n], *spelt(word, meant or near or "")), (message,), 0)


def on_exit(state: Recovery, token: Token) -> Iterator[Change]:
    """`on exit` without its `do`."""
    after = state.tokens[state.at + 1 :][:1]
    if token.kind == "ON" and after and after[0].kind == "EXIT":
        pair = Token("ON_EXIT", "on exit", token.start, after[0].end, token.first)
        do = Token("DO", "do", after[0].end, after[0].end, False)
        message = say.missing(state.source, after[0].end, "do", "the steps of `on exit`")
        yield Change(state.at, state.at + 2, (pair, do), (message,))


# --- words -----------------------------------------------------------------------------------------


def where(state: Recovery, token: Token) -> Iterator[Change]:
    """`when` or `if` for the `where` of an awaited event."""
    if token.kind == "IF" and state.machine.accepts("WHERE_WORD"):
        yield swap(state, token, "where", say.instead(state.source, token.span, token.text, "where"))
    place = state.cut(_STATEMENTS)
    if token.kind not in ("TIMEOUT", "DO") or place is None:
        return
    begin = state.begin_of(place[1])
    for n in range(state.at - 1, begin, -1):
        word = state.tokens[n]
        if word.kind == "WHEN":
            help_ = "`when` says whether to wait at all; `where` says which event to wait for"
            message = say.instead(state.source, word.span, word.text, "where", help_)
            tokens = (*state.tokens[begin:n], *spelt(word, "where"), *state.tokens[n + 1 : state.at])
            yield Change(begin, state.at, tokens, (message,), place[1])
            return


def wait_words(state: Recovery, token: Token) -> Iterator[Change]:
    """`wait for 3d`, `wait until monday at 9:00`, and steps joined by `and wait`."""
    before = state.tokens[state.at - 1] if state.at else token
    if before.kind == "AND_WAIT" and token.kind in _VALUES:
        begin = Span(before.start, before.start + 3)
        message = say.instead(state.source, begin, "and", ";", "steps are divided by `;` or new lines")
        semicolon = Token("SEMICOLON", ";", begin.start, begin.end, False)
        yield from _again(state, state.at - 1, (semicolon, at_place(state, before, "WAIT", "wait")), message)
    elif before.kind == "NAME" and before.text in ("for", "the", "a", "an") and state.at > 1:
        why = "a duration stands right behind `wait`" if before.text == "for" else "leave it out"
        yield from _again(state, state.at - 1, (), _stray(state, before, why))
    elif token.text == "for" and [t.kind for t in _wait_so_far(state)[:2]] == ["WAIT", "UNTIL"]:
        help_ = "how long to wait at most is `timeout 2d`; an event is awaited with `wait on`"
        yield swap(
            state, token, "timeout", say.instead(state.source, token.span, token.text, "timeout", help_)
        )
    elif token.kind == "NAME" and token.text == "at" and before.text in _DAYS:
        yield Change(
            state.at, state.at + 1, (), (_stray(state, token, "the time stands right behind the day"),)
        )


def _wait_so_far(state: Recovery) -> list[Token]:
    """The tokens of the wait that is being read; none where another step is."""
    for n in range(state.at - 1, -1, -1):
        token = state.tokens[n]
        if token.kind == "WAIT":
            return state.tokens[n : state.at]
        if token.first or token.kind in ("SEMICOLON", "DO"):
            break
    return []


def _waited_for(state: Recovery) -> Diagnostic | None:
    """`wait for user login timeout 2d`: an event behind `for`."""
    wait = _wait_so_far(state)
    if len(wait) != 3 or wait[1].text != "for" or state.tokens[state.at].kind != "NAME":
        return None
    last, span = wait[2], wait[2].span
    for token in state.tokens[state.at :]:
        if token.first or token.kind in ("SEMICOLON", "DO", "END", "WHEN"):
            break
        last = token
        span = span.to(token.span) if token.kind == "NAME" and span.end + 1 == token.start else span
    whole = state.source.slice(wait[2].span.to(last.span))
    return say.bad_wait_for(state.source, span, state.source.slice(span), "", whole)


def clause_help(state: Recovery) -> str:
    """What `exit when they pay` should be."""
    words = [token.kind for token in _line_so_far(state)]
    if words[:2] != ["EXIT", "WHEN"]:
        return ""
    return "a condition is written `exit when status = customer`, an event `exit on payment received`"


def _line_so_far(state: Recovery) -> list[Token]:
    first = next((n for n in range(state.at - 1, 0, -1) if state.tokens[n].first), 0)
    return state.tokens[first : state.at]


def _again(state: Recovery, at: int, tokens: tuple[Token, ...], message: Diagnostic) -> Iterator[Change]:
    """The statement read again with other tokens in the place of the one at `at`, which was read."""
    place = state.cut()
    if place is not None:
        begin = state.begin_of(place[1])
        yield Change(begin, at + 1, (*state.tokens[begin:at], *tokens), (message,), place[1])


def _stray(state: Recovery, token: Token, why: str) -> Diagnostic:
    return say.stray(state.source, token.span, expected.found(token), why)


_DAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))


def late_timeout(state: Recovery, token: Token) -> Iterator[Change]:
    """`timeout 3d do` behind the steps of a wait, as if it were an `else`."""
    if token.kind != "TIMEOUT" or not state.blocks or not _of_wait(state, state.blocks[-1]):
        return
    do = next((n for n in range(state.at, len(state.tokens)) if state.tokens[n].kind == "DO"), None)
    if do is not None and not any(t.first for t in state.tokens[state.at + 1 : do + 1]):
        span = token.span.to(state.tokens[do - 1].span)
        why = "it stands in front of `do`, and what to do then behind `else`"
        message = say.outside(state.source, span, token.text, why)
        yield Change(state.at, do + 1, (at_place(state, token, "ELSE", "else"),), (message,))


def _of_wait(state: Recovery, do: Token) -> bool:
    """Whether a `do` belongs to a wait on its line."""
    for token in reversed(state.tokens[: state.tokens.index(do)]):
        if token.kind == "WAIT" or token.first or token.kind == "SEMICOLON":
            return token.kind == "WAIT"
    return False


def events(state: Recovery, token: Token) -> Iterator[Change]:
    """`,` or `, on` between events."""
    if token.kind == "COMMA" and state.machine.accepts("OR_ON"):
        after = state.tokens[state.at + 1]
        last = state.at + (after.kind == "ON")
        span = token.span.to(state.tokens[last].span)
        message = say.instead(state.source, span, state.source.slice(span), "or on")
        yield Change(state.at, last + 1, (at_place(state, token, "OR_ON", "or on"),), (message,))


def unquoted(state: Recovery, token: Token) -> Iterator[Change]:
    """The name of a case without quotes."""
    if token.kind == "NAME" and state.machine.accepts("TEXT") and not state.machine.accepts("NUMBER"):
        text = at_place(state, token, "TEXT", f'"{token.text}"')
        yield Change(state.at, state.at + 1, (text,), (say.unquoted(state.source, token.span, token.text),))


def parts(state: Recovery, token: Token) -> Iterator[Change]:
    """A word left out between the parts of a step or a clause."""
    accepts, before = state.machine.accepts, state.tokens[state.at - 1] if state.at else token
    found, at = expected.found(token), state.behind()
    if token.kind == "UNTIL" and before.kind == "REPEAT":
        yield swap(state, token, "while not", say.instead(state.source, token.span, token.text, "while not"))
    if token.kind == "NUMBER" and accepts("PERCENT"):
        message = say.instead(state.source, token.span, token.text, f"{token.text}%")
        yield Change(
            state.at, state.at + 1, (at_place(state, token, "PERCENT", f"{token.text}%"),), (message,)
        )
    for kind, word, fits in (
        ("TIMES_WORD", "times", token.kind == "DO"),
        ("AFTER_WORD", "after", before.text == "again"),
        ("ON", "on", before.text == "restart"),
        ("WHEN", "when", before.kind == "EXIT" or before.text == "goal"),
        ("EQ", "=", state.at > 1 and state.tokens[state.at - 2].kind == "LET"),
        ("CASE", "case", token.first),
        ("DO", "do", bool(state.blocks) and before.kind != "PARALLEL" and not accepts("SEMICOLON")),
    ):
        if fits and accepts(kind):
            yield inserted(state, kind, word, say.missing(state.source, at, word, found))
    yield from _per(state, token, before)


def _per(state: Recovery, token: Token, before: Token) -> Iterator[Change]:
    """`limit 100 a day`, `release 50 / 1h`."""
    if not state.machine.accepts("PER_WORD"):
        return
    slash = state.tokens[state.at - 2]
    if slash.kind == "SLASH":
        message = say.instead(state.source, slash.span, slash.text, "per")
        place = state.cut()
        if place is not None:
            begin = state.begin_of(place[1])
            tokens = (*state.tokens[begin : state.at - 2], *spelt(slash, "per"), before)
            yield Change(begin, state.at, tokens, (message,), place[1])
    elif token.text in ("a", "an", "each", "every", "in"):
        yield swap(state, token, "per", say.instead(state.source, token.span, token.text, "per"))
    found = expected.found(token)
    yield inserted(state, "PER_WORD", "per", say.missing(state.source, state.behind(), "per", found))


def colons(state: Recovery, token: Token) -> Iterator[Change]:
    """`with a: 1`."""
    if token.kind == "COLON" and state.at > 1 and state.tokens[state.at - 2].kind in ("WITH", "COMMA"):
        yield swap(state, token, "=", say.instead(state.source, token.span, token.text, "="))


# --- what nothing mends ----------------------------------------------------------------------------


def misplaced(state: Recovery, token: Token) -> Diagnostic | None:
    """The message for a part that stands outside of what it is a part of; None for any other mistake."""
    after = state.tokens[min(state.at + 1, len(state.tokens) - 1)]
    waited_for = _waited_for(state)
    if waited_for is not None:
        return waited_for
    if token.kind == "ON" and after.text == "error":
        return say.outside(state.source, token.span.to(after.span), "on error", "it stands behind an action")
    if token.text == "restart" and after.kind == "ON":
        place = "it goes with a duration or a moment, such as `wait 3d restart on …`"
        return say.outside(state.source, token.span.to(after.span), "restart on", place)
    if token.kind == "ON_EXIT":
        return say.outside(
            state.source, token.span, "on exit", "it stands once, behind the steps of the rule"
        )
    if token.kind == "NAME" and token.text == "where":
        return say.outside(state.source, token.span, "where", "it stands right behind the event")
    if token.kind == "WHEN" and any(
        isinstance(v, Token) and v.kind == "LET" for v in state.machine.values[-4:]
    ):
        return say.outside(
            state.source, token.span, "when", "`let` has no condition; put the whole into an `if`"
        )
    if token.kind == "ELSE" and state.blocks[-1:] and state.blocks[-1].kind == "WAIT_ARMS":
        return say.outside(
            state.source, token.span, "else", "what to do at the end of the time is `timeout 3d do …`"
        )
    if token.kind in _PLACES and not wants_value(state.machine):
        return say.outside(state.source, token.span, token.text, _PLACES[token.kind])
    if state.blocks[-1:] and state.blocks[-1].kind == "PARALLEL":
        return say.outside(state.source, token.span, token.text, "each branch of `parallel` is `do … end`")
    return None


_PLACES = {
    "CASE": "it is a part of `match` or `split`",
    "TIMEOUT": "it is a part of `wait`, in front of `do`",
    "OTHERWISE": "no `match`, `split` or `if` is open here",
}
