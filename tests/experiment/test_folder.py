"""Finished runs on disk: killed, cut short, full or locked, nothing finished is lost."""

import errno
import gc
import os
import random
import re
import resource
import signal
import time
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clocks import HANGS
from forked import forked
from runs import assert_same, pair, scenario, work_until_killed
from worlds import docker

from sim.core.recorder import Recorder
from sim.core.world import World
from sim.experiment import Scenario, compare, load, replicate
from sim.experiment.replication import Interrupted
from sim.experiment.results import Unfinished
from sim.experiment.running import engine
from sim.experiment.running.batch import Batch, Bundle, perform
from sim.experiment.running.own_code import code_digest
from sim.experiment.running.run import run
from sim.experiment.storage import finished_runs
from sim.experiment.storage import part_files as parts
from sim.experiment.storage import run_folder as store
from sim.experiment.storage.manifest import new_manifest, write_manifest
from sim.platforms.recovery.clocks import Recovery
from sim.platforms.recovery.recovering import Recovering
from sim.workload import Fault


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is a part, and batches are small."""
    monkeypatch.setattr(store, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(engine, "BATCH_SECONDS", 0.01)
    keep = (store.FLUSH_SECONDS, engine.BATCH_SECONDS)
    assert keep == (0.0, 0.01)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The runs that this process makes."""
    jobs: list[tuple[str, int]] = []

    def counted(batch: Batch) -> Bundle:
        jobs.extend(batch.runs)
        return perform(batch)

    monkeypatch.setattr("sim.experiment.running.workers.perform", counted)
    return jobs


def only(out: Path) -> Path:
    """The one run folder."""
    return next(path for path in (out / "small").iterdir() if path.name != "latest")


def kept(out: Path) -> set[int]:
    """Numbers of the runs whose part is on disk, to its end."""
    folder = only(out)
    done = [path.stem for path in (folder / "commits").glob("part-*.json")]
    files = [folder / "runs" / f"{stem}.parquet" for stem in done]
    return {run for path in files for run in pq.read_table(path)["run"].to_pylist()}


def files(out: Path) -> list[Path]:
    """Everything in the folders of part files."""
    return [path for name in store.TABLES for path in (only(out) / name).iterdir()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_cannot_be_leaves_no_folder(jobs: int, tmp_path: Path) -> None:
    """A platform that cannot be set up is found in the first run: nothing is left of it.

    What was there before stays, and so do runs that were kept.
    """
    out = tmp_path / "deep" / "results"
    with pytest.raises(ValueError, match="faults: at 0 s no process of a task runs"):
        replicate(nobody(), times=2, out=out, jobs=jobs)
    assert [*tmp_path.iterdir()] == []

    out.mkdir(parents=True)
    replicate(scenario(), times=2, out=out)
    there = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="no process of a task runs"):
        compare({"nobody": nobody()}, times=2, out=out, jobs=jobs)
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.usefixtures("at_once")
def test_runs_that_were_kept_stay_when_another_cannot_be_made(tmp_path: Path) -> None:
    """With fewer replications they may be all that are needed."""
    with pytest.raises(ValueError, match="no process of a task runs"):
        compare({"small": scenario(), "nobody": nobody()}, times=2, out=tmp_path, jobs=1)

    assert kept(tmp_path) == {0}
    assert (tmp_path / "small" / "latest").exists()


def nobody() -> Scenario:
    """A fault that hits a process before there is one."""
    watched = Recovering(platform=docker(), recovery=Recovery(notices=None))
    return scenario(watched, faults=(Fault(at=0.0, what="process"),))


def test_killed_a_dozen_times_and_gone_on_from_there(
    tmp_path: Path, made: list[tuple[str, int]]
) -> None:
    """Only missing runs are made, and the tables are those of an undisturbed run."""
    times = 600
    draw = random.Random(7)
    had: set[int] = set()
    moments = []
    for attempt in range(12):
        begun = forked().Event()
        child = forked().Process(target=work_until_killed, args=(tmp_path, times, begun))
        child.start()
        if attempt % 3:
            assert begun.wait(HANGS)
        time.sleep(draw.uniform(0.0, 0.1))
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL or len(kept(tmp_path)) == times
        if (tmp_path / "small").exists():
            assert had <= kept(tmp_path)
            had = kept(tmp_path)
        moments.append(len(had))
    if len(had) < times:
        with pytest.raises(Unfinished, match="the same command goes on"):
            load(only(tmp_path))
    finished = replicate(scenario(), times=times, seed=3, jobs=1, out=tmp_path)
    again = {number for _, number in made}
    made.clear()

    assert len(set(moments)) > 3, moments
    assert again == set(range(times)) - had
    assert_same(finished, replicate(scenario(), times=times, seed=3, jobs=1))
    assert_same(finished, load(only(tmp_path)))
    assert not [path for path in files(tmp_path) if path.name.startswith(".")]


def test_much_is_told_beforehand(
    tmp_path: Path,
    at_once: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Once, after the first part; twice as many runs are twice as much. Little is not told."""
    told = []
    for times, much in ((100, 2e4), (200, 2e4), (5, 1e9)):
        monkeypatch.setattr(store, "MUCH", much)
        replicate(scenario(), times=times, jobs=1, out=tmp_path / str(times))
        said = re.findall(r"about ([0-9.]+) (kB|MB) will be written", capsys.readouterr().err)
        told += [float(number) * {"kB": 1e3, "MB": 1e6}[unit] for number, unit in said]

    assert len(told) == 2
    assert told[1] == pytest.approx(2 * told[0], rel=0.3)


def test_one_large_run_is_told_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no first part to go by; no less than it takes, and not ten times as much."""
    monkeypatch.setattr(store, "MUCH", 1e3)
    results = replicate(scenario(tasks=900, sample_every=0.5), times=1, jobs=1, out=tmp_path)
    said = re.findall(r"about ([0-9.]+) kB will be written", capsys.readouterr().err)
    assert results.folder is not None
    files = [*results.folder.glob("s*/part*.parquet")]
    whole = sum(file.stat().st_size for file in files)

    assert len(files) == 2
    assert whole < 1e3 * float(said[0]) < 10.0 * whole


def test_the_same_command_makes_no_run_twice(tmp_path: Path, made: list[tuple[str, int]]) -> None:
    """Also with other workers; more replications make only those that are missing."""
    first = compare(pair(), times=4, seed=2, out=tmp_path)
    assert len(made) == 8
    again = compare(pair(), times=4, seed=2, out=tmp_path, jobs=2)
    assert len(made) == 8
    more = compare(pair(), times=6, seed=2, out=tmp_path)

    assert len(made) == 12
    assert first.run_id == more.run_id
    assert_same(first, again)
    assert_same(more, compare(pair(), times=6, seed=2))
    assert more.folder == only(tmp_path)


@pytest.mark.usefixtures("at_once")
def test_tables_on_disk_do_not_depend_on_who_finished_first(tmp_path: Path) -> None:
    """Byte for byte for any number of jobs, saved at the end, or after going on."""
    compare(pair(), times=8, seed=2, jobs=1, out=tmp_path / "one")
    compare(pair(), times=8, seed=2, jobs=2, out=tmp_path / "two")
    compare(pair(), times=5, seed=2, jobs=2, out=tmp_path / "more")
    compare(pair(), times=8, seed=2, jobs=1, out=tmp_path / "more")
    results = compare(pair(), times=8, seed=2, jobs=2)
    results.save(tmp_path / "saved")

    for name in store.TABLES:
        texts = []
        for out in ("one", "two", "more", "saved"):
            (part,) = (only(tmp_path / out) / name).iterdir()
            texts.append(part.read_bytes() if name != "runs" else pq.read_table(part).to_pylist())
        assert texts[0] == texts[1] == texts[2] == texts[3], name
        assert pq.read_table(part).to_pandas().equals(getattr(results, name))


def test_fewer_replications_than_there_are_give_the_tables_of_fewer(tmp_path: Path) -> None:
    """The same command gives the same tables, whatever was run before; what is on disk stays."""
    many = replicate(scenario(), times=6, out=tmp_path)
    few = replicate(scenario(), times=3, out=tmp_path)
    replicate(scenario(), times=2).save(tmp_path)

    assert_same(few, replicate(scenario(), times=3))
    assert_same(many, load(tmp_path / "small"))
    assert kept(tmp_path) == set(range(6))


def test_a_refused_or_broken_run_leaves_a_finished_one_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts until the new one is finished, and then the new one does."""
    few = replicate(scenario(), times=3, out=tmp_path)

    def stopped(what: Scenario, seed: int, replication: int) -> Recorder:  # noqa: ARG001
        raise KeyboardInterrupt

    def unreachable(address: str, jobs: int | None) -> None:  # noqa: ARG001
        raise ConnectionError(f"cluster: {address!r} cannot be used")

    with pytest.raises(ValueError, match="jobs"):
        replicate(scenario(), times=3, jobs=0, out=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("sim.experiment.running.workers.DaskCluster", unreachable)
        with pytest.raises(ConnectionError, match="cluster"):
            replicate(scenario(), times=3, cluster="tcp://127.0.0.1:1", out=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("sim.experiment.running.batch.run", stopped)
        with pytest.raises(Interrupted):
            replicate(scenario(), times=5, jobs=1, out=tmp_path)
    assert_same(few, load(tmp_path / "small"))

    more = replicate(scenario(), times=5, out=tmp_path)
    assert_same(more, load(tmp_path / "small"))


def hold(out: Path, ready: Any) -> None:
    """Work in a folder for ever."""

    def first(_: Any) -> None:
        ready.set()
        time.sleep(2.0 * HANGS)

    store.RunFolder.add = lambda _, bundle: first(bundle)  # type: ignore[method-assign]
    replicate(scenario(), times=2, jobs=1, out=out)


def test_a_second_process_on_one_folder_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the folder's name; when the first is killed, its lock has gone."""
    monkeypatch.setattr(finished_runs, "SAVE_WAITS", 0.1)
    ready = forked().Event()
    first = forked().Process(target=hold, args=(tmp_path, ready), daemon=True)
    first.start()
    assert ready.wait(HANGS)
    with pytest.raises(BlockingIOError, match="another process works there"):
        replicate(scenario(), times=2, out=tmp_path)
    with pytest.raises(BlockingIOError, match="another process works there"):
        replicate(scenario(), times=2).save(tmp_path)
    first.kill()
    first.join()

    assert len(replicate(scenario(), times=2, out=tmp_path).runs) == 2


@pytest.mark.usefixtures("at_once")
def test_a_full_disk_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[tuple[str, int]]
) -> None:
    """The message says how much and where; there is no draft left, and the command goes on."""
    write, left = pq.ParquetWriter.write_table, iter(range(7))

    def full(self: Any, table: Any) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, table)

    with monkeypatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", full)
        with pytest.raises(
            OSError, match=r"^[^\[]*parquet: No space left.*of 40 runs are kept in .*small"
        ):
            replicate(scenario(), times=40, seed=5, jobs=1, out=tmp_path)
    there = kept(tmp_path)
    made.clear()
    finished = replicate(scenario(), times=40, seed=5, jobs=1, out=tmp_path)

    assert there
    assert {number for _, number in made} == set(range(40)) - there
    assert_same(finished, replicate(scenario(), times=40, seed=5))
    assert not [path for path in files(tmp_path) if path.name.startswith(".")]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Before any run is made."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        replicate(scenario(), times=10**9, out=tmp_path / "file")


@pytest.mark.parametrize("table", ["runs", "spans", "samples", "gone"])
@pytest.mark.usefixtures("at_once")
def test_a_truncated_part_is_named_and_its_runs_are_made_again(
    table: str, tmp_path: Path, made: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    """`load` refuses; the same command makes only those runs."""
    whole = replicate(scenario(sample_every=1.0), times=5, jobs=1, out=tmp_path)
    replicate(scenario(sample_every=1.0), times=9, jobs=1, out=tmp_path)
    path = sorted((only(tmp_path) / ("spans" if table == "gone" else table)).iterdir())[0]
    if table == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ValueError, match=path.name):
        load(only(tmp_path))
    made.clear()
    again = replicate(scenario(sample_every=1.0), times=5, jobs=1, out=tmp_path)

    assert path.name in capsys.readouterr().err
    assert made
    assert_same(again, whole)


def test_a_flipped_bit_in_a_part_is_found(tmp_path: Path) -> None:
    """The size is right; a checksum is not."""
    replicate(scenario(), times=5, out=tmp_path)
    path = next((only(tmp_path) / "spans").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=path.name):
        load(only(tmp_path))


@pytest.mark.usefixtures("at_once")
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the 20th run."""

    def stopped(what: Scenario, seed: int, replication: int) -> Recorder:
        if replication == 20:
            raise KeyboardInterrupt
        return run(what, seed, replication)

    with monkeypatch.context() as patch:
        patch.setattr("sim.experiment.running.batch.run", stopped)
        with pytest.raises(Interrupted, match=r"of 30 runs are kept in .*same command goes on"):
            replicate(scenario(), times=30, jobs=1, out=tmp_path)

    assert 0 < len(kept(tmp_path)) <= 20
    assert_same(replicate(scenario(), times=30, out=tmp_path), replicate(scenario(), times=30))


def test_runs_of_another_model_are_not_mixed_with_ours(
    tmp_path: Path, made: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are made again, and that is said."""
    with monkeypatch.context() as patch:
        patch.setattr("sim.experiment.storage.manifest.code_digest", lambda: "older")
        replicate(scenario(), times=3, out=tmp_path)
    made.clear()
    replicate(scenario(), times=3, out=tmp_path)

    assert len(made) == 3


def test_an_unfinished_folder_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before its first part; there is nothing in it that could be taken for an answer."""

    def stopped(what: Scenario, seed: int, replication: int) -> Recorder:  # noqa: ARG001
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.experiment.running.batch.run", stopped)
    with pytest.raises(Interrupted):
        replicate(scenario(), times=3, jobs=1, out=tmp_path)
    with pytest.raises(Unfinished, match="0 runs are kept"):
        load(tmp_path / "small")


def test_a_run_that_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    """Where the runs are to be made is looked at first."""
    with pytest.raises(ValueError, match="jobs"):
        replicate(scenario(), times=3, jobs=0, out=tmp_path)

    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("at_once")
def test_hundreds_of_runs_are_tens_of_files(tmp_path: Path) -> None:
    """Although every batch is a part of its own at first."""
    most = 0

    def watched(self: store.RunFolder, bundle: Bundle) -> None:
        nonlocal most
        add(self, bundle)
        most = max(most, len(files(tmp_path)))

    add = store.RunFolder.add
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.RunFolder, "add", watched)
        replicate(scenario(tasks=1), times=120, jobs=1, out=tmp_path)

    assert most <= 3 * (parts.MANY + 1) < 100
    assert len(files(tmp_path)) == 3


def peak_after(out: Path, bundles: int, answer: Any) -> None:
    """Peak memory of a process that keeps so many megabytes, bytes."""
    store.FLUSH_BYTES = 1_000_000
    parts.SMALL, parts.MERGED = 50_000, 100_000
    one = {"a": scenario(sample_every=0.001)}
    made = perform(Batch((("a", 0), ("a", 1)), one, 1, code_digest()))
    with store.RunFolder(out, new_manifest("small", {}, seed=1, catalogue=""), {}) as folder:
        for _ in range(bundles):
            folder.add(made)
    answer.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def test_memory_stays_flat_while_runs_are_made(tmp_path: Path) -> None:
    """Forty megabytes of columns more do not take that much more; an allocator takes some."""
    peaks = []
    for bundles in (parts.MANY + 5, parts.MANY + 45):  # both have merged some
        here, there = forked().Pipe()
        child = forked().Process(target=peak_after, args=(tmp_path / str(bundles), bundles, there))
        child.start()
        peaks.append(here.recv())
        child.join()

    assert peaks[1] - peaks[0] < 30e6, peaks


def test_a_world_has_gone_before_the_next_run_begins() -> None:
    """It is one large cycle, and a worker makes thousands of them."""
    gc.collect()
    alive = [0]

    def counted(what: Scenario, seed: int, replication: int) -> Recorder:
        alive.append(sum(type(thing) is World for thing in gc.get_objects()))
        return run(what, seed, replication)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.experiment.running.batch.run", counted)
        replicate(scenario(), times=5, jobs=1)

    assert alive == [0] * 6


def test_workers_of_arrow_hold_no_python_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that lets go of it when Python ends would abort it: a third of loads of 30 MB did."""
    compare(pair(), times=2, seed=2, out=tmp_path)
    sources, opened = [], pq.ParquetFile

    def seen(source: Any, **options: Any) -> Any:
        sources.append(source)
        return opened(source, **options)

    monkeypatch.setattr(pq, "ParquetFile", seen)
    results = load(only(tmp_path))

    assert len(results.runs) == 4
    assert len(results.spans) > 4
    assert len(sources) >= 2
    assert {type(source) for source in sources} <= {pa.BufferReader, pa.OSFile}


def test_a_manifest_holds_no_number_that_json_has_not(tmp_path: Path) -> None:
    """Nor is one written as a word, which a reader takes for a name; nothing is left behind."""
    with pytest.raises(ValueError, match="JSON"):
        write_manifest(tmp_path, {"seed": float("nan")}, {})

    assert not list(tmp_path.iterdir())


def no_modes(*_: object, **__: object) -> NoReturn:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_a_save_has_the_modes_of_whoever_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that shares its results can write there; FAT and some shares know no modes at all."""
    monkeypatch.setattr(os, "chmod", no_modes)
    before = os.umask(0o007)
    try:
        saved = replicate(scenario(), times=2).save(tmp_path / "out")
    finally:
        os.umask(before)

    assert {path.stat().st_mode & 0o777 for path in (saved, saved / "runs")} == {0o770}
    assert (saved / "manifest.json").stat().st_mode & 0o777 == 0o660
