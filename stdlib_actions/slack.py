"""Messages to a Slack channel through an incoming webhook."""

from __future__ import annotations

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import TEXT

DECLARATIONS = (
    Action(
        name="slack",
        phrase="slack {channel} {message}",
        performs=Performs.EFFECT,
        summary="post a message to a Slack channel",
        doc=(
            "Posts through the incoming webhook that `rulelang.toml` names for the channel "
            "(`[slack.channels]`), or else through the default one. Values of fields are escaped, so that "
            "no name can mention a whole channel or hide a link. Slack takes no idempotency key: an "
            "attempt whose outcome is unknown waits for somebody to look."
        ),
        example='on stage enter "At Risk" do slack "#cs" "{{ contact.name }} is at risk"\n',
        rows=("A24",),
        params=(
            Param("channel", TEXT, 'the channel, such as `"#cs"`'),
            Param("message", TEXT, "what to post; may hold `{{ fields }}`", role="liquid"),
        ),
        uses_event=True,
    ),
)
