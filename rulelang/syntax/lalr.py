"""The LALR machine: two stacks and the generated tables, one token at a time (Aho, Sethi, Ullman, ch. 4.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from keyword import iskeyword
from typing import Any, TypeAlias

from grammar.tables import Production, load
from rulelang.syntax.tokens import END_OF_INPUT, Token

Maker: TypeAlias = Callable[[list[Any]], Any]
Reduction: TypeAlias = tuple[int, str, Maker | None]
"""How many values a production takes, the symbol it makes, and the function that makes the value.

No function: the only child stands for the whole, as in most levels of an expression.
"""


def reductions(builder: object) -> list[Reduction]:
    """The productions of the grammar bound to a builder's methods, in the order of the tables."""
    return [
        (count, origin, _bound(getattr(builder, name), flat) if name else flat)
        for count, origin, name, flat in _unbound()
    ]


def _bound(make: Maker, flat: Maker | None) -> Maker:
    return make if flat is None else lambda children: make(flat(children))


@cache
def _unbound() -> list[tuple[int, str, str, Maker | None]]:
    """For each production how many values it takes, what it makes, the builder's method and what comes before it."""
    return [(len(p.symbols), p.origin, *_maker(p)) for p in load().productions]


def _maker(production: Production) -> tuple[str, Maker | None]:
    spliced = [n for n, symbol in enumerate(production.symbols) if symbol.startswith("_")]
    if production.origin.startswith("_"):
        return "", _splicer(spliced)
    if production.single and len(production.symbols) == 1 and production.name == production.origin:
        return "", None
    name = production.name + ("_" if iskeyword(production.name) else "")
    return name, _splicer(spliced) if spliced else None


def _splicer(spliced: list[int]) -> Callable[[list[Any]], list[Any]]:
    """Joins the lists at the positions `spliced` with their neighbours; a list in front grows in place."""
    if not spliced:
        return list
    if spliced == [0]:
        return _extend_first
    return lambda children: _flatten(children, spliced)


def _extend_first(children: list[Any]) -> list[Any]:
    first: list[Any] = children[0]
    first += children[1:]
    return first


def _flatten(children: list[Any], spliced: list[int]) -> list[Any]:
    grown: list[Any] = children[0] if spliced[0] == 0 else [children[0]]
    for n, child in enumerate(children[1:], 1):
        if n in spliced:
            grown += child
        else:
            grown.append(child)
    return grown


class Machine:
    """The state of one parse. `states` has one entry more than `values`."""

    __slots__ = ("_accepting", "_actions", "_reductions", "_soft", "start", "states", "values")

    def __init__(self, start: str, bound: list[Reduction]) -> None:
        self.start = start
        first, self._accepting = load().starts[start]
        self.states = [first]
        self.values: list[Any] = []
        self._actions, self._soft = load().actions, load().soft
        self._reductions = bound

    def feed(self, token: Token) -> bool:
        """Take one token; False, with the token not taken, where it cannot stand."""
        return self.feed_all((token,))

    def feed_all(self, tokens: Iterable[Token]) -> bool:
        """Take tokens; False, with the rest not taken, at the first that cannot stand."""
        states, values, actions, soft = self.states, self.values, self._actions, self._soft
        reductions = self._reductions
        for token in tokens:
            kind = token[0]
            if kind == "NAME" and token[1] in soft:
                token = self.resolved(token)
                kind = token[0]
            while True:
                action = actions[states[-1]].get(kind)
                if action is None:
                    return kind == END_OF_INPUT and states[-1] == self._accepting
                if action >= 0:
                    states.append(action)
                    values.append(token)
                    break
                count, origin, make = reductions[-1 - action]
                if make is None:
                    states[-1] = actions[states[-2]][origin]
                    continue
                if count:
                    children = values[-count:]
                    del values[-count:], states[-count:]
                else:
                    children = []
                values.append(make(children))
                states.append(actions[states[-1]][origin])
        return True

    def resolved(self, token: Token, states: list[int] | None = None) -> Token:
        """A soft word as the keyword that it is here, now or in these states; any other token as it is."""
        kind = self._soft.get(token.text) if token.kind == "NAME" else None
        if kind is None or self.trial(kind, (self.states if states is None else states)[:]) is None:
            return token
        return token._replace(kind=kind)

    def cut(self, height: int) -> list[Any]:
        """Drop what was read since the stack had `height` values, and return it."""
        dropped = self.values[height:]
        del self.values[height:], self.states[height + 1 :]
        return dropped

    def accepts(self, kind: str, height: int | None = None) -> bool:
        """Whether a token of this kind could come next, or could have when the stack had `height` values."""
        return self.trial(kind, self.states_at(height)) is not None

    def states_at(self, height: int | None = None) -> list[int]:
        """A copy of the states, now or when the stack had `height` values."""
        return self.states[:] if height is None else self.states[: height + 1]

    def trial(self, kind: str, states: list[int]) -> list[int] | None:
        """The states after one more token, None where it cannot stand. No value is made; `states` is used up."""
        actions, productions = self._actions, load().productions
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                return states if kind == END_OF_INPUT and states[-1] == self._accepting else None
            if action >= 0:
                states.append(action)
                return states
            production = productions[-1 - action]
            if production.symbols:
                del states[-len(production.symbols) :]
            states.append(actions[states[-1]][production.origin])
