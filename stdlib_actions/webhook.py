"""Webhooks: the run's facts as signed JSON to an address of your choice."""

from __future__ import annotations

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT

DECLARATIONS = (
    Action(
        name="webhook_post",
        phrase="webhook post {url}",
        performs=Performs.EFFECT,
        summary="post the subject's facts to a web address",
        doc=(
            "Posts JSON with the contact, the account, the opportunity, the event, the stage, the rule "
            "and the run, signed as Standard Webhooks describes when a secret is configured. `webhook-id` "
            "and `Idempotency-Key` are equal on every try, so that the receiver can tell a repeat. Any "
            "2xx is success; 408, 429 and 5xx are tried again, other answers are final. Redirects are not "
            "followed, private addresses are refused."
        ),
        example='on stage enter "Won" do webhook post "https://hooks.example.com/won"\n',
        rows=("A18", "A27"),
        params=(Param("url", TEXT, "where to post", role="url"),),
        idempotent=True,
        uses_event=True,
    ),
)
