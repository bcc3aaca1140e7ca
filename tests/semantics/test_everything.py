"""Many rules at once under seeded streams of events: what the simulation says is what the engine does, to the entry."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from rulelang.calendar import instant_text, parse_instant
from tests.support.rules import SCHEMA, START
from tests.support.twice import Scene, event, played

DAY = 86_400_000
DECLARED = (
    SCHEMA
    + """
fields for account
  renewal_date: date
end
segment "Warm" for contact: score >= 50 and status != inactive
segment "Busy" for contact: count(user login in 7d) >= 2
segment "Warm account" for account: score >= 50
health for account: good from 70, average from 40, bad
calendar "Office": monday to friday 9:00 to 17:00, holidays 2026-03-06
policy
  quiet hours: 21:00 to 8:00, hold
  at most: 3 email per 7d, drop
end
"""
)
RULES = """
rule "Sequence" on tag added "a"
  enrol every time if running restart
  exit when status = customer
do
  send email template("hello")
  wait 1d
  send email template("hello") when score >= 20
  wait until 9:00
  set score = coalesce(score, 0) + 5
end
on exit do
  add tag "left"
end

rule "Login or pay" on note added
  enrol every time if running queue
do
  wait 3h
  wait
    on user login do
      add tag "came"
    end
    on payment received where amount > 20 as payment do
      set deal_size = payment.amount
    end
    until status = inactive do
      stop
    end
    timeout 2d do
      add tag "silent"
    end
  end
end

rule "Cart" on cart abandoned for 45m do add tag "cart" end
rule "Debounce" on cart changed do wait 30m restart on cart changed where cart_id = event.cart_id; add tag "calm" end
rule "Warm" on segment entered "Warm" do set plan = pro; wait 1d in "Office"; notify owner "warm" when owner is set end
rule "Cold" on segment left "Warm" do set plan = free end
rule "Busy" on segment entered "Busy" do add tag "busy" end
rule "Held" when score >= 30 for 2d do add tag "held" end
rule "Became" when status = customer and score > 10 do add tag "good customer" end
rule "Missing" on absence of payment received for 3d after note added do add tag "did not pay" end
rule "Birthday" on reminder 1d before birthday do set score = coalesce(score, 0) + 1 end
rule "Renewal" on reminder 7d before renewal_date at 9:00 do wait until renewal_date; add tag "renewed" end
rule "Monday" on every monday at 9:00 when tags contains "a" do add tag "monday" end
rule "Goal" on tag added "b" do
  wait 4d
  add tag "nudged"
  goal "Paid" on payment received
  add tag "paid"
end
rule "Flow" on score changed
  enrol every time per event.after
  limit 20 per 1d
do
  repeat while score < 3 at most 2 times do
    wait 1h
  end
  split "s"
    case 50% "A" do
      add tag "A"
    case 30% "B" do
      wait 10m
    else
      add tag "C"
  end
  parallel
    do
      wait 1h
      add tag "p1"
    end
    do
      add tag "p2"
    end
  end
  match plan
    case free do
      remove tag "p1"
    case pro do
      remove tag "p2"
  end
end
rule "Sub" on tag added "came" do start rule("Child") with n = 3 and wait; add tag "child done" end
rule "Child"
  takes n: number
do
  wait 2h
  set score = score + n when score < 40
end
rule "Account" for account on health changed do
  for each contact at most 10 do
    add tag "account changed"
    wait 1h
  end
end
rule "Deal" for opportunity on opportunity stale for 5d at most 2 times do set value = 1EUR end
rule "Won" for opportunity on opportunity won do for contact do set status = customer end end
"""
EDITED = (
    RULES.replace("wait 4d", "wait 1h")
    .replace("case 50%", "case 10%")
    .replace('add tag "calm"', 'add tag "calmer"')
)


def stream(random: Random) -> list[dict[str, Any]]:
    """Forty events of four weeks in seeded order, some of which are sent again."""
    begin = parse_instant(START)
    moments = [begin + random.randrange(0, 27 * DAY, 60_000) for _ in range(40)]
    found = [
        {"id": f"id-{n}", **_happening(random, instant_text(at), random.choice(["c_1", "c_2", "c_3"]))}
        for n, at in enumerate(moments)
    ]
    again = [{**found[n], "at": instant_text(moments[n] + DAY)} for n in random.sample(range(40), 4)]
    return found + again


def _happening(random: Random, at: str, subject: str) -> dict[str, Any]:
    number = random.randrange(0, 100)
    match random.randrange(13):
        case 0:
            return event(at, "contact.tag_added", subject, tag=random.choice("ab"))
        case 1:
            return event(at, "note.added", subject, note_id="n")
        case 2:
            return event(at, "user.logged_in", subject, portal="app")
        case 3:
            return event(at, "payment.received", subject, amount=number)
        case 4 | 5:
            return event(at, "record.updated", subject, fields={"score": number})
        case 6:
            return event(at, "cart.updated", subject, cart_id=random.choice("kl"), value=number)
        case 7:
            status = random.choice(["trial", "customer", "inactive"])
            return event(at, "status.matched", subject, status=status)
        case 8:
            date = f"2026-03-{random.randrange(1, 32):02}"
            return event(at, "record.updated", subject, fields={"renewal_date": date})
        case 9:
            zone = random.choice(["Asia/Tokyo", "America/New_York", "Europe/Berlin"])
            return event(at, "record.updated", subject, fields={"time_zone": zone})
        case 10:
            return event(at, "record.updated", "a_1", "account", fields={"health_score": number})
        case 11:
            status = random.choice(["open", "won", "lost"])
            return event(at, "opportunity.updated", "o_1", "opportunity", fields={"status": status})
        case _:
            return event(at, "contact.tag_removed", subject, tag=random.choice("ab"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_engine_does_what_the_simulation_says(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    scene = Scene(
        RULES,
        contacts=[
            {"id": "c_1", "email": "lea@x.test", "account_id": "a_1", "birth_date": "1990-03-20"},
            {"id": "c_2", "email": "bo@x.test", "account_id": "a_1", "time_zone": "America/New_York"},
            {"id": "c_3", "status": "trial", "score": 60, "owner": "ana@acme.test"},
        ],
        accounts=[{"id": "a_1", "score": 10}],
        opportunities=[{"id": "o_1", "contact_id": "c_1", "status": "open", "value": 100}],
        events=stream(random),
        edits={"2026-03-15T12:00:00Z": EDITED} if seed % 2 else {},
        down=("2026-03-20T10:00:00Z", "2026-03-21T15:00:00Z") if seed % 3 == 0 else None,
        schema=DECLARED,
    )
    timeline = played(scene, tmp_path)
    assert len({entry["rule"] for entry in timeline if entry["kind"] == "enrolled"}) > 10
