"""The output gate: what a model wrote is sent only when nothing in it could do harm.

The gate does not look for bad intent, which can be worded in any number of ways. It allows few things (plain
sentences, known numbers, links to listed hosts), and what is not allowed keeps the text from being sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from stdlib_actions.hyper.model import Request, Written

MAX_SUBJECT = 150
"""The longest subject, in characters."""

_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]{1,20}):(?=\S)", re.I)
_LINK = re.compile(r"https://([^\s/?#<>\"'()]+)", re.I)
_HOST = re.compile(r"(?<![\w-])(?:[\w-]+\.)+[^\W\d_]{2,}(?![\w-])")
_MARKUP = re.compile(r"<[!/?a-z]|&(?:#|[a-z]{2,8};)|!\[|\]\s*[(\[:]|\{\{|\{%|```", re.I)
_PLACEHOLDER = re.compile(r"\[[^\]\n]{1,40}\]")
_HEADER = re.compile(
    r"^\s*(?:bcc|cc|to|from|sender|reply-to|subject|date|content-[\w-]+|mime-version|x-[\w-]+)\s*:",
    re.I | re.M,
)
_NUMBER = re.compile(r"\d+(?:[.,:'’\u00a0\u202f/-]\d+)*")
_BARE_SCHEMES = frozenset(
    (
        "mailto",
        "javascript",
        "vbscript",
        "data",
        "blob",
        "file",
        "about",
        "cid",
        "tel",
        "sms",
        "skype",
        "whatsapp",
    )
)
_GROUPED = re.compile(r"\d{1,3}(?:[,'’\u00a0\u202f]\d{3})+(?:\.\d+)?")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_REFUSAL = re.compile(
    r"\b(?:as an ai|i can(?:no|')t (?:help|assist|write|comply)|i am unable to|i'm sorry, but i)\b", re.I
)


def objections(
    written: Written, request: Request, link_hosts: Iterable[str], max_length: int
) -> Iterator[str]:
    """Why this text must not be sent, each as a sentence; nothing when it may.

    `link_hosts` are the exact hosts that it may link to; `max_length` is in characters.
    """
    whole = unicodedata.normalize("NFKC", f"{written.subject}\n{written.text}")
    yield from _shape(written, max_length)
    if any(unicodedata.category(c) in _HIDDEN for c in written.subject + written.text if c != "\n"):
        yield "the text holds invisible characters"
    if _MARKUP.search(whole) or _PLACEHOLDER.search(whole):
        yield "the text holds markup or a placeholder"
    if _HEADER.search(unicodedata.normalize("NFKC", written.text)) or "\n" in written.subject:
        yield "the text holds lines like mail headers"
    if _REFUSAL.search(whole):
        yield "the model refused"
    yield from _links(whole, frozenset(host.lower() for host in link_hosts))
    yield from _numbers(whole, request)


def _shape(written: Written, max_length: int) -> Iterator[str]:
    if not written.text.strip() or not written.subject.strip():
        yield "the text is empty"
    if len(written.text) > max_length or len(written.subject) > MAX_SUBJECT:
        yield "the text is too long"


def _links(text: str, hosts: frozenset[str]) -> Iterator[str]:
    if any(scheme.lower() != "https" for scheme in _schemes(text)):
        yield "the text links with another scheme than https"
    for host in [*(link.rstrip(".,;:!") for link in _LINK.findall(text)), *_HOST.findall(text)]:
        if host.lower() not in hosts:
            yield f"the text names the host `{host[:80]}`, which is not on the list"
            return


def _schemes(text: str) -> Iterator[str]:
    """What looks like a scheme: a word before `://`, or one of the schemes that work without slashes."""
    for match in _SCHEME.finditer(text):
        if text.startswith("//", match.end()) or match[1].lower() in _BARE_SCHEMES:
            yield match[1]


def _numbers(text: str, request: Request) -> Iterator[str]:
    """Numbers that nobody gave: neither the sender, nor a fact that is a number or stands in the text as a whole.

    A number inside other words of the contact's ("you owe us 900") is not taken for a fact on its own.
    """
    facts = [unicodedata.normalize("NFKC", fact) for fact in request.facts.values()]
    given = [request.instruction, request.sender, *filter(_NUMBER.fullmatch, facts)]
    known = {form for figure in _figures("\n".join(given)) for form in _forms(figure)}
    for fact in sorted(facts, key=len, reverse=True):
        text = text.replace(fact, " ")
    for figure in _figures(text):
        if _forms(figure)[0] not in known:
            yield f"the text names the number {figure[:40]}, which is not among the facts"
            return


def _figures(text: str) -> list[str]:
    """The numbers of a text, in ASCII digits."""
    found = _NUMBER.findall(unicodedata.normalize("NFKC", text))
    return ["".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in figure) for figure in found]


def _forms(figure: str) -> list[str]:
    """How a known number may be repeated: without its grouping marks, and the parts of a date or a time."""
    whole = re.sub(r"[,'’\u00a0\u202f]", "", figure) if _GROUPED.fullmatch(figure) else figure
    parts = re.split(r"[:/-]", figure)
    return [whole, *(form for part in parts for form in (part, part.lstrip("0") or "0"))]
