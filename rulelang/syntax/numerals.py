"""Literals that begin with a digit or a currency sign: what is wrong with one, and what was probably meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from rulelang.syntax.literals import duration_parts

MAX_DIGITS = 15
"""As many digits as a JSON number holds exactly (IEEE 754 double)."""

MAX_DAYS = 36_525
"""The longest duration: a hundred years."""

_UNIT_DAYS = {"s": 1 / 86400, "m": 1 / 1440, "h": 1 / 24, "d": 1, "w": 7, "mo": 30, "y": 365}
_UNIT_WORDS = {
    "s": "s sec secs second seconds",
    "m": "m min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w wk wks week weeks",
    "mo": "mo mos mon month months",
    "y": "y yr yrs year years",
}
UNITS = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
"""Words people write for the units of durations."""

CURRENCIES = frozenset(
    ("USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "INR", "CNY")
)
"""Codes that people put behind a number with a space; glued to the number any three capitals do."""

_SMALLER = {"w": ("d", 7), "d": ("h", 24), "h": ("m", 60), "m": ("s", 60)}
_COUNT = re.compile(r"(\d[\d_]*)[ \t]*([A-Za-z]+)\Z")
_FRACTION = re.compile(r"(\d+)\.(\d{1,3})[ \t]*([A-Za-z]+)\Z")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?[ \t]*(am|pm)?\Z", re.IGNORECASE)
_SUFFIXED = re.compile(r"(\d[\d_]*(?:\.\d+)?)[ \t]*([$€£])\Z")
_SIGN_APART = re.compile(r"([$€£])[ \t]+(\d[\d_]*(?:\.\d+)?)\Z")
_PERCENT = re.compile(r"(\d[\d_]*(?:\.\d+)?)[ \t]+%\Z")
_THOUSANDS = re.compile(r"(\d+)[ \t]*[kK]\Z")
_CODE = re.compile(r"(\d[\d_]*(?:\.\d+)?)[ \t]*([A-Za-z]{3})\Z")
_GROUPED = re.compile(r"([$€£]?)(\d{1,3}(?:,\d{3})+)(\.\d+)?([A-Z]{3}|%)?\Z")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\Z")
_MOMENT = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[T ](\d{1,2}):(\d{2})\Z")
_YEAR_FIRST = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})\Z")


_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
MALFORMED = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}(?:T[\w:.]*(?:[+-][\d:]*)?| \d{1,2}:\d{2}(?!\w))"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?![\w-])"
    r"|\d{1,2}\.\d{1,2}\.\d{4}(?!\w)"
    r"|[$€£]\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\w)"
    r"|\d{1,3}(?:,\d{3})*,000(?!\w)(?:\.\d+)?(?:[A-Z]{3}|%)?"
    r"|\d{1,2}:\d{2}(?::\d{2})?(?:[ \t]*(?:am|pm|AM|PM))?(?!\w)"
    r"|\d{1,2}[ \t]+(?:am|pm|AM|PM)(?!\w)"
    rf"|\d[\d_]*(?:\.\d+)?[ \t]+(?:{_UNIT})(?![\w.(:])"
    rf"|\d[\d_]*(?:\.\d+)?[ \t]+(?:{'|'.join(sorted(CURRENCIES))})(?!\w)"
    r"|\d[\d_]*(?:\.\d+)?[ \t]*[$€£](?!\d)"
    r"|\d[\d_]*(?:\.\d+)?[ \t]+%"
    r"|[$€£][ \t]*\d[\w]*(?:\.\w+)*"
    r"|\d\w*(?:[.:]\w+)*"
)
"""What may be meant as one literal; longer than the token that the lexer found, it is malformed."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The literal that was probably meant: its terminal and text."""

    kind: str
    text: str


def meant(text: str) -> Meant | None:
    """What a malformed literal (`30 m`, `3days`, `9am`, `1.5h`, `500usd`, `2026-1-5`) was meant to be."""
    for guess in (_duration, _time, _money, _number, _grouped, _date):
        found = guess(text)
        if found:
            return found
    return None


def _duration(text: str) -> Meant | None:
    if match := _COUNT.match(text):
        count, unit = match[1].replace("_", ""), UNITS.get(match[2]) or UNITS.get(match[2].lower())
        return Meant("DURATION", f"{count}{unit}") if unit else None
    if match := _FRACTION.match(text):
        return _whole_units(match[1], match[2], UNITS.get(match[3].lower(), ""))
    return None


def _whole_units(whole: str, fraction: str, unit: str) -> Meant | None:
    """`1.5h` in whole units: `1h30m`."""
    if unit not in _SMALLER:
        return None
    smaller, factor = _SMALLER[unit]
    rest, left = divmod(int(fraction) * factor, 10 ** len(fraction))
    parts = (f"{int(whole)}{unit}" if int(whole) else "") + (f"{rest}{smaller}" if rest else "")
    return Meant("DURATION", parts) if parts and not left else None


def _time(text: str) -> Meant | None:
    match = _CLOCK.match(text)
    if not match or not (match[2] or match[3]):
        return None
    hour, half = int(match[1]), (match[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return _if_possible("TIME", f"{hour}:{match[2] or '00'}")


def _money(text: str) -> Meant | None:
    if match := _SUFFIXED.match(text):
        return Meant("MONEY", match[2] + match[1])
    if match := _SIGN_APART.match(text):
        return Meant("MONEY", match[1] + match[2])
    match = _CODE.match(text)
    if match and match[2].upper() in CURRENCIES:
        return Meant("MONEY", match[1] + match[2].upper())
    return None


def _number(text: str) -> Meant | None:
    if match := _PERCENT.match(text):
        return Meant("PERCENT", f"{match[1]}%")
    if match := _THOUSANDS.match(text):
        return Meant("NUMBER", f"{match[1]}_000")
    return Meant("NUMBER", f"0{text}") if text[0] == "." else None


def _grouped(text: str) -> Meant | None:
    match = _GROUPED.match(text)
    if not match:
        return None
    sign, digits, fraction, after = (group or "" for group in match.groups())
    kind = "PERCENT" if after == "%" else "MONEY" if sign or after else "NUMBER"
    return Meant(kind, sign + digits.replace(",", "_") + fraction + after)


def _date(text: str) -> Meant | None:
    if match := _MOMENT.match(text):
        day, hour, minute = match.groups()
        plain = _date(day)
        return _if_possible("DATETIME", f"{plain.text if plain else day}T{int(hour):02}:{minute}")
    if match := _DAY_FIRST.match(text):
        return _if_possible("DATE", f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}")
    if match := _YEAR_FIRST.match(text):
        return _if_possible("DATE", f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}")
    return None


def _if_possible(kind: str, text: str) -> Meant | None:
    return Meant(kind, text) if possible(kind, text) else None


def possible(kind: str, text: str) -> bool:
    """Whether a date, a time of day or a moment exists in the calendar."""
    day, _, clock = text.partition("T") if kind != "TIME" else ("", "", text)
    return (not day or _is_day(day)) and (not clock or _is_clock(clock))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_clock(text: str) -> bool:
    clock, *offset = re.split(r"[Z+-]", text, maxsplit=1)
    hour, minute, *second = clock.split(":")
    within = int(hour) < 24 and int(minute) < 60 and all(float(s) < 60 for s in second)
    if not offset or not offset[0]:
        return within
    hours, minutes = offset[0].split(":")
    return within and int(hours) * 60 + int(minutes) <= 14 * 60 and int(minutes) < 60


def too_large(kind: str, text: str) -> bool:
    """Whether a number has more digits, or a duration more days, than the language can hold."""
    if kind == "DURATION":
        return any(len(run) > MAX_DIGITS for run in re.findall(r"\d+", text)) or _days(text) > MAX_DAYS
    return sum(char.isdigit() for char in text) > MAX_DIGITS


def _days(text: str) -> float:
    return sum(count * _UNIT_DAYS[unit] for count, unit in duration_parts(text))
