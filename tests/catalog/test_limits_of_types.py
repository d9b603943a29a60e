"""Limits of every type there is, against arithmetic of their own and against what is advised."""

import re
from collections import Counter
from typing import Any

import pytest

from sim import catalog
from sim.catalog.data import rows
from sim.platforms.kubernetes.node_limits import node_ceilings
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.limits import lifted
from sim.units import MiB

TABLE = {row["instance_type"]: row for row in rows("ec2_instances.csv") if row["max_eni"]}
ENI_MAX_PODS = {
    "a1.medium": 8, "c1.medium": 12, "c3.8xlarge": 234, "c5a.16xlarge": 737, "c6in.32xlarge": 394,
    "c8gn.48xlarge": 590, "d3.xlarge": 10, "d3.8xlarge": 59, "d3en.12xlarge": 89, "g4ad.xlarge": 8,
    "g4dn.16xlarge": 58, "g5.16xlarge": 234, "g5.48xlarge": 345, "g6e.12xlarge": 292,
    "g6f.large": 20, "h1.16xlarge": 394, "hpc6a.48xlarge": 100, "hpc6id.32xlarge": 51,
    "hpc7a.12xlarge": 100, "hpc7a.96xlarge": 100, "hpc7g.4xlarge": 198, "i4i.24xlarge": 437,
    "i7ie.12xlarge": 394, "inf1.24xlarge": 321, "inf1.xlarge": 38, "m2.2xlarge": 118,
    "m3.medium": 12, "m4.16xlarge": 234, "m4.large": 20, "m5zn.3xlarge": 234, "m5zn.12xlarge": 737,
    "p5.4xlarge": 118, "p5.48xlarge": 100, "p6-b200.48xlarge": 198, "r8i.large": 59,
    "r8i.xlarge": 118, "r8i.8xlarge": 492, "r8i-flex.12xlarge": 590, "r8i.96xlarge": 1514,
    "t2.2xlarge": 44, "t3.small": 11, "t3a.small": 8, "t3.medium": 17, "t4g.large": 35,
    "trn1.32xlarge": 247, "trn2.48xlarge": 100, "u-3tb1.56xlarge": 234, "u7in-16tb.224xlarge": 394,
    "x1.32xlarge": 234, "x1e.xlarge": 29, "x1e.4xlarge": 58, "x2iezn.12xlarge": 737,
    "z1d.3xlarge": 234,
}  # fmt: skip
"""Of nodeadm's own table where sizes do not follow the common scheme (awslabs/amazon-eks-ami,
nodeadm/internal/kubelet/eni-max-pods.txt @2641205, all of whose types were compared)."""
INSTANCE_INFO = {
    "c8a.2xlarge": (4, 40), "c8a.12xlarge": (12, 64), "c8gb.24xlarge": (24, 50),
    "c8i.8xlarge": (10, 50), "c8id.96xlarge": (24, 64), "g7e.2xlarge": (4, 64),
    "g7e.48xlarge": (10, 64), "i8ge.3xlarge": (6, 30), "i8ge.48xlarge": (24, 50),
    "m8gn.8xlarge": (10, 30), "m8i.large": (3, 20), "p6-b300.48xlarge": (4, 50),
    "x8aedz.3xlarge": (8, 40), "x8i.64xlarge": (24, 64),
}  # fmt: skip
"""ENIs of the default card and addresses of each, of types too new for that table (nodeadm's
instance-info.jsonl @d641fe0, all of whose newer types were compared)."""
BRANCHES = {
    "a1.medium": 10, "c1.xlarge": 0, "c5.24xlarge": 107, "c5a.2xlarge": 38, "g6f.large": 10,
    "g6f.4xlarge": 54, "gr6.8xlarge": 84, "hpc7g.4xlarge": 118, "i3.16xlarge": 0, "i3en.large": 5,
    "i3en.xlarge": 12, "i3en.2xlarge": 28, "i4i.xlarge": 6, "i4i.2xlarge": 26, "i4i.12xlarge": 112,
    "i4i.16xlarge": 120, "i4i.24xlarge": 105, "i7i.12xlarge": 84, "p5.48xlarge": 120,
    "r8i.large": 9, "r8i.8xlarge": 82, "r8i.96xlarge": 98, "t3.2xlarge": 0, "trn1.2xlarge": 17,
    "trn1.32xlarge": 82, "trn1n.32xlarge": 120, "u-3tb1.56xlarge": 6, "u-6tb1.112xlarge": 0,
    "u7i-12tb.224xlarge": 107,
}  # fmt: skip
"""Branch interfaces in the VPC resource controller's limits.go @02c28c7 (generated 2025-10-06) and
of p5 and hpc7g what its issue 3189 of amazon-vpc-cni-k8s and pull request 686 (2026-08) say. That
edition has none for i4i.large, Karpenter's copy of 2026-08 has 9."""
CARDS = {
    "p4d.24xlarge": 15,
    "p5.48xlarge": 2,
    "p5en.48xlarge": 4,
    "c6in.32xlarge": 8,
    "g6e.48xlarge": 10,
    "trn1.32xlarge": 5,
    "u7in-16tb.224xlarge": 8,
}
"""ENIs of the default network card of types with several, as nodeadm's instance-info has them."""
SIZES = [(0.001, 8), (0.05, 128), (0.25, 512), (1.0, 1900), (0.1, 3000)]


def ceilings(name: str, cpu: float, mib: float, ami: Any = "al2023", **given: Any) -> Any:
    """Limits of a node, smallest first, for pods that ask for so much."""
    settings = catalog.NodeSettings(ami=ami, **given.pop("settings", {}))
    config = catalog.node_config(name, settings=settings, **given)
    box = catalog.machine(name, ami)
    return node_ceilings(config, box, PodRequest(round(1000 * cpu), round(mib * MiB)))


def test_max_pods_are_addresses_of_the_default_card_and_two() -> None:
    """ENIs x (addresses - 1) + 2 (nodeadm, eni_max_pods.go); 59 types have several cards, and the
    others of theirs carry no pods."""
    several = []
    for name, row in TABLE.items():
        enis, each = int(row["max_eni"]), int(row["ipv4_per_eni"]) - 1
        default, rest = divmod(int(row["max_pods"]) - 2, each)
        assert rest == 0, name
        assert 1 <= default <= enis, name
        assert catalog.max_pods("default_enis", name) == default
        several += [name] if default < enis else []

    assert len(TABLE) == 1355
    assert len(several) == 59
    assert {name: catalog.max_pods("default_enis", name) for name in CARDS} == CARDS


def test_pods_and_branches_are_those_of_awss_own_tables() -> None:
    """What a self-managed node may carry, and what its trunk gives to security groups of pods."""
    own = catalog.NodeSettings(group="self-managed")
    for name, pods in ENI_MAX_PODS.items():
        assert catalog.node_config(name, settings=own).max_pods == pods, name
    for name, (enis, each) in INSTANCE_INFO.items():
        assert catalog.node_config(name, settings=own).max_pods == enis * (each - 1) + 2, name
    known = {name: catalog.instance(name).branch_enis for name in BRANCHES}
    assert known == BRANCHES


def test_branch_interfaces_and_tasks_with_trunking_agree() -> None:
    """vpc-resource-controller's branch interfaces and ECS's list: an eighth more at most; none
    where there is no trunk (T types and Xen)."""
    for name, row in TABLE.items():
        branches, documented = int(row["branch_eni"]), row["ecs_trunk_tasks"]
        assert catalog.instance(name).branch_enis == branches
        if documented and int(documented):
            assert branches <= int(documented) <= -(-branches * 9 // 8), name
        if row["t_credits_per_hr"] or row["hypervisor"] == "xen":
            assert branches == 0, name
    known = {"m5.large": 9, "c5.12xlarge": 54, "r6a.12xlarge": 114, "c5.18xlarge": 107}
    assert {name: catalog.instance(name).branch_enis for name in known} == known


def pods_of(row: dict[str, str], seen: int, cpu: int, mib: int, *, prefixes: bool) -> int:
    """Pods of a node of a managed group with AL2023, in whole MiB and thousandths of a vCPU."""
    vcpu, classic = int(row["vcpu"]), int(row["max_pods"])
    prefixes = prefixes and row["hypervisor"] != "xen"
    cap = 110 if vcpu < 30 else 250
    slots = min(cap, (classic - 2) * (16 if prefixes else 1) + 2) - 2
    kept = [60, 10, 5, 5]
    reserved = sum(kept[:vcpu]) + (10 * max(0, vcpu - 4)) // 4
    room = seen - 255 - 11 * classic - 100
    return max(0, min(slots, (1000 * vcpu - reserved - 150) // cpu, room // mib))


MORE_SIZES = [
    (cpu, mib) for cpu in (0.01, 0.1, 0.5, 2.0, 7.5) for mib in (16, 100, 256, 1024, 7000)
]


@pytest.mark.parametrize("prefixes", [False, True])
def test_pods_of_every_type_and_size_are_those_of_an_own_calculation(prefixes: bool) -> None:
    """1,355 types, 5 sizes: 0 differences."""
    compare_pods(prefixes, SIZES)


@pytest.mark.long
@pytest.mark.parametrize("prefixes", [False, True])
def test_pods_of_every_type_and_thirty_sizes(prefixes: bool) -> None:
    """With the five, 30 sizes: 0 differences."""
    compare_pods(prefixes, MORE_SIZES)


def compare_pods(prefixes: bool, sizes: list[tuple[float, int]]) -> None:
    """The model beside the calculation above, for every type."""
    for name, row in TABLE.items():
        config = catalog.node_config(name, prefix_delegation=prefixes)
        box = catalog.machine(name)
        seen = int(box.memory_visible / MiB + 1e-6)
        for cpu, mib in sizes:
            expected = pods_of(row, seen, round(1000 * cpu), mib, prefixes=prefixes)
            first = node_ceilings(config, box, PodRequest(round(1000 * cpu), mib * MiB))[0]
            assert first.allows == expected, (name, cpu, mib)


def advised(limits: Any, how: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """The settings as the advice has them; None where it is another type, or another pod."""
    if found := re.search(r"--kube-reserved (\d+)MiB", how):
        return {**given, "settings": {"kube_reserved": f"{found[1]}Mi"}}
    if found := re.search(r"lower --max-pods to (\d+)", how):
        return {**given, "max_pods": int(found[1])}
    if found := re.search(r"raise --max-pods above (\d+)", how):
        return {**given, "max_pods": int(found[1]) + max(1, limits[0].gain_if_lifted)}
    if "turn on prefix delegation" in how:
        return {**given, "prefix_delegation": True}
    return None


@pytest.mark.parametrize(
    ("ami", "settings"),
    [("al2023", ({}, {"max_pods": 20})), ("bottlerocket", ({}, {"prefix_delegation": True}))],
)
def test_whatever_is_advised_gives_more_on_every_type(ami: Any, settings: Any) -> None:
    """The advice about what binds alone is taken, and the model asked again."""
    asked: Counter[str] = Counter()
    for name in TABLE:
        for given in settings:
            limits = lifted(ceilings(name, 0.05, 128, ami, **given))
            changed = advised(limits, limits[0].how, given)
            alone = len(limits) == 1 or limits[1].allows > limits[0].allows
            if changed is None or not alone:
                continue
            asked.update(re.findall(r"--[a-z-]+|prefix", limits[0].how)[:1])
            more = ceilings(name, 0.05, 128, ami, **changed)[0].allows
            assert more > limits[0].allows, (name, given, limits[0].how)

    assert asked["--max-pods"] > 50
    assert asked.total() > 300
