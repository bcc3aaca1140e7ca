"""SMTP delivery against a real server: what each failure means, and what arrives."""

from __future__ import annotations

import socket
import ssl
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import trustme

from runtime.model import Outcome, OutcomeKind
from runtime.settings import Smtp
from stdlib_actions.mail.addresses import parse_address
from stdlib_actions.mail.compose import Draft, compose, message_id
from stdlib_actions.mail.smtp import SmtpTransport
from stdlib_actions.mail.transport import Envelope
from tests.support.smtp_receiver import SmtpReceiver


def envelope(*recipients: str, key: str = "run:do.0:0") -> Envelope:
    sender = parse_address("hello@acme.test", "Acme")
    to = tuple(parse_address(r) for r in recipients or ("ana@example.com",))
    draft = Draft(sender, to, "Hi", "Hello\n.\nthere\n", message_id(key, sender), 1_764_000_000_000)
    return Envelope(sender.email, tuple(a.email for a in to), compose(draft), key, draft.date)


async def send(
    server: SmtpReceiver, *recipients: str, env: dict[str, str] | None = None, **settings: object
) -> Outcome:
    options = {"host": server.host, "port": server.port, "tls": "none", "timeout": 5.0} | settings
    transport = SmtpTransport(Smtp(**options), Path("."), env or {})  # type: ignore[arg-type]
    return await transport.send(envelope(*recipients))


async def test_a_message_arrives_as_composed() -> None:
    async with SmtpReceiver() as server:
        outcome = await send(server, "ana@example.com", "bo@example.com")
    assert outcome.kind == OutcomeKind.DONE
    assert outcome.result["server"] == "250 2.0.0 OK queued as 4711"
    (received,) = server.envelopes
    assert received.sender == "hello@acme.test"
    assert received.recipients == ["ana@example.com", "bo@example.com"]
    assert received.content == envelope("ana@example.com", "bo@example.com").content
    message = message_from_bytes(received.content, policy=default)
    assert message.get_content().replace("\r\n", "\n") == "Hello\n.\nthere\n"


@pytest.mark.parametrize(
    ("behaviour", "kind", "reason"),
    [
        ("4xx", OutcomeKind.RETRY, "451"),
        ("5xx", OutcomeKind.FAILED, "554"),
        ("4xx mail", OutcomeKind.RETRY, "451"),
        ("5xx mail", OutcomeKind.FAILED, "554"),
        ("4xx rcpt", OutcomeKind.RETRY, "put off"),
        ("5xx rcpt", OutcomeKind.FAILED, "the recipient was refused"),
        ("drop before data", OutcomeKind.RETRY, "broke off"),
        ("drop after data", OutcomeKind.UNKNOWN, "may have taken the message"),
    ],
)
async def test_what_a_failure_means(behaviour: str, kind: OutcomeKind, reason: str) -> None:
    async with SmtpReceiver() as server:
        server.script(behaviour)
        outcome = await send(server)
        again = await send(server)
    assert (outcome.kind, again.kind) == (kind, OutcomeKind.DONE)
    assert reason in outcome.reason


async def test_a_refused_connection_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    transport = SmtpTransport(Smtp(host="127.0.0.1", port=port, tls="none"), Path("."), {})
    assert (await transport.send(envelope())).kind == OutcomeKind.RETRY


async def test_no_answer_after_data_is_unknown_and_ends_at_the_deadline() -> None:
    async with SmtpReceiver() as server:
        server.delay = 30.0
        server.script("slow")
        outcome = await send(server, timeout=0.5)
    assert outcome.kind == OutcomeKind.UNKNOWN
    assert "may have taken the message" in outcome.reason


async def test_a_recipient_who_is_put_off_puts_off_the_message() -> None:
    async with SmtpReceiver() as server:
        server.script("defer second")
        outcome = await send(server, "ana@example.com", "bo@example.com")
    assert outcome.kind == OutcomeKind.RETRY
    assert server.envelopes == []


async def test_a_recipient_who_is_refused_is_named_in_the_result() -> None:
    async with SmtpReceiver() as server:
        server.script("refuse second")
        outcome = await send(server, "ana@example.com", "bo@example.com")
    assert outcome.kind == OutcomeKind.DONE
    assert list(outcome.result["refused"]) == ["bo@example.com"]
    assert server.envelopes[0].recipients == ["ana@example.com"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


async def test_login_over_tls_with_a_password_from_the_environment(
    server_tls: ssl.SSLContext, ca_file: str
) -> None:
    options: dict[str, object] = {"tls": "starttls", "ca_file": ca_file}
    options |= {"username": "robot", "password_env": "PW"}
    async with SmtpReceiver(tls=server_tls, login=("robot", "s3cret")) as server:
        good = await send(server, env={"PW": "s3cret"}, **options)
        bad = await send(server, env={"PW": "0ther"}, **options)
        none = await send(server, **options)
    assert [o.kind for o in (good, bad, none)] == [OutcomeKind.DONE, OutcomeKind.RETRY, OutcomeKind.RETRY]
    (received,) = server.envelopes
    assert (received.login, received.tls) == ("robot", True)
    assert "535" in bad.reason
    assert "0ther" not in bad.reason
    assert "environment variable PW" in none.reason


async def test_implicit_tls(server_tls: ssl.SSLContext, ca_file: str) -> None:
    async with SmtpReceiver(tls=server_tls, implicit=True) as server:
        outcome = await send(server, tls="implicit", ca_file=ca_file)
    assert outcome.kind == OutcomeKind.DONE
    assert server.envelopes[0].tls


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
async def test_an_unknown_certificate_gets_nothing(mode: str, server_tls: ssl.SSLContext) -> None:
    async with SmtpReceiver(tls=server_tls, implicit=mode == "implicit") as server:
        outcome = await send(server, tls=mode)
    assert outcome.kind == OutcomeKind.RETRY
    assert server.envelopes == []


async def test_a_server_without_encryption_gets_nothing_when_encryption_is_asked_for() -> None:
    async with SmtpReceiver() as server:
        outcome = await send(server, tls="starttls")
    assert outcome.kind == OutcomeKind.RETRY
    assert server.envelopes == []
