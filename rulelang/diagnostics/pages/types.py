"""Codes E03: values that do not fit together."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

PAGES: dict[str, Page] = {
    "E0301": Page(
        "a word that is no value of the enumeration",
        "The values of an enumeration are a closed list, so that a slip is found before it runs. They may be "
        "written bare or in quotes; letter case matters.",
        'on contact created when status = trail do add tag "new"',
        'on contact created when status = trial do add tag "new"',
    ),
    "E0302": Page(
        "a comparison that can never hold",
        "The two sides are of types that have no value in common: a number and a text are never equal.",
        'on contact created when score = "80" do add tag "hot"',
        'on contact created when score = 80 do add tag "hot"',
    ),
    "E0303": Page(
        "an order where there is none",
        "Numbers, money, percentages, dates, times, durations and text have an order. Enumerations and stages"
        " have none: name the values that are meant.",
        "on contact updated when stage >= SQL do add tag late",
        'on contact updated when stage in [SQL, "Proposal Sent", Won] do add tag late',
    ),
    "E0304": Page(
        "a condition that is not yes or no",
        "A condition is a comparison, a test such as `is set`, or a field of type yes/no. A number or a text "
        "is no condition by itself.",
        "on contact created when email do add tag reachable",
        "on contact created when email is set do add tag reachable",
    ),
    "E0305": Page(
        "arithmetic that is not possible",
        "Numbers add to numbers, money to money of the same currency, durations to dates and instants, text "
        "to text. A date and a number make nothing: write the number as a duration.",
        "on contact created when created_at + 5 > now do add tag new",
        "on contact created when created_at + 5d > now do add tag new",
    ),
    "E0306": Page(
        "two currencies",
        "Amounts are never converted. Money fields have one currency, the workspace's unless their "
        "declaration says otherwise.",
        'on opportunity created when value > €10_000 do notify owner "a big one"',
        'on opportunity created when value > $10_000 do notify owner "a big one"',
    ),
    "E0307": Page(
        "a comparison with `null`",
        "A comparison with a missing value is always false, so that `= null` would never hold. Test with `is "
        "set`, `is not set`, `is empty` or `is not empty`. `null` is a value only where one is assigned.",
        "on contact created when score = null do set score = 0",
        "on contact created when score is not set do set score = 0",
    ),
    "E0308": Page(
        "a value of another type than the field's",
        "A field takes values of its type, or `null`.",
        'on contact created do set score = "5"',
        "on contact created do set score = 5",
    ),
    "E0309": Page(
        "a pattern that cannot be used",
        "Patterns of `matches` are RE2: they run in time proportional to the text, and therefore have no "
        "look-around and no back-references. They are at most 1,000 characters long.",
        'on contact created when email matches "(?=a)b" do add tag odd',
        'on contact created when email matches "^[ab]+@" do add tag odd',
    ),
    "E0310": Page(
        "a pattern that is not written out",
        "A pattern is a text in quotes, so that it can be checked when the rule is.",
        "on contact created when email matches first_name do add tag personal",
        "on contact created when email contains first_name do add tag personal",
    ),
    "E0311": Page(
        "`in` without a list",
        "The right side of `in` is a list in brackets or parentheses, or a field that holds a list.",
        "on contact created when country in city do add tag odd",
        'on contact created when country in ["DE", "AT"] do add tag german',
    ),
    "E0312": Page(
        "`contains` on something without contents",
        "`contains` asks whether a text holds another text, or a list an item.",
        "on contact created when score contains 5 do add tag odd",
        "on contact created when tags contains vip do add tag odd",
    ),
    "E0313": Page(
        "a text operator on something else",
        "`contains`, `starts with`, `ends with` and `matches` work on text. The function `text` makes a text "
        "of other values.",
        'on contact created when score starts with "8" do add tag eighties',
        'on contact created when text(score) starts with "8" do add tag eighties',
    ),
    "E0314": Page(
        "a plain number beside money or a percentage",
        "Whether `50` is 50 % or a half, and in which currency, cannot be told: write `50%`, `$50` or `50USD`.",
        'on opportunity created when value > 10_000 do notify owner "a big one"',
        'on opportunity created when value > 10_000USD do notify owner "a big one"',
    ),
    "E0315": Page(
        "a list of several types",
        "The items of a list are of one type.",
        'on contact created when first([1, "a"]) = 1 do add tag odd',
        "on contact created when first([1, 2]) = 1 do add tag odd",
    ),
    "E0316": Page(
        "division by zero",
        "The divisor is written out and is zero. (A field that happens to be zero makes the result missing.)",
        "on contact created when score / 0 > 1 do add tag odd",
        "on contact created when score / 2 > 1 do add tag odd",
    ),
    "E0317": Page(
        "a whole record where a value is needed",
        "`contact`, `account`, `opportunity` and `event` are records; conditions are about their fields.",
        "on contact created when account is set do add tag member",
        "on contact created when account_id is set do add tag member",
    ),
    "E0318": Page(
        "an instant outside the calendar",
        "Instants are kept in UTC, in the years 1 to 9999. With its offset this one falls outside.",
        "on contact created when created_at > 0001-01-01T00:00+01:00 do add tag old",
        "on contact created when created_at > 2001-01-01T00:00+01:00 do add tag old",
    ),
}
