"""Names that a run gives to values: `let`, `as` behind an event, and what a rule takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rulelang.source import Span
from rulelang.types.model import ANY, RECORD, Type


@dataclass(frozen=True, slots=True)
class Bound:
    """A value under a name: where it got the name, its type, and the members of a record (None: any)."""

    name: str
    span: Span
    type: Type
    members: Mapping[str, Type] | None = None

    @property
    def is_record(self) -> bool:
        """Whether it is an event's data or an action's result."""
        return self.type == RECORD


@dataclass
class Names:
    """The names of one run while its steps are checked, in the order in which they are made.

    `known` are those that an earlier step has given, `all` every one so far; `places` is where the rule gives
    each of its names. `running` is False for conditions that are tested before there is a run.
    """

    places: Mapping[str, Span] = field(default_factory=dict)
    running: bool = False
    known: dict[str, Bound] = field(default_factory=dict)
    all: dict[str, Bound] = field(default_factory=dict)

    def give(self, bound: Bound) -> bool:
        """Make a name known from here on; False when it has another type elsewhere in the rule."""
        earlier = self.all.get(bound.name)
        fits = earlier is None or earlier.type in (bound.type, ANY) or bound.type == ANY
        if earlier is not None:
            bound = _merged(earlier, bound) if fits else Bound(bound.name, bound.span, ANY)
        self.all[bound.name] = self.known[bound.name] = bound
        return fits

    def fork(self) -> Fork:
        """The point at which ways part."""
        return Fork(self, dict(self.known))


@dataclass
class Fork:
    """Ways of which a run takes one: names given on one are unknown on the others, and known behind all."""

    names: Names
    before: dict[str, Bound]
    behind: dict[str, Bound] = field(default_factory=dict)

    @contextmanager
    def way(self) -> Iterator[None]:
        """The steps of one way."""
        self.names.known = dict(self.before)
        yield
        self.behind.update(self.names.known)
        self.names.known = dict(self.before)

    def join(self) -> None:
        """The ways have come together."""
        self.names.known = {**self.before, **self.behind}

    def forget(self) -> None:
        """The ways have ended without the run that parted: what they named is gone."""
        self.names.known = self.before


def _merged(first: Bound, second: Bound) -> Bound:
    """One name for two events: it may have the members of either."""
    if ANY in (first.type, second.type) or first.members is None or second.members is None:
        return Bound(second.name, second.span, second.type if first.type == second.type else ANY)
    members = {**first.members, **second.members}
    for name, type_ in second.members.items():
        if first.members.get(name, type_) != type_:
            members[name] = ANY
    return Bound(second.name, second.span, second.type, members)
