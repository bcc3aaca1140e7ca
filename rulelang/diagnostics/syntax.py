"""What the lexer and the parser say, one function for each mistake. Codes E0001 to E0099 are theirs."""

from __future__ import annotations

from collections.abc import Iterable

from rulelang.diagnostics.model import Diagnostic, Fix, Label, Severity
from rulelang.source import Source, Span

DURATIONS = "a duration is written `30s`, `30m`, `2h`, `3d`, `2w`, `2mo`, `1y`, or in parts such as `1d12h`"


def quoted(text: str) -> str:
    """The author's words in backquotes, kept to one line and 40 characters."""
    plain = " ".join(text.split()).replace("`", "'")
    return f"`{plain if len(plain) <= 40 else plain[:39] + '…'}`"


def listed(words: Iterable[str], joint: str = "or") -> str:
    """`a`, `b` or `c`, the words as they come."""
    *rest, last = words
    return f"{', '.join(rest)} {joint} {last}" if rest else last


# --- structure of the file -------------------------------------------------------------------------


def unexpected(source: Source, span: Span, found: str, expected: str, help_: str = "") -> Diagnostic:
    """E0001: a word or sign that cannot stand here."""
    message = f"{found} cannot stand here"
    return Diagnostic("E0001", message, source, span, label=f"expected {expected}", help=help_)


def incomplete(source: Source, span: Span, word: str, expected: str, found: str) -> Diagnostic:
    """E0024: something left out behind `word`, before `found`."""
    message = f"{expected} is missing behind {quoted(word)}"
    return Diagnostic("E0024", message, source, span, label=f"then comes {found}")


def no_item(source: Source, span: Span, found: str) -> Diagnostic:
    """E0002: text where a rule or a declaration should begin."""
    return Diagnostic(
        "E0002",
        f"no rule or declaration begins with {found}",
        source,
        span,
        help="a rule begins with `rule` or `on`; a declaration with `status`, `pipeline`, `fields`, `person`, "
        "`segment`, `health`, `team`, `tags`, `event`, `policy`, `calendar` or `workspace`",
    )


def no_each(source: Source, span: Span, text: str) -> Diagnostic:
    """E0045: words behind `for` that name no related records."""
    return Diagnostic(
        "E0045",
        f"{quoted(text)} names no related records",
        source,
        span,
        help="steps for related records begin with `for each contact at most 100 do` or `for account do`",
    )


def misspelt(source: Source, span: Span, word: str, meant: str) -> Diagnostic:
    """E0003: a word one slip away from a word of the language."""
    fixes = (Fix(f"change to `{meant}`", span, meant),)
    message = f"{quoted(word)} is no word of the language"
    return Diagnostic("E0003", message, source, span, label=f"did you mean `{meant}`?", fixes=fixes)


def glued(source: Source, span: Span, word: str) -> Diagnostic:
    """E0023: a word of the language and the next word written as one."""
    middle = span.start + len(word)
    apart = f"{word} {source.text[middle : span.end]}"
    fixes = (Fix(f"change to `{apart}`", span, apart),)
    message = f"{quoted(source.slice(span))} is two words"
    return Diagnostic("E0023", message, source, span, label=f"write `{apart}`", fixes=fixes)


def missing(source: Source, at: int, word: str, before: str, why: str = "") -> Diagnostic:
    """E0004: a word or sign left out in front of `before`; `at` is where it belongs."""
    fixes = (Fix(f"insert `{word}`", Span(at, at), f" {word}" if word[0].isalpha() else word),)
    message = f"`{word}` is missing before {before}"
    return Diagnostic(
        "E0004", message, source, Span(at, at), label=f"`{word}` belongs here", help=why, fixes=fixes
    )


def missing_end(source: Source, opener: Span, word: str, missed: Span, behind: int) -> Diagnostic:
    """E0005: a block without its `end`, which was missed at `missed` and belongs behind the offset `behind`."""
    line = source.line(source.position(opener.start).line)
    indent = line[: len(line) - len(line.lstrip())]
    return Diagnostic(
        "E0005",
        f"this `{word}` has no `end`",
        source,
        opener,
        label="opened here",
        help="write `end` on a line of its own behind the last line of the block",
        labels=(Label(missed, "an `end` is missed here"),),
        fixes=(Fix("insert `end`", Span(behind, behind), f"\n{indent}end"),),
    )


def missing_do(source: Source, at: int, opener: Span, found: str) -> Diagnostic:
    """E0006: steps, or the end of the rule, without `do` before them."""
    return Diagnostic(
        "E0006",
        f"the rule has no `do` before {found}",
        source,
        Span(at, at),
        label="`do` belongs here",
        help="a rule is its trigger and conditions, then `do`, then its steps",
        labels=(Label(opener, "the rule begins here"),),
        fixes=(Fix("insert `do`", Span(at, at), " do"),),
    )


def stray(source: Source, span: Span, found: str, why: str, labels: tuple[Label, ...] = ()) -> Diagnostic:
    """E0007: a word or sign too many."""
    fixes = (Fix(f"remove {found}", span, ""),)
    return Diagnostic(
        "E0007", f"{found} is one too many", source, span, label=why, labels=labels, fixes=fixes
    )


def never_closed(source: Source, opener: Span, sign: str, closing: str, at: int) -> Diagnostic:
    """E0008: a bracket that nothing closes; `at` is where its partner belongs."""
    return Diagnostic(
        "E0008",
        f"this `{sign}` is never closed",
        source,
        opener,
        label="opened here",
        labels=(Label(Span(at, at), f"`{closing}` belongs here"),),
        fixes=(Fix(f"insert `{closing}`", Span(at, at), closing),),
    )


def else_if(source: Source, span: Span, written: str) -> Diagnostic:
    """E0009: `else if` or its kin for `elif`."""
    message = f"a further condition is written `elif`, not {quoted(written)}"
    help_ = (
        "`else` followed by `if` opens a second block, which needs an `end` of its own"
        if " " in written
        else ""
    )
    fixes = (Fix("change to `elif`", span, "elif"),)
    return Diagnostic("E0009", message, source, span, label="write `elif`", help=help_, fixes=fixes)


def behind_the_end(source: Source, span: Span, found: str, end: Span) -> Diagnostic:
    """E0010: a step behind the `end` that closed the rule."""
    return Diagnostic(
        "E0010",
        f"{found} stands behind the `end` of the rule",
        source,
        span,
        label="outside the rule",
        help="remove that `end`, or begin a new rule with `rule` or `on`",
        labels=(Label(end, "the rule ends here"),),
    )


def two_steps(source: Source, at: int, span: Span, found: str) -> Diagnostic:
    """E0011: two steps on one line with nothing between them."""
    fixes = (Fix("insert `;`", Span(at, at), ";"),)
    message = f"{found} begins another step on the same line"
    help_ = "put a `;` or a new line between two steps"
    return Diagnostic("E0011", message, source, span, label="a new step", help=help_, fixes=fixes)


def reserved(source: Source, span: Span, word: str) -> Diagnostic:
    """E0012: a reserved word where a name should stand."""
    fixes = (Fix(f"write `` `{word}` ``", span, f"`{word}`"),)
    help_ = "a name that is also a word of the language is written in backquotes; text is written in quotes"
    return Diagnostic("E0012", f"`{word}` is a reserved word", source, span, help=help_, fixes=fixes)


def outside(source: Source, span: Span, word: str, place: str) -> Diagnostic:
    """E0013: a part of a step or a rule outside of what it is a part of; `place` says where it belongs."""
    return Diagnostic("E0013", f"{quoted(word)} cannot stand here", source, span, label=place)


def chained(source: Source, span: Span, op: str) -> Diagnostic:
    """E0014: `a < b < c`."""
    help_ = "write `x between a and b`, or two comparisons joined by `and`"
    return Diagnostic(
        "E0014", "comparisons do not chain", source, span, label=f"a second {quoted(op)}", help=help_
    )


def instead(source: Source, span: Span, written: str, meant: str, help_: str = "") -> Diagnostic:
    """E0015: a word or sign of another language that has its own here (`==`, `&&`, `unless`, `if` for `when`)."""
    fixes = (Fix(f"change to `{meant}`", span, _apart(source, span, meant)),)
    message = f"{quoted(written)} is written `{meant}` here"
    return Diagnostic("E0015", message, source, span, label=f"use `{meant}`", help=help_, fixes=fixes)


def _apart(source: Source, span: Span, word: str) -> str:
    """A word in the place of a sign, with spaces where it would run into its neighbours."""
    before, after = source.text[: span.start][-1:], source.text[span.end :][:1]
    left = " " if word[0].isalpha() and (before.isalnum() or before in ('"', "`", ")", "]")) else ""
    right = " " if word[-1].isalpha() and (after.isalnum() or after in ('"', "`")) and after else ""
    return f"{left if before else ''}{word}{right}"


def or_without_on(source: Source, span: Span) -> Diagnostic:
    """E0016: a second trigger behind `or` without its `on`."""
    fixes = (Fix("change to `or on`", span, "or on"),)
    help_ = "alternatives are written `on … or on …`, or one `on` for each line"
    return Diagnostic(
        "E0016",
        "a second trigger begins with `or on`",
        source,
        span,
        label="`or on`",
        help=help_,
        fixes=fixes,
    )


def twice(source: Source, span: Span, clause: str, first: Span, why: str) -> Diagnostic:
    """E0017: a clause that a rule has once."""
    labels = (Label(first, "the first is here"),)
    return Diagnostic(
        "E0017",
        f"a rule has one `{clause}`",
        source,
        span,
        label=f"a second `{clause}`",
        help=why,
        labels=labels,
    )


def no_trigger(source: Source, span: Span) -> Diagnostic:
    """E0018: a rule without `on`."""
    help_ = 'begin the rule with `on` and a trigger, such as `on stage enter "SQL"`'
    return Diagnostic("E0018", "this rule has no trigger", source, span, help=help_)


def no_steps(source: Source, span: Span, word: str) -> Diagnostic:
    """E0019: a block without a step."""
    return Diagnostic(
        "E0019", f"`{word}` has no step behind it", source, span, label="at least one step belongs here"
    )


def bad_title(source: Source, span: Span, word: str, meant: str, help_: str) -> Diagnostic:
    """E0020: a word on the line of `rule` that is neither `for` a subject nor a state."""
    fixes = (Fix(f"change to `{meant}`", span, meant),) if meant else ()
    message = f"{quoted(word)} cannot stand on the line of `rule`"
    label = f"did you mean `{meant}`?" if meant else ""
    return Diagnostic("E0020", message, source, span, label=label, help=help_, fixes=fixes)


def apart(source: Source, gap: Span, span: Span) -> Diagnostic:
    """E0021: a space between a word and its arguments."""
    fixes = (Fix("remove the space", gap, ""),)
    message = "arguments are written right behind their word"
    return Diagnostic("E0021", message, source, span, label="no space before `(`", fixes=fixes)


def bad_enrolment(source: Source, span: Span, clause: Span) -> Diagnostic:
    """E0022: `enrol` with other words than `once`, `every time` and `again after`."""
    fixes = (Fix("change to `enrol once`", clause, "enrol once"),)
    message = "enrolment is `once`, `every time` or `again after` a duration"
    return Diagnostic(
        "E0022", message, source, span, help="write `enrol once` or leave the line out", fixes=fixes
    )


def bad_wait_for(source: Source, span: Span, word: str, meant: str, whole: str = "") -> Diagnostic:
    """E0025: `wait for` with something that nobody can wait for by that name; `whole` is the rest of the wait."""
    fixes = (Fix(f"change to `{meant}`", span, meant),) if meant else ()
    label = f"did you mean `{meant}`?" if meant else ""
    help_ = "a duration is written `wait 30m`, an event `wait on email opened`"
    help_ = f"an event is awaited with {quoted(f'wait on {whole}')}" if whole else help_
    message = f"`wait for` is followed by `approval` or `callback`, not by {quoted(word)}"
    return Diagnostic("E0025", message, source, span, label=label, help=help_, fixes=fixes)


def bad_on_error(source: Source, span: Span, meant: str, limit: int) -> Diagnostic:
    """E0026: `on error` with other words than it knows."""
    fixes = (Fix(f"change to `{meant}`", span, meant),) if meant == "continue" else ()
    label = f"did you mean `{meant}`?" if meant else ""
    message = "`on error` is followed by `continue`, `retry` and a number, or `do`"
    help_ = f"`on error retry 3` tries again up to three times; at most {limit} times"
    return Diagnostic("E0026", message, source, span, label=label, help=help_, fixes=fixes)


def no_with(source: Source, span: Span) -> Diagnostic:
    """E0027: parameters of another rule without `with` before the first."""
    fixes = (Fix("insert `with`", Span(span.start, span.start), "with "),)
    help_ = "parameters are written `with a = 1, b = 2`"
    message = "`with` is missing before the parameters"
    return Diagnostic("E0027", message, source, span, label="the first parameter", help=help_, fixes=fixes)


def no_goal(source: Source, span: Span, written: str) -> Diagnostic:
    """E0028: an action followed by an event, as only `goal` is."""
    message = f"{quoted(written)} waits for no event"
    help_ = "write `wait on …` as a step of its own before it, or `goal` and a name"
    return Diagnostic("E0028", message, source, span, help=help_)


def bad_takes(source: Source, span: Span) -> Diagnostic:
    """E0029: parameters of a rule without names or types."""
    message = "a parameter is written as its name, `:` and its type"
    return Diagnostic("E0029", message, source, span, help="such as `takes discount: number, reason: text`")


def unquoted(source: Source, span: Span, word: str) -> Diagnostic:
    """E0044: the name of a label, a goal or a case without quotes."""
    fixes = (Fix("put it in quotes", span, f'"{word}"'),)
    message = f"the name {quoted(word)} is written in quotes here"
    return Diagnostic("E0044", message, source, span, label=f'write `"{word}"`', fixes=fixes)


def loose_end(source: Source, end: Span, opener: Span, word: str) -> Diagnostic:
    """W0001: an `end` that closes a block of another indentation, in a rule that leaves out its own `end`."""
    return Diagnostic(
        "W0001",
        f"this `end` closes the `{word}`, which is indented otherwise",
        source,
        end,
        Severity.WARNING,
        help="if an `end` is missing further up, the steps in between belong to the wrong block",
        labels=(Label(opener, f"the `{word}` it closes"),),
    )


# --- characters and literals -----------------------------------------------------------------------


def unknown_character(source: Source, span: Span, name: str, meant: str = "") -> Diagnostic:
    """E0030: a character that is no part of the language."""
    fixes = (Fix(f"change to `{meant}`", span, meant),) if meant else (Fix("remove it", span, ""),)
    label = f"did you mean `{meant}`?" if meant else ""
    return Diagnostic("E0030", f"{name} is no sign of the language", source, span, label=label, fixes=fixes)


def odd_space(source: Source, span: Span, name: str) -> Diagnostic:
    """E0031: white space other than space, tab and newline, or a character that cannot be seen."""
    message = f"the character {name} cannot be seen and is not allowed outside quotes"
    return Diagnostic("E0031", message, source, span, fixes=(Fix("change to a space", span, " "),))


def forbidden(source: Source, span: Span, name: str, why: str, replacement: str) -> Diagnostic:
    """E0032: NUL, a lone surrogate or a character that changes the order in which text is shown."""
    fixes = (Fix(f"change to `{replacement}`" if replacement else "remove it", span, replacement),)
    return Diagnostic("E0032", f"the character {name} {why}", source, span, fixes=fixes)


def look_alike(source: Source, span: Span, word: str, letter: str, meant: str) -> Diagnostic:
    """E0033: a word with letters of another script that look like Latin ones."""
    fixes = (Fix(f"write `{meant}` in Latin letters", span, meant),)
    message = f"{quoted(word)} has a letter that only looks Latin: {letter}"
    return Diagnostic("E0033", message, source, span, label=f"did you mean `{meant}`?", fixes=fixes)


def foreign_name(source: Source, span: Span, word: str, value: bool) -> Diagnostic:
    """E0034: a name with other letters than a to z; where a `value` stands it may have been meant as text."""
    help_ = (
        "names are made of the letters a to z, digits and `_`; text with other letters is written in quotes"
    )
    fixes = (Fix("put it in quotes", span, f'"{word}"'),) if value else ()
    return Diagnostic("E0034", f"{quoted(word)} is no name", source, span, help=help_, fixes=fixes)


def unterminated(source: Source, span: Span) -> Diagnostic:
    """E0035: text whose closing quote is missing."""
    fixes = (Fix('insert `"`', Span(span.end, span.end), '"'),)
    label = 'the closing `"` is missing'
    return Diagnostic("E0035", "this text does not end", source, span, label=label, fixes=fixes)


def many_lines(source: Source, span: Span, replacement: str) -> Diagnostic:
    """E0036: text in quotes that runs over the end of a line."""
    fixes = (Fix("write the line ends as `\\n`", span, replacement),)
    message = "text in quotes cannot run over the end of a line"
    return Diagnostic("E0036", message, source, span, help="write `\\n` where a line ends", fixes=fixes)


def wrong_quotes(source: Source, span: Span, replacement: str) -> Diagnostic:
    """E0037: single or typographic quotation marks."""
    fixes = (Fix('change to `"`', span, replacement),)
    return Diagnostic("E0037", 'text is written in straight double quotes, `"`', source, span, fixes=fixes)


def bad_escape(source: Source, span: Span, written: str, replacement: str) -> Diagnostic:
    """E0038: a backslash with something behind it that means nothing."""
    fixes = (Fix(f"change to `{replacement}`", span, replacement),) if replacement else ()
    help_ = 'the escapes are `\\"`, `\\\\`, `\\n`, `\\t` and `\\u{1F600}`; a backslash itself is `\\\\`'
    return Diagnostic("E0038", f"{quoted(written)} is no escape", source, span, help=help_, fixes=fixes)


def malformed(source: Source, span: Span, written: str, meant: str) -> Diagnostic:
    """E0039: something that begins like a number and is no literal, or one written apart (`30 m`)."""
    fixes = (Fix(f"change to `{meant}`", span, meant),) if meant else ()
    message = (
        f"{quoted(written)} is written {quoted(meant)}"
        if meant
        else f"{quoted(written)} is no number and no duration"
    )
    label = f"write {quoted(meant)}" if meant else ""
    return Diagnostic(
        "E0039", message, source, span, label=label, help="" if meant else DURATIONS, fixes=fixes
    )


def impossible(source: Source, span: Span, written: str, what: str) -> Diagnostic:
    """E0040: a date or time that no calendar or clock has."""
    help_ = {
        "date": "a date is written `2026-01-31`",
        "time of day": "a time of day goes from `0:00` to `23:59`",
        "moment": "a moment is written `2026-01-31T09:00`, with `Z` or an offset such as `+01:00` behind it or without",
    }[what]
    return Diagnostic("E0040", f"there is no {what} {quoted(written)}", source, span, help=help_)


def too_large(source: Source, span: Span, written: str, limit: str) -> Diagnostic:
    """E0041: a number or duration beyond what the language holds."""
    return Diagnostic("E0041", f"{quoted(written)} is too large", source, span, label=f"at most {limit}")


def bad_backquotes(source: Source, span: Span, why: str) -> Diagnostic:
    """E0042: backquotes around something that is no name."""
    return Diagnostic("E0042", why, source, span, help="backquotes hold one name, such as `` `end` ``")


def bare_address(source: Source, span: Span, address: str) -> Diagnostic:
    """E0043: an e-mail address without quotes."""
    fixes = (Fix("put it in quotes", span, f'"{address}"'),)
    message = "an e-mail address is written in quotes"
    return Diagnostic("E0043", message, source, span, label=f'write `"{address}"`', fixes=fixes)


# --- bounds ----------------------------------------------------------------------------------------


def file_too_large(source: Source, limit: int) -> Diagnostic:
    """E0090: a file beyond the bound, which is not read at all."""
    message = f"the file is larger than {limit // 1024} KiB"
    return Diagnostic("E0090", message, source, Span(0, 0), help="divide it into several files")


def rule_too_long(source: Source, span: Span, limit: int) -> Diagnostic:
    """E0091: a rule or declaration with too many words and signs."""
    message = f"this rule is longer than {limit:,} words and signs"
    return Diagnostic(
        "E0091", message, source, span, label="the rule is not read", help="divide it into several rules"
    )


def file_too_long(source: Source, span: Span, limit: str) -> Diagnostic:
    """E0092: a file with too many rules, or words and signs; what follows is not read."""
    message, label = f"the file is longer than {limit}", "the file is read up to here"
    return Diagnostic("E0092", message, source, span, label=label, help="divide it into several files")


def nested_too_deeply(source: Source, span: Span, limit: int) -> Diagnostic:
    """E0093: parentheses and blocks inside each other beyond the bound."""
    message = f"parentheses and blocks are nested more than {limit} levels deep"
    return Diagnostic("E0093", message, source, span, label="the rule is not read")


def too_many_operators(source: Source, span: Span, limit: int) -> Diagnostic:
    """E0094: an expression with too long a chain of operators."""
    message = f"this expression joins more than {limit} operators in a row"
    help_ = "write many alternatives as a list, such as `country in (DE, FR, IT)`"
    return Diagnostic("E0094", message, source, span, help=help_)


def too_many_steps(source: Source, span: Span, limit: int) -> Diagnostic:
    """E0095: a rule with too many steps."""
    return Diagnostic(
        "E0095",
        f"a rule has at most {limit:,} steps",
        source,
        span,
        help="divide it; `start rule(…)` starts another",
    )


def too_many_mistakes(source: Source, span: Span, limit: int) -> Diagnostic:
    """E0096: after many mistakes the rest of a file is not read."""
    message = f"there are more than {limit} mistakes; the rest of the file is not read"
    return Diagnostic("E0096", message, source, span)
