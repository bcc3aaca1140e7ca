"""Declarations: the one place that says what a trigger, an action or a function is.

The checker, completion, the reference pages, `simulate`, validation of incoming events, the matcher and the
contract tests all read these values; adding a trigger or an action touches one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rulelang.types.model import Kind, Type

JSON = Any
"""A JSON value as Python holds it: dict, list, str, int, float, bool or None."""


@dataclass(frozen=True, slots=True)
class Param:
    """A slot of a phrase, `{name}`, or an argument in parentheses.

    `required` slots must be filled. `choices` closes the set of words a slot takes (`mark opt_out(email)`).
    `positional` arguments may be given without their name. `role` tells the checker which names the value may
    have beyond its type: `stage`, `pipeline` (by name or key, planned as the key), `tag`, `field`,
    `field_value` (a value of the field that the slot `field` names), `rule`, `template`, `recipient`,
    `person_or_team`, `event`, `url`, `phrase` (that of another trigger), `segment`, or "" for a plain typed value.
    `kinds` lists what a generic parameter (type ANY) accepts. `subject` is the kind of record that a stage, pipeline
    or segment belongs to, "" for the rule's.
    """

    name: str
    type: Type
    doc: str
    required: bool = True
    positional: bool = True
    choices: tuple[str, ...] = ()
    role: str = ""
    default: JSON = None
    kinds: tuple[Kind, ...] = ()
    subject: str = ""


class Derivation(StrEnum):
    """Which change of a subject makes a trigger's event, when the event does not arrive from outside.

    An arriving event stands for itself: no second event of its type is derived from what it changes. The data
    of a derived event: CREATED `source tags fields`; UPDATED `changes`; FIELD (of the declaration's `field`, or
    of any field when that is "") `field before after`, and the values again under `value_key` and
    `previous_<value_key>`; TAG_* `tag tags_after`; STAGE_* `pipeline` (its key) `stage previous_stage
    entered_at`, `next_stage exited_at seconds_in_stage`, `before after`; DND (do not contact and opt-outs)
    `enabled scope channels direction`. It is completed with fields of the subject that the payload names.
    """

    NONE = "none"
    CREATED = "created"
    UPDATED = "updated"
    FIELD = "field"
    TAG_ADDED = "tag_added"
    TAG_REMOVED = "tag_removed"
    STAGE_ENTERED = "stage_entered"
    STAGE_EXITED = "stage_exited"
    SEGMENT_ENTERED = "segment_entered"
    SEGMENT_LEFT = "segment_left"
    DND = "dnd"


class Effect(StrEnum):
    """What an arriving event does to its subject before rules are matched.

    FIELDS takes `changes`, `data.fields` and what else of the payload names a field; SET sets the declaration's
    `field` from `data[value_key]`, FLAG sets it to true; DND sets `dnc` to `enabled` when the `scope` is `all`,
    else the opt-outs of the `channels`.
    """

    NONE = "none"
    FIELDS = "fields"
    SET = "set"
    FLAG = "flag"
    ADD_TAG = "add_tag"
    REMOVE_TAG = "remove_tag"
    MOVE_STAGE = "move_stage"
    ENTER_SEGMENT = "enter_segment"
    LEAVE_SEGMENT = "leave_segment"
    DND = "dnd"


@dataclass(frozen=True, slots=True)
class Filter:
    """How a filled slot of a trigger's phrase narrows it: payload `path` `op` the slot's value.

    `op` is an operator of the plan's expressions (`eq`, `contains`, `ge` …), with `not ` in front its negation.
    """

    slot: str
    path: tuple[str, ...]
    op: str = "eq"


@dataclass(frozen=True, slots=True)
class Clock:
    """Says that a trigger's event comes of time: the machine makes it when its moment has come.

    `source` names the way in which the moment is found (`runtime.moments`): `yearly`, `date`, `task`, `idle`, `cart`,
    `schedule`.
    `params` are what it needs, with the values that hold where the phrase has no slot of the same name, or leaves
    it out; their values in a rule are literals, and the event carries them, so that each rule hears its own
    moments only. A slot `side` (`before`, `after`) is the sign of `offset`.
    """

    source: str
    params: Mapping[str, JSON]

    def takes(self, slot: str) -> bool:
        """Whether a slot of this name says when, and is no condition on the event."""
        return slot in self.params or slot == "side"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger.

    `phrase` is words and `{slots}`, optional parts in `[ ]`: `stage enter {stage} [from {previous}]`.
    `event` is the canonical event type; `payload` its typed data; `where` fixed conditions on the payload
    (`{"platform": "facebook"}`), `unless` values of it that never set it off. `subjects` are the kinds it can fire for.
    `rows` are its numbers in the product catalogue.
    `sample` is a valid event `data`. `example` is a whole rule that checks and simulates.
    `clock` is set when the event is not sent by anybody but comes of time.
    """

    name: str
    phrase: str
    event: str
    subjects: tuple[str, ...]
    payload: Mapping[str, Type]
    summary: str
    doc: str
    example: str
    sample: Mapping[str, JSON]
    rows: tuple[int, ...] = ()
    slots: tuple[Param, ...] = ()
    filters: tuple[Filter, ...] = ()
    where: Mapping[str, JSON] = field(default_factory=dict)
    unless: Mapping[str, JSON] = field(default_factory=dict)
    derivation: Derivation = Derivation.NONE
    effect: Effect = Effect.NONE
    field: str = ""
    value_key: str = ""
    clock: Clock | None = None


class Names(StrEnum):
    """What may stand behind `with` beside an action's `named` parameters (`with total = 5, plan = plan`)."""

    NOTHING = ""
    ANYTHING = "anything"
    """names of the author's choice, with values of any type: the members of an object"""
    SUBJECT = "subject"
    """fields of the rule's subject"""
    CONTACT = "contact"
    ACCOUNT = "account"
    OPPORTUNITY = "opportunity"
    """fields of a record of this kind"""


class Performs(StrEnum):
    """Where an action's work happens: in the machine (a change of the subject) or outside (an effect)."""

    LOCAL = "local"
    EFFECT = "effect"


@dataclass(frozen=True, slots=True)
class Action:
    """One action: phrase, typed parameters, documentation, and where its work happens.

    The implementation is registered by `name` in the runtime's `ActionRegistry`; this value is pure.
    `variants` of one verb (template, hyper) are separate actions with separate phrases. `channel` is the
    consent channel (`email`, `sms`, `call`) that must allow it, or "". `idempotent` says that repeating an
    attempt whose outcome is unknown does no harm. `uses_event` says that the implementation reads the event
    that started the run, so that it is kept. `rows` are catalogue numbers such as `A8`. `named` are parameters
    given behind `with`, `names` says what else may be named there, which the implementation finds in its argument
    `with`, and `needs_names` that something must be.
    """

    name: str
    phrase: str
    performs: Performs
    summary: str
    doc: str
    example: str
    rows: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    subjects: tuple[str, ...] = ("contact", "account", "opportunity")
    channel: str = ""
    idempotent: bool = False
    uses_event: bool = False
    named: tuple[Param, ...] = ()
    names: Names = Names.NOTHING
    needs_names: bool = False

    @property
    def takes_with(self) -> bool:
        """Whether `with` may stand behind it (rules that are started take what they declare)."""
        return bool(self.named) or self.names is not Names.NOTHING


class Generic(StrEnum):
    """How the result type of a function follows from its arguments."""

    NO = "no"
    """it is the declared `result`"""
    SAME = "same"
    """all arguments whose parameter is of type ANY share one type, and that is the result's"""
    ITEM = "item"
    """it is the type of the items of the first argument, a list"""


@dataclass(frozen=True, slots=True)
class Function:
    """A pure function of expressions. `op` is its operator in the plan; `result` its type (see `Generic`).

    `variadic` functions take the last parameter one or more times. Arguments are given by position.
    """

    name: str
    params: tuple[Param, ...]
    result: Type
    op: str
    summary: str
    example: str
    variadic: bool = False
    generic: Generic = Generic.NO


@dataclass(frozen=True)
class Catalogue:
    """All declarations, by name, in the order declared. Built once and passed in; nothing is global."""

    triggers: Mapping[str, Trigger]
    actions: Mapping[str, Action]
    functions: Mapping[str, Function]
