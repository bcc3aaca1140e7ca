"""Conditions that can never hold: contradictions between their parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rulelang.plan.ir import Get, Ir, Lit, Op, conjuncts

_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


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


def _contradiction(parts: Iterable[Ir]) -> bool:
    facts: dict[tuple[str, ...], _Facts] = {}
    for part in parts:
        if isinstance(part, Op) and part.n == "or" and all(_contradiction(conjuncts(arm)) for arm in part.a):
            return True
        _note(part, facts)
    return any(fact.impossible() for fact in facts.values())


def always_holds(when: Ir | None) -> bool:
    """Whether a condition is an `or` of a comparison and its exact opposite."""
    if not isinstance(when, Op) or when.n != "or":
        return False
    facts: dict[tuple[str, ...], _Facts] = {}
    for arm in when.a:
        opposite = _opposite(arm)
        if opposite is None:
            return False
        _note(opposite, facts)
    return any(fact.impossible() for fact in facts.values())


def _opposite(part: Ir) -> Ir | None:
    match part:
        case Op("eq", args):
            return Op("ne", args)
        case Op("ne", args):
            return Op("eq", args)
        case Op("not", (inner,)):
            return inner
        case Op("is_set", _):
            return Op("not", (part,))
    return None


def _note(part: Ir, facts: dict[tuple[str, ...], _Facts]) -> None:
    match part:
        case Op(name, (Get(path), Lit(value))) if name in _FLIPPED and not isinstance(value, list):
            _compare(facts.setdefault(path, _Facts()), name, value)
        case Op(name, (Lit(value), Get(path))) if name in _FLIPPED and not isinstance(value, list):
            _compare(facts.setdefault(path, _Facts()), _FLIPPED[name], value)
        case Op("in", (Get(path), Lit(list() as values))):
            facts.setdefault(path, _Facts()).among.append(frozenset(values))
        case Op("in", (Get(path), Op("list", items))) if all(isinstance(i, Lit) for i in items):
            allowed = frozenset(i.v for i in items if isinstance(i, Lit) and not isinstance(i.v, list))
            facts.setdefault(path, _Facts()).among.append(allowed)
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
