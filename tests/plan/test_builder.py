"""From checked rules to plans: golden JSON for classic rules, step ids, arguments, spans."""

from __future__ import annotations

import pytest

from rulelang.check.phrases import Phrases
from rulelang.check.rules import check_rule
from rulelang.plan.builder import build_plan
from rulelang.plan.codec import decode, encode, plan_hash
from rulelang.plan.ir import Get, Lit, Op
from rulelang.plan.model import ActionStep, BlockStep, IfStep, Plan, WaitStep
from rulelang.source import Source
from rulelang.syntax import nodes
from rulelang.syntax.parser import parse
from rulelang.types.defaults import default_schema
from rulelang.workspace import load_workspace
from tests.check.golden import catalogue
from tests.plan import classic_plans


def plan_of(text: str) -> Plan:
    workspace = load_workspace({"main.rules": text}, catalogue())
    assert not [d.message for d in workspace.diagnostics if d.is_error]
    return workspace.plans[0]


@pytest.mark.parametrize("name", classic_plans.NAMES)
def test_classic_rules_give_their_plans(name: str) -> None:
    assert classic_plans.plans(name) == classic_plans.stored(name)


def test_there_are_four_files_of_classic_rules() -> None:
    assert len(classic_plans.NAMES) == 4


def test_plans_survive_the_codec_with_their_hash() -> None:
    plan = plan_of('on stage enter "SQL" when status = trial do wait 30m; add tag vip')
    assert decode(encode(plan)) == plan
    assert plan.hash == plan_hash(plan)


def test_moving_or_disabling_a_rule_does_not_change_its_hash() -> None:
    plan = plan_of('rule "A" on contact created do add tag vip end')
    moved = plan_of('# here\n\nrule "A" on contact created do add tag vip end')
    disabled = plan_of('rule "A" disabled on contact created do add tag vip end')
    other = plan_of('rule "A" on contact created do add tag vop end')
    assert plan.hash == moved.hash == disabled.hash
    assert (plan.line, moved.line, disabled.state) == (1, 3, "disabled")
    assert plan.spans == moved.spans
    assert other.hash != plan.hash


def test_step_ids_are_paths() -> None:
    plan = plan_of(
        "on contact created do\n"
        "  add tag a\n"
        "  if score > 5 then\n    add tag b\n  elif score > 3 then\n    add tag c\n  else\n    add tag d\n  end\n"
        "  do\n    add tag e\n  end when dnc\n"
        "end"
    )
    first, choice, block = plan.steps
    assert isinstance(choice, IfStep)
    assert isinstance(block, BlockStep)
    assert first.id == "do.0"
    assert [b.id for b in choice.branches] == ["do.1.then", "do.1.elif1"]
    assert [b.steps[0].id for b in choice.branches] == ["do.1.then.0", "do.1.elif1.0"]
    assert choice.otherwise[0].id == "do.1.else.0"
    assert block.steps[0].id == "do.2.do.0"
    assert block.when == Get(("contact", "dnc"))


def test_delay_option_is_a_block_that_waits_first() -> None:
    plan = plan_of('on contact created do send email template("x") after 30m when score > 5')
    (block,) = plan.steps
    assert isinstance(block, BlockStep)
    wait, action = block.steps
    assert block.when == Op("gt", (Get(("contact", "score")), Lit(5)))
    assert wait == WaitStep("do.0.do.0", "for", Lit("30m"))
    assert isinstance(action, ActionStep)
    assert (action.id, action.when) == ("do.0.do.1", None)
    assert "delay" not in action.args


@pytest.mark.parametrize(
    ("written", "mode", "value"),
    [
        ("wait 1d12h", "for", Lit("1d12h")),
        ("wait 12h1d", "for", Lit("1d12h")),
        ("wait until 9:00", "time", Lit("09:00")),
        ("wait until 2026-01-31", "date", Lit("2026-01-31")),
        ("wait until birth_date - 7d", "date", Op("date.sub", (Get(("contact", "birth_date")), Lit("7d")))),
    ],
)
def test_waits(written: str, mode: str, value: object) -> None:
    step = plan_of(f"on contact created do {written}").steps[0]
    assert isinstance(step, WaitStep)
    assert (step.mode, step.value) == (mode, value)


OWNER = Get(("contact", "owner"))


@pytest.mark.parametrize(
    ("action", "args"),
    [
        ('assign("Ana@acme.test")', {"who": Lit("person:ana@acme.test")}),
        ('assign("Sales")', {"who": Lit("team:Sales")}),
        ("assign(Sales)", {"who": Lit("team:Sales")}),
        ("assign(account.owner)", {"who": Op("concat", (Lit("person:"), Get(("account", "owner"))))}),
        ("assign(owner.team)", {"who": Op("concat", (Lit("team:"), Op("person.team", (OWNER,))))}),
        ("add tag vip", {"tag": Lit("vip")}),
        ('add tag "hot lead"', {"tag": Lit("hot lead")}),
        ("add tag source", {"tag": Get(("contact", "source"))}),
        (
            "set score = score + 5",
            {"field": Lit("score"), "value": Op("add", (Get(("contact", "score")), Lit(5)))},
        ),
        ("set contact.status = inactive", {"field": Lit("status"), "value": Lit("inactive")}),
        ("set score = null", {"field": Lit("score"), "value": Lit(None)}),
        ("set birth_date = now", {"field": Lit("birth_date"), "value": Op("today", ())}),
        ("clear source", {"field": Lit("source")}),
        ('move to stage "Won"', {"stage": Lit("Won"), "pipeline": Lit("sales")}),
        (
            'move to stage "Active" of "Customer Success"',
            {"stage": Lit("Active"), "pipeline": Lit("customer_success")},
        ),
        ("mark opt_out(email)", {"channel": Lit("email")}),
        (
            'notify team Sales "{{ contact.email }}"',
            {"team": Lit("Sales"), "message": Lit("{{ contact.email }}")},
        ),
        ('webhook post "https://example.com/x"', {"url": Lit("https://example.com/x")}),
    ],
)
def test_arguments(action: str, args: dict[str, object]) -> None:
    step = plan_of(f"on contact created do {action}").steps[0]
    assert isinstance(step, ActionStep)
    assert step.args == args


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", Lit("contact")),
        (" to contact", Lit("contact")),
        (" to owner", Lit("owner")),
        (" to contact.owner", Lit("owner")),
        (" to account.owner", Lit("account owner")),
        (' to "Sales"', Lit("team:Sales")),
        (" to Sales", Lit("team:Sales")),
        (' to "Any@example.com"', Lit("address:Any@example.com")),
        (" to email", Op("concat", (Lit("address:"), Get(("contact", "email"))))),
    ],
)
def test_recipients(written: str, value: object) -> None:
    step = plan_of(f'on contact created do send email template("x"){written}').steps[0]
    assert isinstance(step, ActionStep)
    assert step.args["to"] == value


def test_known_people_are_recipients_by_person() -> None:
    plan = plan_of(
        'person "ana@acme.test": "Ana"\non contact created do send email template("x") to "ANA@acme.test"'
    )
    step = plan.steps[0]
    assert isinstance(step, ActionStep)
    assert step.args["to"] == Lit("person:ana@acme.test")


STAGE = Op("eq", (Get(("event", "stage")), Lit("SQL")))


@pytest.mark.parametrize(
    ("written", "event", "when"),
    [
        ('stage enter "SQL"', "stage.entered", STAGE),
        (
            "stage enter SQL of Sales from MQL",
            "stage.entered",
            Op(
                "and",
                (
                    STAGE,
                    Op("eq", (Get(("event", "previous_stage")), Lit("MQL"))),
                    Op("eq", (Get(("event", "pipeline")), Lit("sales"))),
                ),
            ),
        ),
        ("contact created", "contact.created", None),
        ("health drops to bad", "health.changed", Op("eq", (Get(("event", "after")), Lit("bad")))),
        (
            "field changed score from null to 5",
            "field.changed",
            Op(
                "and",
                (
                    Op("eq", (Get(("event", "field")), Lit("score"))),
                    Op("not", (Op("is_set", (Get(("event", "before")),)),)),
                    Op("eq", (Get(("event", "after")), Lit(5))),
                ),
            ),
        ),
    ],
)
def test_triggers(written: str, event: str, when: object) -> None:
    (trigger,) = plan_of(f"on {written} do stop").triggers
    assert trigger.when == when
    assert trigger.event == event or (trigger.event == "" and event == "field.changed")


def test_own_events_are_awaited_by_their_type() -> None:
    plan = plan_of(
        'event "demo.requested" for contact\n  seats: number\nend\non event "demo.requested" when event.seats > 5 do stop'
    )
    assert (plan.triggers[0].event, plan.triggers[0].when) == ("demo.requested", None)
    assert plan.when == Op("gt", (Get(("event", "seats")), Lit(5)))


def test_subject_follows_from_the_trigger_and_its_stage() -> None:
    assert plan_of('on stage enter "SQL" do stop').subject == "contact"
    assert plan_of('on stage enter "Negotiation" do stop').subject == "opportunity"
    assert plan_of('rule for account on stage enter "Churned" do stop').subject == "account"
    assert plan_of("on opportunity created do stop").subject == "opportunity"


def test_spans_point_into_the_text_of_the_plan() -> None:
    plan = plan_of(
        '\n\non contact created when score > 5 and not dnc do\n  assign("Sales") when dnc\n  wait 30m\nend'
    )
    words = {key: plan.text[start:end] for key, (start, end) in plan.spans.items()}
    assert words == {
        "on.0": "on contact created",
        "when": "score > 5 and not dnc",
        "when.0": "score > 5",
        "when.1": "not dnc",
        "when.1.0": "dnc",
        "do.0": 'assign("Sales") when dnc',
        "do.0.when": "dnc",
        "do.0.args.who": '"Sales"',
        "do.1": "wait 30m",
        "do.1.value": "30m",
    }


def test_rules_with_mistakes_cannot_be_planned() -> None:
    source = Source.of("main.rules", "on contact created when scor > 5 do stop")
    rule = parse(source).module.items[0]
    assert isinstance(rule, nodes.Rule)
    checked = check_rule(rule, source, default_schema(), catalogue(), Phrases.of(catalogue()))
    with pytest.raises(ValueError, match="has errors"):
        build_plan(checked, "main#1")
