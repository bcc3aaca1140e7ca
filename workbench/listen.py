"""The socket that a server listens on, taken before anything else is done, so that a refusal costs nothing."""

from __future__ import annotations

import errno
import resource
import socket

from workbench.errors import CommandError

BACKLOG = 2048
DESCRIPTORS = 8192
"""Open files and connections that a server asks for."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        CommandError: with a sentence that says why not.
    """
    place = f"{spelled(host)}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise CommandError(
            f"the server cannot listen on {place}: there is no address for `{host}`", 3
        ) from None
    problem = OSError(errno.EADDRNOTAVAIL, "")
    # IPv4 first: `localhost` is then what people type.
    for family, _, _, _, address in sorted(found, key=lambda info: info[0] != socket.AF_INET):
        try:
            return _bound(family, address)
        except OSError as error:
            problem = error
    raise CommandError(f"the server cannot listen on {place}: {_reason(problem)}", 3)


def _bound(family: int, address: object) -> socket.socket:
    # The protocol is named, because asyncio switches delays off (TCP_NODELAY) only where it sees TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)  # type: ignore[arg-type]
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _reason(problem: OSError) -> str:
    match problem.errno:
        case errno.EADDRINUSE:
            return "the port is in use; is another server running? --port takes another one"
        case errno.EACCES:
            return "this port is for privileged processes; --port takes another one"
        case errno.EADDRNOTAVAIL:
            return "this machine does not have the address"
    return (problem.strerror or "unknown error").lower()


def spelled(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def allow_many_files() -> None:
    """Raise the limit of open files, which is small by default, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
