"""Scenarios, replications, estimates and results: of anything that satisfies the protocols."""

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
