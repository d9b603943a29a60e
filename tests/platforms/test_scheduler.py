"""The scheduler: filters in Kubernetes' words, scores, nodes that come and go."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.platforms.kubernetes.allocatable import Allocatable
from sim.platforms.kubernetes.pod import PodRequest
from sim.platforms.kubernetes.scheduler import FreeOnNode, Scheduler, Scoring


class Box:
    """What the scheduler knows of a node: its number."""

    def __init__(self, number: int) -> None:
        self.number = number


def scheduler(*nodes: Allocatable, scoring: Scoring = "LeastAllocated") -> Scheduler:
    """Nodes that are empty, each with so much."""
    made = Scheduler(scoring)
    for number, offers in enumerate(nodes):
        made.add(cast(Any, Box(number)), FreeOnNode(*offers, frozenset(), offers))
    return made


def taken(made: Scheduler, request: PodRequest, count: int = 1) -> list[int | None]:
    """Where `count` pods go."""
    nodes = [made.take(request) for _ in range(count)]
    return [None if node is None else node.number for node in nodes]


BIG, SMALL = Allocatable(4000, 1000, 10), Allocatable(1000, 1000, 10)
ONE = PodRequest(500, 10)


def test_least_allocated_spreads_and_most_allocated_fills() -> None:
    """Four pods of an eighth on two nodes."""
    assert taken(scheduler(BIG, BIG), ONE, 4) == [0, 1, 0, 1]
    assert taken(scheduler(BIG, BIG, scoring="MostAllocated"), ONE, 4) == [0, 0, 0, 0]


def test_the_score_is_the_mean_share_of_cpu_and_memory() -> None:
    """A half of the small one's CPU, or an eighth of the big one's."""
    assert taken(scheduler(SMALL, BIG), ONE) == [1]
    assert taken(scheduler(BIG, SMALL, scoring="MostAllocated"), ONE) == [1]


def test_a_refusal_counts_the_nodes_of_each_reason_as_kubernetes_does() -> None:
    """A node may lack several things; reasons are sorted as text."""
    made = scheduler(SMALL, SMALL, Allocatable(9000, 5, 1))
    assert taken(made, PodRequest(9000, 5)) == [2]

    assert made.take(PodRequest(2000, 6)) is None
    assert made.refusal(PodRequest(2000, 6)) == (
        "0/3 nodes are available: 1 Insufficient memory, 1 Too many pods, 3 Insufficient cpu."
    )


@pytest.mark.parametrize(
    ("offers", "asked", "words"),
    [
        (SMALL, PodRequest(1001, 1), "1 Insufficient cpu"),
        (SMALL, PodRequest(1, 1001), "1 Insufficient memory"),
        (Allocatable(1000, 1000, 0), PodRequest(1, 1), "1 Too many pods"),
        (Allocatable(1000, -5, 9), PodRequest(1, 1), "1 Insufficient memory"),
    ],
)
def test_each_filter_has_its_word(offers: Allocatable, asked: PodRequest, words: str) -> None:
    """As `kubectl describe pod` shows it."""
    made = scheduler(offers)

    assert made.take(asked) is None
    assert made.refusal(asked) == f"0/1 nodes are available: {words}."


def test_a_host_port_is_looked_at_first() -> None:
    """NodePorts comes before NodeResourcesFit, and one failing filter is enough."""
    made = scheduler(SMALL)
    assert taken(made, PodRequest(1000, 1, (80,))) == [0]

    assert made.refusal(PodRequest(1000, 1, (80,))) == (
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."
    )


def test_a_pod_that_asks_for_nothing_fits_on_a_full_node() -> None:
    """BestEffort needs a slot only."""
    made = scheduler(Allocatable(1000, 1000, 2))

    assert taken(made, PodRequest(1000, 1000)) == [0]
    assert taken(made, PodRequest(0, 0), 2) == [0, None]


def test_a_node_that_is_gone_takes_nothing_and_gets_nothing_back() -> None:
    """And one that comes takes what waits."""
    made = scheduler(SMALL)
    node = made.take(ONE)
    assert node is not None
    made.remove(node)
    made.give_back(node, ONE)

    assert made.take(ONE) is None
    assert made.refusal(ONE) == "no nodes available to schedule pods"
    made.add(cast(Any, Box(7)), FreeOnNode(*SMALL, frozenset(), SMALL))
    assert taken(made, ONE) == [7]


CLAIMS = st.lists(
    st.builds(PodRequest, st.integers(0, 700), st.integers(0, 700)), min_size=1, max_size=30
)


@given(CLAIMS, st.sampled_from(["LeastAllocated", "MostAllocated"]), st.integers(1, 4))
def test_no_node_is_ever_overdrawn_and_no_pod_refused_that_fits(
    requests: list[PodRequest], scoring: Scoring, count: int
) -> None:
    """Whatever comes; and in the end everything is given back."""
    made = scheduler(*[SMALL] * count, scoring=scoring)
    empty = [made.free(node) for node in made.nodes.values()]
    bound = []
    for request in requests:
        left = [made.free(node) for node in made.nodes.values()]
        node = made.take(request)
        assert (node is None) == all(not room.fits(request) for room in left)
        if node is not None:
            bound.append((node, request))
        for room in (made.free(node) for node in made.nodes.values()):
            assert min(room.cpu, room.memory, room.pods) >= 0
    for node, request in bound:
        made.give_back(node, request)

    assert [made.free(node) for node in made.nodes.values()] == empty
