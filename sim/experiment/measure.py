"""One number a replication, straight from its record: no tables, so many runs are cheap."""

from collections.abc import Sequence

import numpy as np

from sim.core.recorder import DONE, Recorder
from sim.experiment.run import run
from sim.experiment.scenario import Scenario
from sim.experiment.tables import run_row

READY = "time_to_ready_s"
RUNNING = "time_to_running_s"


def measures(record: Recorder) -> dict[str, float]:
    """Every metric of one replication; times are means over the starts that became ready."""
    app = record.phases.code("app")
    ends = [
        (record.span_start[n] - begin, record.span_end[n] - begin)
        for n, begin in enumerate(record.task_begin[task] for task in record.span_task)
        if record.span_phase[n] == app
        and record.span_parent[n] == 0
        and record.span_outcome[n] == DONE
    ]
    row = run_row(record, "", 0)
    found = {name: float(value) for name, value in row.items() if isinstance(value, int | float)}
    if ends:
        found[RUNNING], found[READY] = (float(mean) for mean in np.mean(ends, axis=0))
    return found


def measured(
    scenarios: Sequence[Scenario],
    metric: str,
    *,
    times: int,
    seed: int,
    jobs: int | None = None,
    what: str = "simulating",
) -> np.ndarray:
    """A metric of every scenario (rows) in every replication (columns), on the same numbers.

    NaN where a run does not have it, such as a time to ready where no start became ready.

    Args:
        jobs: processes; None: this one.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    work = (delayed(_row)(scenario, metric, times, seed) for scenario in scenarios)
    rows = Parallel(n_jobs=jobs, return_as="generator")(work)
    bar = tqdm(rows, desc=what, total=len(scenarios), unit="point", delay=1.0, leave=False)
    return np.asarray(list(bar), dtype=float)


def _row(scenario: Scenario, metric: str, times: int, seed: int) -> list[float]:
    every = (measures(run(scenario, seed, number)) for number in range(times))
    return [found.get(metric, float("nan")) for found in every]
