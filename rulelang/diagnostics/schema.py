"""What is said about declarations of the workspace's schema, one function for each mistake. Codes E0100 to E0199."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rulelang.diagnostics.model import Diagnostic, Fix, Label
from rulelang.diagnostics.near import listed
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.source import Source, Span
from rulelang.types.model import Kind, Type
from rulelang.types.schema import Declared


def _fix(word: str, known: Iterable[str], span: Span) -> tuple[str, tuple[Fix, ...]]:
    """The question whether a near name was meant ("" without one), and the change to it."""
    near = did_you_mean(word, known)
    if near is None:
        return "", ()
    text = near if near.isidentifier() else f'"{near}"'
    return f"did you mean `{near}`?", (Fix(f"change to `{near}`", span, text),)


def _first(first: Declared | None) -> tuple[Label, ...]:
    return (Label(first.span, "first declared here", first.source),) if first else ()


# --- the shape of a declaration --------------------------------------------------------------------


def unknown_keyword(source: Source, span: Span, word: str, keywords: Sequence[str]) -> Diagnostic:
    """A declaration of nothing that is known."""
    question, fixes = _fix(word, keywords, span)
    return Diagnostic(
        "E0100",
        f"`{word}` begins no rule and no declaration",
        source,
        span,
        label=question,
        help=f"a declaration begins with {listed(k for k in keywords if k not in ('rule', 'on'))}",
        fixes=fixes,
    )


def duplicate(source: Source, span: Span, what: str, name: str, first: Declared | None) -> Diagnostic:
    """A second declaration of one name; `what` is a noun such as `pipeline`."""
    article = "an" if what[0] in "aeiou" else "a"
    message = (
        f"there is {article} {what} `{name}` already" if name else f"there is a `{what}` declaration already"
    )
    help_ = "give it another name, or put both into one declaration" if name else "put both into one"
    return Diagnostic("E0101", message, source, span, label="again here", help=help_, labels=_first(first))


def missing_subject(source: Source, span: Span, keyword: str) -> Diagnostic:
    """`fields` without `for contact`."""
    return Diagnostic(
        "E0102",
        f"`{keyword}` does not say what kind of record it is for",
        source,
        span,
        help=f"write `{keyword} … for contact`, `for account` or `for opportunity`",
    )


def unknown_subject(source: Source, span: Span, word: str, kinds: Sequence[str]) -> Diagnostic:
    """`for` something that is no kind of record."""
    question, fixes = _fix(word, kinds, span)
    help_ = f"records are {listed(kinds, 'and')} ones"
    return Diagnostic(
        "E0103",
        f"there are no records called `{word}`",
        source,
        span,
        label=question,
        help=help_,
        fixes=fixes,
    )


def missing_name(source: Source, span: Span, keyword: str, example: str) -> Diagnostic:
    """A pipeline, team, person or event without a name."""
    return Diagnostic("E0104", f"the {keyword} has no name", source, span, help=f"write `{example}`")


def bad_name(source: Source, span: Span, why: str) -> Diagnostic:
    """A name or value that is empty or too long, or holds what it may not; `why` is a clause."""
    return Diagnostic("E0105", f"a name {why}", source, span)


def nothing_declared(source: Source, span: Span, keyword: str, wanted: str) -> Diagnostic:
    """A list without items or a block without lines."""
    return Diagnostic("E0106", f"this `{keyword}` declares nothing", source, span, help=f"write {wanted}")


def not_a_name(source: Source, span: Span, text: str) -> Diagnostic:
    """Something in a list that is neither a word nor a text."""
    return Diagnostic(
        "E0107", f"`{text}` is no name", source, span, help="names are words, or text in double quotes"
    )


def missing_comma(source: Source, span: Span, left: str, right: str) -> Diagnostic:
    """Two names of a list without a comma between them."""
    joined = f"{left} {right}".replace('"', "")
    return Diagnostic(
        "E0108",
        f"there is no comma between `{left}` and `{right}`",
        source,
        span,
        help=f'write `{left}, {right}` for two names or `"{joined}"` for one',
        fixes=(Fix("insert a comma", Span(span.start, span.start), ", "),),
    )


def stray_comma(source: Source, span: Span) -> Diagnostic:
    """A comma with no name in front of it."""
    return Diagnostic("E0109", "there is no name in front of this comma", source, span)


def duplicate_value(source: Source, span: Span, what: str, value: str, first: Declared) -> Diagnostic:
    """The same name twice in one list."""
    return Diagnostic(
        "E0110",
        f"the {what} `{value}` is listed twice",
        source,
        span,
        label="again here",
        labels=_first(first),
    )


def missing_colon(source: Source, span: Span, line: str, example: str) -> Diagnostic:
    """A line of a block that has no `name: …`."""
    return Diagnostic(
        "E0111", f"`{line}` does not give a name a meaning", source, span, help=f"write it as in `{example}`"
    )


def left_over(source: Source, span: Span, text: str, after: str) -> Diagnostic:
    """Words that mean nothing where they stand."""
    return Diagnostic("E0112", f"`{text}` cannot follow {after}", source, span)


def wrong_form(source: Source, span: Span, keyword: str, wanted: str) -> Diagnostic:
    """A list where a block belongs, or the other way round."""
    return Diagnostic("E0113", f"`{keyword}` is not declared like this", source, span, help=f"write {wanted}")


# --- types and fields ------------------------------------------------------------------------------

MEANT = {
    "bool": "yes/no",
    "boolean": "yes/no",
    "flag": "yes/no",
    "string": "text",
    "str": "text",
    "int": "number",
    "integer": "number",
    "float": "number",
    "decimal": "number",
    "currency": "money",
    "amount": "money",
    "timestamp": "datetime",
    "instant": "datetime",
    "user": "person",
    "enum": "one of",
    "choice": "one of",
    "array": "list of",
    "email": "text",
    "url": "text",
    "percentage": "percent",
}
"""What other systems call the types."""


def unknown_type(source: Source, span: Span, word: str, types: Sequence[str]) -> Diagnostic:
    """A field of a type that does not exist."""
    near = MEANT.get(word.lower()) or did_you_mean(word, types)
    complete = near is not None and not near.endswith(" of")
    return Diagnostic(
        "E0120",
        f"there is no type `{word}`",
        source,
        span,
        label=f"did you mean `{near}`?" if near else "",
        help=f"types are {listed(types)}",
        fixes=(Fix(f"change to `{near}`", span, near),) if near and complete else (),
    )


def incomplete_type(source: Source, span: Span, text: str, example: str) -> Diagnostic:
    """`one of` without values, `list` without `of`."""
    return Diagnostic("E0121", f"the type `{text}` is not complete", source, span, help=f"write `{example}`")


def unknown_currency(source: Source, span: Span, code: str, codes: Iterable[str]) -> Diagnostic:
    """A currency that ISO 4217 does not have."""
    question, fixes = _fix(code.upper(), [c for c in codes if c == code.upper()], span)
    return Diagnostic(
        "E0122",
        f"there is no currency `{code}`",
        source,
        span,
        label=question,
        help="currencies are three capital letters of ISO 4217, such as `EUR` or `USD`",
        fixes=fixes,
    )


def reserved_field(source: Source, span: Span, name: str, why: str) -> Diagnostic:
    """A field whose name would mean something else in a condition; `why` is a clause."""
    return Diagnostic(
        "E0123", f"a field cannot be called `{name}`", source, span, help=f"{why}; choose another name"
    )


def built_in_differs(
    source: Source, span: Span, kind: str, name: str, built_in: Type, given: Type
) -> Diagnostic:
    """A built-in field that is declared with another type."""
    article = "an" if kind[0] in "ao" else "a"
    help_ = f"leave the line out, or declare a field of another name, such as `my_{name}`"
    if name == "status" and kind != "opportunity":
        help_ = f"declare its values with `status for {kind}: …`"
    return Diagnostic(
        "E0124",
        f"the field `{name}` of {article} {kind} is built in as {_type(built_in)}, not as {_type(given)}",
        source,
        span,
        help=help_,
    )


def _type(type_: Type) -> str:
    if type_.kind is Kind.LIST and type_.item is not None:
        return f"list of {_type(type_.item)}"
    return f"one of {listed(type_.values)}" if type_.kind in (Kind.ENUM, Kind.STAGE) else str(type_)


# --- single declarations ---------------------------------------------------------------------------


def unknown_setting(source: Source, span: Span, word: str, settings: Sequence[str]) -> Diagnostic:
    """A line of `workspace` that sets nothing known."""
    question, fixes = _fix(word, settings, span)
    return Diagnostic(
        "E0130",
        f"a workspace has no setting `{word}`",
        source,
        span,
        label=question,
        help=f"its settings are {listed(settings, 'and')}",
        fixes=fixes,
    )


def unknown_zone(source: Source, span: Span, name: str, zones: Iterable[str]) -> Diagnostic:
    """A time zone that the IANA database does not have."""
    known = sorted(zones)
    best = did_you_mean(name, known)
    near = (best,) if best else _same_city(name, known)
    return Diagnostic(
        "E0131",
        f"there is no time zone `{name}`",
        source,
        span,
        label=f"did you mean {listed(near)}?" if near else "",
        help="zones are named as in the IANA database, such as `Europe/Berlin`, `America/New_York` or `UTC`",
        fixes=tuple(Fix(f"change to `{zone}`", span, f'"{zone}"') for zone in near),
    )


def _same_city(name: str, zones: Sequence[str]) -> tuple[str, ...]:
    """The zones whose last part is the name somebody wrote: `Berlin`, `New York`."""
    city = name.rpartition("/")[2].strip().replace(" ", "_").casefold()
    return tuple(zone for zone in zones if zone.casefold().endswith(f"/{city}"))[:3] if city else ()


def bad_address(source: Source, span: Span, text: str) -> Diagnostic:
    """A person who is not named by an e-mail address."""
    return Diagnostic(
        "E0132",
        f"`{text}` is no e-mail address",
        source,
        span,
        help='people are known by their address, as in `person "ana@acme.test": "Ana Ruiz"`',
    )


def bad_event_name(source: Source, span: Span, name: str) -> Diagnostic:
    """An event name of another shape than `demo.requested`."""
    return Diagnostic(
        "E0133",
        f"`{name}` is no name for an event",
        source,
        span,
        help='events are named by lower-case words with dots between them, such as `"demo.requested"`',
    )


def built_in_event(source: Source, span: Span, name: str) -> Diagnostic:
    """An event of the workspace that is called like a built-in one."""
    return Diagnostic(
        "E0134",
        f"the event `{name}` is built in",
        source,
        span,
        help="rules can use it without a declaration; give your own event another name",
    )


def fixed_status(source: Source, span: Span, values: Sequence[str]) -> Diagnostic:
    """`status for opportunity`."""
    return Diagnostic(
        "E0135",
        "the statuses of an opportunity are fixed",
        source,
        span,
        help=f"they are {listed(values, 'and')}; use a pipeline for steps of your own",
    )


def same_key(
    source: Source, span: Span, name: str, key: str, other: str, first: Declared | None
) -> Diagnostic:
    """Two pipelines of one kind whose names give the same key."""
    return Diagnostic(
        "E0136",
        f"the pipelines `{name}` and `{other}` would both be `stages.{key}`",
        source,
        span,
        help="give one of them a name that differs in a letter or digit",
        labels=_first(first),
    )


def bad_policy(
    source: Source, span: Span, text: str, quiet: str, cap: str, hours: str, pause: str
) -> Diagnostic:
    """A line of a policy that is neither quiet hours, business hours, a cap nor about pauses."""
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    last = "channels are email, sms and call, and the last word is `hold` or `drop`"
    help = f"write `{quiet}`, `{hours}`, `{cap}` or `{pause}`; {last}"
    return Diagnostic("E0137", f"`{shown}` is no line of a policy", source, span, help=help)


def bad_calendar(source: Source, span: Span, text: str, lines: Sequence[str]) -> Diagnostic:
    """A part of a calendar that is neither hours, holidays nor a pause."""
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    help = "write " + " or ".join(f"`{line}`" for line in lines)
    return Diagnostic("E0150", f"`{shown}` is no part of a calendar", source, span, help=help)


def no_hours(source: Source, span: Span, name: str, example: str) -> Diagnostic:
    """A calendar that never opens."""
    help = f"say when: `{example}`"
    return Diagnostic("E0151", f"the calendar `{name}` has no hours", source, span, help=help)
