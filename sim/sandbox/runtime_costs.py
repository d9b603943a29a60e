"""What a container daemon costs, as plain numbers, apart from its description."""

from sim.core.randomness import Sampler
from sim.host import WorkAmount


class RuntimeCosts:
    """What a daemon does for a container, and how it varies.

    Args:
        shim: bytes the host holds for each container.
        creating: from the request to a created container.
        starting: from the runtime's exec to the first instruction of the program.
        create: draws the factor by which creating one differs from the median.
        start: the same of starting one.
    """

    __slots__ = ("create", "creating", "shim", "start", "starting")

    def __init__(
        self,
        shim: float,
        *,
        creating: WorkAmount,
        starting: WorkAmount,
        create: Sampler,
        start: Sampler,
    ) -> None:
        self.shim = shim
        self.creating = creating
        self.starting = starting
        self.create = create
        self.start = start
