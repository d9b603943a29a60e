"""From columns and rows to tidy tables: runs, spans, samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sim.clock import Clock
from sim.core.recorder import Recorder
from sim.experiment.running.columns import (
    Coded,
    Column,
    Columns,
    PackedSamples,
    joined,
    rows_of,
    sample_columns,
    sliced,
    span_columns,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sim.experiment.running.batch import Bundle
    from sim.experiment.running.run import RunRow

Tables: TypeAlias = "dict[str, pa.Table]"

ROWS = 2**17
"""Rows that are in memory at once where a table is written or looked through."""

ENOUGH = 2**14
"""Rows from which columns are made a table as they are: they cost no more by themselves."""

FEW_ROWS = 1000
"""Rows of a run from which it is left where it is when runs are put in order."""

WORDS = ("variant", "reasons")
COUNTS = ("run", "tasks", "ready", "refused", "killed", "censored", "tasks_per_host", "requests")
LEADING = (
    *("variant", "run", "tasks", "ready", "refused", "killed", "censored", "reasons"),
    *("tasks_per_host", "requests", "time_to_running_s", "time_to_ready_s"),
)


def chunks(bundles: Sequence[Bundle], table: str, *, coded: bool = False) -> Iterator[pa.Table]:
    """A table of some batches, some rows at a time.

    Args:
        coded: words as codes, with a dictionary.
    """
    if table == "runs":
        yield _runs([row for bundle in bundles for row in bundle.rows])
        return
    yield _arrow(_no_rows()[table], coded=coded)
    spans = (bundle.spans for bundle in bundles)
    pieces = _some_rows(spans if table == "spans" else _unpacked(bundles))
    yield from (_arrow(piece, coded=coded) for piece in pieces)


def even(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows, always as many at a time: a file does not tell how they came."""
    import pyarrow as pa

    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        while sum(each.num_rows for each in held) >= ROWS:
            whole = pa.concat_tables(held)
            yield _as_first_used(whole.slice(0, ROWS))
            held = [whole.slice(ROWS)]
    yield _as_first_used(pa.concat_tables(held))


def _as_first_used(table: pa.Table) -> pa.Table:
    """The same with the words of codes in the order of their first use, and no other words: as
    Parquet puts words of its own accord."""
    import pyarrow as pa

    table = table.unify_dictionaries()
    for number, field in enumerate(table.schema):
        if not pa.types.is_dictionary(field.type) or not len(table):
            continue
        column = table[number]
        codes = pa.chunked_array([chunk.indices for chunk in column.chunks]).combine_chunks()
        used = codes.dictionary_encode()
        words = column.chunk(0).dictionary.take(used.dictionary)
        kept = pa.DictionaryArray.from_arrays(used.indices, words)
        table = table.set_column(number, field.name, kept)
    return table


def _unpacked(bundles: Iterable[Bundle]) -> Iterator[Columns]:
    for bundle in bundles:
        for piece in bundle.samples:
            yield piece.columns() if isinstance(piece, PackedSamples) else piece


def _some_rows(pieces: Iterable[Columns]) -> Iterator[Columns]:
    """The same rows in larger and smaller pieces: enough to be quick, few enough to be small."""
    held: list[Columns] = []
    for piece in pieces:
        for begin in range(0, rows_of(piece), ROWS):
            held.append(sliced(piece, begin, begin + ROWS))
            if sum(map(rows_of, held)) >= ENOUGH:
                yield joined(held)
                held = []
    if held:
        yield joined(held)


def combined(pieces: Sequence[pa.Table]) -> pa.Table:
    """Pieces of one table below one another; a run without a service has no value for it."""
    import pyarrow as pa

    whole = pa.concat_tables(pieces, promote_options="default")
    names = whole.column_names
    return whole if "tasks" not in names else whole.select(_ordered(names))


def arranged(table: pa.Table, variants: Iterable[str], below: int | None = None) -> pa.Table:
    """Rows in the order of variants and runs, whoever has finished first.

    Args:
        below: only replications below this number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    run = table["run"].to_numpy()
    if below is not None and (run >= below).any():
        table, run = table.filter(pa.array(run < below)), run[run < below]
    place = pc.index_in(table["variant"], value_set=pa.array(list(variants), pa.string()))
    place = place.to_numpy()
    order = np.lexsort((run, place))
    ends = [*(np.flatnonzero(np.diff(order) != 1) + 1), len(order)]
    if len(ends) == 1:
        return table
    if FEW_ROWS * len(ends) > len(order):
        return table.take(order)
    firsts = [0, *ends[:-1]]
    pieces = [table.slice(order[a], b - a) for a, b in zip(firsts, ends, strict=True)]
    return pa.concat_tables(pieces)  # nothing is copied


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """A frame in Arrow, with words as everywhere else."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    kinds = [
        field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(kinds))


def spans_table(record: Recorder, variant: str, run: int) -> pd.DataFrame:
    """One row a phase of a start, in the order of tasks and time."""
    frame: pd.DataFrame = _arrow(span_columns(record, variant, run)).to_pandas()
    return frame


def samples_table(record: Recorder, variant: str, run: int) -> pd.DataFrame:
    """One row a reading of a host's resource."""
    frame: pd.DataFrame = _arrow(sample_columns(record, variant, run)).to_pandas()
    return frame


def empty_tables() -> Tables:
    """The columns, and no row."""
    return {"runs": _runs([]), **{name: _arrow(columns) for name, columns in _no_rows().items()}}


def _no_rows() -> dict[str, Columns]:
    nothing = Recorder(Clock())
    return {"spans": span_columns(nothing, "", 0), "samples": sample_columns(nothing, "", 0)}


def empty_spans() -> pd.DataFrame:
    """The columns of spans, and no row."""
    return spans_table(Recorder(Clock()), "", 0)


def empty_samples() -> pd.DataFrame:
    """The columns of samples, and no row."""
    return samples_table(Recorder(Clock()), "", 0)


def _runs(rows: Sequence[RunRow]) -> pa.Table:
    import pyarrow as pa

    names = _ordered({name for row in rows for name in row} | set(LEADING))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pa.table({name: _listed(c, _kind(name, c)) for name, c in columns.items()})


def _kind(name: str, values: Sequence[Any]) -> Any:
    """Words and counts by name, where there may be no row; what a run adds by its values."""
    import pyarrow as pa

    known = [value for value in values if value is not None]
    if name in WORDS or any(isinstance(value, str) for value in known):
        return pa.string()
    whole = known and all(isinstance(value, int) for value in known)
    return pa.int64() if name in COUNTS or whole else pa.float64()


def _ordered(names: Iterable[str]) -> list[str]:
    """Columns of `runs`, the same whichever run came first; times before slow-downs."""
    rest = set(names) - set(LEADING)
    return [*LEADING, *sorted(rest, key=lambda name: (not name.startswith("time_"), name))]


def _arrow(columns: Columns, *, coded: bool = False) -> pa.Table:
    import pyarrow as pa

    return pa.table({name: _array(column, coded) for name, column in columns.items()})


def _array(column: Column, coded: bool) -> pa.Array:
    import pyarrow as pa

    if isinstance(column, Coded):
        if not len(column.codes):
            return pa.nulls(0, pa.dictionary(pa.int32(), pa.string()) if coded else pa.string())
        codes, named = column.codes, column.words
        if len(named) > len(codes):  # a few rows of a run of many hosts
            used, places = np.unique(codes, return_inverse=True)
            codes = places.astype(np.int32)
            named = tuple(named[code] for code in used)
        words = pa.DictionaryArray.from_arrays(pa.array(codes), _listed(named, pa.string()))
        return words if coded else words.cast(pa.string())
    return pa.array(column) if len(column) else pa.nulls(0, pa.from_numpy_dtype(column.dtype))


def _listed(values: Sequence[Any], kind: Any) -> pa.Array:
    """A list in Arrow, which imports pandas to look at anything, be it empty."""
    import pyarrow as pa

    return pa.array(values, type=kind) if len(values) else pa.nulls(0, kind)
