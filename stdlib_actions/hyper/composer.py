"""From a request to a text that may be sent: ask the model, pass the gate, else fall back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from runtime.settings import Hyper
from stdlib_actions.hyper.gate import objections
from stdlib_actions.hyper.model import ChatModel, ModelError, Request, Written
from stdlib_actions.hyper.offline import plain_message

if TYPE_CHECKING:
    from stdlib_actions.rendering import RenderedTemplate


class Composition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A text that may be sent, and how it came about, for the journal.

    `composer` is the model's name, `template NAME` or `built-in`. `reason` says why the model's own text is not
    used. `prompt` is what the model was asked, with the names of the facts and without their values.
    """

    subject: str
    text: str
    composer: str
    prompt: dict[str, str | list[str]]
    html: str = ""
    sender: str = ""
    reason: str = ""


class Composer:
    """Writes messages with a model, and never lets it do more than that."""

    def __init__(self, model: ChatModel, settings: Hyper) -> None:
        self._model = model
        self._settings = settings

    async def compose(
        self, request: Request, fallback: str = "", render: Callable[[], RenderedTemplate] | None = None
    ) -> Composition:
        """A text for `request`; the template `fallback`, rendered by `render`, when the model's cannot be used.

        Without a fallback the built-in message is used. Whatever `render` raises is passed on.
        """
        try:
            written = await self._model.write(request)
        except ModelError as problem:
            return _fall_back(request, str(problem), fallback, render)
        problems = list(objections(written, request, self._settings.link_hosts, self._settings.max_length))
        if problems:
            return _fall_back(request, "; ".join(problems), fallback, render)
        return Composition(written.subject, written.text, self._model.name, redacted(request))


def _fall_back(
    request: Request, reason: str, fallback: str, render: Callable[[], RenderedTemplate] | None
) -> Composition:
    if render:
        done = render()
        composer = f"template {fallback}"
        prompt = redacted(request)
        return Composition(done.subject, done.text, composer, prompt, done.html, done.sender, reason)
    plain: Written = plain_message(request)
    return Composition(plain.subject, plain.text, "built-in", redacted(request), reason=reason)


def redacted(request: Request) -> dict[str, str | list[str]]:
    """What may be kept of a request: the author's words, and which facts were told, not what they said."""
    return {"instruction": request.instruction, "tone": request.tone, "facts": sorted(request.facts)}
