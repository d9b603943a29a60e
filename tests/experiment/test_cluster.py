"""Dask: the same call, the same tables, and a worker that dies."""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clocks import HANGS, wait_until
from interrupts import interrupted_at
from own_platforms import DiesAlways, DiesOnce
from runs import assert_same, pair, scenario

from sim.experiment import compare, replicate
from sim.experiment.running import engine
from sim.experiment.running.workers import DaskCluster
from sim.experiment.storage import run_folder as store

pytestmark = pytest.mark.filterwarnings("default")  # Dask's packages warn about one another


@pytest.fixture
def address() -> Iterator[str]:
    """A real scheduler, with two workers that are threads of this process: quick to start."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def test_a_dask_cluster_gives_the_tables_of_one_process(address: str, tmp_path: Path) -> None:
    """By its address; in a folder, too."""
    one = compare(pair(), times=6, seed=2, jobs=1)

    assert_same(compare(pair(), times=6, seed=2, cluster=address, out=tmp_path), one)


def test_a_cluster_that_is_not_there_is_named() -> None:
    """Before anything is run."""
    distributed = pytest.importorskip("distributed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distributed, "Client", _no_one)
        with pytest.raises(ConnectionError, match=r"'tcp://127\.0\.0\.1:9' cannot be used"):
            replicate(scenario(), times=1, cluster="tcp://127.0.0.1:9")


def test_where_nobody_listens_is_said_in_words() -> None:
    """Not in the number that the operating system has for it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConnectionError) as told:
            replicate(scenario(), times=1, cluster=address)

    assert "cannot be used; nobody answers there (connection refused)" in str(told.value)
    assert "Errno" not in str(told.value)


def test_a_scheduler_of_ours_does_not_hear_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sends it to all of us: who is asked to stop is told of that, not of a scheduler
    that has gone.
    """
    local = pytest.importorskip("distributed.deploy.subprocess")
    heard: list[bool] = []

    def begun(**_: object) -> None:
        heard.append(signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, []))
        raise OSError("seen")

    monkeypatch.setattr(local, "SubprocessCluster", begun)
    with pytest.raises(OSError, match="seen"):
        replicate(scenario(), times=1, cluster="local")

    assert heard == [False]


@pytest.mark.long
def test_ctrl_c_in_a_terminal_stops_a_local_cluster_in_a_sentence(tmp_path: Path) -> None:
    """Whenever it comes, and to whomever: 130, and the same command goes on."""
    (tmp_path / "small.yaml").write_text(SLOW, encoding="utf-8")
    command = [sys.executable, "-m", "sim", "run", "small.yaml", "--cluster", "local", "--jobs=1"]
    for seconds in (0.0, 0.3, 1.0):
        shutil.rmtree(tmp_path / "results", ignore_errors=True)
        run = subprocess.Popen(
            command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        wait_until(lambda: any(tmp_path.rglob("commits/part-*")))
        time.sleep(seconds)
        os.killpg(run.pid, signal.SIGINT)
        said = run.communicate(timeout=HANGS)[1]

        assert run.returncode == 130, said
        assert "stopped; " in said
        assert "Traceback" not in said


SLOW = """\
name: small
platform: ecs
host: {instance: m5.2xlarge, count: 3}
service: {app: java, cpu: 0.5, memory: 1GiB}
arrivals: {tasks: 40, per_second: 1}
sample_every: 1s
serve: 200s
replications: 200
"""


def _no_one(*_: object, **__: object) -> None:
    raise OSError("Timed out trying to connect")


@pytest.mark.long
def test_runs_of_a_dask_worker_that_is_killed_are_made_again_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two worker processes, one of which is killed while it runs."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}:{here.parent}")  # of `runs` and `worlds`
    dying = scenario(DiesOnce(mark=tmp_path / "died"))
    disturbed = replicate(dying, times=40, cluster="local", jobs=2)

    assert (tmp_path / "died").exists()
    assert_same(disturbed, replicate(dying, times=40, jobs=1))


@pytest.mark.long
def test_a_run_of_which_every_dask_worker_dies_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence, as of worker processes without Dask."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}:{here.parent}")  # of `runs` and `worlds`
    dying = scenario(DiesAlways())

    with pytest.raises(ChildProcessError, match="its workers keep dying"):
        replicate(dying, times=1, cluster="local", jobs=1, out=tmp_path)


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp://", "http://x:1", "inproc://x", "", "tcp://x"]
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(address: str) -> None:
    """In words that say what an address is."""
    with pytest.raises(ConnectionError, match=r"is not allowed; the address of a Dask scheduler"):
        replicate(scenario(), times=1, cluster=address)


@pytest.mark.long
@pytest.mark.parametrize("dies", ["worker", "scheduler", "client"])
def test_whoever_of_a_cluster_is_killed_the_same_command_goes_on(
    dies: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three processes, one of which is killed once runs are kept: a sentence, then all of them."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(here), str(here.parent), *sys.path]))
    scheduler, address = _scheduler()
    worker = _dask("worker", address, "--nthreads", "1", "--no-nanny")
    client = _client(address, tmp_path)
    others = []
    try:
        wait_until(lambda: any(tmp_path.rglob("commits/part-*")) or client.poll() is not None)
        {"worker": worker, "scheduler": scheduler, "client": client}[dies].kill()
        if dies == "worker":
            others.append(_dask("worker", address, "--nthreads", "1", "--no-nanny"))
        said = client.communicate(timeout=HANGS)[1]
        if dies == "scheduler" and client.returncode:
            assert re.search(
                r"runs are kept in .*, and once this is put right, the same command goes on", said
            ), said
            assert "ERROR" not in said
    finally:
        for process in (client, worker, scheduler, *others):
            process.kill()
            process.communicate()

    assert_same(
        replicate(scenario(), times=200, out=tmp_path, jobs=1),
        replicate(scenario(), times=200, jobs=1),
    )


@pytest.mark.long
@pytest.mark.parametrize("dask", [False, True])
def test_ctrl_c_at_some_lines_of_writing_what_others_have_made(
    dask: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Of two processes or of a cluster, in whatever order it comes: one process goes on."""
    monkeypatch.setattr(store, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(engine, "BATCH_SECONDS", 0.01)
    where: dict[str, Any] = {"cluster": request.getfixturevalue("address")} if dask else {"jobs": 2}
    undisturbed = compare(pair(), times=3, seed=2, jobs=1)
    draw = random.Random(dask)
    for number in range(12 if dask else 6):
        out = tmp_path / str(number)
        assert interrupted_at(
            draw.randrange(1200),
            lambda out=out: compare(pair(), times=3, seed=2, out=out, **where),  # type: ignore[misc]
        )
        assert_same(compare(pair(), times=3, seed=2, jobs=1, out=out), undisturbed)


CLIENT = """\
import sys
from runs import keep_at_once, scenario
from sim.experiment import replicate
keep_at_once()
replicate(scenario(), times=200, cluster=sys.argv[1], out=sys.argv[2])
"""


def _client(address: str, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLIENT, address, str(out)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def _dask(what: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *words]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )


def _scheduler() -> tuple[subprocess.Popen[str], str]:
    """One that listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = _dask("scheduler", "--host", "127.0.0.1", "--port", str(port))

    def listens() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return True
        return False

    wait_until(listens)
    return process, f"tcp://127.0.0.1:{port}"


@pytest.mark.long
def test_a_local_cluster_whose_scheduler_was_killed_is_left_at_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nobody waits half a minute for it, and nothing is logged beside the sentence."""
    cluster = DaskCluster("local", 1)
    os.kill(cluster._own.scheduler.process.pid, signal.SIGKILL)
    begun = time.monotonic()
    cluster.close(failed=True)

    assert time.monotonic() - begun < 20.0
    assert "Traceback" not in capfd.readouterr().err
