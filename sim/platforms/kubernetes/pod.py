"""A pod: containers with requests and limits, and what Kubernetes makes of these.

Requests decide placement and weight, limits what the kernel enforces. kubernetes.io, *Resource
Management for Pods and Containers* and *Pod Quality of Service Classes* (v1.35).
"""

import math
from typing import Literal, NamedTuple, TypeAlias

from pydantic import model_validator

from sim.core.description import description
from sim.core.quantity import Bytes, Vcpu
from sim.workload import Service, task_size

QoS: TypeAlias = Literal["Guaranteed", "Burstable", "BestEffort"]


@description
class Resources:
    """Requests and limits of one container; None: not set. A limit alone is a request, too."""

    cpu_request: Vcpu | None = None
    memory_request: Bytes | None = None
    cpu_limit: Vcpu | None = None
    """`cpu.max`."""
    memory_limit: Bytes | None = None
    """`memory.max`."""

    @model_validator(mode="after")
    def _request_within_limit(self) -> "Resources":
        for name in ("cpu", "memory"):
            request, limit = getattr(self, f"{name}_request"), getattr(self, f"{name}_limit")
            if request is not None and limit is not None and request > limit:
                raise ValueError(
                    f"{name}_request: {request:g} is not allowed; at most {name}_limit = {limit:g}"
                )
        return self

    @property
    def cpu(self) -> int:
        """Requested CPU in thousandths of a vCPU; Kubernetes rounds up to whole ones."""
        request = self.cpu_limit if self.cpu_request is None else self.cpu_request
        # 1000 times a decimal may lie a bit above the whole number that is meant.
        return math.ceil(1000.0 * (request or 0.0) * (1.0 - 1e-12))

    @property
    def memory(self) -> int:
        """Requested bytes."""
        request = self.memory_limit if self.memory_request is None else self.memory_request
        return math.ceil(request or 0.0)

    @property
    def guaranteed(self) -> bool:
        """Whether limits are set for both and requests are the same."""
        limits, requests = (self.cpu_limit, self.memory_limit), (self.cpu, self.memory)
        if self.cpu_limit is None or self.memory_limit is None:
            return False
        same = Resources(cpu_request=limits[0], memory_request=limits[1])
        return requests == (same.cpu, same.memory)


def resources(service: Service) -> Resources:
    """Requests are what a service reserves; its memory is a limit, its CPU where it is a quota."""
    return Resources(
        cpu_request=service.cpu or None,
        memory_request=service.reserved,
        cpu_limit=None if math.isinf(service.cap) else service.cap,
        memory_limit=service.memory if service.memory_limited else None,
    )


class PodRequest(NamedTuple):
    """What the scheduler reserves for one pod."""

    cpu: int
    """Thousandths of a vCPU."""
    memory: int
    """Bytes."""
    ports: tuple[int, ...] = ()
    """Ports of the host."""
    gpus: int = 0
    branches: int = 0
    """Branch interfaces: 1 for a pod with security groups of its own."""


@description
class PodTemplate:
    """What a pod is besides the service's containers."""

    resources: Resources | None = None
    """Requests and limits of the service's container; None: what the service says."""
    privileged: bool = False
    host_network: bool = False
    """Share the node's network: no address of its own."""
    security_groups: bool = False
    """Whether it has security groups of its own: a branch interface instead of an address."""
    oom_group: bool = True
    """Whether all processes of a container are killed with the first, as the kubelet has it with
    cgroup v2 (`singleProcessOOMKill: false`)."""

    def main(self, service: Service) -> Resources:
        """Requests and limits of the service's container."""
        return resources(service) if self.resources is None else self.resources

    def request(self, service: Service) -> PodRequest:
        """The effective request: the largest of the init chain, or the sum of the others."""
        side_by_side = [self.main(service), *map(resources, service.sidecars)]
        chain = [resources(container) for container in service.init]
        size = task_size(service)
        return PodRequest(
            max(sum(r.cpu for r in side_by_side), *(r.cpu for r in chain), 0),
            max(sum(r.memory for r in side_by_side), *(r.memory for r in chain), 0),
            size.ports,
            size.gpus,
            int(self.security_groups),
        )

    def qos(self, service: Service) -> QoS:
        """The class that decides who is killed first where memory is short."""
        others = (*service.init, *service.sidecars)
        every = [self.main(service), *map(resources, others)]
        if all(r.guaranteed for r in every):
            return "Guaranteed"
        return "Burstable" if any(r.cpu or r.memory for r in every) else "BestEffort"


def cpu_weight(milli: int) -> float:
    """`cpu.weight` of so many thousandths of a vCPU, in whole numbers as kubelet and runc do it.

    1024 cgroup v1 shares a vCPU, from 2 to 262,144, mapped onto 1 to 10,000.
    """
    shares = min(262144, max(2, milli * 1024 // 1000))
    return float(1 + (shares - 2) * 9999 // 262142)


def oom_score_adj(qos: QoS, request: float, capacity: float) -> float:
    """What the kubelet writes for a container: the more it asked for, the later it is killed.

    Args:
        request: bytes of memory that the container asked for.
        capacity: bytes of the node.
    """
    if qos == "Guaranteed":
        return -997.0
    if qos == "BestEffort":
        return 1000.0
    return min(max(2.0, 1000.0 - 1000.0 * request / capacity), 999.0)
