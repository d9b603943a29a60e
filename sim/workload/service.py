"""A service: an app in an image, with the CPU and memory it is given."""

from dataclasses import replace
from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.core.names import Architecture, Unordered
from sim.core.quantity import NUMBER, AtMost, Bytes, Gpus, ReservedVcpu, Vcpu
from sim.host.startup_step import Step
from sim.image import Image
from sim.workload.attribute_expression import MemberOf
from sim.workload.health_check import HealthCheck
from sim.workload.requests import Load
from sim.workload.waiting import Wait, check_order

Port: TypeAlias = Annotated[int, NUMBER, Field(ge=1, le=65535)]

BOTH: tuple[Architecture, ...] = ("amd64", "arm64")
"""A program that is part of the machine's own disk image is built for that machine."""


@description
class App:
    """A program, whatever isolates it."""

    name: str
    """What it is called in tables and pictures."""
    startup: Step = Field(default_factory=Step)
    """From exec to the first healthy answer, with its files in the page cache."""
    private: Number | None = None
    """Bytes of private pages in use at work; None: all of the service's memory but the hot
    files."""
    gives_back: Number = 0.0
    """Bytes of them that a garbage-collected heap gives back once requests are rare."""
    kernel_memory: Number = 0.0
    """Bytes that the kernel holds for it, within its limit: page tables, sockets, cgroup."""
    processes: AtMost = 1
    """Processes that share its private pages evenly: the kernel kills one, not all."""
    hot_files: Number = 0.0
    """Bytes of the image's files that it has mapped; containers of one image share them."""
    startup_read: Number = 0.0
    """Bytes of the image's files read during start-up, from disk where they are not cached."""
    threads: AtMost | None = None
    """Requests it works on at once: 1 for Node.js, Redis or a sync worker, which serve first come,
    first served; k for k workers; None: a thread for each request."""


@description
class Service:
    """What is launched, on any platform: that it is the same on all makes them comparable."""

    name: str
    """What it is called in tables and pictures."""
    app: App
    """The program that runs in it."""
    image: Image | None = None
    """None: the app is on the machine already, and nothing is pulled."""
    cpu: ReservedVcpu
    """vCPUs: the reservation, and with `cpu_quota` the most it may use. 0: nothing is reserved, and
    CPU is the least weight there is."""
    cpu_limit: Vcpu | None = None
    """The most vCPUs it may use, where that is more than `cpu`; None: the same."""
    memory: Bytes
    """Hard limit, bytes."""
    memory_limited: bool = True
    """Whether `memory` is a limit; else it is only what the service needs."""
    memory_reservation: Bytes | None = None
    """Soft limit, bytes; what placement reserves. None: the hard limit."""
    disk: Number = 0.0
    """Bytes it writes to a layer of its own on the host's disk, beside its image."""
    gpus: Gpus = 0
    """Whole GPUs of its own (ECS `resourceRequirements`, Kubernetes `nvidia.com/gpu`)."""
    cpu_quota: bool = True
    """Whether `cpu` is also a quota (`cpu.max`, ECS task-level cpu), or only a weight."""
    oom_group: bool = False
    """`memory.oom.group`: the kernel kills all of its processes with the first."""
    load: Load | None = None
    """Requests it serves once it is ready."""
    host_ports: Unordered[Port] = ()
    """Fixed ports of the host; other ports are dynamic."""
    published_ports: tuple[Port, ...] = ()
    """Ports that compose publishes: fixed on a server that runs Docker alone. ECS gives the task a
    free port, and a pod has an address of its own behind its Service."""
    member_of: MemberOf | None = None
    """ECS placement constraint `memberOf`: an expression that the container instance meets."""
    init: tuple["Service", ...] = ()
    """Containers of the same task or pod that run one after the other, each to its end, before
    the others start."""
    asks: bool = True
    """As an init container: whether it asks for room of its own; else it has that of the container
    that comes after it, and ECS adds nothing for it."""
    sidecars: tuple["Service", ...] = ()
    """Containers of the same task or pod beside this one, its main container."""
    after: Unordered[Wait] = ()
    """Containers of the same task that it waits for (ECS `dependsOn`)."""
    essential: bool = True
    """As a sidecar: whether the task ends with it."""
    check: HealthCheck | None = None
    """How its health is looked at; None: it is not, and it is healthy once it is ready."""

    @model_validator(mode="after")
    def _reserve_within_limit(self) -> "Service":
        if self.memory_reservation is not None and self.memory_reservation > self.memory:
            raise ValueError(
                f"memory_reservation: {self.memory_reservation:g} bytes is not allowed; "
                f"at most the hard limit, memory = {self.memory:g} bytes"
            )
        return self

    @model_validator(mode="after")
    def _limits_above_reservations(self) -> "Service":
        if self.cpu_limit is None:
            return self
        if not self.cpu_quota:
            raise ValueError("cpu_limit: not allowed where cpu_quota is false")
        if self.cpu_limit < self.cpu:
            raise ValueError(
                f"cpu_limit: {self.cpu_limit:g} is not allowed; at least cpu = {self.cpu:g} vCPU"
            )
        return self

    @model_validator(mode="after")
    def _is_one_task(self) -> "Service":
        for field in ("init", "sidecars"):
            for number, each in enumerate(getattr(self, field)):
                if each.init or each.sidecars:
                    raise ValueError(f"{field}.{number}: it has init or sidecars of its own")
        if self.init or self.sidecars:
            check_order(self.containers, [each.name for each in self.init])
        return self

    @property
    def containers(self) -> tuple["Service", ...]:
        """The containers that run side by side in one task: its main one first."""
        return (self, *self.sidecars)

    @property
    def alone(self) -> bool:
        """Whether its task has no other container."""
        return not self.init and not self.sidecars

    @property
    def reserved(self) -> float:
        """Bytes that placement reserves."""
        return self.memory if self.memory_reservation is None else self.memory_reservation

    @property
    def hot(self) -> float:
        """Bytes of hot file pages, plain."""
        return plain(self.app.hot_files)

    @property
    def private(self) -> float:
        """Bytes of private pages, with what the kernel holds for them, plain.

        With hot files they make the working set.
        """
        if self.app.private is None:
            return max(0.0, self.memory - self.hot)
        return plain(self.app.private) + plain(self.app.kernel_memory)

    @property
    def working_set(self) -> float:
        """Bytes in use once it runs."""
        return self.private + self.hot

    @property
    def squeezed(self) -> "Service":
        """The same with the least it takes before somebody is killed.

        Its heap has been collected, and its file pages are dropped: it crawls.
        """
        least = max(0.0, self.private - plain(self.app.gives_back))
        app = replace(self.app, private=least, gives_back=0.0, kernel_memory=0.0, hot_files=0.0)
        return replace(self, app=app, sidecars=tuple(each.squeezed for each in self.sidecars))

    @property
    def cap(self) -> float:
        """vCPUs it can use at most."""
        if not self.cpu_quota or (self.cpu == 0.0 and self.cpu_limit is None):
            return float("inf")
        return self.cpu if self.cpu_limit is None else self.cpu_limit

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """The architectures its program was built for."""
        return BOTH if self.image is None else self.image.architectures
