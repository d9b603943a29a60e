"""One host of a platform, as it is paid."""

from dataclasses import replace

from sim import catalog
from sim.studies.cost.bill import Capacity, Machines, SizedTasks
from sim.studies.platform_row import StudiedPlatform
from sim.workload import Service


def one_host(platform: StudiedPlatform, service: Service, priced_as: str = "") -> Capacity | None:
    """An instance, or a task on Fargate; None where no size holds the service.

    Args:
        priced_as: the type whose price a bare machine has.
    """
    size = platform.fargate_size(service)
    if size is not None:
        return SizedTasks(
            vcpu=size.vcpu, memory=size.memory, architecture=platform.architecture(service)
        )
    host = platform.host_name(service)
    if host == "-":
        return None
    name = host if host in catalog.instances() else priced_as or host
    price = platform.usd_per_hour(service)
    known = catalog.ec2_price(name) if name in catalog.instances() else None
    own = None if known is not None and known.value == price else price
    return Machines(type=name, usd_per_hour=own)


def so_many(host: Capacity, count: float) -> Capacity:
    """The same, `count` times."""
    return replace(host, count=count)
