"""A machine as it is bought or rented: vCPUs, memory, disk, NIC."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, model_validator

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.names import Architecture, shown
from sim.core.quantity import Bytes, shown_memory
from sim.core.world import World
from sim.host.disk_space import DiskSpace
from sim.host.kernel import Kernel
from sim.host.memory import Memory
from sim.sharing import Group, OwnLawCapacity, SharedCapacity

LARGEST = 896.0
"""vCPUs of the largest machine there is to rent."""


def _is_law(value: Any) -> Any:
    if value is not None and (
        isinstance(value, type) or not callable(getattr(value, "boot", None))
    ):
        raise ValueError(
            f"{shown(value)} is not allowed; a description with boot(env, vcpus), which returns "
            f"something with run(work, weight, cap)"
        )
    return value


@description
class Machine:
    """Hardware, or an EC2 instance type; boots into a `Kernel`."""

    name: str
    architecture: Architecture = "amd64"
    vcpu: Annotated[float, Field(gt=0, le=LARGEST)]
    """vCPUs (hardware threads)."""
    sustained: Number = 1.0
    """Fraction of its vCPUs that it gives for ever: the baseline of a T type without credits."""
    memory: Bytes
    """Nominal memory, bytes."""
    memory_lost: Number = 0.0
    """Bytes that never reach user space: hypervisor, firmware, static part of the kernel."""
    core_speed: Number = 1.0
    """Speed of one vCPU against the reference core on which CPU work was measured."""
    disk: Number = math.inf
    """Bytes per second of the disk or volume, read and write together."""
    iops: Number = math.inf
    """Operations a second of the disk or volume."""
    disk_size: Number = math.inf
    """Bytes of the disk or root volume, or infinite where they never bind."""
    disk_used: Number = 0.0
    """Bytes of the disk that the OS takes."""
    nic: Number = math.inf
    """Bytes per second of the network card, during a start."""
    quota_period: Positive | None = None
    """Seconds of the period of `cpu.max` (Linux: 0.1); None: quotas are fluid."""
    cpu_law: Annotated[Any, AfterValidator(_is_law)] = None
    """A description with `boot(env, vcpus)`; what that returns shares the CPU, by
    `run(work, weight, cap)`. None: the law of cgroups. Under another, quotas have no period."""
    enis: PositiveInt | None = None
    """Network interfaces it can have, or None where it has no such limit."""
    trunk_tasks: Number | None = None
    """ECS tasks with ENI trunking; 0: not supported, None: not known."""
    gpus: NonNegativeInt | None = 0
    """Whole NVIDIA GPUs; None: not known."""
    usd_per_hour: Number | None = None
    """Price of compute, or None where it is not known."""

    @model_validator(mode="after")
    def _moves_bytes(self) -> "Machine":
        for name, rate in (("disk", self.disk), ("nic", self.nic)):
            if plain(rate) == 0.0:
                raise ValueError(f"{name}: 0 is not allowed; more than 0 bytes per second")
        return self

    @model_validator(mode="after")
    def _has_memory_left(self) -> "Machine":
        if not self.memory_visible > 0.0:
            raise ValueError(
                f"memory_lost: {plain(self.memory_lost):g} bytes is not allowed; "
                f"less than memory = {self.memory:g} bytes"
            )
        return self

    @model_validator(mode="after")
    def _has_a_disk_for_its_os(self) -> "Machine":
        if self.disk_room < 0.0:
            raise ValueError(
                f"disk_size: {shown_memory(plain(self.disk_size))} is not allowed; at least "
                f"disk_used = {shown_memory(plain(self.disk_used))}"
            )
        return self

    @property
    def disk_room(self) -> float:
        """Bytes of the disk left by the OS."""
        return plain(self.disk_size) - plain(self.disk_used)

    @property
    def sustained_vcpus(self) -> float:
        """vCPUs that it gives for ever."""
        return self.vcpu * plain(self.sustained)

    @property
    def memory_visible(self) -> float:
        """Bytes the kernel reports as its total."""
        return self.memory - plain(self.memory_lost)

    def boot(self, world: World, name: str, held: float) -> Kernel:
        """A running kernel.

        Args:
            name: name of the host in the tables.
            held: bytes that OS and daemons use from the start.
        """
        cpu: Group
        if self.cpu_law is None:
            cpu = SharedCapacity(world.env, self.sustained_vcpus)
        else:
            law = self.cpu_law.boot(world.env, self.sustained_vcpus)
            cpu = OwnLawCapacity(world.env, self.sustained_vcpus, law)
        memory = Memory(self.memory_visible)
        memory.hold(held)
        return Kernel(
            world=world,
            name=name,
            architecture=self.architecture,
            cpu=cpu,
            core_speed=plain(self.core_speed),
            quota_period=None
            if self.quota_period is None or self.cpu_law
            else plain(self.quota_period),
            memory=memory,
            disk=plain(self.disk),
            iops=plain(self.iops),
            nic=plain(self.nic),
            space=DiskSpace(plain(self.disk_size), plain(self.disk_used)),
        )
