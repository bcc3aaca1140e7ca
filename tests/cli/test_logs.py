"""The log of a server: one line an event, nothing secret in it, nothing that controls a terminal."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from workbench.logs import configure_logs

KEY = "rl_abcdefghijkl_" + "S" * 43
SECRETS = [
    KEY,
    "Bearer abc.def-ghi",
    "bearer tok",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "sk-abcdefgh12345678",
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, as a server would write it."""
    stream = io.StringIO()
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = before[0]
    logging.getLogger().setLevel(before[1])


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_secret_is_taken_out_wherever_it_stands(log: io.StringIO, secret: str) -> None:
    logger = structlog.get_logger("test")
    hidden = secret.split()[-1].split("_")[-1].removeprefix("sk-")
    logger.error(f"event {secret}", detail=f"it said {secret}, twice {secret}", nested={"list": [secret]})
    logging.getLogger("uvicorn.error").error("refused %s", secret)
    assert hidden not in log.getvalue()
    assert log.getvalue().count("[redacted]") >= 5


@pytest.mark.parametrize(
    "name", ["password", "SMTP_PASSWORD", "api_key", "apiKey", "token", "Authorization", "cookie"]
)
def test_what_is_called_secret_is_taken_out_whatever_it_is(log: io.StringIO, name: str) -> None:
    structlog.get_logger("test").warning("event", **{name: "CANARY"}, headers={name: "CANARY"})
    assert "CANARY" not in log.getvalue()


def test_tracebacks_too(log: io.StringIO) -> None:
    try:
        raise ValueError(f"with {KEY}")
    except ValueError as error:
        structlog.get_logger("test").error("failed", exc_info=error)
    (line,) = written(log)
    assert "ValueError: with rl_abcdefghijkl_[redacted]" in line["exception"]
    assert "S" * 43 not in log.getvalue()


def test_control_characters_are_not_passed_on(log: io.StringIO) -> None:
    structlog.get_logger("test").error("event", path="/x\x1b]52;c;aGk=\x07\x9b31m\x7f")
    (line,) = written(log)
    assert line["path"] == "/x\ufffd]52;c;aGk=\ufffd\ufffd31m\ufffd"


def test_a_line_is_one_line(log: io.StringIO) -> None:
    structlog.get_logger("test").error("event", detail="one\ntwo")
    assert len(log.getvalue().splitlines()) == 1
    assert written(log)[0].keys() >= {"event", "level", "timestamp", "detail"}


def test_libraries_are_heard_when_something_is_wrong(log: io.StringIO) -> None:
    logging.getLogger("asyncio").info("nothing of note")
    logging.getLogger("asyncio").warning("slow callback")
    assert [line["event"] for line in written(log)] == ["slow callback"]
