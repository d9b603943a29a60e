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
    values: "Values | None" = None,
) -> np.ndarray:
    """A metric of every scenario (rows) in every replication (columns), on the same numbers.

    NaN where a run does not have it, such as a time to ready where no start became ready.

    Args:
        jobs, cluster: as of `compare`.
        values: where they are kept; those that are there are not made again. None: in memory only.
    """
    named = {f"{number}": scenario for number, scenario in enumerate(scenarios)}
    values = Values(len(named), times, metric) if values is None else values
    with Workers(jobs, cluster) as workers:
        engine = Engine(
            named,
            seed=seed,
            target=Number(times),
            store=values,
            workers=workers,
            tables=False,
            what=what,
        )
        try:
            engine.run()
        finally:
            values.flush()
    return values.table


class Values:
    """Keeps one metric of the runs it is given.

    Attributes:
        table: a row a scenario, a column a replication.
    """

    def __init__(self, scenarios: int, times: int, metric: str) -> None:
        self.table = np.full((scenarios, times), math.nan)
        self.metric = metric

    def flush(self) -> None:
        """Nothing is written."""

    def add(self, bundle: Bundle) -> None:
        """Keep the numbers of a bundle."""
        for row in bundle.rows:
            self.table[int(row["variant"]), row["run"]] = row.get(self.metric, math.nan)

    def rows(self) -> Iterable[RunRow]:
        """No rows: it starts empty."""
        return ()
