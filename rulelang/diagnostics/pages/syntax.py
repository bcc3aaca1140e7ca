"""Codes E00 and W00: words, signs and literals that cannot be read."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

_CLEAN = "on contact created do add tag new"
_LONG_RULE = f"on contact created do {'wait 1d; ' * 999}\n"

PAGES: dict[str, Page] = {
    "E0001": Page(
        "a word or sign that cannot stand there",
        "The reader knows what may follow at each place, and this is not among it.",
        "on contact created when score 5 do add tag new",
        "on contact created when score > 5 do add tag new",
    ),
    "E0002": Page(
        "text where a rule or a declaration should begin",
        "Outside of rules a file holds rules and declarations only. A remark begins with `#` or `//`.",
        '"a remark"\n\non contact created do add tag new',
        "# a remark\n\non contact created do add tag new",
    ),
    "E0003": Page(
        "a word of the language with a slip in it",
        "The words of the language, such as `when`, `do` and `then`, are few and fixed.",
        "on contact created wehn score > 5 do add tag new",
        "on contact created when score > 5 do add tag new",
    ),
    "E0004": Page(
        "a word or sign that is missing",
        "What stands there would make sense with one word or sign in front of it.",
        'on contact created when country in ["DE" "AT"] do add tag german',
        'on contact created when country in ["DE", "AT"] do add tag german',
    ),
    "E0005": Page(
        "a block without its `end`",
        "`if` and the inner `do` are closed by `end`. Only a rule's own `end` may be left out.",
        "on contact created do\n  if score > 5 then\n    add tag new\n",
        "on contact created do\n  if score > 5 then\n    add tag new\n  end\n",
    ),
    "E0006": Page(
        "a rule without `do`",
        "A rule is its trigger and conditions, then `do`, then its steps.",
        "on contact created when score > 5\n  add tag new",
        "on contact created when score > 5\ndo\n  add tag new",
    ),
    "E0007": Page(
        "a word or sign too many",
        "It can be left out and the rest makes sense.",
        "on contact created when (score > 5)) do add tag new",
        "on contact created when (score > 5) do add tag new",
    ),
    "E0008": Page(
        "a bracket that is never closed",
        "Each `(` needs its `)` and each `[` its `]`.",
        "on contact created when (score > 5 do add tag new",
        "on contact created when (score > 5) do add tag new",
    ),
    "E0009": Page(
        "another word for `elif`",
        "A further condition is written `elif` and needs no `end` of its own.",
        "on contact created do\n  if score > 5 then\n    add tag a\n  elseif score > 3 then\n    add tag b\n  end\n",
        "on contact created do\n  if score > 5 then\n    add tag a\n  elif score > 3 then\n    add tag b\n  end\n",
    ),
    "E0010": Page(
        "a step behind the end of its rule",
        "The `end` above closed the rule. An `end` too many is often the cause.",
        "on contact created do\n  add tag a\nend\n  add tag b",
        "on contact created do\n  add tag a\n  add tag b\nend",
    ),
    "E0011": Page(
        "two steps with nothing between them",
        "Steps stand on lines of their own, or are separated by `;`.",
        "on contact created do wait 3d stop",
        "on contact created do wait 3d; stop",
    ),
    "E0012": Page(
        "a reserved word for a name",
        "Reserved words name nothing, unless they stand in backquotes. Text stands in quotes.",
        "on contact created do set wait = 5",
        "fields for contact\n  `wait`: number\nend\n\non contact created do set `wait` = 5",
    ),
    "E0013": Page(
        "a part of a step or a rule in another place",
        "`case` is a part of `match` and `split`, `timeout` of `wait`; `where` follows an event. `on error` follows an "
        "action and says what to do when it has failed for good. `on exit do … end` stands behind all the steps.",
        "on contact created do wait 5m on error continue",
        'on contact created do webhook post "https://example.com/x" on error continue',
    ),
    "E0014": Page(
        "comparisons in a chain",
        "A comparison has two sides. For a range write `between`.",
        "on contact created when 1 < score < 5 do add tag new",
        "on contact created when score between 1 and 5 do add tag new",
    ),
    "E0015": Page(
        "a word or sign of another language",
        "Equality is `=`, and the words are `and`, `or`, `not`.",
        "on contact created when score == 5 do add tag new",
        "on contact created when score = 5 do add tag new",
    ),
    "E0016": Page(
        "a second trigger without its `on`",
        "Alternatives are written `on … or on …`, or one `on` for each line of a rule's header.",
        "on contact created or contact updated do add tag new",
        "on contact created or on contact updated do add tag new",
    ),
    "E0017": Page(
        "a clause that a rule has once",
        "A rule has one `when` and one `enrol`; conditions are joined with `and`.",
        "on contact created\n  when score > 5\n  when dnc\ndo\n  add tag new\nend",
        "on contact created\n  when score > 5 and dnc\ndo\n  add tag new\nend",
    ),
    "E0018": Page(
        "a rule without a trigger",
        "A rule begins with `on`, or with `rule` and then at least one `on`. Without `on` it starts when its "
        "condition becomes true: then it needs a `when`.",
        'rule "New"\n  enrol once\ndo\n  add tag new\nend',
        'rule "New"\n  on contact created\n  enrol once\ndo\n  add tag new\nend',
    ),
    "E0019": Page(
        "a block without a step",
        "`do`, `then` and `else` are followed by at least one step.",
        "on contact created do\n  if score > 5 then\n  end\n  add tag new\nend",
        "on contact created do\n  if score > 5 then\n    add tag hot\n  end\n  add tag new\nend",
    ),
    "E0020": Page(
        "a word on the line of `rule` that does not belong there",
        'The line reads `rule "name" for contact live`: the name, whom the rule is for, and one of the states `draft`, '
        "`live` and `disabled`. Each of them may be left out.",
        'rule "New" for contcat\n  on contact created\ndo\n  add tag new\nend',
        'rule "New" for contact\n  on contact created\ndo\n  add tag new\nend',
    ),
    "E0021": Page(
        "a space before arguments",
        "Parentheses with arguments stand right behind their word.",
        'on contact created do assign ("Sales")',
        'on contact created do assign("Sales")',
    ),
    "E0022": Page(
        "another enrolment than there is",
        "`enrol once` lets each subject through once, for ever; without it, or with `enrol every time`, each "
        "event starts a run.",
        'rule "New"\n  on contact created\n  enrol twice\ndo\n  add tag new\nend',
        'rule "New"\n  on contact created\n  enrol once\ndo\n  add tag new\nend',
    ),
    "E0023": Page(
        "two words written as one",
        "A space is missing between a word of the language and the next word.",
        "on contact created whenscore > 5 do add tag new",
        "on contact created when score > 5 do add tag new",
    ),
    "E0024": Page(
        "a value or a condition that is missing",
        "Something must stand behind an operator, behind `when`, and behind a word that needs a value.",
        "on contact created when score > do add tag new",
        "on contact created when score > 5 do add tag new",
    ),
    "E0025": Page(
        "`wait for` something else than an approval or a callback",
        "`wait for` waits for somebody's approval or for a callback. An event is awaited with `wait on`, a time goes "
        "by with `wait`.",
        'on contact created do wait for aproval from "ana@acme.test"; add tag new',
        'on contact created do wait for approval from "ana@acme.test" timeout 2d; add tag new',
    ),
    "E0026": Page(
        "`on error` with other words than it knows",
        "What becomes of a step that failed for good: `on error continue`, `on error retry 3`, `on error do … end`.",
        'on contact created do webhook post "https://example.com/x" on error ignore',
        'on contact created do webhook post "https://example.com/x" on error continue',
    ),
    "E0027": Page(
        "parameters without `with`",
        "What another rule is started with stands behind `with`, divided by commas.",
        'rule "A"\n  on contact created\ndo\n  start rule("B") discount = 5, reason = "new"\nend\n\n'
        'rule "B" for contact\n  takes discount: number, reason: text\ndo\n  set score = discount\nend',
        'rule "A"\n  on contact created\ndo\n  start rule("B") with discount = 5, reason = "new"\nend\n\n'
        'rule "B" for contact\n  takes discount: number, reason: text\ndo\n  set score = discount\nend',
    ),
    "E0028": Page(
        "an action that waits for an event",
        "Only a wait and a goal are followed by an event. A step that has to wait comes after one.",
        "on contact created do add tag new on email opened",
        "on contact created do wait on email opened timeout 2d; add tag new",
    ),
    "E0029": Page(
        "parameters without names or types",
        "A rule says of each parameter how it is called and of which type it is: `takes discount: number`.",
        'rule "B"\n  takes discount\n  on manual start\ndo\n  add tag new\nend',
        'rule "B"\n  takes discount: number\n  on manual start\ndo\n  set score = discount\nend',
    ),
    "W0001": Page(
        "an `end` that is indented otherwise than its block",
        "It closes the innermost open block, whatever its indentation. If an `end` is missing above, steps "
        "belong to another block than they seem to.",
        "on contact created do\n  if score > 5 then\n    add tag a\nend\n",
        "on contact created do\n  if score > 5 then\n    add tag a\n  end\nend\n",
    ),
    "E0030": Page(
        "a character that is no sign of the language",
        "Outside of quotes there are letters, digits and the signs of the language.",
        "on contact created when score > 5 do add tag new ?",
        "on contact created when score > 5 do add tag new",
    ),
    "E0031": Page(
        "a character that cannot be seen",
        "Spaces other than the usual one, and invisible characters, are refused outside of quotes.",
        "on contact\u00a0created do add tag new",
        _CLEAN,
    ),
    "E0032": Page(
        "a character that is not allowed anywhere",
        "NUL, lone surrogates, and characters that change the direction of text are refused, so that what is "
        "read is what is run.",
        'on contact created do add tag "a\u202eb"',
        'on contact created do add tag "ab"',
    ),
    "E0033": Page(
        "a letter that only looks Latin",
        "Names are written in Latin letters; a Cyrillic `е` makes another word.",
        "on contact created when scor\u0435 > 5 do add tag new",
        "on contact created when score > 5 do add tag new",
    ),
    "E0034": Page(
        "a name with other letters",
        "Names are made of the letters a to z, digits and `_`. Text in quotes may hold any letters.",
        "on contact created do add tag größe",
        'on contact created do add tag "größe"',
    ),
    "E0035": Page(
        "text that does not end",
        "The closing quote is missing.",
        'on contact created do add tag "new',
        'on contact created do add tag "new"',
    ),
    "E0036": Page(
        "text over several lines",
        "Text in quotes ends on its line; a line end inside it is written `\\n`.",
        'on contact created do notify owner "Hello\nyou"',
        'on contact created do notify owner "Hello\\nyou"',
    ),
    "E0037": Page(
        "other quotation marks",
        "Text is written in straight double quotes.",
        "on contact created do add tag 'new'",
        'on contact created do add tag "new"',
    ),
    "E0038": Page(
        "a backslash that means nothing",
        'The escapes are `\\"`, `\\\\`, `\\n`, `\\t` and `\\u{1F600}`.',
        'on contact created when email matches "\\d+" do add tag new',
        'on contact created when email matches "\\\\d+" do add tag new',
    ),
    "E0039": Page(
        "a number or duration that is written otherwise",
        "Units stand right behind their number: `30m`, `2h`, `3d`. Money is `$500` or `500USD`.",
        "on contact created do wait 30 m; add tag late",
        "on contact created do wait 30m; add tag late",
    ),
    "E0040": Page(
        "a date or time that no calendar has",
        "Dates exist in the calendar, and times of day go from `0:00` to `23:59`.",
        "on contact created when created_at > 2026-02-30 do add tag new",
        "on contact created when created_at > 2026-02-28 do add tag new",
    ),
    "E0041": Page(
        "a number or duration that is too large",
        "Numbers have at most 15 digits, durations at most 100 years.",
        "on contact created do wait 500y; add tag late",
        "on contact created do wait 1y; add tag late",
    ),
    "E0042": Page(
        "backquotes around something that is no name",
        "Backquotes hold one name, so that it may be a reserved word.",
        "on contact created when `my score` > 5 do add tag new",
        "on contact created when score > 5 do add tag new",
    ),
    "E0043": Page(
        "an e-mail address without quotes",
        "Addresses stand in quotes.",
        "on contact created do assign(ana@acme.test)",
        'on contact created do assign("ana@acme.test")',
    ),
    "E0044": Page(
        "the name of a place without quotes",
        "Names of labels, goals and cases are text, and text stands in quotes.",
        "on contact created do go to last when score > 5; add tag new; label last",
        'on contact created do go to "last" when score > 5; add tag new; label "last"',
    ),
    "E0045": Page(
        "no related records behind `for`",
        "Steps are made for all records that link to the subject, `for each contact at most 100`, or for the one it "
        "links to, `for account`.",
        "on contact created do for every opportunity do add tag new end",
        "on contact created do for each opportunity do add tag new end",
    ),
    "E0090": Page(
        "a file that is too large",
        "A file holds at most one mebibyte of text; a workspace may have many files.",
        "# …\non contact created do add tag new",
        _CLEAN,
        filling=("a long remark ", 80_000),
    ),
    "E0091": Page(
        "a rule that is too long",
        "A rule or declaration has at most 10,000 words and signs.",
        "on contact created when score in [ … 1] do add tag new",
        "on contact created when score between 1 and 6000 do add tag new",
        filling=("1, ", 6_000),
    ),
    "E0092": Page(
        "a file with too many words",
        "A file has at most 250,000 words and signs; what follows is not read.",
        "…",
        _CLEAN,
        filling=(_LONG_RULE, 90),
    ),
    "E0093": Page(
        "blocks and parentheses nested too deeply",
        "Parentheses and blocks together are nested at most 64 levels deep.",
        "on contact created when …score > 5 do add tag new",
        "on contact created when score > 5 do add tag new",
        filling=("(", 100),
    ),
    "E0094": Page(
        "too many operators in a row",
        "Many alternatives are better written as a list.",
        'on contact created when …country = "DE" do add tag new',
        'on contact created when country in ["AT", "CH", "DE"] do add tag new',
        filling=('country = "AT" or ', 300),
    ),
    "E0095": Page(
        "a rule with too many steps",
        "A rule has at most 1,000 steps, blocks and branches included. `start rule(…)` goes on in another rule.",
        "on contact created do …add tag new",
        _CLEAN,
        filling=("wait 1d; ", 1_001),
    ),
    "E0096": Page(
        "too many mistakes",
        "After a hundred mistakes the rest of the file is not read: something general is wrong, such as a "
        "file in another language.",
        "…",
        _CLEAN,
        filling=("on contact created when score == 5 do add tag new\n", 300),
    ),
}
