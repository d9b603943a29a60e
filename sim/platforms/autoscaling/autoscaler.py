"""Karpenter and the Cluster Autoscaler: who launches nodes, and who takes them away again."""

import math
from dataclasses import replace
from typing import Protocol, TypeAlias

from sim.core.cited import Number, Positive, plain
from sim.core.description import description
from sim.core.world import World
from sim.host import Machine
from sim.platforms.autoscaling.consolidation import ConsolidatedNodes, Consolidating, Consolidation
from sim.platforms.autoscaling.scale_down import ScaledDownNodes, ScaleDown, ScalingDown
from sim.platforms.autoscaling.scale_up import (
    BatchedScaleUp,
    GrowingNodes,
    PeriodicScaleUp,
    Planning,
    ScaleUp,
)
from sim.units import MiB


class AutoscaledNodes(GrowingNodes, ConsolidatedNodes, ScaledDownNodes, Protocol):
    """The nodes of a cluster, as its autoscaler sees them."""


@description
class Karpenter:
    """Launches nodes for each batch of pods that found no room."""

    batch_idle: Number
    """Seconds without a new pod after which a batch is closed."""
    batch_most: Number
    """Seconds after which it is closed in any case."""
    simulation: Number = 0.0
    """Seconds that planning nodes for n pods takes, by n squared: each pod is tried on the nodes
    planned before it."""
    simulation_most: Positive | None = None
    """Seconds after which what is planned is launched; None: only once all are."""
    vm_memory_overhead: Number = 0.0
    """Fraction of a type's nominal memory that is taken off to plan nodes of it, until one has been
    seen (`vmMemoryOverheadPercent`)."""
    arm64_carved: Number = 0.0
    """Bytes that are taken off an arm64 type's before."""
    discovers: bool = True
    """Whether a type's own memory is known once a node of it has joined, as since version 1.1."""
    consolidation: Consolidation

    def assumes(self, machine: Machine) -> Machine:
        """The machine as nodes of it are planned before one has been seen; whole MiB."""
        carved = plain(self.arm64_carved) if machine.architecture == "arm64" else 0.0
        told = machine.memory - carved
        overhead = math.ceil(told * plain(self.vm_memory_overhead) / MiB) * MiB
        return replace(machine, memory_lost=carved + overhead)

    def deploy(self, world: World, nodes: AutoscaledNodes) -> tuple[ScaleUp, Consolidating]:
        """The controllers that launch nodes and take them away."""
        idle, most = plain(self.batch_idle), plain(self.batch_most)
        longest = math.inf if self.simulation_most is None else plain(self.simulation_most)
        planning = Planning(plain(self.simulation), longest)
        grows = BatchedScaleUp(world, nodes, planning, idle=idle, most=most)
        return grows, Consolidating(self.consolidation, world, nodes)


@description
class ClusterAutoscaler:
    """Scans for pods that found no room, and grows a node group."""

    scan: Number
    """Seconds between two scans."""
    simulation: Number = 0.0
    """Seconds that planning nodes for n pods takes, by n squared."""
    scale_down: ScaleDown

    @property
    def discovers(self) -> bool:
        """It plans by nodes that are there, or were."""
        return True

    def assumes(self, machine: Machine) -> Machine:
        """The machine as it is: what it takes off before the first node is left out."""
        return machine

    def deploy(self, world: World, nodes: AutoscaledNodes) -> tuple[ScaleUp, ScalingDown]:
        """The controllers that launch nodes and take them away: both look in the same scan."""
        scan = plain(self.scan)
        phase = float(world.random.generator("eks/scan phase").uniform(0.0, scan))
        planning = Planning(plain(self.simulation))
        grows = PeriodicScaleUp(world, nodes, planning, scan=scan, phase=phase)
        return grows, ScalingDown(self.scale_down, world, nodes, scan=scan, phase=phase)


Autoscaler: TypeAlias = Karpenter | ClusterAutoscaler
