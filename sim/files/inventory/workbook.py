"""Sheets of an Excel workbook, read by a library once they are known to be no larger than lists."""

import io
from collections.abc import Callable, Iterator

from sim.core.question import BadInput
from sim.files.inventory.sheet import MOST_ROWS, Line, Sheet, headed
from sim.files.inventory.workbook_parts import MAGIC, look_inside


def sheets_of(source: str, data: bytes, wanted: Callable[[str], bool]) -> list[Sheet]:
    """The sheets of a workbook that are wanted by their names, or its first one where none is.

    Raises:
        BadInput: it is no workbook, or larger than anybody's list of machines.
    """
    look_inside(source, data)
    try:
        return list(_read(source, data, wanted))
    except BadInput:
        raise
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except (
        BaseException
    ) as error:  # a panic of the reader, which is written in Rust, is no Exception
        raise BadInput(f"{source}: not a workbook of Excel that can be read ({error})") from None


def _read(source: str, data: bytes, wanted: Callable[[str], bool]) -> Iterator[Sheet]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    names = book.sheet_names
    for name in [each for each in names if wanted(each)] or names[:1]:
        # Row by row: as a list it would stand in memory twice.
        rows = book.get_sheet_by_name(name).iter_rows()
        lines = [
            Line(number, [_text(cell) for cell in row])
            for number, row in enumerate(rows, 1)
            if any(cell not in ("", None) for cell in row)
        ]
        if len(lines) > MOST_ROWS:
            raise BadInput(f"{source}!{name}: it has more than {MOST_ROWS:,} rows")
        if lines:
            yield headed(source, name, lines)


def _text(cell: object) -> str:
    """A cell as it would be typed: whole numbers without a point."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2.0**53:
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def is_workbook(data: bytes) -> bool:
    """Whether a file begins as one."""
    return data.startswith(MAGIC)
