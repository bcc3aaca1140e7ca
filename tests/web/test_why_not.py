"""Why a rule did nothing: the first thing that stopped it, for each way to be stopped, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.live import SCHEMA, LiveServer, make_files, wait_for

POLICY = """
policy
  at most: 1 email per 7d, drop
end
"""
MAIN = """\
rule "Once"
  on tag added "once"
  enrol once
do
  stop
end

rule "Limited"
  on tag added "limited"
  limit 1 per 1d
do
  wait 1d
end

rule "Running" on tag added "running" do wait 1d end
rule "Paused" for contact paused on tag added "paused" do stop end
rule "Disabled" for contact disabled on tag added "disabled" do stop end
rule "Draft" for contact draft on tag added "draft" do stop end
rule "Leaving" on tag added "leaving"; exit when status = customer do wait 1d end
rule "Mail" on tag added "mail" do send email template("hi"); send email template("hi") end
rule "Filtered" on tag added "filtered" when status = trial and plan_name = "gold" do stop end
rule "Changing" on tag added "changing" when plan_name = "gold" do stop end
"""
HI = "---\nsubject: Hi\n---\nHi"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    files = {
        "schema.rules": SCHEMA + POLICY,
        "main.rules": MAIN,
        "templates/hi.liquid": HI,
        "rulelang.toml": '[mail]\nfrom = "a@acme.test"\n',
    }
    with LiveServer(make_files(tmp_path_factory.mktemp("workspace"), files)) as running:
        yield running


@pytest.fixture
def api(server: LiveServer) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def happen(api: httpx.Client, id: str, tag: str, **fields: Any) -> None:
    """A tag is added to a contact."""
    if fields:
        assert api.put(f"/v1/contacts/{id}", json=fields).status_code in (200, 201)
    event = {"type": "contact.tag_added", "contact_id": id, "data": {"tag": tag}}
    assert api.post("/v1/events", json=event).status_code == 200


def why(api: httpx.Client, rule: str, id: str) -> list[dict[str, Any]]:
    """The verdicts on a contact's events, newest first."""
    answer = api.get("/v1/why", params={"rule": rule, "subject": f"contact:{id}"})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("Once", "the rule enrols each subject once, and this one has been enrolled"),
        ("Running", "a run of this rule is already under way for this subject"),
    ],
)
def test_already_enrolled(api: httpx.Client, rule: str, says: str) -> None:
    for _ in range(2):
        happen(api, f"again_{rule}", rule.lower())
    second, first = why(api, rule, f"again_{rule}")
    assert (first["outcome"], second["outcome"], second["reason"]) == ("started", "refused", says)
    assert second["stopped_by"] in ("already enrolled", "already running")


def test_capped_by_the_limit_of_the_rule(api: httpx.Client) -> None:
    happen(api, "limit_a", "limited")
    happen(api, "limit_b", "limited")
    (found,) = why(api, "Limited", "limit_b")
    assert (found["outcome"], found["reason"]) == (
        "refused",
        "the rule enrols at most 1 per 1d, and has enrolled as many",
    )


def test_paused(api: httpx.Client) -> None:
    happen(api, "paused", "paused")
    (found,) = why(api, "Paused", "paused")
    assert (found["outcome"], found["reason"]) == ("refused", "the rule is paused")


@pytest.mark.parametrize("rule", ["Disabled", "Draft"])
def test_disabled_and_draft(api: httpx.Client, rule: str) -> None:
    happen(api, rule, rule.lower())
    (found,) = why(api, rule, rule)
    state = rule.lower()
    assert (found["outcome"], found["reason"]) == ("not_matched", f"the rule was {state} when the event came")


def test_the_exit_condition_holds_already(api: httpx.Client) -> None:
    happen(api, "leaving", "leaving", status="customer")
    (found,) = why(api, "Leaving", "leaving")
    assert found["outcome"] == "refused"
    assert "the exit condition holds" in found["reason"]


def test_suppressed_for_want_of_consent(api: httpx.Client) -> None:
    happen(api, "opted_out", "mail", email="o@example.test", email_opt_out=True)
    (found,) = why(api, "Mail", "opted_out")
    assert found["outcome"] == "started"
    assert found["stops"][0]["reason"] == "the contact has opted out of e-mail"
    assert (found["stops"][0]["step"], found["stops"][0]["action"]) == ("do.0", "send_email_template")


def test_capped_by_the_sending_policy(api: httpx.Client) -> None:
    happen(api, "capped", "mail", email="c@example.test")

    def stopped() -> list[dict[str, Any]]:
        (found,) = why(api, "Mail", "capped")
        stops: list[dict[str, Any]] = found.get("stops", [])
        return stops

    (stop,) = wait_for(stopped)
    assert (stop["step"], stop["reason"]) == ("do.1", "at most 1 email per 7d, and as many went out")


def test_the_condition_with_its_values(api: httpx.Client) -> None:
    happen(api, "filtered", "filtered", status="trial", plan_name="silver")
    (found,) = why(api, "Filtered", "filtered")
    assert (found["outcome"], found["reason"]) == ("not_matched", 'plan_name is "silver", not "gold"')
    assert found["stopped_by"] == "condition"
    assert [(c["held"], c["values"]) for c in found["conditions"][-2:]] == [
        (True, {"status": "trial"}),
        (False, {"plan_name": "silver"}),
    ]


def test_the_trigger_did_not_match(api: httpx.Client) -> None:
    happen(api, "trigger", "something else")
    (found,) = why(api, "Filtered", "trigger")
    assert found["outcome"] == "not_matched"
    assert "something else" in found["reason"]


def test_each_event_is_judged_by_the_version_that_was_in_force(server: LiveServer, api: httpx.Client) -> None:
    happen(api, "changing", "changing", plan_name="silver")
    text = MAIN.replace('when plan_name = "gold" do', 'when plan_name = "silver" do')
    put = {"headers": {"Content-Type": "text/plain"}}
    assert api.put("/v1/rules/main.rules", content=text, **put).status_code == 200
    try:
        (before,) = why(api, "Changing", "changing")
        assert (before["reason"], before["version"]) == ('plan_name is "silver", not "gold"', 1)
        happen(api, "changing", "changing")
        assert (
            why(api, "Changing", "changing")[0]["outcome"],
            why(api, "Changing", "changing")[0]["version"],
        ) == (
            "started",
            2,
        )
    finally:
        api.put("/v1/rules/main.rules", content=MAIN, **put)


def test_a_rule_that_was_removed_meanwhile(api: httpx.Client) -> None:
    rule = 'rule "Gone" on tag added "gone" do stop end\n'
    put = {"headers": {"Content-Type": "text/plain"}}
    assert api.put("/v1/rules/gone.rules", content=rule, **put).status_code == 201
    assert api.delete("/v1/rules/gone.rules").status_code == 200
    happen(api, "gone", "gone")
    assert api.put("/v1/rules/gone.rules", content=rule, **put).status_code == 201
    (found,) = why(api, "Gone", "gone")
    assert found["reason"] == "the rule had been removed when the event came"
