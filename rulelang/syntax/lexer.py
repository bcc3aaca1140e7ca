"""From text to tokens: one regular expression, joined from the terminals of the grammar, and its exceptions."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache

from grammar.tables import load
from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax import glyphs, numerals, texts
from rulelang.syntax.joined import JOINING, join
from rulelang.syntax.tokens import CUT, DECLARATIONS, Token, TokenList

MAX_BYTES = 1 << 20
MAX_TOKENS = 10_000
MAX_FILE_TOKENS = 250_000
MAX_ITEMS = 10_000
MAX_MISTAKES = 100

_WRONG = r"===?|!==|&&?|\|\|?|<>|=<|=>|->|:=|=~|!(?!=)|\.\d+"
_MEANT = {
    "==": "=",
    "===": "=",
    ":=": "=",
    "!==": "!=",
    "<>": "!=",
    "=<": "<=",
    "=~": "matches",
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
}
_DATES = {"DATE": "date", "TIME": "time of day", "DATETIME": "moment"}
_NUMBERS = frozenset(("NUMBER", "MONEY", "PERCENT", "DURATION", *_DATES))
_ITEM = re.compile(rf"^(?:rule|on|{'|'.join(sorted(DECLARATIONS))})\b", re.MULTILINE)
_WORD = re.compile(r"\w+")
_LETTERS = re.compile(r"^[a-z]+(?![?*a-z])|^[a-z]+(?=[a-z][?*])", re.MULTILINE)
_ADDRESS = re.compile(r"[\w.+%-]*@[\w-]+(?:\.[\w-]+)*")
_ADDRESS_START = re.compile(r"[\w.+%-]+\Z", re.ASCII)


@cache
def master_pattern() -> re.Pattern[str]:
    """All terminals in one pattern; the group that matched names the terminal."""
    tables = load()
    signs = sorted((s for s in tables.fixed if not s[0].isalpha()), key=len, reverse=True)
    groups = [f"(?P<{name}>{_uncaptured(pattern)})" for name, pattern in tables.terminals]
    groups += [f"(?P<WRONG>{_WRONG})", f"(?P<SIGN>{'|'.join(map(re.escape, signs))})", "(?P<BAD>[^\n])"]
    return re.compile("|".join(groups), re.ASCII)


@cache
def _common() -> Callable[[str, int], re.Match[str] | None]:
    """Matches what most texts consist of: words, plain text in quotes, signs that are no part of others, line ends.

    What it does not match is for the pattern of all terminals, and so is what that would read otherwise: a word
    with other letters in it, or one that begins like a terminal of its own such as `enroll`.
    """
    own = "|".join(_LETTERS.findall("\n".join(p for _, p in load().terminals)))
    word = rf"(?!{own})([A-Za-z_][A-Za-z0-9_]*+)(?![^\x00-\x7f])"
    sign = r"([()\[\],;+*]|=(?![=><~])|<(?![>=])|>(?!=)|[<>]=(?![=>])|\.(?!\d)|:(?!=)|-(?!>))"
    return re.compile(rf'[ \t]*+(?:{word}|("[^"\\\n]*+")|{sign}|(\n[ \t\n]*+))').match


@cache
def _plain() -> dict[str, str]:
    """The kinds of words and signs; "" for those that need a look at what is around them."""
    special = _BEGINNERS | JOINING
    kinds = {word: "" if kind in special else kind for word, kind in load().fixed.items()}
    return {**kinds, **dict.fromkeys(DECLARATIONS, "")}


def _uncaptured(pattern: str) -> str:
    """The pattern with plain groups: fewer captures make the match faster."""
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


def tokenize(source: Source) -> TokenList:
    """The tokens of a source. Never raises: what is wrong becomes a diagnostic and a corrected token.

    A file over 1 MiB is not read. An item over 10,000 tokens ends in a token of kind CUT.
    """
    if len(source.text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return TokenList(source, (), (say.file_too_large(source, MAX_BYTES),))
    lexer = _Lexer(source)
    lexer.run()
    lexer.forbid()
    found = sorted(lexer.diagnostics, key=lambda d: d.span)
    return TokenList(source, tuple(lexer.tokens), tuple(found), tuple(lexer.comments))


class _Lexer:
    """One pass over a text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.tokens: list[Token] = []
        self.comments: list[int] = []
        self.diagnostics: list[Diagnostic] = []
        self._fixed = load().fixed
        self._first = True
        self._begun = self._items = 0

    def run(self) -> None:
        """Read the whole text: most tokens with the short pattern, the others with that of all terminals."""
        text, match, plain, tokens = self.text, _common(), _plain(), self.tokens
        add, slow, at, size, limit, first = self._add, self._slow, 0, len(self.text), self._limit(), True
        while at < size:
            found = match(text, at)
            if found is None:
                self._first = first
                at, first, limit = slow(at), self._first, self._limit()
                continue
            group = found.lastindex or 0
            start, at = found.span(group)
            if group == _LINE:
                first = True
                continue
            word = text[start:at]
            kind = "TEXT" if group == _TEXT else plain.get(word, "NAME")
            if kind:
                tokens.append(_token(Token, (kind, word, start, at, first)))
            else:
                self._first = first
                add(self._fixed.get(word, "NAME"), word, start, at)
                limit = self._limit()
            first = False
            if len(tokens) > limit:
                at, first, limit = self._skip(start, at), True, self._limit()

    def _limit(self) -> int:
        """How many tokens there may be before the item or the file is too long."""
        return -1 if self._items > MAX_ITEMS else min(self._begun + MAX_TOKENS, MAX_FILE_TOKENS)

    def _slow(self, at: int) -> int:
        """Read what the short pattern does not know; the place behind it."""
        found = master_pattern().match(self.text, at)
        assert found is not None
        kind, start, at = found.lastgroup or "", at, found.end()
        if kind == "SPACE":
            self._first = self._first or self.text.find("\n", start, at) >= 0
        elif kind == "SIGN":
            self._add(self._fixed[found.group()], found.group(), start, at)
        elif kind == "NAME":
            at = self._name(found.group(), start, at)
        elif kind == "COMMENT":
            self.comments += (start, at)
        else:
            at = self._other(kind, start, at)
        if len(self.tokens) > self._limit():
            at = self._skip(start, at)
        return self._give_up(start) if len(self.diagnostics) >= MAX_MISTAKES else at

    def _add(self, kind: str, text: str, start: int, end: int) -> None:
        """A token; some join the one before, and whatever may begin an item begins the count anew."""
        tokens, token = self.tokens, _token(Token, (kind, text, start, end, self._first))
        if kind in _BEGINNERS and self._begins(kind, text, start):
            self._begun = len(tokens)
            self._items += 1
        if kind in JOINING and tokens:
            token = join(tokens, token, self._column_0(start))
        tokens.append(token)
        self._first = False

    def _begins(self, kind: str, text: str, start: int) -> bool:
        if self._column_0(start):
            return kind != "NAME" or text in DECLARATIONS
        return kind != "NAME" and bool(self.tokens) and self.tokens[-1].kind in ("SEMICOLON", "END")

    def _column_0(self, start: int) -> bool:
        return start == 0 or self.text[start - 1] == "\n"

    def _report(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)

    # --- bounds ---

    def _skip(self, start: int, at: int) -> int:
        """Leave out the rest of an item, or of the file, that is too long."""
        span = Span(start, at)
        if len(self.tokens) > self._begun + MAX_TOKENS:
            self._report(say.rule_too_long(self.source, span, MAX_TOKENS))
            found = _ITEM.search(self.text, at)
            at = found.start() if found else len(self.text)
        else:
            many = self._items > MAX_ITEMS
            limit = f"{MAX_ITEMS:,} rules" if many else f"{MAX_FILE_TOKENS:,} words and signs"
            self._report(say.file_too_long(self.source, span, limit))
            at = len(self.text)
        self._cut(span)
        return at

    def _give_up(self, start: int) -> int:
        span = Span(start, start + 1)
        self._report(say.too_many_mistakes(self.source, span, MAX_MISTAKES))
        self._cut(span)
        return len(self.text)

    def _cut(self, span: Span) -> None:
        self.tokens.append(Token(CUT, "", span.start, span.end, True))
        self._first, self._begun = True, len(self.tokens)

    def forbid(self) -> None:
        """Report the characters that no file may hold, wherever they stand."""
        if self.text.isascii() and "\0" not in self.text:
            return
        starts = [token.start for token in self.tokens]
        for hit in glyphs.FORBIDDEN.finditer(self.text):
            at = bisect_right(starts, hit.start()) - 1
            inside = at >= 0 and self.tokens[at].kind == "TEXT" and self.tokens[at].end > hit.start()
            self._report(texts.forbidden(self.source, hit, inside))
            if len(self.diagnostics) > 2 * MAX_MISTAKES:
                break

    # --- words ---

    def _name(self, text: str, start: int, end: int) -> int:
        if text[0] == "`":
            self._backquoted(text, start, end)
        elif end < len(self.text) and self.text[end] > "\x7f" and self.text[end].isalnum():
            return self._foreign(start)
        else:
            self._add(self._fixed.get(text, "NAME"), text, start, end)
        return end

    def _backquoted(self, text: str, start: int, end: int) -> None:
        if not (text[1:-1].isascii() and text[1:-1].isidentifier()):
            self._report(
                say.bad_backquotes(self.source, Span(start, end), f"{say.quoted(text[1:-1])} is no name")
            )
        self._add("NAME", text, start, end)

    def _foreign(self, start: int) -> int:
        """A word with letters beyond ASCII: perhaps drawn like a word of the language."""
        found = _WORD.match(self.text, start)
        word = found.group() if found else self.text[start]
        span = Span(start, start + len(word))
        plain = glyphs.letters_like(word)
        if plain:
            odd = next(char for char in word if not char.isascii())
            self._report(say.look_alike(self.source, span, word, glyphs.name_of(odd), plain))
        else:
            value = bool(self.tokens) and self.tokens[-1].kind in _BEFORE_VALUES
            self._report(say.foreign_name(self.source, span, word, value))
        self._add(self._fixed.get(plain, "NAME"), plain or word, span.start, span.end)
        return span.end

    # --- everything else ---

    def _other(self, kind: str, start: int, end: int) -> int:
        if kind in _NUMBERS:
            return self._number(kind, start, end)
        if kind == "TEXT":
            return self._text(self.text[start:end], start, end)
        if kind == "WRONG":
            return self._wrong(start, end)
        if kind == "BAD":
            return self._bad(self.text[start], start)
        self._add(kind, self.text[start:end], start, end)
        return end

    def _number(self, kind: str, start: int, end: int) -> int:
        run = numerals.MALFORMED.match(self.text, start)
        if run and run.end() > end:
            return self._malformed(kind, self.text[start:end], run.group(), start)
        text, span = self.text[start:end], Span(start, end)
        if kind in _DATES and not numerals.possible(kind, text):
            self._report(say.impossible(self.source, span, text, _DATES[kind]))
            text = {"DATE": "2000-01-01", "TIME": "0:00", "DATETIME": "2000-01-01T00:00"}[kind]
        elif kind not in _DATES and numerals.too_large(kind, text):
            limit = "100 years" if kind == "DURATION" else f"{numerals.MAX_DIGITS} digits"
            self._report(say.too_large(self.source, span, text, limit))
            text = re.sub(r"\d[\d_.]*", "1", text)
        self._add(kind, text, start, end)
        return end

    def _malformed(self, kind: str, prefix: str, written: str, start: int) -> int:
        meant = numerals.meant(written)
        if meant and meant.kind == "DURATION" and numerals.too_large("DURATION", meant.text):
            meant = None
        span = Span(start, start + len(written))
        self._report(say.malformed(self.source, span, written, meant.text if meant else ""))
        if not meant and (numerals.too_large(kind, prefix) or kind in _DATES):
            kind, prefix = "NUMBER", "1"
        self._add(meant.kind if meant else kind, meant.text if meant else prefix, span.start, span.end)
        return span.end

    def _text(self, text: str, start: int, end: int) -> int:
        if "\\" in text:
            mistakes, text = texts.mend_escapes(self.source, text, start)
            self.diagnostics += mistakes
        self._add("TEXT", text, start, end)
        return end

    def _wrong(self, start: int, end: int) -> int:
        """A sign of other languages. Only the parser can tell what an arrow stands for."""
        text, span = self.text[start:end], Span(start, end)
        if text[0] == ".":
            self._report(say.malformed(self.source, span, text, f"0{text}"))
            self._add("NUMBER", f"0{text}"[: numerals.MAX_DIGITS], start, end)
        elif text in _MEANT:
            self._report(say.instead(self.source, span, text, _MEANT[text]))
            self._add(self._fixed[_MEANT[text]], _MEANT[text], start, end)
        else:
            self._add("ARROW", text, start, end)
        return end

    def _bad(self, char: str, start: int) -> int:
        if char == '"' or char in glyphs.OPENING_QUOTES:
            return self._quote(char, start)
        if char == "@":
            return self._address(start)
        if char in "{}":
            self._add("LBRACE" if char == "{" else "RBRACE", char, start, start + 1)
            return start + 1
        if char.isalpha() and char > "\x7f":
            return self._foreign(start)
        if char in "$€£" and (run := numerals.MALFORMED.match(self.text, start)):
            return self._malformed("MONEY", f"{char}0", run.group(), start)
        return self._unknown(char, start)

    def _quote(self, char: str, start: int) -> int:
        found = texts.open_quote(self.source, char, start)
        if found is None:
            return self._unknown(char, start)
        self._report(found.diagnostic)
        mistakes, text = texts.mend_escapes(self.source, found.text, None)
        self._add("TEXT", text, start, found.end)
        return found.end

    def _address(self, start: int) -> int:
        """An e-mail address without quotes: the tokens in front of `@` belong to it."""
        line = self.text.rfind("\n", 0, start) + 1
        head = _ADDRESS_START.search(self.text[max(line, start - 100) : start])
        begin = start - len(head.group()) if head else start
        found = _ADDRESS.match(self.text, begin)
        if not head or not found:
            return self._unknown("@", start)
        while self.tokens and self.tokens[-1].start >= begin:
            self._first = self.tokens.pop().first
        self._report(say.bare_address(self.source, Span(*found.span()), found.group()))
        self._add("TEXT", f'"{found.group()}"', *found.span())
        return found.end()

    def _unknown(self, char: str, start: int) -> int:
        """A character that is no part of the language: left out, or read as the sign it is drawn like."""
        for pattern in (glyphs.SPACES, glyphs.INVISIBLE, glyphs.LINE_ENDS):
            if run := pattern.match(self.text, start):
                self._report(say.odd_space(self.source, Span(*run.span()), glyphs.name_of(char)))
                return run.end()
        if run := glyphs.FORBIDDEN.match(self.text, start):
            return run.end()
        meant = glyphs.sign_like(char)
        if meant == "=>":
            self._add("ARROW", char, start, start + 1)
            return start + 1
        kind = self._fixed.get(meant, "")
        name = f"`{char}`" if char.isprintable() else glyphs.name_of(char)
        self._report(say.unknown_character(self.source, Span(start, start + 1), name, meant if kind else ""))
        if kind:
            self._add(kind, meant, start, start + 1)
        return start + 1


_BEFORE_VALUES = frozenset(("EQ", "NE", "CONTAINS", "WITH", "MATCHES", "IN", "LPAR", "LSQB", "COMMA"))
_token = tuple.__new__  # half the time of Token(…), for what every parse does most
_BEGINNERS = frozenset(("RULE", "ON", "NAME"))
_TEXT, _LINE = 2, 4
