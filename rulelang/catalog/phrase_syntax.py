"""The phrase of a declaration as parts: words, slots, arguments, optional parts (see phrases.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TypeAlias

from rulelang.catalog.model import Action, Param, Trigger


class PhraseError(ValueError):
    """A declaration's phrase is malformed, or two phrases are ambiguous; the text names them."""


@dataclass(frozen=True, slots=True)
class WordPart:
    """A fixed word."""

    text: str


@dataclass(frozen=True, slots=True)
class SlotPart:
    """A place that a Param fills."""

    param: Param


@dataclass(frozen=True, slots=True)
class ArgumentsPart:
    """Arguments in parentheses, glued to the word before."""


@dataclass(frozen=True, slots=True)
class OptionalPart:
    """Parts that may be left out together."""

    parts: tuple[Simple, ...]


Simple: TypeAlias = WordPart | SlotPart | ArgumentsPart
Part: TypeAlias = Simple | OptionalPart

_TOKEN = re.compile(r"\s*(?:(?P<mark>[\[\]])|\{(?P<slot>\w+)\}|(?P<word>=|[a-z][a-z0-9_]*)(?P<args>\(\))?)")


def params_of(declaration: Trigger | Action) -> tuple[Param, ...]:
    """All parameters of a declaration: slots of the phrase and, for an action, arguments."""
    return declaration.slots if isinstance(declaration, Trigger) else declaration.params


def slot_names(phrase: str) -> tuple[str, ...]:
    """The names in braces, in the order written."""
    return tuple(re.findall(r"\{(\w+)\}", phrase))


def arguments_of(declaration: Trigger | Action) -> tuple[Param, ...]:
    """The parameters that are given in parentheses, in order."""
    slots = slot_names(declaration.phrase)
    return tuple(p for p in params_of(declaration) if p.name not in slots)


def parse_phrase(declaration: Trigger | Action) -> tuple[Part, ...]:
    """The parts of a declaration's phrase.

    Raises PhraseError when the phrase is malformed, or when its slots and `()` do not fit the parameters.
    """
    phrase = declaration.phrase
    params = {p.name: p for p in params_of(declaration)}
    parts: list[Part] = []
    inner: list[Simple] | None = None
    for match in _tokens(phrase):
        if match["mark"]:
            inner = _bracket(phrase, match["mark"], parts, inner)
            continue
        (parts if inner is None else inner).extend(_simple(match, params, phrase))
    if inner is not None or not parts:
        raise PhraseError(f"the phrase `{phrase}` is not complete")
    _check_params(declaration, params)
    return tuple(parts)


def _tokens(phrase: str) -> Iterator[re.Match[str]]:
    at = 0
    while phrase[at:].strip():
        match = _TOKEN.match(phrase, at)
        if match is None:
            raise PhraseError(f"the phrase `{phrase}` is malformed at `{phrase[at:].strip()}`")
        yield match
        at = match.end()


def _bracket(phrase: str, mark: str, parts: list[Part], inner: list[Simple] | None) -> list[Simple] | None:
    if (mark == "[") != (inner is None):
        raise PhraseError(f"the brackets of the phrase `{phrase}` do not pair")
    if inner is None:
        return []
    if not inner:
        raise PhraseError(f"the phrase `{phrase}` has an empty optional part")
    parts.append(OptionalPart(tuple(inner)))
    return None


def _simple(match: re.Match[str], params: Mapping[str, Param], phrase: str) -> list[Simple]:
    if match["word"]:
        return [WordPart(match["word"]), ArgumentsPart()] if match["args"] else [WordPart(match["word"])]
    param = params.get(match["slot"])
    if param is None:
        raise PhraseError(f"the slot `{match['slot']}` of the phrase `{phrase}` has no parameter")
    return [SlotPart(param)]


def _check_params(declaration: Trigger | Action, params: Mapping[str, Param]) -> None:
    phrase = declaration.phrase
    if _given_twice(phrase) or len(params) != len(params_of(declaration)):
        raise PhraseError(f"a parameter of the phrase `{phrase}` is there twice")
    if phrase.count("()") > 1:
        raise PhraseError(f"the phrase `{phrase}` takes arguments in two places")
    if arguments_of(declaration) and "()" not in phrase:
        extra = arguments_of(declaration)[0].name
        raise PhraseError(f"the parameter `{extra}` is neither a slot of the phrase `{phrase}` nor in `()`")


def _given_twice(phrase: str) -> bool:
    """Whether a slot stands twice in what can be written together: optional parts may offer a slot by turns."""
    fixed = slot_names(re.sub(r"\[[^\]]*\]", "", phrase))
    optional = [slot_names(part) for part in re.findall(r"\[([^\]]*)\]", phrase)]
    return any(len({*fixed, *slots}) < len(fixed) + len(slots) for slots in [(), *optional])


def variants(parts: Sequence[Part]) -> Iterator[tuple[Simple, ...]]:
    """Every sequence of parts without options that the phrase stands for; options side by side permute."""
    if not parts:
        yield ()
        return
    options = 0
    while options < len(parts) and isinstance(parts[options], OptionalPart):
        options += 1
    heads = _arranged([p for p in parts[:options] if isinstance(p, OptionalPart)])
    if not options:
        heads = [tuple(p for p in parts[:1] if not isinstance(p, OptionalPart))]
    for head in heads:
        for tail in variants(parts[max(options, 1) :]):
            yield (*head, *tail)


def _arranged(options: list[OptionalPart]) -> list[tuple[Simple, ...]]:
    return [
        tuple(part for option in chosen for part in option.parts)
        for count in range(len(options) + 1)
        for chosen in permutations(options, count)
        if all(isinstance(option.parts[0], WordPart) for option in chosen[1:]) and _is_distinct(chosen)
    ]


def _is_distinct(options: Sequence[OptionalPart]) -> bool:
    slots = [part.param.name for option in options for part in option.parts if isinstance(part, SlotPart)]
    return len(set(slots)) == len(slots)
