"""Nodes for pods: by hand, and against counting."""

import math

from hypothesis import given
from hypothesis import strategies as st

from sim.platforms.ecs.container_instance import FreeOnInstance, TaskRequest
from sim.platforms.packing.bin_packing import fill, pack


def room(cpu: int, memory: int = 10**9) -> FreeOnInstance:
    return FreeOnInstance(cpu, memory, math.inf, 0, frozenset(), "slots")


def pod(cpu: int, memory: int = 1) -> TaskRequest:
    return TaskRequest(cpu, memory)


def test_ten_pods_of_one_need_three_nodes_of_four() -> None:
    assert pack({pod(1): 10}, [room(4)]) == [0, 0, 0]


def test_the_last_node_is_the_cheapest_that_holds_the_rest() -> None:
    """8 of 10 fill two nodes of 4; for the other two a node of 2 is enough."""
    assert pack({pod(1): 10}, [room(2), room(4)]) == [1, 1, 0]


def test_small_pods_go_into_what_large_ones_leave() -> None:
    assert pack({pod(3): 2, pod(1): 2}, [room(4)]) == [0, 0]


def test_a_pod_that_fits_nowhere_is_left_out() -> None:
    assert pack({pod(5): 1, pod(1): 1}, [room(4)]) == [0]


def test_what_is_on_its_way_is_counted_first() -> None:
    assert fill([room(4), room(4)], {pod(1): 10}) == {pod(1): 2}
    assert fill([room(4)], {pod(1): 4}) == {}


@given(
    pods=st.dictionaries(st.integers(1, 8), st.integers(1, 30), min_size=1, max_size=4),
    sizes=st.lists(st.integers(8, 20), min_size=1, max_size=3),
)
def test_every_pod_has_a_place_on_the_nodes(pods: dict[int, int], sizes: list[int]) -> None:
    """What was packed can be filled, and no fewer nodes than the sum of the pods asks for."""
    requests = {pod(cpu): pods[cpu] for cpu in sorted(pods, reverse=True)}
    offers = [room(size) for size in sizes]
    nodes = pack(requests, offers)
    total = sum(request.cpu * count for request, count in requests.items())

    assert len(nodes) >= total / max(sizes)
    assert sum(offers[n].cpu for n in nodes) >= total
    assert len(nodes) <= 2 * total / min(sizes) + 1


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=30),
    st.dictionaries(st.integers(1, 8), st.integers(1, 60), min_size=1, max_size=4),
)
def test_nodes_that_are_one_object_are_filled_as_if_they_were_many(
    sizes: list[int], pods: dict[int, int]
) -> None:
    requests = {pod(cpu): pods[cpu] for cpu in sorted(pods, reverse=True)}
    same = {size: room(size) for size in sizes}

    assert fill([same[size] for size in sizes], requests) == fill(
        [room(size) for size in sizes], requests
    )


@given(
    st.tuples(*[st.integers(-1, 20)] * 3),
    st.one_of(st.just(math.inf), st.integers(0, 20)),
    st.tuples(*[st.integers(0, 5)] * 2),
    st.sampled_from([frozenset[int](), frozenset({80})]),
)
def test_what_an_instance_takes_is_what_can_be_put_there_one_by_one(
    has: tuple[int, int, int], slots: float, asks: tuple[int, int], ports: frozenset[int]
) -> None:
    cpu, memory, gpus = has
    left = FreeOnInstance(cpu, memory, slots, 0, frozenset(), "slots", gpus)
    request = TaskRequest(*asks, ports, slots=1, gpus=1)
    count, rest = 0, left
    while rest.fits(request):
        count, rest = count + 1, rest.less(request)

    assert left.takes(request) == count
