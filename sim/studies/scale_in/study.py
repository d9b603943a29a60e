"""From many tasks to few: how soon the machines are gone, and how many tasks are moved for it."""

from __future__ import annotations

from collections.abc import Sequence

from sim.core.question import asking
from sim.core.world import World
from sim.experiment.statistics.estimate import mean
from sim.platforms import ECS, EKS
from sim.platforms.eks.eks import LiveEKS
from sim.start import Deployment, Ready, Start
from sim.studies.platforms import lacking, made, price, web
from sim.studies.scale import ChangeQuestion, ScaleInQuestion
from sim.studies.scale_in.answer import SHARES, ScaleInAnswer, ScaleInRow, ScaleInRun
from sim.units import hours
from sim.workload import Service

BEFORE, AFTER = 6 * hours, 6 * hours
"""Seconds before the tasks end, in which all has come to rest, and after it, in which all will."""


def answer(question: ChangeQuestion) -> ScaleInAnswer:
    """How soon the machines of some tasks go once fewer are wanted; any may be stopped."""
    begin, to, seed = question.begin, question.to, question.seed
    platforms = made(question.platforms, question.instance, question.quotas)
    service = web(question.cpu, question.memory, question.image)
    runs = {
        name: [
            _run(each, service, begin, to, World(seed, number))
            for number in range(question.replications)
        ]
        for name, each in platforms.items()
    }
    rows = [_row(name, platforms[name], service, mine) for name, mine in runs.items()]
    return ScaleInAnswer(service, question.instance, begin, to, rows, runs, platforms, seed)


scale_in = asking(ScaleInQuestion, answer, "scale_in")


def _run(platform: ECS | EKS, service: Service, begin: int, to: int, world: World) -> ScaleInRun:
    """Bring `begin` tasks up, wait until all has come to rest, and end all but `to` of them."""
    live: Deployment = platform.deploy(world)
    starts = live.launch(service, begin)
    world.env.run(until=BEFORE)
    hosts = [(0.0, len(live.hosts()))]
    moved, down = _moved(live), _lacking(live, starts, lacking(platform, service))
    order = world.random.generator("scale in").permutation(begin)
    for number in order[: begin - to].tolist():
        live.stop(starts[number])
    while True:
        if len(live.hosts()) != hosts[-1][1]:
            hosts.append((world.env.now - BEFORE, len(live.hosts())))
        if world.env.peek() > BEFORE + AFTER:
            break
        world.env.step()
    left = [starts[number] for number in order[begin - to :].tolist()]
    ready = sum(_runs(live, start) for start in left)
    return ScaleInRun(hosts, _moved(live) - moved, ready, down)


def _lacking(live: Deployment, starts: Sequence[Start], word: str) -> str:
    down = [start for start in starts if not _runs(live, start)]
    if not down:
        return ""
    waits = word or f"it waits in {down[0].state}"
    why = str(down[0].value) if down[0].processed else waits
    return f"{len(down)} of {len(starts)} tasks did not come up ({why})"


def _moved(live: Deployment) -> int:
    return len(live.replaced) if isinstance(live, LiveEKS) else 0


def _runs(live: Deployment, start: Start) -> bool:
    """Whether a task, or the one that stands in for it, is up."""
    if isinstance(live, LiveEKS):
        start = live.current(start)
    ready = start.processed and isinstance(start.value, Ready)
    return ready and start.sandbox is not None and start.sandbox.alive


def _row(name: str, platform: ECS | EKS, service: Service, runs: list[ScaleInRun]) -> ScaleInRow:
    hosts = mean("hosts", [run.after for run in runs])
    down = next((run.lacking for run in runs if run.lacking), "")
    goes = not down and all(run.after < run.before for run in runs)
    shares = SHARES if goes else {}
    one = price(platform, service, 1)
    host_hours = mean("host hours", [run.host_hours() for run in runs]).value
    return ScaleInRow(
        platform=name,
        hosts_before=mean("hosts_before", [run.before for run in runs]),
        hosts=hosts,
        times={key: mean(key, [run.gone(share) for run in runs]) for key, share in shares.items()},
        moved=mean("moved", [run.moved for run in runs]),
        ready=mean("ready", [run.ready for run in runs]),
        lacking=down,
        usd_per_hour=None if one is None else hosts.value * one,
        usd_first_hour=None if one is None else host_hours * one,
    )
