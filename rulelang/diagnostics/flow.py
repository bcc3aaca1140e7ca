"""What is said about waits, flow and enrolment, one function for each mistake; see messages.py for the wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rulelang.diagnostics.messages import article, choice, guess, listed, noun, q
from rulelang.diagnostics.messages import replace as replacement
from rulelang.diagnostics.model import Diagnostic, Label, Severity
from rulelang.source import Source, Span
from rulelang.types.model import Type


def _error(
    code: str, source: Source, span: Span, message: str, help_: str = "", **more: object
) -> Diagnostic:
    return Diagnostic(code, message, source, span, help=help_, **more)  # type: ignore[arg-type]


def _warning(code: str, source: Source, span: Span, message: str, help_: str = "") -> Diagnostic:
    return Diagnostic(code, message, source, span, severity=Severity.WARNING, help=help_)


# --- E02: names that a rule gives ------------------------------------------------------------------


def name_taken(source: Source, span: Span, word: str, meaning: str, other: str) -> Diagnostic:
    """A name for a value that means something already; `other` is one that is free."""
    return _error("E0221", source, span, f"`{word}` is {meaning} already", f"call it `{other}`, for example")


def not_yet(source: Source, span: Span, word: str, place: Span, running: bool) -> Diagnostic:
    """A name used where no earlier step has given it; `running` is False for what is tested before the run."""
    help_ = "a step must give it first, on the way that leads here"
    if not running:
        help_ = "it is known in the steps; before the run begins there are only the record and the event"
    labels = (Label(place, "it is given here"),)
    return _error("E0222", source, span, f"nothing is called `{word}` here", help_, labels=labels)


def of_two_types(source: Source, span: Span, word: str, type_: Type, first: Type, place: Span) -> Diagnostic:
    """A name given to values of two types."""
    labels = (Label(place, noun(first)),)
    message = f"`{word}` is {noun(first)} elsewhere in this rule, here it is {noun(type_)}"
    return _error("E0223", source, span, message, "give each value its own name", labels=labels)


def unknown_label(source: Source, span: Span, name: str, options: Sequence[str]) -> Diagnostic:
    """`go to` a label that the rule does not have."""
    help_ = guess(name, options) or (
        f"the labels are {listed(options)}" if options else f'write `label "{name}"`'
    )
    fixes = replacement(name, options, span, quoted=True)
    return _error("E0224", source, span, f"there is no label `{name}`", help_, fixes=fixes)


def named_twice(source: Source, span: Span, what: str, name: str, first: Span) -> Diagnostic:
    """Two labels, splits, cases or parameters of one name."""
    labels = (Label(first, "the first one"),)
    return _error("E0225", source, span, f"there are two {what} named `{name}`", labels=labels)


# --- E05: flow -------------------------------------------------------------------------------------


def bad_count(source: Source, span: Span, text: str, what: str, least: int, most: int) -> Diagnostic:
    """A number of something that is none, or out of bounds."""
    message = f"{what} is a whole number from {least:,} to {most:,}, not {q(text)}"
    return _error("E0505", source, span, message)


def not_written_out(source: Source, span: Span, text: str, what: str, example: str) -> Diagnostic:
    """A duration or number of a clause that depends on something."""
    message = f"{what} is written out, {q(text)} is not"
    return _error("E0506", source, span, message, f"write {q(example)}")


def until_no_condition(source: Source, span: Span, text: str, type_: Type, hint: str) -> Diagnostic:
    """`until` beside other alternatives with a moment instead of a condition."""
    message = f"beside other alternatives `until` takes a condition, but {q(text)} is {noun(type_)}"
    return _error("E0507", source, span, message, hint)


def two_timeouts(source: Source, span: Span, first: Span) -> Diagnostic:
    """A second timeout of one wait."""
    labels = (Label(first, "the first one"),)
    return _error("E0508", source, span, "a wait has one `timeout`", labels=labels)


def else_without_timeout(source: Source, span: Span) -> Diagnostic:
    """`else` of a wait that never gives up."""
    message = "this `else` is never reached, for the wait has no `timeout`"
    return _error("E0509", source, span, message, "say how long to wait: `timeout 2d`")


def no_timeout_moment(source: Source, span: Span, text: str, type_: Type, hint: str) -> Diagnostic:
    """`timeout` without a duration, or `timeout until` without a date."""
    message = f"`timeout` takes a duration, and `timeout until` a date, but {q(text)} is {noun(type_)}"
    return _error("E0510", source, span, message, hint)


def never_past(source: Source, span: Span, text: str) -> Diagnostic:
    """`skip if past` behind a wait that cannot be past."""
    help_ = "it goes with a date: `wait until renewal_date - 7d skip if past`"
    return _error("E0511", source, span, f"{q(text)} is never past", help_)


def unknown_day(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A word before a time of day that is no day of the week."""
    fixes = replacement(word, options, span)
    return _error(
        "E0512", source, span, f"`{word}` is no day of the week", choice("a day", word, options), fixes=fixes
    )


def shares(source: Source, span: Span, total: str) -> Diagnostic:
    """Shares of a split that come to more than everybody."""
    help_ = "the shares come to 100% at most; who is in none goes to `else`"
    return _error("E0513", source, span, f"with this share it is {total}%", help_)


def bad_share(source: Source, span: Span, text: str) -> Diagnostic:
    """A share of nothing, of more than all, or finer than a hundredth of a percent."""
    help_ = "a share is more than 0% and at most 100%, with up to two decimals"
    return _error("E0513", source, span, f"{q(text)} is no share", help_)


def backward(source: Source, span: Span, name: str, label: Span) -> Diagnostic:
    """`go to` a label that comes before."""
    labels = (Label(label, "the label"),)
    message = f"`go to` leads forward only, and `{name}` comes before"
    return _error(
        "E0514", source, span, message, "repeat steps with `repeat … times do … end`", labels=labels
    )


def out_of_reach(source: Source, span: Span, name: str, label: Span, branch: bool) -> Diagnostic:
    """`go to` a label inside another block, or out of a branch of `parallel`."""
    labels = (Label(label, "the label"),)
    message = f"`{name}` is not in this branch" if branch else f"`{name}` is inside another block"
    help_ = (
        "a branch of `parallel` ends by itself"
        if branch
        else "put the label behind the blocks that lead to it"
    )
    return _error("E0515", source, span, message, help_, labels=labels)


def one_branch(source: Source, span: Span) -> Diagnostic:
    """`parallel` with less than two branches."""
    help_ = "write a `do … end` for each branch"
    return _error("E0516", source, span, "`parallel` has two branches or more", help_)


def not_at_the_end(source: Source, span: Span, what: str) -> Diagnostic:
    """A wait, branches or a goal in the steps of `on exit`."""
    message = f"the steps of `on exit` are made at once: no {q(what)} here"
    return _error("E0517", source, span, message, 'start another rule that does it: `start rule("…")`')


def goal_in_branch(source: Source, span: Span) -> Diagnostic:
    """A goal inside a branch of `parallel`."""
    message = "a branch of `parallel` cannot have a goal"
    return _error("E0518", source, span, message, "put the goal behind the branches")


def only_for_rules(source: Source, span: Span, what: str) -> Diagnostic:
    """`with` or `and wait` behind an action that starts no rule."""
    message = f"{q(what)} goes only with `start rule`"
    return _error("E0519", source, span, message)


def no_result(source: Source, span: Span, action: str) -> Diagnostic:
    """`let` with an action that has no result."""
    message = f"{q(action)} changes the record and has no result to keep"
    return _error(
        "E0520",
        source,
        span,
        message,
        "results come from actions that ask somebody else, such as `webhook post`",
    )


def not_retried(source: Source, span: Span, action: str) -> Diagnostic:
    """`on error retry` behind an action that is done at once."""
    message = f"{q(action)} is done at once and is not tried again"
    return _error("E0521", source, span, message, "write `on error continue`, or leave it out")


def bad_running(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A word behind `if running` that is none of those."""
    fixes = replacement(word, options, span)
    help_ = choice("what to do", word, options)
    return _error("E0522", source, span, f"`if running` knows no `{word}`", help_, fixes=fixes)


def useless_enrolment(source: Source, span: Span, text: str, why: str) -> Diagnostic:
    """A part of the `enrol` clause that could never matter."""
    return _error("E0523", source, span, f"{q(text)} has no meaning here: {why}", "leave it out")


def two_rates(source: Source, span: Span, word: str, first: Span) -> Diagnostic:
    """A second `limit` or `release`."""
    labels = (Label(first, "the first one"),)
    return _error("E0524", source, span, f"a rule has one `{word}`", labels=labels)


def useless_option(source: Source, span: Span, option: str, why: str) -> Diagnostic:
    """`as` or `from now` behind an event where it changes nothing."""
    return _error("E0525", source, span, f"`{option}` has no meaning here: {why}", "leave it out")


# --- W06: warnings ---------------------------------------------------------------------------------


def nothing_to_skip(source: Source, span: Span) -> Diagnostic:
    """`skip if past` at the end of its block."""
    return _warning("W0606", source, span, "no step follows that `skip if past` could leave out")


def same_case(source: Source, span: Span, text: str, first: Span) -> Diagnostic:
    """A value of a `match` that an earlier case has."""
    found = _warning("W0607", source, span, f"an earlier case has {q(text)} already")
    return replace(found, labels=(Label(first, "here"),))


def nobody_left(source: Source, span: Span) -> Diagnostic:
    """`else` of a split whose shares come to all."""
    return _warning("W0608", source, span, "nobody is left for this `else`: the shares come to 100%")


def not_related(
    source: Source, span: Span, word: str, subject: str, one: Sequence[str], many: Sequence[str]
) -> Diagnostic:
    """`for each` over records that the subject does not have, or has one of."""
    ways = [*(f"`for {kind} do`" for kind in one), *(f"`for each {kind} do`" for kind in many)]
    message = f"{article(subject)} has no such records: {q(word)}"
    return _error("E0540", source, span, message, f"write {listed(ways, ' or ')}")


def each_within_each(source: Source, span: Span) -> Diagnostic:
    """Related records of related records."""
    message = "steps for related records cannot have such steps inside them"
    help_ = "let an event go out there, and a rule for that kind of record listen to it"
    return _error("E0541", source, span, message, help_)
