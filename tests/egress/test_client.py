"""The client against a server that misbehaves in every way: answers, bounds, and what each failure means."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
import time
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
import trustme

from runtime.egress.client import EgressClient
from runtime.egress.errors import NotSent, OutcomeUnknown, Refused
from runtime.egress.guard import EgressPolicy, check_url
from runtime.egress.network import PinnedBackend, SystemResolver
from runtime.egress.transport import GuardedTransport
from tests.support.evil_http import Answer, EvilServer


@pytest.fixture
async def server() -> AsyncIterator[EvilServer]:
    async with EvilServer() as running:
        yield running


@pytest.fixture
async def client(server: EvilServer) -> AsyncIterator[EgressClient]:
    client = EgressClient(EgressPolicy(allow=[server.address]))
    yield client
    await client.aclose()


# --- requests --------------------------------------------------------------------------------------


async def test_sends_what_it_was_given(client: EgressClient, server: EvilServer) -> None:
    reply = await client.request(
        "POST",
        server.url("/ok?a=1"),
        {"Content-Type": "application/json"},
        b'{"n": 1}',
        idempotency_key="run-1:do.0",
    )
    assert (reply.ok, reply.status, reply.body, reply.truncated) == (True, 200, b"ok", False)
    sent = server.requests[0]
    assert (sent.method, sent.path, sent.query, sent.body) == ("POST", "/ok", {"a": "1"}, b'{"n": 1}')
    assert sent.headers == {
        "host": server.address,
        "content-type": "application/json",
        "idempotency-key": "run-1:do.0",
        "accept-encoding": "identity",
        "user-agent": "rulelang",
        "content-length": "8",
    }


async def test_a_request_without_body_says_so_where_it_matters(
    client: EgressClient, server: EvilServer
) -> None:
    await client.request("GET", server.url("/ok"))
    await client.request("POST", server.url("/ok"))
    assert "content-length" not in server.requests[0].headers
    assert server.requests[1].headers["content-length"] == "0"


async def test_connections_are_reused(client: EgressClient, server: EvilServer) -> None:
    for _ in range(20):
        await client.request("POST", server.url("/ok"), body=b"x")
    assert server.connections == 1


@pytest.mark.parametrize("status", [200, 204, 299, 301, 400, 404, 410, 429, 500, 503])
async def test_every_status_is_an_answer(client: EgressClient, server: EvilServer, status: int) -> None:
    reply = await client.request("GET", server.url(f"/status/{status}"))
    assert reply.status == status
    assert reply.ok is (status < 300)


async def test_headers_are_joined_in_lower_case(client: EgressClient, server: EvilServer) -> None:
    server.script("/hook", Answer(headers={"X-Thing": "a"}))
    assert (await client.request("GET", server.url("/hook"))).headers["x-thing"] == "a"


async def test_interim_answers_are_passed_over(client: EgressClient, server: EvilServer) -> None:
    reply = await client.request("GET", server.url("/interim"))
    assert (reply.status, reply.body) == (200, b"at last")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0),
        ("0", 0.0),
        ("1000000000000", 86_400.0),
        ("1e12", None),
        ("-5", None),
        ("1_000", None),
        ("soon", None),
        ("", None),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Fri, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
async def test_retry_after(server: EvilServer, value: str, seconds: float | None) -> None:
    client = EgressClient(EgressPolicy(allow=[server.address]), clock=lambda: 1_767_225_600.0)
    server.script("/hook", Answer(429, b"later", {"retry-after": value}))
    assert (await client.request("GET", server.url("/hook"))).retry_after == seconds
    await client.aclose()


# --- no way around the guard -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "to", ["http://169.254.169.254/", "http://127.0.0.1:1/", "file:///etc/passwd", "//evil.test/", "/ok"]
)
async def test_redirects_are_not_followed(
    client: EgressClient, server: EvilServer, status: int, to: str
) -> None:
    reply = await client.request("GET", server.url(f"/redirect?status={status}&to={to}"))
    assert (reply.status, reply.headers["location"]) == (status, to)
    assert len(server.requests) == 1


@pytest.mark.parametrize("to", ["http://[", "http://a:99999/", "http://xn--/", "https:///nowhere", "\x7f"])
async def test_a_location_that_is_no_address_is_an_answer_too(
    client: EgressClient, server: EvilServer, to: str
) -> None:
    server.script("/hook", Answer(302, b"", {"location": to}))
    reply = await client.request("GET", server.url("/hook"))
    assert (reply.status, reply.headers["location"]) == (302, to)
    assert (await client.request("GET", server.url("/ok"))).ok


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/a//b/../c/./d", "/a//b/../c/./d"),
        ("/a%2Fb%41?x=%zz&y=[1]&z='(*)'", "/a%2Fb%41?x=%zz&y=[1]&z='(*)'"),
        ("/é?q=ü#part", "/%C3%A9?q=%C3%BC"),
        ("//evil.test/@evil.test:80", "//evil.test/@evil.test:80"),
        ("?only=query", "/?only=query"),
        ("", "/"),
    ],
)
async def test_the_target_goes_out_as_the_guard_wrote_it(address: str, target: str) -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listener:
        host = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        client = EgressClient(EgressPolicy(allow=[host]))
        assert (await client.request("GET", f"http://{host}{address}")).ok
        await client.aclose()
    lines = heads[0].decode("ascii").split("\r\n")
    assert lines[:2] == [f"GET {target} HTTP/1.1", f"Host: {host}"]
    assert len(heads) == 1


async def test_the_transport_goes_where_the_guard_said_and_nowhere_without_it(server: EvilServer) -> None:
    policy = EgressPolicy(allow=[server.address])
    transport = GuardedTransport(PinnedBackend(policy, SystemResolver()), None, 4)
    async with EvilServer() as other, httpx.AsyncClient(transport=transport, trust_env=False) as http:
        with pytest.raises(Refused, match="not been checked"):
            await http.get(server.url("/ok"))
        vetted = check_url(server.url("/ok"), policy)
        extensions = {"vetted": vetted, "trace": _ignore, "timeout": {}}
        assert (await http.get(other.url("/elsewhere"), extensions=extensions)).status_code == 200
        assert (len(other.requests), [request.path for request in server.requests]) == (0, ["/ok"])


async def _ignore(event: str, info: Mapping[str, Any]) -> None:
    """A trace that nobody reads."""


async def test_refresh_is_not_followed(client: EgressClient, server: EvilServer) -> None:
    assert (await client.request("GET", server.url("/refresh?to=/ok"))).status == 200
    assert len(server.requests) == 1


async def test_cookies_are_not_kept(client: EgressClient, server: EvilServer) -> None:
    await client.request("GET", server.url("/cookie"))
    await client.request("GET", server.url("/cookie"))
    assert "cookie" not in server.requests[1].headers
    assert len(client._http.cookies.jar) == 0


async def test_proxies_and_password_files_are_not_read(
    server: EvilServer, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text(f"machine {server.host} login evil password evil")
    monkeypatch.setenv("NETRC", str(netrc))
    async with EvilServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        client = EgressClient(EgressPolicy(allow=[server.address]))
        await client.request("GET", server.url("/ok"))
        await client.aclose()
        assert proxy.connections == 0
    assert "authorization" not in server.requests[0].headers


async def test_private_addresses_are_refused_without_a_connection(server: EvilServer) -> None:
    client = EgressClient(EgressPolicy(allow_http=True, ports=frozenset({server.port})))
    with pytest.raises(Refused, match="loopback") as caught:
        await client.request("GET", server.url("/ok"))
    assert not caught.value.sent
    await client.aclose()
    assert server.connections == 0


class Rebinding:
    """A hostile name server: a good address for the first question, the loopback address from then on."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return [self.answers[min(self.asked, len(self.answers)) - 1]]


async def test_a_name_is_resolved_once_and_the_connection_goes_where_it_was_judged(
    server: EvilServer,
) -> None:
    resolver = Rebinding("127.0.0.1", "192.0.2.1")
    client = EgressClient(EgressPolicy(allow=[f"hook.test:{server.port}"]), resolver=resolver)
    reply = await client.request("GET", f"http://hook.test:{server.port}/ok")
    assert reply.ok
    assert resolver.asked == 1
    assert server.requests[0].headers["host"] == f"hook.test:{server.port}"
    await client.aclose()


@pytest.mark.parametrize("name", ["xn--i-7iq.test", "xn--a.test", "_sip.a_b.test", "müller.test"])
async def test_names_that_are_looked_up_though_few_libraries_like_them(server: EvilServer, name: str) -> None:
    client = EgressClient(EgressPolicy(allow=[f"{name}:{server.port}"]), resolver=Rebinding("127.0.0.1"))
    assert (await client.request("POST", f"http://{name}:{server.port}/ok")).ok
    await client.aclose()


async def test_rebinding_is_refused_at_the_next_connection(server: EvilServer) -> None:
    resolver = Rebinding("192.0.2.77", "127.0.0.1")
    policy = EgressPolicy(allow_http=True, ports=frozenset({server.port}))
    client = EgressClient(policy, resolver=resolver)
    for what in ("documentation", "loopback"):
        with pytest.raises(Refused, match=what):
            await client.request("GET", f"http://rebind.test:{server.port}/ok")
    assert (resolver.asked, server.connections) == (2, 0)
    with pytest.raises(Refused, match="loopback"):
        await client.vet(f"http://rebind.test:{server.port}/ok")
    await client.aclose()


async def test_the_systems_resolver_serves_many_at_once() -> None:
    resolver = SystemResolver()
    together = await asyncio.gather(*(resolver("localhost", 80) for _ in range(50)))
    assert all(answers and answers == together[0] for answers in together)
    assert {ipaddress.ip_address(a).is_loopback for a in together[0]} == {True}
    for name in ("a" * 300 + ".test", "a..test"):
        with pytest.raises(OSError):
            await resolver(name, 80)
    resolver.close()


async def test_localhost_by_the_systems_own_resolver(server: EvilServer) -> None:
    client = EgressClient(EgressPolicy(allow=[f"localhost:{server.port}"]))
    assert (await client.request("GET", f"http://localhost:{server.port}/ok")).ok
    await client.aclose()


# --- headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Custom": "a\r\nX-Evil: 1"},
        {"X-Custom": "a\nb"},
        {"X-Custom": "a\x00b"},
        {"X-Custom": "Ünal"},
        {"X-Custom\r\nX-Evil": "1"},
        {"X Custom": "1"},
        {"": "1"},
        {"Ünal": "1"},
        {"Host": "evil.test"},
        {"content-length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "upgrade"},
        {"X-A": "1", "x-a": "2"},
        {"X-Long": "a" * 20_000},
    ],
)
async def test_headers_that_change_the_request_are_refused(
    client: EgressClient, server: EvilServer, headers: dict[str, str]
) -> None:
    with pytest.raises(Refused):
        await client.request("POST", server.url("/ok"), headers)
    assert server.connections == 0


async def test_other_checks_of_the_request(client: EgressClient, server: EvilServer) -> None:
    for method in ("CONNECT", "TRACE", "get", "POST /evil HTTP/1.1\r\nX:"):
        with pytest.raises(Refused):
            await client.request(method, server.url("/ok"))
    with pytest.raises(Refused):
        await client.request("POST", server.url("/ok"), idempotency_key="a\nb")
    assert server.connections == 0


# --- failures, told apart --------------------------------------------------------------------------


async def test_no_connection_means_nothing_was_sent(server: EvilServer) -> None:
    address, url = server.address, server.url("/ok")
    await server.stop()
    client = EgressClient(EgressPolicy(allow=[address]))
    with pytest.raises(NotSent, match="did not accept a connection") as caught:
        await client.request("POST", url, body=b"x")
    assert not caught.value.sent
    await client.aclose()
    await server.start()


@pytest.mark.parametrize("path", ["/reset", "/garbage", "/headers-endless"])
async def test_broken_off_after_sending_is_unknown(
    client: EgressClient, server: EvilServer, path: str
) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        await client.request("POST", server.url(path + "?secret=1"), body=b"x", deadline=5)
    assert caught.value.sent
    assert "secret" not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("path", ["/never", "/slow?s=5"])
async def test_no_answer_in_time_is_unknown(client: EgressClient, server: EvilServer, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="gave no answer in 0.2 seconds"):
        await client.request("POST", server.url(path), deadline=0.2)
    assert time.monotonic() - began < 1
    assert len(server.requests) == 1


async def test_a_name_that_is_not_resolved_in_time_was_not_sent(server: EvilServer) -> None:
    async def silent(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    client = EgressClient(EgressPolicy(allow_http=True), resolver=silent)
    with pytest.raises(NotSent, match="no connection"):
        await client.request("GET", "http://hook.test/", deadline=0.1)
    await client.aclose()


async def test_the_client_is_usable_after_every_failure(client: EgressClient, server: EvilServer) -> None:
    for path in ("/reset", "/garbage", "/never"):
        with pytest.raises(OutcomeUnknown):
            await client.request("GET", server.url(path), deadline=0.2)
    assert (await client.request("GET", server.url("/ok"))).ok


async def test_cancelling_frees_the_connection(client: EgressClient, server: EvilServer) -> None:
    task = asyncio.create_task(client.request("GET", server.url("/never")))
    await server.wait_for(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.request("GET", server.url("/ok"))).ok


# --- bodies ----------------------------------------------------------------------------------------


async def test_an_endless_body_is_cut_at_the_cap(client: EgressClient, server: EvilServer) -> None:
    reply = await client.request("GET", server.url("/endless"), max_response_bytes=100_000)
    assert (reply.status, len(reply.body), reply.truncated) == (200, 100_000, True)


async def test_a_body_of_exactly_the_cap_is_whole(client: EgressClient, server: EvilServer) -> None:
    reply = await client.request("GET", server.url("/big?bytes=1000"), max_response_bytes=1_000)
    assert (len(reply.body), reply.truncated) == (1_000, False)
    reply = await client.request("GET", server.url("/big?bytes=1001"), max_response_bytes=1_000)
    assert (len(reply.body), reply.truncated) == (1_000, True)


async def test_a_slow_body_ends_with_the_deadline_and_keeps_the_status(
    client: EgressClient, server: EvilServer
) -> None:
    began = time.monotonic()
    reply = await client.request("GET", server.url("/drip?s=0.02"), deadline=0.3)
    assert reply.status == 200
    assert reply.truncated
    assert 0 < len(reply.body) < 100
    assert time.monotonic() - began < 1


async def test_a_body_that_breaks_off_keeps_the_status(client: EgressClient, server: EvilServer) -> None:
    reply = await client.request("GET", server.url("/half"))
    assert (reply.status, reply.body, reply.truncated) == (200, b"h" * 50, True)


async def test_compressed_bodies(client: EgressClient, server: EvilServer) -> None:
    honest = await client.request("GET", server.url("/gzip"))
    assert (honest.body, honest.truncated) == (b"unpacked", False)
    broken = await client.request("GET", server.url("/bad-gzip"))
    assert (broken.status, broken.body, broken.truncated) == (200, b"", True)


async def test_a_decompression_bomb_stays_small(client: EgressClient, server: EvilServer) -> None:
    await client.request("GET", server.url("/ok"))
    server.script("/bomb", "/gzip-bomb?mb=64")
    tracemalloc.start()
    reply = await client.request("GET", server.url("/bomb"), max_response_bytes=1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(reply.body), reply.truncated) == (1 << 20, True)
    assert peak < 20 << 20


# --- isolation, TLS, logs --------------------------------------------------------------------------


async def test_a_slow_receiver_does_not_hold_up_another() -> None:
    async with EvilServer() as slow, EvilServer() as quick:
        client = EgressClient(
            EgressPolicy(allow=[slow.address, quick.address]), max_connections=8, per_origin=4
        )
        stuck = [
            asyncio.create_task(client.request("GET", slow.url("/never"), deadline=0.6)) for _ in range(20)
        ]
        await slow.wait_for(4)
        began = time.monotonic()
        assert (await client.request("GET", quick.url("/ok"))).ok
        assert time.monotonic() - began < 0.3
        results = await asyncio.gather(*stuck, return_exceptions=True)
        assert sum(isinstance(r, OutcomeUnknown) for r in results) == len(slow.requests)
        assert sum(isinstance(r, NotSent) for r in results) == 20 - len(slow.requests) > 0
        await client.aclose()


def _tls(host: str, authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


async def _tls_request(certificate_for: str, trusted: bool) -> int:
    authority = trustme.CA()
    trust = ssl.create_default_context()
    if trusted:
        authority.configure_trust(trust)
    async with EvilServer(tls=_tls(certificate_for, authority)) as server:
        policy = EgressPolicy(allow=[f"hook.test:{server.port}"])
        client = EgressClient(policy, resolver=Rebinding("127.0.0.1"), tls=trust)
        try:
            return (await client.request("GET", f"https://hook.test:{server.port}/ok")).status
        finally:
            await client.aclose()
            assert len(server.requests) == (1 if trusted and certificate_for == "hook.test" else 0)


async def test_certificates_are_checked_against_the_name() -> None:
    assert await _tls_request("hook.test", trusted=True) == 200
    for certificate_for, trusted in (("hook.test", False), ("other.test", True)):
        with pytest.raises(
            NotSent, match=r"the certificate of `https://hook.test:\d+` could not be verified"
        ):
            await _tls_request(certificate_for, trusted)


async def test_secrets_in_addresses_do_not_reach_the_log(
    client: EgressClient, server: EvilServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script("/CANARY", Answer(302, b"CANARY", {"location": "/CANARY", "set-cookie": "a=CANARY"}))
    reply = await client.request(
        "POST", server.url("/CANARY?key=CANARY"), {"Authorization": "Bearer CANARY"}, b"CANARY"
    )
    assert (reply.status, reply.headers["set-cookie"]) == (302, "a=CANARY")
    with pytest.raises(OutcomeUnknown):
        await client.request("GET", server.url("/reset?key=CANARY"))
    assert "CANARY" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith(("httpx", "httpcore"))]


async def test_a_hundred_at_once(client: EgressClient, server: EvilServer) -> None:
    replies = await asyncio.gather(
        *(client.request("POST", server.url("/ok"), body=b"x") for _ in range(100))
    )
    assert all(reply.ok for reply in replies)
    assert server.connections <= 16
