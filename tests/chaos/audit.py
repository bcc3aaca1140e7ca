"""Holds what the clients were told and what the receivers got against what is on disk."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from runtime.model import EffectStatus, Entry, EntryKind, RunStatus
from stdlib_actions.mail.addresses import Address
from stdlib_actions.mail.compose import message_id
from tests.chaos.journey import HOOK_STEP, JOURNEY_KEY, MAIL_STEP, ONCE_KEY, WAIT
from tests.chaos.receivers import Mail, Webhook
from tests.chaos.snapshot import Snapshot

SENDER = Address("hello@acme.test", "Acme")


@dataclass
class Findings:
    """What is wrong, and what was counted. Nothing is wrong when `wrong` is empty."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def check(self, holds: bool, *what: object) -> None:
        """Note a sentence about what does not hold."""
        if not holds:
            self.wrong.append(" ".join(map(str, what)))


@dataclass
class Evidence:
    """What everybody knows at the end.

    `acknowledged` are the events answered with 2xx, with the runs that the first answer named; `sent` the ids of
    all events that were ever sent; `webhooks` and `mails` what the receivers got.
    """

    snapshot: Snapshot
    acknowledged: dict[str, tuple[str, ...]]
    sent: set[str]
    webhooks: list[Webhook]
    mails: list[Mail]


def audit(evidence: Evidence) -> Findings:
    """Everything that must hold when all runs have ended."""
    found, snapshot = Findings(), evidence.snapshot
    _events(found, snapshot, evidence.acknowledged, evidence.sent)
    _runs(found, snapshot)
    _journals(found, snapshot)
    _fields(found, snapshot)
    _keys(found, snapshot)
    _webhooks(found, snapshot, evidence.webhooks)
    _mails(found, snapshot, evidence.mails)
    for damage in snapshot.damage:
        found.check(False, "the database is damaged:", damage)
    return found


def _events(
    found: Findings, snapshot: Snapshot, acknowledged: dict[str, tuple[str, ...]], sent: set[str]
) -> None:
    """No acknowledged event is lost, and its runs are those that were named."""
    started = defaultdict(set)
    for run in snapshot.runs.values():
        started[run.event].add(run.id)
    for id, runs in acknowledged.items():
        if id not in snapshot.events:
            found.counts["lost"] += 1
            found.check(False, "the acknowledged event", id, "is lost")
        found.check(
            started[id] == set(runs), "event", id, "started", started[id], "and the answer said", runs
        )
    outside = {id for id, event in snapshot.events.items() if event.cause is None}
    found.check(outside <= sent, "events that nobody sent:", sorted(outside - sent)[:5])
    found.counts["events"] = len(outside)


def _runs(found: Findings, snapshot: Snapshot) -> None:
    """No run is doubled, all have ended, and well."""
    of_event = Counter((run.event, run.rule) for run in snapshot.runs.values())
    once = Counter(run.subject for run in snapshot.runs.values() if run.rule.endswith(ONCE_KEY))
    for place, number in [*of_event.items(), *once.items()]:
        if number > 1:
            found.counts["doubled"] += 1
            found.check(False, number, "runs for", place)
    for run in snapshot.runs.values():
        found.counts[f"runs {run.status}"] += 1
        well = run.status in (RunStatus.COMPLETED, RunStatus.EXITED)
        found.check(well, "run", run.id, "is", run.status, run.position, run.reason)


def _journals(found: Findings, snapshot: Snapshot) -> None:
    """No step was made twice, no wait ended early."""
    for run, entries in snapshot.journal.items():
        if run:
            found.check(run in snapshot.runs, "the journal knows run", run, "and nobody else does")
            _journal(found, run, entries)
        for entry in entries:
            if entry.kind == EntryKind.FAILED:
                found.counts["failures in the journal"] += 1


def _journal(found: Findings, run: str, entries: list[Entry]) -> None:
    made = Counter((e.step, e.kind) for e in entries if e.kind in (EntryKind.ACTION, EntryKind.ENROLLED))
    for (step, kind), number in made.items():
        found.check(number == 1, "run", run, "has", number, "entries", kind, step)
    due: dict[str, int] = {}
    for entry in entries:
        if entry.kind == EntryKind.WAITING and entry.due is not None:
            due[entry.step] = entry.due
        elif entry.kind == EntryKind.RESUMED and entry.step in due:
            late = entry.at - due.pop(entry.step)
            found.check(late >= 0, "the wait of run", run, "ended", -late, "ms early")
            found.counts["waits"] += 1


def _fields(found: Findings, snapshot: Snapshot) -> None:
    """What the steps count in the records is what the runs have made."""
    runs = defaultdict(list)
    for run in snapshot.runs.values():
        runs[run.subject.id].append(run)
    for id, state in snapshot.contacts.items():
        journeys = [run for run in runs[id] if run.rule.endswith(JOURNEY_KEY)]
        ended = [run for run in journeys if run.status == RunStatus.COMPLETED]
        first = [run for run in runs[id] if run.rule.endswith(ONCE_KEY)]
        for name, expected in (("begun", journeys), ("ended", ended), ("welcomed", first)):
            value = state.fields.get(name)
            found.check(
                value == len(expected), "contact", id, "has", name, value, "after", len(expected), "runs"
            )


def _keys(found: Findings, snapshot: Snapshot) -> None:
    """Each step has one key, and none is left undone."""
    places = Counter((row.effect.run, row.effect.step) for row in snapshot.effects.values())
    for place, number in places.items():
        found.check(number == 1, number, "keys for", place)
    for row in snapshot.effects.values():
        found.counts[f"effects {row.status}"] += 1
        found.check(row.status != EffectStatus.PENDING, "effect", row.effect.key, "is pending")
        found.check(row.effect.run in snapshot.runs, "effect", row.effect.key, "has no run")


def _webhooks(found: Findings, snapshot: Snapshot, webhooks: list[Webhook]) -> None:
    """Each is known, has the key of its step and the same body each time, and is not early."""
    bodies: dict[str, bytes] = {}
    for hook in webhooks:
        row = snapshot.effects.get(hook.key)
        if row is None:
            found.check(False, "a webhook with an unknown key", hook.key)
            continue
        place = (row.effect.run, row.effect.step)
        found.check(
            place == (hook.run, hook.step), "key", hook.key, "of", place, "came for", hook.run, hook.step
        )
        found.check(
            bodies.setdefault(hook.key, hook.body) == hook.body, "key", hook.key, "came with two bodies"
        )
        run = snapshot.runs.get(hook.run)
        early = run.started_at + WAIT - hook.at if run is not None else 0
        found.check(early <= 0, "the webhook of run", hook.run, "came", early, "ms early")
    _arrivals(found, snapshot, "webhook", HOOK_STEP, Counter(hook.key for hook in webhooks))


def _mails(found: Findings, snapshot: Snapshot, mails: list[Mail]) -> None:
    """Each is known, has the Message-ID of its step, and came once."""
    keys = {
        message_id(key, SENDER): key for key, row in snapshot.effects.items() if row.effect.step == MAIL_STEP
    }
    came: Counter[str] = Counter()
    contents: dict[str, bytes] = {}
    for mail in mails:
        key = keys.get(mail.message_id)
        if key is None:
            found.check(False, "a mail with an unknown Message-ID to", mail.recipient)
            continue
        came[key] += 1
        found.check(contents.setdefault(key, mail.content) == mail.content, "key", key, "came with two texts")
    for key, number in came.items():
        found.check(number == 1, "the mail of key", key, "came", number, "times")
    _arrivals(found, snapshot, "mail", MAIL_STEP, came)


def _arrivals(found: Findings, snapshot: Snapshot, what: str, step: str, came: Counter[str]) -> None:
    """Every completed run has had its effect, and what was settled as done has arrived."""
    found.counts[f"{what}s"] = len(came)
    found.counts[f"{what}s repeated"] = sum(number - 1 for number in came.values())
    for key, row in snapshot.effects.items():
        if row.effect.step == step and row.status == EffectStatus.DONE:
            found.check(came[key] > 0, "the", what, "of key", key, "is done and never came")
    having = {snapshot.effects[key].effect.run for key in came if key in snapshot.effects}
    for run in snapshot.runs.values():
        if run.rule.endswith(JOURNEY_KEY) and run.status == RunStatus.COMPLETED:
            found.check(run.id in having, "run", run.id, "is completed and its", what, "never came")
