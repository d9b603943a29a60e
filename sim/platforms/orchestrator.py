"""An orchestrator and its capacity: what it asks of it, whatever kind of capacity it is."""

from typing import Protocol

from sim.host import Machine
from sim.platforms.fargate import FargateSize
from sim.platforms.limits import BudgetItem
from sim.start import Ceiling
from sim.workload import Service


class Hosting(Protocol):
    """What a capacity offers to the tasks of an orchestrator: arithmetic before any run.

    A host is an instance or a node that many tasks share, or a microVM that comes with its task.
    """

    @property
    def machine(self) -> Machine:
        """The type of its hosts, the cheapest where there are several.

        Raises:
            ValueError: it is Fargate, which has none.
        """
        ...

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """Tasks that fit on one host by reservation, limit by limit, smallest first."""
        ...

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        """Limits that hold whatever the tasks really use."""
        ...

    def fits_in_memory(self, service: Service) -> int:
        """Tasks that fit on a host by what they use.

        Raises:
            ValueError: a host takes one task only.
        """
        ...

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How a host's nominal memory is used with `count` tasks at work."""
        ...

    def host_name(self, service: Service) -> str:
        """The host's type, or the Fargate size that a task is given; `-` where none holds it."""
        ...

    def fargate_size(self, service: Service) -> FargateSize | None:
        """What a task is given and pays for on Fargate; None elsewhere, or if no size holds it."""
        ...

    def host_vcpus(self, service: Service) -> float:
        """vCPUs of one host, as the account's quota counts them."""
        ...

    def usd_per_hour(self, service: Service) -> float | None:
        """Price of one host; None where it is not known, or no size holds the service."""
        ...

    def quota(self) -> tuple[str, float | None]:
        """What the account counts its hosts as, and the vCPUs it may have (None: not known)."""
        ...

    def lacks(self, service: Service) -> str:
        """Why tasks of the service would wait for ever; empty where they do not."""
        ...


class Orchestrator:
    """An orchestrator answers for its hosts by asking its capacity; see `Hosting`."""

    __slots__ = ()

    @property
    def hosting(self) -> Hosting:
        """What its capacity offers."""
        raise NotImplementedError

    @property
    def machine(self) -> Machine:
        return self.hosting.machine

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        return self.hosting.ceilings(service)

    def slots(self, service: Service) -> tuple[Ceiling, ...]:
        return self.hosting.slots(service)

    def fits_in_memory(self, service: Service) -> int:
        return self.hosting.fits_in_memory(service)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        return self.hosting.budget(service, count)

    def host_name(self, service: Service) -> str:
        return self.hosting.host_name(service)

    def fargate_size(self, service: Service) -> FargateSize | None:
        return self.hosting.fargate_size(service)

    def host_vcpus(self, service: Service) -> float:
        return self.hosting.host_vcpus(service)

    def usd_per_hour(self, service: Service) -> float | None:
        return self.hosting.usd_per_hour(service)

    def quota(self) -> tuple[str, float | None]:
        return self.hosting.quota()

    def lacks(self, service: Service) -> str:
        return self.hosting.lacks(service)
