"""The part that all deployments share: hosts, launching, stopping, and starts that had to move."""

from collections.abc import Callable, Sequence

from simpy import Event

from sim.core.world import World
from sim.host import Kernel
from sim.start import NextStory, Start, StartGate
from sim.workload import Demand, PerService, Service

DOWN = "host is down"
"""What is said to who asks a host that has died for a start."""

REPLACED = "replaced"
"""Why a start is ended in whose place another one runs."""

RECOVERY, REPLACEMENT = "recovery", "replacement"
"""Parent of what is recorded of a fault, and the event of a start that replaces a lost one."""


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

    def lose(self, kernel: Kernel) -> None:
        """A host has died: nothing goes there any more. Who kills what ran there knows it."""
        self._hosts.remove(kernel)

    def add_host(self) -> None:
        """One more host is up, in place of one that has died.

        Raises:
            NotImplementedError: its hosts are not a group.
        """
        raise NotImplementedError(f"{type(self).__name__} has no group of hosts")

    def replace(self, start: Start) -> Start:
        """Begin another start in place of one that was lost, as its controller does: uncalled."""
        return self._stands_in(start, self.begin_beside(start))

    def begin_beside(self, start: Start) -> Start:
        """Begin another start like that one, which goes on until it is ended."""
        new = self._again(start)
        self.world.record.event(new.task, REPLACEMENT, RECOVERY)
        return new

    def hand_over(self, start: Start, new: Start) -> None:
        """End a start whose place another one takes."""
        start.kill(REPLACED)
        self._stands_in(start, new)

    def recover(self, start: Start) -> Start:
        """Begin it anew on a host like its own, with the same disk; else it is replaced."""
        return self.replace(start)

    def _stands_in(self, start: Start, new: Start) -> Start:
        self.replaced[start] = new
        return new

    def _again(self, start: Start) -> Start:
        """The start that is begun in place of another; its start-up is of a stream of its own."""
        raise NotImplementedError(f"{type(self).__name__} begins no start by itself")

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

    def launch(
        self, service: Service, count: int = 1, gate: StartGate | None = None
    ) -> Sequence[Start]:
        """Ask for `count` sandboxes now."""
        demand = self._demands.of(service)
        return [Start(self.world, demand, self._story, gate) for _ in range(count)]

    def _again(self, start: Start) -> Start:
        return Start(self.world, start.demand, self._story, anew=True)


def record_wait(start: Start, part: str, since: float, until: float) -> None:
    """Record what a start waited for as part of its request, if it waited at all."""
    if until > since:
        start.world.record.spent(start.task, part, "request", since, until)
