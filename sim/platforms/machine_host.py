"""What is known of a host that is a whole machine: its name, its vCPUs, its price."""

from typing import Protocol, Self

from sim.core.cited import plain
from sim.host import Machine
from sim.workload import Service


class HasMachine(Protocol):
    """Runs on machines of one type."""

    @property
    def machine(self) -> Machine:
        """The type."""
        ...


class MachineHost:
    """A host that is a machine: it costs the same however many sandboxes it runs."""

    __slots__ = ()

    def host_name(self: HasMachine, service: Service) -> str:  # noqa: ARG002 (one signature)
        """The type's name."""
        return self.machine.name

    def host_vcpus(self: HasMachine, service: Service) -> float:  # noqa: ARG002 (one signature)
        """vCPUs of one host, as the account's quota counts them."""
        return self.machine.vcpu

    def usd_per_hour(self: HasMachine, service: Service) -> float | None:  # noqa: ARG002 (one signature)
        """Price of one host; None where it is not known."""
        price = self.machine.usd_per_hour
        return None if price is None else plain(price)

    def quota(self) -> tuple[str, float | None]:
        """What the account counts its hosts as, and the vCPUs it may have (None: not known)."""
        return "on-demand instances", None

    def fargate_size(self, service: Service) -> None:
        """A machine is no Fargate size."""

    def lacks(self, service: Service) -> str:  # noqa: ARG002 (one signature)
        """Why tasks of the service would wait for ever; empty where they do not."""
        return ""

    def without_slots(self) -> Self:
        """This platform without its slot limits: what decides density by use apart from them."""
        return self
