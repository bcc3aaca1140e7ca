"""Clients that send events until each is answered, repeat some on purpose, and keep a book of what they were told."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from random import Random
from typing import Any

from tests.chaos.journey import churn, order
from tests.chaos.rig import Answer, Api, Rig

_RECENT = 40


class Book:
    """What all clients have sent and what they were told. Any thread may use it."""

    def __init__(self) -> None:
        self.sent: dict[str, dict[str, object]] = {}
        self.runs: dict[str, tuple[str, ...]] = {}
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._lock = threading.Lock()

    def sending(self, event: dict[str, object]) -> None:
        """An event is about to be sent for the first time."""
        with self._lock:
            self.sent[str(event["id"])] = event

    def answered(self, receipt: dict[str, Any]) -> None:
        """An event was answered with 2xx."""
        id, runs, status = receipt["id"], tuple(receipt["runs"]), receipt["status"]
        with self._lock:
            self.counts[status] += 1
            if status not in ("accepted", "duplicate"):
                self.wrong.append(f"event {id} was answered with {receipt}")
            if self.runs.setdefault(id, runs) != runs:
                self.wrong.append(f"event {id} was answered with the runs {self.runs[id]}, then {runs}")

    def refused(self, event: dict[str, object], answer: Answer) -> None:
        """An event was answered with something that nobody expected."""
        with self._lock:
            self.wrong.append(f"event {event['id']} got {answer.status}: {answer.body[:200]!r}")

    def recent(self, random: Random) -> dict[str, object] | None:
        """One of the events sent lately, answered or not."""
        with self._lock:
            ids = list(self.sent)[-_RECENT:]
        return self.sent[random.choice(ids)] if ids else None


class Client(threading.Thread):
    """Sends events about contacts of its own, one after the other, with a pause of about `pause` seconds."""

    def __init__(self, rig: Rig, book: Book, name: str, pause: float) -> None:
        super().__init__(name=name, daemon=True)
        self._api: Api = rig.api(5.0)
        self._book = book
        self._random = Random(name)
        self._pause = pause
        self._number = 0
        self._contacts: list[str] = []
        self.stopping = False

    def run(self) -> None:
        """Send until `stopping`; what was begun is finished."""
        while not self.stopping:
            self._act()
            time.sleep(self._random.uniform(0, 2 * self._pause))
        self._api.close()

    def _act(self) -> None:
        dice = self._random.random()
        if dice < 0.6 or not self._contacts:
            self._send(self._order())
        elif dice < 0.7:
            self._send_lines([self._order() for _ in range(5)])
        elif dice < 0.85:
            self._send(order(self._id(), self._random.choice(self._contacts), first=False))
        else:
            self._send(churn(self._id(), self._random.choice(self._contacts)))

    def _id(self) -> str:
        self._number += 1
        return f"{self.name}-{self._number}"

    def _order(self) -> dict[str, object]:
        id = self._id()
        self._contacts = [*self._contacts[-20:], f"c-{id}"]
        return order(id, f"c-{id}")

    def _send(self, event: dict[str, object]) -> None:
        self._book.sending(event)
        self._deliver(event)
        if self._random.random() < 0.05:
            self._send_other_body(event)

    def _deliver(self, event: dict[str, object]) -> None:
        answer = self._api.insist("POST", "/v1/events", event)
        if answer.status == 200:
            self._book.answered(answer.json)
        else:
            self._book.refused(event, answer)

    def _send_other_body(self, event: dict[str, object]) -> None:
        answer = self._api.insist("POST", "/v1/events", {**event, "source": "another body"})
        self._book.counts["conflict"] += 1
        if answer.status != 409:
            self._book.refused(event, answer)

    def _send_lines(self, events: list[dict[str, object]]) -> None:
        for event in events:
            self._book.sending(event)
        body = "\n".join(map(json.dumps, events)).encode()
        answer = self._api.insist("POST", "/v1/events", body, "application/x-ndjson")
        if answer.status != 200:
            self._book.refused(events[0], answer)
            return
        for receipt in answer.json["events"]:
            self._book.answered(receipt)


class Repeater(Client):
    """Sends again what others have sent, or are just sending."""

    def _act(self) -> None:
        event = self._book.recent(self._random)
        if event is not None:
            self._deliver(event)


class Load:
    """Several clients and a repeater. `rate` is about how many events a second they send in all."""

    def __init__(self, rig: Rig, clients: int = 4, rate: float = 40.0) -> None:
        self.book = Book()
        pause = clients / rate
        self._threads = [Client(rig, self.book, f"client{n}", pause) for n in range(clients)]
        self._threads.append(Repeater(rig, self.book, "repeater", 4 / rate))

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def finish(self, seconds: float = 60.0) -> None:
        """Send nothing new, and wait until everything that was sent has been answered.

        Raises:
            AssertionError: something is not answered in time.
        """
        for thread in self._threads:
            thread.stopping = True
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.1))
            assert not thread.is_alive(), f"{thread.name} waits for an answer"
