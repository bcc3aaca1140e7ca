"""Which blocks are open, followed token by token: what every `end` closes."""

from __future__ import annotations

from rulelang.syntax.tokens import Token

OPENERS = frozenset(("IF", "MATCH", "SPLIT", "PARALLEL", "WAIT_ARMS", "DO"))
"""The words that open a block; the `do` of a `case` opens none."""

TRACKED = frozenset((*OPENERS, "END", "CASE"))
"""The kinds that a Blocks wants to see; it may see all others."""


class Blocks:
    """The tokens of a rule that opened a block and have no `end` yet.

    The cases of a `match` share its `end`, as `elif` does that of its `if`. In the header nothing opens a block.
    """

    __slots__ = ("_case", "open")

    def __init__(self) -> None:
        self.open: list[Token] = []
        self._case = False

    @property
    def waiting(self) -> bool:
        """Whether there is a wait with alternatives among them."""
        return any(block.kind == "WAIT_ARMS" for block in self.open)

    def note(self, token: Token) -> None:
        """Go on by one token."""
        kind = token.kind
        if kind == "DO":
            if not self._case:
                self.open.append(token)
            self._case = False
        elif kind == "END":
            self._case = False
            del self.open[-1:]
        elif kind in OPENERS and self.open:
            self.open.append(token)
        elif kind == "CASE":
            self._case = bool(self.open)
