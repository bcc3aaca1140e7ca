"""What follows from conditions: which can never hold, which always do, and which imply which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts

_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_INVERSE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
_MOST = 256
"""Ways in which several `or` may come true together that are looked at; beyond them nothing is said."""


@dataclass
class _Facts:
    """What the parts of a condition say about one path."""

    equal: list[Any] = field(default_factory=list)
    unequal: list[Any] = field(default_factory=list)
    among: list[frozenset[Any]] = field(default_factory=list)
    low: Any = None
    low_open: bool = False
    high: Any = None
    high_open: bool = False
    is_set: bool = False
    is_missing: bool = False

    def impossible(self) -> bool:
        """Whether no value can be as all parts say."""
        if self.is_missing and (
            self.is_set or self.equal or self.among or self.low is not None or self.high is not None
        ):
            return True
        if self.low is not None and self.high is not None and _apart(self):
            return True
        allowed = set.intersection(*map(set, self.among)) if self.among else None
        wanted = set(self.equal)
        if allowed is not None:
            wanted = wanted & allowed if self.equal else allowed
        if len(set(self.equal)) > 1 or ((self.equal or allowed is not None) and not wanted):
            return True
        return bool(wanted) and all(value in self.unequal or not _within(self, value) for value in wanted)


def never_holds(when: Ir | None) -> bool:
    """Whether the parts of a condition contradict each other, whatever the data holds."""
    return _contradiction(conjuncts(when))


def always_holds(when: Ir | None) -> bool:
    """Whether a condition is an `or` whose arms leave nothing out."""
    return isinstance(when, Op) and when.n == "or" and implied((), when)


def implied(given: Iterable[Ir], when: Ir) -> bool:
    """Whether a condition holds whenever all of `given` do, as far as constants tell.

    A part follows when its opposite contradicts what is given. The opposite of `x < 5` is `x >= 5` or a missing
    `x`, for comparisons with a missing value are false.
    """
    known = tuple(given)
    return all(_follows(known, part) for part in conjuncts(when))


def _follows(known: tuple[Ir, ...], part: Ir) -> bool:
    arms = part.a if isinstance(part, Op) and part.n == "or" else (part,)
    if any(len(conjuncts(arm)) != 1 for arm in arms):
        return any(implied(known, arm) for arm in arms)
    ways = [_opposites(arm) for arm in arms]
    if prod(map(len, ways)) > _MOST:
        return False
    return all(_contradiction((*known, *way)) for way in product(*ways))


def _opposites(part: Ir) -> Sequence[Ir]:
    """The ways in which a part may fail to hold, one of which is the case then."""
    match part:
        case Op("eq", args):
            return (Op("ne", args),)
        case Op("ne", args):
            return (Op("eq", args),)
        case Op("not", (inner,)):
            return (inner,)
        case Op(name, (Get() as get, Lit()) as args) if name in _INVERSE:
            return Op(_INVERSE[name], args), Op("not", (Op("is_set", (get,)),))
        case Op("between", (Get() as get, low, high)):
            return Op("lt", (get, low)), Op("gt", (get, high)), Op("not", (Op("is_set", (get,)),))
    return (Op("not", (part,)),)


def _contradiction(parts: Iterable[Ir]) -> bool:
    certain: list[Ir] = []
    choices: list[Ir] = []
    for part in parts:
        (choices if isinstance(part, Op) and part.n == "or" else certain).append(part)
    if not choices:
        return _clash(certain)
    ways = [[conjuncts(arm) for arm in choice.a] for choice in choices if isinstance(choice, Op)]
    if prod(map(len, ways)) > _MOST:
        return _clash(certain)
    return all(_contradiction((*certain, *(part for arm in way for part in arm))) for way in product(*ways))


def _clash(parts: Sequence[Ir]) -> bool:
    """Whether parts without `or` contradict each other."""
    if any(isinstance(p, Op) and p.n == "not" and p.a[0] in parts for p in parts):
        return True
    facts: dict[tuple[str, ...], _Facts] = {}
    for part in parts:
        _note(part, facts)
    return any(fact.impossible() for fact in facts.values())


def _note(part: Ir, facts: dict[tuple[str, ...], _Facts]) -> None:
    match part:
        case Op(name, (Get(path), Lit(value))) if name in _FLIPPED and not isinstance(value, list):
            _compare(facts.setdefault(path, _Facts()), name, value)
        case Op(name, (Lit(value), Get(path))) if name in _FLIPPED and not isinstance(value, list):
            _compare(facts.setdefault(path, _Facts()), _FLIPPED[name], value)
        case Op("in", (Get(path), choices)) if (values := _constants(choices)) is not None:
            facts.setdefault(path, _Facts()).among.append(values)
        case Op("not", (Op("in", (Get(path), choices)),)) if (values := _constants(choices)) is not None:
            facts.setdefault(path, _Facts()).unequal += values
        case Op("not", (Op("eq", (Get(path), Lit(value))),)) if not isinstance(value, list):
            facts.setdefault(path, _Facts()).unequal.append(value)
        case Op("between", (Get(path), Lit(low), Lit(high))):
            _compare(facts.setdefault(path, _Facts()), "ge", low)
            _compare(facts.setdefault(path, _Facts()), "le", high)
        case Op("is_set", (Get(path),)):
            facts.setdefault(path, _Facts()).is_set = True
        case Op("not", (Op("is_set", (Get(path),)),)):
            facts.setdefault(path, _Facts()).is_missing = True
        case Get(path):
            facts.setdefault(path, _Facts()).equal.append(True)
        case Op("not", (Get(path),)):
            facts.setdefault(path, _Facts()).unequal.append(True)


def _constants(choices: Ir) -> frozenset[Any] | None:
    """The values of a list of constants; None when it is none."""
    match choices:
        case Lit(list() as values):
            return frozenset(values)
        case Op("list", items) if all(isinstance(i, Lit) and not isinstance(i.v, list) for i in items):
            return frozenset(i.v for i in items if isinstance(i, Lit) and not isinstance(i.v, list))
    return None


def _compare(fact: _Facts, name: str, value: Any) -> None:
    match name:
        case "eq":
            fact.equal.append(value)
        case "ne":
            fact.unequal.append(value)
        case "gt" | "ge":
            if fact.low is None or _less(fact.low, value) or (fact.low == value and name == "gt"):
                fact.low, fact.low_open = value, name == "gt"
        case "lt" | "le":
            if fact.high is None or _less(value, fact.high) or (fact.high == value and name == "lt"):
                fact.high, fact.high_open = value, name == "lt"


def _apart(fact: _Facts) -> bool:
    return _less(fact.high, fact.low) or (fact.low == fact.high and (fact.low_open or fact.high_open))


def _within(fact: _Facts, value: Any) -> bool:
    if fact.low is not None and (_less(value, fact.low) or (value == fact.low and fact.low_open)):
        return False
    return not (
        fact.high is not None and (_less(fact.high, value) or (value == fact.high and fact.high_open))
    )


def _less(left: Any, right: Any) -> bool:
    try:
        return bool(left < right)
    except TypeError:
        return False
