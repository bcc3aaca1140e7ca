"""Small changes that would mend a mistake: each is tried on the tables, and the first that lets the parse go on
to the end of the statement is reported and made, so that nothing of the rule is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from grammar.tables import load
from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Span
from rulelang.syntax import expected
from rulelang.syntax.indentation import mismatches
from rulelang.syntax.newlines import breaks
from rulelang.syntax.tokens import END_OF_INPUT, Token

if TYPE_CHECKING:
    from rulelang.syntax.lalr import Machine
    from rulelang.syntax.recovery import Recovery

_ENOUGH = 12
"""A change that lets so many more tokens pass is taken to be right."""

_WINDOW = 48
_BOUNDARY = frozenset(("SEMICOLON", "END", "ELSE", "ELIF", "THEN", "DO", "AND", "OR", "WHEN", END_OF_INPUT))
_CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB"}
_SIGNS = {"RPAR": ")", "RSQB": "]", "COMMA": ",", "SEMICOLON": ";"}
_LITERALS = frozenset(("NUMBER", "MONEY", "PERCENT", "DURATION", "DATE", "DATETIME", "TIME"))
_REMOVABLE = frozenset(("RPAR", "RSQB", "COMMA", "THEN", "DO", "END", "COLON", "ELSE", "ELIF"))
_NEEDS = {
    "RPAR": "nothing opens it",
    "RSQB": "nothing opens it",
    "END": "no block is open here",
    "ELSE": "no `if` is open here",
    "ELIF": "no `if` is open here",
}
_AS_NAMES = frozenset(
    (
        "TIMEOUT",
        "LET",
        "SPLIT",
        "CASE",
        "OTHERWISE",
        "MATCH",
        "REPEAT",
        "PARALLEL",
        "ON",
        "STOP",
        "WAIT",
        "END",
        "IF",
    )
)
"""Reserved words that people take for names."""

_OTHER_WORDS = {
    "elseif": "elif",
    "elsif": "elif",
    "equals": "=",
    "equal": "=",
    "eq": "=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "neq": "!=",
    "has": "contains",
    "includes": "contains",
    "include": "contains",
    "contain": "contains",
    "like": "matches",
    "startswith": "starts with",
    "endswith": "ends with",
    "exists": "is set",
    "where": "when",
}
"""Words of other languages."""


@dataclass(frozen=True, slots=True)
class Change:
    """Tokens `begin` to `end` replaced by others, and the messages that say so.

    `height` is that of the stack when `begin` came, None for now; 0 reads the item from its beginning.
    """

    begin: int
    end: int
    tokens: tuple[Token, ...]
    diagnostics: tuple[Diagnostic, ...]
    height: int | None = None


def repair(state: Recovery, token: Token) -> bool:
    """Make the first change that mends the mistake at `token`; False when there is none."""
    for guess in _GUESSES:
        for change in guess(state, token):
            if _survives(state, change):
                state.make(change)
                return True
    return False


def _survives(state: Recovery, change: Change) -> bool:
    """Whether the parse would go on behind the mistake to the end of the statement, or far enough."""
    states = state.machine.states_at(change.height)
    depth = len(state.brackets) if change.height is None else 0
    before = state.tokens[change.begin - 1] if change.begin and not change.tokens else None
    goal = len(change.tokens) + max(0, state.at + 1 - change.end)
    sequence = [*change.tokens, *state.tokens[change.end : state.at + _WINDOW]]
    for n, token in enumerate(sequence):
        after = sequence[n + 1] if n + 1 < len(sequence) else token
        kinds = [token.kind]
        if before and token.first and not depth and breaks(before, token, after):
            kinds.insert(0, "SEMICOLON")
        for kind in kinds:
            if n >= goal and kind == "RBRACE":
                return True
            following = state.machine.trial(kind, states)
            if following is None:
                return False
            if n >= goal and kind in _BOUNDARY or kind == END_OF_INPUT:
                return True
            states = following
        if n >= goal + _ENOUGH:
            return True
        depth += (token.kind in _CLOSERS) - (token.kind in ("RPAR", "RSQB"))
        before = token
    return True


def _at(state: Recovery, token: Token, kind: str, text: str = "") -> Token:
    """A token of another kind in the place of one."""
    return Token(kind, text or token.text, token.start, token.end, token.first)


def _insert(state: Recovery, kind: str, text: str) -> Token:
    at = state.behind()
    return Token(kind, text, at, at, False)


def _swap(state: Recovery, token: Token, words: str, diagnostic: Diagnostic) -> Change:
    """The current token replaced by words of the language."""
    return Change(state.at, state.at + 1, _spelt(token, words), (diagnostic,))


def _spelt(token: Token, words: str) -> tuple[Token, ...]:
    fixed = load().fixed
    return tuple(
        Token(fixed.get(w, "NAME"), w, token.start, token.end, token.first and not n)
        for n, w in enumerate(words.split())
    )


# --- guesses, in the order tried -------------------------------------------------------------------


def _arrows(state: Recovery, token: Token) -> Iterator[Change]:
    """`=>`, `->`, `{`, `}` and `:` stand for words of the language."""
    following = state.tokens[state.at + 1].kind if state.at + 1 < len(state.tokens) else ""
    meant = {
        "ARROW": (">=", "do", "then") if following in _LITERALS else ("do", "then", ">="),
        "LBRACE": ("do", "then"),
        "RBRACE": ("end",),
        "COLON": ("do", "then"),
    }.get(token.kind, ())
    if token.kind in ("LBRACE", "RBRACE"):
        yield from _else_braces(state, token, following)
    for word in meant:
        if token.kind == "RBRACE" and state.braces:
            yield Change(state.at, state.at + 1, _spelt(token, word), ())
        yield _swap(state, token, word, say.instead(state.source, token.span, token.text, word))


def _else_braces(state: Recovery, token: Token, following: str) -> Iterator[Change]:
    """`} else {`: neither brace stands for a word."""
    before = state.tokens[state.at - 1].kind if state.at else ""
    if (token.kind == "LBRACE" and before == "ELSE") or (
        token.kind == "RBRACE" and following in ("ELSE", "ELIF")
    ):
        message = say.stray(state.source, token.span, f"`{token.text}`", "blocks have no braces")
        yield Change(state.at, state.at + 1, (), () if state.braces else (message,))


def _blocks(state: Recovery, token: Token) -> Iterator[Change]:
    """`do` and `then`, `if` and `when` taken for each other."""
    meant = {"DO": "then", "THEN": "do", "IF": "when"}.get(token.kind)
    if meant and not (token.kind == "IF" and token.first):
        help_ = "`if` begins a step of its own; a condition on a rule or a step begins with `when`"
        note = help_ if meant == "when" else ""
        yield _swap(state, token, meant, say.instead(state.source, token.span, token.text, meant, note))


def _is(state: Recovery, token: Token) -> Iterator[Change]:
    """`is` with something other than `set` and `empty` behind it."""
    behind = [t.kind for t in state.tokens[max(0, state.at - 2) : state.at]]
    place = state.cut()
    if place is None or not (behind[-1:] == ["IS"] or behind == ["IS", "NOT"]):
        return
    negated = behind[-1] == "NOT"
    at = state.at - (2 if negated else 1)
    first = state.tokens[at]
    meant, last = _is_meant(negated, token.kind)
    until = last and state.at + 1 or state.at
    span = Span(first.start, state.tokens[until - 1].end)
    begin = state.begin_of(place[1])
    yield Change(
        begin,
        until,
        (*state.tokens[begin:at], *_spelt(first, meant)),
        (
            say.instead(
                state.source, span, state.source.slice(span), meant, "`is` is for `is set` and `is empty`"
            ),
        ),
        place[1],
    )


def _is_meant(negated: bool, kind: str) -> tuple[str, bool]:
    """What to write, and whether the word behind `is` belongs to it."""
    if kind == "NULL":
        return ("is set" if negated else "is not set"), True
    if kind in ("IN", "CONTAINS", "BETWEEN", "MATCHES"):
        return (f"not {kind.lower()}" if negated else kind.lower()), True
    return ("!=" if negated else "="), False


def _or_on(state: Recovery, token: Token) -> Iterator[Change]:
    if token.kind == "OR":
        yield Change(
            state.at,
            state.at + 1,
            (_at(state, token, "OR_ON"),),
            (say.or_without_on(state.source, token.span),),
        )


def _near(state: Recovery, token: Token) -> Iterator[Change]:
    """A misspelt word of the language: here, or earlier in the statement where it passed for a name."""
    place = state.cut()
    if place is None:
        return
    begin = state.begin_of(place[1])
    for at in range(state.at, max(begin, state.at - _ENOUGH) - 1, -1):
        candidate = state.tokens[at]
        for meant in _meant(candidate):
            other = candidate.text.lower() in _OTHER_WORDS
            diagnostic = _misspelt(state, candidate, meant, other)
            tokens = (*state.tokens[begin:at], *_spelt(candidate, meant))
            yield Change(begin, at + 1, tokens, (diagnostic,), place[1])


def _meant(token: Token) -> Iterator[str]:
    if token.kind != "NAME" or token.text.startswith("`"):
        return
    word = token.text.lower()
    if word in _OTHER_WORDS:
        yield _OTHER_WORDS[word]
    near = _keyword_like(word) if len(word) > 1 else None
    if near:
        yield near


@lru_cache(4096)
def _keyword_like(word: str) -> str | None:
    return did_you_mean(word, [w for w in load().fixed if w.isalpha()])


def _glued(state: Recovery, token: Token) -> Iterator[Change]:
    """Two words written as one: `dosend email`."""
    place = state.cut()
    if place is None:
        return
    begin = state.begin_of(place[1])
    for at in range(state.at - 1, begin - 1, -1):
        candidate = state.tokens[at]
        for word in ("do", "then", "when", "on"):
            if (
                candidate.kind == "NAME"
                and candidate.text.startswith(word)
                and len(candidate.text) > len(word) + 1
            ):
                tokens = (*state.tokens[begin:at], *split_word(candidate, word))
                yield Change(
                    begin, at + 1, tokens, (say.glued(state.source, candidate.span, word),), place[1]
                )


def split_word(token: Token, word: str) -> tuple[Token, Token]:
    """The keyword that a name begins with, and the rest."""
    middle = token.start + len(word)
    keyword = Token(load().fixed[word], word, token.start, middle, token.first)
    return keyword, Token("NAME", token.text[len(word) :], middle, token.end, False)


def _misspelt(state: Recovery, token: Token, meant: str, other: bool) -> Diagnostic:
    if meant == "elif":
        return say.else_if(state.source, token.span, token.text)
    say_it = say.instead if other else say.misspelt
    return say_it(state.source, token.span, token.text, meant)


def _left_out(state: Recovery, token: Token) -> Iterator[Change]:
    """A word or sign left out in front of the current token."""
    found, at = expected.found(token), state.behind()
    if state.machine.accepts("THEN") and token.kind != "DO":
        yield _inserted(state, "THEN", "then", say.missing(state.source, at, "then", found))
    if state.machine.accepts("DO") and state.machine.start == "rule" and not state.blocks:
        yield _inserted(state, "DO", "do", say.missing_do(state.source, at, state.tokens[0].span, found))
    yield from _brackets(state, token, found)
    if state.tokens[state.at - 1].kind in ("STARTS", "ENDS") and state.machine.accepts("WITH"):
        yield _inserted(state, "WITH", "with", say.missing(state.source, at, "with", found))
    if state.machine.accepts("AND") and not state.machine.accepts("OR"):
        yield _inserted(state, "AND", "and", say.missing(state.source, at, "and", found))
    if state.machine.accepts("SEMICOLON") and state.blocks and token.kind != END_OF_INPUT:
        yield _inserted(state, "SEMICOLON", ";", say.two_steps(state.source, at, token.span, found))


def _brackets(state: Recovery, token: Token, found: str) -> Iterator[Change]:
    """Brackets that are not closed, closed by the wrong partner, or a comma left out inside them."""
    if not state.brackets:
        return
    opener = state.brackets[-1]
    closing = _CLOSERS[opener.kind]
    if token.kind in ("RPAR", "RSQB") and token.kind != closing:
        sign = _SIGNS[closing]
        yield _swap(state, token, sign, say.instead(state.source, token.span, token.text, sign))
    comma = _inserted(state, "COMMA", ",", say.missing(state.source, state.behind(), ",", found))
    at = state.behind()
    tokens = tuple(
        _insert(state, _CLOSERS[t.kind], _SIGNS[_CLOSERS[t.kind]]) for t in reversed(state.brackets)
    )
    closings = "".join(token.text for token in tokens)
    message = say.never_closed(state.source, opener.span, opener.text, closings, at)
    closed = Change(state.at, state.at, tokens, (message,))
    yield from (closed, comma) if token.first else (comma, closed)


def _inserted(state: Recovery, kind: str, text: str, diagnostic: Diagnostic) -> Change:
    return Change(state.at, state.at, (_insert(state, kind, text),), (diagnostic,))


def _names(state: Recovery, token: Token) -> Iterator[Change]:
    """A reserved word where a name should stand."""
    if token.kind in _AS_NAMES and not token.first:
        change = _at(state, token, "NAME")
        message = say.reserved(state.source, token.span, token.text)
        yield Change(state.at, state.at + 1, (change,), (message,))


def _commas(state: Recovery, token: Token) -> Iterator[Change]:
    """`,` or `and` between two steps."""
    if token.kind in ("COMMA", "AND") and state.blocks and not state.brackets:
        message = say.instead(
            state.source, token.span, token.text, ";", "steps are divided by `;` or new lines"
        )
        yield _swap(state, token, ";", message)


def _too_many(state: Recovery, token: Token) -> Iterator[Change]:
    """A word or sign too many; where a value is missing there is something else to say."""
    before = state.tokens[state.at - 1] if state.at else token
    twice = token.kind == before.kind and token.kind not in ("NAME", "SEMICOLON", END_OF_INPUT)
    if twice or (token.kind in _REMOVABLE and not wants_value(state.machine)):
        why = "twice" if twice else _NEEDS.get(token.kind, "remove it")
        message = say.stray(state.source, token.span, expected.found(token), why)
        yield Change(state.at, state.at + 1, (), (message,))


def wants_value(machine: Machine) -> bool:
    """Whether a value has to come next."""
    return machine.accepts("NUMBER") and not machine.accepts("SEMICOLON") and not machine.accepts("WAIT")


def _outside(state: Recovery, token: Token) -> Iterator[Change]:
    """Steps behind the `end` of the rule: read on as if it were not there."""
    if state.machine.start != "rule" or state.blocks or not state.machine.accepts(END_OF_INPUT):
        return
    end = next((n for n in range(state.at - 1, -1, -1) if state.tokens[n].kind == "END"), None)
    if end is None or token.kind == END_OF_INPUT:
        return
    closer = state.tokens[end]
    message = say.behind_the_end(state.source, token.span, expected.found(token), closer.span)
    semicolon = Token("SEMICOLON", ";", closer.start, closer.end, False)
    yield Change(0, end + 1, (*state.tokens[:end], semicolon), (message,), 0)


def _ends(state: Recovery, token: Token) -> Iterator[Change]:
    """The end of the item with blocks still open."""
    open_ = state.tokens[:1] if state.machine.start == "declaration" else state.blocks[1:]
    if token.kind != END_OF_INPUT or not open_ or not state.machine.accepts("END"):
        return
    yield from _other_ends(state)
    outward = [m for m in mismatches(state.source, state.tokens[: state.at]) if m.outward]
    last = state.tokens[state.at - 1]
    guilty = [(m.opener, m.end) for m in outward][: len(open_)]
    guilty += [(opener, last) for opener in open_[len(guilty) :]]
    ends = tuple(_insert(state, "END", "end") for _ in open_)
    yield Change(state.at, state.at, ends, tuple(_unended(state, *pair) for pair in guilty))


def _unended(state: Recovery, opener: Token, last: Token) -> Diagnostic:
    if state.machine.start == "declaration":
        return say.missing_end(state.source, opener.span, opener.text, last.span, last.end)
    at = state.tokens.index(opener)
    before = state.tokens[at - 1] if at else opener
    if opener.kind == "IF" and before.kind == "ELSE" and not opener.first:
        return say.else_if(state.source, Span(before.start, opener.end), "else if")
    behind = state.tokens[state.tokens.index(last) - 1] if last.kind == "END" else last
    return say.missing_end(state.source, opener.span, opener.text, last.span, behind.end)


def _other_ends(state: Recovery) -> Iterator[Change]:
    """`endif`, `edn` and their kin alone on a line passed for an action."""
    for n in range(state.at - 1, 0, -1):
        token, after = state.tokens[n], state.tokens[n + 1]
        if token.kind == "NAME" and token.first and (after.first or after.kind == END_OF_INPUT):
            word = token.text.lower()
            if word in ("endif", "fi", "done", "enddo", "endwhile") or did_you_mean(word, ("end",)):
                message = say.misspelt(state.source, token.span, token.text, "end")
                yield Change(0, n + 1, (*state.tokens[:n], _at(state, token, "END", "end")), (message,), 0)


_GUESSES: tuple[Callable[[Recovery, Token], Iterator[Change]], ...] = (
    _arrows,
    _or_on,
    _is,
    _near,
    _glued,
    _blocks,
    _left_out,
    _names,
    _commas,
    _too_many,
    _outside,
    _ends,
)
