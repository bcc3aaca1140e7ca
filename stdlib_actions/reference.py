"""The reference page of the standard actions, made from their declarations: `python -m stdlib_actions.reference`."""

from __future__ import annotations

from collections.abc import Iterator

from rulelang.catalog.model import Action, Names, Param
from rulelang.catalog.reference import example, param_row, wrapped
from stdlib_actions.library import standard_declarations

_HEAD = """\
# Actions

Made from the declarations in `stdlib_actions/` by `python -m stdlib_actions.reference > docs/actions.md`.

Square brackets hold what may be left out, braces what you fill in. Arguments in parentheses are given in the order
below or by name (`tone: "warm"`). What is listed as `with …` is given by name behind the phrase:
`with priority = high, remind = 1h`. Every action takes a condition of its own: `mark dnc when score < 10`.

An action marked *local* changes the subject, in the same transaction as the step. One marked *effect* reaches outside:
it is written to the outbox before the first try, the run waits for the answer, and every try carries the same key.
"""

_TAIL = """\
## The body of a webhook without `with`

```json
{
  "type": "stage.entered",
  "timestamp": "2026-01-31T09:00:00.000Z",
  "data": {
    "subject": {"kind": "contact", "id": "c_1"},
    "contact": {"id": "c_1", "email": "ana@example.com", "first_name": "Ana", "stage": "SQL"},
    "account": null,
    "opportunity": null,
    "event": {"type": "stage.entered", "data": {"pipeline": "Sales", "stage": "SQL"}, "changes": {}},
    "stage": "SQL",
    "rule": "Confirm the meeting",
    "run": "run_4f1c",
    "step": "do.0"
  }
}
```

`type` is that of the event that started the run, `timestamp` when the step was made. `contact`, `account` and
`opportunity` are the run's subject and its related records with all their fields, or null. The headers are `webhook-id`
and `Idempotency-Key` (equal on every try), `webhook-timestamp` and `webhook-signature`
([Standard Webhooks](https://www.standardwebhooks.com)). Every webhook without a connection is signed. The secret that
the receiver needs is the one that `[webhook]` in `rulelang.toml` names, or else the one that the server made at its
first start and keeps in `.rulelang/webhook.secret` of the workspace.

## What an answer means

| answer | e-mail (SMTP) | webhook | Slack, Teams |
|---|---|---|---|
| taken | 250 after the message | 2xx | 2xx, and `ok` of a bot |
| tried again | 4xx, no connection, login refused | 408, 425, 429, 5xx, no connection | the same, token refused |
| final: a dead letter | 5xx | other 3xx and 4xx, a forbidden address | the same, `ok: false` |
| unknown: it may have happened | broken off after the message | broken off after the request | the same |

Twilio, Salesforce and HubSpot are tried again after 429, 503, their own limits and a refused login; after 500, 502 and
504 the outcome is unknown. A webhook whose outcome is unknown is tried again with the same key. The others know no such
key: they wait for somebody to look. The provider's id of what was made stands in the effect's result, and in
`answer.id` of `let answer = …`.

## Actions of your own

A package adds actions through an entry point of the group `rulelang.actions` that names a module with
`DECLARATIONS` (a tuple of `rulelang.catalog.model.Action`) and what performs them, by name: `LOCAL` (a mapping to
functions, `runtime.actions.LocalAction`) and `effects(services)` (gives a mapping to `runtime.actions.EffectAction`).
The modules in `stdlib_actions/` have the same shape.
"""


def reference() -> str:
    """The page as Markdown."""
    sections = (line for action in standard_declarations() for line in action_section(action))
    return "\n".join([_HEAD, *sections, _TAIL])


def action_section(action: Action) -> Iterator[str]:
    """What there is to say of an action."""
    yield f"## `{_usage(action)}`\n"
    yield f"{wrapped(action.summary, action.doc)}\n"
    rows = f"; catalogue {', '.join(action.rows)}" if action.rows else ""
    yield f"*{action.performs}*, for {', '.join(action.subjects)}{rows}\n"
    if action.params or action.takes_with:
        yield "| parameter | type | |\n|---|---|---|"
        yield from (param_row(param) for param in action.params)
        yield from (param_row(param, "with ") for param in action.named)
        if action.names in _NAMES:
            yield f"| `with …` | {_NAMES[action.names]} |"
        yield ""
    yield from example(action.example)


def _usage(action: Action) -> str:
    """The phrase with the names of its arguments in the parentheses."""
    slots = {param.name for param in action.params if f"{{{param.name}}}" in action.phrase}
    named = [_argument(param) for param in action.params if param.name not in slots]
    return action.phrase.replace("()", f"({', '.join(named)})")


def _argument(param: Param) -> str:
    text = param.name if param.positional else f"{param.name}: …"
    return text if param.required else f"[{text}]"


_NAMES = {
    Names.ANYTHING: "value | names of your choice: `with total = event.total, plan = plan`",
    Names.SUBJECT: "value | further fields of the rule's subject",
    Names.CONTACT: "value | fields of the contact",
    Names.ACCOUNT: "value | fields of the account",
    Names.OPPORTUNITY: "value | fields of the opportunity: `with value = $1_000`",
}
"""What may be named behind `with`, as a row of the table says it."""


if __name__ == "__main__":
    print(reference(), end="")
