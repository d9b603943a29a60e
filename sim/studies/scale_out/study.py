"""From no task to thousands: how long it takes where the machines have to come first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim import catalog
from sim.core.question import asking
from sim.experiment import Burst, Results, Scenario, compare
from sim.experiment.frames import starts
from sim.experiment.statistics.estimate import Estimate, mean
from sim.platforms.deployment import REPLACEMENT
from sim.platforms.kubernetes.cluster import EVICTED, EVICTION
from sim.studies.account_quotas import account_line, need
from sim.studies.cost.bill import NO_BILL
from sim.studies.influence import Explained, explain
from sim.studies.platform_row import StudiedPlatform
from sim.studies.platforms import row as platform_row
from sim.studies.scale import ScaleOutQuestion, ScaleQuestion, bill_of, scaled_platforms, web
from sim.studies.scale_out.answer import ScaleOutAnswer, ScaleOutRow
from sim.studies.scale_out.limiting_waits import PARENTS, stretches
from sim.units import hours
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SHARES = {"t10_s": 0.10, "t25_s": 0.25, "t50_s": 0.50, "t75_s": 0.75, "t90_s": 0.90}

TOLD = ("", *PARENTS, EVICTION)
"""Of these phases an answer knows the parts; it has no need of the others, which are most spans."""

WORDS = ("variant", "host", "phase", "parent", "outcome")
"""Columns of spans that are words, of which there are few."""

BEFORE = 6 * hours
"""Seconds in which the tasks that are there already have come, and every quota has filled up."""


def answer(question: ScaleQuestion) -> ScaleOutAnswer:
    """How long each platform takes from some tasks to more, all asked for at once."""
    begin, to = question.begin, question.to
    service = web(question)
    platforms = scaled_platforms(question, service)
    scenarios = {
        name: Scenario(
            name="scale", platform=each, arrivals=_arrivals(service, begin, to, question.services)
        )
        for name, each in platforms.items()
    }
    rows: list[ScaleOutRow] = []
    wanted: list[pd.DataFrame] = []

    def summary(results: Results) -> pd.DataFrame:
        spans = results.within(TOLD, coded=True)
        ready = _wanted(spans, begin)
        wanted.append(ready)
        for name, platform in platforms.items():
            runs = int((results.runs["variant"] == name).sum())
            mine = spans[spans["variant"] == name]
            row = _row(mine, ready[ready["variant"] == name], name, to - begin, runs)
            row.bill = bill_of(name, platform, service, row.hosts, question)
            row.lacking = platform.lacks(service)
            rows.append(row)
        return _table(rows)

    results = compare(
        scenarios,
        times=question.replications,
        seed=question.seed,
        name="scale",
        catalogue=catalog.digest(),
        summary=summary,
    )
    account = account_line(need(r.platform, platforms[r.platform], service, r.hosts) for r in rows)
    explained = None
    if question.explain:
        explained = [
            _why(name, each, service)
            for name, each in platforms.items()
            if not platform_row(name).own_host
        ]
    return ScaleOutAnswer(
        service,
        question.instance,
        begin,
        to,
        rows,
        results,
        wanted[-1],
        account,
        explained,
    )


scale_out = asking(ScaleOutQuestion, answer, "scale_out")


def _why(name: str, platform: StudiedPlatform, service: Service) -> Explained:
    """What moves the tasks for which one more host is planned; the hosts that come follow them."""
    what = "tasks that a host is planned for"

    def planned(nodes: Sequence[tuple[StudiedPlatform, Service]]) -> list[int]:
        return [each.planned(task) for each, task in nodes]

    return explain(name, what, (platform, service), planned, base=float(platform.planned(service)))


def _arrivals(service: Service, begin: int, to: int, services: int) -> tuple[Burst, ...]:
    """Those that are there, long before; then one burst a service."""
    there = (Burst(service=service, tasks=begin),) if begin else ()
    share, rest = divmod(to - begin, services)
    return there + tuple(
        Burst(
            service=service if services == 1 else replace(service, name=f"web-{number + 1}"),
            tasks=share + (number < rest),
            at=BEFORE if begin else 0.0,
        )
        for number in range(services)
    )


def _wanted(spans: pd.DataFrame, begin: int) -> pd.DataFrame:
    """The starts that were asked for at the end, without those that were there already.

    A pod that was moved counts once, when it was ready first: its replacement was not asked for.
    """
    table, keys = starts(spans), ["variant", "run", "task"]
    made_anew = spans[(spans["phase"] == REPLACEMENT) & (spans["parent"] == EVICTION)][keys]
    anew = table[keys].merge(made_anew, how="left", indicator=True)["_merge"] == "both"
    wanted = table[(table["task"] >= begin) & ~anew.to_numpy()]
    words = (name for name in WORDS if name in wanted)
    return wanted.astype({name: spans[name].cat.categories.dtype for name in words})


def _row(spans: pd.DataFrame, mine: pd.DataFrame, name: str, tasks: int, runs: int) -> ScaleOutRow:
    moved = spans[(spans["phase"] == EVICTED) & (spans["parent"] == EVICTION)]
    there = spans[~_of(spans, moved) & (spans["host"] != "").to_numpy()]
    hosts = round(there.groupby("run")["host"].nunique().mean()) if len(there) else 0
    return ScaleOutRow(
        platform=name,
        times=_times(mine, tasks, runs),
        ready=len(mine) / runs,
        hosts=hosts,
        bill=NO_BILL,
        limits=stretches(spans[_of(spans, mine)]) if len(mine) else [],
    )


def _of(spans: pd.DataFrame, some: pd.DataFrame) -> NDArray[np.bool_]:
    """Which spans are of these starts of the same variant, all of which are among them."""
    # Starts numbered without gaps are found in a table; else NumPy would sort all spans.
    tasks = int(spans["task"].max()) + 1 if len(spans) else 0
    ours, theirs = (
        frame["run"].to_numpy() * tasks + frame["task"].to_numpy() for frame in (spans, some)
    )
    return np.isin(ours, theirs)


def _times(mine: pd.DataFrame, tasks: int, runs: int) -> dict[str, Estimate]:
    """When each share was ready, where it was in every run."""
    times = {}
    by_run = mine.sort_values("time_to_ready_s").groupby("run")["time_to_ready_s"]
    for column, share in SHARES.items():
        reached = by_run.nth(math.ceil(share * tasks) - 1)
        if len(reached) == runs:
            times[column] = mean(column, reached)
    return times


def _table(rows: list[ScaleOutRow]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([row.flat() for row in rows])
