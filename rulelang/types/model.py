"""The types of values that conditions and arguments have."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The family of a type. How each is stored as JSON is in docs/plan-format.md ("Values")."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"
    ENUM = "enum"
    STAGE = "stage"
    PERSON = "person"
    TEAM = "team"
    TAG = "tag"
    LIST = "list"
    RECORD = "record"
    NULL = "null"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Type:
    """A kind with what it needs to be checked.

    `values` are the members of an enum or the stages of a pipeline, `name` is what people call it ("status",
    "stage of Sales"), `currency` an ISO 4217 code or "" when any, `item` the type of a list's members.
    `format` narrows which text is taken in from outside (`email`, `country`, `currency`, see coerce.py), or only which
    is written in rules (`zone`);
    it does not count when types are compared.
    """

    kind: Kind
    name: str = ""
    values: tuple[str, ...] = ()
    currency: str = ""
    item: Type | None = None
    format: str = field(default="", compare=False)

    def __str__(self) -> str:
        """The type as a message names it."""
        match self.kind:
            case Kind.LIST if self.item is not None:
                return f"list of {self.item}"
            case Kind.MONEY if self.currency:
                return f"money in {self.currency}"
            case Kind.ENUM | Kind.STAGE if self.name:
                return self.name
            case Kind.BOOL:
                return "yes or no"
            case _:
                return str(self.kind.value)


TEXT = Type(Kind.TEXT)
EMAIL = Type(Kind.TEXT, format="email")
TIME_ZONE = Type(Kind.TEXT, format="zone")
NUMBER = Type(Kind.NUMBER)
MONEY = Type(Kind.MONEY)
PERCENT = Type(Kind.PERCENT)
BOOL = Type(Kind.BOOL)
DATE = Type(Kind.DATE)
DATETIME = Type(Kind.DATETIME)
TIME = Type(Kind.TIME)
DURATION = Type(Kind.DURATION)
PERSON = Type(Kind.PERSON)
TEAM = Type(Kind.TEAM)
TAG = Type(Kind.TAG)
TEXT_LIST = Type(Kind.LIST, item=TEXT)
TAG_LIST = Type(Kind.LIST, item=TAG)
RECORD = Type(Kind.RECORD)
NULL = Type(Kind.NULL)
ANY = Type(Kind.ANY)
