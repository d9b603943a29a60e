"""A large run is small in memory: readings are packed, and tables are read when asked for."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from runs import assert_same, pair, scenario

from sim.clock import Clock
from sim.core.recorder import Recorder
from sim.experiment import compare, load, replicate
from sim.experiment.running import packed
from sim.experiment.running.columns import PackedSamples, Piece, sample_columns, sample_pieces
from sim.experiment.running.run import run
from sim.experiment.storage import run_folder, run_tables, tables

READINGS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 2), st.floats(), st.floats()), max_size=30
)


def unpacked(piece: Piece) -> Any:
    """The columns of a piece, by name."""
    return piece.columns() if isinstance(piece, PackedSamples) else piece


@settings(deadline=None, max_examples=40)
@given(READINGS)
def test_what_is_packed_is_the_same_to_the_last_bit(readings: list[Any]) -> None:
    """Hosts, resources, times, use and capacity; also what is no number."""
    record = Recorder(Clock())
    for host, resource, used, capacity in readings:
        record.sample(f"host-{host}", f"resource-{resource}", used, capacity)
    names = "sample_host", "sample_resource", "sample_time", "sample_used", "sample_capacity"
    before = [bytes(getattr(record, name)) for name in names]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "BLOCK", 1)
        packed.pack_samples(record)

    blocks = [block for block in record.packed_samples if isinstance(block, packed.Packed)]
    assert len(blocks) == bool(readings)
    assert not record.sample_time
    for block in blocks:
        assert block.rows == len(readings)
        assert [column.tobytes() for column in block.unpacked()] == before


def test_readings_of_hosts_at_rest_take_two_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """30,000 readings of a machine that has long started take two bytes each at most, not 32."""
    resting = scenario(tasks=2, sample_every=1.0, until=10_000.0)
    plain = sample_columns(run(resting, 1, 0), "a", 0)
    monkeypatch.setattr(packed, "BLOCK", 4_000)
    record = run(resting, 1, 0)
    pieces = sample_pieces(record, "a", 0)
    blocks = [block for block in record.packed_samples if isinstance(block, packed.Packed)]
    rows = sum(block.rows for block in blocks)
    used = [piece["used"] for piece in map(unpacked, pieces)]

    assert rows > 20_000
    assert sum(len(c) for block in blocks for _, c in block.columns) < 2 * rows
    assert np.array_equal(np.concatenate(used), plain["used"])


@pytest.mark.parametrize("rows", [pytest.param(1, marks=pytest.mark.long), 7])
def test_what_is_large_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Packed, written some rows at a time and read when asked for: the same tables and summary."""
    small = compare(pair(), times=3, seed=4)
    monkeypatch.setattr(packed, "BLOCK", 1)
    monkeypatch.setattr(run_tables, "LARGE", 0)
    monkeypatch.setattr(tables, "ROWS", rows)
    large = compare(pair(), times=3, seed=4, out=tmp_path)
    in_memory = compare(pair(), times=3, seed=4)

    assert large.starts().equals(small.starts())
    assert_same(large, small)
    assert_same(in_memory, small)
    assert_same(load(tmp_path / "small"), small)
    assert_same(load(in_memory.save(tmp_path / "saved")), small)
    assert_same(pickle.loads(pickle.dumps(compare(pair(), times=3, seed=4))), small)


@pytest.mark.parametrize("parents", [("",), ("", "pull"), ("no phase",)])
def test_words_that_are_read_in_codes_are_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parents: tuple[str, ...]
) -> None:
    """As many runs, in as many parts, as there are: no word is left of a span that was not read."""
    small = compare(pair(), times=2, seed=4)
    monkeypatch.setattr(run_tables, "LARGE", 0)
    large = compare(pair(), times=2, seed=4, out=tmp_path)
    monkeypatch.setattr(run_folder, "FLUSH_SECONDS", -1.0)
    in_parts = compare(pair(), times=2, seed=4, out=tmp_path / "parts")
    in_memory = compare(pair(), times=2, seed=4)
    expected = small.within(parents, coded=True).reset_index(drop=True)

    assert len(expected) or parents == ("no phase",)
    for results in (large, in_parts, in_memory):
        assert_frame_equal(results.within(parents, coded=True), expected)


def test_tables_that_were_not_read_yet_outlive_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More replications replace the files; who has the older results still reads them."""
    monkeypatch.setattr(run_tables, "LARGE", 0)
    few = replicate(scenario(), times=2, seed=3, out=tmp_path)
    many = replicate(scenario(), times=6, seed=3, out=tmp_path)

    assert_same(few, replicate(scenario(), times=2, seed=3))
    assert_same(many, replicate(scenario(), times=6, seed=3))
