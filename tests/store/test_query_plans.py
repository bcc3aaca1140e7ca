"""How SQLite finds the rows: no hot statement and no listing reads a whole table or sorts one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects.sqlite import dialect

from runtime.model import EffectStatus
from runtime.store import queries as q
from runtime.store import statements as st
from runtime.store.open import open_store
from tests.store.rows import ANA

SMALL = {"COUNTERS", "MARKS"}
"""Statements over small tables; EVENTS_IN_ORDER is read only as far as it must be."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path: Path = tmp_path_factory.mktemp("plans") / "store.db"
    open_store(path)[0].close()
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


def explain(connection: sqlite3.Connection, sql: str, parameters: Any) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


def hot() -> Iterator[tuple[str, str]]:
    for name, value in vars(st).items():
        if not name.isupper() or name in SMALL or name == "LINKS":
            continue
        for statement in value.values() if isinstance(value, dict) else [value]:
            sql = statement._sql_for(8) if isinstance(statement, st.ByKeys) else statement
            if isinstance(sql, str) and not sql.startswith("INSERT"):
                yield name, sql


@pytest.mark.parametrize(("name", "sql"), list(hot()))
def test_hot_statements_search(connection: sqlite3.Connection, name: str, sql: str) -> None:
    plan = explain(connection, sql, [1] * sql.count("?"))
    if name == "EVENTS_IN_ORDER":
        assert plan == ["SCAN events"]
        return
    if name == "LATEST_VERSIONS":
        # Asked for once for each deploy.
        assert "SCAN versions USING COVERING INDEX versions_by_name" in plan
        return
    assert plan
    assert not [step for step in plan if step.startswith("SCAN")], plan
    if "LIMIT" in sql and name not in ("DEPENDENTS", "LINKED"):
        assert not [step for step in plan if "TEMP B-TREE" in step], plan


def test_the_dearest_lookups_use_what_was_made_for_them(connection: sqlite3.Connection) -> None:
    sql = st.LIVE_RUNS._sql_for(200)
    assert explain(connection, sql, [1] * 200)[0] == "SEARCH trail USING PRIMARY KEY (subject=? AND kind=?)"
    sql = st.IDENTITIES["email"]._sql_for(8)
    assert explain(connection, sql, [1] * 9) == [
        "SEARCH subjects USING INDEX subjects_by_email (kind=? AND email=?)"
    ]


def pages() -> Iterator[tuple[str, Any]]:
    for rule, status, subject in product(("", "hot"), ("", "failed"), (None, ANA)):
        yield f"runs {rule} {status} {subject}", q.runs_page(9, 9, rule, status, subject)
    for run, status in product(("", "r1"), ("", *EffectStatus)):
        yield f"effects {run} {status}", q.effects_page(9, 9, run, status)
    for run, subject in product(("", "r1"), (None, ANA)):
        yield f"segments {run} {subject}", q.segments_page(9, 9, run, subject)
    for subject in (None, ANA):
        yield f"events {subject}", q.events_page(9, 9, subject)
    yield "subject", q.subject(ANA)
    yield "live runs", q.live_runs(ANA)
    yield "subjects", q.subjects_of("contact", "a")
    yield "holder", q.holder("contact", "email", "x")
    yield "pending", q.PENDING
    yield "effects", q.EFFECT_COUNTS
    yield "live", q.LIVE_COUNTS
    yield "due", q.NEXT_DUE


@pytest.mark.parametrize(("name", "statement"), list(pages()))
def test_listings_search(connection: sqlite3.Connection, name: str, statement: Any) -> None:
    compiled = statement.compile(dialect=dialect(paramstyle="qmark"))
    parameters = [compiled.params[key] for key in compiled.positiontup]
    plan = explain(connection, str(compiled), parameters)
    assert plan
    # Subqueries are scanned, and the small index of effects that are not done.
    whole = [
        step for step in plan if step.startswith("SCAN") and "anon" not in step and "effects_by" not in step
    ]
    assert not whole, plan
    # The rows of one subject, or the newest few of a rule in each status, may be put in order.
    few = "subject" in name or ANA.id in name or name.startswith("runs hot ")
    assert few or not [step for step in plan if "TEMP B-TREE" in step], plan
