"""Asking a running server over its API, with one sentence for all that can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from rulelang.diagnostics.terminal import harmless
from workbench.errors import CommandError


class Remote:
    """A server at an address, with a key.

    Raises:
        CommandError: from each request: the server does not answer, or refuses.
    """

    def __init__(self, url: str, key: str, timeout: float = 30.0) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise CommandError(f"--server takes an address such as http://127.0.0.1:8080, found {url!r}")
        self._url, self._key, self._timeout = url.rstrip("/"), key, timeout

    def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """The JSON object at a path."""
        status, body = self._object("GET", path, params=params)
        return self._good(status, body)

    def find(self, path: str) -> dict[str, Any] | None:
        """The same; None when there is nothing there."""
        status, body = self._object("GET", path)
        return None if status == 404 else self._good(status, body)

    def post(
        self, path: str, content: bytes, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> dict[str, Any]:
        """What a path answers to a body."""
        status, body = self._object("POST", path, content=content, headers=headers, params=params)
        return self._good(status, body)

    def _object(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        answer = self._send(method, path, **more)
        try:
            return answer.status_code, answer.json()
        except ValueError:
            raise CommandError(f"{self._url} answers with something else than rulelang does", 3) from None

    def _good(self, status: int, body: Any) -> dict[str, Any]:
        if status != 200 or not isinstance(body, dict):
            detail = body.get("detail") if isinstance(body, dict) else None
            raise CommandError(harmless(str(detail or f"the server answered {status}")), 3)
        return body

    def _send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        import httpx

        try:
            return httpx.request(
                method,
                f"{self._url}{quote(path)}",
                headers={"Authorization": f"Bearer {self._key}", **(headers or {})},
                timeout=self._timeout,
                **more,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"{self._url} does not answer ({error}); is the server running?", 3) from None
        except UnicodeEncodeError:
            raise CommandError("the key is no API key: keys are plain text such as rl_…") from None
