"""Measurements in a file: CSV with `#` lines, or JSON; and what is wrong with one."""

import csv
import io
import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.core.mistakes import not_json, values_begun
from sim.core.names import MOST_NAMED, first_of
from sim.core.quantity import number_in
from sim.validation.case import Split

LARGEST, MOST_ROWS, MOST_VALUES = 4 * 2**20, 10_000, 500_000
"""Bytes of a file that is read, its rows or cases, and values of JSON in it."""
MOST, MOST_COUNTED = 1e9, 10_000
"""Of any measured figure in its unit, and of what is counted one by one."""


class BadData(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A file that cannot be judged; the message names file, place, what was found and allowed."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row, with the place it stands at for messages."""

    place: str
    cells: Mapping[str, Any]
    split: Split
    file: Path | None = None
    """The file it stands in; what belongs to it may lie beside."""

    def text(self, column: str) -> str:
        """What is written there, without blanks around it."""
        value = self.cells.get(column)
        if value is None or str(value).strip() == "":
            raise BadData(f"{self.place}: {column}: nothing is there; it is needed")
        return str(value).strip()

    def optional_text(self, column: str) -> str:
        """The text of a cell, or an empty one."""
        return str(self.cells.get(column) or "").strip()

    def number(self, column: str, least: float = 0.0) -> float:
        """A finite number of at least `least`."""
        number = self.optional(column, least)
        if number is None:
            raise BadData(f"{self.place}: {column}: nothing is there; it is needed")
        return number

    def optional(self, column: str, least: float = 0.0) -> float | None:
        """The number in a cell; None where it is blank or there is no such column."""
        value = self.cells.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        number = number_in(value)
        if number is None or not least <= number <= MOST:
            raise BadData(
                f"{self.place}: {column}: {str(value)[:40]!r} is not allowed; a number of at least "
                f"{least:g}, and at most {MOST:g}"
            )
        return number

    def whole(self, column: str, least: int = 0, default: int | None = None) -> int:
        """An integer of at least `least`; `default` where nothing is there."""
        number = self.optional(column, float(least))
        if number is None and default is not None:
            return default
        if number is None or number != int(number) or number > MOST_COUNTED:
            value = str(self.cells.get(column))[:40]
            raise BadData(
                f"{self.place}: {column}: {value!r} is not allowed; an integer of at least "
                f"{least}, and at most {MOST_COUNTED:,}"
            )
        return int(number)

    def measured(self, column: str) -> float | None:
        """A measured figure, above 0, or None where it was not measured."""
        number = self.optional(column)
        if number == 0.0:
            raise BadData(f"{self.place}: {column}: 0 is not allowed; a number above 0, or nothing")
        return number


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was read."""

    name: str
    columns: tuple[str, ...]
    """Column names of a CSV file; keys of the cases of a JSON file."""
    rows: tuple[TableRow, ...]


def read(path: Path, *, shipped: bool = False) -> Table:
    """Read a file.

    Args:
        shipped: whether its `split` is believed; all rows of other files are held out.

    Raises:
        BadData: it cannot be read, or is neither CSV nor JSON of cases.
    """
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):
            raise BadData(f"{path}: it cannot be read: it is not a file with an end")
        if there.st_size > LARGEST:
            raise BadData(f"{path}: {there.st_size} bytes are too many; at most {LARGEST}")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadData(f"{path}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadData(f"{path}: it cannot be read: {why}") from error
    if text.lstrip().startswith(("{", "[")):
        return _from_json(path, text, shipped)
    return _from_csv(path, text, shipped)


def _from_csv(path: Path, text: str, shipped: bool) -> Table:
    lines = _lines(path, text)
    _, names = next(lines, (0, []))
    if not names:
        raise BadData(f"{path}: is empty; a line of column names and rows are needed")
    columns = tuple(name.strip() for name in names)
    rows: list[TableRow] = []
    for number, cells in lines:
        place = f"{path}: line {number}"
        if len(cells) > len(columns):
            raise BadData(f"{place}: has {len(cells)} cells; {len(columns)} columns are named")
        if len(rows) == MOST_ROWS:
            raise BadData(f"{path}: has more than {MOST_ROWS:,} rows; no more are read")
        rows.append(_row(path, place, dict(zip(columns, cells, strict=False)), shipped))
    return Table(str(path), columns, tuple(rows))


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that says something, beside its number; one after the other, as there
    may be as many lines as a file has bytes."""
    number = 0

    def saying() -> Iterator[str]:
        nonlocal number
        for number, line in enumerate(io.StringIO(text, newline=None), start=1):  # noqa: B007
            if line.strip() and not line.lstrip().startswith("#"):
                yield line

    try:
        for cells in csv.reader(saying(), strict=True):
            yield number, cells
    except csv.Error as error:
        raise BadData(f"{path}: line {number}: is not CSV: {error}") from error


def _from_json(path: Path, text: str, shipped: bool) -> Table:
    if values_begun(text) > MOST_VALUES:
        raise BadData(f"{path}: has more than {MOST_VALUES:,} values; no more are read")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadData(f"{path}: is not JSON: {not_json(error)}") from error
    cases = document.get("cases") if isinstance(document, dict) else None
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        keys = (told(document) or "no keys") if isinstance(document, dict) else "a list"
        raise BadData(f"{path}: has {keys}; a key `cases` with a list of cases is needed")
    if len(cases) > MOST_ROWS:
        raise BadData(f"{path}: has {len(cases):,} cases; at most {MOST_ROWS:,} are read")
    columns = tuple(dict.fromkeys(str(key) for case in cases for key in case))
    rows = [
        _row(path, f"{path}: case {str(case.get('case', number))[:200]}", case, shipped)
        for number, case in enumerate(cases, start=1)
    ]
    return Table(str(path), columns, tuple(rows))


def told(names: Iterable[str]) -> str:
    """Names that were found; the first of them where they are many."""
    return first_of([name[:40] for name in names], MOST_NAMED)


def _row(path: Path, place: str, cells: Mapping[str, Any], shipped: bool) -> TableRow:
    calibrated = shipped and cells.get("split") == "calibrated"
    return TableRow(place, cells, "calibrated" if calibrated else "held out", path)
