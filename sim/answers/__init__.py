"""Questions people ask, answered: catalogue, platforms and experiment put together."""

from sim.answers.density_rows import DensityAnswer
from sim.answers.from_dockerfile import LifecycleAnswer, lifecycle
from sim.answers.how_many import density
from sim.answers.how_soon import StartupAnswer, startup, unmet
from sim.answers.one_server import one_server

__all__ = [
    "DensityAnswer",
    "LifecycleAnswer",
    "StartupAnswer",
    "density",
    "lifecycle",
    "one_server",
    "startup",
    "unmet",
]
