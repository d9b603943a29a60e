"""EKS's nodes against AWS's own tables, for every instance type there is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.catalog.data import rows
from sim.catalog.eks import kubelet, kubernetes_control_plane
from sim.core.cited import plain
from sim.core.world import World
from sim.platforms import NodePool, PodTemplate, Resources
from sim.platforms.kubernetes.allocatable import Allocatable
from sim.start import Ready
from sim.units import MiB

TABLE = {row["instance_type"]: row for row in rows("ec2_instances.csv")}
TYPES = sorted(name for name, type_ in catalog.instances().items() if type_.max_pods is not None)
"""Types whose addresses for pods are known."""
PLANNED = [name for name in TYPES if TABLE[name]["karpenter_alloc_mem"]]
"""Those that are in Karpenter's tables of allocatable CPU and memory, too: without hpc and trn2."""

SELF_MANAGED = catalog.NodeSettings(group="self-managed")


def test_nearly_every_type_of_the_table_can_be_a_node() -> None:
    """1,362 of 1,363; of eight (hpc and trn2) it is not known how many interfaces ECS gives."""
    assert (len(TABLE), len(TYPES), len(PLANNED)) == (1363, 1362, 1355)
    assert set(TABLE) - set(TYPES) == {"hpc8a.96xlarge"}
    with pytest.raises(ValueError, match=r"network interfaces of hpc8a.96xlarge are not known"):
        catalog.eks("hpc8a.96xlarge")
    for name in sorted(set(TABLE) - set(PLANNED)):
        with pytest.raises(ValueError, match=f"network interfaces of {name} are not known"):
            catalog.ecs(name, network="awsvpc")
        assert catalog.ecs(name).ceilings(catalog.service())[0].allows > 0


def test_max_pods_are_those_of_the_vpc_cni() -> None:
    """eni-max-pods.txt; two of them, aws-node and kube-proxy, need no address."""
    for name in TYPES:
        config = catalog.node_config(name, settings=SELF_MANAGED)
        assert config.max_pods == int(TABLE[name]["max_pods"]), name
        assert config.addresses == config.max_pods - len(config.daemon_sets), name


def test_prefixes_multiply_addresses_by_sixteen_under_eks_caps() -> None:
    """110 below 30 vCPU and 250 from there on, if the ENIs hold so many."""
    for name in TYPES:
        row = TABLE[name]
        slots = int(row["max_pods"]) - 2
        config = catalog.node_config(name, prefix_delegation=True)
        cap = 110 if int(row["vcpu"]) < 30 else 250
        of_slot = 1 if row["hypervisor"] == "xen" else 16  # prefixes are for Nitro alone
        assert config.addresses == of_slot * slots, name
        assert config.max_pods == min(of_slot * slots + 2, cap), name


def test_allocatable_cpu_is_that_of_karpenters_table() -> None:
    """To the thousandth of a vCPU."""
    for name in PLANNED:
        text = TABLE[name]["karpenter_alloc_cpu"]
        expected = float(text[:-1]) if text.endswith("m") else 1000.0 * float(text)
        found = (
            catalog.node_config(name, settings=SELF_MANAGED).allocatable(catalog.machine(name)).cpu
        )
        assert found == int(expected), name


def test_what_a_node_keeps_is_what_karpenters_table_takes_off() -> None:
    """Karpenter guesses 7.5% for the hypervisor (arm: of 64 MiB less); the rest is kube-reserved
    and the eviction threshold. Its table is cut to whole MiB."""
    for name in PLANNED:
        row = TABLE[name]
        carved = 64.0 if row["arch"] == "arm64" else 0.0
        capacity = 0.925 * (float(row["memory_mib_nominal"]) - carved)
        config = catalog.node_config(name, settings=SELF_MANAGED)
        kept = (config.kube_reserved() + plain(config.eviction_memory)) / MiB
        expected = float(row["karpenter_alloc_mem"][:-2])
        assert max(0.0, capacity - kept) == pytest.approx(expected, abs=1.0), name


def test_allocatable_memory_is_what_the_os_sees_less_what_the_node_keeps() -> None:
    """As measured per type: 255 MiB, 11 MiB a slot and 100 MiB less; never below zero."""
    for name in TYPES:
        type_ = catalog.instance(name)
        assert type_.max_pods is not None
        kept = 255 + 11 * type_.max_pods + 100
        memory = (
            catalog.node_config(name, settings=SELF_MANAGED)
            .allocatable(catalog.machine(name))
            .memory
        )
        assert memory == max(0, int(type_.memory_visible - kept * MiB)), name


def test_a_managed_node_group_caps_pods_prefixes_or_not() -> None:
    """110 below 30 vCPU, 250 from there on; Karpenter's and self-managed nodes are not capped."""
    for name in TYPES:
        cap = 110 if int(TABLE[name]["vcpu"]) < 30 else 250
        own = int(TABLE[name]["max_pods"])
        assert catalog.node_config(name).max_pods == min(own, cap), name
        assert catalog.node_config(name, settings=SELF_MANAGED).max_pods == own, name
        assert catalog.node_config(name, max_pods=300).max_pods == 300, name
    karpenter = catalog.eks_karpenter("m5.4xlarge").capacity
    groups = catalog.eks_cluster_autoscaler("m5.4xlarge").capacity
    assert isinstance(karpenter, NodePool)
    assert isinstance(groups, NodePool)
    assert (karpenter.kinds[0].node.max_pods, groups.kinds[0].node.max_pods) == (234, 110)


def test_no_advice_lowers_the_count() -> None:
    """On every type what is advised is asked of the model, and gives more."""
    tiny = catalog.service("generic", cpu=0.001, memory=6 * MiB)
    advised = 0
    for name in PLANNED:
        pods, tasks = catalog.eks(name), catalog.ecs(name, network="awsvpc")
        first = pods.ceilings(tiny)[0]
        if "prefix delegation" in first.how:
            advised += 1
            prefixed = catalog.eks(name, prefix_delegation=True).ceilings(tiny)[0]
            assert prefixed.allows > first.allows, name
        first = tasks.ceilings(tiny)[0]
        if "turn on awsvpcTrunking" in first.how:
            advised += 1
            trunked = catalog.ecs(name, network="awsvpc", trunking=True).ceilings(tiny)[0]
            assert trunked.allows > first.allows, name
    assert advised > 500
    assert "prefix delegation" not in catalog.eks("m5.4xlarge").ceilings(tiny)[0].how


def test_known_nodes() -> None:
    """m5.xlarge: 15,611 MiB and 4 vCPU; t3.nano has 8 MiB left for pods."""
    assert catalog.node_config("m5.xlarge").allocatable(
        catalog.machine("m5.xlarge")
    ) == Allocatable(3920, (15611 - 255 - 11 * 58 - 100) * MiB, 58)
    assert catalog.node_config("t3.nano").allocatable(catalog.machine("t3.nano")).memory == 8 * MiB


def allocatable_mib(type_: str, ami: Any, **given: Any) -> float:
    """Memory that pods can ask for on a node of that type and image."""
    settings = catalog.NodeSettings(ami=ami)
    config = catalog.node_config(type_, settings=settings, **given)
    return config.allocatable(catalog.machine(type_, ami)).memory / MiB


@pytest.mark.parametrize("ami", [None, "al2", "al2023"])
def test_amazon_linux_reserves_by_its_own_number_whatever_max_pods(ami: Any) -> None:
    """nodeadm and bootstrap.sh take the type's number by ENIs: 255 + 11 x 11 MiB on t4g.small, on
    which EKS's AL2023 was seen to leave 1,370 MiB with 110 pods (bottlerocket#4472)."""
    expected = 1846 - 255 - 11 * 11 - 100 + (50 if ami == "al2" else 0)

    for how in ({}, {"max_pods": 110}, {"prefix_delegation": True}, {"max_pods": "110"}):
        assert allocatable_mib("t4g.small", ami, **how) == pytest.approx(expected, abs=1.0)


def test_bottlerocket_reserves_by_max_pods() -> None:
    """255 + 11 x 110 MiB: of t4g.small 275 MiB were left (bottlerocket#4472)."""
    few, many = (allocatable_mib("t4g.small", "bottlerocket", max_pods=n) for n in (11, 110))

    assert few - many == 99 * 11
    assert many == pytest.approx(274.7, abs=5.0)


@pytest.mark.parametrize(("ami", "count"), [("al2023", 10), ("bottlerocket", 2)])
def test_prefixes_on_t4g_small_give_ten_pods_or_two(ami: Any, count: int) -> None:
    """Of 128 MiB each; AL2023 keeps memory back for 11 pods, Bottlerocket for 110."""
    what = catalog.service("generic", cpu=0.05, memory=128 * MiB)
    eks = catalog.eks("t4g.small", prefix_delegation=True, settings=catalog.NodeSettings(ami=ami))

    assert eks.ceilings(what)[0].allows == count


def test_nodeadms_expression_moves_what_it_reserves_and_a_group_caps_the_pods_only() -> None:
    """amazon-eks-ami#2580: max pods stay at 110, and memory is kept back for all 3 x 14 x 16."""
    raw = "((default_enis - 1) * (ips_per_eni - 1) * 16)"
    config = catalog.node_config("m5.xlarge", max_pods=raw, prefix_delegation=True)
    own = catalog.node_config("m5.xlarge", max_pods=raw, settings=SELF_MANAGED)

    assert (config.max_pods, config.kube_reserved() / MiB) == (110, 255 + 11 * 672)
    assert (own.max_pods, own.kube_reserved() / MiB) == (672, 255 + 11 * 672)
    with pytest.raises(ValueError, match="al2, which reads no expression"):
        catalog.node_config("m5.xlarge", max_pods=raw, settings=catalog.NodeSettings(ami="al2"))


def test_what_people_reserve_takes_the_place_of_the_images_or_comes_on_top() -> None:
    """`kubeReserved` replaces, `systemReserved` adds; the threshold is a size or a share."""
    settings = catalog.NodeSettings(
        kube_reserved="200m/600Mi", system_reserved="100m/200Mi", eviction="5%"
    )
    config = catalog.node_config("m5.large", max_pods=110, settings=settings)
    node = config.allocatable(catalog.machine("m5.large"))

    assert node.cpu == 2000 - 300
    assert node.memory / MiB == pytest.approx(7811 * 0.95 - 600 - 200, abs=0.01)
    one = catalog.node_config("m5.large", settings=catalog.NodeSettings(kube_reserved="600Mi"))
    assert one.allocatable(catalog.machine("m5.large")).cpu == 1930
    assert one.kube_reserved() == 600 * MiB


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("kube_reserved", "lots", "memory such as 600Mi, or CPU and memory such as 200m/600Mi"),
        ("kube_reserved", "2x/1Gi", "a number of vCPUs"),
        ("eviction", "100%", "from 0% to below 100%"),
        ("eviction", "some", "an amount of memory"),
        ("daemon_sets", ["100m"], "no '/' between CPU and memory"),
        ("group", "mine", "managed"),
        ("ami", "ubuntu", "al2"),
    ],
)
def test_what_is_no_setting_says_what_is_allowed(field: str, text: Any, words: str) -> None:
    """One mistake, with the value and the form."""
    with pytest.raises(ValueError, match=words):
        catalog.NodeSettings(**{field: text})


def test_custom_networking_leaves_the_primary_eni_alone() -> None:
    """(ENIs - 1) x (addresses - 1) + 2, sixteen times with prefixes, capped; of every type."""
    custom = catalog.NodeSettings(custom_networking=True)
    for name in PLANNED:
        row = TABLE[name]
        enis, each = int(row["max_eni"]), int(row["ipv4_per_eni"]) - 1
        cap = 110 if int(row["vcpu"]) < 30 else 250
        if int(row["max_pods"]) != enis * each + 2:  # several network cards: its own number
            continue
        plain_, prefixed = (
            catalog.node_config(name, settings=custom, prefix_delegation=on) for on in (False, True)
        )
        slots, of_slot = (enis - 1) * each, 1 if row["hypervisor"] == "xen" else 16
        assert (plain_.max_pods, plain_.addresses) == (min(slots + 2, cap), slots), name
        assert prefixed.max_pods == min(of_slot * slots + 2, cap), name
        assert prefixed.addresses == of_slot * slots, name


def test_security_groups_of_pods_are_branch_interfaces() -> None:
    """m5.large: 9 pods (containers-roadmap#1153); c5.12xlarge 54 (#1342); the trunk takes an ENI
    from the others; T types have none."""
    tiny = catalog.service("generic", cpu=0.01, memory=16 * MiB)
    settings = catalog.NodeSettings(security_groups=True)
    for name, count in (("m5.large", 9), ("c5.12xlarge", 54), ("t3.medium", 0)):
        first = catalog.eks(name, settings=settings).ceilings(tiny)[0]
        assert (first.limit, first.allows) == ("branch interfaces", count), name
    assert catalog.node_config("m5.large", settings=settings).addresses == 2 * 9
    both = catalog.NodeSettings(security_groups=True, custom_networking=True)
    assert catalog.node_config("m5.large", settings=both).addresses == 9


def test_the_tenth_pod_with_security_groups_finds_no_branch_interface() -> None:
    """On one m5.large, in Kubernetes' word, and without taking an address from the others."""
    world = World(seed=1)
    tiny = catalog.service("generic", cpu=0.01, memory=16 * MiB)
    eks = catalog.eks("m5.large", settings=catalog.NodeSettings(security_groups=True))
    starts = eks.deploy(world).launch(tiny, 10)
    world.env.run()
    ended = [start.value for start in starts]

    assert sum(end == Ready() for end in ended) == 9
    assert "Insufficient vpc.amazonaws.com/pod-eni" in str(ended[-1])


def test_own_daemon_sets_take_requests_a_slot_and_an_address() -> None:
    """Those of EKS share the node's network; one's own do not."""
    own = catalog.NodeSettings(daemon_sets=("log=100m/128Mi", "50m/64MiB"))
    box, bare = catalog.machine("m5.large"), catalog.node_config("m5.large")
    config = catalog.node_config("m5.large", settings=own)
    before, after = bare.for_pods(box), config.for_pods(box)

    assert (before.cpu - after.cpu, before.memory - after.memory) == (150, 192 * MiB)
    assert (before.pods - after.pods, config.for_own_pods) == (2, 25)
    assert [each.name for each in config.daemon_sets[2:]] == ["log", "own 50m/64MiB"]


@given(st.sampled_from(TYPES), st.integers(1, 3000), st.booleans())
def test_no_setting_gives_a_negative_count(name: str, max_pods: int, prefixes: bool) -> None:
    """What leaves no memory answers 0, and how to get out of it."""
    eks = catalog.eks(name, max_pods=max_pods, prefix_delegation=prefixes)
    first = eks.ceilings(catalog.service(cpu=0.1, memory=64 * MiB))[0]

    assert first.allows >= 0
    assert first.how


def test_daemon_sets_take_150m_and_two_slots_of_every_node() -> None:
    """aws-node 50m, kube-proxy 100m; neither asks for memory."""
    eks = catalog.eks("m5.xlarge")
    assert eks.node is not None
    room = eks.node.for_pods(catalog.machine("m5.xlarge"))

    assert (room.cpu, room.pods) == (3770, 56)
    assert eks.ceilings(catalog.service(cpu=0.25, memory=64 * MiB))[0].allows == 15


def test_fargate_under_eks_launches_twenty_and_then_twenty_a_second() -> None:
    """An account that uses Fargate under EKS only."""
    launches = catalog.eks_on_fargate().capacity.launches

    assert (plain(launches.size), plain(launches.refill)) == (20.0, 20.0)


@pytest.mark.parametrize(
    ("cpu", "memory", "size"),
    [
        (0.25, 256, "0.25 vCPU, 512 MiB"),
        (0.25, 512, "0.25 vCPU, 1 GiB"),
        (0.5, 1024, "0.5 vCPU, 2 GiB"),
        (4.0, 30 * 1024, "8 vCPU, 32 GiB"),
    ],
)
def test_known_sizes_of_pods_on_fargate(cpu: float, memory: int, size: str) -> None:
    """Request and 256 MiB, rounded up to a size on the price list."""
    what = catalog.service(cpu=cpu, memory=memory * MiB)

    assert str(catalog.eks_on_fargate().fargate_size(what)) == size


def test_the_kubelet_pulls_five_a_second_after_ten_and_backs_off_ten_seconds() -> None:
    """And the same client waits as long where a registry throttles it."""
    pulls = kubelet().pulls
    registry = catalog.eks("m5.xlarge").capacity.registry

    assert (plain(pulls.size), plain(pulls.refill)) == (10.0, 5.0)
    assert (plain(registry.retry_policy.first), registry.retry_policy.tries) == (10.0, None)
    assert plain(kubernetes_control_plane().bindings.refill) == 50.0


@pytest.mark.parametrize("app", ["java", "node", "mysql"])
@pytest.mark.parametrize("fargate", [False, True])
def test_every_app_becomes_ready_under_eks(app: str, fargate: bool) -> None:
    """At its default size."""
    world = World()
    eks = catalog.eks_on_fargate() if fargate else catalog.eks("m5.xlarge")
    start = eks.deploy(world).launch(catalog.service(app))[0]
    world.env.run()

    assert start.value == Ready()
    assert not world.record.opened


def test_pods_can_ask_for_less_than_they_may_use() -> None:
    """Requests place, limits bind: four times as many pods of 1 vCPU that ask for a quarter."""
    asked = Resources(cpu_request=0.25, cpu_limit=1.0, memory_request=128 * MiB)
    what = catalog.service(cpu=1.0, memory=512 * MiB)

    assert catalog.eks().ceilings(what)[0].allows == 3
    assert catalog.eks(pod=PodTemplate(resources=asked)).ceilings(what)[0].allows == 15


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("110", 110),
        ("max_pods", 58),
        ("((default_enis - 1) * (ips_per_eni - 1)) + 2", 44),
        ("default_enis * ips_per_eni * 16 / 7", 137),
        ("max_pods < 30 ? max_pods : 30", 30),
        ("(vcpus * 10) < max_pods ? (vcpus * 10) : max_pods", 40),
        ("(memory_mib / 1024) > 15 && !(vcpus == 2) ? 110 : max_pods", 110),
        ("memory_mib / 1024", 16),
        ("min(200, default_enis * (ips_per_eni - 1) * 16)", 200),
        ("max(1, max_pods % 8 - 9)", 1),
        ("1 > 2 ? 3 : 4 > 5 ? 6 : 7", 7),
        ("10 - 3 - 2", 5),
        ("1 + (-7) / 2 + 9", 7),
    ],
)
def test_max_pods_may_be_an_expression_over_the_type(text: str, expected: int) -> None:
    """m5.xlarge: 4 ENIs of 15 addresses; whole numbers throughout."""
    assert catalog.max_pods(text, "m5.xlarge") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-3",
        "many",
        "1.5",
        "enis",
        "2 ** 9",
        "1 / 0",
        "__import__('os')",
        "max_pods-58",
        "1 < 2",
        "1 ? 2 : 3",
        "min(",
        "min()",
        "(1",
        "2 2",
        "max_pods.real",
        "1 < 2 < 3",
        "(" * 9999,
    ],
)
def test_what_is_no_expression_is_a_mistake_and_is_not_run(text: str) -> None:
    """Named with what is allowed."""
    with pytest.raises(ValueError, match="is not allowed"):
        catalog.max_pods(text, "m5.xlarge")
