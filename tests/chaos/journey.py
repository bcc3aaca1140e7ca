"""The workspace under load: a journey with every kind of step, a rule that runs once, and an exit."""

from __future__ import annotations

from tests.chaos.receivers import Receivers

SCHEMA = """
workspace
  name: "Acme"
  time_zone: "UTC"
end

status for contact: trial, churned
event "parcel.arrived" for contact

fields for contact
  begun: number
  ended: number
  welcomed: number
end
"""

JOURNEY = """
rule "Journey" for contact
  on event "parcel.arrived"
  exit when status = churned
do
  set begun = begun + 1
  wait 1s
  webhook post "{hook}"
  send email template("thanks")
  set ended = ended + 1
end

rule "First order" for contact
  on event "parcel.arrived"
  enrol once
do
  set welcomed = welcomed + 1
end
"""

THANKS = """---
subject: Thank you
---
Hello {{ contact.id }},

your parcel has arrived.
"""

HOOK_STEP, MAIL_STEP = "do.2", "do.3"
WAIT = 1000
"""How long a journey waits, in milliseconds."""

JOURNEY_KEY, ONCE_KEY = "Journey", "First order"


def files(receivers: Receivers, hook: str = "/ok", engine: str = "") -> dict[str, str]:
    """The files of the workspace; webhooks go to the path `hook`. `engine` are further settings of that section."""
    return {
        "schema.rules": SCHEMA,
        "rules/journey.rules": JOURNEY.replace("{hook}", receivers.http.url(hook)),
        "templates/thanks.liquid": THANKS,
        "rulelang.toml": receivers.settings(engine),
    }


def order(id: str, contact: str, first: bool = True) -> dict[str, object]:
    """An order of a contact; its first one also makes the contact."""
    event: dict[str, object] = {"id": id, "type": "parcel.arrived", "contact_id": contact}
    if first:
        fields = {"email": address(contact), "status": "trial", "begun": 0, "ended": 0, "welcomed": 0}
        event["changes"] = {name: {"before": None, "after": value} for name, value in fields.items()}
    return event


def churn(id: str, contact: str) -> dict[str, object]:
    """The event that ends a contact's journeys."""
    return {
        "id": id,
        "type": "contact.updated",
        "contact_id": contact,
        "data": {"fields": {"status": "churned"}},
    }


def address(contact: str) -> str:
    """A contact's e-mail address."""
    return f"{contact}@load.test"
