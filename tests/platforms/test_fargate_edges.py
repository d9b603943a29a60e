"""On Fargate a task or pod that fits a size runs in it: by reservation and in a run, to the MiB."""

from dataclasses import replace

import pytest
from worlds import launch, outcomes

from sim import catalog
from sim.catalog.ecs import fargate_sizes
from sim.platforms import ECS, EKS
from sim.units import MiB
from sim.workload import Service

OVERHEAD = 256
SIZES = sorted({size.memory / MiB for size in fargate_sizes() if size.memory < 9e9})
"""Memory of Fargate's sizes up to 8 GiB, MiB."""


def agrees(platform: ECS | EKS, wanted: Service) -> bool:
    """Whether what fits by reservation becomes ready, and what does not is refused."""
    _, _, starts = launch(platform, wanted)
    return (platform.ceilings(wanted)[0].allows == 1) == (outcomes(starts) == ["ready"])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_a_pod_may_use_all_that_it_asked_for(size: float, beside: int) -> None:
    """The 256 MiB are for kubelet, kube-proxy and containerd; its own limit is the pod's alone."""
    platform = catalog.eks_on_fargate()
    wanted = catalog.service(cpu=0.25, memory=(size - OVERHEAD + beside) * MiB)
    given = platform.fargate_size(wanted)

    assert given is not None
    assert (given.memory == size * MiB) == (beside <= 0)
    assert agrees(platform, wanted)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_a_task_may_use_all_of_its_size(size: float, beside: int) -> None:
    """ECS adds nothing to a task: the operating system and the agent come on top of the size."""
    wanted = catalog.service(cpu=0.25, memory=(size + beside) * MiB)

    assert agrees(catalog.ecs_on_fargate(), wanted)


def test_a_pod_with_a_sidecar_may_use_all_that_both_asked_for() -> None:
    """One sandbox for all containers of a pod."""
    sidecar = replace(catalog.service(cpu=0.05, memory=56 * MiB), name="proxy")
    platform = catalog.eks_on_fargate()
    wanted = replace(catalog.service(cpu=0.2, memory=200 * MiB), sidecars=(sidecar,))

    assert str(platform.fargate_size(wanted)) == "0.25 vCPU, 512 MiB"
    assert agrees(platform, wanted)


def test_memory_of_a_pod_adds_up_to_its_size() -> None:
    """The budget of one that fills its size has nothing free, and lacks nothing."""
    platform = catalog.eks_on_fargate()
    wanted = catalog.service(cpu=0.25, memory=768 * MiB)
    parts = {part.item: part.bytes for part in platform.budget(wanted, 1)}

    assert parts["free"] == pytest.approx(0.0, abs=1.0)
    assert parts["kubelet and DaemonSets"] + parts["shims"] == OVERHEAD * MiB
