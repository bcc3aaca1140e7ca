"""Changes to the tokens of an item that might mend a mistake, and whether one does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grammar.tables import load
from rulelang.diagnostics.model import Diagnostic
from rulelang.syntax.newlines import breaks
from rulelang.syntax.tokens import END_OF_INPUT, Token

if TYPE_CHECKING:
    from rulelang.syntax.lalr import Machine
    from rulelang.syntax.recovery import Recovery

ENOUGH = 12
"""A change that lets so many more tokens pass is taken to be right."""

_WINDOW = 48
_BOUNDARY = frozenset(("SEMICOLON", "END", "ELSE", "ELIF", "THEN", "DO", "AND", "OR", "WHEN", END_OF_INPUT))
CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB"}


@dataclass(frozen=True, slots=True)
class Change:
    """Tokens `begin` to `end` replaced by others, and the messages that say so.

    `height` is that of the stack when `begin` came, None for now; 0 reads the item from its beginning. So many
    tokens as `enough` says have to pass behind the mistake, unless the statement ends before.
    """

    begin: int
    end: int
    tokens: tuple[Token, ...]
    diagnostics: tuple[Diagnostic, ...]
    height: int | None = None
    enough: int = ENOUGH


def survives(state: Recovery, change: Change) -> bool:
    """Whether the parse would go on behind the mistake to the end of the statement, or far enough."""
    states = state.machine.states_at(change.height)
    depth = len(state.brackets) if change.height is None else 0
    before = state.tokens[change.begin - 1] if change.begin and not change.tokens else None
    goal = len(change.tokens) + max(0, state.at + (not state.line_end) - change.end)
    sequence = [*change.tokens, *state.tokens[change.end : state.at + _WINDOW]]
    for n, token in enumerate(sequence):
        after = sequence[n + 1] if n + 1 < len(sequence) else token
        kinds = [""]
        if before and token.first and not depth and breaks(before, token, after):
            kinds.insert(0, "SEMICOLON")
        for inserted in kinds:
            kind = inserted or state.machine.resolved(token, states).kind
            if n >= goal and kind == "RBRACE":
                return True
            following = state.machine.trial(kind, states)
            if following is None:
                return False
            if n >= goal and kind in _BOUNDARY or kind == END_OF_INPUT:
                return True
            states = following
        if n + 1 >= goal + change.enough:
            return True
        depth += (token.kind in CLOSERS) - (token.kind in ("RPAR", "RSQB"))
        before = token
    return True


def at_place(state: Recovery, token: Token, kind: str, text: str = "") -> Token:
    """A token of another kind in the place of one."""
    return Token(kind, text or token.text, token.start, token.end, token.first)


def insert(state: Recovery, kind: str, text: str) -> Token:
    at = state.behind()
    return Token(kind, text, at, at, False)


def inserted(state: Recovery, kind: str, text: str, diagnostic: Diagnostic) -> Change:
    return Change(state.at, state.at, (insert(state, kind, text),), (diagnostic,))


def swap(state: Recovery, token: Token, words: str, diagnostic: Diagnostic) -> Change:
    """The current token replaced by words of the language."""
    return Change(state.at, state.at + 1, spelt(token, words), (diagnostic,))


def spelt(token: Token, words: str) -> tuple[Token, ...]:
    fixed = load().fixed
    return tuple(
        Token(fixed.get(w, "NAME"), w, token.start, token.end, token.first and not n)
        for n, w in enumerate(words.split())
    )


def wants_value(machine: Machine) -> bool:
    """Whether a value has to come next."""
    return machine.accepts("NUMBER") and not machine.accepts("SEMICOLON") and not machine.accepts("WAIT")
