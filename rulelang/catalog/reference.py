"""The reference pages made from declarations: `python -m rulelang.catalog.reference > docs/triggers.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill

import msgspec

from rulelang.catalog.model import Function, Param, Trigger
from rulelang.catalog.triggers import builtin_triggers
from rulelang.types.model import Type

_HEAD = """\
# Triggers

Made from the declarations in `rulelang/catalog/triggers/` by `python -m rulelang.catalog.reference > docs/triggers.md`.

What a rule listens to, behind its `on`. Square brackets hold what may be left out, braces what you fill in. In the
conditions of the rule, `event.NAME` is a part of the event's data. Each trigger is fired by an event of the type named
with it, sent over the [API](events.md) or derived from what changes; those of the [clock](clock.md) come of time.
"""


def triggers_page() -> str:
    """The page about triggers as Markdown."""
    return "\n".join([_HEAD, *(line for trigger in builtin_triggers() for line in trigger_section(trigger))])


def trigger_section(trigger: Trigger) -> Iterator[str]:
    """What there is to say of a trigger."""
    yield f"## `{trigger.phrase}`\n"
    yield f"{wrapped(trigger.summary, trigger.doc)}\n"
    rows = f"; catalogue {', '.join(map(str, trigger.rows))}" if trigger.rows else ""
    source = "comes of time as" if trigger.clock is not None else "event"
    yield f"{source} `{trigger.event}`, for {', '.join(trigger.subjects)}{rows}\n"
    if trigger.slots:
        yield from params_table(trigger.slots, "slot")
    if trigger.payload:
        yield "| `event.…` | type |\n|---|---|"
        yield from (f"| `{name}` | {_with_values(type_)} |" for name, type_ in trigger.payload.items())
        yield ""
    if trigger.sample:
        yield f"A sample: `{msgspec.json.encode(trigger.sample).decode()}`\n"
    yield from example(trigger.example)


def _with_values(type_: Type) -> str:
    """A type of a payload; an enumeration with its values."""
    values = ", ".join(f"`{value}`" for value in type_.values)
    return f"{type_}: {values}" if values else str(type_)


def function_section(function: Function) -> Iterator[str]:
    """What there is to say of a function."""
    params = ", ".join(p.name if p.required else f"[{p.name}]" for p in function.params)
    more = ", …" if function.variadic else ""
    yield f"## `{function.name}({params}{more})`\n"
    yield f"{wrapped(function.summary, '')} Gives: {function.result}.\n"
    if function.params:
        yield from params_table(function.params, "parameter")
    yield f"```\n{function.example.rstrip()}\n```\n"


def wrapped(summary: str, doc: str) -> str:
    """A paragraph from a summary and what more there is to say."""
    text = f"{summary[:1].upper()}{summary[1:]}. {doc}".rstrip()
    return fill(text, 116, break_long_words=False, break_on_hyphens=False)


def params_table(params: Sequence[Param], what: str) -> Iterable[str]:
    """Slots or parameters as a table."""
    yield f"| {what} | type | |\n|---|---|---|"
    yield from map(param_row, params)
    yield ""


def param_row(param: Param, before: str = "") -> str:
    """A slot or parameter as a row of a table; `before` stands in front of its name."""
    kind = (
        " or ".join(f"`{choice}`" for choice in param.choices)
        or param.role.replace("_", " ")
        or str(param.type)
    )
    need = "" if param.required and not before else " (may be left out)"
    return f"| `{before}{param.name}` | {kind} | {param.doc}{need} |"


def example(text: str) -> Iterator[str]:
    """A rule as an example."""
    yield f"```rules\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    print(triggers_page(), end="")
