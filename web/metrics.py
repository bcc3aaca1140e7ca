"""Metrics for Prometheus. Labels are bounded: rules and actions, never people."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from runtime.store.protocol import Backlog


class PrometheusMetrics:
    """Counts what the engine reports (runtime.metrics.Metrics) and shows it together with the backlog."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._events = Counter(
            "rulelang_events", "Events by what became of them", ["status"], registry=self._registry
        )
        self._runs = Counter("rulelang_runs", "Runs started and ended", ["change"], registry=self._registry)
        self._attempts = Counter(
            "rulelang_effect_attempts", "Attempts at effects", ["action", "outcome"], registry=self._registry
        )
        self._commits = Histogram(
            "rulelang_commit_seconds",
            "Time of one transaction",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=self._registry,
        )
        self._batch = Histogram(
            "rulelang_commit_inputs",
            "Inputs in one transaction",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
            registry=self._registry,
        )
        self._faults = Counter(
            "rulelang_faults", "Inputs whose handling failed unexpectedly", registry=self._registry
        )
        self._live = Gauge("rulelang_live_runs", "Live runs by status", ["status"], registry=self._registry)
        self._open = Gauge(
            "rulelang_open_effects",
            "Effects that are not done, by status",
            ["status"],
            registry=self._registry,
        )
        self._pending = Gauge("rulelang_pending_events", "Recorded events that wait", registry=self._registry)

    def event(self, status: str) -> None:
        """An event was answered."""
        self._events.labels(status).inc()

    def runs(self, started: int, ended: int) -> None:
        """Runs began and ended."""
        self._runs.labels("started").inc(started)
        self._runs.labels("ended").inc(ended)

    def attempt(self, action: str, outcome: str) -> None:
        """An attempt at an effect ended."""
        self._attempts.labels(action, outcome).inc()

    def commit(self, seconds: float, inputs: int) -> None:
        """A transaction was committed."""
        self._commits.observe(seconds)
        self._batch.observe(inputs)

    def fault(self) -> None:
        """Handling an input failed unexpectedly."""
        self._faults.inc()

    def exposition(self, backlog: Backlog) -> tuple[bytes, str]:
        """The text and its media type."""
        _set_all(self._live, backlog.live_runs)
        _set_all(self._open, backlog.effects)
        self._pending.set(backlog.pending_events)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _set_all(gauge: Gauge, values: dict[str, int]) -> None:
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
