"""One value a replication: what estimates, comparisons and sensitivities are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.experiment.statistics.estimate import needed, quantile

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.results import Results

TIMES = ("time_to_running_s", "time_to_ready_s")
P95 = "time_to_ready_s_p95"
INPUTS = ("variant", "run", "tasks")
"""Columns of `runs` that say what was asked, not what came of it."""


def per_run(results: Results, variant: str) -> pd.DataFrame:
    """A row a replication, a column a metric.

    Times are means over the starts of a replication that became ready (absent: NaN); their p95
    is there where every replication has 20 of them.

    Raises:
        ValueError: the rows of `runs` are no replications.
    """
    runs = results.runs[results.runs["variant"] == variant]
    if runs["run"].duplicated().any() or "ready" not in runs:
        raise ValueError(f"{results.name}: its runs are no replications of a scenario")
    table = runs.set_index("run").select_dtypes("number")
    results_of = [name for name in map(str, table) if name not in (*INPUTS, *TIMES)]
    table = table.reindex(columns=[*TIMES, *results_of])
    services = [name for name in map(str, table) if name.startswith(f"{TIMES[1]}_")]
    if len(services) == 1:  # the same as over all starts
        table = table.drop(columns=services)
    starts = results.starts()
    ready = starts[starts["variant"] == variant].groupby("run")[TIMES[1]]
    if ready.ngroups == len(table) and int(ready.size().min()) >= needed(0.95):
        table.insert(len(TIMES), P95, [quantile(of_run, 0.95) for _, of_run in ready])
    return table
