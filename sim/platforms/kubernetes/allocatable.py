"""What a node keeps for itself, and what it offers to pods: arithmetic of EKS's node images.

kube-reserved is that of amazon-eks-ami (nodeadm); what is left less the eviction threshold and
the DaemonSets' own requests is what pods can ask for.
"""

import math
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from pydantic import NonNegativeInt

from sim.core.cited import Number, plain
from sim.core.description import description
from sim.host import Machine
from sim.platforms.kubernetes.daemon_set import DaemonSet, MaxPods
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.limits import fits


class Allocatable(NamedTuple):
    """What a node offers to pods, in the units of the scheduler."""

    cpu: int
    """Thousandths of a vCPU."""
    memory: int
    """Bytes."""
    pods: int


@description
class NodeConfig:
    """The kubelet's settings on nodes of one kind."""

    max_pods: MaxPods
    """`maxPods`: pods that the kubelet takes, those of DaemonSets included."""
    addresses: NonNegativeInt | None = None
    """IPv4 addresses that the VPC CNI has for pods, those of DaemonSets included; None: they never
    bind."""
    prefix_delegation: bool = False
    """Whether those are prefixes of 16 each."""
    prefix_max_pods: MaxPods | None = None
    """`max_pods` where prefix delegation is turned on; None: it cannot be, or is."""
    prefix_addresses: NonNegativeInt | None = None
    """`addresses` then."""
    branch_interfaces: NonNegativeInt = 0
    """Pods with security groups of their own that it takes."""
    reserved_memory: Number = 0.0
    """Bytes of kube-reserved, whatever the number of pods."""
    reserved_memory_per_pod: Number = 0.0
    """Bytes of kube-reserved for each of `reserved_pods`."""
    reserved_pods: MaxPods | None = None
    """Pods for which the node image keeps memory back; None: `max_pods`."""
    reserved_cpu: tuple[Number, Number, Number, Number] = (0.0, 0.0, 0.0, 0.0)
    """Fraction of kube-reserved of the first core, the second, the next two, and the rest."""
    reserved_vcpu: Number | None = None
    """vCPUs of kube-reserved instead; None: by `reserved_cpu`."""
    system_memory: Number = 0.0
    """Bytes of system-reserved."""
    system_vcpu: Number = 0.0
    """vCPUs of system-reserved."""
    eviction_memory: Number = 0.0
    """Bytes of `memory.available` below which the kubelet evicts."""
    kubelet_memory: Number = 0.0
    """Bytes that the kubelet itself uses."""
    daemon_sets: tuple[DaemonSet, ...] = ()

    def with_prefixes(self) -> "NodeConfig | None":
        """The same with prefix delegation turned on; None: it cannot be, or is."""
        if self.prefix_max_pods is None:
            return None
        return replace(
            self,
            max_pods=self.prefix_max_pods,
            addresses=self.prefix_addresses,
            prefix_delegation=True,
            prefix_max_pods=None,
            prefix_addresses=None,
        )

    @property
    def for_own_pods(self) -> int | None:
        """Addresses that DaemonSets leave; None: they never bind."""
        if self.addresses is None:
            return None
        return max(0, self.addresses - sum(not each.host_network for each in self.daemon_sets))

    @property
    def memory_of_slot(self) -> float:
        """Bytes that one slot more of the kubelet takes."""
        return 0.0 if self.reserved_pods is not None else plain(self.reserved_memory_per_pod)

    def kube_reserved(self) -> float:
        """Bytes of memory that the node keeps back for its pod slots and itself."""
        pods = self.max_pods if self.reserved_pods is None else self.reserved_pods
        return plain(self.reserved_memory) + plain(self.reserved_memory_per_pod) * pods

    def reserved(self) -> float:
        """Bytes of kube-reserved and system-reserved."""
        return self.kube_reserved() + plain(self.system_memory)

    def allocatable(self, machine: Machine) -> Allocatable:
        """What the node reports: `kubectl describe node`, Allocatable."""
        memory = machine.memory_visible - self.reserved() - plain(self.eviction_memory)
        cpu = 1000.0 * machine.vcpu - self._milli_reserved(machine.vcpu)
        return Allocatable(math.floor(cpu), max(0, math.floor(memory)), self.max_pods)

    def for_pods(self, machine: Machine) -> Allocatable:
        """What is left for pods once the DaemonSets run; negative where they do not fit."""
        whole, daemons = self.allocatable(machine), self.daemon_sets
        return Allocatable(
            whole.cpu - sum(round(1000.0 * plain(each.cpu)) for each in daemons),
            whole.memory - sum(round(plain(each.memory)) for each in daemons),
            whole.pods - len(daemons),
        )

    def memory_of_pods(self, machine: Machine) -> float:
        """Bytes that pods beside those of the DaemonSets may use: `memory.max` of kubepods.slice.

        The eviction threshold is no part of it: that is where the kubelet begins to evict.
        """
        daemons = math.fsum(plain(each.used) for each in self.daemon_sets)
        return machine.memory_visible - self.reserved() - daemons

    @property
    def held(self) -> float:
        """Bytes that kubelet and DaemonSets use."""
        return plain(self.kubelet_memory) + math.fsum(plain(each.used) for each in self.daemon_sets)

    def free_of_slots(self, machine: Machine) -> float:
        """Bytes for pods and what is kept back for each of them, together."""
        daemons = math.fsum(plain(each.memory) for each in self.daemon_sets)
        fixed = plain(self.reserved_memory) + plain(self.system_memory) + daemons
        slots = plain(self.reserved_memory_per_pod) * len(self.daemon_sets)
        return machine.memory_visible - fixed - plain(self.eviction_memory) - slots

    def fit_with_slots(self, machine: Machine, request: PodRequest) -> int:
        """Pods that fit where memory is kept back for exactly as many."""
        each = request.memory + plain(self.reserved_memory_per_pod)
        return fits(self.free_of_slots(machine), each)

    def most_slots(self, machine: Machine, request: PodRequest) -> int:
        """Pods for which memory can be kept back so that there is room for one."""
        free = self.free_of_slots(machine) - request.memory
        return fits(free, plain(self.reserved_memory_per_pod)) + len(self.daemon_sets)

    def _milli_reserved(self, vcpu: float) -> int:
        """Thousandths of a vCPU in kube-reserved and system-reserved, whole ones."""
        system = 1000.0 * plain(self.system_vcpu)
        if self.reserved_vcpu is not None:
            return math.ceil(1000.0 * plain(self.reserved_vcpu) + system - 1e-9)
        bounds = (0.0, 1.0, 2.0, 4.0, math.inf)
        cores = [max(0.0, min(vcpu, high) - low) for low, high in pairwise(bounds)]
        taken = sum(
            1000.0 * core * plain(part) for core, part in zip(cores, self.reserved_cpu, strict=True)
        )
        # A sum of decimals may lie a bit below the whole number that is meant.
        return math.floor((taken + system) * (1.0 + 1e-12))
