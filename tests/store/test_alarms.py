"""Alarms of subjects: found when due, moved, taken back, gone with their subject."""

from __future__ import annotations

import pytest

from runtime.model import Millis, SubjectKey, SubjectState
from runtime.store.protocol import Batch, WriteStore
from tests.store.rows import ACME, ANA, BO, NOW, accepted, write


def alarmed(key: SubjectKey, alarm: Millis | None, **fields: str) -> SubjectState:
    return SubjectState(key, dict(fields), version=1, alarm=alarm)


def due(store: WriteStore, until: Millis = NOW, limit: int = 10) -> list[tuple[Millis, str]]:
    with store.transaction() as tx:
        return [(item.due, item.subject.id) for item in tx.due_alarms(until, limit)]


def test_alarms_come_by_time_and_then_by_id(store: WriteStore) -> None:
    write(
        store,
        subjects=[alarmed(BO, 5), alarmed(ACME, 3), alarmed(ANA, 5), alarmed(SubjectKey("contact", "z"), 9)],
    )
    assert due(store, 5) == [(3, "acme"), (5, "ana"), (5, "bo")]
    assert due(store, 5, limit=2) == [(3, "acme"), (5, "ana")]
    assert due(store, 2) == []
    with store.transaction() as tx:
        assert tx.next_alarm() == 3
        assert tx.due_alarms(3, 1)[0].subject == ACME


@pytest.mark.parametrize("fields", [{}, {"email": "ana@b.test"}])
def test_an_alarm_is_read_back_moved_and_cleared(store: WriteStore, fields: dict[str, str]) -> None:
    for alarm in (5, 7, 7, None, 2, None):
        write(store, subjects=[alarmed(ANA, alarm, **fields)])
        with store.transaction() as tx:
            assert tx.subjects([ANA])[ANA].alarm == alarm
            assert tx.next_alarm() == alarm
        assert due(store) == ([] if alarm is None else [(alarm, "ana")])


def test_a_subject_that_others_refer_to_first_gets_its_alarm(store: WriteStore) -> None:
    write(store, events=[accepted("e1", subject=ANA)])
    assert due(store) == []
    write(store, subjects=[alarmed(ANA, 5)])
    assert due(store) == [(5, "ana")]


def test_a_rollback_takes_the_alarm_back(store: WriteStore) -> None:
    write(store, subjects=[alarmed(ANA, 5)])
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.write(Batch(subjects=[alarmed(ANA, 9), alarmed(BO, 1)]))
        raise ZeroDivisionError
    assert due(store) == [(5, "ana")]
    write(store, subjects=[alarmed(ANA, 9)])
    assert due(store) == [(9, "ana")]


def test_an_erased_subject_has_no_alarm(store: WriteStore) -> None:
    write(store, subjects=[alarmed(ANA, 5), alarmed(BO, 6)])
    with store.transaction() as tx:
        tx.erase(ANA)
        assert tx.next_alarm() == 6
    assert due(store) == [(6, "bo")]


def test_subjects_of_a_kind_come_in_pages(store: WriteStore) -> None:
    keys = [SubjectKey("contact", f"c{n}") for n in range(5)]
    write(store, subjects=[alarmed(key, None) for key in (*keys, ACME)], events=[accepted("e1", subject=BO)])
    with store.transaction() as tx:
        assert tx.subjects_of("contact", 3) == keys[:3]
        assert tx.subjects_of("contact", 3, "c2") == keys[3:]
        assert tx.subjects_of("opportunity", 3) == []


def test_subjects_that_link_to_another_come_in_pages(store: WriteStore) -> None:
    states = [alarmed(SubjectKey("contact", f"c{n}"), None, account_id="acme") for n in range(4)]
    write(store, subjects=[*states, alarmed(ACME, None), alarmed(BO, None, account_id="other")])
    with store.transaction() as tx:
        assert tx.linked(ACME, 3) == [state.key for state in states[:3]]
        assert tx.linked(ACME, 3, "c2") == [states[3].key]
        assert tx.linked(SubjectKey("opportunity", "o"), 3) == []
