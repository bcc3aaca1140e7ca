"""Something left out or one too many: `then`, `do`, `end`, brackets, commas, the end of the rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax import expected
from rulelang.syntax.changes import CLOSERS, Change, at_place, insert, inserted, swap, wants_value
from rulelang.syntax.indentation import mismatches
from rulelang.syntax.tokens import END_OF_INPUT, Token

if TYPE_CHECKING:
    from rulelang.syntax.recovery import Recovery

_SIGNS = {"RPAR": ")", "RSQB": "]", "COMMA": ",", "SEMICOLON": ";"}
_REMOVABLE = frozenset(("RPAR", "RSQB", "COMMA", "THEN", "DO", "END", "COLON", "ELSE", "ELIF"))
_NEEDS = {
    "RPAR": "nothing opens it",
    "RSQB": "nothing opens it",
    "END": "no block is open here",
    "ELSE": "no `if` is open here",
    "ELIF": "no `if` is open here",
}
_OTHER_ENDS = frozenset(("endif", "fi", "done", "enddo", "endwhile"))


def left_out(state: Recovery, token: Token) -> Iterator[Change]:
    """A word or sign left out in front of the current token."""
    found, at = expected.found(token), state.behind()
    if state.machine.accepts("THEN") and token.kind != "DO":
        yield inserted(state, "THEN", "then", say.missing(state.source, at, "then", found))
    header = state.machine.start == "rule" and not state.blocks and token.kind != "ON_EXIT"
    if header and state.machine.accepts("DO") and not _do_follows(state, token):
        yield inserted(state, "DO", "do", say.missing_do(state.source, at, state.tokens[0].span, found))
    yield from _brackets(state, token, found)
    if state.tokens[state.at - 1].kind in ("STARTS", "ENDS") and state.machine.accepts("WITH"):
        yield inserted(state, "WITH", "with", say.missing(state.source, at, "with", found))
    if state.machine.accepts("AND") and not state.machine.accepts("OR"):
        yield inserted(state, "AND", "and", say.missing(state.source, at, "and", found))
    apart = state.blocks and token.kind != END_OF_INPUT and token.text not in ("where", "as", "restart")
    if apart and state.machine.accepts("SEMICOLON"):
        yield inserted(state, "SEMICOLON", ";", say.two_steps(state.source, at, token.span, found))


def _do_follows(state: Recovery, token: Token) -> bool:
    """Whether a word inside a line of the header has the `do` of the rule on a later line."""
    rest = state.tokens[state.at + 1 :]
    return not token.first and any(t.kind == "DO" and t.first for t in rest)


def _brackets(state: Recovery, token: Token, found: str) -> Iterator[Change]:
    """Brackets that are not closed, closed by the wrong partner, or a comma left out inside them."""
    if not state.brackets:
        return
    opener = state.brackets[-1]
    closing = CLOSERS[opener.kind]
    if token.kind in ("RPAR", "RSQB") and token.kind != closing:
        sign = _SIGNS[closing]
        yield swap(state, token, sign, say.instead(state.source, token.span, token.text, sign))
    comma = inserted(state, "COMMA", ",", say.missing(state.source, state.behind(), ",", found))
    at = state.behind()
    tokens = tuple(insert(state, CLOSERS[t.kind], _SIGNS[CLOSERS[t.kind]]) for t in reversed(state.brackets))
    closings = "".join(token.text for token in tokens)
    message = say.never_closed(state.source, opener.span, opener.text, closings, at)
    closed = Change(state.at, state.at, tokens, (message,))
    yield from (closed, comma) if token.first else (comma, closed)


def too_many(state: Recovery, token: Token) -> Iterator[Change]:
    """A word or sign too many; where a value is missing there is something else to say."""
    before = state.tokens[state.at - 1] if state.at else token
    twice = token.kind == before.kind and token.kind not in ("NAME", "SEMICOLON", END_OF_INPUT)
    if token.kind == "ELSE" and state.blocks and state.blocks[-1].kind == "WAIT_ARMS":
        return
    if twice or (token.kind in _REMOVABLE and not wants_value(state.machine)):
        why = "twice" if twice else _NEEDS.get(token.kind, "remove it")
        message = say.stray(state.source, token.span, expected.found(token), why)
        yield Change(state.at, state.at + 1, (), (message,))


def outside(state: Recovery, token: Token) -> Iterator[Change]:
    """Steps behind the `end` of the rule: read on as if it were not there."""
    if state.machine.start != "rule" or state.blocks or not state.machine.accepts(END_OF_INPUT):
        return
    end = next((n for n in range(state.at - 1, -1, -1) if state.tokens[n].kind == "END"), None)
    if end is None or token.kind == END_OF_INPUT:
        return
    closer = state.tokens[end]
    before = state.tokens[end - 1]
    if before.text == "to" and state.tokens[end - 2].text == "go" and not closer.first:
        yield Change(
            0,
            end + 1,
            (*state.tokens[:end], at_place(state, closer, "TEXT", '"end"')),
            (say.unquoted(state.source, closer.span, "end"),),
            0,
        )
    message = say.behind_the_end(state.source, token.span, expected.found(token), closer.span)
    semicolon = Token("SEMICOLON", ";", closer.start, closer.end, False)
    yield Change(0, end + 1, (*state.tokens[:end], semicolon), (message,), 0)


def ends(state: Recovery, token: Token) -> Iterator[Change]:
    """The end of the item with blocks still open."""
    open_ = state.tokens[:1] if state.machine.start == "declaration" else _left_open(state)
    if token.kind != END_OF_INPUT or not open_ or not state.machine.accepts("END"):
        return
    yield from _other_ends(state)
    closing = tuple(insert(state, "END", "end") for _ in open_)
    yield Change(state.at, state.at, closing, tuple(_guilty(state, open_)))


def _left_open(state: Recovery) -> list[Token]:
    """The open blocks, without the rule's own and that of `on exit`, which may be left open."""
    first = state.tokens[0]
    own = [
        b
        for n, b in enumerate(state.tokens)
        if b.kind == "DO" and (not n or state.tokens[n - 1].kind == "ON_EXIT")
    ]
    do = next((b for b in state.tokens if b.kind == "DO"), first)
    return [b for b in state.blocks if b is not do and b not in own]


def _guilty(state: Recovery, open_: Sequence[Token]) -> Iterator[Diagnostic]:
    """A message for each `end` that is missing: `else if` first, then blocks whose `end` is not below them."""
    tokens, last = state.tokens, state.tokens[state.at - 1]
    if state.machine.start == "declaration":
        yield say.missing_end(state.source, open_[0].span, open_[0].text, last.span, last.end)
        return
    else_ifs = [Span(a.start, b.end) for a, b in zip(tokens, tokens[1:], strict=False) if _else_if(a, b)]
    count = len(open_)
    yield from (say.else_if(state.source, span, "else if") for span in else_ifs[:count])
    outward = [m for m in mismatches(state.source, tokens[: state.at]) if m.outward]
    unlike = [(m.opener, m.end, tokens[tokens.index(m.end) - 1].end) for m in outward]
    rest = [*unlike, *((opener, last, last.end) for opener in open_)]
    for opener, missed, behind in rest[: max(0, count - len(else_ifs))]:
        yield say.missing_end(state.source, opener.span, opener.text, missed.span, behind)


def _else_if(first: Token, second: Token) -> bool:
    return first.kind == "ELSE" and second.kind == "IF" and not second.first


def _other_ends(state: Recovery) -> Iterator[Change]:
    """`endif`, `edn` and their kin alone on a line passed for an action."""
    for n in range(state.at - 1, 0, -1):
        token, after = state.tokens[n], state.tokens[n + 1]
        if token.kind == "NAME" and token.first and (after.first or after.kind == END_OF_INPUT):
            word = token.text.lower()
            if word in _OTHER_ENDS or did_you_mean(word, ("end",)):
                message = say.misspelt(state.source, token.span, token.text, "end")
                yield Change(
                    0, n + 1, (*state.tokens[:n], at_place(state, token, "END", "end")), (message,), 0
                )
