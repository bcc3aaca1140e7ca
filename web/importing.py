"""Reading CSV files of records: good lines become events, others a report with line, column and reason."""

from __future__ import annotations

import csv
import io
from typing import Any

from runtime.engine.work import Arrival
from runtime.events import IDENTITY_FIELDS, QUIET, RECORD_UPDATED, EventCodec, EventError, body_hash
from runtime.model import Millis
from web.problems import Problem

MAX_ROWS = 200_000
MAX_REPORTED = 1000


def read_rows(
    body: bytes, kind: str, codec: EventCodec, now: Millis, batch: str, run_rules: bool
) -> tuple[list[Arrival], list[dict[str, Any]]]:
    """Events of the good lines, and {line, column, detail} for each line that is refused.

    `batch` makes the ids: the same file sent again under the same batch changes nothing.

    Raises:
        Problem: 400 when the file as a whole cannot be read.
    """
    reader = _reader(body)
    names = _header(reader, kind)
    arrivals: list[Arrival] = []
    refused: list[dict[str, Any]] = []
    for cells in _rows(reader):
        if not any(cell.strip() for cell in cells):
            continue
        line = reader.line_num
        try:
            raw = _raw(cells, names, kind, f"import_{batch}:{line}", run_rules)
            arrivals.append(Arrival(codec.read(raw, now), body_hash(raw)))
        except EventError as error:
            refused.append({"line": line, "column": _column(error.pointer), "detail": str(error)})
    if len(refused) > MAX_REPORTED:
        left = len(refused) - MAX_REPORTED
        refused = [*refused[:MAX_REPORTED], {"line": 0, "column": "", "detail": f"and {left} lines more"}]
    return arrivals, refused


def _reader(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the file is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    sample = text.partition("\n")[0]
    delimiter = max(",;\t", key=sample.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _header(reader: Any, kind: str) -> list[str]:
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(reader, [])]
    except csv.Error as error:
        raise Problem(400, f"line 1: {error}") from None
    keys = ("id", *IDENTITY_FIELDS[kind])
    if not any(key in names for key in keys):
        raise Problem(
            400, f"the first line must name the columns, one of them {' or '.join(f'`{k}`' for k in keys)}"
        )
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise Problem(400, f"the column `{doubled[0]}` stands twice in the first line")
    return names


def _rows(reader: Any) -> Any:
    for count in range(MAX_ROWS + 1):
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Problem(400, f"line {reader.line_num}: {error}") from None
        if cells is None:
            return
        if count == MAX_ROWS:
            raise Problem(413, f"a file holds at most {MAX_ROWS} lines; split it")
        yield cells


def _raw(cells: list[str], names: list[str], kind: str, id: str, run_rules: bool) -> dict[str, Any]:
    if len(cells) > len(names):
        raise EventError("", f"the line has {len(cells)} cells, the first line names {len(names)} columns")
    values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
    subject: dict[str, Any] = {"kind": kind}
    for key in ("id", *IDENTITY_FIELDS[kind]):
        if values.get(key):
            subject[key] = values[key]
            break
    fields = {name: value for name, value in values.items() if name != "id"}
    raw = {
        "id": id,
        "type": RECORD_UPDATED,
        "subject": subject,
        "data": {"fields": fields},
        "source": "import",
    }
    return raw if run_rules else {**raw, "data": {"fields": fields, QUIET: True}}


def _column(pointer: str) -> str:
    return pointer.rpartition("/")[2]
