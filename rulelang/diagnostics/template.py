"""Every text about message templates, one function for each mistake.

Codes: E0700 to E0719 what a template may be made of, E0720 to E0739 what its names mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rulelang.diagnostics.messages import article
from rulelang.diagnostics.model import Diagnostic, Fix, Label
from rulelang.diagnostics.near import listed, near_misses
from rulelang.source import Source, Span


def _guess(word: str, known: Iterable[str]) -> str:
    near = near_misses(word, known)
    return f"did you mean {listed(near)}?" if near else ""


def shortened(names: Sequence[str]) -> str:
    """The first dozen names in backquotes."""
    return listed(names, "and") if len(names) <= 12 else ", ".join([*(f"`{n}`" for n in names[:12]), "…"])


def _change(span: Span, word: str, known: Iterable[str]) -> tuple[Fix, ...]:
    return tuple(Fix(f"change to `{name}`", span, name) for name in near_misses(word, known, 1))


# --- E0700: what a template may be made of ---------------------------------------------------------


def syntax(source: Source, span: Span, problem: str) -> Diagnostic:
    """What stands between the braces is no Liquid; `problem` says what was expected."""
    return Diagnostic("E0700", f"this part of the template cannot be read: {problem}", source, span)


def not_closed(source: Source, span: Span, opening: str) -> Diagnostic:
    """`{{` or `{%` without its end."""
    closing = {"{{": "}}", "{%": "%}"}[opening]
    message = f"`{opening}` is not closed"
    help_ = f"write `{closing}` after it; to show `{opening}` itself, put it between `{{% raw %}}` and `{{% endraw %}}`"
    return Diagnostic("E0701", message, source, span, help=help_)


def unknown_tag(source: Source, span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    """A tag that Liquid does not have, or none at all."""
    known = tuple(known)
    if not name:
        return Diagnostic(
            "E0702", "the tag has no name", source, span, help=f"tags are {listed(known, 'and')}"
        )
    help_ = _guess(name, known) or f"tags are {listed(known, 'and')}"
    fixes = _change(span, name, known)
    return Diagnostic("E0702", f"there is no tag `{name}`", source, span, help=help_, fixes=fixes)


def unavailable_tag(source: Source, span: Span, name: str) -> Diagnostic:
    """A tag of Liquid that messages do not have."""
    return Diagnostic("E0703", f"the tag `{name}` is not available in messages", source, span)


def misplaced(source: Source, span: Span, name: str, where: str) -> Diagnostic:
    """A tag, or text, that may only stand somewhere else."""
    return Diagnostic("E0704", f"`{name}` may only stand {where}", source, span)


def block_not_closed(source: Source, span: Span, name: str, end: str) -> Diagnostic:
    """A block without its end tag."""
    return Diagnostic(
        "E0705", f"`{name}` is not closed", source, span, help=f"write `{{% {end} %}}` where it ends"
    )


def wrong_end(source: Source, span: Span, found: str, wanted: str, opening: Span) -> Diagnostic:
    """The end of another block than the innermost."""
    labels = (Label(opening, "the innermost open block begins here"),)
    message = f"`{found}` stands where `{wanted}` is due"
    return Diagnostic(
        "E0705", message, source, span, labels=labels, fixes=(Fix(f"write `{wanted}`", span, wanted),)
    )


def words_after(source: Source, span: Span, name: str) -> Diagnostic:
    """An expression after a tag that takes none, such as `{% else if … %}`."""
    help_ = "write `elsif` for a further condition" if name == "else" else ""
    return Diagnostic("E0706", f"nothing may follow `{name}`", source, span, help=help_)


def unknown_filter(source: Source, span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    """A filter that does not exist or is not available."""
    known = tuple(known)
    help_ = _guess(name, known) or f"filters are {listed(known, 'and')}"
    fixes = _change(span, name, known)
    return Diagnostic("E0707", f"there is no filter `{name}`", source, span, help=help_, fixes=fixes)


def filter_arguments(source: Source, span: Span, name: str, usage: str) -> Diagnostic:
    """Too few, too many, or named arguments of a filter."""
    return Diagnostic(
        "E0708", f"`{name}` is used with the wrong arguments", source, span, help=f"write it like `{usage}`"
    )


def date_format(source: Source, span: Span, directive: str, known: Iterable[str]) -> Diagnostic:
    """A letter after `%` in a date format that means nothing here."""
    message = f"`{directive}` is not part of a date format"
    return Diagnostic("E0709", message, source, span, help=f"use {listed(known)}")


def ranges(source: Source, span: Span) -> Diagnostic:
    """`(1..10)`."""
    help_ = "`for` goes over the items of a list, such as `contact.tags`"
    return Diagnostic("E0710", "ranges are not available in messages", source, span, help=help_)


def computed_name(source: Source, span: Span) -> Diagnostic:
    """`contact[name]`: a field whose name is not written out."""
    return Diagnostic(
        "E0711", "a field must be written out", source, span, help="write it like `contact.first_name`"
    )


def too_long(source: Source, span: Span, what: str, limit: int) -> Diagnostic:
    """A template, or one piece of markup, over its size."""
    return Diagnostic("E0712", f"{what} is longer than {limit} characters", source, span)


def too_deep(source: Source, span: Span, limit: int) -> Diagnostic:
    """Blocks nested too deeply."""
    return Diagnostic("E0712", f"blocks are nested more than {limit} deep", source, span)


def front_matter_line(source: Source, span: Span, text: str, known: Iterable[str]) -> Diagnostic:
    """A line between the `---` lines that is no setting."""
    name = text.partition(":")[0].strip()
    help_ = _guess(name, known) if ":" in text else ""
    fallback = "write lines like `subject: Welcome`, `from: Ana <ana@acme.test>` and `format: html`"
    return Diagnostic("E0713", "this line is no setting of a template", source, span, help=help_ or fallback)


def front_matter_twice(source: Source, span: Span, name: str) -> Diagnostic:
    """A setting that was made before."""
    return Diagnostic("E0713", f"`{name}` is given twice", source, span)


def front_matter_not_closed(source: Source, span: Span) -> Diagnostic:
    """A first line `---` without a second one."""
    help_ = "write a line `---` between the settings and the text of the message"
    return Diagnostic("E0713", "the settings of the template are not closed", source, span, help=help_)


def unknown_format(source: Source, span: Span, value: str) -> Diagnostic:
    """`format:` with another word than `html` or `text`."""
    return Diagnostic(
        "E0713", f"`{value}` is no format of a message", source, span, help="write `html` or `text`"
    )


def nothing_shown(source: Source, span: Span) -> Diagnostic:
    """`{{ }}`."""
    return Diagnostic(
        "E0714", "nothing stands between the braces", source, span, help="write `{{ contact.first_name }}`"
    )


# --- E0720: names ----------------------------------------------------------------------------------


def unknown_name(source: Source, span: Span, name: str, known: Iterable[str], field_of: str) -> Diagnostic:
    """A first word that is neither a record nor assigned; `field_of` is the record that has such a field, or ""."""
    known = tuple(known)
    if field_of:
        full = f"{field_of}.{name}"
        fix = Fix(f"change to `{full}`", span, full)
        message = f"`{name}` does not say whose it is"
        return Diagnostic("E0720", message, source, span, help=f"write `{full}`", fixes=(fix,))
    help_ = _guess(name, known) or f"names begin with {listed(known)}"
    fixes = _change(span, name, known)
    return Diagnostic("E0720", f"there is nothing called `{name}`", source, span, help=help_, fixes=fixes)


def unknown_field(source: Source, span: Span, name: str, owner: str, known: Iterable[str]) -> Diagnostic:
    """A field that the record does not have; `owner` is how the author wrote the record."""
    known = tuple(known)
    some = f"it has {shortened(known)}" if known else ""
    message = f"`{owner}` has no field `{name}`"
    help_ = _guess(name, known) or some
    return Diagnostic("E0721", message, source, span, help=help_, fixes=_change(span, name, known))


def no_parts(source: Source, span: Span, name: str, owner: str, what: str) -> Diagnostic:
    """A path that goes on behind a plain value."""
    return Diagnostic("E0722", f"`{owner}` is {what} and has no `{name}`", source, span)


def not_a_list(source: Source, span: Span, owner: str, what: str) -> Diagnostic:
    """`for` over something else than a list."""
    help_ = "`for` goes over the items of a list, such as `contact.tags`"
    return Diagnostic("E0723", f"`{owner}` is {what}, not a list", source, span, help=help_)


def whole_record(source: Source, span: Span, owner: str, known: Iterable[str]) -> Diagnostic:
    """A record where a value is shown."""
    known = tuple(known)
    help_ = f"name one of its fields, such as `{owner}.{known[0]}`" if known else "name one of its fields"
    return Diagnostic("E0724", f"`{owner}` is a whole record", source, span, help=help_)


def unrelated(source: Source, span: Span, name: str, subject: str) -> Diagnostic:
    """A record that the subject of the rule does not point at."""
    return Diagnostic(
        "E0725",
        f"a message about {article(subject)} cannot show its `{name}`: there may be many",
        source,
        span,
        help=f'if the rule is about the {name}, say so: `rule "…" for {name}`',
    )
