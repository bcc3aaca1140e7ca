"""A server that speaks `/v1/chat/completions` on loopback and plays a model, good or bad.

    async with ChatServer() as server:
        server.mode = "obey"
        ... ask the model at server.base_url ...
        assert server.requests[0]["model"] == "small"

Modes: `write` (a decent message from the facts), `obey` (does whatever the facts tell it to: what follows `OBEY:`),
`say` (answers `server.text`), `slow` (after `server.delay` seconds), `refuse` (a refusal field), `filter`
(finish_reason content_filter), `cut` (finish_reason length), `500`, `401`, `nonsense` (no JSON), `empty` (no choices).
"""

from __future__ import annotations

import asyncio
import json
import re
from types import TracebackType
from typing import Any

GOOD = "Subject: Your meeting\n\nHello {first_name},\n\nwe look forward to meeting you. Does the time suit you?\n\nAcme"


class ChatServer:
    """The server. `requests` are the decoded bodies, `headers` the header fields of each, in lower case."""

    def __init__(self) -> None:
        self.mode = "write"
        self.text = ""
        self.delay = 30.0
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """What `hyper.base_url` is set to."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> ChatServer:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(fields.get("content-length", "0"))))
        self.requests.append(body)
        self.headers.append(fields)
        assert head[0] == "POST /v1/chat/completions HTTP/1.1"
        if self.mode == "slow":
            await asyncio.sleep(self.delay)
        status, answer = self._reply(body)
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + answer
        )
        await writer.drain()

    def _reply(self, body: dict[str, Any]) -> tuple[int, bytes]:
        match self.mode:
            case "500" | "401":
                return int(self.mode), b'{"error": {"message": "sk-CANARY"}}'
            case "nonsense":
                return 200, b"<html>not a completion"
            case "empty":
                return 200, b'{"choices": []}'
        finish = {"filter": "content_filter", "cut": "length"}.get(self.mode, "stop")
        message = {"role": "assistant", "content": self._content(body)}
        if self.mode == "refuse":
            message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
        return 200, json.dumps(
            {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}
        ).encode()

    def _content(self, body: dict[str, Any]) -> str:
        prompt = "\n".join(message["content"] for message in body["messages"])
        facts = json.loads(prompt.split("<facts>\n")[1].split("\n</facts>")[0])
        if self.mode == "say":
            return self.text
        order = re.search(r"OBEY:\s*(.*)", " ".join(facts.values())) if self.mode == "obey" else None
        if order:
            return f"Subject: News\n\nHello,\n\n{order[1]}\n"
        return GOOD.replace("{first_name}", facts.get("first_name", "there"))
