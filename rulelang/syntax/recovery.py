"""Reads an item with mistakes: one message for each, a repair or an error node, and the rest as if nothing had been.

The error symbols of the grammar stand for what did not parse (the panic mode of Aho, Sethi, Ullman, ch. 4.8):
the stack is cut to where one can stand, and tokens are skipped to where the machine can go on behind it.
"""

from __future__ import annotations

from typing import Any

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source
from rulelang.syntax import expected, flow_guesses, repairs
from rulelang.syntax.blocks import Blocks
from rulelang.syntax.changes import Change, wants_value
from rulelang.syntax.lalr import Machine
from rulelang.syntax.newlines import breaks
from rulelang.syntax.tokens import END_OF_INPUT, Token

MAX_MISTAKES = 20
"""Messages for one item; after them its rest is skipped."""

_ERRORS = ("ERR_CONDITION", "ERR_STEP", "ERR_ENTRY", "ERR_CLAUSE")
_CLAUSE_WORDS = frozenset(
    ("ON", "WHEN", "EXIT", "ENROL", "GOAL_WORD", "LIMIT_WORD", "RELEASE_WORD", "TAKES_WORD")
)
_RESUME = frozenset(
    (
        "SEMICOLON",
        "END",
        "ELSE",
        "ELIF",
        "OTHERWISE",
        "CASE",
        "THEN",
        "DO",
        "WHEN",
        "ON",
        "OR_ON",
        "ON_EXIT",
        "UNTIL",
        "TIMEOUT",
        END_OF_INPUT,
    )
)
_COMPARISONS = frozenset(("EQ", "NE", "LT", "LE", "GT", "GE", "IN", "IS", "CONTAINS", "BETWEEN", "MATCHES"))
_DANGLING = frozenset(
    (
        "WAIT",
        "UNTIL",
        "TIMEOUT",
        "MATCH",
        "CASE",
        "REPEAT",
        "WHEN",
        "IF",
        "ELIF",
        "AND",
        "OR",
        "NOT",
        "EQ",
        "NE",
        "LT",
        "LE",
        "GT",
        "GE",
        "PLUS",
        "MINUS",
    )
)
_WANTED = {"WHEN": "a condition", "IF": "a condition", "ELIF": "a condition"}
_WHOLES = {"declaration": "declaration", "segment": "declaration", "prompt": "expression"}
_OPEN = {"LPAR": "RPAR", "LSQB": "RSQB"}
_CLOSE = frozenset(("RPAR", "RSQB"))


class Recovery:
    """One item, read token by token.

    Each token is tried before it is fed: LALR tables make reductions before they notice that a token cannot
    stand, and what was being read would then be lost to repairs.
    """

    def __init__(self, source: Source, tokens: list[Token], machine: Machine) -> None:
        self.source = source
        self.tokens = tokens
        self.machine = machine
        self.at = 0
        self.brackets: list[Token] = []
        self._blocks = Blocks()
        self.diagnostics: list[Diagnostic] = []
        self.braces = self.line_end = False
        self._orphans: list[int] = []
        self._line = -1
        self._last = -1

    def run(self) -> Any:
        """The node of the item, or None when nothing of it could be kept."""
        while True:
            token = self._coming()
            if token.kind in ("END", "ELSE") and self._drop_orphan(token):
                continue
            if not self.machine.accepts(self.machine.resolved(token).kind):
                if not self._mistake(token):
                    return None
                continue
            self.machine.feed(token)
            if token.kind == END_OF_INPUT:
                return self.machine.values[0]
            if token is self.tokens[self.at]:
                self._track(token)
                self.at += 1
            else:
                self._line = self.at

    def report(self, diagnostic: Diagnostic) -> None:
        """Note a message, unless the same was noted when the item was read before."""
        if not any(d.code == diagnostic.code and d.span == diagnostic.span for d in self.diagnostics):
            self.diagnostics.append(diagnostic)

    def make(self, change: Change) -> None:
        """Report a change, make it in the tokens and go on from there."""
        for diagnostic in change.diagnostics:
            self.report(diagnostic)
        self.braces = self.braces or self.tokens[change.begin].kind == "LBRACE"
        self.tokens[change.begin : change.end] = change.tokens
        self.at = change.begin
        self._line = -1
        if change.height is not None:
            self.machine.cut(change.height)
            self._line = self.at
            self.brackets, self._blocks, self._orphans = [], Blocks(), []
            for token in self.tokens[: self.at]:
                self._track(token)

    @property
    def blocks(self) -> list[Token]:
        """The tokens that opened the blocks around the current place."""
        return self._blocks.open

    def behind(self) -> int:
        """The place right behind the last token that was read."""
        return self.tokens[self.at - 1].end if self.at else self.tokens[0].start

    def _coming(self) -> Token:
        """The next token: a `;` where the newline rule puts one, else that at the current place."""
        at, tokens = self.at, self.tokens
        token = tokens[at]
        if at and token.first and at != self._line and not self.brackets and token.kind != END_OF_INPUT:
            before = tokens[at - 1]
            if breaks(before, token, tokens[at + 1]):
                return Token("SEMICOLON", "", before.end, before.end, False)
        return token

    def _track(self, token: Token) -> None:
        kind = token.kind
        if kind in _OPEN:
            self.brackets.append(token)
        elif kind in _CLOSE:
            self.brackets = self.brackets[:-1]
        else:
            self._blocks.note(token)

    def _mistake(self, token: Token) -> bool:
        """Deal with a token that cannot stand; False when the item has to be given up."""
        self.line_end = token is not self.tokens[self.at]
        if len(self.diagnostics) >= MAX_MISTAKES:
            return False
        if self._dangling():
            return self._cut_and_skip()
        if repairs.repair(self, token):
            return True
        self.report(self._message(token))
        return self._cut_and_skip()

    def _dangling(self) -> bool:
        """A line that wants something behind its last word took the first word of the next line for it.

        Then the mistake is at the end of that line, and the next one is a statement of its own.
        """
        tokens, at = self.tokens, self.at
        if self.brackets or at < 2 or not tokens[at - 1].first or tokens[at - 1].kind != "NAME":
            return False
        word = tokens[at - 2]
        if word.kind not in _DANGLING or tokens[at].first or not _begins_statement(tokens[at]):
            return False
        wanted = _WANTED.get(word.kind, "a value")
        self.report(say.incomplete(self.source, word.span, word.text, wanted, "the end of the line"))
        tokens.insert(at - 1, Token("SEMICOLON", "", word.end, word.end, False))
        self.at, self._line = at - 1, -1
        return True

    def _message(self, token: Token) -> Diagnostic:
        if token.kind in _COMPARISONS and self.machine.accepts("AND"):
            return say.chained(self.source, token.span, token.text)
        misplaced = flow_guesses.misplaced(self, token)
        if misplaced is not None:
            return misplaced
        found = expected.found(token, _WHOLES.get(self.machine.start, "rule"))
        wanted = expected.expected(self.machine)
        if self.at and (token.start == token.end or wants_value(self.machine)):
            before = self.tokens[self.at - 1]
            found = "the end of the line" if token.first and token.text else found
            return say.incomplete(self.source, before.span, before.text, wanted, found)
        return say.unexpected(self.source, token.span, found, wanted, flow_guesses.clause_help(self))

    def cut(self, kinds: tuple[str, ...] = _ERRORS) -> tuple[str, int] | None:
        """The innermost error symbol that can stand for what was being read, and the height of the stack there."""
        for height in range(len(self.machine.values), -1, -1):
            for kind in kinds:
                if self.machine.accepts(kind, height) and not (
                    kind == "ERR_CLAUSE" and self._inside_clause(height)
                ):
                    return kind, height
        return None

    def _inside_clause(self, height: int) -> bool:
        return any(isinstance(v, Token) and v.kind in _CLAUSE_WORDS for v in self.machine.values[:height])

    def _cut_and_skip(self) -> bool:
        place = self.cut()
        if place is None:
            return False
        kind, height = place
        begin = self.begin_of(height)
        self.machine.cut(height)
        self.brackets = []
        forced = self.at == self._last
        self._last = self.at
        start = self.at + 1 if forced else self.at
        first = self.tokens[min(begin, self.at)]
        self._lose(first.start)
        self.machine.feed(Token(kind, "", first.start, first.start, False))
        self.at, self._line = self._resume(min(start, len(self.tokens) - 1), kind), -1
        self._widen(first.start)
        return not (forced and self.tokens[self.at].kind == END_OF_INPUT)

    def _lose(self, start: int) -> None:
        """Blocks whose beginning is dropped have an `end` further down that closes nothing."""
        blocks = self._blocks.open
        while len(blocks) > 1 and blocks[-1].start >= start:
            blocks.pop()
            self._orphans.append(len(blocks))

    def begin_of(self, height: int) -> int:
        """The index of the first token read since the stack had `height` values."""
        if height >= len(self.machine.values):
            return self.at
        value = self.machine.values[height]
        while isinstance(value, list) and value:
            value = value[0]
        start = (
            value.start if isinstance(value, Token) else getattr(getattr(value, "span", None), "start", None)
        )
        if start is None:
            return self.at
        return next((n for n in range(self.at - 1, -1, -1) if self.tokens[n].start <= start), 0)

    def _widen(self, start: int) -> None:
        """Give the error symbol on the stack the place of all that it stands for."""
        value = self.machine.values[-1]
        end = self.tokens[self.at - 1].end if self.at else start
        self.machine.values[-1] = value._replace(start=start, end=max(start, end))

    def _resume(self, at: int, kind: str) -> int:
        """The first place from `at` where the machine can go on."""
        if self.tokens[at].kind == "ON_EXIT":
            at = self._behind_block(at)
        for n in range(at, len(self.tokens)):
            token = self.tokens[n]
            line = (
                n > 0
                and token.first
                and breaks(self.tokens[n - 1], token, self.tokens[min(n + 1, len(self.tokens) - 1)])
            )
            if line and self.machine.accepts("SEMICOLON"):
                return n
            if token.kind in _RESUME and self.machine.accepts(token.kind):
                return n
            if kind == "ERR_STEP":
                self._skip(token)
        return len(self.tokens) - 1

    def _behind_block(self, at: int) -> int:
        """The place behind the `end` of the block that begins here."""
        blocks = Blocks()
        for n in range(at + 1, len(self.tokens)):
            blocks.note(self.tokens[n])
            if not blocks.open:
                return min(n + 1, len(self.tokens) - 1)
        return at

    def _skip(self, token: Token) -> None:
        """Note a token that is left out; the `end` of a block that it opens is one too many."""
        blocks, before = self._blocks, len(self._blocks.open)
        blocks.note(token)
        if len(blocks.open) > before:
            blocks.open.pop()
            self._orphans.append(before)

    def _drop_orphan(self, token: Token) -> bool:
        """Leave out an `end`, or the `else` before it, whose block was skipped."""
        if not self._orphans or self._orphans[-1] != len(self.blocks):
            return False
        if token.kind == "END":
            self._orphans.pop()
        self.at += 1
        return True


def _begins_statement(token: Token) -> bool:
    """Whether a token can follow the first word of a phrase and no value."""
    return token.kind in ("NAME", "TEXT", "SET", "EMPTY", "NUMBER", "DURATION", "MONEY", "PERCENT")
