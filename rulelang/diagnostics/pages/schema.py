"""Codes E01: declarations of the workspace's schema."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

PAGES: dict[str, Page] = {
    "E0100": Page(
        "a word that begins no rule and no declaration",
        "Outside of rules a file holds declarations: `workspace`, `status`, `pipeline`, `fields`, `person`, "
        "`team`, `tags` and `event`.",
        'taem "Support": "ana@acme.test"',
        'team "Support": "ana@acme.test"',
    ),
    "E0101": Page(
        "something declared twice",
        "A name is declared once in all files of a workspace.",
        'team "Support": "ana@acme.test"\nteam "Support": "bo@acme.test"',
        'team "Support": "ana@acme.test", "bo@acme.test"',
    ),
    "E0102": Page(
        "a declaration that does not say what it is for",
        "Fields, pipelines, statuses and events belong to a kind of record: contact, account or opportunity.",
        'pipeline "Sales": MQL, SQL, Won',
        'pipeline "Sales" for contact: MQL, SQL, Won',
    ),
    "E0103": Page(
        "a kind of record that does not exist",
        "There are contacts, accounts and opportunities.",
        "fields for contcat\n  plan: text\nend",
        "fields for contact\n  plan: text\nend",
    ),
    "E0104": Page(
        "a declaration without a name",
        "Pipelines, teams, people and events are named in quotes behind their keyword.",
        'team: "ana@acme.test"',
        'team "Support": "ana@acme.test"',
    ),
    "E0105": Page(
        "a name that cannot be used",
        "Names are not empty, not longer than the bound, and hold no line ends or control characters.",
        'team "": "ana@acme.test"',
        'team "Support": "ana@acme.test"',
    ),
    "E0106": Page(
        "a declaration of nothing",
        "A list has at least one item, a block at least one line.",
        "fields for contact\nend",
        "fields for contact\n  plan: text\nend",
    ),
    "E0107": Page(
        "something in a list that is no name",
        "Lists of names hold words, or text in double quotes.",
        "tags: vip, 5",
        "tags: vip, five",
    ),
    "E0108": Page(
        "a comma that is missing",
        "Names in a list are separated by commas; a name of several words stands in quotes.",
        'pipeline "Sales" for contact: MQL, Proposal Sent, Won',
        'pipeline "Sales" for contact: MQL, "Proposal Sent", Won',
    ),
    "E0109": Page(
        "a comma too many",
        "Between two commas of a list stands a name.",
        "tags: vip, , newsletter",
        "tags: vip, newsletter",
    ),
    "E0110": Page(
        "a name listed twice",
        "The names of a list differ from each other.",
        "tags: vip, newsletter, vip",
        "tags: vip, newsletter",
    ),
    "E0111": Page(
        "a line of a block without its colon",
        "Lines of `fields`, `event` and `workspace` read `name: …`.",
        "fields for contact\n  plan text\nend",
        "fields for contact\n  plan: text\nend",
    ),
    "E0112": Page(
        "words that mean nothing where they stand",
        "The declaration is complete before them.",
        "fields for contact please\n  plan: text\nend",
        "fields for contact\n  plan: text\nend",
    ),
    "E0113": Page(
        "a list where a block belongs, or the other way round",
        "`fields`, `event` and `workspace` have a block up to `end`; the others a list on their line.",
        "fields for contact: plan",
        "fields for contact\n  plan: text\nend",
    ),
    "E0120": Page(
        "a type that does not exist",
        "Types are `text`, `number`, `money`, `percent`, `yes/no`, `date`, `datetime`, `time`, `person`, `one"
        " of …` and `list of …`.",
        "fields for contact\n  plan: string\nend",
        "fields for contact\n  plan: text\nend",
    ),
    "E0121": Page(
        "a type that is not complete",
        "`one of` needs its values and `list of` the type of its items.",
        "fields for contact\n  plan: one of\nend",
        "fields for contact\n  plan: one of free, pro\nend",
    ),
    "E0122": Page(
        "a currency that does not exist",
        "Currencies are the three capital letters of ISO 4217.",
        "fields for contact\n  deal: money EUROS\nend",
        "fields for contact\n  deal: money EUR\nend",
    ),
    "E0123": Page(
        "a name that a field cannot have",
        "Words that mean something else in conditions, such as `event` or `now`, cannot name fields.",
        "fields for contact\n  now: date\nend",
        "fields for contact\n  next_call: date\nend",
    ),
    "E0124": Page(
        "a built-in field of another type",
        "Built-in fields may be restated, but keep their type.",
        "fields for contact\n  score: text\nend",
        "fields for contact\n  score: number\nend",
    ),
    "E0130": Page(
        "a setting that a workspace does not have",
        "`workspace` sets its name, time zone and currency. What operators set is in `rulelang.toml`.",
        'workspace\n  timezone: "Europe/Berlin"\nend',
        'workspace\n  time_zone: "Europe/Berlin"\nend',
    ),
    "E0131": Page(
        "a time zone that does not exist",
        "Zones are named as in the IANA database, by continent and town, wherever one is written: in the settings of "
        "the workspace, and where a rule sets or compares a `time_zone`.",
        'workspace\n  time_zone: "Berlin"\nend',
        'workspace\n  time_zone: "Europe/Berlin"\nend',
    ),
    "E0132": Page(
        "a person without an e-mail address",
        "People are known by their e-mail address.",
        'person "Ana Ruiz": "ana@acme.test"',
        'person "ana@acme.test": "Ana Ruiz"',
    ),
    "E0133": Page(
        "a name that an event cannot have",
        "Events are named by lower-case words with dots between them.",
        'event "Demo Requested" for contact\n  seats: number\nend',
        'event "demo.requested" for contact\n  seats: number\nend',
    ),
    "E0134": Page(
        "an event that is built in",
        "Events of the catalogue need no declaration, and cannot have another one.",
        'event "contact.created" for contact\n  seats: number\nend',
        'event "contact.imported" for contact\n  seats: number\nend',
    ),
    "E0135": Page(
        "statuses of an opportunity",
        "An opportunity is open, won, lost or abandoned. Steps of your own are a pipeline's stages.",
        "status for opportunity: hot, cold",
        'pipeline "Deals" for opportunity: Hot, Cold',
    ),
    "E0136": Page(
        "two pipelines with one key",
        "In paths a pipeline is named by its key: its name in lower case, with `_` for what is no letter or digit.",
        'pipeline "Sales" for contact: New, Won\npipeline "SALES" for contact: Open, Signed',
        'pipeline "Sales" for contact: New, Won\npipeline "Partners" for contact: Open, Signed',
    ),
    "E0137": Page(
        "no line of a policy",
        "A policy has quiet hours in the recipient's zone, and caps on how many messages one contact gets.",
        "policy\n  quiet hours: 21:00 to 8:00, later\nend",
        "policy\n  quiet hours: 21:00 to 8:00, hold\n  at most: 3 email per 7d, drop\nend",
    ),
    "E0150": Page(
        "no part of a calendar",
        "A calendar has hours on days of the week, holidays, and pauses from one day to another.",
        'calendar "Office": monday to friday 9:00 to 17:00, closed 2026-12-25',
        'calendar "Office": monday to friday 9:00 to 17:00, holidays 2026-12-25',
    ),
    "E0151": Page(
        "a calendar without hours",
        "A calendar that never opens would hold up whatever waits for it for ever.",
        'calendar "Office": holidays 2026-12-25',
        'calendar "Office": monday to friday 9:00 to 17:00, holidays 2026-12-25',
    ),
}
