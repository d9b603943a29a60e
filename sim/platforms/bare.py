"""What every deployment does alike: launch one story a start, and stop a start."""

from collections.abc import Callable, Sequence

from simpy import Event

from sim.core.world import World
from sim.host import Kernel
from sim.start import Start, Story, begin
from sim.workload import Service


class StoryDeployment:
    """A deployment whose starts each follow one story.

    Args:
        story: what becomes of a start, from its first phase to its outcome.
    """

    def __init__(self, world: World, story: Callable[[Start], Story]) -> None:
        self.world = world
        self._story = story
        self._hosts: list[Kernel] = []

    def hosts(self) -> Sequence[Kernel]:
        """The kernels that run its sandboxes, as far as they are up."""
        return self._hosts

    def launch(self, service: Service, count: int = 1) -> Sequence[Start]:
        """Ask for `count` sandboxes now."""
        return [begin(self.world, service, self._story) for _ in range(count)]

    def stop(self, start: Start) -> Event:
        """Stop one, on its way or long since ready, and give back what it held."""
        start.kill("stopped")
        start.end()
        return self.world.env.timeout(0.0)
