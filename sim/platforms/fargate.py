"""Fargate: serverless capacity, one microVM a task, and nothing kept between tasks."""

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from simpy import Event

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.names import Architecture
from sim.core.randomness import Varying
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.host import Kernel, Machine
from sim.image import ImageStore, Registry, Unpacking
from sim.image.image import distinct
from sim.platforms.deployment import record_wait
from sim.platforms.hosting import FargateSize, Hosting
from sim.platforms.limits import BudgetItem, disk_ceilings, fits, with_free
from sim.sandbox import ContainerEngine, ContainerRuntime
from sim.start import Ceiling, Start
from sim.workload import Service, task_size


@description
class Fargate:
    """Capacity for ECS (and EKS) that comes with the task."""

    sizes: tuple[FargateSize, ...]
    """Sorted by vCPU, then memory."""
    architecture: Architecture = "amd64"
    launches: Quota
    """Tasks an account may launch."""
    provision: Varying
    """Seconds from the accepted request until the pull may start: capacity, microVM, ENI."""
    runtime: ContainerRuntime
    registry: Registry
    unpacking: Unpacking
    os_and_daemons: Number = 0.0
    """Bytes the guest's OS and agent use beside the size that was asked for."""
    nic: Number
    """Bytes per second of a task's network."""
    disk: Number
    """Bytes per second of a task's ephemeral storage."""
    iops: Number = math.inf
    """Operations a second of it."""
    ephemeral: Number = math.inf
    """Bytes of a task's ephemeral storage; image and blobs take theirs of it."""
    core_speed: Number = 1.0
    quota_period: Positive | None = None
    """Seconds of the period in which a task below a vCPU has its share; None: it is fluid."""
    account_vcpus: Number
    """vCPUs of running tasks an account may have; printed, not enforced in a run."""
    usd_per_vcpu_hour: Number
    usd_per_gb_hour: Number

    def size_for(self, service: Service) -> FargateSize | None:
        """The smallest size that holds all containers of a task, or None where none does."""
        size = task_size(service, "beside")
        return None if size.gpus else self.holding(size.cpu, size.memory)

    def holding(self, vcpu: float, memory: float) -> FargateSize | None:
        """The smallest size with so many vCPUs and bytes, or None where there is none."""
        for size in self.sizes:
            if size.vcpu >= vcpu and size.memory >= memory:
                return size
        return None

    @property
    def largest(self) -> str:
        """What to say to a task that no size holds."""
        return f"the largest is {self.sizes[-1]}"

    def price(self, size: FargateSize) -> float:
        """USD per hour of one task."""
        return size.price(plain(self.usd_per_vcpu_hour), plain(self.usd_per_gb_hour))

    def deploy(self, world: World) -> "LiveFargate":
        """Fargate as one account sees it, its bucket full."""
        return LiveFargate(self, world)


@dataclass(frozen=True, slots=True)
class FargateHost(Hosting):
    """A host on Fargate: a microVM that comes with its task, at a size that can be bought."""

    fargate: Fargate

    @property
    def machine(self) -> Machine:
        """A microVM has no type.

        Raises:
            ValueError: always.
        """
        raise ValueError("capacity: Fargate has no instances; a Fleet is needed here")

    def fargate_size(self, service: Service) -> FargateSize | None:
        """What a task is given and pays for; None where no size holds it."""
        return self.fargate.size_for(service)

    def ceilings(self, service: Service) -> tuple[Ceiling, ...]:
        """One task a microVM; then what the account allows: none of a large size.

        The quota comes last however small it is: it is the account's, not the host's.
        """
        size, quota = self.fargate_size(service), plain(self.fargate.account_vcpus)
        full = self._no_gpus(service) or self._full_disk(service)
        if full or size is None:
            return full or (Ceiling("Fargate size", 0, self.fargate.largest),)
        return (
            Ceiling("one task per microVM", 1, "Fargate always runs one task per microVM"),
            Ceiling(
                f"account quota ({quota:g} vCPUs of Fargate tasks)",
                fits(quota, size.vcpu),
                "ask for a higher quota (Service Quotas)",
                of_account=True,
            ),
        )

    def _no_gpus(self, service: Service) -> tuple[Ceiling, ...]:
        """A ceiling of 0 where the service wants a GPU."""
        if not task_size(service).gpus:
            return ()
        return (Ceiling("GPU", 0, "Fargate has no GPUs: run it on EC2 instances with them"),)

    def _full_disk(self, service: Service) -> tuple[Ceiling, ...]:
        """A ceiling of 0 where the ephemeral storage takes neither image nor what is written."""
        size = task_size(service)
        held = math.fsum(map(self.fargate.unpacking.on_disk, distinct(size.images)))
        limits = disk_ceilings(plain(self.fargate.ephemeral) - held, size.disk, _LARGER)
        return tuple(limit for limit in limits if limit.allows == 0)

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """How the memory of a task's microVM is used; OS and agent come on top of the size."""
        os, shims = plain(self.fargate.os_and_daemons), self._shims(service)
        beside = BudgetItem("OS and daemons", count * os), BudgetItem("shims", count * shims)
        return self._budget(service, count, *beside)

    def _budget(self, service: Service, count: int, *beside: BudgetItem) -> tuple[BudgetItem, ...]:
        """The memory of so many microVMs, with what is held beside the app."""
        size, task = self.fargate_size(service), task_size(service)
        held = plain(self.fargate.os_and_daemons) + self._shims(service)
        return with_free(
            (size.memory if size is not None else 0.0) + count * held,
            *beside,
            BudgetItem("apps", count * task.private),
            BudgetItem("shared files", count * task.hot),
        )

    def _shims(self, service: Service) -> float:
        """Bytes of the shims of a task; they come on top of the size."""
        return len(service.containers) * plain(self.fargate.runtime.shim)

    def host_name(self, service: Service) -> str:
        return str(self.fargate_size(service) or "-")

    def host_vcpus(self, service: Service) -> float:
        size = self.fargate_size(service)
        return 0.0 if size is None else size.vcpu

    def architecture(self, service: Service) -> Architecture:  # noqa: ARG002 (one signature)
        return self.fargate.architecture

    def usd_per_hour(self, service: Service) -> float | None:
        size = self.fargate_size(service)
        return None if size is None else self.fargate.price(size)

    def quota(self) -> tuple[str, float | None]:
        return "Fargate tasks", plain(self.fargate.account_vcpus)


class MicroVM:
    """The microVM of a task, which goes with it: when it is called; one object a task."""

    __slots__ = ("_fargate", "_kernel", "_store")

    def __init__(self, fargate: "LiveFargate", kernel: Kernel, store: ImageStore) -> None:
        self._fargate, self._kernel, self._store = fargate, kernel, store

    def __call__(self) -> None:
        self._store.abandon()
        self._fargate.kernels.pop(self._kernel)


class LiveFargate:
    """Fargate in a running world: it admits starts, and brings each its microVM."""

    __slots__ = (
        "_bucket",
        "_fargate",
        "_machines",
        "_provision",
        "_registry",
        "_runtime",
        "kernels",
        "world",
    )

    def __init__(self, fargate: Fargate, world: World) -> None:
        self.world = world
        self.kernels: dict[Kernel, None] = {}
        self._fargate = fargate
        self._bucket = fargate.launches.deploy(world.env)
        self._registry = fargate.registry.deploy(world)
        self._runtime = fargate.runtime.deploy(world)
        self._machines: dict[tuple[FargateSize, float], Machine] = {}
        """The microVM of a size with so many bytes beside it."""
        self._provision = world.random.sampler("fargate/provision", fargate.provision)

    def admit(self, start: Start) -> Generator[Event, Any, None]:
        """Wait, as part of the request, until the account's launch quota lets the start through."""
        since = self.world.env.now
        yield from self._bucket.queue()
        record_wait(start, "launch quota", since, self.world.env.now)

    def provision(
        self, start: Start, size: FargateSize, *, held: float = 0.0, joining: float = 0.0
    ) -> Generator[Event, Any, ContainerEngine]:
        """A microVM of that size for one start, and the daemon in it.

        Args:
            held: bytes of the size that an orchestrator's own parts take.
            joining: seconds more until the orchestrator can use it.
        """
        start.phase("provision")
        yield self.world.env.timeout(self._provision() + joining)
        return self._microvm(start, size, held)

    def _microvm(self, start: Start, size: FargateSize, within: float) -> ContainerEngine:
        fargate = self._fargate
        shims = start.demand.size.containers * self._runtime.shim
        machine = self._machine(size, plain(fargate.os_and_daemons) + shims)
        used = plain(fargate.os_and_daemons) + within
        kernel = machine.boot(self.world, f"task-{start.task}", used)
        start.place(kernel)
        self.kernels[kernel] = None
        daemon = kernel.cpu.group(weight=1024.0, cap=size.vcpu)
        store = ImageStore(kernel, daemon, self._registry, fargate.unpacking, lone=start.lone)
        start.at_end.append(MicroVM(self, kernel, store))
        return ContainerEngine(kernel, daemon, store, self._runtime)

    def _machine(self, size: FargateSize, beside: float) -> Machine:
        """The microVM of a size, described once for all tasks of it."""
        known = self._machines.get((size, beside))
        if known is not None:
            return known
        fargate = self._fargate
        machine = self._machines[size, beside] = Machine(
            name=str(size),
            architecture=fargate.architecture,
            vcpu=float(math.ceil(size.vcpu)),
            memory=size.memory + beside,
            core_speed=fargate.core_speed,
            quota_period=fargate.quota_period,
            disk=fargate.disk,
            iops=fargate.iops,
            disk_size=fargate.ephemeral,
            nic=fargate.nic,
        )
        return machine


_LARGER = "ask for more ephemeralStorage (at most 200 GiB), or take a smaller image"
