"""Tables of text: the sheets of a workbook, or one file of separated values."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sim.core.question import BadInput
from sim.files.text.place import TextPlace
from sim.files.text.source import decoded

MOST_ROWS = 200_000
"""Rows of one table."""
MOST_CELLS, MOST_COLUMNS = 3_000_000, 16_384
"""Cells of one table, which are in memory all at once, and its columns, as Excel allows."""
LONGEST_CELL = 32_767
"""Characters of a cell; Excel allows no more."""
_SEPARATORS = ",;\t|"


class Line(NamedTuple):
    """One row of a table."""

    number: int
    """From 1, as a spreadsheet or an editor counts."""
    cells: Sequence[str]


class Sheet(NamedTuple):
    """A table with a header."""

    source: str
    """The file it is in."""
    name: str
    """Of the sheet; empty where the file is the table."""
    header: tuple[str, ...]
    lines: Sequence[Line]
    comma: bool = False
    """Whether cells are separated by something else than commas, so that one in a number may be a
    decimal comma."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The header in lower case, letters and digits only."""
        return tuple(map(key_of, self.header))

    def place(self, number: int) -> TextPlace:
        """Where a row stands."""
        return TextPlace(f"{self.source}!{self.name}" if self.name else self.source, number)


def key_of(title: str) -> str:
    """A column's title as it is compared: `*Memory (In MB)` is `memoryinmb`."""
    plain = title.lower().replace("(optional)", "").replace("#", "number")
    return re.sub(r"[^a-z0-9%]", "", plain)


def csv_sheet(source: str, data: bytes) -> Sheet:
    """The table in a file of separated values.

    Raises:
        BadInput: it is no text, it is empty, or it has too many rows.
    """
    text = decoded(source, data, otherwise="cp1252")
    if text.lstrip().startswith(("{", "[")):
        raise BadInput(f"{source}: it is JSON; a list of machines is read as xlsx or csv")
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    if text.count(separator) > MOST_CELLS:
        raise BadInput(f"{source}: it has more than {MOST_CELLS:,} cells")
    lines = list(_lines(source, text, separator))
    if not lines:
        raise BadInput(f"{source}: it is empty")
    return headed(source, "", lines, comma=separator != ",")


def _lines(source: str, text: str, separator: str) -> Iterator[Line]:
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield Line(rows.line_num, [cell.strip() for cell in cells])
            if rows.line_num > MOST_ROWS:
                raise BadInput(f"{source}: it has more than {MOST_ROWS:,} rows")
    except csv.Error as error:
        raise BadInput(f"{source}:{rows.line_num}: not a table ({error})") from None


def headed(source: str, name: str, lines: Sequence[Line], *, comma: bool = False) -> Sheet:
    """A table whose first row is its header.

    Raises:
        BadInput: it has more columns than a spreadsheet.
    """
    header = tuple(cell.strip() for cell in lines[0].cells)
    if len(header) > MOST_COLUMNS:
        raise BadInput(f"{source}: it has {len(header):,} columns; at most {MOST_COLUMNS:,}")
    return Sheet(source, name, header, lines[1:], comma)
