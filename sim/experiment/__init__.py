"""Scenarios, replications, estimates and results: of anything that satisfies the protocols.

The facade is lazy: a worker process, which imports `sim.experiment.running.batch`, loads no
more than a run needs.
"""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.experiment.design import LatinHypercube, Sobol, sweep
    from sim.experiment.replication import compare, replicate
    from sim.experiment.results import Results, load
    from sim.experiment.running.rollout import Rollout
    from sim.experiment.running.scenario import Burst, Poisson, Scenario
    from sim.experiment.running.stopping import RelativeHalfWidth
    from sim.experiment.statistics.estimate import Estimate

__all__ = [
    "Burst",
    "Estimate",
    "LatinHypercube",
    "Poisson",
    "RelativeHalfWidth",
    "Results",
    "Rollout",
    "Scenario",
    "Sobol",
    "compare",
    "load",
    "replicate",
    "sweep",
]

facade(__name__, checked=True)
