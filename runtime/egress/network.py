"""The network under the HTTP pool: names are resolved, judged and connected to here, in one step.

Every new connection passes through `PinnedBackend.connect_tcp`; there is no other way to a socket.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import httpcore

from runtime.egress.addresses import Address
from runtime.egress.errors import NotSent, Refused
from runtime.egress.guard import EgressPolicy, Resolver, addresses_of

_DNS_THREADS = 32
_DNS_TIMEOUT = 5.0
_MAX_ADDRESSES = 4


class SystemResolver:
    """The machine's own resolver (getaddrinfo). Slow lookups hold up only its own threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="dns")
        self._under_way: dict[str, asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of `host` in the order the system prefers. Raises OSError.

        A name is looked up once at a time, so that one with a slow name server takes one thread only.
        """
        lookup = self._under_way.get(host)
        if lookup is None:
            lookup = asyncio.get_running_loop().run_in_executor(self._threads, _lookup, host, port)
            self._under_way[host] = lookup
            lookup.add_done_callback(lambda done: self._finish(host, done))
        return await asyncio.shield(lookup)

    def _finish(self, host: str, lookup: asyncio.Future[list[str]]) -> None:
        del self._under_way[host]
        # Looked at, so that a failure which everybody stopped waiting for is not reported as forgotten.
        if not lookup.cancelled():
            lookup.exception()

    def close(self) -> None:
        """Give up waiting lookups and let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _lookup(host: str, port: int) -> list[str]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except UnicodeError as error:
        raise OSError("not a name that can be looked up") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the guard has judged, and to nothing else."""

    def __init__(self, policy: EgressPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first judged address of `host` that answers.

        Raises:
            Refused: the guard forbids it.
            NotSent: the name has no answer, or none of its addresses accepted.
        """
        addresses = (await self.vet(_host(host), port))[:_MAX_ADDRESSES]
        each = None if timeout is None else timeout / len(addresses)
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    str(address), port, each, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise NotSent(f"`{host}` did not accept a connection on port {port}")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Always refused: rules reach the network, not the machine."""
        raise Refused("sockets of this machine must not be reached")

    async def sleep(self, seconds: float) -> None:
        """Part of the pool's contract; used between its own retries, which are off."""
        await asyncio.sleep(seconds)

    async def vet(self, host: Address | str, port: int) -> tuple[Address, ...]:
        """The judged addresses of a host, resolved once.

        Raises:
            Refused: one of them must not be reached.
            NotSent: there is no answer within five seconds.
        """
        try:
            async with asyncio.timeout(_DNS_TIMEOUT):
                return await addresses_of(host, port, self._policy, self._resolver)
        except TimeoutError as error:
            raise NotSent(f"the name `{host}` was not resolved in {_DNS_TIMEOUT:.0f} seconds") from error


def _host(text: str) -> Address | str:
    """The pool hands hosts over as text; addresses come from `Vetted.host` and parse to what they were."""
    try:
        return ip_address(text)
    except ValueError:
        return text
