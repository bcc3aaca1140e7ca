"""The types and plan operators of expressions, as a table."""

from __future__ import annotations

import pytest

from rulelang.plan.ir import Get, Ir, Lit, Op
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue

SCORE, STATUS = Get(("contact", "score")), Get(("contact", "status"))
CREATED, BIRTH = Get(("contact", "created_at")), Get(("contact", "birth_date"))
VALUE = Get(("opportunity", "value"))


def planned(condition: str, subject: str = "contact") -> Ir | None:
    """The plan of one condition, which must be without mistakes."""
    text = f"rule for {subject} on owner changed when {condition} do stop"
    workspace = load_workspace({"main.rules": text}, catalogue())
    assert not [d.message for d in workspace.diagnostics if d.is_error]
    return workspace.plans[0].when


def op(name: str, *args: Ir) -> Op:
    return Op(name, args)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("status = trial", op("eq", STATUS, Lit("trial"))),
        ('"trial" = status', op("eq", Lit("trial"), STATUS)),
        ("trial != status", op("ne", Lit("trial"), STATUS)),
        ("score >= 80", op("ge", SCORE, Lit(80))),
        ("score < 2.5", op("lt", SCORE, Lit(2.5))),
        ("score between 1 and 5", op("between", SCORE, Lit(1), Lit(5))),
        ("score in [1, 2]", op("in", SCORE, Lit([1, 2]))),
        ("score not in (1, 2)", op("not", op("in", SCORE, Lit([1, 2])))),
        ("score in [1, health_score]", op("in", SCORE, op("list", Lit(1), Get(("contact", "health_score"))))),
        ("status in [trial, customer]", op("in", STATUS, Lit(["trial", "customer"]))),
        ("vip in tags", op("in", Lit("vip"), Get(("contact", "tags")))),
        ("tags contains vip", op("contains", Get(("contact", "tags")), Lit("vip"))),
        ('email not contains "x"', op("not", op("contains", Get(("contact", "email")), Lit("x")))),
        ('email starts with "x"', op("starts_with", Get(("contact", "email")), Lit("x"))),
        ('email ends with "x"', op("ends_with", Get(("contact", "email")), Lit("x"))),
        ('email matches "x"', op("matches", Get(("contact", "email")), Lit("x"))),
        ("score is set", op("is_set", SCORE)),
        ("score is not set", op("not", op("is_set", SCORE))),
        ("email is empty", op("is_empty", Get(("contact", "email")))),
        ("email is not empty", op("not", op("is_empty", Get(("contact", "email"))))),
        ("not (not dnc)", Get(("contact", "dnc"))),
        (
            "dnc and sms_opt_out and email_opt_out",
            op("and", *(Get(("contact", n)) for n in ("dnc", "sms_opt_out", "email_opt_out"))),
        ),
        ("score + 1 > 2", op("gt", op("add", SCORE, Lit(1)), Lit(2))),
        ("score * 50% > 2", op("gt", op("percent.of", SCORE, Lit(50)), Lit(2))),
        ("-score > -2", op("gt", op("neg", SCORE), Lit(-2))),
        ("created_at > 2026-01-31", op("gt", op("date.of", CREATED), Lit("2026-01-31"))),
        ("birth_date < now", op("lt", BIRTH, op("today"))),
        ("created_at > now - 2h", op("gt", CREATED, op("instant.sub", op("now"), Lit("2h")))),
        ("birth_date + 1mo > today", op("gt", op("date.add", BIRTH, Lit("1mo")), op("today"))),
        ("1mo + birth_date > today", op("gt", op("date.add", BIRTH, Lit("1mo")), op("today"))),
        ("birth_date + 9h > now", op("gt", op("instant.add", op("instant.of", BIRTH), Lit("9h")), op("now"))),
        ("today - birth_date > 90d", op("duration.gt", op("date.diff", op("today"), BIRTH), Lit("90d"))),
        (
            "now - created_at != 1d12h",
            op("not", op("duration.eq", op("instant.diff", op("now"), CREATED), Lit("1d12h"))),
        ),
        (
            "now - created_at between 1d and 2d",
            op(
                "and",
                op("duration.ge", op("instant.diff", op("now"), CREATED), Lit("1d")),
                op("duration.le", op("instant.diff", op("now"), CREATED), Lit("2d")),
            ),
        ),
        ("created_at > 2026-01-31T09:00", op("gt", CREATED, op("instant.civil", Lit("2026-01-31T09:00:00")))),
        ("created_at > 2026-01-31T09:00+01:00", op("gt", CREATED, Lit("2026-01-31T08:00:00.000Z"))),
        ("time(now) > 9:05", op("gt", op("fn.time", op("now")), Lit("09:05"))),
        (
            'first_name + " x" = "Ana x"',
            op("eq", op("concat", Get(("contact", "first_name")), Lit(" x")), Lit("Ana x")),
        ),
        ("owner.email is set", op("is_set", Get(("contact", "owner")))),
        ('owner.name = "Ana"', op("eq", op("person.name", Get(("contact", "owner"))), Lit("Ana"))),
        ("owner.team = Sales", op("eq", op("person.team", Get(("contact", "owner"))), Lit("Sales"))),
        ('owner = "ANA@acme.test"', op("eq", Get(("contact", "owner")), Lit("ana@acme.test"))),
        ('account.owner.email = "a@b.test"', op("eq", Get(("account", "owner")), Lit("a@b.test"))),
        ("stages.sales = SQL", op("eq", Get(("contact", "stages", "sales")), Lit("SQL"))),
        ("round(score) = 5", op("eq", op("fn.round", SCORE, Lit(0)), Lit(5))),
        ("days_since(created_at) > 3", op("gt", op("fn.days_since", op("date.of", CREATED)), Lit(3))),
    ],
)
def test_condition_of_a_contact(condition: str, expected: Ir) -> None:
    assert planned(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("value > $10_000", op("gt", VALUE, Lit(10000))),
        ("value + $5 > $1", op("gt", op("money.add", VALUE, Lit(5), Lit("USD")), Lit(1))),
        ("value - $5 > $1", op("gt", op("money.sub", VALUE, Lit(5), Lit("USD")), Lit(1))),
        ("value * 2 > $1", op("gt", op("money.mul", VALUE, Lit(2), Lit("USD")), Lit(1))),
        ("2 * value > $1", op("gt", op("money.mul", VALUE, Lit(2), Lit("USD")), Lit(1))),
        ("value / 2 > $1", op("gt", op("money.div", VALUE, Lit(2), Lit("USD")), Lit(1))),
        ("value / $2 > 1", op("gt", op("money.ratio", VALUE, Lit(2)), Lit(1))),
        ("value * 10% > $1", op("gt", op("percent.of", VALUE, Lit(10), Lit("USD")), Lit(1))),
        ("probability + 5% > 50%", op("gt", op("add", Get(("opportunity", "probability")), Lit(5)), Lit(50))),
        ("contact.account.name is set", op("is_set", Get(("account", "name")))),
        ("contact.status = trial", op("eq", STATUS, Lit("trial"))),
    ],
)
def test_condition_of_an_opportunity(condition: str, expected: Ir) -> None:
    assert planned(condition, "opportunity") == expected
