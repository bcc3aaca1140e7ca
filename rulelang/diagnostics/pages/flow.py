"""Codes E05 and W06: waits, bounds, and what is allowed but probably not meant."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

PAGES: dict[str, Page] = {
    "E0501": Page(
        "a wait that is no wait",
        "A wait takes a positive duration.",
        "on contact created do wait 0m; add tag late",
        "on contact created do wait 30m; add tag late",
    ),
    "E0502": Page(
        "`wait` without a duration",
        "`wait` takes a duration such as `30m`, `2h` or `3d`; `m` is minutes and `mo` months. A moment is "
        "awaited with `wait until`.",
        "on contact created do wait 9:00; add tag late",
        "on contact created do wait until 9:00; add tag late",
    ),
    "E0503": Page(
        "`wait until` without a moment",
        "`wait until` takes a time of day, a date or an instant; durations go with `wait`.",
        "on contact created do wait until 3d; add tag late",
        "on contact created do wait until today + 3d; add tag late",
    ),
    "E0504": Page(
        "an expression that is nested too deeply",
        "Expressions are at most 64 levels deep; each operator of a chain of arithmetic is a level. Chains of"
        " `and` and of `or` count as one.",
        "on contact created when score … > 5 do add tag odd",
        "on contact created when score + 70 > 5 do add tag odd",
        filling=("+ 1 ", 70),
    ),
    "W0601": Page(
        "a step that is never reached",
        "The step before it always ends the run.",
        "on contact created do stop; add tag late",
        "on contact created do stop when score < 5; add tag late",
    ),
    "W0602": Page(
        "a condition that is always true",
        "It does not depend on anybody: leave it out, or compare with a field.",
        "on contact created when 1 < 2 do add tag new",
        "on contact created when score < 2 do add tag new",
    ),
    "W0603": Page(
        "a condition that is always false",
        "It does not depend on anybody, and so what hangs on it never happens.",
        "on contact created when score in [] do add tag new",
        "on contact created when score in [1, 2] do add tag new",
    ),
    "W0604": Page(
        "`and` beside `or` without parentheses",
        "`a or b and c` is read as `a or (b and c)`. Parentheses tell the reader which one is meant.",
        "on contact created when dnc or score < 5 and email is set do add tag quiet",
        "on contact created when dnc or (score < 5 and email is set) do add tag quiet",
    ),
    "W0605": Page(
        "a very long wait",
        "A wait of more than five years is allowed, but it is more often a slip of the unit: `m` is minutes, "
        "`mo` months, `y` years.",
        "on contact created do wait 10y; add tag old",
        "on contact created do wait 1y; add tag old",
    ),
}
