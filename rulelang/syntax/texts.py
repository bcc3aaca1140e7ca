"""Text in quotes: its escapes, its missing or typographic quotation marks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rulelang.diagnostics import syntax as say
from rulelang.diagnostics.model import Diagnostic
from rulelang.source import Source, Span
from rulelang.syntax import glyphs

_ESCAPE = re.compile(r"\\(?:u\{[^}\"\n]*\}?|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_CODE = re.compile(r"\\u\{([0-9A-Fa-f]{1,6})\}\Z")
_OLD_CODE = re.compile(r"\\[ux]([0-9A-Fa-f]+)\Z")
_TRAIL = re.compile(r"[\s;,)\]]*\Z")
_MAX_LINES = 40
_MAX_ESCAPES = 10


@dataclass(frozen=True, slots=True)
class Mended:
    """A text whose quotes were wrong: the literal as it should be, where it ends, and the message."""

    text: str
    end: int
    diagnostic: Diagnostic


def mend_escapes(source: Source, text: str, start: int | None) -> tuple[list[Diagnostic], str]:
    """The literal with every bad escape made harmless, and a message for each (ten at most) unless `start` is None."""
    mistakes: list[Diagnostic] = []

    def mend(match: re.Match[str]) -> str:
        written = match.group()
        if _good(written):
            return written
        replacement = _replacement(written)
        if start is not None and len(mistakes) < _MAX_ESCAPES:
            span = Span(start + match.start(), start + match.end())
            mistakes.append(say.bad_escape(source, span, written, replacement))
        return replacement

    return mistakes, _ESCAPE.sub(mend, text)


def _good(written: str) -> bool:
    if written[1] in '"\\nt':
        return True
    code = _CODE.match(written)
    return code is not None and _is_character(int(code[1], 16))


def _is_character(code: int) -> bool:
    return 0 < code < 0xD800 or 0xDFFF < code <= 0x10FFFF


def _replacement(written: str) -> str:
    """What a bad escape probably meant; `\\d` of a regular expression is a backslash and `d`."""
    old = _OLD_CODE.match(written)
    if old and _is_character(int(old[1], 16)):
        return f"\\u{{{old[1]}}}"
    if written.startswith("\\u{"):
        return ""
    return written[1:] if written[1] == "'" else "\\" + written


def open_quote(source: Source, char: str, start: int) -> Mended | None:
    """The text that begins at a quotation mark which no terminal takes; None when it opens none."""
    end = source.text.find("\n", start)
    line = source.text[start : end if end >= 0 else len(source.text)]
    if char == '"':
        return _many_lines(source, line, start) or _unterminated(source, line, start)
    closings = glyphs.OPENING_QUOTES[char]
    close = next((n for n, c in enumerate(line) if n and (c in closings or c == '"')), 0)
    if not close:
        return None
    inner = line[1:close].replace('"', '\\"')
    stop = start + close + 1
    return Mended(f'"{inner}"', stop, say.wrong_quotes(source, Span(start, stop), f'"{inner}"'))


def _unterminated(source: Source, line: str, start: int) -> Mended:
    """The rest of the line is the text, without the brackets and `;` at its end."""
    trail = _TRAIL.search(line)
    inner = line[1 : trail.start() if trail else len(line)]
    if inner.endswith("\\") and not inner.endswith("\\\\"):
        inner = inner[:-1]
    end = start + 1 + len(inner)
    return Mended(f'"{inner}"', end, say.unterminated(source, Span(start, end)))


def _many_lines(source: Source, line: str, start: int) -> Mended | None:
    """A text that goes on over line ends: the next line with quotation marks has an odd number of them."""
    at, number = start + len(line), 1
    while at < len(source.text) and number < _MAX_LINES:
        end = source.text.find("\n", at + 1)
        end = end if end >= 0 else len(source.text)
        following = source.text[at + 1 : end]
        quotes = [n for n, c in enumerate(following) if c == '"' and following[n - 1 : n] != "\\"]
        if quotes:
            return _joined(source, start, at + 2 + quotes[0]) if len(quotes) % 2 else None
        at, number = end, number + 1
    return None


def _joined(source: Source, start: int, end: int) -> Mended:
    literal = source.text[start:end].replace("\n", "\\n")
    return Mended(literal, end, say.many_lines(source, Span(start, end), literal))


def forbidden(source: Source, hit: re.Match[str], inside: bool) -> Diagnostic:
    """The message for a character that no file may hold; inside a text an escape can take its place."""
    char, span = hit.group()[0], Span(*hit.span())
    if char == "\0":
        return say.forbidden(source, span, "U+0000", "is not allowed", "")
    if "\ud800" <= char <= "\udfff":
        return say.forbidden(source, span, f"U+{ord(char):04X}", "is half of a character", "")
    why = "changes the order in which the text is shown"
    return say.forbidden(source, span, glyphs.name_of(char), why, f"\\u{{{ord(char):X}}}" if inside else "")
