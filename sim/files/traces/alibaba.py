"""Alibaba's call graphs: rows of `MSCallGraph`, times in milliseconds.

A row is one side of a call of `um` to `dm`: remote calls have two, the callee's with a negative
response time. The place of a call in its trace is its `rpcid`: 0.1.2 is a call made within 0.1.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from sim.files.traces.traced import UNKNOWN, BadSpan, Kind, TracedSpan, a_number, dotless

MS = 1e-3
MOST_ROWS = 250_000
"""Rows of one file."""
COLUMNS = {"timestamp", "traceid", "rpcid", "um", "rpctype", "dm", "interface", "rt"}
_NAMELESS = {"", "nan", "(?)", "unknown", "none"}


def columns_of(cells: Iterable[str]) -> list[str]:
    """Names of columns, without what stands around them."""
    return [cell.strip().strip('"') for cell in cells]


def alibaba_spans(text: str) -> Iterator[TracedSpan]:
    """A client's and a server's span of each call.

    Raises:
        BadSpan: a row lacks what it needs.
    """
    sides: dict[tuple[str, str], dict[str, str]] = {}
    seconds: dict[tuple[str, str, bool], float] = {}
    for row in _rows(text):
        if None in row.values():
            raise BadSpan("a row is shorter than the first line")
        key = (row["traceid"], row["rpcid"])
        sides.setdefault(key, row)
        took = a_number(row, "rt")
        at = (*key, took < 0.0)
        seconds[at] = max(seconds.get(at, 0.0), abs(took) * MS)
    for (trace, number), row in sides.items():
        caller = seconds.get((trace, number, False))
        callee = seconds.get((trace, number, True))
        yield from _sides(trace, number, row, (caller, callee), sides)


def _rows(text: str) -> Iterator[dict[str, str]]:
    """The rows by the names of the first line, however lines end.

    Raises:
        BadSpan: they are no rows.
    """
    rows = csv.DictReader(io.StringIO(text, newline=None))
    try:
        rows.fieldnames = columns_of(rows.fieldnames or ())
        for number, row in enumerate(rows):
            if number == MOST_ROWS:
                raise BadSpan(f"it has more than {MOST_ROWS:,} rows; no more are read")
            yield row
    except csv.Error as error:
        raise BadSpan(f"line {rows.line_num + 1}: it is no row ({error})") from None


def _sides(
    trace: str,
    number: str,
    row: dict[str, str],
    seconds: tuple[float | None, float | None],
    known: Iterable[tuple[str, str]],
) -> Iterator[TracedSpan]:
    start, name = a_number(row, "timestamp") * MS, dotless(row["interface"])
    waited_for = row["rpctype"] != "mq"
    above = number.rpartition(".")[0]
    parent = f"{above} server" if (trace, above) in known else ""
    caller, callee = seconds
    outer = caller if caller is not None else callee or 0.0
    if parent or not _nameless(row["um"]):
        client: Kind = "client" if waited_for else "producer"
        yield TracedSpan(
            trace, number, parent, _name(row["um"]), name, start, outer, client, "", waited_for
        )
        parent = number
    inner = callee if callee is not None else outer
    yield TracedSpan(
        trace,
        f"{number} server",
        parent,
        _name(row["dm"]),
        name,
        start,
        inner,
        "server",
        "",
        waited_for,
    )


def _nameless(name: str) -> bool:
    return name.strip().lower() in _NAMELESS


def _name(name: str) -> str:
    return UNKNOWN if _nameless(name) else dotless(name)
