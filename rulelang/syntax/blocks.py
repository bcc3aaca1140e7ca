"""Which blocks are open, followed token by token: what every `end` closes."""

from __future__ import annotations

from rulelang.syntax.tokens import Token

_OPENERS = frozenset(("IF", "MATCH", "SPLIT", "PARALLEL"))
_ARMS = frozenset(("ON", "UNTIL", "TIMEOUT"))
TRACKED = frozenset((*_OPENERS, *_ARMS, "DO", "END", "CASE", "WAIT", "SEMICOLON"))
"""The kinds that a Blocks wants to see; it may see all others."""


class Blocks:
    """The tokens of a rule that opened a block and have no `end` yet.

    The `do` of a `case` opens none: the cases share the `end` of their `match`, as `elif` does that of its `if`.
    A `wait` opens one when alternatives follow on lines of their own. In the header nothing does.
    """

    __slots__ = ("_apart", "_case", "_waiting", "open")

    def __init__(self) -> None:
        self.open: list[Token] = []
        self._case = self._apart = False
        self._waiting: Token | None = None

    def begins_arm(self, token: Token) -> bool:
        """Whether an `on` is an alternative of a wait, or would be if no `end` before it were missing."""
        if self._waiting is not None:
            return token.first or self._apart
        return any(block.kind == "WAIT" for block in self.open)

    def note(self, token: Token) -> None:
        """Go on by one token."""
        kind, waiting = token.kind, self._waiting
        if waiting is not None:
            if kind == "SEMICOLON":
                self._apart = True
                return
            if kind in _ARMS and (token.first or self._apart):
                self.open.append(waiting)
            self._waiting, self._apart = None, False
        if kind == "DO":
            if not self._case:
                self.open.append(token)
            self._case = False
        elif kind == "END":
            self._case = False
            del self.open[-1:]
        elif not self.open:
            return
        elif kind in _OPENERS:
            self.open.append(token)
        elif kind == "CASE":
            self._case = True
        elif kind == "WAIT":
            self._waiting = token
