"""The functions of expressions. What each operator computes is in docs/plan-format.md ("Functions")."""

from __future__ import annotations

from rulelang.catalog.model import Function, Generic, Param
from rulelang.types.model import (
    ANY,
    BOOL,
    DATE,
    DATETIME,
    DURATION,
    NUMBER,
    TEXT,
    TEXT_LIST,
    TIME,
    Kind,
    Type,
)

WEEKDAY = Type(
    Kind.ENUM,
    name="weekday",
    values=("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)
"""The days of the week, Monday first as in ISO 8601."""

_ANY_LIST = Type(Kind.LIST, item=ANY)
_NUMERIC = (Kind.NUMBER, Kind.MONEY, Kind.PERCENT)
_ORDERED = (*_NUMERIC, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.TEXT)


def _text(name: str = "text", doc: str = "the text") -> Param:
    return Param(name, TEXT, doc)


def _date(name: str = "date", doc: str = "a date, or an instant whose local date counts") -> Param:
    return Param(name, DATE, doc)


_INSTANT = Param("instant", DATETIME, "an instant")
_LIST = Param("list", _ANY_LIST, "a list")
_NUMBER = Param("value", ANY, "a number, an amount of money or a percentage", kinds=_NUMERIC)


def _function(
    name: str,
    params: tuple[Param, ...],
    result: Type,
    summary: str,
    example: str,
    *,
    variadic: bool = False,
    generic: Generic = Generic.NO,
) -> Function:
    # `split` is kept for later versions of the language.
    op = "fn.split" if name == "parts" else f"fn.{name}"
    return Function(name, params, result, op, summary, example, variadic, generic)


def _same(
    name: str, params: tuple[Param, ...], summary: str, example: str, variadic: bool = False
) -> Function:
    return _function(name, params, ANY, summary, example, variadic=variadic, generic=Generic.SAME)


def _texts() -> tuple[Function, ...]:
    separator = Param("separator", TEXT, "what stands between the parts", required=False, default=", ")
    return (
        _function("lower", (_text(),), TEXT, "the text in lower case", 'lower(email) = "ana@acme.test"'),
        _function("upper", (_text(),), TEXT, "the text in capital letters", 'upper(country) = "DE"'),
        _function("trim", (_text(),), TEXT, "the text without white space around it", 'trim(city) = "Bonn"'),
        _function("length", (_text(),), NUMBER, "how many characters the text has", "length(phone) > 5"),
        _function(
            "replace",
            (_text(), _text("old", "what to look for"), _text("new", "what to put there")),
            TEXT,
            "the text with every `old` replaced by `new`",
            'replace(phone, " ", "") starts with "+49"',
        ),
        _function(
            "parts",
            (_text(), _text("separator", "what stands between the parts")),
            TEXT_LIST,
            "the parts of the text, trimmed, without empty ones",
            'parts(company, ",") contains "Acme"',
        ),
        _function(
            "join",
            (_LIST, separator),
            TEXT,
            "the items as one text; missing ones are left out",
            'join([first_name, last_name], " ") = "Ana Ruiz"',
        ),
        _function(
            "text",
            (Param("value", ANY, "any value"),),
            TEXT,
            "the value as people write it",
            'text(score) ends with "0"',
        ),
        _function(
            "number",
            (_text(),),
            NUMBER,
            "the number that the text holds, or missing",
            "number(postal_code) > 50000",
        ),
        _function(
            "domain",
            (_text("email", "an e-mail address"),),
            TEXT,
            "what follows the `@`, in lower case",
            'domain(email) = "acme.test"',
        ),
    )


def _numbers() -> tuple[Function, ...]:
    digits = Param("digits", NUMBER, "how many digits after the point", required=False, default=0)
    ordered = Param("values", ANY, "values of one type", kinds=_ORDERED)
    anything = Param("values", ANY, "values of one type")
    first = Param("value", ANY, "a value", kinds=_ORDERED)
    return (
        _same("round", (_NUMBER, digits), "rounded half away from zero", "round(score / 10) >= 8"),
        _same("floor", (_NUMBER,), "the next whole number down", "floor(score / 10) = 7"),
        _same("ceil", (_NUMBER,), "the next whole number up", "ceil(score / 10) = 8"),
        _same("abs", (_NUMBER,), "the value without its sign", "abs(score - 50) < 10"),
        _same(
            "min",
            (first, ordered),
            "the least of the values that are not missing",
            "min(score, 100) > 80",
            True,
        ),
        _same(
            "max",
            (first, ordered),
            "the greatest of the values that are not missing",
            "max(score, 0) = 0",
            True,
        ),
        _same(
            "coalesce", (anything,), "the first value that is not missing", "coalesce(score, 0) < 50", True
        ),
        _function("count", (_LIST,), NUMBER, "how many items the list has", "count(tags) > 2"),
        _function(
            "first",
            (_LIST,),
            ANY,
            "the first item of the list",
            'first(tags) = "vip"',
            generic=Generic.ITEM,
        ),
        _function(
            "last", (_LIST,), ANY, "the last item of the list", 'last(tags) = "vip"', generic=Generic.ITEM
        ),
    )


def _times() -> tuple[Function, ...]:
    days = "days_between(created_at, updated_at) > 30"
    return (
        _function("date", (_INSTANT,), DATE, "the date in the subject's zone", "date(created_at) = today"),
        _function(
            "time",
            (_INSTANT,),
            TIME,
            "the time of day in the subject's zone",
            "time(now) between 9:00 and 17:00",
        ),
        _function("year", (_date(),), NUMBER, "the year", "year(created_at) = 2026"),
        _function("month", (_date(),), NUMBER, "the month, 1 to 12", "month(birth_date) = month(today)"),
        _function("day", (_date(),), NUMBER, "the day of the month, 1 to 31", "day(today) = 1"),
        _function(
            "weekday", (_date(),), WEEKDAY, "the day of the week", "weekday(today) in [saturday, sunday]"
        ),
        _function("hour", (_INSTANT,), NUMBER, "the hour in the subject's zone, 0 to 23", "hour(now) < 12"),
        _function(
            "days_between",
            (_date("from", "the earlier date"), _date("to", "the later date")),
            NUMBER,
            "the whole days from the first date to the second",
            days,
        ),
        _function(
            "days_since", (_date(),), NUMBER, "how many days ago it was", "days_since(created_at) > 30"
        ),
        _function("days_until", (_date(),), NUMBER, "how many days are left", "days_until(birth_date) < 0"),
        _function(
            "hours_since", (_INSTANT,), NUMBER, "the whole hours since", "hours_since(updated_at) >= 48"
        ),
        _function("age", (_date(),), NUMBER, "the full years since the date", "age(birth_date) >= 18"),
        _function(
            "next_anniversary",
            (_date(),),
            DATE,
            "the next day, today included, with that day and month",
            "next_anniversary(birth_date) = today",
        ),
    )


def _business() -> tuple[Function, ...]:
    office = Param("calendar", TEXT, "a calendar of the workspace", role="calendar")
    length = Param("length", DURATION, "how much business time, in days, hours and minutes")
    return (
        _function("is_open", (office,), BOOL, "whether it is open now", 'is_open("Office")'),
        _function(
            "opens",
            (office,),
            DATETIME,
            "now when it is open, else when it opens next",
            'hours_since(opens("Office")) >= 0',
        ),
        _function(
            "business_time",
            (office, length),
            DATETIME,
            "the instant when so much business time from now has passed",
            'date(business_time("Office", 4h)) = today',
        ),
        _function(
            "business_days",
            (office, _date("from", "the earlier date"), _date("to", "the later date")),
            NUMBER,
            "the business days after the first date, up to the second",
            'business_days("Office", created_at, today) >= 3',
        ),
    )


def functions() -> tuple[Function, ...]:
    """All functions of the language, those on text first, then numbers and lists, then time, then business time."""
    return (*_texts(), *_numbers(), *_times(), *_business())
