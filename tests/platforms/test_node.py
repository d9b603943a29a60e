"""What a node offers to pods, and limits that feed on each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import eks, launch, machine, node_config, outcomes, service

from sim.platforms import DaemonSet, NodeConfig
from sim.platforms.kubernetes.allocatable import Allocatable
from sim.platforms.kubernetes.node_limits import node_ceilings
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.limits import lifted
from sim.start import Ceiling
from sim.units import MiB

CORES = (0.06, 0.01, 0.005, 0.0025)
DAEMON = DaemonSet(name="proxy", cpu=0.1, memory=5 * MiB, used=20 * MiB)


def ceilings(config: NodeConfig, memory: float = 1000, cpu: float = 0.1, **rest: Any) -> Any:
    """The ceilings of a node of so many MiB, for pods of 50 MiB."""
    box = machine(vcpu=4.0, memory=memory * MiB)
    return node_ceilings(config, box, PodRequest(round(1000 * cpu), 50 * MiB, **rest))


@pytest.mark.parametrize(
    ("vcpu", "milli"), [(1.0, 940), (2.0, 1930), (4.0, 3920), (8.0, 7910), (96.0, 95690)]
)
def test_kube_reserved_takes_less_of_each_further_core(vcpu: float, milli: int) -> None:
    """60m of the first, 10m of the second, 5m of the next two each, 2.5m of the rest."""
    config = node_config(reserved_cpu=CORES)

    assert config.allocatable(machine(vcpu=vcpu)).cpu == milli


def test_allocatable_is_what_the_reserves_and_the_threshold_leave() -> None:
    """1000 - (100 + 20 x 10) - 50 = 650 MiB; DaemonSets take their requests and a slot each."""
    config = node_config(daemon_sets=(DAEMON,))

    assert config.allocatable(machine()) == Allocatable(4000, 650 * MiB, 20)
    assert config.for_pods(machine()) == Allocatable(3900, 645 * MiB, 19)
    assert config.held == 20 * MiB


def test_a_reserve_beyond_all_memory_leaves_nothing_and_says_the_way_out() -> None:
    """100 + 100 x 10 + 50 of 1000 MiB; 80 slots leave 50, and 14 pods fit into 14 slots."""
    memory = ceilings(node_config(max_pods=100))[0]

    assert (memory.limit, memory.allows) == ("memory", 0)
    assert "kube-reserved takes 1100 of 1000 MiB for 100 pods" in memory.how
    assert "lower --max-pods to 80 for one pod, 14 for 14" in memory.how
    assert ceilings(node_config(max_pods=80))[0].allows == 1
    assert ceilings(node_config(max_pods=81))[0].allows == 0
    assert ceilings(node_config(max_pods=14))[0].allows == 14


def test_where_one_pod_is_the_most_the_way_out_names_one_number() -> None:
    """80 slots leave memory for one pod; vCPU ends at one, so that fewer slots gain no more."""
    first = ceilings(node_config(max_pods=100), cpu=3.0)[0]

    assert first.how.endswith("lower --max-pods to 80 or fewer")
    assert [ceilings(node_config(max_pods=n), cpu=3.0)[0].allows for n in (81, 80, 1)] == [0, 1, 1]


@pytest.mark.parametrize("rest", [{"cpu": 0.55}, {"addresses": 7}])
def test_the_way_out_of_too_many_slots_promises_no_more_than_fit_then(rest: dict[str, Any]) -> None:
    """79 slots leave memory for one; with 7 of them 7 fit, for vCPU or addresses end there."""
    cpu, addresses = rest.get("cpu", 0.1), rest.get("addresses")
    first = ceilings(node_config(max_pods=79, addresses=addresses), cpu=cpu)[0]
    lowered = ceilings(node_config(max_pods=7, addresses=addresses), cpu=cpu)[0]

    assert (first.limit, first.allows) == ("memory", 1)
    assert "lower --max-pods to 7, and 7 fit" in first.how
    assert lowered.allows == 7


def test_lifting_pod_slots_is_paid_for_in_memory() -> None:
    """5 slots; with more, 10 MiB each, memory allows not 16 but 14: nine more, not eleven."""
    first = lifted(ceilings(node_config(max_pods=5)))[0]

    assert (first.limit, first.allows) == ("pod slots", 5)
    assert (first.gain_if_lifted, first.then) == (9, "memory")
    assert "each slot more takes 10 MiB of memory" in first.how
    assert ceilings(node_config(max_pods=5))[1].allows == 16


@given(st.integers(1, 40), st.integers(300, 4000), st.integers(0, 2), st.floats(0.02, 1.0))
def test_what_lifting_pod_slots_gains_is_the_best_of_all_settings(
    slots: int, memory: int, daemons: int, cpu: float
) -> None:
    """Found by trying every `max_pods`."""
    sets = tuple(DaemonSet(name=f"d{n}") for n in range(daemons))
    limits = lifted(ceilings(node_config(max_pods=slots, daemon_sets=sets), memory, cpu))
    if limits[0].limit != "pod slots":
        return
    tried = [
        ceilings(node_config(max_pods=more, daemon_sets=sets), memory, cpu)[0].allows
        for more in range(slots, slots + 120)
    ]

    assert limits[0].allows + limits[0].gain_if_lifted == max(tried)


def test_slots_that_do_not_bind_change_nothing_when_they_are_lifted() -> None:
    """Nobody would raise them."""
    slots = next(c for c in ceilings(node_config()) if c.limit == "pod slots")

    assert slots.others == ()


@pytest.mark.parametrize(
    ("prefixes", "way"), [(False, "turn on prefix delegation"), (True, "more ENIs")]
)
def test_where_addresses_end_with_the_slots_more_slots_do_not_help(
    prefixes: bool, way: str
) -> None:
    """Both stand at 3; Kubernetes names the slots first."""
    then = {} if prefixes else {"prefix_max_pods": 9, "prefix_addresses": 48}
    config = node_config(max_pods=3, addresses=3, prefix_delegation=prefixes, **then)
    limits = lifted(ceilings(config))

    assert [(limit.limit, limit.gain_if_lifted) for limit in limits[:2]] == [
        ("pod slots", 0),
        ("IP addresses", 0),
    ]
    assert way in limits[0].how


BOX = machine(vcpu=4.0, memory=1000 * MiB)
PORT: Any = service(cpu=0.1, memory=10 * MiB, host_ports=(80,))
LIMITS: dict[str, tuple[Any, Any, str, int]] = {
    "vCPU": (eks(BOX), service(cpu=0.5, memory=10 * MiB), "vCPU", 8),
    "memory": (eks(BOX), service(cpu=0.1, memory=130 * MiB), "memory", 5),
    "a tie of both": (eks(BOX), service(cpu=0.8, memory=130 * MiB), "vCPU", 5),
    "DaemonSets": (
        eks(BOX, node=node_config(daemon_sets=(DAEMON,))),
        service(cpu=0.5, memory=10 * MiB),
        "vCPU",
        7,
    ),
    "pod slots": (
        eks(BOX, node=node_config(max_pods=4, daemon_sets=(DAEMON,))),
        service(cpu=0.1, memory=10 * MiB),
        "pod slots",
        3,
    ),
    "addresses": (
        eks(BOX, node=node_config(addresses=3)),
        service(cpu=0.1, memory=10 * MiB),
        "IP addresses",
        3,
    ),
    "slots before addresses": (
        eks(BOX, node=node_config(max_pods=3, addresses=3)),
        service(cpu=0.1, memory=10 * MiB),
        "pod slots",
        3,
    ),
    "host ports": (eks(BOX), PORT, "host ports", 1),
    "no memory": (
        eks(BOX, node=node_config(max_pods=200)),
        service(cpu=0.1, memory=10 * MiB),
        "memory",
        0,
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_one_more_than_fits_is_refused_by_the_limit_that_binds(name: str) -> None:
    """Density by reservation is what the simulation confirms (model.md, Density)."""
    platform, what, limit, count = LIMITS[name]
    first: Ceiling = platform.ceilings(what)[0]
    _, _, starts = launch(platform, what, count + 1)
    refused = [text for text in outcomes(starts) if text != "ready"]

    assert (first.limit, first.allows) == (limit, count)
    assert len(refused) == 1
    assert first.refusal in refused[0]


@given(
    st.floats(0.05, 2.0),
    st.integers(10, 200),
    st.integers(1, 30),
    st.integers(0, 2),
    st.none() | st.integers(0, 12),
)
def test_as_many_pods_start_as_the_ceilings_say(
    cpu: float, memory: int, slots: int, daemons: int, addresses: int | None
) -> None:
    """Whatever the sizes."""
    sets = tuple(DaemonSet(name=f"d{n}", cpu=0.05, memory=3 * MiB) for n in range(daemons))
    platform = eks(BOX, node=node_config(max_pods=slots, daemon_sets=sets, addresses=addresses))
    what = service(cpu=cpu, memory=memory * MiB)
    count = platform.ceilings(what)[0].allows
    _, _, starts = launch(platform, what, count + 1)

    assert outcomes(starts).count("ready") == count
    assert platform.ceilings(what)[0].refusal in outcomes(starts)[-1]
