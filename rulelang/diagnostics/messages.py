"""Every text of the checker, one function for each mistake, so that the wording is reviewed as a whole.

Codes: E02 names, E03 types, E04 phrases and arguments, E05 flow, W06 warnings. `explain.py` has a page for each.
Words of the author are quoted with `q`; `help` is built from them and from the schema wherever that is possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rulelang.diagnostics.model import Diagnostic, Fix, Label, Severity
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
from rulelang.types.model import ANY, Kind, Type
from rulelang.types.schema import Declared

SHOWN = 12
"""How many names a help lists before it stops with `…`."""

_NOUNS: dict[Kind, str] = {
    Kind.TEXT: "text",
    Kind.NUMBER: "a number",
    Kind.PERCENT: "a percentage",
    Kind.BOOL: "yes or no",
    Kind.DATE: "a date",
    Kind.DATETIME: "a date with a time",
    Kind.TIME: "a time of day",
    Kind.DURATION: "a duration",
    Kind.STAGE: "a stage",
    Kind.PERSON: "a person",
    Kind.TEAM: "a team",
    Kind.TAG: "a tag",
    Kind.RECORD: "a whole record",
    Kind.NULL: "a missing value",
    Kind.ANY: "any value",
}

_MANY: dict[Kind, str] = {
    Kind.TEXT: "texts",
    Kind.NUMBER: "numbers",
    Kind.MONEY: "amounts",
    Kind.PERCENT: "percentages",
    Kind.DATE: "dates",
    Kind.DATETIME: "instants",
    Kind.ENUM: "words",
    Kind.STAGE: "stages",
    Kind.PERSON: "people",
    Kind.TEAM: "teams",
    Kind.TAG: "tags",
}


def noun(type_: Type) -> str:
    """A type with its article, as a sentence needs it."""
    match type_.kind:
        case Kind.LIST:
            return f"a list of {_MANY.get((type_.item or ANY).kind, 'values')}"
        case Kind.MONEY:
            return str(type_)
        case Kind.ENUM:
            return f"one of {listed(type_.values)}" if type_.values else "a word"
        case _:
            return _NOUNS[type_.kind]


class Part(NamedTuple):
    """A part of an expression: the author's words, where they stand, and what type they have."""

    text: str
    span: Span
    type: Type

    def __str__(self) -> str:
        """The part as a clause: `` `score` is a number ``."""
        return _is(self.text, self.type)


def q(text: str) -> str:
    """A text of the author in backquotes, on one line and not too long."""
    flat = " ".join(text.split())
    return f"`{flat if len(flat) <= 60 else flat[:57] + '…'}`"


def listed(names: Iterable[str], joint: str = ", ") -> str:
    """A few names in backquotes, with `…` for the rest."""
    all_ = list(names)
    shown = joint.join(f"`{n}`" for n in all_[:SHOWN])
    return f"{shown}{joint}…" if len(all_) > SHOWN else shown


def guess(word: str, options: Iterable[str]) -> str:
    """The sentence part `did you mean …?`, or "" when nothing is near."""
    near = did_you_mean(word, options)
    return f"did you mean `{near}`?" if near else ""


def choice(what: str, word: str, options: Sequence[str]) -> str:
    """Help that lists what is allowed and asks for the nearest."""
    if not options:
        return ""
    parts = [f"{what} is one of {listed(options)}" if len(options) > 1 else f"{what} is {listed(options)}"]
    return "; ".join(parts + [g for g in [guess(word, options)] if g])


def replace(word: str, options: Iterable[str], span: Span, quoted: bool = False) -> tuple[Fix, ...]:
    """The change to the nearest option, if there is one."""
    near = did_you_mean(word, options)
    if not near:
        return ()
    text = f'"{near}"' if quoted or not near.isidentifier() else near
    return (Fix(f"change to `{text}`", span, text),)


def here(declared: Declared | None, text: str = "declared here") -> tuple[Label, ...]:
    """The label that points at a declaration, if it is not built in."""
    return (Label(declared.span, text, declared.source),) if declared else ()


def _error(code: str, source: Source, span: Span, message: str, **more: object) -> Diagnostic:
    return Diagnostic(code, message, source, span, **more)  # type: ignore[arg-type]


def _warning(code: str, source: Source, span: Span, message: str, **more: object) -> Diagnostic:
    return Diagnostic(code, message, source, span, severity=Severity.WARNING, **more)  # type: ignore[arg-type]


# --- E02: names ------------------------------------------------------------------------------------


def unknown_field(
    source: Source,
    span: Span,
    word: str,
    owner: str,
    options: Sequence[str],
    hint: str = "",
    declared: Declared | None = None,
    kind: str = "",
) -> Diagnostic:
    """A name that is no field of the record; `owner` is the record with its article.

    With a `kind` of record, the help says how to declare the field.
    """
    help_ = hint or guess(word, options) or f"it has {listed(options)}{_to_declare(kind, word)}"
    fixes = () if hint else replace(word, options, span)
    labels = () if hint else here(declared)
    return _error(
        "E0201", source, span, f"{owner} has no field `{word}`", help=help_, fixes=fixes, labels=labels
    )


def _to_declare(kind: str, word: str) -> str:
    if not kind:
        return ""
    lines = f"`fields for {kind}`, `{word}: date` (or another type) and `end`, each on a line of its own"
    return f"; a field of your own is declared in schema.rules: {lines}"


def unrelated_record(source: Source, span: Span, word: str, subject: str, roots: Sequence[str]) -> Diagnostic:
    """A path that begins with a record that the subject does not point at."""
    message = f"a rule for {article(subject)} cannot reach {article(word)}"
    return _error("E0202", source, span, message, help=f"paths begin with {listed(roots)} or a field")


def field_not_in_all_events(
    source: Source, span: Span, word: str, trigger: str, shared: Sequence[str]
) -> Diagnostic:
    """A field of the event that one of several triggers lacks."""
    help_ = f"all triggers of this rule have {listed(shared)}" if shared else "make a rule for each trigger"
    return _error("E0203", source, span, f"the event of {q(trigger)} has no `{word}`", help=help_)


def unknown_event_field(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A field that the event of no trigger has."""
    has = f"it has {listed(options)}" if options else "it has no data"
    fixes = replace(word, options, span)
    return _error(
        "E0204",
        source,
        span,
        f"the event has no field `{word}`",
        help=guess(word, options) or has,
        fixes=fixes,
    )


def field_of_awaited(source: Source, span: Span, word: str) -> Diagnostic:
    """`event.` before a field that only the awaited event has."""
    return _error(
        "E0204",
        source,
        span,
        f"the event that started the run has no field `{word}`",
        help=f"the awaited event has it: write `{word}`",
        fixes=(Fix(f"change to `{word}`", span, word),),
    )


def no_parts(source: Source, span: Span, whole: str, type_: Type, word: str) -> Diagnostic:
    """A path that goes on after a value without parts."""
    return _error("E0205", source, span, f"{q(whole)} is {noun(type_)} and has no `{word}`")


def unknown_part(
    source: Source, span: Span, word: str, whole: str, what: str, options: Sequence[str]
) -> Diagnostic:
    """A wrong part of a person (`owner.phone`) or a wrong pipeline of `stages`."""
    return _error(
        "E0205",
        source,
        span,
        f"{q(whole)} has no `{word}`",
        help=choice(what, word, options) or "no pipeline is declared for it",
        fixes=replace(word, options, span),
    )


def unknown_function(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A call of something that is no function."""
    help_ = guess(word, options) or f"the functions are {listed(options)}"
    return _error(
        "E0206",
        source,
        span,
        f"there is no function `{word}`",
        help=help_,
        fixes=replace(word, options, span),
    )


def unknown_stage(
    source: Source, span: Span, word: str, subject: str, options: Sequence[str], hint: str = ""
) -> Diagnostic:
    """A stage that no pipeline of the subject (or the pipeline named) has."""
    help_ = hint or choice("a stage", word, options) or f"no pipeline is declared for {plural(subject)}"
    fixes = () if hint else replace(word, options, span, quoted=True)
    return _error(
        "E0207",
        source,
        span,
        f"there is no stage `{word}` for {plural(subject)}",
        help=help_,
        fixes=fixes,
    )


def unknown_pipeline(
    source: Source, span: Span, word: str, subject: str, options: Sequence[str]
) -> Diagnostic:
    """A pipeline that the subject's kind does not have."""
    return _error(
        "E0208",
        source,
        span,
        f"there is no pipeline `{word}` for {plural(subject)}",
        help=choice("a pipeline", word, options),
        fixes=replace(word, options, span, quoted=True),
    )


def bad_header(source: Source, span: Span, text: str) -> Diagnostic:
    """A header field that is none, or one that would hold a secret."""
    return _error(
        "E0418",
        source,
        span,
        f"{q(text)} is no header field for a request",
        help='write `"X-Plan: {{ plan }}"`; what proves who you are belongs into a connection of `rulelang.toml`',
    )


def unknown_topic(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A topic that is not declared."""
    return _error(
        "E0242",
        source,
        span,
        f"there is no topic `{word}`",
        help=choice("a topic", word, options) or f'declare it: `topic "{word}": consent`',
        fixes=replace(word, options, span, quoted=True),
    )


def unknown_team(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A team that is not declared."""
    return _error(
        "E0209",
        source,
        span,
        f"there is no team `{word}`",
        help=choice("a team", word, options) or f'declare it: `team "{word}": "ana@acme.test"`',
        fixes=replace(word, options, span, quoted=True),
    )


def unknown_person(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A person who is not declared, where the workspace declares people."""
    help_ = guess(word, options) or f'declare the person: `person "{word}": "Full Name"`'
    return _error(
        "E0210",
        source,
        span,
        f"nobody has the address `{word}`",
        help=help_,
        fixes=replace(word, options, span, quoted=True),
    )


def not_a_person(source: Source, span: Span, word: str) -> Diagnostic:
    """A text that should be a person's address and is none."""
    return _error(
        "E0210",
        source,
        span,
        f"`{word}` is no e-mail address",
        help='a person is written as an e-mail address in quotes: `"ana@acme.test"`',
    )


def unknown_template(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A message template that the workspace does not have."""
    none = f"put it into the workspace as `templates/{word}.liquid`"
    return _error(
        "E0211",
        source,
        span,
        f"there is no template `{word}`",
        help=choice("a template", word, options) or none,
        fixes=replace(word, options, span, quoted=True),
    )


def unknown_calendar(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A business calendar that the workspace does not have."""
    return _error(
        "E0240",
        source,
        span,
        f"there is no calendar `{word}`",
        help=choice("a calendar", word, options) or "the workspace has no calendars",
        fixes=replace(word, options, span, quoted=True),
    )


def not_given(source: Source, span: Span, template: str, name: str) -> Diagnostic:
    """A template that shows a name of the run which no step has given on the way here."""
    return _error(
        "E0245",
        source,
        span,
        f"the template `{template}` shows `{name}`, which nothing has been called here",
        help="a step must give the name first, on the way that leads here; or use another template",
    )


def no_business_time(source: Source, span: Span, text: str) -> Diagnostic:
    """Business time in months or years."""
    return _error(
        "E0241",
        source,
        span,
        f"business time is counted in days, hours and minutes, but this is {q(text)}",
        help="write business days, such as `20d`",
    )


def unknown_tag(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A tag outside the closed set."""
    help_ = choice("a tag", word, options) or "the workspace has no tags"
    return _error(
        "E0212",
        source,
        span,
        f"`{word}` is not among the tags",
        help=help_,
        fixes=replace(word, options, span, quoted=True),
    )


def unknown_rule(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A rule that no file has."""
    return _error(
        "E0213",
        source,
        span,
        f"there is no rule `{word}`",
        help=guess(word, options),
        fixes=replace(word, options, span, quoted=True),
    )


def unknown_event_type(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """An event type that is not declared."""
    help_ = choice("an event", word, options) or f'declare it: `event "{word}" for contact`'
    return _error(
        "E0214",
        source,
        span,
        f"there is no event `{word}`",
        help=help_,
        fixes=replace(word, options, span, quoted=True),
    )


def duplicate_rule(source: Source, span: Span, name: str, first: Declared) -> Diagnostic:
    """A rule name that another rule has, perhaps in another file."""
    return _error(
        "E0215",
        source,
        span,
        f"there are two rules named `{name}`",
        help="the name is the rule's identity: give each rule its own",
        labels=here(first, "the first one"),
    )


def bare_word(source: Source, span: Span, word: str, hint: str) -> Diagnostic:
    """A word that is neither a field nor a value, where text could stand."""
    fix = Fix(f'change to `"{word}"`', span, f'"{word}"')
    return _error("E0216", source, span, f"`{word}` is no field", help=hint, fixes=(fix,))


def event_fields_differ(source: Source, span: Span, word: str) -> Diagnostic:
    """A field that the events of several triggers have with different types."""
    return _error(
        "E0217",
        source,
        span,
        f"`event.{word}` is of another type for each trigger of this rule",
        help="make a rule for each trigger",
    )


def ambiguous_stage(
    source: Source, span: Span, stage: str, pipelines: Sequence[str], example: str
) -> Diagnostic:
    """A stage of several pipelines where one is needed."""
    return _error(
        "E0218",
        source,
        span,
        f"the pipelines {listed(pipelines, ' and ')} both have a stage `{stage}`",
        help=f"name the pipeline{f': {q(example)}' if example else ''}",
    )


def read_only(source: Source, span: Span, word: str, hint: str) -> Diagnostic:
    """A field that the system alone sets."""
    return _error("E0219", source, span, f"`{word}` cannot be set by a rule", help=hint)


def bad_rule_name(source: Source, span: Span, most: int) -> Diagnostic:
    """A rule's name that is empty or too long, or holds characters that cannot be shown."""
    help_ = f"a name has 1 to {most} characters and no line ends; leave it out for a rule without one"
    return _error("E0220", source, span, "this cannot be the name of a rule", help=help_)


# --- E03: types ------------------------------------------------------------------------------------


def unknown_value(
    source: Source,
    span: Span,
    word: str,
    what: str,
    options: Sequence[str],
    declared: Declared | None = None,
) -> Diagnostic:
    """A word that is not a value of an enumeration or a stage of the pipeline."""
    return _error(
        "E0301",
        source,
        span,
        f"`{word}` is no value of {q(what)}",
        help=choice(q(what), word, options),
        fixes=replace(word, options, span),
        labels=here(declared),
    )


def incomparable(
    source: Source, left: Part, right: Part, hint: str = "", fixes: tuple[Fix, ...] = ()
) -> Diagnostic:
    """Two values that can never be equal or ordered."""
    message = f"{left}, but {right}: they cannot be compared"
    return _two_sided("E0302", source, left, right, message, hint, fixes)


def _two_sided(
    code: str,
    source: Source,
    left: Part,
    right: Part,
    message: str,
    hint: str,
    fixes: tuple[Fix, ...] = (),
) -> Diagnostic:
    """A mistake about two parts: the right one is underlined, the left one labelled."""
    labels = (Label(left.span, noun(left.type)),)
    return _error(
        code, source, right.span, message, label=noun(right.type), help=hint, labels=labels, fixes=fixes
    )


def _is(text: str, type_: Type) -> str:
    return f"{q(text)} is {noun(type_)}"


def no_order(source: Source, span: Span, text: str, type_: Type, hint: str) -> Diagnostic:
    """`<` and its kin, or `between`, on values without an order."""
    what = f"the values of {q(text)} have" if type_.values else f"{_is(text, type_)} and has"
    return _error("E0303", source, span, f"{what} no order", help=hint)


def not_a_condition(source: Source, span: Span, text: str, type_: Type, hint: str) -> Diagnostic:
    """A condition that is not yes or no."""
    return _error("E0304", source, span, f"a condition is yes or no, but {_is(text, type_)}", help=hint)


def no_arithmetic(source: Source, op: str, left: Part, right: Part, hint: str) -> Diagnostic:
    """Arithmetic on types that have none."""
    message = f"`{op}` cannot be used here: {left} and {right}"
    return _two_sided("E0305", source, left, right, message, hint)


def no_minus(source: Source, span: Span, text: str, type_: Type) -> Diagnostic:
    """A minus sign before something that has no negative."""
    return _error("E0305", source, span, f"{_is(text, type_)} and cannot be negated with `-`")


def currencies(source: Source, left: Part, right: Part) -> Diagnostic:
    """Money of two currencies."""
    message = f"{left}, but {right}"
    return _two_sided("E0306", source, left, right, message, "amounts are not converted; use one currency")


def null_comparison(source: Source, span: Span, text: str, op: str) -> Diagnostic:
    """`= null`."""
    test = f"{text} is {'set' if op == '!=' else 'not set'}"
    return _error(
        "E0307",
        source,
        span,
        "nothing is equal to a missing value",
        help=f"write {q(test)}",
        fixes=(Fix(f"change to {q(test)}", span, test),),
    )


def null_value(source: Source, span: Span) -> Diagnostic:
    """`null` where a value is needed."""
    return _error(
        "E0307", source, span, "`null` cannot be used here", help="test with `is set` or `is not set`"
    )


def wrong_value(
    source: Source, span: Span, target: str, wanted: Type, text: str, found: Type, hint: str = ""
) -> Diagnostic:
    """A value assigned to a field of another type."""
    return _error("E0308", source, span, f"{q(target)} is {noun(wanted)}, but {_is(text, found)}", help=hint)


def bad_pattern(source: Source, span: Span, reason: str) -> Diagnostic:
    """A regular expression that RE2 refuses."""
    return _error(
        "E0309",
        source,
        span,
        f"this pattern cannot be used: {reason}",
        help="patterns are RE2: no look-around and no back-references",
    )


def pattern_not_literal(source: Source, span: Span) -> Diagnostic:
    """A pattern that is not written out."""
    return _error("E0310", source, span, "a pattern must be a text in quotes", help='write `matches "^A"`')


def not_a_list(source: Source, span: Span, text: str, type_: Type) -> Diagnostic:
    """The right side of `in`."""
    return _error(
        "E0311",
        source,
        span,
        f"`in` needs a list, but {_is(text, type_)}",
        help=f"write `in [{' '.join(text.split())}]`, or compare with `=`",
    )


def no_contents(source: Source, span: Span, text: str, type_: Type) -> Diagnostic:
    """The left side of `contains`."""
    return _error("E0312", source, span, f"`contains` needs text or a list, but {_is(text, type_)}")


def needs_text(source: Source, span: Span, op: str, text: str, type_: Type) -> Diagnostic:
    """Either side of a text operator."""
    return _error("E0313", source, span, f"`{op}` needs text, but {_is(text, type_)}")


def bare_number(source: Source, span: Span, other: str, type_: Type, number: str, written: str) -> Diagnostic:
    """A plain number beside money or a percentage."""
    return _error(
        "E0314",
        source,
        span,
        f"{_is(other, type_)}, but {q(number)} is a plain number",
        help=f"write {q(written)}",
        fixes=(Fix(f"change to `{written}`", span, written),),
    )


def mixed_list(source: Source, first: Part, item: Part) -> Diagnostic:
    """A list of values of several types."""
    message = f"the items of a list are of one type: {first}, {item}"
    return _two_sided("E0315", source, first, item, message, "")


def zero_division(source: Source, span: Span) -> Diagnostic:
    """Division by a constant zero."""
    return _error("E0316", source, span, "this divides by zero")


def record_as_value(source: Source, span: Span, word: str, options: Sequence[str]) -> Diagnostic:
    """A whole record where a value is needed."""
    example = f"name one of its fields, such as `{word}.{options[0]}`" if options else ""
    return _error("E0317", source, span, f"`{word}` is a whole record, not a value", help=example)


def beyond_calendar(source: Source, span: Span, text: str) -> Diagnostic:
    """An instant that is before the year 1 or after 9999 in UTC."""
    return _error(
        "E0318", source, span, f"{q(text)} is outside the calendar", help="years go from 1 to 9999, in UTC"
    )


# --- E04: phrases and arguments --------------------------------------------------------------------


def unknown_trigger(
    source: Source, span: Span, words: str, ended: bool, help_: str, fixes: tuple[Fix, ...]
) -> Diagnostic:
    """A phrase after `on` that no trigger has."""
    message = f"the trigger {q(words)} is not complete" if ended else f"{q(words)} is no trigger"
    return _error("E0401", source, span, message, help=help_, fixes=fixes)


def unknown_action(
    source: Source, span: Span, words: str, ended: bool, help_: str, fixes: tuple[Fix, ...]
) -> Diagnostic:
    """A phrase in `do` that no action has."""
    message = f"the action {q(words)} is not complete" if ended else f"{q(words)} is no action"
    return _error("E0402", source, span, message, help=help_, fixes=fixes)


def missing_argument(source: Source, span: Span, what: str, name: str, doc: str, form: str) -> Diagnostic:
    """A required argument that was not given."""
    return _error(
        "E0403", source, span, f"{q(what)} needs `{name}`", label=f"no `{name}`", help=f"{doc}: {q(form)}"
    )


def no_default_recipient(source: Source, span: Span, what: str, subject: str) -> Diagnostic:
    """A message without a recipient in a rule whose subject has no contact of its own."""
    return _error(
        "E0403",
        source,
        span,
        f"{q(what)} needs a recipient, for {article(subject)} has no contact of its own",
        help=f"say who gets it: {q(what + ' to owner')}",
    )


def unknown_argument(source: Source, span: Span, what: str, name: str, options: Sequence[str]) -> Diagnostic:
    """A name before `=` or `:` that the action does not take."""
    takes = f"it takes {listed(options)}" if options else "it takes no arguments"
    return _error(
        "E0404",
        source,
        span,
        f"{q(what)} has no argument `{name}`",
        help=guess(name, options) or takes,
        fixes=replace(name, options, span),
    )


def duplicate_argument(source: Source, span: Span, name: str, first: Span) -> Diagnostic:
    """One argument given twice."""
    return _error("E0405", source, span, f"`{name}` is given twice", labels=(Label(first, "the first time"),))


def too_many_arguments(source: Source, span: Span, what: str, most: int) -> Diagnostic:
    """More arguments by position than there are places."""
    takes = {0: "nothing", 1: "one argument"}.get(most, f"{most} arguments")
    return _error("E0406", source, span, f"{q(what)} takes {takes} without a name, this is one more")


def wrong_argument(
    source: Source, span: Span, name: str, wanted: str, text: str, found: Type, hint: str = ""
) -> Diagnostic:
    """An argument of the wrong type."""
    return _error("E0407", source, span, f"`{name}` is {wanted}, but {_is(text, found)}", help=hint)


def wrong_operand(
    source: Source, span: Span, function: str, wanted: str, text: str, found: Type, hint: str = ""
) -> Diagnostic:
    """An argument of a function of the wrong type."""
    return _error(
        "E0407", source, span, f"`{function}` needs {wanted} here, but {_is(text, found)}", help=hint
    )


def not_a_choice(source: Source, span: Span, text: str, name: str, options: Sequence[str]) -> Diagnostic:
    """A word outside those that a slot takes."""
    return _error(
        "E0408",
        source,
        span,
        f"{q(text)} cannot stand here",
        help=choice(f"`{name}`", text, options),
        fixes=replace(text, options, span),
    )


def trigger_for_other(
    source: Source, span: Span, trigger: str, subject: str, subjects: Sequence[str]
) -> Diagnostic:
    """A trigger that never fires for the rule's subject."""
    return _error(
        "E0409",
        source,
        span,
        f"{q(trigger)} never happens to {article(subject)}",
        help=f"it happens to {', '.join(plural(s) for s in subjects)}",
    )


def action_for_other(
    source: Source, span: Span, action: str, subject: str, subjects: Sequence[str]
) -> Diagnostic:
    """An action that cannot be done to the rule's subject."""
    return _error(
        "E0410",
        source,
        span,
        f"{q(action)} cannot be done to {article(subject)}",
        help=f"it works for {', '.join(plural(s) for s in subjects)}",
    )


def no_common_subject(source: Source, span: Span, trigger: str, subject: str) -> Diagnostic:
    """Triggers of one rule that are about different kinds of record."""
    return _error(
        "E0411",
        source,
        span,
        f"{q(trigger)} never happens to {article(subject)}, which the trigger before it is about",
        help="make a rule for each trigger",
    )


def no_arguments(source: Source, span: Span, what: str) -> Diagnostic:
    """Parentheses after a phrase that takes none."""
    return _error("E0406", source, span, f"{q(what)} takes no arguments in parentheses")


def bad_recipient(source: Source, span: Span, text: str, hint: str) -> Diagnostic:
    """Something that a message cannot be sent to, or a subject be assigned to."""
    return _error("E0412", source, span, f"{q(text)} is nobody", help=hint)


def bad_url(source: Source, span: Span, text: str, reason: str) -> Diagnostic:
    """An address that no request can be sent to."""
    return _error(
        "E0413",
        source,
        span,
        f"{q(text)} is no address for a request: {reason}",
        help='write it in full: `"https://example.com/hook"`',
    )


def needs_literal(source: Source, span: Span, name: str, hint: str) -> Diagnostic:
    """An expression where a text in quotes must stand."""
    return _error("E0414", source, span, f"`{name}` is written as text in quotes", help=hint)


def needs_field(source: Source, span: Span, text: str, subject: str) -> Diagnostic:
    """Something else where a field of the subject must be named."""
    return _error("E0415", source, span, f"{q(text)} is no field of the {subject}", help="name a field")


def argument_count(source: Source, span: Span, name: str, wanted: str, given: int) -> Diagnostic:
    """A function with too few or too many arguments."""
    has = "none is" if given == 0 else "1 is" if given == 1 else f"{given} are"
    return _error("E0416", source, span, f"`{name}` takes {wanted}, {has} given")


def named_in_function(source: Source, span: Span, function: str) -> Diagnostic:
    """A named argument in a function call."""
    return _error(
        "E0417", source, span, f"arguments of `{function}` have no names", help="leave the name out"
    )


# --- E05: flow -------------------------------------------------------------------------------------


def no_wait(source: Source, span: Span, text: str) -> Diagnostic:
    """A wait of nothing or of a negative duration."""
    return _error("E0501", source, span, f"a wait of {q(text)} is no wait", help="write `wait 30m`")


def not_a_duration(source: Source, span: Span, text: str, type_: Type, hint: str) -> Diagnostic:
    """`wait` with something other than a duration."""
    return _error("E0502", source, span, f"`wait` needs a duration, but {_is(text, type_)}", help=hint)


def not_a_moment(source: Source, span: Span, text: str, type_: Type, hint: str) -> Diagnostic:
    """`wait until` with something other than a moment."""
    return _error(
        "E0503", source, span, f"`wait until` needs a time or a date, but {_is(text, type_)}", help=hint
    )


def too_deep(source: Source, span: Span, most: int) -> Diagnostic:
    """An expression whose parts are nested, or whose arithmetic goes on, beyond the bound."""
    help_ = "put parts of it into fields, or write a list"
    return _error("E0504", source, span, f"this expression is more than {most} levels deep", help=help_)


# --- W06: warnings ---------------------------------------------------------------------------------


def unreachable(source: Source, span: Span, stop: Span, leaves: bool = False) -> Diagnostic:
    """Steps behind a `stop` that has no condition, or (with `leaves`) behind such a `go to`."""
    text = "the run goes on elsewhere" if leaves else "the run ends here"
    return _warning("W0601", source, span, "this step is never reached", labels=(Label(stop, text),))


def always(source: Source, span: Span, value: bool, text: str) -> Diagnostic:
    """A condition that is the same for everybody."""
    code, word = ("W0602", "true") if value else ("W0603", "false")
    return _warning(code, source, span, f"the condition {q(text)} is always {word}")


def mixed_and_or(source: Source, span: Span, inner: Span, text: str) -> Diagnostic:
    """`and` beside `or` without parentheses."""
    return _warning(
        "W0604",
        source,
        span,
        "`and` binds tighter than `or`; parentheses would show what is meant",
        help=f"it is read as {q(f'({text})')}",
        fixes=(Fix("add parentheses", inner, f"({text})"),),
    )


def long_wait(source: Source, span: Span, text: str, years: int) -> Diagnostic:
    """A wait longer than anybody will remember."""
    return _warning("W0605", source, span, f"{q(text)} is a wait of more than {years} years")


def article(kind: str) -> str:
    """A subject kind with its article."""
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def plural(kind: str) -> str:
    """A subject kind in the plural."""
    return {"opportunity": "opportunities"}.get(kind, f"{kind}s")
