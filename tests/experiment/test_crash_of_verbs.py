"""Verbs and scripts that are interrupted or killed: the same command ends in the same tables."""

import contextlib
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from clocks import HANGS
from forked import forked
from interrupts import interrupted_at, left_by_kills, lines, moments, remember_runs, state
from typed_verbs import ALONE, KINDS, OTHERS, assert_same, typed

from sim.cli.interrupt import is_one
from sim.experiment.running import engine
from sim.experiment.storage import kept_values, whole_file
from sim.experiment.storage import run_folder as store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # an interrupt after open, before with
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch is written, batches are small, and nobody waits before drafts are tidied up.

    Each run is made once.
    """
    monkeypatch.setattr(store, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(kept_values, "SECONDS", 0.0)
    monkeypatch.setattr(kept_values, "SHARE", math.inf)
    monkeypatch.setattr(engine, "BATCH_SECONDS", 0.0)
    monkeypatch.setattr(whole_file, "LEFT", 0.0)
    remember_runs(monkeypatch)


def interrupt(kind: str, at: Iterable[int], folder: Path, hurry: int | None = None) -> int:
    """Interrupt it at these lines of writing, and go on; how often that was.

    It goes on once from all interrupts that leave the same. Python swallows one that comes while
    it closes what an earlier one has left open.
    """
    undisturbed, seen, swallowed = folder / "undisturbed", set(), 0
    assert typed(kind, undisturbed) == 0
    for times, line in enumerate(at):
        out, codes = folder / str(line), []
        if not interrupted_at(line, lambda o=out, c=codes: c.append(typed(kind, o)), hurry):  # type: ignore[misc]
            return times
        assert codes in ([130], [0])
        swallowed += codes == [0]
        if (left := state(out)) not in seen:
            seen.add(left)
            assert typed(kind, out) == 0
            assert_same(out, undisturbed)
        shutil.rmtree(out, ignore_errors=True)
    assert swallowed < 4
    return times + 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("remembered")
def test_a_verb_that_is_interrupted_goes_on(kind: str, tmp_path: Path) -> None:
    """Ctrl-C at some line of writing: exit 130, and the same command ends in the same tables."""
    step = 97 if kind in ALONE else 307  # which writes once
    assert interrupt(kind, islice(lines(step), 1), tmp_path) == 1


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("remembered")
def test_a_verb_that_is_interrupted_at_every_line(kind: str, tmp_path: Path) -> None:
    """Each of them, the first time that it is come to from each line above it."""
    every = moments(lambda: typed(kind, tmp_path / "seen"))
    assert len(every) > 300
    assert interrupt(kind, every, tmp_path) > len(every) - 5  # a line that is come to only once


@pytest.mark.long
@pytest.mark.parametrize("kind", [*KINDS, *OTHERS])
@pytest.mark.usefixtures("remembered")
def test_a_verb_that_somebody_in_a_hurry_interrupts(kind: str, tmp_path: Path) -> None:
    """Ctrl-C, and once more while it tidies up."""
    draw = random.Random(kind)
    every = moments(lambda: typed(kind, tmp_path / "seen"))
    some = draw.sample(every, 10 if kind in KINDS else 4)
    assert interrupt(kind, some, tmp_path, hurry=draw.randrange(1, 20)) == len(some)


def kill_everywhere(kind: str, folder: Path, step: int = 1, most: int = 10**6) -> int:
    """Go on from all that a kill at a line of writing leaves, or some of it; how much that was."""
    undisturbed, out = folder / "undisturbed", folder / "out"
    assert typed(kind, undisturbed) == 0
    left = left_by_kills(lambda: typed(kind, out), out, folder / "left", step)
    some = random.Random(kind).sample(left, min(most, len(left)))
    for number, each in enumerate(some):
        killed = each.rename(folder / f"killed-{number}")
        assert typed(kind, killed) == 0
        assert_same(killed, undisturbed)
        shutil.rmtree(killed)
    return len(some)


@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize("kind", ["run", "density"])
def test_whatever_a_kill_leaves_the_same_command_goes_on(kind: str, tmp_path: Path) -> None:
    """Before some lines of writing."""
    assert kill_everywhere(kind, tmp_path, step=201, most=2) == 2


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("remembered")
def test_whatever_a_kill_at_any_line_leaves_the_same_command_goes_on(
    kind: str, tmp_path: Path
) -> None:
    """Before each line of writing."""
    assert kill_everywhere(kind, tmp_path) > 20


@pytest.mark.long
@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.usefixtures("remembered")
def test_whatever_a_kill_leaves_of_another_verb_the_same_command_goes_on(
    kind: str, tmp_path: Path
) -> None:
    """Before some lines of writing."""
    assert kill_everywhere(kind, tmp_path, step=7, most=4) > 0


def child(kind: str, out: Path, jobs: int, begun: Connection) -> None:
    """The same in a process of its own, as a terminal starts it; it tells when it has begun."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    store.FLUSH_SECONDS, engine.BATCH_SECONDS, whole_file.LEFT = 0.0, 0.01, 0.0
    try:
        begun.send(True)
        code = typed(kind, out, jobs)
    except BaseException as error:  # in a line of ours, or while a module of the verb was read
        if not is_one(error):
            raise
        code = 130
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what ends from here on is `multiprocessing`
    sys.exit(code)


def started(kind: str, out: Path, jobs: int) -> BaseProcess:
    """A process that has begun: before, an interrupt is `multiprocessing`'s."""
    begun, tells = forked("typed_once").Pipe(duplex=False)
    process: BaseProcess = forked("typed_once").Process(target=child, args=(kind, out, jobs, tells))
    process.start()
    assert begun.poll(HANGS)
    return process


def ended(process: BaseProcess) -> int:
    """The exit code; nothing hangs."""
    process.join(HANGS)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


DEAF = """
import signal
from sim.experiment.running.workers import _deaf_to_ctrl_c
from multiprocessing import resource_tracker

with _deaf_to_ctrl_c():
    resource_tracker.ensure_running()  # as loky does before its first process
    assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
"""


def test_no_worker_hears_ctrl_c_while_it_begins() -> None:
    """What multiprocessing begins before the first of them would let it through again."""
    done = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


WAYS: dict[str, Callable[[int], None]] = {
    "killed": lambda pid: os.kill(pid, signal.SIGKILL),
    "Ctrl-C in a terminal": lambda pid: os.killpg(pid, signal.SIGINT),
    "Ctrl-C for the parent only": lambda pid: os.kill(pid, signal.SIGINT),
    "told to end": lambda pid: os.kill(pid, signal.SIGTERM),
    "its terminal closed": lambda pid: os.killpg(pid, signal.SIGHUP),
}
OFTEN = {("killed", 1): 12, ("killed", 2): 10}
"""Moments of each verb, so that a hundred of all are killed; a hundred get Ctrl-C."""
ENDS = {0, 130, *(-s for s in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP))}


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "jobs"),
    [(kind, jobs) for kind in KINDS for jobs in (1, 2) if jobs == 1 or kind not in ALONE],
)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("remembered")
def test_a_verb_that_is_killed_goes_on(way: str, kind: str, jobs: int, tmp_path: Path) -> None:
    """At some moments, twice now and then; also in its first moment.

    One process goes on from what two have left.
    """
    draw = random.Random(f"{way}/{kind}/{jobs}")
    undisturbed = tmp_path / "undisturbed"
    assert typed(kind, undisturbed) == 0
    process = started(kind, tmp_path / "again", jobs)
    begun = time.monotonic()
    assert ended(process) == 0
    whole = time.monotonic() - begun
    assert_same(tmp_path / "again", undisturbed)
    for number in range(OFTEN.get((way, jobs), 6 if "Ctrl-C" in way else 2)):
        out = tmp_path / str(number)
        for _ in range(draw.choice((1, 1, 2))):
            process = started(kind, out, jobs)
            time.sleep(draw.uniform(0.02, 1.0) * whole)
            with contextlib.suppress(ProcessLookupError):
                WAYS[way](process.pid or 0)
            assert ended(process) in ENDS
        assert typed(kind, out) == 0
        assert_same(out, undisturbed)
