"""One neighbour asks for all it can get, and the others serve beside it."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from sim import catalog
from sim.core.cited import Cited, Number
from sim.core.quantity import shown_bound
from sim.core.question import asking
from sim.experiment import Results, compare
from sim.experiment.statistics.estimate import mean
from sim.platforms.docker import Docker
from sim.platforms.hypervisor import Hypervisor
from sim.studies.neighbours.answer import NeighboursAnswer, WayRow, table
from sim.studies.neighbours.question import NeighboursQuestion
from sim.studies.neighbours.run import NeighboursRun
from sim.studies.neighbours.ways import BETWEEN, WAYS, Separation
from sim.units import Gbit_per_s
from sim.workload import Service
from sim.workload.hog import Hog

if TYPE_CHECKING:
    import pandas as pd

HIGH = " (high)"
"""Ends the variant in which what was not measured is at the high end of its range."""

MOST = 16
"""Victims that are simulated at most; more share the same resource in the same way."""

FEWEST, MOST_REQUESTS = 20.0, 5_000_000.0
"""Requests of a run: fewer have no p95, and more do not fit into memory."""


def answer(question: NeighboursQuestion) -> NeighboursAnswer:
    """Each way to run, beside the bad neighbour and without.

    Raises:
        ValueError: the machine does not take two of them in every way.
    """
    service = catalog.service(
        question.app, cpu=question.cpu, memory=question.memory, load_share=question.load
    )
    runs = {way.name: _run(question, service, way) for way in WAYS}
    more = {name: run.more_cpu for name, run in runs.items() if isinstance(run.more_cpu, Cited)}
    high = {
        name + HIGH: replace(runs[name], more_cpu=cited.high)
        for name, cited in more.items()
        if cited.value == 0.0 and cited.high
    }
    rows: list[WayRow] = []

    def summary(results: Results) -> pd.DataFrame:
        rows.extend(_row(question, results, runs[way.name], way) for way in WAYS)
        return table(rows)

    results = compare(
        {**runs, **high},
        times=question.replications,
        seed=question.seed,
        name="neighbours",
        catalogue=catalog.digest(),
        summary=summary,
    )
    return NeighboursAnswer(question, rows, more, results)


neighbours = asking(NeighboursQuestion, answer, "neighbours")


def _run(question: NeighboursQuestion, service: Service, way: Separation) -> NeighboursRun:
    platform = _platform(question, way)
    first = platform.ceilings(service)[0]
    places = first.allows
    if places < 2:
        raise ValueError(
            f"instance: {question.instance} is not allowed; it takes {places} of {service.name} as "
            f"{way.name} ({first.limit}), and a victim and its neighbour are 2"
        )
    _refuse_window(question, service, min(places - 1, MOST))
    machine = catalog.instance(question.instance)
    rate: Number = catalog.machine(question.instance).disk
    if question.bad == "network":
        if machine.network is None:
            raise ValueError(f"instance: the network of {question.instance} is not known")
        rate = machine.network / 1000.0 * Gbit_per_s
    size: Number = 0.0
    if question.bad in ("disk", "network"):
        size = catalog.figure(f"neighbour.request.{question.bad}")
    return NeighboursRun(
        platform=platform,
        service=service if way.limited else replace(service, cpu_quota=False),
        way=way,
        hog=Hog(resource=question.bad, threads=question.threads or int(machine.vcpu)),
        places=min(places, MOST + 1),
        rate=rate,
        bytes=size,
        more_cpu=_more_cpu(question, way),
        process_memory=catalog.figure("neighbour.fork.process"),
        window=question.window,
    )


def shortest_window(service: Service, victims: int = 1) -> float:
    """Seconds in which so many of a service are asked often enough; infinite where nobody asks."""
    rate = 0.0 if service.load is None else victims * service.load.rate(service.cpu)
    return FEWEST / rate if rate else inf


def _refuse_window(question: NeighboursQuestion, service: Service, victims: int) -> None:
    """Refuse a window in which next to nothing is asked for, or more than a memory holds."""
    shortest = shortest_window(service, victims)
    longest = shortest * MOST_REQUESTS / FEWEST
    if not shortest <= question.window <= longest:
        allowed = (
            f"{shown_bound(shortest, least=True)} to {shown_bound(longest)} s, as "
            if shortest < inf
            else ""
        )
        raise ValueError(
            f"window: {question.window:,.10g} s is not allowed; {allowed}{victims} of "
            f"{service.cpu:g} vCPU get {FEWEST / shortest:.3g} requests per second"
        )


def _platform(question: NeighboursQuestion, way: Separation) -> Docker | Hypervisor:
    server = catalog.bare(question.instance)
    if not way.guests:
        return catalog.docker(server)
    return catalog.hypervisor(server, vm=catalog.micro_vm() if way.micro else None)


def _more_cpu(question: NeighboursQuestion, way: Separation) -> Number:
    """By how much it raises the CPU of its neighbours' requests, which nothing prevents."""
    match question.bad:
        case "cache":
            return catalog.figure("neighbour.cache" + (".own_cores" if way.guests else ""))
        case "bandwidth":
            return catalog.figure("neighbour.bandwidth")
        case "fork" if not way.guests:
            return catalog.figure("neighbour.fork.lock")
        case _:
            return 0.0


def _row(
    question: NeighboursQuestion, results: Results, run: NeighboursRun, way: Separation
) -> WayRow:
    runs = results.runs
    mine = runs[runs["variant"] == way.name]
    high = runs[runs["variant"] == way.name + HIGH]["p95_slowdown"]
    return WayRow(
        way=way.name,
        places=_platform(question, way).ceilings(run.service)[0].allows,
        p50=mean("p50_slowdown", mine["p50_slowdown"]),
        p95=mean("p95_slowdown", mine["p95_slowdown"]),
        killed=round(mine["killed"].mean()),
        hog_killed=bool(mine["hog_killed"].any()),
        thrashed=bool(mine["thrashed"].any()),
        between=BETWEEN[way.name][question.bad],
        p95_high=float(high.mean()) if len(high) else None,
    )
