"""Which rules may hear of a change: an index, so that not every change is held against every rule."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from rulelang.catalog.model import Catalogue, Derivation
from rulelang.lint.doing import ANYTHING, Write, equalities, sets_off, tells
from rulelang.plan import model
from rulelang.types.schema import Schema

_TAGS = {Derivation.TAG_ADDED: "tag_added", Derivation.TAG_REMOVED: "tag_removed"}
_KINDS = ("field", "tag_added", "tag_removed", "stage")
_LIVES = ("rule.entered", "rule.completed", "rule.exited", "rule.goal_reached")


class Listeners:
    """Rules by what they listen to."""

    def __init__(self, plans: Sequence[model.Plan], catalogue: Catalogue, schema: Schema) -> None:
        self._catalogue = catalogue
        self._schema = schema
        self._places = {plan.key: place for place, plan in enumerate(plans)}
        self._found: dict[tuple[Hashable, ...], list[model.Plan]] = {}
        for plan in plans:
            for key in dict.fromkeys(self._keys(plan)):
                self._found.setdefault(key, []).append(plan)

    def of(self, write: Write) -> list[model.Plan]:
        """The rules that a change may start, in their order."""
        heard = {plan.key: plan for key in _asked(write) for plan in self._found.get(key, ())}
        starts = [p for p in heard.values() if sets_off(write, p, self._catalogue, self._schema)]
        return sorted(starts, key=lambda plan: self._places[plan.key])

    def following(self, plan: model.Plan) -> list[model.Plan]:
        """The rules that a run of a plan may start by beginning or ending, in their order."""
        return [other for other in self._found.get(("run", plan.key), ()) if tells(plan, other)]

    def _keys(self, plan: model.Plan) -> Iterator[tuple[Hashable, ...]]:
        yield ("start", plan.key)
        if plan.begins is not None:
            yield from ((kind, ANYTHING) for kind in _KINDS)
        for trigger in plan.triggers:
            if trigger.trigger in self._catalogue.triggers:
                yield from self._heard(trigger)

    def _heard(self, trigger: model.TriggerPlan) -> Iterator[tuple[Hashable, ...]]:
        declaration = self._catalogue.triggers[trigger.trigger]
        said = {get.p[1:]: value for get, value in equalities(trigger.when) if get.p[0] == "event"}
        match declaration.derivation:
            case Derivation.FIELD:
                yield "field", declaration.field or _hashable(said.get(("field",), ANYTHING))
            case Derivation.TAG_ADDED | Derivation.TAG_REMOVED as derivation:
                yield _TAGS[derivation], _hashable(said.get(("tag",), ANYTHING))
            case Derivation.NONE if trigger.trigger in _LIVES:
                yield "run", _hashable(said.get(("rule",), ANYTHING))
            case Derivation.NONE if not trigger.trigger.startswith("segment."):
                return
            case _:
                yield from ((kind, ANYTHING) for kind in _KINDS)


def _hashable(value: object) -> Hashable:
    return value if isinstance(value, str) else ANYTHING


def _asked(write: Write) -> tuple[tuple[Hashable, ...], ...]:
    if write.kind == "start":
        return (("start", write.name),)
    return ((write.kind, write.name), (write.kind, ANYTHING))
