"""`rulelang backtest`: what draft rules would have sent, beside what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_deploy import Desk
from tests.support.live import SCHEMA, LiveServer, make_files, wait_for

MAIN = """\
rule "Welcome"
  on tag added "new"
  when status = trial
do
  send email template("hi")
end

rule "Promote" on tag added "promote" do set status = customer end
"""
HI = "---\nsubject: Hi\n---\nHi"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    files = {"schema.rules": SCHEMA, "main.rules": MAIN, "templates/hi.liquid": HI}
    checkout = make_files(tmp_path / "checkout", files)
    settings = {"rulelang.toml": '[mail]\nfrom = "a@acme.test"\n'}
    with LiveServer(make_files(tmp_path / "server", {**files, **settings})) as server:
        yield Desk(server, checkout)


def happen(desk: Desk, id: str, tag: str, **fields: object) -> None:
    """A tag is added to a contact, which is made first."""
    with desk.server.client() as api:
        if fields:
            assert api.put(f"/v1/contacts/{id}", json={"email": f"{id}@x.test", **fields}).status_code < 300
        event = {"type": "contact.tag_added", "contact_id": id, "data": {"tag": tag}}
        assert api.post("/v1/events", json=event).status_code == 200


def history(desk: Desk) -> None:
    """Three people: one gets the mail, one is a customer by then, one becomes one by a rule afterwards."""
    happen(desk, "a", "new", status="trial")
    happen(desk, "b", "new", status="customer")
    happen(desk, "c", "promote", status="trial")
    happen(desk, "c", "new")
    with desk.server.client() as api:
        wait_for(lambda: api.get("/v1/effects", params={"status": "done"}).json()["items"])


def test_a_draft_is_held_against_what_happened(desk: Desk) -> None:
    history(desk)
    draft = desk.checkout / "main.rules"
    desk.edit(MAIN.replace("when status = trial", "when status = customer").replace('"Promote"', '"Promote"'))
    workspace = ("--workspace", str(desk.server.root))
    found = json.loads(desk.run("backtest", str(draft), *workspace, "--format", "json").output)
    welcome = next(rule for rule in found["rules"] if rule["rule"] == "Welcome")
    assert (welcome["started"], welcome["then"]) == (2, 1)
    (sends,) = welcome["sends"]
    assert (sends["action"], sends["messages"], sends["then"]) == ("send_email_template", 2, 1)
    assert (sends["only_now"], sends["only_then"]) == (["contact:b", "contact:c"], ["contact:a"])
    assert found["events"] == 7
    text = desk.run("backtest", str(draft), *workspace).output
    assert "Welcome: 2 runs would have started, 1 did" in text
    assert "only in the backtest: contact:b, contact:c" in text
    assert "What this goes by:" in text
    assert desk.run("backtest", str(draft)).output == text
    with desk.server.client() as api:
        assert len(api.get("/v1/effects", params={"status": "done"}).json()["items"]) == 1


def test_the_rules_as_they_are_would_have_done_what_they_did(desk: Desk) -> None:
    history(desk)
    found = json.loads(desk.run("backtest", str(desk.checkout / "main.rules"), "--format", "json").output)
    for rule in found["rules"]:
        assert rule["started"] == rule["then"]
        assert all(sends["only_now"] == sends["only_then"] == [] for sends in rule["sends"])


def test_new_rules_count_and_records_are_taken_back_to_what_they_were(desk: Desk) -> None:
    history(desk)
    desk.edit(
        'rule "Draft" for contact draft on tag added "new" when status = trial do send email template("hi") end'
    )
    draft = desk.checkout / "main.rules"
    draft.rename(desk.checkout / "other.rules")
    happen(desk, "a", "later", status="customer")
    found = json.loads(
        desk.run("backtest", str(desk.checkout / "other.rules"), "--since", "1h", "--format", "json").output
    )
    (rule,) = found["rules"]
    assert (rule["rule"], rule["started"], rule["then"]) == ("Draft", 1, 0)
    assert rule["sends"][0]["only_now"] == ["contact:a"]


@pytest.mark.parametrize(("since", "code"), [("soon", 3), ("-1d", 3), ("0d", 3)])
def test_a_span_that_is_none(desk: Desk, since: str, code: int) -> None:
    refused = desk.run("backtest", str(desk.checkout / "main.rules"), "--since", since)
    assert refused.exit_code == code
    assert b"a duration such as 30d" in (refused.stderr_bytes or b"")
    local = desk.run(
        "backtest", str(desk.checkout / "main.rules"), "--since", since, "--workspace", str(desk.server.root)
    )
    assert local.exit_code == 2


def test_mistakes_are_told(desk: Desk) -> None:
    desk.edit('rule "Welcome" on tag addd "x" do stop end')
    assert desk.run("backtest", str(desk.checkout / "main.rules")).exit_code == 3
    local = desk.run("backtest", str(desk.checkout / "main.rules"), "--workspace", str(desk.server.root))
    assert local.exit_code == 1
