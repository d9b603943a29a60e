"""What Karpenter takes a type for before it has seen a node of it: `vmMemoryOverheadPercent`."""

from dataclasses import replace
from typing import Any

import pytest

from sim import catalog
from sim.catalog.data import rows
from sim.core.world import World
from sim.platforms import EKS, NodePool
from sim.platforms.autoscaling.autoscaler import Karpenter
from sim.start import Ready
from sim.units import MiB

TABLE = {row["instance_type"]: row for row in rows("ec2_instances.csv")}


def karpenter(type_: str = "m5.large", **settings: Any) -> EKS:
    """EKS with Karpenter, some of whose settings are other than its defaults."""
    eks = catalog.eks_karpenter(type_)
    assert isinstance(eks.capacity, NodePool)
    scaler = replace(eks.capacity.autoscaler, **settings)
    return replace(eks, capacity=replace(eks.capacity, autoscaler=scaler))


def outcome(eks: EKS, mib: float, count: int = 1, until: float = 3600.0) -> tuple[int, int]:
    """Pods of so much memory that became ready, and nodes."""
    world = World(seed=1)
    live = eks.deploy(world)
    what = catalog.service("generic", cpu=0.1, memory=mib * MiB)
    starts = live.launch(what, count)
    world.env.run(until=until)
    return sum(s.triggered and s.value == Ready() for s in starts), len(live.hosts())


def test_memory_is_planned_as_in_karpenters_own_table_for_every_type() -> None:
    """Its generated documentation: nominal less 7.5% (and 64 MiB on arm64), less what a node
    keeps; to the MiB, of 1,355 types."""
    pool = catalog.eks_karpenter("m5.large").capacity
    assert isinstance(pool, NodePool)
    for name, row in TABLE.items():
        if not row["karpenter_alloc_mem"]:
            continue
        settings = catalog.NodeSettings(group="self-managed")
        config = catalog.node_config(name, settings=settings)
        planned = config.allocatable(pool.autoscaler.assumes(catalog.machine(name)))
        assert abs(planned.memory / MiB - float(row["karpenter_alloc_mem"][:-2])) <= 1.0, name


def test_7000_mib_on_m5_large_never_come_up_on_karpenter() -> None:
    """It counts 8192 x 0.925 - 574 - 100 = 6,903 MiB; a node would have 7,137."""
    what = catalog.service("generic", cpu=0.1, memory=7000 * MiB)
    said = karpenter().lacks(what)

    assert outcome(karpenter(), 7000) == (0, 0)
    assert outcome(karpenter(), 6900) == (1, 1)
    assert "Insufficient memory: m5.large has 7,137 MiB for pods" in said
    assert "Karpenter counts 6,903 MiB until it has seen a node of that type" in said
    assert catalog.eks_cluster_autoscaler("m5.large").lacks(what) == ""


def test_a_smaller_overhead_brings_the_node() -> None:
    """4% instead of 7.5%: 8192 x 0.96 - 674 = 7,190 MiB, and a node has 7,137."""
    assert outcome(karpenter(vm_memory_overhead=0.04), 7000) == (1, 1)


def test_after_the_first_node_the_type_is_known() -> None:
    """3,500 MiB twice are more than 6,903 MiB, and fit into the 7,137 of a node that was seen."""
    keeps = replace(karpenter().capacity.autoscaler.consolidation, after=1e9)  # type: ignore[union-attr]
    knows, forgets = (karpenter(discovers=d, consolidation=keeps) for d in (True, False))

    for eks, nodes in ((knows, 2), (forgets, 3)):
        world = World(seed=1)
        live = eks.deploy(world)
        what = catalog.service("generic", cpu=0.1, memory=3500 * MiB)
        live.launch(what, 1)
        world.env.run(until=600.0)
        live.launch(what, 1)  # fits on the node that is there, whatever is planned
        world.env.run(until=1200.0)
        assert len(live.hosts()) == 1
        live.launch(what, 2)
        world.env.run(until=2400.0)
        assert len(live.hosts()) == nodes


def test_a_type_that_is_taken_for_more_than_it_has_is_launched_once() -> None:
    """At no overhead a pod of 7,400 MiB gets a node that has 7,137; it waits, and no loop ends."""
    assert outcome(karpenter(vm_memory_overhead=0.0), 7400) == (0, 0)
    assert outcome(karpenter(vm_memory_overhead=0.0, discovers=False), 7400) == (0, 0)


def test_arm64_loses_64_mib_more() -> None:
    """Before the overhead, as Karpenter does it."""
    scaler = karpenter().capacity.autoscaler  # type: ignore[union-attr]
    assert isinstance(scaler, Karpenter)

    lost = scaler.assumes(catalog.machine("m6g.large")).memory_lost
    assert lost == pytest.approx((64 + 0.075 * (8192 - 64)) * MiB, abs=MiB)
