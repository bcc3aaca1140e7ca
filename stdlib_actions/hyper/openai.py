"""Any server that speaks `/v1/chat/completions` as a writer, by configuration alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runtime.settings import Hyper, SettingsError
from stdlib_actions.hyper.model import ModelError, Request, Written
from stdlib_actions.hyper.prompt import chat_messages, parse_answer

if TYPE_CHECKING:
    from runtime.egress.client import EgressClient, Reply

MAX_REPLY = 256 * 1024
"""The largest reply that is read, in bytes."""


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class OpenAiCompatible:
    """Asks the configured model, once for each message and within the deadline."""

    def __init__(self, settings: Hyper, egress: EgressClient, root: Path, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._egress = egress
        self._root = root
        self._env = env

    @property
    def name(self) -> str:
        """The model's name as configured."""
        return self._settings.model

    async def write(self, request: Request) -> Written:
        """Ask for one message."""
        reply = await self._ask(request)
        if not reply.ok:
            raise ModelError(f"the model's server answered {reply.status}")
        return parse_answer(_content(reply.body))

    async def _ask(self, request: Request) -> Reply:
        from runtime.egress.errors import EgressError

        url = f"{self._settings.base_url.rstrip('/')}/v1/chat/completions"
        try:
            return await self._egress.request(
                "POST",
                url,
                self._headers(),
                self._body(request),
                deadline=self._settings.timeout,
                max_response_bytes=MAX_REPLY,
            )
        except (EgressError, SettingsError) as problem:
            raise ModelError(f"the model could not be asked: {problem}") from None

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        key = self._settings.api_key.read(self._root, self._env)
        return headers | {"Authorization": f"Bearer {key}"} if key else headers

    def _body(self, request: Request) -> bytes:
        return msgspec.json.encode(
            {
                "model": self._settings.model,
                "messages": chat_messages(request),
                "max_tokens": self._settings.max_tokens,
                "temperature": 0.3,
                "n": 1,
                "stream": False,
            }
        )


def _content(body: bytes) -> str:
    try:
        completion = msgspec.json.decode(body, type=_Completion)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ModelError("the model's server answered something else than a completion") from None
    if not completion.choices:
        raise ModelError("the model gave no answer")
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ModelError("the model refused")
    if choice.finish_reason == "length":
        raise ModelError("the model's answer was cut short")
    return choice.message.content or ""
