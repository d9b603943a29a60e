"""Questions people ask, answered: catalogue, platforms and experiment put together."""

from sim.answers.density import density
from sim.answers.density_rows import DensityAnswer
from sim.answers.startup import StartupAnswer, startup, unmet

__all__ = ["DensityAnswer", "StartupAnswer", "density", "startup", "unmet"]
