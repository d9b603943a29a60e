"""Reading measurements, and saying what is wrong with a file."""

import json
import tracemalloc
from importlib.resources import as_file
from pathlib import Path

import pytest

from sim.catalog.figures import DATA
from sim.validation.judging import FORMATS, format_of
from sim.validation.table import BadData, read

RUNC = "runtime,running,concurrency,mean_ms,split\n"


def file(folder: Path, text: str, name: str = "mine.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_with_a_hash_and_empty_ones_are_skipped(tmp_path: Path) -> None:
    """Wherever they stand, and messages still count them."""
    table = read(file(tmp_path, f"# mine\n\n{RUNC}# more\nrunc,0,1,36,\n"))

    assert [row.text("runtime") for row in table.rows] == ["runc"]
    assert table.rows[0].place.endswith("mine.csv: line 5")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    """Spreadsheets write one."""
    assert read(file(tmp_path, "\ufeff" + RUNC)).columns[0] == "runtime"


def test_only_shipped_files_say_what_was_calibrated(tmp_path: Path) -> None:
    """All rows of others are held out, whatever they say."""
    path = file(tmp_path, f"{RUNC}runc,0,1,36,calibrated\n")

    assert read(path).rows[0].split == "held out"
    assert read(path, shipped=True).rows[0].split == "calibrated"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (f"{RUNC}runc,0,1,36,,extra\n", "line 2: has 6 cells; 5 columns are named"),
        ('{"rows": []}', "a key `cases`"),
        ("{", "is not JSON"),
        ("[1, 2]", "a key `cases`"),
        ('a,"b\n', "is not CSV"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With the file's name."""
    with pytest.raises(BadData, match=message) as refusal:
        read(file(tmp_path, text))

    assert "mine.csv" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n" + "1\n" * 10_001, "more than 10,000 rows"),
        ('{"cases": [' + "{}," * 10_000 + "{}]}", "10,001 cases; at most 10,000"),
        ("[" + "0," * 600_000 + "0]", "more than 500,000 values"),
        ("a" * (4 * 2**20 + 1), "too many; at most 4194304"),
    ],
)
def test_what_would_fill_a_memory_is_refused_before_it_does(
    tmp_path: Path, text: str, message: str
) -> None:
    """Rows, cases and values are counted while they are read."""
    tracemalloc.start()
    with pytest.raises(BadData, match=message):
        read(file(tmp_path, text))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 30e6


def test_a_row_has_the_number_of_its_line_wherever_cells_have_lines_of_their_own(
    tmp_path: Path,
) -> None:
    """Lines that say nothing count, too; a cell's own line ends in the row's last."""
    table = read(file(tmp_path, 'a,b\n\n# x\n"1\n2",3\n4,5\n'))

    assert [row.place.rpartition(" ")[2] for row in table.rows] == ["5", "6"]
    assert table.rows[0].cells == {"a": "1\n2", "b": "3"}


def test_of_many_columns_that_are_not_known_the_first_are_named(tmp_path: Path) -> None:
    """A message can be read whatever stands in a file."""
    with pytest.raises(BadData, match="c29 and 9,970 more") as told:
        format_of(read(file(tmp_path, ",".join(f"c{n}" for n in range(10_000)) + "\n")))

    assert len(str(told.value)) < 3000


@pytest.mark.parametrize("cell", ["x", "-1", "nan", "inf", "1.5", "1e400"])
def test_a_cell_that_is_no_count_is_refused(tmp_path: Path, cell: str) -> None:
    """Naming line, column, value and what is allowed."""
    row = read(file(tmp_path, f"{RUNC}runc,0,{cell},36,\n")).rows[0]

    with pytest.raises(BadData, match=f"line 2: concurrency: '{cell}' is not allowed"):
        row.whole("concurrency", 1)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """Those that are not there, folders, and other than text."""
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")

    for path in (tmp_path / "none.csv", tmp_path, binary):
        with pytest.raises(BadData, match=r"cannot be read|there is no such file"):
            read(path)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.group)
def test_each_shipped_file_is_recognised(known: object) -> None:
    """By its columns, as its own format, with rows of both splits or of one."""
    assert hasattr(known, "files")
    with as_file(DATA / "measured") as folder:
        for name in known.files:
            table = read(folder / name, shipped=True)
            assert format_of(table) is known
            assert {row.cells["split"] for row in table.rows} <= {"calibrated", "held out"}


def test_every_shipped_measurement_is_judged() -> None:
    """No file lies there unused."""
    with as_file(DATA / "measured") as folder:
        there = {path.name for path in folder.iterdir()}

    beside = {name for name in there if name.endswith("_requests.csv.gz")}
    judged = {name for known in FORMATS for name in known.files}
    assert there - beside == judged
    assert {name.replace("_requests.csv.gz", ".csv") for name in beside} <= judged


def test_unknown_columns_are_answered_with_what_was_found_and_what_is_known(
    tmp_path: Path,
) -> None:
    """All formats, each with the columns it needs."""
    with pytest.raises(BadData) as refusal:
        format_of(read(file(tmp_path, "a,b\n1,2\n")))

    message = str(refusal.value)
    assert "mine.csv" in message and "a, b" in message
    assert all(f"{known.group}: {', '.join(known.needs)}" in message for known in FORMATS)


def test_json_is_recognised_by_the_keys_of_its_cases(tmp_path: Path) -> None:
    """cpus, groups and tasks."""
    text = json.dumps({"cases": [{"cpus": 1, "groups": [], "tasks": []}]})

    assert format_of(read(file(tmp_path, text))).group == "linux"
