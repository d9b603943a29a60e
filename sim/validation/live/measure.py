"""Measure the kernel of this machine afresh: tasks that spin in cgroups, beside the model."""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from sim.validation.bars import ONE_IN_THIRTY, Bar, Verdict, verdict
from sim.validation.case import Case
from sim.validation.cases.linux import LINUX, Cgroup, finishes
from sim.validation.judging import Judgement
from sim.validation.live import spin as spinning
from sim.validation.live.cases import CASES, LiveCase
from sim.validation.live.cgroups import Cgroups, Unable
from sim.validation.table import TableRow

__all__ = ["Unable", "measure"]

REPEATS = 3
"""Runs of a case, of which the median is taken."""

LEAD = 0.15
"""Seconds from the word to the start, in which every task goes into its cgroup."""

LATE = 3.0
"""A case that takes so many times as long as it should, and two seconds, is given up."""

LIVE = replace(
    LINUX,
    group="linux, live",
    files=(),
    bars=(Bar("median", 5.0), Bar("outside", ONE_IN_THIRTY)),
)
"""The kernel draws the phases of quotas at random, and three runs are few."""


def measure(
    *,
    within: float,
    tell: Callable[[str], None],
    cases: Sequence[LiveCase] = CASES,
    proc: Path = Path("/proc"),
) -> Judgement:
    """Run the cases that this machine has the CPUs for, and judge them.

    Args:
        within: seconds it may take; what does not fit is left out, and said.
        tell: of progress.

    Raises:
        Unable: no cgroup can be made here.
    """
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    until = time.monotonic() + within
    judged: list[Case] = []
    with _terminable(), Cgroups(proc) as place:
        load = os.getloadavg()[0]
        tell(f"cgroup v{place.version}, {place.base}; load average {load:.2f}")
        for case in cases:
            if case.cpus > len(cpus):
                tell(f"{case.name}: left out, it needs {case.cpus} CPUs")
            elif time.monotonic() + REPEATS * (_expected(case) + 2 * LEAD) > until:
                tell(f"{case.name}: left out, there is no time left")
            else:
                judged += _judged(case, _measured(place, case, cpus[: case.cpus], until, tell))
    return Judgement(tuple(judged), tuple(_verdicts(judged)))


def _verdicts(cases: Sequence[Case]) -> Iterator[Verdict]:
    verdicts = (verdict(LIVE.group, bar, cases) for bar in LIVE.bars)
    return (each for each in verdicts if each is not None)


def _expected(case: LiveCase) -> float:
    return max(finishes(case.cpus, case.cgroups, case.tasks))


def _judged(case: LiveCase, ends: Sequence[float] | None) -> Iterator[Case]:
    if ends is not None:
        yield from LIVE.judge(LIVE, TableRow(case.name, case.cells(ends), "held out"))


def _measured(
    place: Cgroups,
    case: LiveCase,
    cpus: Sequence[int],
    until: float,
    tell: Callable[[str], None],
) -> list[float] | None:
    """Median ends over the repeats, or None where a task took far too long."""
    limit = LATE * _expected(case) + 2.0
    runs = []
    for _ in range(REPEATS):
        limit = min(limit, until - time.monotonic())
        try:
            runs.append(_run(place, case, cpus, limit))
        except subprocess.TimeoutExpired:
            tell(f"{case.name}: given up after {max(0.0, limit):.1f} s; this machine is too busy")
            return None
        except OSError as error:
            tell(f"{case.name}: left out, the kernel refuses it: {error.strerror}")
            return None
        finally:
            place.clear()
    return [statistics.median(ends) for ends in zip(*runs, strict=True)]


def _run(place: Cgroups, case: LiveCase, cpus: Sequence[int], limit: float) -> list[float]:
    """Seconds from the start to the end of each task, once."""
    leaves = _make(place, case.cgroups)
    spinners: list[subprocess.Popen[str]] = []
    try:
        spinners += [_spinner(leaves[task.group], cpus, task.work) for task in case.tasks]
        for spinner in spinners:
            _line(spinner)
        start = time.monotonic() + LEAD
        ends = []
        for spinner, task in zip(spinners, case.tasks, strict=True):
            _say(spinner, start + task.start)
        for spinner in spinners:
            out, _ = spinner.communicate(timeout=max(0.1, start + limit - time.monotonic()))
            ends.append(float(out) - start)
        return ends
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.communicate()


def _make(place: Cgroups, cgroups: Sequence[Cgroup]) -> list[Path]:
    """The tree of a case; a path for each cgroup."""
    parents = {each.parent for each in cgroups}
    names: list[str] = []
    paths: list[Path] = []
    for number, each in enumerate(cgroups):
        above = "" if each.parent is None else f"{names[each.parent]}/"
        names.append(f"{above}g{number}")
        paths.append(
            place.make(names[-1], shares=each.shares, quota=each.quota, period=each.period)
        )
        if number in parents:
            place.open_to_children(paths[-1])
    return paths


def _spinner(group: Path, cpus: Sequence[int], work: float) -> "subprocess.Popen[str]":
    arguments = [str(group / "cgroup.procs"), ",".join(map(str, cpus)), repr(work)]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", spinning.__file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(spinner: "subprocess.Popen[str]") -> None:
    """Wait until it says that it is ready."""
    if spinner.stdout is None or spinner.stdout.readline().strip() != "ready":
        raise Unable("a task could not be started")


def _say(spinner: "subprocess.Popen[str]", start: float) -> None:
    if spinner.stdin is not None:
        spinner.stdin.write(f"{start!r}\n")
        spinner.stdin.flush()


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM end in an exception, so that everything is removed then, too."""

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
