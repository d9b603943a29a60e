"""Verbs and scripts that are interrupted or killed: the same command ends in the same tables."""

import contextlib
import io
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pandas as pd
import pytest
from forked import forked
from interrupts import interrupted_at, lines
from typer.testing import CliRunner

from sim.cli.script import script
from sim import Burst, Scenario, catalog, replicate
from sim.cli.app import app
from sim.experiment import Results, load
from sim.experiment.running import engine
from sim.experiment.storage import finished_runs
from sim.experiment.storage import run_folder as store
from sim.experiment.storage.part_files import TABLES

SCENARIO = """\
name: small
platform: ecs
host: {instance: m5.large}
service: {app: node, cpu: 0.5, memory: 1GiB}
arrivals: {tasks: 2}
sample_every: 1s
replications: 3
"""
WORDS = {
    "run": ["run", "FILE"],
    "sweep": ["sweep", "FILE", "--grid", "arrivals.tasks=1,2", "--replications", "2"],
    "startup": ["startup", "--app", "node", "--platform", "docker", "--replications", "2"],
    "density": ["density", "--by", "reservation"],
}
"""As they are typed."""
ALONE = ("density", 2)
"""There are no workers of it."""
KINDS = [*WORDS, "script"]

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # an interrupt after open, before with
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@script(replications=3)
def main(replications: int, seed: int, out: Path) -> None:
    """A script of one's own."""
    node = catalog.service("node")
    mine = Scenario(
        name="mine",
        platform=catalog.ec2_for(node, burstable=False),
        arrivals=(Burst(service=node, tasks=3),),
    )
    replicate(mine, times=replications, seed=seed, catalogue=catalog.digest()).save(out)


def typed(kind: str, out: Path, jobs: int = 1) -> int:
    """Do as it was typed; the exit code."""
    file = out.parent / "small.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    rest = ["--out", str(out), *([] if kind == ALONE[0] else ["--jobs", str(jobs)])]
    if kind != "script":
        words = [str(file) if word == "FILE" else word for word in WORDS[kind]]
        done = CliRunner().invoke(app, [*words, *rest])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            main(rest)
        except SystemExit as ended:
            return int(str(ended.code))
    return 0


def kept(out: Path) -> Results:
    """What is in the one run folder; no draft is left beside it."""
    home = next(path for path in out.iterdir() if path.is_dir())
    folders = [path for path in home.iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(folders) == 1, folders
    hidden = {path.name for path in out.rglob(".*")}
    assert hidden <= {finished_runs.LOCK}, hidden
    return load(folders[0])


def assert_same(one: Results, other: Results) -> None:
    for name in (*TABLES, "summary"):
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), check_exact=True, obj=name
        )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is a part, batches are small, and nobody waits before drafts are tidied up."""
    monkeypatch.setattr(store, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(engine, "BATCH_SECONDS", 0.01)
    monkeypatch.setattr(finished_runs, "SAVE_WAITS", 0.0)


def interrupt_everywhere(kind: str, step: int, folder: Path, most: int = 10**6) -> int:
    """Interrupt it at every so-manieth line of writing, and go on; how often that was."""
    typed(kind, folder / "undisturbed")
    undisturbed = kept(folder / "undisturbed")
    for times, line in enumerate(lines(step)):
        if times == most:
            return times
        out = folder / str(line)
        codes: list[int] = []
        if not interrupted_at(line, lambda o=out, c=codes: c.append(typed(kind, o))):  # type: ignore[misc]
            return times
        assert codes == [130]
        assert typed(kind, out) == 0
        assert_same(kept(out), undisturbed)
        shutil.rmtree(out)
    raise AssertionError


@pytest.mark.parametrize("kind", KINDS)
def test_a_verb_that_is_interrupted_goes_on(kind: str, tmp_path: Path) -> None:
    """Ctrl-C at some lines of writing: exit 130, and the same command ends in the same tables."""
    step = 97 if kind == ALONE[0] else 307  # which writes once
    assert interrupt_everywhere(kind, step, tmp_path, most=1) == 1


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_a_verb_that_is_interrupted_at_many_lines(kind: str, tmp_path: Path) -> None:
    assert interrupt_everywhere(kind, 13, tmp_path) > 10


def child(kind: str, out: Path, jobs: int, begun: Connection) -> None:
    """The same in a process of its own, as a terminal starts it; it tells when it has begun."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    store.FLUSH_SECONDS, engine.BATCH_SECONDS, finished_runs.SAVE_WAITS = 0.0, 0.01, 0.0
    try:
        begun.send(True)
        code = typed(kind, out, jobs)
    except KeyboardInterrupt:  # in a line of ours, before the verb or after it
        code = 130
    sys.exit(code)


def started(kind: str, out: Path, jobs: int) -> BaseProcess:
    """A process that has begun: before, an interrupt is `multiprocessing`'s."""
    begun, tells = forked("typed_once").Pipe(duplex=False)
    process: BaseProcess = forked("typed_once").Process(target=child, args=(kind, out, jobs, tells))
    process.start()
    assert begun.poll(60.0)
    return process


def ended(process: BaseProcess) -> int:
    """The exit code; nothing hangs."""
    process.join(120.0)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


WAYS: dict[str, Callable[[int], None]] = {
    "killed": lambda pid: os.kill(pid, signal.SIGKILL),
    "Ctrl-C in a terminal": lambda pid: os.killpg(pid, signal.SIGINT),
    "Ctrl-C for the parent only": lambda pid: os.kill(pid, signal.SIGINT),
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "jobs"), [(kind, jobs) for kind in KINDS for jobs in (1, 2) if (kind, jobs) != ALONE]
)
@pytest.mark.parametrize("way", WAYS)
def test_a_verb_that_is_killed_goes_on(way: str, kind: str, jobs: int, tmp_path: Path) -> None:
    """At a dozen moments, twice now and then; also in its first moment."""
    draw = random.Random(f"{way}/{kind}/{jobs}")
    assert ended(started(kind, tmp_path / "undisturbed", jobs)) == 0
    undisturbed = kept(tmp_path / "undisturbed")
    begun = time.monotonic()
    assert ended(started(kind, tmp_path / "again", jobs)) == 0
    assert_same(kept(tmp_path / "again"), undisturbed)
    whole = time.monotonic() - begun
    for number in range(12):
        out = tmp_path / str(number)
        for _ in range(draw.choice((1, 1, 2))):
            process = started(kind, out, jobs)
            time.sleep(draw.uniform(0.05, 1.0) * whole)
            with contextlib.suppress(ProcessLookupError):
                WAYS[way](process.pid or 0)
            assert ended(process) in (0, 130, -signal.SIGKILL, -signal.SIGINT)
        assert ended(started(kind, out, jobs)) == 0
        assert_same(kept(out), undisturbed)
