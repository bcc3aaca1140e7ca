"""A rule as a series-parallel picture: what stands below each other, what beside each other, and what repeats."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias


class Shape(StrEnum):
    """What a node of the picture is."""

    START = "start"
    ACTION = "action"
    WAIT = "wait"
    DECISION = "decision"
    LOOP = "loop"
    PARALLEL = "parallel"
    LET = "let"
    GOAL = "goal"
    LABEL = "label"
    JUMP = "jump"
    STOP = "stop"
    END = "end"


class Mark(StrEnum):
    """What became of a step in a run."""

    DONE = "done"
    WAITING = "waiting"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Node:
    """A step. `id` is its path in the plan, "" for beginning and end; `span` its place in the plan's text."""

    id: str
    shape: Shape
    title: str
    detail: str = ""
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One way out of a fork: `label` says when it is taken. `ends` when nothing comes after its steps."""

    id: str
    label: str
    items: tuple[Item, ...]
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Fork:
    """A node with ways beside each other that meet again."""

    head: Node
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A node whose steps are repeated."""

    head: Node
    items: tuple[Item, ...]


Item: TypeAlias = Node | Fork | Loop


@dataclass(frozen=True, slots=True)
class Picture:
    """One rule: `start` tells its triggers and conditions; `on_exit` are the steps when a run is ended early."""

    rule: str
    start: Node
    items: tuple[Item, ...]
    end: Node
    on_exit: tuple[Item, ...] = field(default=())


def without_places(picture: Picture) -> Picture:
    """The same picture of a version that is no longer the text at hand: no step says where it stands."""

    def bare(node: Node) -> Node:
        return replace(node, span=None)

    def each(item: Item) -> Item:
        match item:
            case Node():
                return bare(item)
            case Loop(head, items):
                return Loop(bare(head), tuple(map(each, items)))
            case Fork(head, arms):
                return Fork(bare(head), tuple(replace(a, items=tuple(map(each, a.items))) for a in arms))

    return replace(
        picture,
        start=bare(picture.start),
        items=tuple(map(each, picture.items)),
        on_exit=tuple(map(each, picture.on_exit)),
    )
