"""EKS's nodes against AWS's own tables, for every instance type there is."""

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
"""Types whose network interfaces are known; also in Karpenter's tables of allocatable CPU and
memory."""


def test_nearly_every_type_of_the_table_can_be_a_node() -> None:
    """1,355 of 1,363: of eight (hpc and trn2) the network interfaces are not known."""
    unknown = sorted(set(TABLE) - set(TYPES))

    assert (len(TABLE), len(TYPES)) == (1363, 1355)
    assert {name[:4] for name in unknown} == {"hpc6", "hpc7", "hpc8", "trn2"}
    for name in unknown:
        with pytest.raises(ValueError, match=f"network interfaces of {name} are not known"):
            catalog.eks(name)
        with pytest.raises(ValueError, match=f"network interfaces of {name} are not known"):
            catalog.ecs(name, network="awsvpc")
        assert catalog.ecs(name).ceilings(catalog.service())[0].allows > 0


def test_max_pods_are_those_of_the_vpc_cni() -> None:
    """eni-max-pods.txt; two of them, aws-node and kube-proxy, need no address."""
    for name in TYPES:
        config = catalog.node_config(name, managed=False)
        assert config.max_pods == int(TABLE[name]["max_pods"]), name
        assert config.addresses == config.max_pods - len(config.daemon_sets), name


def test_prefixes_multiply_addresses_by_sixteen_under_eks_caps() -> None:
    """110 below 30 vCPU and 250 from there on, if the ENIs hold so many."""
    for name in TYPES:
        row = TABLE[name]
        slots = int(row["max_pods"]) - 2
        config = catalog.node_config(name, prefix_delegation=True)
        cap = 110 if int(row["vcpu"]) < 30 else 250
        assert config.addresses == 16 * slots, name
        assert config.max_pods == min(16 * slots + 2, cap), name


def test_allocatable_cpu_is_that_of_karpenters_table() -> None:
    """To the thousandth of a vCPU."""
    for name in TYPES:
        text = TABLE[name]["karpenter_alloc_cpu"]
        expected = float(text[:-1]) if text.endswith("m") else 1000.0 * float(text)
        found = catalog.node_config(name, managed=False).allocatable(catalog.machine(name)).cpu
        assert found == int(expected), name


def test_what_a_node_keeps_is_what_karpenters_table_takes_off() -> None:
    """Karpenter guesses 7.5 % for the hypervisor (arm: of 64 MiB less); the rest is kube-reserved
    and the eviction threshold. Its table is cut to whole MiB."""
    for name in TYPES:
        row = TABLE[name]
        carved = 64.0 if row["arch"] == "arm64" else 0.0
        capacity = 0.925 * (float(row["memory_mib_nominal"]) - carved)
        config = catalog.node_config(name, managed=False)
        kept = (config.kube_reserved() + plain(config.eviction_memory)) / MiB
        expected = float(row["karpenter_alloc_mem"][:-2])
        assert max(0.0, capacity - kept) == pytest.approx(expected, abs=1.0), name


def test_allocatable_memory_is_what_the_os_sees_less_what_the_node_keeps() -> None:
    """As measured per type: 255 MiB, 11 MiB a slot and 100 MiB less; never below zero."""
    for name in TYPES:
        type_ = catalog.instance(name)
        assert type_.max_pods is not None
        kept = 255 + 11 * type_.max_pods + 100
        memory = catalog.node_config(name, managed=False).allocatable(catalog.machine(name)).memory
        assert memory == max(0, int(type_.memory_visible - kept * MiB)), name


def test_a_managed_node_group_caps_pods_prefixes_or_not() -> None:
    """110 below 30 vCPU, 250 from there on; Karpenter's and self-managed nodes are not capped."""
    for name in TYPES:
        cap = 110 if int(TABLE[name]["vcpu"]) < 30 else 250
        own = int(TABLE[name]["max_pods"])
        assert catalog.node_config(name).max_pods == min(own, cap), name
        assert catalog.node_config(name, managed=False).max_pods == own, name
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
    for name in TYPES:
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


def test_a_max_pods_of_ones_own_moves_memory() -> None:
    """Each slot more takes 11 MiB."""
    few, many = (catalog.node_config("m5.large", max_pods=n) for n in (29, 110))
    box = catalog.machine("m5.large")

    assert few.allocatable(box).memory - many.allocatable(box).memory == 81 * 11 * MiB


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
        (0.25, 256, "0.25 vCPU / 512 MiB"),
        (0.25, 512, "0.25 vCPU / 1 GiB"),
        (0.5, 1024, "0.5 vCPU / 2 GiB"),
        (4.0, 30 * 1024, "8 vCPU / 32 GiB"),
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
    ],
)
def test_max_pods_may_be_an_expression_over_the_type(text: str, expected: int) -> None:
    """m5.xlarge: 4 ENIs of 15 addresses; whole numbers throughout."""
    assert catalog.max_pods(text, "m5.xlarge") == expected


@pytest.mark.parametrize(
    "text",
    ["", "0", "-3", "many", "1.5", "enis", "2 ** 9", "1 / 0", "__import__('os')", "max_pods-58"],
)
def test_what_is_no_expression_is_a_mistake_and_is_not_run(text: str) -> None:
    """Named with what is allowed."""
    with pytest.raises(ValueError, match="is not allowed"):
        catalog.max_pods(text, "m5.xlarge")
