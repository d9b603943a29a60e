"""CPU-bound tasks in cgroups on a real kernel: weights, quotas, nesting, staggered arrivals."""

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simpy import Environment, Event

from sim.host.cpu_quota import CpuQuota
from sim.sharing import Group, SharedCapacity
from sim.units import ms
from sim.validation.bars import Bar
from sim.validation.case import SPLITS, Case
from sim.validation.format import Format
from sim.validation.table import BadData, TableRow

PHASES = 64
"""Phases of the periods over which the mean is taken; the kernel draws one at random."""

GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
"""So far, as part of a period, the phases of two groups are apart: they fill all pairs alike."""

THREAD = 1024.0
"""Weight of a task in its leaf group."""


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A cgroup as a case describes it."""

    parent: int | None
    shares: float
    quota: float | None
    """vCPUs."""
    period: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Task:
    """A thread that spins until it has used `work` core-seconds."""

    group: int
    start: float
    work: float


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One case of the file: a task is a row."""
    cgroups, tasks = _cgroups(row), _tasks(row)
    ends = finishes(row.number("cpus", 0.01), cgroups, [task for task, _ in tasks])
    name = row.text("case") if row.optional_text("case") else row.place
    tags = ["quota"] if "quota" in name else []
    for number, ((_, measured), end) in enumerate(zip(tasks, ends, strict=True)):
        if measured is not None:
            one = name if len(tasks) == 1 else f"{name}, task {number}"
            yield ours.case(row, one, "s", measured, end, tags=tags)


def finishes(cpus: float, cgroups: Sequence[Cgroup], tasks: Sequence[Task]) -> list[float]:
    """When each task ends, seconds: the mean over the phases of the periods."""
    phases = PHASES if any(group.quota is not None for group in cgroups) else 1
    runs = [_run(cpus, cgroups, tasks, (k + 0.5) / phases) for k in range(phases)]
    return [math.fsum(ends) / phases for ends in zip(*runs, strict=True)]


def _run(
    cpus: float, cgroups: Sequence[Cgroup], tasks: Sequence[Task], phase: float
) -> list[float]:
    """The ends with periods that begin at `phase`, as part of a period, in the first group."""
    env = Environment()
    root = SharedCapacity(env, cpus)
    groups: list[Group] = []
    quotas: list[CpuQuota | None] = []
    for number, each in enumerate(cgroups):
        above = None if each.parent is None else quotas[each.parent]
        parent = root if each.parent is None else groups[each.parent]
        cap = math.inf if each.quota is None else each.quota
        group = parent.group(weight=each.shares, cap=cap)
        groups.append(group)
        part = (phase + GOLDEN * number) % 1.0
        quotas.append(
            above
            if each.quota is None
            else CpuQuota(
                env, group, cap, period=each.period, phase=part * each.period, above=above
            )
        )
    ends = [0.0] * len(tasks)

    def spin(number: int, task: Task) -> Generator[Event, Any, None]:
        yield env.timeout(task.start)
        quota = quotas[task.group]
        if quota is not None:
            yield quota.run(task.work, weight=THREAD, cap=1.0, group=groups[task.group])
        else:
            yield groups[task.group].run(task.work, weight=THREAD, cap=1.0)
        ends[number] = env.now

    for number, task in enumerate(tasks):
        env.process(spin(number, task))
    env.run()
    return ends


def _cgroups(row: TableRow) -> list[Cgroup]:
    cgroups = []
    for number, each in enumerate(_nested(row, "groups")):
        parent = each.optional("parent")
        if parent is not None and parent not in range(number):
            raise BadData(
                f"{each.place}: parent: {parent:g} is not allowed; the index of an earlier group"
            )
        period = each.optional("period_us", 1.0)
        cgroups.append(
            Cgroup(
                None if parent is None else int(parent),
                each.number("shares", 1.0),
                each.optional("quota_vcpu", 0.001),
                (100_000.0 if period is None else period) * 1e-3 * ms,
            )
        )
    return cgroups


def _tasks(row: TableRow) -> list[tuple[Task, float | None]]:
    groups = len(row.cells["groups"])
    tasks = []
    for each in _nested(row, "tasks"):
        group = each.whole("group")
        if group >= groups:
            raise BadData(f"{each.place}: group: {group} is not allowed; below {groups}")
        task = Task(group, each.optional("start_s") or 0.0, each.number("work_s"))
        tasks.append((task, each.measured("finish_s")))
    return tasks


def _nested(row: TableRow, key: str) -> list[TableRow]:
    items = row.cells.get(key)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadData(f"{row.place}: {key}: a list of objects is needed")
    return [TableRow(f"{row.place}: {key}[{n}]", item, row.split) for n, item in enumerate(items)]


LINUX = Format(
    "linux",
    ("cpus", "groups", "tasks"),
    ("measured_linux.json",),
    judge,
    bars=(
        Bar("median", 1.3),
        Bar("p90", 8.0),
        Bar("median", 3.0, "quota"),
    ),
    row_bars=dict.fromkeys(SPLITS, 50.0),
)
