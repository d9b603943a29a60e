"""Workbooks that are nearly right: machines, or a sentence, in a moment."""

import io
import random
import time
import zipfile
from pathlib import Path

import byte_mutants
import pytest
from mutants import mutants
from workbooks import parts

from sim.cli.options import clipped
from sim.core.question import BadInput
from sim.files.inventory.reading import read_inventory

GOOD = parts(
    {
        "vInfo": [["VM", "Powerstate", "CPUs", "Memory"], ["a", "poweredOn", 4, 16384]],
        "vCPU": [["VM", "CPUs", "Overall"], ["a", 4, 2000]],
    }
)


def damaged(seed: int) -> bytes:
    """One of its files is changed, gone or of another kind, or the whole has other bytes."""
    draw, book = random.Random(f"workbooks/{seed}"), dict[str, str | bytes](GOOD)
    name, way = draw.choice([*GOOD]), draw.randrange(5)
    if way == 0:
        book[name] = next(mutants(GOOD[name], 1, seed)).encode("utf-8", "surrogatepass")
    elif way == 1:
        book[name] = next(byte_mutants.mutants(GOOD[name], [*GOOD.values()], 1, seed))
    elif way == 2:
        del book[name]
    elif way == 3:
        more = draw.choice(("xl/vbaProject.bin", "../../x", "xl/sharedStrings.xml", "x" * 300))
        book[more] = draw.choice((b"", b"x" * 1_000_000, "<sst><si><t>a</t></si></sst>"))
    files = io.BytesIO()
    with zipfile.ZipFile(files, "w", zipfile.ZIP_DEFLATED) as made:
        for each, text in book.items():
            made.writestr(each, text)
    data = bytearray(files.getvalue())
    if way == 4:
        for _ in range(draw.choice((1, 5))):
            data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data)


def attack(seeds: range, path: Path) -> int:
    """How many are refused."""
    refused = 0
    for seed in seeds:
        path.write_bytes(damaged(seed))
        begun = time.process_time()
        try:
            read_inventory(path).rows()
        except BadInput as error:
            refused += 1
            said = clipped(str(error))
            assert 0 < len(said) < 2000, seed
            assert not any(word in said for word in ("codec", "Error -", "NoneType")), said
        assert time.process_time() - begun < 5.0, seed
    return refused


def test_a_damaged_workbook_is_machines_or_a_sentence(tmp_path: Path) -> None:
    """A few of them."""
    assert attack(range(40), tmp_path / "x.xlsx") > 10


@pytest.mark.long
def test_five_thousand_damaged_workbooks(tmp_path: Path) -> None:
    """The same, for long."""
    assert attack(range(1000, 6000), tmp_path / "x.xlsx") > 1000
