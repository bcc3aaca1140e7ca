"""Durations: their text, their arithmetic, their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulelang.calendar import CalendarError, Duration, duration_of, parse_duration

counts = st.integers(-5_000, 5_000)
durations = st.builds(Duration, counts, counts, st.integers(-(10**9), 10**9))


@pytest.mark.parametrize(
    ("text", "months", "days", "seconds"),
    [
        ("30s", 0, 0, 30),
        ("30m", 0, 0, 1_800),
        ("2h", 0, 0, 7_200),
        ("3d", 0, 3, 0),
        ("2w", 0, 14, 0),
        ("2mo", 2, 0, 0),
        ("1y", 12, 0, 0),
        ("1d12h", 0, 1, 43_200),
        ("1y2mo3w4d5h6m7s", 14, 25, 18_367),
        ("-1d12h", 0, -1, -43_200),
        ("1mo-1d", 1, -1, 0),
        ("-1mo-1d", -1, 1, 0),
        ("0s", 0, 0, 0),
        ("0d", 0, 0, 0),
    ],
)
def test_texts_are_read(text: str, months: int, days: int, seconds: int) -> None:
    assert parse_duration(text) == Duration(months, days, seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1",
        "d",
        "1D",
        "12h1d",
        "1d 12h",
        "1_000s",
        "³0m",
        "١d",
        "1.5h",
        "+1d",
        "--1d",
        "1d\n",
        "30mb",
        "1d1d",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(CalendarError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["999999999999d", "10000y", "3660000d", "999999999999s", "-10000y"])
def test_endless_durations_are_refused(text: str) -> None:
    with pytest.raises(CalendarError, match="at most 9999 years"):
        parse_duration(text)


@given(durations)
def test_the_canonical_text_reads_back(duration: Duration) -> None:
    assert parse_duration(duration.text) == duration


@given(durations, durations)
def test_arithmetic(a: Duration, b: Duration) -> None:
    assert a + b - b == a
    assert Duration() - (Duration() - a) == a
    assert a - a == Duration()
    assert (-a).nominal == -a.nominal


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ("59s", "1m"),
        ("23h", "1d"),
        ("29d", "1mo"),
        ("30d", "31d"),
        ("12mo", "366d"),
        ("364d", "1y"),
        ("-1d", "0s"),
        ("1mo-1d", "1mo"),
    ],
)
def test_nominal_order(shorter: str, longer: str) -> None:
    assert parse_duration(shorter).nominal < parse_duration(longer).nominal


@pytest.mark.parametrize(
    ("a", "b"), [("24h", "1d"), ("30d", "1mo"), ("365d", "1y"), ("12mo", "1y"), ("1w", "7d")]
)
def test_nominal_equality(a: str, b: str) -> None:
    assert parse_duration(a).nominal == parse_duration(b).nominal


def test_parts_add_up() -> None:
    assert duration_of(((1, "d"), (12, "h"))) == parse_duration("1d12h")
    assert duration_of(((1, "y"), (2, "mo"), (1, "w"))).text == "1y2mo7d"
    with pytest.raises(CalendarError):
        duration_of(((10_000, "y"),))
