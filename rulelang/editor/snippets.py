"""Pieces of text with places to fill in, in the notation of the Language Server Protocol (`${1:name}`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from rulelang.catalog.model import Action, Param, Trigger
from rulelang.catalog.phrase_syntax import ArgumentsPart, SlotPart, WordPart, arguments_of, parse_phrase
from rulelang.types.model import Kind

ITEMS: Mapping[str, tuple[str, str]] = {
    "rule": (
        'rule "${1:name}" for ${2|contact,account,opportunity|}\n  on ${3:trigger}\ndo\n  ${0:action}\nend\n',
        "a rule with a name",
    ),
    "on": ("on ${1:trigger} do ${0:action}", "a rule on one line"),
    "workspace": (
        'workspace\n  name: "${1:Acme}"\n  time_zone: "${2:UTC}"\n  currency: ${3:USD}\nend\n',
        "name, time zone and currency of the workspace",
    ),
    "fields": (
        "fields for ${1|contact,account,opportunity|}\n  ${2:name}: ${3:text}\nend\n",
        "fields of your own",
    ),
    "status": ("status for ${1|contact,account|}: ${2:trial, customer}", "the values of the field `status`"),
    "segment": (
        'segment "${1:Buyers}" for ${2|contact,account|}: ${0:condition}',
        "records that a condition holds for",
    ),
    "health": (
        "health for ${1|account,contact|}: good from ${2:70}, average from ${3:40}, bad",
        "the field `health` by the score",
    ),
    "when": ("when ${1:condition} do ${0:action}", "a rule that begins when its condition becomes true"),
    "pipeline": (
        'pipeline "${1:Sales}" for ${2|contact,account,opportunity|}: ${3:New, Won, Lost}',
        "a pipeline and its stages",
    ),
    "person": ('person "${1:name@company.test}": "${2:Name}"', "a member of the staff"),
    "team": ('team "${1:Sales}": "${2:name@company.test}"', "a team and its members"),
    "tags": ("tags: ${1:vip}", "the tags that may be used"),
    "event": (
        'event "${1:demo.requested}" for ${2|contact,account,opportunity|}\n  ${3:product}: ${4:text}\nend\n',
        "an event of your own",
    ),
    "calendar": (
        'calendar "${1:Office}"\n  hours: ${2:monday to friday 9:00 to 17:00}\nend\n',
        "when business is open",
    ),
    "weights": ('weights "${1:Sales}": "${2:name@company.test}" ${3:2}', "how often members take their turn"),
    "territory": (
        'territory "${1:EMEA}"\n  country: ${2:DE, FR}\n  owner: "${3:name@company.test}"\nend\n',
        "which records belong to whom",
    ),
    "topic": (
        'topic "${1:newsletter}": ${2|consent,legitimate_interest,contract|}',
        "what contacts subscribe to",
    ),
    "policy": ("policy\n  quiet hours: ${1:21:00} to ${2:8:00}, hold\nend\n", "when messages may go out"),
}
"""What may stand between items: text and documentation by first word."""

STEPS: Mapping[str, tuple[str, str]] = {
    "if": ("if ${1:condition} then\n  ${0:action}\nend", "steps under a condition"),
    "wait": ("wait ${1:30m}", "wait for a time"),
    "wait until": ("wait until ${1:9:00}", "wait for a time of day, a date or a condition"),
    "wait on": (
        "wait on ${1:trigger} timeout ${2:2d} do\n  ${3:action}\nelse\n  ${0:action}\nend",
        "wait for an event, with steps for when it does not come",
    ),
    "match": (
        "match ${1:field}\n  case ${2:value} do\n    ${3:action}\n  else\n    ${0:action}\nend",
        "the first case that holds",
    ),
    "split": (
        'split "${1:name}"\n  case ${2:50}% "A" do\n    ${3:action}\n  else\n    ${0:action}\nend',
        "a share of the subjects each",
    ),
    "repeat": ("repeat ${1:3} times do\n  ${0:action}\nend", "steps several times"),
    "for each": (
        "for each ${1:contact} at most ${2:100} do\n  ${0:action}\nend",
        "steps for related records",
    ),
    "parallel": (
        "parallel\n  do\n    ${1:action}\n  end\n  do\n    ${0:action}\n  end\nend",
        "branches side by side",
    ),
    "let": ("let ${1:name} = ${0:value}", "a value under a name"),
}
"""What may stand where a step begins, besides actions."""

_QUOTED = frozenset(
    (
        "stage",
        "pipeline",
        "tag",
        "rule",
        "template",
        "person",
        "team",
        "person_or_team",
        "event",
        "url",
        "liquid",
    )
)


def phrase_snippet(declaration: Trigger | Action) -> str:
    """The required parts of a phrase, with a place for each slot and each required argument."""
    numbers = count(1)
    words: list[str] = []
    for part in parse_phrase(declaration):
        if isinstance(part, WordPart):
            words.append(part.text)
        elif isinstance(part, SlotPart):
            words.append(place(part.param, next(numbers)))
        elif isinstance(part, ArgumentsPart):
            words[-1] += _arguments(declaration, numbers)
    return " ".join(words)


def _arguments(declaration: Trigger | Action, numbers: Iterator[int]) -> str:
    required = [p for p in arguments_of(declaration) if p.required]
    shown = [
        place(p, next(numbers)) if p.positional else f"{p.name}: {place(p, next(numbers))}" for p in required
    ]
    return f"({', '.join(shown)})" if shown else ""


def place(param: Param, number: int) -> str:
    """The place for one parameter: a choice, a text in quotes, or a bare value."""
    if param.choices:
        return f"${{{number}|{','.join(param.choices)}|}}"
    text = f"${{{number}:{param.name}}}"
    quoted = param.role in _QUOTED or (not param.role and param.type.kind is Kind.TEXT)
    return f'"{text}"' if quoted else text
