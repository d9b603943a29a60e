"""Scenarios, replications, estimates and results: of anything that satisfies the protocols.

The facade is lazy: a worker process, which imports `sim.experiment.batch`, loads no more than a
run needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.experiment.by_use import ByUse, OneHost, largest_by_use
    from sim.experiment.design import LatinHypercube, Sobol
    from sim.experiment.estimate import Estimate
    from sim.experiment.replication import compare, replicate
    from sim.experiment.results import Results, load
    from sim.experiment.scenario import Burst, Poisson, Scenario
    from sim.experiment.stopping import RelativeHalfWidth
    from sim.experiment.sweeps import sweep

__all__ = [
    "Burst",
    "ByUse",
    "Estimate",
    "LatinHypercube",
    "OneHost",
    "Poisson",
    "RelativeHalfWidth",
    "Results",
    "Scenario",
    "Sobol",
    "compare",
    "largest_by_use",
    "load",
    "replicate",
    "sweep",
]

_HOME = {
    "by_use": ("ByUse", "OneHost", "largest_by_use"),
    "design": ("LatinHypercube", "Sobol"),
    "estimate": ("Estimate",),
    "replication": ("compare", "replicate"),
    "results": ("Results", "load"),
    "scenario": ("Burst", "Poisson", "Scenario"),
    "stopping": ("RelativeHalfWidth",),
    "sweeps": ("sweep",),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"sim.experiment.{module}"), name)
    raise AttributeError(f"module 'sim.experiment' has no attribute {name!r}")
