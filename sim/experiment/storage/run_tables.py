"""The tables of all runs: small ones in memory, large ones read when somebody asks for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from sim.experiment.storage.tables import arranged, combined, empty_tables

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

LARGE = 250_000
"""Spans and samples from which they stay where they are (some 100 MB in memory)."""


class Chunks(Protocol):
    """Gives a table, or some of its columns, some rows at a time, as often as it is asked."""

    def __call__(
        self, table: str, columns: Sequence[str] | None = None, *, coded: bool = False
    ) -> Iterator[pa.Table]:
        """The rows.

        Args:
            coded: words may come as codes, with a dictionary, as they are on disk.
        """
        ...


class RunTables:
    """Tables by name, each in the order of variants and runs, whoever has finished first.

    Args:
        chunks: gives them in any order.
        rows: spans and samples.
        order: variants that come first, in their order.
        below: only replications below this number.
    """

    def __init__(
        self, chunks: Chunks, rows: int, order: Iterable[str], below: int | None = None
    ) -> None:
        self.chunks = chunks
        self.large = rows > LARGE
        self._below = below
        whole = combined([empty_tables()["runs"], *chunks("runs")]).replace_schema_metadata(None)
        self._order = dict.fromkeys([*order, *whole["variant"].to_pylist()])
        self.runs: pa.Table = arranged(whole, self._order, below)

    def frame(self, table: str) -> pd.DataFrame:
        """Spans or samples."""
        pieces = [empty_tables()[table], *self.chunks(table)]
        return self._arranged(pieces)

    def within(
        self,
        parents: Collection[str],
        columns: Sequence[str] | None = None,
        *,
        coded: bool = False,
    ) -> pd.DataFrame:
        """The spans with these parents, or some columns; no more than these are in memory.

        Args:
            coded: words as categories, of which there are few.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        empty = empty_tables()["spans"]
        asked = empty.column_names if columns is None else [*columns, "parent"]
        wanted = pa.array(parents, pa.string())
        found = chain([empty.select(asked)], self.chunks("spans", asked, coded=coded))
        pieces = [chunk.filter(pc.is_in(chunk["parent"], value_set=wanted)) for chunk in found]
        return self._arranged([*map(_in_codes, pieces)] if coded else pieces)

    def _arranged(self, pieces: Sequence[pa.Table]) -> pd.DataFrame:
        whole = combined(pieces).replace_schema_metadata(None).unify_dictionaries()
        frame: pd.DataFrame = arranged(whole, self._order, self._below).to_pandas()
        return frame


def _in_codes(table: pa.Table) -> pa.Table:
    """The same with words as codes, unless they are already."""
    import pyarrow as pa

    for number, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(number, field.name, table[number].dictionary_encode())
    return table
