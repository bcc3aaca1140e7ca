"""CSV files as people save them: a byte order mark, commas, semicolons or tabs, each line with its number."""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterator
from typing import NamedTuple


class TableError(ValueError):
    """A file that cannot be read as a table at all; the message is a sentence for people."""


class Line(NamedTuple):
    """A line below the first: its number in the file, its cells that are not empty by column, or what is wrong."""

    number: int
    cells: dict[str, str]
    problem: str = ""


class Table:
    """The columns of a CSV file and its lines. The first line names the columns.

    A name that is not among `known` is taken in lower case with `_` for spaces: `First Name` is `first_name`.
    """

    def __init__(self, text: str, known: Container[str] = ()) -> None:
        """Read the first line.

        Raises:
            TableError: it names no column, or one twice.
        """
        text = text.removeprefix("\ufeff")
        first = text.lstrip("\r\n").partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.columns = [_name(cell.strip(), known) for cell in self._first_line()]
        doubled = sorted({name for name in self.columns if name and self.columns.count(name) > 1})
        if doubled:
            raise TableError(f"the column `{doubled[0]}` stands twice in the first line")

    def _first_line(self) -> list[str]:
        try:
            cells = next((cells for cells in self._reader if any(cell.strip() for cell in cells)), [])
        except csv.Error as error:
            raise TableError(f"line 1: {error}") from None
        if not cells:
            raise TableError("the file is empty; its first line names the columns")
        return cells

    def lines(self) -> Iterator[Line]:
        """The lines that hold anything. One that cannot be read does not keep the next from being read."""
        while True:
            number = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, {}, _sentence(error))
                continue
            if any(cell.strip() for cell in cells):
                yield self._line(number, cells)

    def _line(self, number: int, cells: list[str]) -> Line:
        if len(cells) > len(self.columns):
            counts = f"the line has {len(cells)} cells, the first line names {len(self.columns)} columns"
            return Line(number, {}, counts)
        filled = {name: cell.strip() for name, cell in zip(self.columns, cells, strict=False) if cell.strip()}
        if "" in filled:
            return Line(number, {}, "the line has a cell in a column without a name")
        return Line(number, filled)


def _name(cell: str, known: Container[str]) -> str:
    return cell if cell in known else cell.lower().replace(" ", "_")


def _sentence(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quote that opens here is never closed"
    return f"the line is not CSV: {error}"
