"""The parts of an Excel workbook, which is a zip file: looked at before anybody reads them.

What reads a workbook is written in Rust, and puts a whole sheet into memory, gaps and all: where
that is too large it ends the process, and says nothing.
"""

import io
import re
import struct
import zipfile
import zlib
from itertools import pairwise
from typing import NamedTuple

from sim.core.question import BadInput
from sim.files.inventory.sheet import LONGEST_CELL, MOST_CELLS

MAGIC = b"PK\x03\x04"
LARGEST_UNPACKED, LARGEST_PART = 256 * 2**20, 128 * 2**20
"""Bytes of a workbook once it is unpacked, and of a file in it."""
MOST_PARTS = 1000
"""Files in it."""
MOST_ROWS, MOST_TEXTS = 1_048_576, 2_000_000
"""Rows of a sheet, as Excel allows, and texts that cells share."""
MOST_TEXT = 64 * 2**20
"""Bytes of the texts of a sheet: each cell has its own copy of one that it shares."""
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)([0-9]+)["']""")
_ROW = re.compile(rb"<(?:[^\s<>/]{1,100}:)?row[\s/>]")
_CELL = re.compile(rb"<(?:[^\s<>/]{1,100}:)?c[\s/>]")
_SHARED = re.compile(
    rb"""\bt\s*=\s*["']s["'](?:[^>]*>\s*<(?:[^\s<>/]{1,100}:)?v>\s*([0-9]{1,9})<)?"""
)
_SHEET = re.compile(rb"""<[^>]*/worksheet["'][^>]*>""")
_TARGET = re.compile(rb"""\bTarget\s*=\s*["'][^"']*\.xml["']""")
_STORED, _DEFLATED, _ENCRYPTED = 0, 8, 0x1


class _Sheet(NamedTuple):
    """How much room a sheet takes."""

    area: int
    """Cells between the first and the last, as a table without gaps has them."""
    shared: tuple[int, ...]
    """Which of the texts that are shared stand in it."""
    unseen: int
    """Cells with a shared text of which it cannot be seen which."""


def look_inside(source: str, data: bytes) -> None:
    """Refuse what is larger than it says, or than it may be, before anybody unpacks it.

    Raises:
        BadInput: it is no workbook, or larger than anybody's list of machines.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            parts = book.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BadInput(f"{source}: not a workbook of Excel ({error})") from None
    if len(parts) > MOST_PARTS:
        raise BadInput(f"{source}: {len(parts)} files are in it; at most {MOST_PARTS}")
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise _too_large(source)
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names or names & {"content.xml", "xl/workbook.bin"}:
        raise BadInput(f"{source}: not a workbook of Excel; save it as .xlsx")
    left, texts, sheets = LARGEST_UNPACKED, [0], list[_Sheet]()
    for part in parts:
        inside = _unpacked(source, data, part, min(left, LARGEST_PART))
        left -= len(inside)
        name = part.filename.lower()
        _refuse_hidden(source, name, inside)
        if name.endswith("sharedstrings.xml"):
            texts = _lengths(source, inside)
        else:
            sheets.append(_room(source, inside))
        del inside
    for sheet in sheets:
        _refuse_large(source, sheet, texts)


def _refuse_large(source: str, sheet: _Sheet, texts: list[int]) -> None:
    if sheet.area > MOST_CELLS:
        raise BadInput(
            f"{source}: a sheet reaches over {sheet.area:,} cells; at most {MOST_CELLS:,}"
        )
    longest = max(texts)
    size = sum(texts[each] for each in sheet.shared if each < len(texts)) + sheet.unseen * longest
    if longest > 4 * LONGEST_CELL or size > MOST_TEXT:
        raise BadInput(f"{source}: its texts are longer than those of any list of machines")


def _refuse_hidden(source: str, name: str, inside: bytes) -> None:
    """What is not UTF-8, or not called XML, would not be seen here, and be read all the same."""
    wide = inside[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
    if wide or (name.endswith(".xml") and b"\0" in inside[:64]):
        raise BadInput(f"{source}: not a workbook of Excel that can be read (it is not in UTF-8)")
    if name.endswith(".rels") and any(not _TARGET.search(s) for s in _SHEET.findall(inside)):
        raise BadInput(f"{source}: not a workbook of Excel that can be read (a sheet is no .xml)")


def _lengths(source: str, inside: bytes) -> list[int]:
    """Bytes of each text that cells share, with its marks."""
    if _begun(inside, b"si") > MOST_TEXTS:
        raise BadInput(f"{source}: it has more than {MOST_TEXTS:,} texts")
    starts = [match.start() for match in re.finditer(rb"<(?:[^\s<>/]{1,100}:)?si[\s/>]", inside)]
    return [end - start for start, end in pairwise([*starts, len(inside)])] or [len(inside)]


def _room(source: str, inside: bytes) -> _Sheet:
    """How much room a part takes, if it is a sheet."""
    rows = _begun(inside, b"row")
    if _begun(inside, b"c") > 2 * MOST_CELLS or rows > MOST_ROWS:
        raise BadInput(
            f"{source}: a sheet has more than {MOST_CELLS:,} cells or {MOST_ROWS:,} rows"
        )
    columns = last = last_row = placed = numbered = 0
    for match in _PLACE.finditer(inside):
        letters, number = match[1], int(match[2][:20])
        if letters:
            placed, columns = placed + 1, max(columns, _column(letters))
            last = max(last, number)
        else:
            numbered, last_row = numbered + 1, max(last_row, number)
    if placed < sum(1 for _ in _CELL.finditer(inside)):  # others stand behind what came before
        columns += _widest(inside)
        last = max(last, last_row) + max(0, rows - numbered)
    shared = [match[1] for match in _SHARED.finditer(inside)]
    seen = tuple(int(each) for each in shared if each is not None)
    return _Sheet(columns * last, seen, len(shared) - len(seen))


def _begun(inside: bytes, name: bytes) -> int:
    """Elements of that name, and what looks like them."""
    return inside.count(b"<" + name) + inside.count(b":" + name)


def _widest(inside: bytes) -> int:
    """The most cells of a row."""
    starts = [match.start() for match in _ROW.finditer(inside)]
    return max(
        (
            inside.count(b"<c", start, end) + inside.count(b":c", start, end)
            for start, end in pairwise([*starts, len(inside)])
        ),
        default=0,
    )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters[:8].upper():
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
        except zlib.error:
            raise BadInput(f"{source}: not a workbook of Excel (a file in it is damaged)") from None
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
    whole, part = LARGEST_UNPACKED // 2**20, LARGEST_PART // 2**20
    return BadInput(
        f"{source}: it unpacks to more than {whole} MiB, or a file in it to more than {part} MiB, "
        "the most that is read"
    )
