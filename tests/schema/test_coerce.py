"""Values from outside: one stored form, or a sentence about what is wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulelang.types import model as t
from rulelang.types.builtin import COUNTRY, CURRENCY, HEALTH
from rulelang.types.coerce import MAX_NUMBER, CoercionError, coerce, shown
from rulelang.types.model import Kind, Type

EUR = Type(Kind.MONEY, currency="EUR")
STAGES = Type(Kind.STAGE, name="stage of Sales", values=("MQL", "SQL", "Proposal Sent"))
LETTERS = Type(Kind.ENUM, name="letters", values=("a", "A"))
NUMBERS = Type(Kind.LIST, item=t.NUMBER)

TAKEN = [
    (t.TEXT, "Ana", "Ana"),
    (t.TEXT, "  kept  ", "  kept  "),
    (t.TEXT, "", ""),
    (t.TEXT, 12, "12"),
    (t.TEXT, 12.0, "12"),
    (t.TEXT, "Jose\u0301", "José"),
    (t.NUMBER, 80, 80),
    (t.NUMBER, 80.0, 80),
    (t.NUMBER, -0.0, 0),
    (t.NUMBER, " 2.50 ", 2.5),
    (t.NUMBER, "1e3", 1000),
    (t.NUMBER, ".5", 0.5),
    (t.NUMBER, "", None),
    (t.NUMBER, None, None),
    (t.MONEY, "$1200.50", 1200.5),
    (EUR, "20 eur", 20),
    (EUR, "€20", 20),
    (EUR, {"amount": "9.99", "currency": "EUR"}, 9.99),
    (EUR, 7, 7),
    (t.PERCENT, "50%", 50),
    (t.PERCENT, 12.5, 12.5),
    (t.BOOL, True, True),
    (t.BOOL, "Yes", True),
    (t.BOOL, "0", False),
    (t.BOOL, 1, True),
    (t.DATE, "2026-01-31", "2026-01-31"),
    (t.DATETIME, "2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00.000Z"),
    (t.DATETIME, "2026-01-31 09:00:00.1239Z", "2026-01-31T09:00:00.123Z"),
    (t.TIME, "9:05", "09:05"),
    (t.TIME, "17:30:00", "17:30"),
    (t.DURATION, "1d12h", "1d12h"),
    (t.DURATION, "2w", "14d"),
    (HEALTH, "Good", "good"),
    (STAGES, "proposal sent", "Proposal Sent"),
    (STAGES, "SQL", "SQL"),
    (LETTERS, "A", "A"),
    (Type(Kind.ENUM, name="status"), "anything", "anything"),
    (t.PERSON, " Ana.Ruiz@ACME.test ", "ana.ruiz@acme.test"),
    (t.EMAIL, "Jörg+x@Müller.test", "jörg+x@müller.test"),
    (t.EMAIL, "  ", None),
    (t.TEAM, " Sales ", "Sales"),
    (t.TAG, "vip", "vip"),
    (t.TAG_LIST, "vip; newsletter ;vip;;", ["vip", "newsletter"]),
    (t.TAG_LIST, "", []),
    (t.TEXT_LIST, ["a", None, "b", "a"], ["a", "b", "a"]),
    (NUMBERS, "1; 2.5", [1, 2.5]),
    (t.RECORD, {"a": [1.0, {"b": None}]}, {"a": [1, {"b": None}]}),
    (t.ANY, ["x", True, 1.5], ["x", True, 1.5]),
    (t.NULL, None, None),
    (COUNTRY, "de", "DE"),
    (COUNTRY, "Germany", "Germany"),
    (CURRENCY, "eur", "EUR"),
]

REFUSED = [
    (t.TEXT, True, "expected text, found `true`"),
    (t.TEXT, ["a"], "expected text, found a list"),
    (t.TEXT, "a\x00b", "expected text without NUL characters, found `a�b`"),
    (t.TEXT, "\ud800", "expected text of whole characters, found `?`; it holds half of a surrogate pair"),
    (t.TEXT, "é" * 32_769, f"expected text of at most 64 KiB, found `{'é' * 57}…`"),
    (t.NUMBER, "12 apples", "expected a number, found `12 apples`"),
    (t.NUMBER, True, "expected a number, found `true`"),
    (t.NUMBER, "١٢", "expected a number, found `١٢`"),
    (t.NUMBER, math.nan, "expected a number that is finite, found `nan`"),
    (t.NUMBER, "1e999", "expected a number that is finite, found `inf`"),
    (t.NUMBER, MAX_NUMBER, "expected a number below a thousand million million, found `1000000000000000`"),
    (t.NUMBER, 10**5000, "expected a number below a thousand million million, found a number of 16610 bits"),
    (t.BOOL, 10**5000, "expected yes or no, found a number of 16610 bits"),
    (EUR, "$20", "expected an amount in EUR, found `one in USD`"),
    (EUR, "20 XQX", "expected a currency code such as `EUR`, found `XQX`"),
    (EUR, "1.2.3", "expected an amount in EUR, found `1.2.3`"),
    (t.PERCENT, "half", "expected a percentage such as `50%`, found `half`"),
    (t.BOOL, "perhaps", "expected yes or no, found `perhaps`"),
    (t.BOOL, 2, "expected yes or no, found `2`"),
    (t.DATE, "31.01.2026", "expected a date such as `2026-01-31`, found `31.01.2026`"),
    (t.DATE, "2026-02-30", "expected a date such as `2026-01-31`, found `2026-02-30`"),
    (t.DATE, 20260131, "expected a date such as `2026-01-31`, found `20260131`"),
    (
        t.DATETIME,
        "2026-01-31T09:00",
        "expected an instant with its offset, such as `2026-01-31T09:00:00Z`, found `2026-01-31T09:00`",
    ),
    (t.TIME, "25:00", "expected a time of day such as `09:00`, found `25:00`"),
    (t.DURATION, "soon", "expected a duration such as `1d12h`, found `soon`"),
    (HEALTH, "goood", "expected one of `good`, `average` or `bad`, found `goood`; did you mean `good`?"),
    (STAGES, "Won", "expected one of `MQL`, `SQL` or `Proposal Sent`, found `Won`"),
    (t.PERSON, 5, "expected the e-mail address of a person, found `5`"),
    (t.TAG, "x" * 201, f"expected the name of a tag of 1 to 200 characters, found `{'x' * 57}…`"),
    (NUMBERS, ["a"], "expected a number, found `a`"),
    (NUMBERS, 5, "expected a list of number, found `5`"),
    (t.TEXT_LIST, ["a"] * 1001, "expected a list of at most 1000 items, found a list"),
    (t.RECORD, [], "expected an object, found a list"),
    (t.RECORD, {"a": math.inf}, "expected a number that is finite, found `inf`"),
    (t.NULL, 0, "expected nothing, found `0`"),
    (CURRENCY, "euro", "expected a currency code such as `EUR`, found `euro`"),
]

BAD_ADDRESSES = [
    "ana",
    "ana@acme",
    "@acme.test",
    "ana@",
    "a b@acme.test",
    "ana@acme..test",
    ".ana@acme.test",
    "a..na@acme.test",
    "ana@-acme.test",
    "ana@acme.test\nBcc: x@evil.test",
    "<ana@acme.test>",
    "ana@acme.test,bo@acme.test",
    'a"b@acme.test',
    f"{'a' * 65}@acme.test",
    f"ana@{'a' * 64}.test",
    f"ana@{'abc.' * 70}test",
]


@pytest.mark.parametrize(("type_", "value", "stored"), TAKEN, ids=range(len(TAKEN)))
def test_a_value_gets_its_stored_form(type_: Type, value: object, stored: object) -> None:
    result = coerce(type_, value)
    assert result == stored
    assert type(result) is type(stored)


@pytest.mark.parametrize(("type_", "value", "stored"), TAKEN, ids=range(len(TAKEN)))
def test_a_stored_form_is_taken_as_it_is(type_: Type, value: object, stored: object) -> None:
    assert coerce(type_, stored) == stored


@pytest.mark.parametrize(("type_", "value", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_does_not_fit_is_refused_with_a_sentence(type_: Type, value: object, message: str) -> None:
    with pytest.raises(CoercionError) as caught:
        coerce(type_, value)
    assert str(caught.value) == message


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.parametrize("type_", [t.EMAIL, t.PERSON])
def test_an_address_must_have_the_shape_of_one(type_: Type, address: str) -> None:
    with pytest.raises(CoercionError, match="expected an e-mail address such as `ana@acme.test`"):
        coerce(type_, address)


@pytest.mark.parametrize(
    "type_", [t.NUMBER, t.BOOL, t.DATE, t.TEAM, t.TAG, t.PERSON, HEALTH, STAGES, t.MONEY]
)
def test_a_blank_cell_is_a_missing_value(type_: Type) -> None:
    assert coerce(type_, " ") is None


def test_values_nested_too_deep_are_refused() -> None:
    value: object = "x"
    for _ in range(40):
        value = [value]
    with pytest.raises(CoercionError, match="nested at most 32 deep"):
        coerce(t.ANY, value)


def test_a_shown_value_keeps_to_one_printable_line() -> None:
    assert shown("a\n\x1b]52;c;x\x07b") == "`a ]52;c;x b`"
    assert shown({"a": 1}) == "an object"
    assert shown(None) == "nothing"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
TYPES = st.sampled_from([case[0] for case in TAKEN])


@given(TYPES, JSON)
def test_any_value_is_taken_or_refused_and_taking_is_stable(type_: Type, value: object) -> None:
    try:
        stored, refusal = coerce(type_, value), ""
    except CoercionError as error:
        stored, refusal = None, str(error)
    assert coerce(type_, stored) == stored
    assert len(refusal) < 400
    assert refusal.isprintable()
