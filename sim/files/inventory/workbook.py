"""Sheets of an Excel workbook, which is a zip file: looked at before it is unpacked."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from sim.core.question import BadInput
from sim.files.inventory.sheet import LONGEST_CELL, MOST_ROWS, Line, Sheet, headed

MAGIC = b"PK\x03\x04"
LARGEST_UNPACKED = 256 * 2**20
"""Bytes of a workbook once it is unpacked."""
MOST_PARTS = 1000
"""Files in it."""
MOST_CELLS = 5_000_000
"""Cells of one sheet, those between its first and last counted: all of them are put in memory."""
MOST_TEXT = 2**31
"""Bytes of the cells of a sheet, if each had the longest text: a text may stand in many cells."""
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,9})["']""")
_SHARED = re.compile(rb"""\bt\s*=\s*["']s["']""")
_STORED, _DEFLATED, _ENCRYPTED = 0, 8, 0x1


def sheets_of(source: str, data: bytes, wanted: Callable[[str], bool]) -> list[Sheet]:
    """The sheets of a workbook that are wanted by their names, or its first one where none is.

    Raises:
        BadInput: it is no workbook, or larger than anybody's list of machines.
    """
    _look_inside(source, data)
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
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
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


def _look_inside(source: str, data: bytes) -> None:
    """Refuse what is larger than it says, or than it may be, before anybody unpacks it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            parts = book.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BadInput(f"{source}: not a workbook of Excel ({error})") from None
    if len(parts) > MOST_PARTS:
        raise BadInput(f"{source}: {len(parts)} files are in it; at most {MOST_PARTS}")
    left = LARGEST_UNPACKED
    if sum(part.file_size for part in parts) > left:
        raise _too_large(source)
    longest, shared, areas = 0, 0, 0
    for part in parts:
        inside = _unpacked(source, data, part, left)
        left -= len(inside)
        if part.filename.lower().endswith("sharedstrings.xml"):
            longest = max(map(len, inside.split(b"<si")))
        elif part.filename.lower().endswith(".xml"):
            _refuse_other_text(source, inside)
            areas = max(areas, _area(inside))
            shared = max(shared, sum(1 for _ in _SHARED.finditer(inside)))
    _refuse_many(source, areas, shared, longest)


def _refuse_many(source: str, area: int, shared: int, longest: int) -> None:
    if area > MOST_CELLS:
        raise BadInput(f"{source}: a sheet reaches over {area:,} cells; at most {MOST_CELLS:,}")
    if longest > 4 * LONGEST_CELL or shared * longest > MOST_TEXT:
        raise BadInput(f"{source}: its texts are longer than those of any list of machines")


def _refuse_other_text(source: str, inside: bytes) -> None:
    """What is not UTF-8 would not be seen here, and be read all the same."""
    if inside[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in inside[:64]:
        raise BadInput(f"{source}: not a workbook of Excel that can be read (it is not in UTF-8)")


def _area(inside: bytes) -> int:
    """Cells between the first and the last of a sheet, as a table without gaps has them."""
    columns = rows = 0
    for letters, digits in set(_CELL.findall(inside)):
        columns, rows = max(columns, _column(letters)), max(rows, int(digits))
    return columns * rows


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _unpacked(source: str, data: bytes, part: zipfile.ZipInfo, most: int) -> bytes:
    """What is really in it, whatever its size is said to be."""
    packed = _packed(source, data, part)
    if part.compress_type == _STORED:
        inside, rest = packed, b""
    else:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            inside = unpack.decompress(packed, most + 1)
        except zlib.error as error:
            raise BadInput(f"{source}: not a workbook of Excel ({error})") from None
        rest = unpack.unconsumed_tail
    if len(inside) > most or rest:
        raise _too_large(source)
    return inside


def _packed(source: str, data: bytes, part: zipfile.ZipInfo) -> bytes:
    if part.flag_bits & _ENCRYPTED:
        raise BadInput(f"{source}: it is encrypted; save it without a password")
    if part.compress_type not in (_STORED, _DEFLATED):
        raise BadInput(f"{source}: not a workbook of Excel (its compression is not known)")
    start = part.header_offset
    if data[start : start + 4] != MAGIC or len(data) < start + 30:
        raise BadInput(f"{source}: not a workbook of Excel (it is cut)")
    name, extra = struct.unpack("<HH", data[start + 26 : start + 30])
    start += 30 + name + extra
    return data[start : start + part.compress_size]


def _too_large(source: str) -> BadInput:
    most = LARGEST_UNPACKED // 2**20
    return BadInput(f"{source}: it unpacks to more than {most} MiB, the most that is read")


def is_workbook(data: bytes) -> bool:
    """Whether a file begins as one."""
    return data.startswith(MAGIC)
