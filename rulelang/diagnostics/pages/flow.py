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
    "E0505": Page(
        "a number out of bounds",
        "Rounds of a `repeat`, runs beside each other, tries and rates are whole numbers within bounds.",
        "on contact created do repeat 0 times do add tag late end",
        "on contact created do repeat 3 times do add tag late end",
    ),
    "E0506": Page(
        "a duration that is not written out",
        "How long `again after`, `limit` and `release` look back is part of the rule: a duration, not something that "
        "each record could have its own of.",
        "on contact created\nenrol again after score\ndo add tag late",
        "on contact created\nenrol again after 30d\ndo add tag late",
    ),
    "E0507": Page(
        "an alternative `until` without a condition",
        "Beside other alternatives `until` takes a condition. A date is the end of the wait: `timeout until`.",
        "on contact created do\n  wait\n    on payment received do add tag paid end\n"
        "    until birth_date do add tag late end\n  end",
        "on contact created do\n  wait\n    on payment received do add tag paid end\n"
        "    timeout until birth_date do add tag late end\n  end",
    ),
    "E0508": Page(
        "two timeouts",
        "A wait gives up once; what to do then stands behind its one `timeout`.",
        "on contact created do\n  wait\n    on payment received do add tag paid end\n"
        "    timeout 1d do add tag late end\n    timeout 2d do add tag later end\n  end",
        "on contact created do\n  wait\n    on payment received do add tag paid end\n"
        "    timeout 1d do add tag late end\n  end",
    ),
    "E0509": Page(
        "`else` of a wait that never gives up",
        "The `else` of a wait is what to do when time is up; without a `timeout` that never happens.",
        "on contact created do wait on payment received do add tag paid else add tag late end",
        "on contact created do wait on payment received timeout 2d do add tag paid else add tag late end",
    ),
    "E0510": Page(
        "`timeout` without a duration",
        "`timeout` takes a duration such as `2d`, `timeout until` a date or an instant.",
        "on contact created do wait on payment received timeout birth_date; add tag late",
        "on contact created do wait on payment received timeout until birth_date; add tag late",
    ),
    "E0511": Page(
        "`skip if past` where nothing can be past",
        "Only a date or an instant can lie in the past: a duration begins now, a time of day comes again tomorrow.",
        "on contact created do wait until 9:00 skip if past; add tag late",
        "on contact created do wait until birth_date skip if past; add tag late",
    ),
    "E0512": Page(
        "no day of the week",
        "`wait until` with a word and a time of day takes a day of the week: `monday` … `sunday`.",
        "on contact created do wait until mondey 9:00; add tag late",
        "on contact created do wait until monday 9:00; add tag late",
    ),
    "E0513": Page(
        "shares that do not add up",
        "The shares of a split come to 100% at most, each of them more than nothing, with up to two decimals. Who is "
        "in none of them goes to `else`.",
        'on contact created do split "mail" case 60% do add tag a case 50% do add tag b end',
        'on contact created do split "mail" case 60% do add tag a case 40% do add tag b end',
    ),
    "E0514": Page(
        "`go to` backward",
        "`go to` leads forward only, so that a run comes to an end. Steps are repeated with `repeat`.",
        'on contact created do label "again"; wait 1d; add tag old; go to "again"',
        "on contact created do repeat 3 times do wait 1d; add tag old end",
    ),
    "E0515": Page(
        "`go to` a place inside another block",
        "`go to` leads to a label behind it in its own block or in a block around it; not into another block, and not "
        "out of a branch of `parallel`.",
        'on contact created do go to "in" when dnc; if score > 5 then label "in"; add tag a end',
        'on contact created do go to "in" when dnc; if score > 5 then add tag a end; label "in"',
    ),
    "E0516": Page(
        "`parallel` with one branch",
        "`parallel` has a `do … end` for each branch, two or more.",
        "on contact created do parallel do add tag a end end",
        "on contact created do parallel do add tag a end do wait 1d; add tag b end end",
    ),
    "E0517": Page(
        "a wait in the last steps",
        "The steps of `on exit` are made at the moment the run ends: no waits, no branches, no goals.",
        "on contact created\nexit when dnc\ndo\n  wait 1d\n  add tag a\nend\non exit do\n  wait 1d\n  add tag b\nend",
        "on contact created\nexit when dnc\ndo\n  wait 1d\n  add tag a\nend\non exit do\n  add tag b\nend",
    ),
    "E0518": Page(
        "a goal inside `parallel`",
        "A run jumps to a goal as a whole; a branch has none of its own.",
        "on contact created do parallel do wait 1d; goal on payment received end do add tag b end end",
        "on contact created do parallel do wait 1d; add tag a end do add tag b end end; goal on payment received",
    ),
    "E0519": Page(
        "`with` or `and wait` without `start rule`",
        "Parameters and `and wait` go with `start rule`; other actions take their arguments in parentheses.",
        "on contact created do add tag a and wait",
        'rule "A" on contact created do start rule("B") and wait end\nrule "B" on manual start do add tag b end',
    ),
    "E0520": Page(
        "an action without a result",
        "`let` keeps what somebody else has answered. Actions that change the record have nothing to answer.",
        "on contact created do let x = add tag a",
        'on contact created do let x = webhook post "https://example.com/x"; add tag ok when x.ok',
    ),
    "E0521": Page(
        "`on error retry` without anything to try again",
        "Actions that change the record are done at once: they are not tried again.",
        "on contact created do add tag a on error retry 3",
        'on contact created do webhook post "https://example.com/x" on error retry 3',
    ),
    "E0522": Page(
        "an unknown word behind `if running`",
        "While a run is live a match is skipped (`skip`), begins anew (`restart`), stands in line (`queue`) or runs "
        "beside it (`parallel`).",
        "on contact created\nenrol every time if running restrat\ndo add tag a",
        "on contact created\nenrol every time if running restart\ndo add tag a",
    ),
    "E0523": Page(
        "a part of `enrol` that cannot matter",
        "`at most` bounds `queue` and `parallel`; with `once` there is never a second run.",
        "on contact created\nenrol every time if running restart at most 3\ndo add tag a",
        "on contact created\nenrol every time if running queue at most 3\ndo add tag a",
    ),
    "E0524": Page(
        "two rates of one kind",
        "A rule has one `limit` and one `release`.",
        "on contact created\nlimit 10 per 1d\nlimit 50 per 1w\ndo add tag a",
        "on contact created\nlimit 10 per 1d\nrelease 2 per 1h\ndo add tag a",
    ),
    "E0525": Page(
        "`as`, `from now` or `restart on` without an effect",
        "`as` keeps an event for later steps, and behind an exit there are none; `from now` goes with waits that would "
        "also count what came before.",
        "on contact created\nexit on payment received as paid\ndo wait 1d; add tag a",
        "on contact created\nexit on payment received\ndo wait 1d; add tag a",
    ),
    "E0540": Page(
        "records that the subject does not have",
        "An account has contacts and opportunities, a contact has opportunities (`for each … do`); a contact has an "
        "account, an opportunity a contact and an account (`for … do`).",
        "on contact created do for each account at most 5 do add tag a end",
        "on contact created do for account do add tag a end",
    ),
    "E0541": Page(
        "related records of related records",
        "Each related record goes through the steps as a run of its own, which is not to set off further ones.",
        'rule "a" for account on field changed name do for each contact do for account do add tag a end end',
        'rule "a" for account on field changed name do for each contact do add tag a end',
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
    "W0606": Page(
        "`skip if past` with nothing to skip",
        "`skip if past` leaves out the step behind the wait; here is none.",
        "on contact created do add tag a; wait until birth_date skip if past",
        "on contact created do wait until birth_date skip if past; add tag a",
    ),
    "W0607": Page(
        "a case that an earlier one has",
        "The first case that holds is taken, so that the value in the later one never counts.",
        "on contact created do match score case 1, 2 do add tag a case 2 do add tag b end",
        "on contact created do match score case 1, 2 do add tag a case 3 do add tag b end",
    ),
    "W0608": Page(
        "`else` of a split that leaves nobody",
        "The shares come to 100%: everybody is in one of them.",
        'on contact created do split "s" case 50% do add tag a case 50% do add tag b else add tag c end',
        'on contact created do split "s" case 50% do add tag a case 40% do add tag b else add tag c end',
    ),
}
