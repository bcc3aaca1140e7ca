"""Synthetic rules and contacts for the matching benchmark, the same for every engine and every run (seeded).

`crm`: one trigger; stage =, status =, score >=, country in. `mixed`: ten triggers; two to six tests over 23 fields of
all types, some of them under `or` and `not`, nearly every rule of a shape of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from rulelang.calendar import zone
from rulelang.plan.interpret import holds
from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.plan.scope import Scope

Contact = dict[str, Any]

STAGES = [f"stage {i}" for i in range(20)]
STATUSES = ["trial", "customer", "inactive", "churned"]
COUNTRIES = [f"C{i:02}" for i in range(40)]
TAGS = [f"tag {i}" for i in range(50)]
TRIGGERS = [f"trigger.{i}" for i in range(10)]
CARDINALITIES = {
    "stage": 20,
    "plan": 3,
    "source": 12,
    "industry": 30,
    "city": 200,
    "owner": 25,
    "language": 8,
}
NUMBERS = ["score", "revenue", "employees", "visits", "age"]
FLAGS = ["dnc", "verified", "opt_in", "vip"]
LISTS = ["tags", "interests"]
DATES = ["renewal", "created"]
TEXTS = ["email", "company", "title"]


@dataclass(frozen=True)
class RuleSet:
    """Rules as (trigger, condition) and events as (trigger, contact)."""

    name: str
    rules: list[tuple[str, Ir]]
    events: list[tuple[str, Contact]]


def get(name: str) -> Get:
    """A field of the contact."""
    return Get(("contact", name))


def scope_of(contact: Contact) -> Scope:
    """What a condition about the contact sees."""
    utc = zone("UTC")
    assert utc is not None
    return Scope({"contact": contact}, 1_790_000_000_000, utc)


def crm_rule(random: Random) -> Ir:
    """`stage = … and status = … and score >= … and country in […]`."""
    countries: list[Any] = random.sample(COUNTRIES, random.randint(1, 5))
    return Op(
        "and",
        (
            Op("eq", (get("stage"), Lit(random.choice(STAGES)))),
            Op("eq", (get("status"), Lit(random.choice(STATUSES)))),
            Op("ge", (get("score"), Lit(random.randint(0, 100)))),
            Op("in", (get("country"), Lit(countries))),
        ),
    )


def crm_contact(random: Random) -> Contact:
    """A contact with the fields of the crm rules and some more."""
    return {
        "id": f"c{random.randint(0, 10**9)}",
        "stage": random.choice(STAGES),
        "status": random.choice(STATUSES),
        "score": random.randint(0, 100),
        "country": random.choice(COUNTRIES),
        **{f"other_{i}": i for i in range(25)},
    }


def crm(count: int, events: int = 500) -> RuleSet:
    """The crm set with `count` rules."""
    random = Random(7)
    rules = [("stage.entered", crm_rule(random)) for _ in range(count)]
    return RuleSet("crm", rules, [("stage.entered", crm_contact(random)) for _ in range(events)])


def _test(field: str, random: Random) -> Ir:
    """One test of a field of the mixed set."""
    if field in CARDINALITIES:
        values: list[Any] = [f"{field} {i}" for i in range(CARDINALITIES[field])]
        if random.random() < 0.5:
            return Op("eq", (get(field), Lit(random.choice(values))))
        return Op("in", (get(field), Lit(random.sample(values, min(len(values) - 1, random.randint(2, 6))))))
    if field in NUMBERS:
        return Op(random.choice(["ge", "gt", "lt", "le"]), (get(field), Lit(random.randint(5, 95))))
    if field in FLAGS:
        return Op("eq", (get(field), Lit(random.random() < 0.5)))
    if field in LISTS:
        return Op("contains", (get(field), Lit(random.choice(TAGS))))
    if field in DATES:
        return Op(random.choice(["ge", "lt"]), (get(field), Lit(_date(random))))
    return Op(
        random.choice(["starts_with", "contains", "ends_with"]), (get(field), Lit(random.choice("abcdefgh")))
    )


def _date(random: Random) -> str:
    return f"2026-{random.randint(1, 12):02}-{random.randint(1, 28):02}"


FIELDS = [*CARDINALITIES, *NUMBERS, *FLAGS, *LISTS, *DATES, *TEXTS]


def mixed_rule(random: Random) -> Ir:
    """Two to six tests of different fields; one rule in five has an `or`, one in five a `not`."""
    fields = random.sample(FIELDS, random.randint(2, 6))
    tests = [_test(field, random) for field in fields]
    if random.random() < 0.2:
        tests[0] = Op("or", (tests[0], _test(random.choice(FIELDS), random)))
    if random.random() < 0.2:
        tests[1] = Op("not", (tests[1],))
    return Op("and", tuple(tests))


def mixed_contact(random: Random) -> Contact:
    """A contact with most of the 23 fields; one field in twenty is missing."""
    contact: Contact = {field: f"{field} {random.randrange(size)}" for field, size in CARDINALITIES.items()}
    contact |= {field: random.randint(0, 100) for field in NUMBERS}
    contact |= {field: random.random() < 0.5 for field in FLAGS}
    contact |= {field: random.sample(TAGS, random.randint(0, 6)) for field in LISTS}
    contact |= {field: _date(random) for field in DATES}
    contact |= {field: "".join(random.choices("abcdefghijklmnop", k=8)) for field in TEXTS}
    return {field: value for field, value in contact.items() if random.random() > 0.05}


def mixed(count: int, events: int = 500) -> RuleSet:
    """The mixed set with `count` rules, a tenth of them for each trigger."""
    random = Random(11)
    rules = [(TRIGGERS[i % len(TRIGGERS)], mixed_rule(random)) for i in range(count)]
    return RuleSet("mixed", rules, [(random.choice(TRIGGERS), mixed_contact(random)) for _ in range(events)])


def five_of(name: str, count: int, contacts: int = 5) -> RuleSet:
    """`count` rules of which exactly five match each event: random rules that match no contact, and five that do."""
    random = Random(13)
    make_rule, make_contact = (crm_rule, crm_contact) if name == "crm" else (mixed_rule, mixed_contact)
    people = [make_contact(random) for _ in range(contacts)]
    scopes = [scope_of(person) for person in people]
    rules: list[Ir] = []
    while len(rules) < count - 5:
        rule = make_rule(random)
        if not any(holds(rule, scope) for scope in scopes):
            rules.append(rule)
    for index in range(5):
        rules.insert(random.randint(0, len(rules)), Op("ge", (get("always"), Lit(index))))
    for person in people:
        person["always"] = 9
    return RuleSet(name, [("stage.entered", rule) for rule in rules], [("stage.entered", p) for p in people])
