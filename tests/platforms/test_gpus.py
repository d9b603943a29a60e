"""GPUs as a resource of placement: whole ones, a limit like the others."""

from typing import Any

import pytest

from sim import catalog
from sim.core.world import World
from sim.platforms.ecs.container_instance import FreeOnInstance, TaskRequest
from sim.platforms.kubernetes.allocatable import Allocatable
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import FreeOnNode
from sim.platforms.packing.bin_packing import pack
from sim.start import Ready
from sim.units import MiB
from sim.workload import Service


def one(gpus: int = 1, **given: Any) -> Service:
    """A small service with GPUs of its own."""
    return catalog.service("generic", cpu=0.25, memory=256 * MiB, gpus=gpus, **given)


def on(type_: str, name: str) -> Any:
    """A platform that takes GPUs of that type."""
    made: dict[str, Any] = {
        "ecs": lambda: catalog.ecs(type_).hosting,
        "eks": lambda: catalog.eks(type_),
        "docker": lambda: catalog.docker(catalog.bare(type_)),
        "vm": lambda: catalog.hypervisor(catalog.bare(type_)),
    }
    return made[name]()


@pytest.mark.parametrize("platform", ["ecs", "eks", "docker", "vm"])
@pytest.mark.parametrize(
    ("type_", "gpus", "count"),
    [("g5.12xlarge", 1, 4), ("g5.12xlarge", 2, 2), ("g5.12xlarge", 3, 1), ("g5.xlarge", 2, 0)],
)
def test_a_machine_takes_as_many_as_its_gpus_allow(
    platform: str, type_: str, gpus: int, count: int
) -> None:
    """g5.12xlarge has 4 GPUs, g5.xlarge one."""
    first = on(type_, platform).ceilings(one(gpus))[0]

    assert (first.limit, first.allows) == ("GPU", count)


@pytest.mark.parametrize("platform", ["ecs", "eks", "docker", "vm"])
def test_who_asks_for_none_is_not_limited_by_them(platform: str) -> None:
    """Neither on a type with GPUs nor on one without."""
    for type_ in ("g5.12xlarge", "m5.large"):
        ceilings = on(type_, platform).ceilings(one(0))
        assert all(ceiling.limit != "GPU" for ceiling in ceilings)
        assert ceilings[0].allows > 0


@pytest.mark.parametrize(
    ("platform", "word"),
    [
        (catalog.ecs("g5.12xlarge"), "RESOURCE:GPU"),
        (
            catalog.eks("g5.12xlarge"),
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
        ),
        (catalog.hypervisor(catalog.bare("g5.12xlarge")), "GPU"),
    ],
)
def test_the_fifth_is_refused_in_the_platforms_own_word(platform: Any, word: str) -> None:
    """Four run on the four GPUs of a g5.12xlarge."""
    world = World(seed=1)
    starts = platform.deploy(world).launch(one(), 5)
    world.env.run()
    ended = [start.value for start in starts]

    assert sum(isinstance(end, Ready) for end in ended) == 4
    assert [end.limit for end in ended if not isinstance(end, Ready)] == [word]


def test_an_amd_gpu_is_none_of_nvidias() -> None:
    """g4ad has one, which neither ECS nor nvidia.com/gpu hands out."""
    assert catalog.instance("g4ad.16xlarge").gpus == 4
    for name in ("ecs", "eks"):
        assert on("g4ad.16xlarge", name).ceilings(one())[0].allows == 0


def test_a_gpu_that_is_given_back_is_taken_again() -> None:
    """Less and more are each other's inverse, on both orchestrators."""
    instance = FreeOnInstance(9, 9, 9.0, 0, frozenset(), "slots", 2)
    task = TaskRequest(1, 1, gpus=2)
    node = FreeOnNode(9, 9, 9, frozenset(), Allocatable(9, 9, 9), 2)
    pod = PodRequest(1, 1, gpus=2)

    assert instance.less(task).lacks(task) == "RESOURCE:GPU"
    assert instance.less(task).more(task) == instance
    assert node.less(pod).words(pod) == ("Insufficient nvidia.com/gpu",)
    assert node.less(pod).more(pod) == node


def test_fargate_refuses_them_in_plain_words() -> None:
    """Under ECS and under EKS, before and in a run."""
    for platform in (catalog.ecs_on_fargate(), catalog.eks_on_fargate()):
        first = platform.ceilings(one())[0]
        assert first.allows == 0
        world = World(seed=1)
        (start,) = platform.deploy(world).launch(one())
        world.env.run()
        assert "Fargate has no" in f"{start.value}" or "GPU" in f"{start.value}"


def test_the_cheapest_instance_of_its_own_has_the_gpus() -> None:
    """Not the cheapest that has the vCPUs; more GPUs never cost less."""
    prices = []
    for gpus in (0, 1, 4, 8):
        found = catalog.ec2_for(one(gpus))
        assert found is not None
        assert (found.machine.gpus or 0) >= gpus
        prices.append(float(found.usd_per_hour(one(gpus)) or 0.0))

    assert prices == sorted(prices)
    assert catalog.ec2_for(one(9)) is None


def test_a_fraction_of_a_gpu_is_not_taken_for_none_or_one() -> None:
    """It is not known of g6f.large how many a task or a pod may have: that is said."""
    with pytest.raises(ValueError, match=r"how many g6f.large has is not known"):
        catalog.ecs("g6f.large").hosting.request(one())  # type: ignore[union-attr]
    assert catalog.ecs("g6f.large").ceilings(one())[0].limit == "GPU"
    assert catalog.ecs("g6f.large").ceilings(one(0))[0].allows > 0


def nodes_for(eks: Any, service: Service, count: int) -> list[str]:
    """Types of the nodes that come for so many pods."""
    world = World(seed=1)
    live = eks.deploy(world)
    starts = live.launch(service, count)
    world.env.run(until=900.0)
    ready = [start for start in starts if start.triggered and start.value == Ready()]
    assert len(ready) in (0, count)
    kinds = {1: "g5.xlarge", 4: "g5.12xlarge", 0: "m5.xlarge"}
    return sorted(kinds[node_gpus(live, node)] for node in live.capacity.nodes.values())


def node_gpus(live: Any, node: Any) -> int:
    """GPUs of a node, free ones and those of its pods."""
    free: int = live.capacity.scheduler.free(node).gpus
    return free + sum(pod.request.gpus for pod in node.pods.values())


def test_karpenter_chooses_types_by_their_gpus() -> None:
    """Of m5.xlarge, g5.xlarge and g5.12xlarge: a pod with a GPU never goes to the cheapest,
    four fill four GPUs, and a fifth takes the cheapest type that has one."""
    eks = catalog.eks_karpenter("m5.xlarge", "g5.xlarge", "g5.12xlarge")

    assert nodes_for(eks, one(0), 3) == ["m5.xlarge"]
    assert nodes_for(eks, one(1), 1) == ["g5.xlarge"]
    assert nodes_for(eks, one(1), 4) == ["g5.12xlarge"]
    assert nodes_for(eks, one(1), 5) == ["g5.12xlarge", "g5.xlarge"]
    assert nodes_for(eks, one(3), 2) == ["g5.12xlarge", "g5.12xlarge"]
    assert nodes_for(eks, one(5), 1) == []
    assert "Insufficient nvidia.com/gpu" in eks.lacks(one(5))


def test_the_cluster_autoscaler_brings_a_node_for_each_gpu() -> None:
    """By vCPU and memory all three would fit on one g5.xlarge."""
    eks = catalog.eks_cluster_autoscaler("g5.xlarge")

    assert nodes_for(eks, one(1), 3) == ["g5.xlarge"] * 3
    assert nodes_for(catalog.eks_cluster_autoscaler("m5.xlarge"), one(1), 1) == []


def test_packing_counts_gpus_beside_cpu_and_memory() -> None:
    """First fit, largest first, into nodes of four GPUs: 3 + 1, 2 + 2."""
    whole = Allocatable(1000, 1000, 50)
    node = FreeOnNode(1000, 1000, 50, frozenset(), whole, 4)
    pods = {PodRequest(1, 1, None, gpus): count for gpus, count in ((3, 1), (2, 2), (1, 1))}

    assert pack(pods, [node]) == [0, 0]
    assert pack(pods, [node._replace(gpus=3)]) == [0, 0, 0]
    assert pack(pods, [node._replace(gpus=0), node]) == [1, 1]
