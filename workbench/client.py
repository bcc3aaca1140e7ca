"""Talking to a running server: options that name it, and requests whose refusals become sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import click

from rulelang.diagnostics.terminal import harmless
from workbench.errors import CommandError

TIMEOUT = 120.0
"""Seconds for one request."""

F = TypeVar("F", bound=Callable[..., Any])


class Server(NamedTuple):
    """A server and the key to it."""

    url: str
    key: str


class Reply(NamedTuple):
    """An answer: its status, and the JSON object in it."""

    status: int
    body: dict[str, Any]


def server_options(function: F) -> F:
    """The options `--server` (or `--url`) and `--key`."""
    url = click.option(
        "--server",
        "--url",
        "url",
        envvar="RULELANG_URL",
        default="http://127.0.0.1:8080",
        show_default=True,
        help="The server; else RULELANG_URL.",
    )
    key = click.option("--key", envvar="RULELANG_KEY", default="", help="An API key; else RULELANG_KEY.")
    return url(key(function))


def require_key(key: str) -> None:
    """Refuse to ask a server without a key.

    Raises:
        CommandError: there is none.
    """
    if not key:
        raise CommandError("an API key is needed: --key or RULELANG_KEY; `rulelang key create` makes one")


def rule_path(rule: str, *rest: str) -> str:
    """The path of what belongs to a rule."""
    return "/".join(("/v1/rules", quote(rule, safe=""), *rest))


def ask_server(
    server: Server, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
) -> Reply:
    """An answer of the server, which may be a refusal.

    Raises:
        CommandError: the server does not answer, or not as rulelang does.
    """
    import httpx

    if urlsplit(server.url).scheme not in ("http", "https") or not urlsplit(server.url).netloc:
        raise CommandError(f"--server takes an address such as http://127.0.0.1:8080, found {server.url!r}")
    require_key(server.key)
    url = f"{server.url.rstrip('/')}{path}"
    try:
        headers = {"Authorization": f"Bearer {server.key}"}
        answer = httpx.request(method, url, json=body, params=params, headers=headers, timeout=TIMEOUT)
        value = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(f"{server.url} does not answer ({error}); is the server running?", 3) from None
    except UnicodeEncodeError:
        raise CommandError("the key is no API key: keys are plain text such as rl_…") from None
    except ValueError:
        raise CommandError(f"{server.url} answers with something else than rulelang does", 3) from None
    if not isinstance(value, dict):
        raise CommandError(f"{server.url} answers with something else than rulelang does", 3)
    return Reply(answer.status_code, value)


def from_server(
    server: Server, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The body of a successful answer.

    Raises:
        CommandError: as `ask_server`, or the server refuses; its own sentence is the message.
    """
    reply = ask_server(server, method, path, body, params)
    if reply.status >= 400:
        raise refused(reply)
    return reply.body


def refused(reply: Reply) -> CommandError:
    """What to say of a refusal."""
    detail = reply.body.get("detail") or f"the server answered {reply.status}"
    return CommandError(harmless(str(detail)), 3)
