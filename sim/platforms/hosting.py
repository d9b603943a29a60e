"""One host of a platform: what it is, what it holds, and what it costs."""

from typing import TYPE_CHECKING, ClassVar, Self

from sim.core.cited import plain
from sim.core.description import description
from sim.core.names import Architecture
from sim.core.quantity import Bytes, Vcpu, shown_machine
from sim.host import Machine
from sim.platforms.limits import BudgetItem
from sim.platforms.packing.placing import Placing
from sim.start import Ceiling
from sim.units import GiB
from sim.workload import Service


@description
class FargateSize:
    """A size of task that can be bought."""

    vcpu: Vcpu
    memory: Bytes

    def __str__(self) -> str:
        return shown_machine(self.vcpu, self.memory)

    def price(self, usd_per_vcpu_hour: float, usd_per_gb_hour: float) -> float:
        """USD an hour; a GB of the price list is a GiB."""
        return self.vcpu * usd_per_vcpu_hour + self.memory / GiB * usd_per_gb_hour


class Hosting:
    """What a platform, or the capacity of an orchestrator, offers to the tasks of a service.

    All of it is arithmetic before any run. The answers here are those of a whole machine, which
    costs the same however many tasks run on it.
    """

    __slots__ = ()

    orders: ClassVar[bool] = False
    """Whether it starts the parts of an application in order; else all start at once."""

    if TYPE_CHECKING:  # a field of some platforms, which a property here would give a default

        @property
        def machine(self) -> Machine:
            """The type of its hosts, the cheapest where there are several.

            Raises:
                ValueError: it is Fargate, which has none.
            """

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """Tasks that fit on one host by reservation, limit by limit, smallest first."""
        raise NotImplementedError

    def slots(self, service: Service) -> tuple[Ceiling, ...]:  # noqa: ARG002 (one signature)
        """Limits that hold whatever the tasks really use."""
        return ()

    def fits_in_memory(self, service: Service) -> int:  # noqa: ARG002 (one signature)
        """Tasks that fit on a host by what they use.

        Raises:
            ValueError: a host takes one task only.
        """
        who = type(self).__name__
        raise ValueError(f"capacity: {who} has one task a host; there is nothing to fill")

    def last_in_memory(self, service: Service) -> int:
        """Tasks of which none is killed: heaps have been collected, file pages are dropped.

        Beyond `fits_in_memory` all of them crawl.

        Raises:
            ValueError: a host takes one task only.
        """
        return self.fits_in_memory(service.squeezed)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How a host's nominal memory is used with `count` tasks at work."""
        raise NotImplementedError

    def host_name(self, service: Service) -> str:  # noqa: ARG002 (one signature)
        """The host's type, or the Fargate size that a task is given; `-` where none holds it."""
        return self.machine.name

    def host_vcpus(self, service: Service) -> float:  # noqa: ARG002 (one signature)
        """vCPUs of one host, as the account's quota counts them; 0 where no size holds it."""
        return self.machine.vcpu

    def architecture(self, service: Service) -> Architecture:  # noqa: ARG002 (one signature)
        """Of the CPUs of its hosts."""
        return self.machine.architecture

    def usd_per_hour(self, service: Service) -> float | None:  # noqa: ARG002 (one signature)
        """Price of one host; None where it is not known, or no size holds the service."""
        price = self.machine.usd_per_hour
        return None if price is None else plain(price)

    def quota(self) -> tuple[str, float | None]:
        """What the account counts its hosts as, and the vCPUs it may have (None: not known)."""
        return "on-demand instances", None

    def fargate_size(self, service: Service) -> FargateSize | None:  # noqa: ARG002 (one signature)
        """What a task is given and pays for on Fargate; None elsewhere, or if no size holds it."""
        return None

    def runs(self, service: Service) -> Service:
        """The service as it runs there: a platform may not take a setting as it was meant."""
        return service

    def remark(self, service: Service) -> str:  # noqa: ARG002 (one signature)
        """What it makes of the service that the user did not ask for; empty where nothing."""
        return ""

    def placing(self) -> Placing | None:
        """How it places several services on one host; None: each sandbox has a host of its own."""
        return None

    def lacks(self, service: Service) -> str:  # noqa: ARG002 (one signature)
        """Why tasks of the service would wait for ever; empty where they do not."""
        return ""

    def planned(self, service: Service) -> int:
        """Tasks that one more host is planned for by whoever launches it."""
        return self.ceilings(service)[0].allows

    def without_slots(self) -> Self:
        """This platform without its slot limits: what decides density by use apart from them."""
        return self
