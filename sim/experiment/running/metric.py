"""One number a replication: no tables are made, so many runs are cheap."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from sim.core.recorder import Recorder
from sim.experiment.running.batch import Bundle
from sim.experiment.running.engine import Engine
from sim.experiment.running.run import Runnable, RunRow, run_row
from sim.experiment.running.stopping import Number
from sim.experiment.running.workers import Workers

READY = "time_to_ready_s"


def measures(record: Recorder) -> dict[str, float]:
    """Every metric of one replication; times are means over the starts that became ready."""
    row = run_row(record, "", 0)
    return {name: float(value) for name, value in row.items() if isinstance(value, int | float)}


def measured(
    scenarios: Sequence[Runnable],
    metric: str,
    *,
    times: int,
    seed: int,
    jobs: int | None = None,
    cluster: str | None = None,
    what: str = "simulating",
) -> np.ndarray:
    """A metric of every scenario (rows) in every replication (columns), on the same numbers.

    NaN where a run does not have it, such as a time to ready where no start became ready.

    Args:
        jobs, cluster: as of `compare`.
    """
    named = {f"{number}": scenario for number, scenario in enumerate(scenarios)}
    values = _Values(np.full((len(named), times), math.nan), metric)
    with Workers(jobs, cluster) as workers:
        Engine(
            named,
            seed=seed,
            target=Number(times),
            store=values,
            workers=workers,
            tables=False,
            what=what,
        ).run()
    return values.table


class _Values:
    """Keeps one metric of the runs it is given."""

    def __init__(self, table: np.ndarray, metric: str) -> None:
        self.table = table
        self.metric = metric

    def add(self, bundle: Bundle) -> None:
        for row in bundle.rows:
            self.table[int(row["variant"]), row["run"]] = row.get(self.metric, math.nan)

    def rows(self) -> Iterable[RunRow]:
        return ()
