"""Questions people ask, answered: catalogue, platforms and experiment put together."""

from sim.answers.density_rows import DensityAnswer
from sim.answers.how_many import density
from sim.answers.how_soon import StartupAnswer, startup, unmet
from sim.answers.one_server import one_server
from sim.answers.scale_out import scale

__all__ = ["DensityAnswer", "StartupAnswer", "density", "one_server", "scale", "startup", "unmet"]
