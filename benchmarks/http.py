"""Events over HTTP: a real server process on SQLite, single events over many connections, and NDJSON.

    python -m benchmarks.http [--seconds 5]

Each event starts a run of the four-step rule; it is answered after the commit. The client is a plain asyncio
socket, so that the server and not the client is measured; both share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

RULES = """
event "bench.started" for contact

rule "four steps" for contact
  on event "bench.started"
do
  set score = 5
  set city = "Berlin"
  wait 1s
  add tag "done"
end
"""
CONNECTIONS = 64
LINES = 500


def body(n: int) -> bytes:
    """One event."""
    return json.dumps({"id": f"e{n}", "type": "bench.started", "contact_id": f"c{n}", "data": {}}).encode()


def request(content: bytes, media: str, key: str) -> bytes:
    """The bytes of a POST."""
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {media}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def answer(reader: asyncio.StreamReader) -> None:
    """Read one answer; anything but 200 is a failure of the benchmark."""
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
    await reader.readexactly(length)


async def load(
    port: int, key: str, seconds: float, per_request: int, connections: int
) -> tuple[int, float, list[float]]:
    """Events taken, seconds, and the time of each request."""
    numbers = iter(range(10**12))
    run = time.time_ns()
    times: list[float] = []
    start = time.perf_counter()

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = 0
        while time.perf_counter() - start < seconds:
            lines = [body(run + next(numbers)) for _ in range(per_request)]
            media = "application/json" if per_request == 1 else "application/x-ndjson"
            began = time.perf_counter()
            writer.write(request(b"\n".join(lines), media, key))
            await answer(reader)
            times.append(time.perf_counter() - began)
            sent += per_request
        writer.close()
        return sent

    taken = sum(await asyncio.gather(*(client() for _ in range(connections))))
    return taken, time.perf_counter() - start, times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "bench.rules").write_text(RULES)
        command = [sys.executable, "-m", "workbench.cli"]
        key = subprocess.run(
            [*command, "key", "create", "--workspace", name], capture_output=True, text=True, check=True
        ).stdout.strip()
        server = subprocess.Popen(
            [*command, "serve", "--workspace", name, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert server.stdout is not None
            port = int(re.search(r":(\d+)", server.stdout.readline())[1])  # type: ignore[index]
            rows = []
            for label, per_request, connections in (
                (f"single events, {CONNECTIONS} connections", 1, CONNECTIONS),
                (f"NDJSON, {LINES} events a request, 4 connections", LINES, 4),
            ):
                taken, wall, times = asyncio.run(load(port, key, seconds, per_request, connections))
                ordered = sorted(times)
                p99 = ordered[len(ordered) * 99 // 100]
                rows.append(
                    f"| {label} | {taken / wall:,.0f} | {median(times) * 1e3:,.1f} / {p99 * 1e3:,.1f} |"
                )
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
    print("## Events over HTTP\n")
    print(
        f"`python -m benchmarks.http --seconds {seconds:g}`: Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, uvicorn {version('uvicorn')}, {platform.machine()}\n"
    )
    print("| server and client on one machine | events/s | request p50/p99, ms |\n|---|---:|---:|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
