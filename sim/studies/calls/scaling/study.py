"""The answer about an autoscaler: when the target holds again after a change of the rate."""

import math

from sim import catalog
from sim.experiment import Results, replicate
from sim.experiment.statistics.estimate import Estimate, mean
from sim.studies.calls.answer import CallsAnswer, ScalingAnswer
from sim.studies.calls.closed_form import Station
from sim.studies.calls.copies import with_copies
from sim.studies.calls.question import CallsQuestion
from sim.studies.calls.run import CallsRun
from sim.studies.calls.scaling.run import ScaledRun
from sim.workload import Application

FEW = 3
"""Runs: each is minutes long."""


def grown(question: CallsQuestion, known: dict[str, Station]) -> Application:
    """The application as large as an autoscaler may make it: hosts are up for that."""
    application: Application = question.application
    if question.ramp is None:
        return application
    for name, station in known.items():
        busy = question.ramp.end * station.load / station.cores
        most = max(station.copies, math.ceil(busy / question.target) + 1)
        application = with_copies(application, name, most)
    return application


def scaled(question: CallsQuestion, base: CallsRun, before: CallsAnswer) -> ScalingAnswer | None:
    """Runs in which the rate changes; none where nobody knows what was before."""
    if question.ramp is None or question.autoscale is None:
        return None
    p95 = before.all.times.get("p95_s")
    if p95 is None and question.within is None:
        return None
    within = question.within or (2.0 * p95.value if p95 else 1.0)
    run = ScaledRun(
        application=base.application,
        platform=base.platform,
        autoscaler=catalog.autoscaler(question.autoscale),
        target=question.target,
        change=question.ramp,
        within=within,
        hops=base.hops,
        balancing=base.balancing,
    )
    times = min(FEW, question.replications)
    results = replicate(run, times=times, seed=question.seed, catalogue=catalog.digest())
    runs = results.runs
    copies = {
        name: (base.application.part(name).copies, float(runs[f"copies {name}"].mean()))
        for name in base.application.operations
    }
    return ScalingAnswer(
        within_s=within,
        holds_again_s=_mean(results, "holds_again_s") if bool(runs["holds"].all()) else None,
        late=_mean(results, "late"),
        new_copy_s=_mean(results, "new_copy_s") if "new_copy_s" in runs else None,
        copies=copies,
        results=results,
    )


def _mean(results: Results, column: str) -> Estimate:
    return mean(column, results.runs[column].dropna())
