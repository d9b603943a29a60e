"""An orchestrator: whatever is asked of one of its hosts, it asks its capacity."""

from sim.core.names import Architecture
from sim.host import Machine
from sim.platforms.hosting import FargateSize, Hosting
from sim.platforms.limits import BudgetItem
from sim.platforms.packing.placing import Placing
from sim.start import Ceiling
from sim.workload import Service


class Orchestrator(Hosting):
    """A platform whose hosts are those of its capacity."""

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

    def last_in_memory(self, service: Service) -> int:
        return self.hosting.last_in_memory(service)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        return self.hosting.budget(service, count)

    def host_name(self, service: Service) -> str:
        return self.hosting.host_name(service)

    def host_vcpus(self, service: Service) -> float:
        return self.hosting.host_vcpus(service)

    def architecture(self, service: Service) -> Architecture:
        return self.hosting.architecture(service)

    def usd_per_hour(self, service: Service) -> float | None:
        return self.hosting.usd_per_hour(service)

    def quota(self) -> tuple[str, float | None]:
        return self.hosting.quota()

    def fargate_size(self, service: Service) -> FargateSize | None:
        return self.hosting.fargate_size(service)

    def runs(self, service: Service) -> Service:
        return self.hosting.runs(service)

    def remark(self, service: Service) -> str:
        return self.hosting.remark(service)

    def placing(self) -> Placing | None:
        return self.hosting.placing()

    def lacks(self, service: Service) -> str:
        return self.hosting.lacks(service)

    def planned(self, service: Service) -> int:
        return self.hosting.planned(service)
