"""Phrases of declarations and the table that finds the declaration a phrase of a rule means.

How a declaration writes its phrase
    words                `stage enter`, in lower case; `=` is a word too (`set {field} = {value}`)
    `{slot}`             an operand or a bare word; `slot` names a Param of the declaration
    `[ … ]`              a part that may be left out; parts side by side may come in any order,
                         but one that begins with a slot (`form submitted [{form}] [on {page}]`) comes first
    `word()`             arguments in parentheses may follow this word: `assign()`, `hyper() [after {delay}]`

Params whose names stand in braces are slots. All other params of an action are its arguments: the checker
matches what stands in the parentheses with them, by position (where `positional`) or by name. A phrase
without `()` takes no arguments, and all its params must be slots. Parentheses may always be left out
(`mark dnc` = `mark dnc()`); the checker reports required arguments that are missing. At most one `()`.

A slot with `choices` takes those words only (`call status {status}`); others take any word, literal, path,
call or parenthesised expression. Where one text could be two phrases, at the first place where they differ a
fixed word goes before a choice and a choice before an open slot (`clear dnc` before `clear {field}`); phrases
that this does not tell apart are ambiguous and refused.
`Matched.slots` holds expressions: a bare word arrives as a `Name` of one part, to be read by the slot's type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from rulelang.catalog.model import Action, Param, Trigger
from rulelang.catalog.phrase_syntax import (
    ArgumentsPart,
    PhraseError,
    Simple,
    SlotPart,
    WordPart,
    parse_phrase,
    variants,
)
from rulelang.diagnostics.near import near_misses
from rulelang.source import Span
from rulelang.syntax import nodes as ast

D = TypeVar("D", Trigger, Action)

# --- the answer ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Matched(Generic[D]):
    """The declaration that a phrase means, what fills its slots, and its arguments when there are any."""

    declaration: D
    slots: Mapping[str, ast.Expr]
    arguments: ast.Arguments | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What could stand in a place: a `word` (`(` for arguments), a value for `param`, or the end (neither)."""

    word: str = ""
    param: Param | None = None


@dataclass(frozen=True, slots=True)
class NoMatch(Generic[D]):
    """Why a phrase means nothing.

    The first `matched` parts are the beginning of some declaration; `span` is the first part after them
    (`found` its word, or "" when it is no word), or the last part when the phrase ends too early (`ended`).
    `expected` could have stood there, `corrections` are those words that differ by a slip. `candidates` begin
    like the phrase; `near` are the declarations most alike, best first, when none or many begin like it.
    """

    matched: int
    span: Span
    found: str
    ended: bool
    expected: tuple[Expected, ...]
    corrections: tuple[str, ...]
    candidates: tuple[D, ...]
    near: tuple[D, ...]


# --- the table -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Node(Generic[D]):
    words: dict[str, Node[D]] = field(default_factory=dict)
    slots: list[tuple[Param, Node[D]]] = field(default_factory=list)
    arguments: Node[D] | None = None
    end: D | None = None


_Found: TypeAlias = tuple[dict[str, ast.Expr], "ast.Arguments | None", D]


class PhraseTable(Generic[D]):
    """A trie over the phrases of declarations: finds the one that a phrase means, or says why none does."""

    def __init__(self, declarations: Iterable[D]) -> None:
        """Raises PhraseError for a malformed phrase and for two phrases that one text could both be."""
        self.declarations: tuple[D, ...] = tuple(declarations)
        self._root: Node[D] = Node()
        self._fixed: dict[str, list[str]] = {}
        for declaration in self.declarations:
            parts = parse_phrase(declaration)
            self._fixed[declaration.name] = [p.text for p in parts if isinstance(p, WordPart)]
            for variant in variants(parts):
                self._insert(variant, declaration)
                self._insert([p for p in variant if not isinstance(p, ArgumentsPart)], declaration)
        refuse_overlaps(self._root)

    def _insert(self, variant: Sequence[Simple], declaration: D) -> None:
        node = self._root
        for part in variant:
            node = _child(node, part)
        if node.end is not None and node.end is not declaration:
            raise ambiguous(node.end, declaration)
        node.end = declaration

    def match(self, phrase: ast.Phrase) -> Matched[D] | NoMatch[D]:
        """The declaration that `phrase` means with its slots, or why there is none."""
        search: _Search[D] = _Search(phrase.parts)
        found = search.walk(self._root, 0)
        if found is None:
            return _explain(self, phrase, search)
        slots, arguments, declaration = found
        return Matched(declaration, slots, arguments)

    def expected(self, parts: Sequence[ast.PhrasePart]) -> tuple[Expected, ...]:
        """What may follow `parts`, the beginning of a phrase; empty when no declaration begins so."""
        search: _Search[D] = _Search((*parts, ast.ErrorStep(Span(0, 0))))
        search.walk(self._root, 0)
        return _expectations(search.stuck) if search.furthest == len(parts) else ()

    def most_alike(self, phrase: ast.Phrase, count: int = 3) -> tuple[D, ...]:
        """The declarations whose words are most like those of the phrase, in any order, best first."""
        words = [part.text.lower() for part in phrase.parts if isinstance(part, ast.Word)]
        alike = _Likeness(words)
        scored = [(alike.of(self._fixed[d.name]), d) for d in self.declarations]
        scored = [pair for pair in scored if pair[0] >= 0.5]
        scored.sort(key=lambda pair: (-pair[0], pair[1].name))
        return tuple(d for _, d in scored[:count])


def _child(node: Node[D], part: Simple) -> Node[D]:
    match part:
        case WordPart(text):
            return node.words.setdefault(text, Node())
        case ArgumentsPart():
            node.arguments = node.arguments or Node()
            return node.arguments
        case SlotPart(param):
            for known, child in node.slots:
                if known == param:
                    return child
            child = Node()
            node.slots.insert(0 if param.choices else len(node.slots), (param, child))
            return child


class _Search(Generic[D]):
    """One walk through the trie, depth first: words before slots. Remembers how far it came and where."""

    def __init__(self, parts: Sequence[ast.PhrasePart | ast.ErrorStep]) -> None:
        self._parts = parts
        self.furthest = 0
        self.stuck: list[Node[D]] = []

    def walk(self, node: Node[D], at: int) -> _Found[D] | None:
        self._remember(node, at)
        if at == len(self._parts):
            return self._finish(node)
        part = self._parts[at]
        if isinstance(part, ast.Arguments):
            return self._arguments(node, part, at)
        if isinstance(part, ast.Word):
            child = node.words.get(part.text.lower())
            found = self.walk(child, at + 1) if child is not None else None
            if found is not None:
                return found
        return self._slots(node, at)

    def _remember(self, node: Node[D], at: int) -> None:
        if at > self.furthest:
            self.furthest, self.stuck = at, []
        if at == self.furthest:
            self.stuck.append(node)

    def _finish(self, node: Node[D]) -> _Found[D] | None:
        return None if node.end is None else ({}, None, node.end)

    def _arguments(self, node: Node[D], part: ast.Arguments, at: int) -> _Found[D] | None:
        found = self.walk(node.arguments, at + 1) if node.arguments is not None else None
        return None if found is None else (found[0], part, found[2])

    def _slots(self, node: Node[D], at: int) -> _Found[D] | None:
        for param, child in node.slots:
            value, used = self._value(at)
            if value is None or not takes(param, value):
                continue
            found = self.walk(child, at + used)
            if found is not None:
                found[0][param.name] = value
                return found
        return None

    def _value(self, at: int) -> tuple[ast.Expr | None, int]:
        """The expression that could fill a slot at `at`, and how many parts it takes."""
        part = self._parts[at]
        following = self._parts[at + 1] if at + 1 < len(self._parts) else None
        match part:
            case ast.Operand(_, value):
                return value, 1
            case ast.Word(span, text) if isinstance(following, ast.Arguments):
                return ast.Call(span.to(following.span), text, span, following.items), 2
            case ast.Word(span, text):
                return ast.Name(span, (text,), (span,)), 1
            case _:
                return None, 1


def takes(param: Param, value: ast.Expr) -> bool:
    """Whether `value` could fill a slot, its type aside: a slot with choices takes those words only."""
    if not param.choices:
        return True
    match value:
        case ast.Name(_, (word,), _) | ast.TextLit(_, word):
            return word.lower() in param.choices
        case _:
            return False


# --- ambiguity -------------------------------------------------------------------------------------


def ambiguous(one: Trigger | Action, other: Trigger | Action) -> PhraseError:
    """The error for two phrases that one text could both be."""
    return PhraseError(
        f"the phrases `{one.phrase}` ({one.name}) and `{other.phrase}` ({other.name}) are ambiguous"
    )


def refuse_overlaps(root: Node[D]) -> None:
    """Raises PhraseError when a text could be two declarations of the trie, neither of them the more specific."""
    seen: set[tuple[int, int, int]] = set()
    todo = [(root, root, 0)]
    while todo:
        one, other, lead = todo.pop()
        if (id(one), id(other), lead) in seen:
            continue
        seen.add((id(one), id(other), lead))
        if lead == 0 and one.end is not None and other.end is not None and one.end is not other.end:
            raise ambiguous(one.end, other.end)
        if one is not other or lead == 0:
            todo.extend((a, b, lead or step) for a, b, step in _common_steps(one, other))


def _common_steps(one: Node[D], other: Node[D]) -> Iterator[tuple[Node[D], Node[D], int]]:
    """The nodes that one part leads to from `one` and from `other`, and which of them (1, -1) is more specific."""
    if one.arguments is not None and other.arguments is not None:
        yield one.arguments, other.arguments, 0
    for word, child in one.words.items():
        if word in other.words:
            yield child, other.words[word], 0
        for param, slot in other.slots:
            if not param.choices or word in param.choices:
                yield child, slot, 1
    for param, slot in one.slots:
        for rival, other_slot in other.slots:
            if not param.choices or not rival.choices or set(param.choices) & set(rival.choices):
                yield slot, other_slot, bool(param.choices) - bool(rival.choices)
        for word, child in other.words.items():
            if not param.choices or word in param.choices:
                yield slot, child, -1


# --- why there is no match -------------------------------------------------------------------------


def _expectations(nodes: Iterable[Node[D]]) -> tuple[Expected, ...]:
    found: dict[Expected, None] = {}
    for node in nodes:
        found |= dict.fromkeys(Expected(word) for word in node.words)
        found |= dict.fromkeys(Expected(param=param) for param, _ in node.slots)
        if node.arguments is not None:
            found[Expected("(")] = None
        if node.end is not None:
            found[Expected()] = None
    return tuple(found)


def _below(nodes: Iterable[Node[D]]) -> tuple[D, ...]:
    """The declarations whose phrases go on from these nodes, by name, in a stable order."""
    found: dict[str, D] = {}
    todo = list(nodes)
    while todo:
        node = todo.pop(0)
        if node.end is not None:
            found.setdefault(node.end.name, node.end)
        todo.extend(node.words.values())
        todo.extend(child for _, child in node.slots)
        if node.arguments is not None:
            todo.append(node.arguments)
    return tuple(found.values())


def _explain(table: PhraseTable[D], phrase: ast.Phrase, search: _Search[D]) -> NoMatch[D]:
    at = search.furthest
    ended = at >= len(phrase.parts)
    last = phrase.parts[min(at, len(phrase.parts) - 1)] if phrase.parts else phrase
    expected = _expectations(search.stuck)
    found = last.text if isinstance(last, ast.Word) and not ended else ""
    return NoMatch(
        matched=at,
        span=last.span,
        found=found,
        ended=ended,
        expected=expected,
        corrections=_corrections(found, expected),
        candidates=_below(search.stuck) if at else (),
        near=table.most_alike(phrase),
    )


def _corrections(found: str, expected: Iterable[Expected]) -> tuple[str, ...]:
    words = [e.word for e in expected if e.word not in ("", "(")]
    choices = [choice for e in expected if e.param is not None for choice in e.param.choices]
    return near_misses(found, [*words, *choices])


class _Likeness:
    """How like the words of one phrase those of declarations are; each word is compared once."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._known: dict[str, list[float]] = {}

    def of(self, fixed: Sequence[str]) -> float:
        """From 0 to 1: how many of a declaration's fixed words are there, less for words to spare."""
        if not self._words or not fixed:
            return 0.0
        rows = [self._row(own) for own in fixed]
        spare = sum(1 for column in zip(*rows, strict=True) if not any(column))
        return sum(max(row) for row in rows) / (len(fixed) + spare / 4)

    def _row(self, own: str) -> list[float]:
        if own not in self._known:
            self._known[own] = [_alike(word, own) for word in self._words]
        return self._known[own]


def _alike(word: str, own: str) -> float:
    """1 for the same word, less for one with another ending (`entered`, `enter`) or with a slip in it."""
    if word == own:
        return 1.0
    if len(own) >= 3 and word[:3] == own[:3] and (word.startswith(own[:-1]) or own.startswith(word[:-1])):
        return 0.9
    return 0.8 if near_misses(word, [own], 1) else 0.0
