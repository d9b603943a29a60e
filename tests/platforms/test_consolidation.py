"""Karpenter's consolidation: which nodes go, when, and what becomes of their pods."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import eks, fleet, instance_launch, machine, node_config, outcomes, runtime, service

from sim.core.world import World
from sim.host import Step
from sim.platforms import EKS, NodeKind, NodePool
from sim.platforms.autoscaling.autoscaler import Karpenter
from sim.platforms.autoscaling.consolidation import Consolidation
from sim.platforms.autoscaling.disruption import (
    ClusterState,
    NodeOffer,
    command,
    next_disruption,
)
from sim.platforms.autoscaling.known_nodes import KnownNodes, OccupiedNode
from sim.platforms.autoscaling.node_pool import LiveNodePool
from sim.platforms.kubernetes.allocatable import Allocatable
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import FreeOnNode
from sim.start import Ready
from sim.units import GiB

POLICY = Consolidation(after=0.0, poll=10.0, validation=15.0, budget=0.1)
ONE = PodRequest(1000, 1)
TWO = PodRequest(2000, 1)
WHOLE = Allocatable(4000, 100, 20)


def pool(*vcpus: float, policy: Consolidation = POLICY, **rest: Any) -> EKS:
    """Karpenter over machines of so many vCPUs, each at that many USD an hour."""
    kinds = [
        NodeKind(
            fleet=fleet(
                machine(vcpu=v, memory=100 * GiB, name=f"box{v:g}", usd_per_hour=v),
                runtime=runtime(shim=0.0, create=Step(), start=Step()),
            ),
            node=node_config(),
        )
        for v in vcpus
    ]
    karpenter = Karpenter(batch_idle=1.0, batch_most=10.0, consolidation=policy)
    capacity = NodePool(
        kinds=tuple(kinds),
        autoscaler=karpenter,
        **{"launch": instance_launch(), "termination": 5.0, **rest},
    )
    return replace(eks(), capacity=capacity, node=None)


def grown(platform: EKS, pods: int) -> tuple[World, Any, list[Any]]:
    world = World(1)
    live = platform.deploy(world)
    starts = list(live.launch(service(), pods))
    world.env.run()
    return world, live, starts


def keep(live: Any, starts: list[Any], per_node: int) -> list[Any]:
    """Stop all but so many pods of each node; those that are left."""
    left = []
    for node in list(live.capacity.nodes.values()):
        mine = [start for start in starts if start in node.pods]
        left += mine[:per_node]
        for start in mine[per_node:]:
            live.stop(start)
    return left


def occupied(number: int, pods: int, vcpus: int = 4, kind: int = 0) -> OccupiedNode:
    whole = Allocatable(1000 * vcpus, 100, 20)
    room = FreeOnNode(1000 * (vcpus - pods), 100 - pods, 20 - pods, frozenset(), whole)
    return OccupiedNode(number, kind, float(vcpus), {ONE: pods} if pods else {}, room)


def test_three_half_empty_nodes_become_two() -> None:
    """Two of four pods each; 10 s after the last look, 15 s to validate, 5 s for pods to end."""
    world, live, starts = grown(pool(4.0), 12)
    assert len(live.hosts()) == 3
    kernels = {kernel.name: kernel for kernel in live.hosts()}
    left, stopped = keep(live, starts, 2), world.env.now
    world.env.run(until=stopped + 29.9)
    assert len(live.hosts()) == 3
    world.env.run(until=stopped + 30.1)
    gone = set(kernels) - {kernel.name for kernel in live.hosts()}
    world.env.run()

    assert len(gone) == 1
    assert kernels[gone.pop()].memory.used == 0.0
    assert len(live.hosts()) == 2
    now = [live.current(start) for start in left]
    assert outcomes(now) == ["ready"] * 6
    assert len(set(now)) == 6
    assert sum(len(node.pods) for node in live.capacity.nodes.values()) == 6


def test_an_evicted_pod_is_made_anew_once_and_is_found_by_whoever_holds_it() -> None:
    """Stopping the one that was asked for stops the one that stands in for it."""
    world, live, starts = grown(pool(4.0), 12)
    left = keep(live, starts, 2)
    world.env.run()
    moved = [start for start in left if start in live.replaced]
    record = world.record

    assert len(moved) == 2
    assert [record.task_outcome[start.task] for start in moved] == ["killed: evicted"] * 2
    assert len(record.task_outcome) == 12 + 2
    for start in left:
        live.stop(start)
    world.env.run()
    assert live.hosts() == []


def test_a_node_whose_pods_fit_nowhere_else_stays() -> None:
    """Three pods of four each: none has room for another's."""
    world, live, starts = grown(pool(4.0), 12)
    keep(live, starts, 3)
    world.env.run()

    assert len(live.hosts()) == 3
    assert not live.replaced


def test_a_cheaper_node_is_ready_before_the_old_one_is_drained() -> None:
    """One pod on four vCPUs moves to one vCPU, which takes 40 s to come."""
    world, live, starts = grown(pool(1.0, 4.0), 4)
    assert [kernel.name.rsplit("-", 1)[0] for kernel in live.hosts()] == ["box4"]
    (left,), stopped = keep(live, starts, 1), world.env.now
    world.env.run(until=stopped + 15.0 + 39.0)
    assert len(live.hosts()) == 1
    assert left not in live.replaced
    world.env.run()
    new = live.current(left)

    assert [kernel.name.rsplit("-", 1)[0] for kernel in live.hosts()] == ["box1"]
    assert isinstance(new.value, Ready)
    assert world.record.task_begin[new.task] >= stopped + 15.0 + 40.0


def test_no_more_nodes_than_the_budget_are_on_their_way_out() -> None:
    """10% of twelve nodes are two, rounded up, and each takes 100 s to be drained."""
    world, live, starts = grown(pool(2.0, termination=100.0), 24)
    keep(live, starts, 1)
    while world.env.peek() < float("inf"):
        world.env.step()
        assert len(live.capacity.nodes) - len(live.capacity.scheduler.nodes) <= 2

    assert len(live.hosts()) == 6


def test_a_node_that_a_pod_has_touched_lately_waits_for_consolidate_after() -> None:
    policy = replace(POLICY, after=120.0)
    world, live, starts = grown(pool(4.0, policy=policy), 1)
    live.stop(starts[0])
    stopped = world.env.now
    world.env.run(until=stopped + 120.0)
    assert len(live.hosts()) == 1
    world.env.run()

    assert live.hosts() == []


def test_nothing_happens_in_a_pool_that_nothing_can_be_taken_from() -> None:
    """After the last look there is no event."""
    world, live, _ = grown(pool(4.0), 12)

    assert world.env.peek() == float("inf")
    assert len(live.hosts()) == 3
    fresh = World(1)
    pool(4.0).deploy(fresh)
    assert fresh.env.peek() == float("inf")


def test_the_same_seed_moves_the_same_pods() -> None:
    def once() -> list[str]:
        world, live, starts = grown(pool(4.0), 12)
        keep(live, starts, 2)
        world.env.run()
        return [*world.record.task_outcome, *map(str, world.record.task_end)]

    assert once() == once()


def test_empty_nodes_go_first_then_as_many_as_can_together() -> None:
    nodes = [occupied(0, 2), occupied(1, 0), occupied(2, 1), occupied(3, 1)]

    assert next_disruption(ClusterState(KnownNodes(nodes), {}), (), 4) == ((1,), "Empty", None)
    assert next_disruption(ClusterState(KnownNodes([nodes[0], *nodes[2:]]), {}), (), 3) == (
        (2, 3),
        "Underutilized",
        None,
    )
    assert next_disruption(ClusterState(KnownNodes([nodes[0], *nodes[2:]]), {}), (), 1) == (
        (2,),
        "Underutilized",
        None,
    )
    assert next_disruption(ClusterState(KnownNodes(nodes), {}), (), 0) is None


def test_a_replacement_is_cheaper_and_not_of_a_kind_that_goes() -> None:
    small, large = NodeOffer(2.0, FreeOnNode(2000, 50, 20, frozenset(), WHOLE)), occupied(9, 0).free
    offers = (small, NodeOffer(4.0, large))

    assert next_disruption(ClusterState(KnownNodes([occupied(0, 2, kind=1)]), {}), offers, 1) == (
        (0,),
        "Underutilized",
        0,
    )
    assert (
        next_disruption(ClusterState(KnownNodes([occupied(0, 3, kind=1)]), {}), offers, 1) is None
    )
    assert (
        next_disruption(ClusterState(KnownNodes([occupied(0, 2, vcpus=2)]), {}), offers, 1) is None
    )
    pair = ClusterState(KnownNodes([occupied(0, 2, kind=1), occupied(1, 2, kind=1)]), {})
    assert next_disruption(pair, offers, 2) == ((0,), "Underutilized", None)


@given(
    st.lists(st.sampled_from([(4, 0), (2, 1), (0, 2), (3, 0), (1, 1)]), max_size=7),
    st.integers(0, 2),
    st.lists(st.sampled_from([2.0, 3.0]), max_size=1),
)
def test_nodes_that_are_alike_have_one_verdict(
    drawn: list[tuple[int, int]], waiting: int, prices: list[float]
) -> None:
    """One node goes by itself exactly where trying each of them, one after the other, finds it."""
    nodes = [
        OccupiedNode(
            number,
            0,
            4.0,
            {ONE: ones, TWO: twos},
            FreeOnNode(4000 - 1000 * ones - 2000 * twos, 90, 9, frozenset(), WHOLE),
        )
        for number, (ones, twos) in enumerate(drawn)
    ]
    offers = [NodeOffer(price, occupied(99, 0, int(price)).free) for price in prices]
    state = ClusterState(KnownNodes(nodes), {ONE: waiting} if waiting else {})
    order = sorted(nodes, key=lambda node: (sum(node.pods.values()), node.number))
    each = (command(state, [node.number], offers) for node in order)

    assert next_disruption(state, offers, 1) == next(filter(None, each), None)


def test_room_that_waiting_pods_need_is_not_given_away() -> None:
    nodes = [occupied(0, 2), occupied(1, 2)]

    assert next_disruption(ClusterState(KnownNodes(nodes), {}), (), 1) is not None
    assert next_disruption(ClusterState(KnownNodes(nodes), {ONE: 1}), (), 1) is None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 11), unique=True), st.floats(0.0, 60.0))
def test_a_controller_knows_its_nodes_as_they_are(order: list[int], pause: float) -> None:
    """It is told of what has changed; whoever looks at all of them sees the same."""
    looks = 0

    def state(self: LiveNodePool) -> ClusterState:
        nonlocal looks
        looks += 1
        seen, there = known(self), self._cluster.scheduler.nodes
        assert seen.known.nodes == {number: self._occupied(there[number]) for number in there}
        assert [*seen.known.fewest_pods_first()] == sorted(
            there, key=lambda number: (len(there[number].pods), number)
        )
        return seen

    known = LiveNodePool.state
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LiveNodePool, "state", state)
        world, live, starts = grown(pool(4.0), 12)
        for number in order:
            live.stop(starts[number])
            world.env.run(until=world.env.now + pause + 1e-3)
        live.launch(service(), 3)
        world.env.run()

    assert looks


def test_a_poll_looks_at_the_nodes_that_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All nodes at each of them would be the square of the nodes that come one after the other."""
    looks: Counter[str] = Counter()

    def counted(name: str) -> None:
        asked = getattr(LiveNodePool, name)

        def ask(self: LiveNodePool, *args: Any) -> Any:
            looks[name] += 1
            return asked(self, *args)

        monkeypatch.setattr(LiveNodePool, name, ask)

    counted("state")
    counted("_occupied")
    world = World(1)
    live = pool(4.0).deploy(world)
    for _ in range(40):
        live.launch(service(), 4)
        world.env.run(until=world.env.now + 60.0)
    nodes = len(live.hosts())

    assert nodes == 40
    assert looks["state"] >= nodes
    assert looks["_occupied"] <= 2 * nodes


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 11), unique=True), st.floats(0.0, 60.0))
def test_no_pod_is_lost_whatever_the_order_of_stops(order: list[int], pause: float) -> None:
    """Those not stopped are ready in the end, and no node is left that could go."""
    world, live, starts = grown(pool(4.0), 12)
    for number in order:
        live.stop(starts[number])
        world.env.run(until=world.env.now + pause + 1e-3)
    world.env.run()
    left = [live.current(start) for start in starts if starts.index(start) not in order]

    assert outcomes(left) == ["ready"] * (12 - len(order))
    assert sum(len(node.pods) for node in live.capacity.nodes.values()) == len(left)
    assert len(live.hosts()) == -(-len(left) // 4)


def test_pods_of_a_node_are_counted_anew_only_where_one_has_come_or_gone() -> None:
    """The controller asks all nodes every few seconds: of a thousand, few have changed."""
    _, live, starts = grown(pool(4.0), 8)
    first, second = live.capacity.nodes.values()
    before = first.requests, second.requests
    live.stop(next(start for start in starts if start in first.pods))

    assert before[0].total() == before[1].total() == 4
    assert first.requests == Counter(pod.request for pod in first.pods.values())
    assert first.requests.total() == 3
    assert second.requests is before[1]


def test_pods_that_went_to_a_node_otherwise_than_foreseen_get_another_one() -> None:
    """Two nodes for 3 + 1 and 3 + 1 vCPUs; the small ones take the first that comes."""
    world = World(1)
    live = pool(4.0).deploy(world)
    small = live.launch(service("small", cpu=1.0), 2)
    large = live.launch(service("large", cpu=3.0), 2)
    world.env.run(until=200.0)

    assert outcomes([*small, *large]) == ["ready"] * 4


def test_a_pod_that_found_no_node_allowed_gets_one_once_another_has_gone() -> None:
    world = World(1)
    live = pool(1.0, 4.0, most=1).deploy(world)
    (small,) = live.launch(service("small", cpu=1.0), 1)
    world.env.run(until=100.0)
    (large,) = live.launch(service("large", cpu=3.0), 1)
    world.env.run(until=200.0)
    assert not large.triggered
    live.stop(small)
    world.env.run()

    assert outcomes([large]) == ["ready"]


@pytest.mark.parametrize("pods", [1, 5, 12])
def test_as_many_pods_are_ready_as_were_asked_for(pods: int) -> None:
    world, live, starts = grown(pool(1.0, 2.0, 4.0), 12)
    for start in starts[pods:]:
        live.stop(start)
    world.env.run()

    assert sum(outcome == "ready" for outcome in world.record.task_outcome) == pods
