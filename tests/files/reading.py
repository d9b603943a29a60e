"""How a test has its texts read, as the fixture of that name does."""

from collections.abc import Callable

from sim.workload import Application

Reading = Callable[..., Application]
