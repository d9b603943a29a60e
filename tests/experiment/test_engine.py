"""Runs in several places at once: the same tables, whoever makes them and whoever dies."""

import itertools
import logging
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NoReturn

import loky
import pytest
from clocks import HANGS, wait_until
from forked import forked
from own_platforms import DiesOnce, Waits
from runs import assert_same, pair, scenario

from sim.core.recorder import Recorder
from sim.experiment import Results, Scenario, compare, replicate
from sim.experiment.running import engine, progress, workers
from sim.experiment.running.batch import Batch, Bundle, perform
from sim.experiment.running.engine import Engine
from sim.experiment.running.own_code import code_digest
from sim.experiment.running.run import run
from sim.experiment.running.stopping import Number
from sim.experiment.running.workers import InProcess, ProcessPool, StartingPool, Workers, using
from sim.experiment.storage.run_folder import InMemory


def test_two_workers_give_the_tables_of_one() -> None:
    """Byte for byte, in the same order of rows and columns; variants share random numbers."""
    one = compare(pair(), times=7, seed=2, jobs=1)
    two = compare(pair(), times=7, seed=2, jobs=2)

    assert_same(one, two)
    assert two.spans.to_csv() == one.spans.to_csv()
    assert len(one.samples) > 0
    assert one.runs["refused"].sum() > 0


def test_a_worker_process_imports_no_tables_and_nothing_above_the_experiment() -> None:
    """After a run, in a fresh interpreter: what a worker imports is what `perform` needs."""
    code = (
        "import sys, pickle\n"
        "from sim.experiment.running.batch import perform\n"
        "perform(pickle.loads(sys.stdin.buffer.read()))\n"
        "heavy = ['pandas', 'pyarrow', 'scipy', 'matplotlib', 'loky', 'filelock', 'tqdm']\n"
        "above = ['sim.catalog', 'sim.studies', 'sim.scenario_file', 'sim.cli', 'sim.plots']\n"
        "print([m for m in heavy + above if m in sys.modules])"
    )
    batch = Batch((("a", 0), ("a", 1)), {"a": scenario()}, 1, code_digest())
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(batch), capture_output=True, check=True
    )

    assert done.stdout.strip() == b"[]"


def test_a_worker_process_never_gets_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even while it imports what would ignore it; the process that starts it does."""
    asked = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
    said: list[str] = []

    class Executor:
        def submit(self, *_: object) -> Future[Bundle]:
            said.append(subprocess.check_output([sys.executable, "-S", "-c", asked], text=True))
            return Future()

    pool = ProcessPool(2)
    monkeypatch.setattr(pool, "_executor", Executor())
    pool.submit(Batch((("a", 0),), {"a": scenario()}, 1, code_digest()))

    assert said == ["True\n"]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.usefixtures("one_worker")
def test_runs_of_a_worker_that_is_killed_are_made_again(tmp_path: Path) -> None:
    """The first run kills its process; another one takes its place."""
    dying = scenario(DiesOnce(mark=tmp_path / "died"))
    disturbed = replicate(dying, times=5, jobs=2)

    assert (tmp_path / "died").exists()
    assert_same(disturbed, replicate(dying, times=5, jobs=1))


def start_a_worker(tell: Any) -> None:
    """A process with a worker of its own, which it says the number of."""
    pool = ProcessPool(1)
    pool.revive()
    tell.send(pool._executor.submit(os.getpid).result())
    time.sleep(2.0 * HANGS)


def leave_a_worker() -> None:
    """A process that ends while its worker waits for whoever needs it next, for ever."""
    workers.IDLE = math.ceil(10.0 * HANGS)
    pool = ProcessPool(1)
    pool.revive()
    pool._executor.submit(os.getpid).result()


def test_a_process_with_workers_of_its_own_ends() -> None:
    """`multiprocessing` would wait for workers that nobody has told to go."""
    process = forked().Process(target=leave_a_worker)
    process.start()
    process.join(HANGS)
    process.kill()

    assert process.exitcode == 0


def no_memory(*_: object) -> NoReturn:
    raise MemoryError


def leave_a_worker_without_memory() -> None:
    """The same, where there is no memory to look for what the worker has started."""
    loky.process_executor.kill_process_tree = no_memory
    logging.disable()
    threading.excepthook = lambda _: None
    leave_a_worker()


def test_a_process_without_memory_ends_its_workers() -> None:
    """The thread of loky's that ends them has died of it; `multiprocessing` would wait for them."""
    process = forked().Process(target=leave_a_worker_without_memory)
    process.start()
    process.join(HANGS)
    hangs = process.exitcode is None
    process.kill()

    assert not hangs


def dying_threads(monkeypatch: pytest.MonkeyPatch, deaths: float) -> None:
    """The first threads of loky's that hand out batches and take answers in end at once."""
    loky.get_reusable_executor().shutdown(kill_workers=True)
    manager, left = loky.process_executor._ExecutorManagerThread, itertools.count(deaths, -1)
    whole = manager.run

    def begin(thread: Any) -> None:
        if next(left) <= 0:
            whole(thread)

    monkeypatch.setattr(manager, "run", begin)
    monkeypatch.setattr(engine, "LOOK", 0.05)


@pytest.mark.usefixtures("one_worker")
def test_runs_that_nobody_is_left_to_hear_of_are_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread of loky's ends where there is no memory; nothing else would ever say so."""
    alone = replicate(scenario(), times=4, jobs=1)
    dying_threads(monkeypatch, 1)

    assert_same(replicate(scenario(), times=4, jobs=2), alone)


@pytest.mark.usefixtures("one_worker")
def test_where_nobody_ever_hears_of_the_runs_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And it ends."""
    dying_threads(monkeypatch, math.inf)
    with pytest.raises(ChildProcessError, match="keep dying"):
        replicate(scenario(), times=4, jobs=2)


def test_processes_of_somebody_else_are_left_alone() -> None:
    """A notebook may have an executor of loky's of its own."""
    theirs, ours = loky.ProcessPoolExecutor(1), ProcessPool(1)
    worker = theirs.submit(os.getpid).result()
    ours.revive()
    ours._executor.submit(os.getpid).result()
    try:
        ours.give_up([])

        assert theirs.submit(os.getpid).result() == worker
    finally:
        theirs.shutdown(kill_workers=True)


def test_a_worker_goes_when_its_parent_is_killed() -> None:
    """Nobody else would end it before it has been idle for a minute, or wait for it then."""
    here, there = forked().Pipe()
    parent = forked().Process(target=start_a_worker, args=(there,))
    parent.start()
    worker = here.recv()
    parent.kill()
    parent.join()

    wait_until(lambda: has_ended(worker))


def has_ended(pid: int) -> bool:
    """Whether a process has; where nobody is told, as in a container, it keeps its number."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return told.rpartition(")")[2].split()[0] in "XZ"


def test_a_worker_with_another_model_is_refused() -> None:
    """Its runs would not be ours."""
    with pytest.raises(ValueError, match="another version"):
        perform(Batch((("a", 0),), {"a": scenario()}, 1, "0123"))


class Counting(Workers):
    """Two workers that are this process, and count what they are given."""

    def __init__(self) -> None:
        super().__init__(1, None)
        self.batches: list[Batch] = []

    @property
    def count(self) -> int:
        """As if there were two."""
        return 2

    def submit(self, batch: Batch, *_: object) -> Future[Bundle]:
        """Count it, run it, and say that each run took 40 ms."""
        self.batches.append(batch)
        future: Future[Bundle] = Future()
        bundle = perform(batch)
        future.set_result(Bundle(bundle.rows, bundle.spans, bundle.samples, 0.04 * len(batch.runs)))
        return future


def test_a_short_first_run_is_no_reason_to_start_processes() -> None:
    """A part of it is what is made once; from the second batch on the mean counts."""
    told: list[tuple[float, int]] = []

    class Alone(Counting):
        """One, that notes what it is told before each batch."""

        count = 1

        def grow(self, each: float, left: int) -> None:
            """Note it."""
            told.append((each, left))

    one: dict[str, Scenario] = {"a": scenario(tasks=1)}
    Engine(one, seed=1, target=Number(100), store=InMemory(), workers=Alone()).run()

    assert told[:2] == [(0.0, 100), (0.0, 99)]
    assert {round(each, 9) for each, _ in told[2:]} == {0.04}


def test_short_runs_travel_in_batches() -> None:
    """400 runs of 40 ms: no run twice, tens of batches, none above a second of work."""
    workers = Counting()
    one: dict[str, Scenario] = {"a": scenario(tasks=1)}
    Engine(one, seed=1, target=Number(400), store=InMemory(), workers=workers).run()
    jobs = [job for batch in workers.batches for job in batch.runs]

    assert sorted(jobs) == [("a", n) for n in range(400)]
    assert len(workers.batches) < 60
    assert max(len(batch.runs) for batch in workers.batches) == 25
    assert len(workers.batches[-1].runs) <= 2


def test_a_clock_too_coarse_for_a_run_is_no_division_by_zero() -> None:
    """Some systems count CPU time in hundredths of a second."""

    class Coarse(Counting):
        """As if runs took no time."""

        def submit(self, batch: Batch, *_: object) -> Future[Bundle]:
            """Run it, and say that it took none."""
            future: Future[Bundle] = Future()
            bundle = perform(batch)
            future.set_result(Bundle(bundle.rows, bundle.spans, bundle.samples, 0.0))
            return future

    store = InMemory()
    one: dict[str, Scenario] = {"a": scenario(tasks=1)}
    Engine(one, seed=1, target=Number(5), store=store, workers=Coarse()).run()

    assert store.tables(one).runs.num_rows == 5


def saying(done: Path) -> Callable[[str], None]:
    """`say`, and then a file that runs may wait for."""

    def say(text: str) -> None:
        progress.say(text)
        done.touch()

    return say


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("jobs", [1, 2])
def test_runs_that_do_not_end_are_named(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A while after the last one that did: which they are, wherever they are made."""
    monkeypatch.setattr(engine, "SILENCE", 0.05)
    monkeypatch.setattr(engine, "say", saying(said_it := tmp_path / "said"))
    replicate(scenario(Waits(until=said_it)), times=2, jobs=jobs)

    told = "no run has ended for 0.05 s; under way or waiting: run {} of small"
    said = capsys.readouterr().err
    assert any(told.format(number) in said for number in range(jobs))  # two begin at once


def test_a_long_run_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Starts that are ready, of those that began, and its clock."""
    starts = replicate(scenario(tasks=20), times=1, jobs=1).starts()["time_to_ready_s"]
    middle = starts.mean()
    monkeypatch.setattr(engine, "SILENCE", 0.02)
    monkeypatch.setattr(engine, "say", saying(said_it := tmp_path / "said"))
    replicate(scenario(Waits(until=said_it, at=middle), tasks=20), times=1, jobs=1)

    told = f"({(starts < middle).sum()} of 20 starts ready, {middle:.0f} s on its clock)"
    assert told in capsys.readouterr().err


def test_where_runs_are_made_can_be_configured_around_a_call() -> None:
    """Scripts do so; the call need not know."""
    with using(jobs=3), Workers(None, None) as workers:
        assert workers.count == 3
    with Workers(None, None) as workers:
        assert workers.count == 1


@pytest.mark.parametrize(
    ("each", "left", "there", "chosen"),
    [
        (0.05, 70, False, InProcess),  # 3.5 s: while others start, most of it is made
        (0.05, 100, False, StartingPool),
        (2.5, 2, False, StartingPool),
        (60.0, 1, False, InProcess),  # one alone takes as long there, and they have to start
        (0.3, 2, True, ProcessPool),
        (0.2, 2, True, InProcess),
        (60.0, 1, True, InProcess),
    ],
)
def test_this_process_is_left_only_for_enough_work(
    each: float, left: int, there: bool, chosen: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several runs, and longer than starting others takes; those of a call before are there."""
    monkeypatch.setattr(loky, "cpu_count", lambda: 2)
    monkeypatch.setattr(ProcessPool, "idle_since", time.monotonic() if there else -math.inf)
    with Workers(None, None) as workers:
        workers.grow(each, left)

        assert type(workers._executor) is chosen


def test_this_process_goes_on_while_others_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for processes that have not answered yet; who is up is given all the rest."""
    given: list[Future[Any]] = []

    def hand(self: ProcessPool, own: object, *what: object) -> Future[Any]:  # noqa: ARG001
        given.append(Future())
        return given[-1]

    monkeypatch.setattr(ProcessPool, "_hand", hand)
    pool, batch = StartingPool(2), Batch((("a", 0),), {"a": scenario(tasks=1)}, 1, code_digest())
    first, second = (pool.submit(batch) for _ in range(2))

    assert len(given) == 1
    assert [each.result().rows[0]["ready"] for each in (first, second)] == [1, 1]
    assert pool.count == 1
    given[0].set_result(os.getpid())
    assert pool.count == 2
    assert pool.submit(batch) is given[1]


def test_as_many_processes_start_as_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although none of them counts before one is up."""
    asked: list[int] = []

    class Executor:
        def __init__(self, jobs: int, **_: object) -> None:
            asked.append(jobs)

        def submit(self, *_: object) -> Future[int]:
            return Future()

    monkeypatch.setattr(loky, "get_reusable_executor", Executor)
    monkeypatch.setattr(workers, "_last_of_all", lambda _: None)
    pool = StartingPool(7)
    pool.start({})

    assert (asked, pool.count) == ([7], 1)


def test_processes_that_were_not_up_yet_are_not_counted_upon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next call would wait for them."""
    monkeypatch.setattr(ProcessPool, "idle_since", -math.inf)
    pool = StartingPool(2)
    pool.close(failed=False)
    assert ProcessPool.idle_since == -math.inf
    pool._first = Future()
    pool._first.set_result(os.getpid())
    pool.close(failed=False)

    assert ProcessPool.idle_since > 0.0


class AtOnce(StartingPool):
    """Processes that are up at once, and are this one."""

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self.given: list[int] = []

    def _hand(self, own: object, function: Any, *args: Any) -> Future[Any]:  # noqa: ARG002
        future: Future[Any] = Future()
        future.set_result(function(*args))
        self.given += [number for each in args for _, number in each.runs]
        return future


def made_beside(
    left: int, worth: float, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[int], Results]:
    """Runs that others were given until the first one, which waits for one of them, was over."""
    pool, given = AtOnce(2), []

    def waits(what: Scenario, seed: int, replication: int) -> Recorder:
        if replication == 0:
            patient = HANGS if left and worth < 1.0 else 3 * workers.SAYS_LITTLE
            deadline = time.monotonic() + patient
            while not pool.given and time.monotonic() < deadline:
                time.sleep(0.001)
            given.extend(pool.given)
        return run(what, seed, replication)

    with monkeypatch.context() as patch:
        patch.setattr("sim.experiment.running.batch.run", waits)
        patch.setattr(workers, "StartingPool", lambda _: pool)
        patch.setattr(workers, "WORTH_STARTING", worth)
        patch.setattr(loky, "cpu_count", lambda: 2)
        results = replicate(scenario(), times=1 + left, seed=2)
    return given, results


def test_a_batch_of_many_short_runs_is_no_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the work in 0.2 s leaves as much, not a hundred times as much."""
    begun: list[int] = []

    def busy(self: InProcess, batch: Batch) -> Future[Bundle]:  # noqa: ARG001
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        return Future()

    def begins(jobs: int) -> AtOnce:
        begun.append(jobs)
        return AtOnce(jobs)

    monkeypatch.setattr(InProcess, "submit", busy)
    monkeypatch.setattr(workers, "StartingPool", begins)
    monkeypatch.setattr(loky, "cpu_count", lambda: 2)
    runs = tuple(("a", number) for number in range(100))
    with Workers(None, None) as these:
        these.submit(Batch(runs, {"a": scenario(tasks=1)}, 1, code_digest()), left=100)

    assert begun == []


@pytest.mark.parametrize("left", [1, 7])
def test_while_a_long_run_is_made_here_others_make_the_next_ones(
    left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where only one is left; and the tables are those of one process."""
    given, results = made_beside(left, 1e-9, monkeypatch)

    assert given[:1] == [1]
    assert_same(results, replicate(scenario(), times=1 + left, seed=2, jobs=1))


def test_a_short_run_and_a_run_that_is_the_last_call_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tenth of a second is no reason to start processes, and neither is any time for no run."""
    assert made_beside(3, 4.0, monkeypatch)[0] == []
    assert made_beside(0, 1e-9, monkeypatch)[0] == []


@pytest.mark.parametrize(
    ("jobs", "cluster", "message"),
    [(0, None, "jobs: 0"), (2, "tcp://127.0.0.1:9", "as many workers as it has")],
)
def test_impossible_places_are_refused(jobs: int, cluster: str | None, message: str) -> None:
    """With the field and the value."""
    with pytest.raises(ValueError, match=message):
        replicate(scenario(), times=1, jobs=jobs, cluster=cluster)


@pytest.mark.parametrize(("jobs", "cluster"), [(2, None), (None, "local")])
def test_no_process_is_begun_in_a_folder_that_was_removed(
    jobs: int | None, cluster: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not be, which its library tells in its own words; one process alone does it all."""
    out, gone = tmp_path / "out", tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ValueError, match="jobs: the present folder was removed"):
        replicate(scenario(), times=2, jobs=jobs, cluster=cluster, out=out)
    assert not out.exists()

    monkeypatch.setattr(workers, "WORTH_STARTING", 0.0)
    assert len(replicate(scenario(), times=2, out=out).runs) == 2


class Swallows:
    """Gets Ctrl-C as it is taken apart, which Python only tells of."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_that_python_has_swallowed_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask's futures are taken apart while it waits for others."""
    place, looks = Workers(1, None), itertools.count()

    def look_after(_: object) -> None:
        if next(looks):
            raise KeyboardInterrupt  # the one that was noted was not heard
        Swallows()

    monkeypatch.setattr(engine, "LOOK", 0.01)
    monkeypatch.setattr(place, "submit", lambda *_: Future())
    monkeypatch.setattr(place, "look_after", look_after)
    makes = Engine({"small": scenario()}, seed=1, target=Number(1), store=InMemory(), workers=place)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        makes.run()

    assert next(looks) == 1
    assert signal.getsignal(signal.SIGINT) is before
