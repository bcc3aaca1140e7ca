"""A disk that is full: events are refused, reads go on, runs pause, and all resumes without a restart."""

from __future__ import annotations

import resource
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from runtime.files import DATA
from tests.chaos import journey
from tests.chaos.audit import Evidence, audit
from tests.chaos.operator import drain
from tests.chaos.receivers import Receivers
from tests.chaos.rig import Api, Rig, Server, until
from tests.chaos.snapshot import snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROUNDS = 4
_MANY = 5_000
"""Events after which a disk that was filled must have refused one."""


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 96 MB on this folder, enough for the log at its largest; skips when none may be mounted."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "none", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take all the space that is left."""
    with (folder / "ballast").open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


class Client:
    """Sends events, each until it is taken when asked to, and notes what was answered."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.acknowledged: dict[str, tuple[str, ...]] = {}
        self.sent: set[str] = set()
        self.refused: set[str] = set()
        self.answers: Counter[int] = Counter()

    def send(self, id: str) -> bool:
        """Whether this event is taken."""
        self.sent.add(id)
        began = time.monotonic()
        answer = self._api.request("POST", "/v1/events", journey.order(id, f"c-{id}"))
        assert time.monotonic() - began < 10
        self.answers[answer.status] += 1
        if answer.status == 200:
            self.acknowledged[id] = tuple(answer.json["runs"])
            self.refused.discard(id)
            return True
        assert answer.status in (503, 507), answer.body
        assert answer.headers["Retry-After"]
        self.refused.add(id)
        return False

    def send_until_refused(self, name: str) -> None:
        """The log has some room left, so that the first events may still be taken."""
        for n in range(_MANY):
            if not self.send(f"{name}-{n}"):
                return
        raise AssertionError("the disk is full, and nothing is refused")

    def send_refused_again(self) -> None:
        """Until everything that was refused is taken."""
        end = time.monotonic() + 20
        while self.refused:
            self.send(next(iter(self.refused)))
            assert time.monotonic() < end, "there is space again, and events are still refused"
            time.sleep(0.02)


def assert_reads_work(api: Api) -> None:
    """What needs no write is answered as ever."""
    for path in ("/v1/runs?limit=5", "/v1/effects?limit=5", "/healthz"):
        assert api.request("GET", path).status == 200, path


def unready(api: Api, exhaust: Callable[[], None]) -> bool:
    """Whether the server says so, once nothing is left of the room that a refused transaction may leave."""
    exhaust()
    return api.request("GET", "/readyz").status == 503


def endure(
    rig: Rig, server: Server, receivers: Receivers, exhaust: Callable[[], None], free: Callable[[], None]
) -> None:
    """Fill the disk and free it, several times, and hold the books at the end."""
    api, client = rig.api(), Client(rig.api())
    for round in range(ROUNDS):
        assert client.send(f"before{round}")
        exhaust()
        client.send_until_refused(f"full{round}")
        assert_reads_work(api)
        until(partial(unready, api, exhaust), 30, "the server to say it is not ready")
        time.sleep(1.5)  # the wait of the run before is over meanwhile
        assert not any(client.send(f"still{round}-{n}") for n in range(20))
        assert_reads_work(api)
        free()
        client.send_refused_again()
        until(lambda: api.request("GET", "/readyz").status == 200, 20, "the server to say it is ready again")
        drain(api, receivers, 60)
    assert server.stop() == 0
    found = audit(
        Evidence(
            snapshot(rig.database), client.acknowledged, client.sent, receivers.webhooks(), receivers.mails()
        )
    )
    print(f"{ROUNDS} times full, answers {dict(client.answers)}, {dict(found.counts)}")
    assert found.wrong == []
    assert found.counts["webhooks repeated"] == 0


def test_a_full_file_system(tmp_path: Path) -> None:
    data = tmp_path / "workspace" / DATA
    with small_disk(data), Receivers() as receivers:
        with Rig(tmp_path / "workspace", journey.files(receivers)) as rig:
            server = rig.start()
            endure(rig, server, receivers, lambda: fill(data), (data / "ballast").unlink)


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    with Receivers() as receivers, Rig(tmp_path / "workspace", journey.files(receivers)) as rig:
        server = rig.start()
        wal = rig.database.with_name(f"{rig.database.name}-wal")

        def limit(size: int) -> None:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        def exhaust() -> None:
            limit(wal.stat().st_size)

        endure(rig, server, receivers, exhaust, lambda: limit(resource.RLIM_INFINITY))
