"""Kills at random moments lose nothing, double nothing and repeat only with the same key; the auditor is not blind."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from msgspec.structs import replace

from runtime.model import EffectStatus, EntryKind, RunStatus
from tests.chaos.audit import Evidence, audit
from tests.chaos.journey import HOOK_STEP, MAIL_STEP
from tests.chaos.kill_loop import run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_kills_at_random_moments(tmp_path: Path) -> None:
    report = run(tmp_path, kills=15, seed=3, rate=30, life=1.0)
    print("\n".join(report.lines()))
    assert report.findings.wrong == []
    counts = report.findings.counts
    assert len(report.evidence.acknowledged) >= 15 * 5
    assert counts["runs completed"] > 100
    assert counts["runs exited"] > 0
    assert counts["waits"] > 50
    assert counts["webhooks"] > 50
    assert counts["mails"] > 50
    assert report.told["duplicate"] > 0
    assert report.told["conflict"] > 0
    assert report.lives.in_start > 0
    # Sixteen attempts at most are under way when a process is killed.
    assert counts["webhooks repeated"] <= 16 * report.lives.kills


# --- the auditor finds what is planted -------------------------------------------------------------------


def _lose_event(evidence: Evidence) -> None:
    del evidence.snapshot.events[next(iter(evidence.acknowledged))]


def _lose_run(evidence: Evidence) -> None:
    del evidence.snapshot.runs[next(runs[0] for runs in evidence.acknowledged.values() if runs)]


def _double_run(evidence: Evidence) -> None:
    run = next(iter(evidence.snapshot.runs.values()))
    evidence.snapshot.runs["run_other"] = replace(run, id="run_other")


def _leave_run(evidence: Evidence) -> None:
    runs = evidence.snapshot.runs
    id = next(iter(runs))
    runs[id] = replace(runs[id], status=RunStatus.WAITING)


def _wake_early(evidence: Evidence) -> None:
    for entries in evidence.snapshot.journal.values():
        for place, entry in enumerate(entries):
            if entry.kind == EntryKind.WAITING and entry.due is not None:
                entries[place] = replace(entry, due=entry.due + 3_600_000)
                return


def _make_step_twice(evidence: Evidence) -> None:
    entries = next(e for run, e in evidence.snapshot.journal.items() if run)
    entries.append(next(entry for entry in entries if entry.kind == EntryKind.ACTION))


def _count_twice(evidence: Evidence) -> None:
    next(iter(evidence.snapshot.contacts.values())).fields["begun"] += 1


def _key_twice(evidence: Evidence) -> None:
    effects = evidence.snapshot.effects
    row = next(iter(effects.values()))
    effects["other"] = replace(row, effect=replace(row.effect, key="other"))


def _leave_effect(evidence: Evidence) -> None:
    effects = evidence.snapshot.effects
    key = next(iter(effects))
    effects[key] = replace(effects[key], status=EffectStatus.PENDING)


def _other_key(evidence: Evidence) -> None:
    evidence.webhooks[0] = evidence.webhooks[0]._replace(key="other")


def _other_body(evidence: Evidence) -> None:
    evidence.webhooks.append(evidence.webhooks[0]._replace(body=b"{}"))


def _too_early(evidence: Evidence) -> None:
    evidence.webhooks[0] = evidence.webhooks[0]._replace(at=evidence.webhooks[0].at - 3_600_000)


def _lose_hook(evidence: Evidence) -> None:
    key = next(k for k, row in evidence.snapshot.effects.items() if row.effect.step == HOOK_STEP)
    evidence.webhooks[:] = [hook for hook in evidence.webhooks if hook.key != key]


def _mail_twice(evidence: Evidence) -> None:
    evidence.mails.append(evidence.mails[0])


def _other_mail(evidence: Evidence) -> None:
    evidence.mails[0] = evidence.mails[0]._replace(message_id="<other@acme.test>")


def _lose_mail(evidence: Evidence) -> None:
    done = {k for k, row in evidence.snapshot.effects.items() if row.effect.step == MAIL_STEP}
    assert done
    del evidence.mails[0]


def _damage(evidence: Evidence) -> None:
    evidence.snapshot.damage.append("row 1 missing from index")


PLANTED: list[Callable[[Evidence], None]] = [
    _lose_event,
    _lose_run,
    _double_run,
    _leave_run,
    _wake_early,
    _make_step_twice,
    _count_twice,
    _key_twice,
    _leave_effect,
    _other_key,
    _other_body,
    _too_early,
    _lose_hook,
    _mail_twice,
    _other_mail,
    _lose_mail,
    _damage,
]


def test_the_auditor_finds_every_planted_fault(tmp_path: Path) -> None:
    report = run(tmp_path, kills=1, seed=1, rate=20, life=4.0)
    assert report.findings.wrong == []
    for plant in PLANTED:
        evidence = deepcopy(report.evidence)
        plant(evidence)
        assert audit(evidence).wrong, plant.__name__
