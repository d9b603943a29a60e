"""Rows of a table, asked for what they should be; each says what is wrong with it."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from sim.files.inventory.forms import Column, Form
from sim.files.inventory.sheet import Line, Sheet
from sim.files.text.findings import Findings, not_allowed
from sim.units import GiB, KiB, MiB, TiB

T = TypeVar("T")

LARGEST = 2.0**60
"""Of any number: more is a slip."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([, '\u00a0\u202f]\d{3})+(\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_AMOUNT = re.compile(r"(\S+?)\s*([KMGT]i?B?|B)", re.ASCII | re.IGNORECASE)
_UNITS = {"b": 1.0, "k": KiB, "m": MiB, "g": GiB, "t": TiB}
"""Binary whatever they are called: hypervisors count memory so."""
_NOTHING = ("", "-", "--", "n/a", "na", "null", "none", "nan", "unknown", "not available")
_TRUE, _FALSE = ("true", "yes", "1", "y"), ("false", "no", "0", "n", "")


Columns: TypeAlias = Mapping[str, Sequence[tuple[int, Column]]]
"""By field, the places of its columns in a row; the best to take first."""
_NO_COLUMN = Column("")


class Row:
    """One row, by field."""

    __slots__ = ("_columns", "_findings", "_line", "sheet")

    def __init__(self, sheet: Sheet, line: Line, columns: Columns, findings: Findings) -> None:
        self.sheet = sheet
        self._line = line
        self._columns = columns
        self._findings = findings

    @property
    def line(self) -> int:
        """Where it stands, from 1."""
        return self._line.number

    def text(self, field: str) -> str:
        """A cell as text; empty where nothing is in it."""
        return self._cell(field)[1]

    def number(self, field: str, most: float = LARGEST) -> float | None:
        """A number from 0; None where nothing is there, or something else."""
        return self._read(field, lambda text, column: self._scaled(text, column, most))

    def amount(self, field: str) -> float | None:
        """Bytes; None where nothing is there, or something else."""
        return self._read(field, self._bytes)

    def part(self, field: str, of: float) -> float | None:
        """An amount, or a percentage of another; more than all of it is kept to all of it.

        Args:
            of: what 100% is.
        """
        _, text, column = self._cell(field)
        if not text:
            return None
        if column.kind == "share" or text.endswith("%"):
            share = self._read(field, self._share)
            return None if share is None else share * of
        if column.kind == "bytes":
            return self.amount(field)
        found = self.number(field)
        if found is not None and found > of:
            self.wrong(
                field, f"vCPUs in use, at most its {of:g}; for a percentage write {found:g}%"
            )
            return None
        return found

    def share(self, field: str) -> float | None:
        """A percentage as a fraction of 1."""
        return self._read(field, self._share)

    def flag(self, field: str) -> bool:
        """Whether it is true; nothing is false."""
        text = self.text(field).lower()
        if text not in (*_TRUE, *_FALSE):
            self.wrong(field, "true or false")
        return text in _TRUE

    def wrong(self, field: str, allowed: str) -> None:
        """Its value is not allowed; what is."""
        title, text, _ = self._cell(field)
        self.say(title or field, not_allowed(text, allowed))

    def say(self, field: str, message: str) -> None:
        """A mistake in words of its own."""
        self._findings.mistake(self.sheet.place(self.line), field, message)

    def note(self, text: str, what: str = "") -> None:
        """Something understood otherwise than one might think."""
        self._findings.note(text, what)

    def tags(self) -> Iterator[tuple[str, str]]:
        """By `tag:KEY`, what stands in columns that RVTools makes of tags."""
        for title, cell in zip(self.sheet.header, self._line.cells, strict=False):
            key = title.lower().partition("_tags_")[2] or title.lower().partition("tag:")[2]
            if key and cell:
                yield f"tag:{title[-len(key) :].strip()}", cell

    def title(self, field: str) -> str:
        """The title of the column that a field is taken from."""
        return self._cell(field)[0]

    def _cell(self, field: str) -> tuple[str, str, Column]:
        """Title and text of the first of its columns with something in it."""
        found = self._columns.get(field, ())
        cells, header = self._line.cells, self.sheet.header
        for place, column in found:
            text = cells[place] if place < len(cells) else ""
            if text.lower() not in _NOTHING:
                return header[place], text, column
        return (header[found[0][0]] if found else ""), "", _NO_COLUMN

    def _read(self, field: str, parse: Callable[[str, Column], T]) -> T | None:
        _, text, column = self._cell(field)
        if not text:
            return None
        try:
            return parse(text, column)
        except ValueError as error:
            self.wrong(field, str(error))
            return None

    def _scaled(self, text: str, column: Column, most: float) -> float:
        found = self._plain(text) * column.scale
        if not 0.0 <= found <= most:
            raise ValueError(f"a number from 0{f' to {most:,.15g}' if most < LARGEST else ''}")
        return found

    def _share(self, text: str, column: Column) -> float:  # noqa: ARG002 (one signature)
        found = self._plain(text.removesuffix("%").strip())
        if not 0.0 <= found <= 10_000.0:
            raise ValueError("a percentage")
        if found > 100.0:
            self.note("percentages above 100, as hyper-threading makes them, are kept to 100")
        return min(found, 100.0) / 100.0

    def _bytes(self, text: str, column: Column) -> float:
        match = _AMOUNT.fullmatch(text)
        if match is not None:
            found = self._plain(match[1]) * _UNITS[match[2][0].lower()]
        elif column.scale == 0.0:
            raise ValueError("an amount with its unit such as 16GiB, or a column memory_mib")
        else:
            found = self._plain(text) * column.scale
        if not 0.0 <= found <= 2.0**60:
            raise ValueError("an amount of memory or disk")
        return found

    def _plain(self, text: str) -> float:
        """A number with a decimal point, and perhaps with signs between its thousands."""
        if _DECIMAL_COMMA.fullmatch(text) and not _THOUSANDS.fullmatch(text):
            if not self.sheet.comma:
                raise ValueError("a decimal point, not a comma")
            text = text.replace(",", ".")
        elif _THOUSANDS.fullmatch(text):
            if self.sheet.comma and text.count(",") == 1:
                raise ValueError("a number without a sign between its thousands")
            text = re.sub(r"[^0-9.+-]", "", text)
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            raise ValueError("a number")
        return float(text)


def rows(sheet: Sheet, form: Form, findings: Findings) -> Iterator[Row]:
    """The rows of a table of that form."""
    keys = sheet.keys
    columns: dict[str, list[tuple[int, Column]]] = {}
    for key, column in form.columns.items():
        if key in keys:
            columns.setdefault(column.field, []).append((keys.index(key), column))
    for line in sheet.lines:
        yield Row(sheet, line, columns, findings)


def unused(sheet: Sheet, form: Form) -> Iterator[str]:
    """The titles of columns that say nothing here."""
    for key, title in zip(sheet.keys, sheet.header, strict=True):
        if key and key not in form.columns and key not in form.aside:
            yield title
