"""A batch: some runs that are made one after the other in one place, wherever that is.

This is all a worker process imports: no table library, no platform but those of its scenarios.
"""

import gc
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from sim.experiment.running.columns import (
    Columns,
    Piece,
    joined,
    joined_pieces,
    rows_of,
    sample_pieces,
    span_columns,
)
from sim.experiment.running.own_code import code_digest, module_digest
from sim.experiment.running.run import Runnable, RunRow, run, run_row

RunKey: TypeAlias = tuple[str, int]
"""Variant and number of a replication."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Runs that a worker is to make."""

    runs: tuple[RunKey, ...]
    scenarios: Mapping[str, Runnable]
    seed: int
    code: str
    """Fingerprint of the model; a worker with another one refuses."""
    own: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints of the user's own modules that the scenarios need; the same holds for them."""
    tables: bool = True
    """Whether spans and samples are wanted, or only the row of each run."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The results of a batch."""

    rows: list[RunRow]
    spans: Columns
    samples: list[Piece]
    seconds: float
    """CPU time of the runs: a busy machine is no reason to start more processes."""


def rows_in(bundle: Bundle) -> int:
    """How many spans and samples it has."""
    return rows_of(bundle.spans) + sum(map(rows_of, bundle.samples))


def perform(batch: Batch) -> Bundle:
    """Make the runs of a batch.

    Raises:
        ValueError: this worker has another version of the model, or of a module of the user's.
    """
    if batch.code != code_digest():
        raise ValueError("cluster: a worker has another version of berthsim; install the same one")
    for module, digest in batch.own.items():
        if module in sys.modules and module_digest(module) != digest:  # else it came by value
            raise ValueError(f"cluster: a worker has another version of {module}; start it anew")
    begun = time.process_time()
    with _without_garbage():
        done = [_perform(batch, key) for key in batch.runs]
    rows, spans, samples = zip(*done, strict=True)
    pieces = joined_pieces(piece for each in samples for piece in each)
    return Bundle(list(rows), joined(spans), pieces, time.process_time() - begun)


def _perform(batch: Batch, key: RunKey) -> tuple[RunRow, Columns, list[Piece]]:
    """One run; its world, which is one large cycle, is gone when the next one begins."""
    variant, number = key
    record = run(batch.scenarios[variant], batch.seed, number)
    row = run_row(record, variant, number)
    spans = span_columns(record, variant, number) if batch.tables else {}
    samples = sample_pieces(record, variant, number) if batch.tables else []
    del record
    gc.collect(0)
    return row, spans, samples


@contextmanager
def _without_garbage() -> Iterator[None]:
    """Collect garbage only between runs: at another moment a live world would be taken for old."""
    was_enabled = gc.isenabled()
    gc.collect(0)
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
