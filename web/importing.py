"""Reading CSV files of records: good lines become events, others a report with line, column and reason."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple

from runtime.csvfile import Table, TableError
from runtime.engine.work import Arrival
from runtime.events import IDENTITY_FIELDS, QUIET, RECORD_UPDATED, EventCodec, EventError, body_hash
from runtime.model import Millis
from runtime.store.protocol import IdentityConflict
from web.problems import Problem

MAX_ROWS = 200_000


class Refused(NamedTuple):
    """A line that was not taken: its number in the file, the column that is to blame or "", and why."""

    line: int
    column: str
    detail: str


def taken_text(conflict: IdentityConflict) -> str:
    """What to say of a record that is given what another one has: it keeps the value, and is not found by it."""
    return f"{conflict.claimant}: the {conflict.field} belongs to {conflict.holder} already"


class Rows(NamedTuple):
    """What a file holds. `lines` are the numbers of the lines that `arrivals` come from."""

    arrivals: list[Arrival]
    lines: list[int]
    refused: list[Refused]


def read_rows(
    body: bytes, kind: str, known: Container[str], codec: EventCodec, now: Millis, batch: str, run_rules: bool
) -> Rows:
    """The events of the good lines, and the lines that are refused. `known` are the fields of this kind of record.

    `batch` makes the ids: the same file sent again under the same batch changes nothing.

    Raises:
        Problem: 400 or 413 when the file as a whole cannot be taken.
    """
    table = _table(body, kind, known)
    rows = Rows([], [], [])
    for count, (number, cells, problem) in enumerate(table.lines()):
        if count == MAX_ROWS:
            raise Problem(413, f"a file holds at most {MAX_ROWS} lines; split it")
        if problem:
            rows.refused.append(Refused(number, "", problem))
            continue
        try:
            raw = _raw(cells, kind, f"import_{batch}:{number}", run_rules)
            rows.arrivals.append(Arrival(codec.read(raw, now), body_hash(raw)))
            rows.lines.append(number)
        except EventError as error:
            rows.refused.append(Refused(number, _column(error.pointer), str(error)))
    return rows


def _table(body: bytes, kind: str, known: Container[str]) -> Table:
    try:
        table = Table(body.decode("utf-8"), known)
    except UnicodeDecodeError as error:
        raise Problem(400, f"the file is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except TableError as error:
        raise Problem(400, str(error)) from None
    keys = ("id", *IDENTITY_FIELDS[kind])
    if not any(key in table.columns for key in keys):
        named = " or ".join(f"`{key}`" for key in keys)
        raise Problem(400, f"the first line must name the columns, one of them {named}")
    return table


def _raw(cells: dict[str, str], kind: str, id: str, run_rules: bool) -> dict[str, Any]:
    subject: dict[str, Any] = {"kind": kind}
    for key in ("id", *IDENTITY_FIELDS[kind]):
        if key in cells:
            subject[key] = cells[key]
            break
    data: dict[str, Any] = {"fields": {name: cell for name, cell in cells.items() if name != "id"}}
    if not run_rules:
        data[QUIET] = True
    return {"id": id, "type": RECORD_UPDATED, "subject": subject, "data": data, "source": "import"}


def _column(pointer: str) -> str:
    return pointer.rpartition("/")[2] if pointer != "/subject" else ""
