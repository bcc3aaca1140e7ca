"""The way that a run took through a rule, from what its journal tells of single steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rulelang.picture.model import Arm, Fork, Item, Loop, Mark, Node, Picture, Shape


def marks(picture: Picture, told: Mapping[str, Mark], over: bool) -> dict[str, Mark]:
    """What became of each step and each arm, by id.

    `told` are the steps that the journal speaks of. Steps in front of one of those were passed: what leaves a trace
    and left none was skipped. When the run is `over`, what it did not get to was skipped too.
    """
    found: dict[str, Mark] = {}
    for items in (picture.items, picture.on_exit):
        _sequence(items, told, over, found)
    return found


def _sequence(items: Sequence[Item], told: Mapping[str, Mark], left: bool, found: dict[str, Mark]) -> None:
    """Mark items below each other; `left` says that the run is past them all."""
    touched = [n for n, item in enumerate(items) if _touched(item, told)]
    last = touched[-1] if touched else -1
    for number, item in enumerate(items):
        if number in touched:
            _mark(item, told, left or number < last, found)
        elif number < last or left:
            _pass_by(item, found, walked=number < last)


def _mark(item: Item, told: Mapping[str, Mark], left: bool, found: dict[str, Mark]) -> None:
    match item:
        case Node(id):
            found[id] = told[id]
        case Loop(head, items):
            found[head.id] = told.get(head.id, Mark.DONE)
            _sequence(items, told, left, found)
        case Fork(head, arms):
            found[head.id] = told.get(head.id, Mark.DONE)
            if head.shape is Shape.PARALLEL:
                _side_by_side(arms, told, left, found)
                return
            chosen = [arm for arm in arms if _touched_arm(arm, told)]
            if not chosen and left:
                chosen = _without_trace(arms)
            for arm in arms:
                if arm in chosen:
                    found.setdefault(arm.id, Mark.DONE)
                    _sequence(arm.items, told, left, found)
                elif chosen or left:
                    _skip(arm, found)


def _side_by_side(arms: Sequence[Arm], told: Mapping[str, Mark], left: bool, found: dict[str, Mark]) -> None:
    """All of these are walked, by runs of their own: of steps that their journals do not tell nothing is said."""
    for arm in arms:
        found.setdefault(arm.id, Mark.DONE)
        if _touched_arm(arm, told):
            _sequence(arm.items, told, left, found)


def _without_trace(arms: Sequence[Arm]) -> list[Arm]:
    """The arm that a run took if it took one of which the journal says nothing; none when it may be any of several."""
    quiet = [arm for arm in arms if all(isinstance(i, Node) and i.shape in _SILENT for i in arm.items)]
    return quiet if len(quiet) == 1 else []


def _skip(arm: Arm, found: dict[str, Mark]) -> None:
    found.setdefault(arm.id, Mark.SKIPPED)
    for item in arm.items:
        _pass_by(item, found, walked=False)


def _pass_by(item: Item, found: dict[str, Mark], walked: bool) -> None:
    """Mark an item that the journal does not speak of, in front of others that it does, or never reached."""
    match item:
        case Node(id, shape):
            found[id] = Mark.DONE if walked and shape in _SILENT else Mark.SKIPPED
        case Loop(head, items):
            found[head.id] = Mark.DONE if walked else Mark.SKIPPED
            for inner in items:
                _pass_by(inner, found, walked=False)
        case Fork(Node(shape=Shape.PARALLEL) as head, arms) if walked:
            found[head.id] = Mark.DONE
            _side_by_side(arms, {}, True, found)
        case Fork(head, arms):
            found[head.id] = Mark.DONE if walked else Mark.SKIPPED
            taken = _without_trace(arms) if walked else []
            for arm in arms:
                if arm in taken:
                    found[arm.id] = Mark.DONE
                    _sequence(arm.items, {}, True, found)
                else:
                    _skip(arm, found)


_SILENT = frozenset((Shape.LET, Shape.LABEL, Shape.GOAL, Shape.JUMP))
"""Nodes that leave no trace in the journal."""


def _touched(item: Item, told: Mapping[str, Mark]) -> bool:
    match item:
        case Node(id):
            return id in told
        case Loop(head, items):
            return head.id in told or any(_touched(inner, told) for inner in items)
        case Fork(head, arms):
            return head.id in told or any(_touched_arm(arm, told) for arm in arms)


def _touched_arm(arm: Arm, told: Mapping[str, Mark]) -> bool:
    return arm.id in told or any(_touched(item, told) for item in arm.items)


def told_by(entries: Iterable[tuple[str, str, str]]) -> dict[str, Mark]:
    """What journals tell of the steps of a run, from entries as (run, kind, step) in order.

    Branches beside each other are walked by runs of their own, whose entries may be among them.
    """
    by_run: dict[str, list[tuple[str, str]]] = {}
    for run, kind, step in entries:
        by_run.setdefault(run, []).append((kind, step))
    found: dict[str, Mark] = {}
    for own in by_run.values():
        found |= _told_by_one(own)
    return found


def _told_by_one(entries: Iterable[tuple[str, str]]) -> dict[str, Mark]:
    found: dict[str, Mark] = {}
    for kind, step in entries:
        for other, mark in found.items():
            if mark is Mark.WAITING and other != step and kind in _GOES_ON:
                found[other] = Mark.DONE
        if step and kind in _MEANS:
            found[step] = _MEANS[kind]
        if step and kind == "completed":
            # The last step, which a `stop` tells by this entry alone; a wait that a goal cut short is not done.
            found[step] = Mark.SKIPPED if found.get(step) is Mark.WAITING else found.get(step, Mark.DONE)
        if kind == "exited":
            found |= {other: Mark.SKIPPED for other, mark in found.items() if mark is Mark.WAITING}
    return found


_MEANS = {
    "action": Mark.DONE,
    "resumed": Mark.DONE,
    "waiting": Mark.WAITING,
    "suppressed": Mark.SKIPPED,
    "not_matched": Mark.SKIPPED,
    "failed": Mark.FAILED,
}
_GOES_ON = frozenset(("action", "waiting", "suppressed", "not_matched", "completed", "resumed"))
