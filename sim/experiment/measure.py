"""One number a replication, of many scenarios: no tables, so a study of thousands is cheap."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future

import numpy as np
from tqdm import tqdm

from sim.experiment.batch import Batch, Bundle, code_digest
from sim.experiment.run import run
from sim.experiment.run_row import run_row
from sim.experiment.scenario import Scenario
from sim.experiment.workers import Workers

READY = "time_to_ready_s"
TOGETHER = 20
"""Runs a batch has, about: enough to be worth sending, few enough to see them pass."""


def metrics(scenario: Scenario, seed: int) -> list[str]:
    """What one replication of a scenario can be asked for."""
    row = run_row(run(scenario, seed, 0), "", 0)
    numbers = (name for name, value in row.items() if isinstance(value, int | float))
    return [name for name in numbers if name not in ("run", "tasks")]


def measured(
    scenarios: Sequence[Scenario],
    metric: str,
    *,
    times: int,
    seed: int,
    jobs: int | None = 1,
    cluster: str | None = None,
    what: str = "simulating",
) -> np.ndarray:
    """A metric of every scenario (rows) in every replication (columns), on the same numbers.

    NaN where a run does not have it, such as a time to ready where no start became ready.

    Args:
        jobs: processes of this machine; None: one for each core where that pays.
        cluster: `local`, or the address of a Dask scheduler.
        what: on the progress bar.
    """
    size = math.ceil(TOGETHER / times)
    pieces = [scenarios[first : first + size] for first in range(0, len(scenarios), size)]
    rows: list[list[float]] = []
    bar = tqdm(desc=what, total=len(scenarios), unit="point", delay=1.0, leave=False)
    with bar, Workers(jobs, cluster) as workers:
        batches = (_batch(piece, times, seed) for piece in pieces)
        for done, bundle in enumerate(_in_order(workers, batches), start=1):
            values = [float(row.get(metric, math.nan)) for row in bundle.rows]
            rows += [values[first : first + times] for first in range(0, len(values), times)]
            bar.update(len(values) // times)
            workers.grow(bundle.seconds * (len(pieces) - done))
    return np.asarray(rows, dtype=float).reshape(len(scenarios), times)


def _batch(scenarios: Sequence[Scenario], times: int, seed: int) -> Batch:
    named = {str(number): scenario for number, scenario in enumerate(scenarios)}
    jobs = tuple((name, number) for name in named for number in range(times))
    return Batch(jobs, named, seed, code_digest())


def _in_order(workers: Workers, batches: Iterable[Batch]) -> Iterator[Bundle]:
    """What each batch gave, in their order; a few are on their way at any time."""
    waiting: deque[Future[Bundle]] = deque()
    try:
        for batch in batches:
            waiting.append(workers.submit(batch))
            if len(waiting) >= 2 * workers.count:
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)
    except BrokenExecutor as error:
        raise ChildProcessError(
            "jobs: a worker process has died (out of memory?); fewer jobs may help"
        ) from error
