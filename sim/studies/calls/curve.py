"""What users wait for at other rates: simulated, and by the closed form."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim import catalog
from sim.core.cited import plain
from sim.experiment import compare
from sim.experiment.statistics.estimate import Estimate, mean
from sim.studies.calls.closed_form import alike, mean_response
from sim.studies.calls.run import WARM_UP, CallsRun

if TYPE_CHECKING:
    import pandas as pd

SHARES = (0.2, 0.4, 0.6, 0.75, 0.85, 0.92)
"""Of the rate at which the first service is full."""
REQUESTS = 500
"""Of a run far below the knee, at most; near it a queue needs more to settle."""


def latency_points(
    run: CallsRun, knee: float, *, requests: float, seed: int, times: int
) -> pd.DataFrame:
    """p50, mean and p95 at rates up to the knee, a row each."""
    import pandas as pd

    rates = [share * knee for share in SHARES]
    services = replace(run, form="services")
    variants = {
        f"{rate:.6g}": replace(services, rate=rate, seconds=_requests(requests, rate / knee) / rate)
        for rate in rates
    }
    results = compare(variants, times=times, seed=seed, catalogue=catalog.digest())
    rows = []
    for name, mine in results.runs.groupby("variant", sort=False):
        p95: Estimate = mean("p95_s", mine["p95_s"])
        rows.append(
            {
                "rate": float(str(name)),
                "p50_s": float(mine["p50_s"].mean()),
                "mean_s": float(mine["mean_s"].mean()),
                "p95_s": p95.value,
                "p95_low_s": p95.value if p95.low is None else max(0.0, p95.low),
                "p95_high_s": p95.value if p95.high is None else p95.high,
            }
        )
    return pd.DataFrame(rows)


def _requests(few: float, share: float) -> float:
    """Of one run at that share of the knee, with its warm-up."""
    return min(REQUESTS, few) / math.sqrt(1.0 - share) / (1.0 - WARM_UP)


def closed_form_line(run: CallsRun, knee: float) -> pd.DataFrame:
    """The mean of queueing theory, up to a twentieth below the knee."""
    import pandas as pd

    rates = np.linspace(0.02, 0.95, 60) * knee
    hop = alike(run.hops)
    speed = plain(run.machine.core_speed)
    return pd.DataFrame(
        {
            "rate": rates,
            "mean_s": [
                mean_response(run.application, rate, run.machine.vcpu, core_speed=speed, hop=hop)
                for rate in rates
            ],
        }
    )
