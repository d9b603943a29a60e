"""Start-up of real programs, under a CPU quota and from a cold page cache."""

from collections.abc import Iterator

from sim.catalog import UnknownName
from sim.catalog.apps import program, programs_host
from sim.core.cited import plain
from sim.core.fitted import remembered
from sim.core.quantity import shown_vcpu
from sim.core.world import World
from sim.experiment.statistics.estimate import quantile
from sim.sandbox.app_process import RunningApp
from sim.start import Ready, Start, Story
from sim.units import MiB
from sim.validation.bars import Bar
from sim.validation.case import Case
from sim.validation.format import Format
from sim.validation.table import BadData, TableRow
from sim.workload import App, Demand, Service

STARTS = 51
"""Starts of which the median is taken, each with a phase of its own of the quota's period."""

CACHES = ("warm", "cold")


def judge(ours: Format, row: TableRow) -> Iterator[Case]:
    """One row: a program, a quota (blank: none), and whether its files are in the page cache."""
    measured = row.measured("ready_s")
    if measured is None:
        return
    app, quota, cache = row.text("app"), row.optional("quota_vcpu", 0.001), row.text("page_cache")
    if cache not in CACHES:
        raise BadData(f"{row.place}: page_cache: {cache!r} is not allowed; warm or cold")
    within = "no quota" if quota is None else shown_vcpu(quota)
    name = f"{app}, {within}, {cache}"
    try:
        what = program(app)
    except UnknownName as error:
        yield ours.case(row, name, "s", measured, None, reason=str(error))
        return
    seconds = ready(what, quota, cache)
    tags = [] if quota is None else ["quota"]
    yield ours.case(row, name, "s", measured, seconds, tags=tags)
    yield from ours.others(
        row,
        name,
        [
            ("cpu_s", "s", plain(what.startup.cpu)),
            ("private_mib", "MiB", None if what.private is None else plain(what.private) / MiB),
        ],
    )


@remembered
def ready(app: App, quota: float | None, cache: str) -> float:
    """Seconds from the fork of its process to its first healthy answer, median; once for all rows
    that are equal."""
    machine = programs_host()
    service = Service(
        name=app.name,
        app=app,
        cpu=machine.vcpu if quota is None else quota,
        memory=machine.memory,
        cpu_quota=quota is not None,
    )
    seconds = []
    for number in range(STARTS):
        world = World(1, number)
        kernel = machine.boot(world, machine.name, 0.0)

        def story(start: Start) -> Story:
            start.phase("app")
            for name, part in () if cache == "cold" else start.demand.reads:
                kernel.memory.cache(name, part)  # noqa: B023 (it runs within this turn)
            running = RunningApp(kernel, start.demand, 1024.0, start.kill)  # noqa: B023
            yield from running.run(start)
            return Ready()

        Start(world, Demand(world, service), story)
        world.env.run()
        seconds.append(world.env.now)
    return quantile(seconds, 0.5)


APPS = Format(
    "apps",
    ("app", "quota_vcpu", "page_cache", "ready_s"),
    ("measured_apps.csv",),
    judge,
    bars=(Bar("median", 10.0, "quota"),),
)
