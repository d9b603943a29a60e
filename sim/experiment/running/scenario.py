"""A scenario: a platform, what arrives there, and for how long."""

from collections.abc import Callable, Generator
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PositiveInt
from simpy import Event

from sim.core.description import description
from sim.core.quantity import Seconds
from sim.core.randomness import Exponential
from sim.core.world import World
from sim.start import Deployment, Platform, Start
from sim.workload import Service


@description
class Burst:
    """Tasks of one service, all at once."""

    service: Service
    tasks: PositiveInt = 1
    at: Seconds = 0.0
    """Seconds from the beginning of the run."""

    def arrive(
        self, world: World, deployment: Deployment, begun: Callable[[Start], None]
    ) -> Generator[Event, Any, None]:
        """Ask for all of them when the time has come; `begun` is told of each start."""
        yield world.env.timeout(self.at)
        for start in deployment.launch(self.service, self.tasks):
            begun(start)


@description
class Poisson:
    """Tasks of one service, one by one, in a Poisson stream."""

    service: Service
    tasks: PositiveInt
    per_second: Annotated[float, Field(gt=0)]
    """Mean arrivals per second."""

    def arrive(
        self, world: World, deployment: Deployment, begun: Callable[[Start], None]
    ) -> Generator[Event, Any, None]:
        """Ask for one after the other; `begun` is told of each start."""
        stream = f"workload/{self.service.name}/arrivals"
        gap = world.random.sampler(stream, Exponential(mean=1.0 / self.per_second))
        for _ in range(self.tasks):
            yield world.env.timeout(gap())
            begun(deployment.launch(self.service, 1)[0])


def _is_platform(value: Any) -> Any:
    if isinstance(value, type) or not callable(getattr(value, "deploy", None)):
        raise ValueError(f"{value!r} is not allowed; a platform, such as catalog.ecs('m5.xlarge')")
    return value


@description
class Scenario:
    """One point of an experiment; frozen, comparable, and the same from Python and from YAML."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    platform: Annotated[Any, AfterValidator(_is_platform)]
    """Anything that satisfies `Platform`."""
    arrivals: Annotated[tuple[Burst | Poisson, ...], Field(min_length=1)]
    until: Annotated[Seconds, Field(gt=0)] | None = None
    """Seconds after which the run stops; None: when nothing is left to happen."""
    serve: Seconds = 0.0
    """Seconds for which each task serves its request load once it is ready."""
    sample_every: Seconds | None = None
    """Seconds between two readings of each host's meters; None: no samples."""

    def deploy(self, world: World) -> Deployment:
        """The platform, live."""
        platform: Platform = self.platform
        return platform.deploy(world)
