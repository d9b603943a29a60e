"""The part that all deployments share: hosts, launching, stopping, and starts that had to move."""

from collections.abc import Callable, Sequence

from simpy import Event

from sim.core.world import World
from sim.host import Kernel
from sim.start import NextStory, Start
from sim.workload import Demand, PerService, Service


class BareDeployment:
    """A deployment that knows its hosts and stops its starts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.replaced: dict[Start, Start] = {}
        """The start that was made in place of each one that had to move."""
        self._hosts: list[Kernel] = []

    def hosts(self) -> Sequence[Kernel]:
        """The kernels of the hosts that are up."""
        return self._hosts

    def stop(self, start: Start) -> Event:
        """Stop a start, or the one that stands in for it, on its way or long since ready."""
        start = self.current(start)
        start.kill("stopped")
        start.end()
        return start

    def current(self, start: Start) -> Start:
        """The start that stands in for `start`: itself, unless it had to move."""
        while start in self.replaced:
            start = self.replaced[start]
        return start


class StoryDeployment(BareDeployment):
    """A deployment whose starts each follow one story.

    Args:
        story: what happens to a start, from its first phase to its outcome.
    """

    def __init__(self, world: World, story: Callable[[Start], NextStory]) -> None:
        super().__init__(world)
        self._story = story
        self._demands = PerService(lambda service: Demand(world, service))

    def launch(self, service: Service, count: int = 1) -> Sequence[Start]:
        """Ask for `count` sandboxes now."""
        demand = self._demands.of(service)
        return [Start(self.world, demand, self._story) for _ in range(count)]


def record_wait(start: Start, part: str, since: float, until: float) -> None:
    """Record what a start waited for as part of its request, if it waited at all."""
    if until > since:
        start.world.record.spent(start.task, part, "request", since, until)
