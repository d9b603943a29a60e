"""Equal apps side by side: the same to the last request as groups of the sharing law."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.world import World
from sim.host.cpu_quota import CpuMax
from sim.sharing import SharedCapacity
from sim.workload import Requests, RequestServer, peers, serve, served_in_crowd

Sojourns = dict[tuple[int, int], float]

ARRIVALS = st.lists(
    st.tuples(st.floats(0.0, 3.0), st.floats(1e-4, 0.5)), min_size=1, max_size=12
).map(lambda pairs: Requests(*(tuple(column) for column in zip(*sorted(pairs), strict=True))))


def as_groups(
    world: World,
    capacity: float,
    count: int,
    *,
    quota: float | None,
    threads: float,
    guest: float | None,
    cap: float,
) -> list[RequestServer]:
    """Apps in cgroups of one host, or each in a guest of so many vCPUs."""
    root = SharedCapacity(world.env, capacity)
    shared = root.group(weight=3.0)  # such as kubepods.slice
    servers = []
    for number in range(count):
        around = shared if guest is None else shared.group(weight=7.0, cap=guest)
        limit = None if quota is None else CpuMax(quota, 0.1, 0.1 * number / count)
        group = around.group(weight=5.0, cap=cap)
        vcpus = min(capacity, guest or capacity)
        servers.append(RequestServer(world.env, group, vcpus=vcpus, threads=threads, cpu_max=limit))
    return servers


def served_by_the_law(
    world: World, servers: list[RequestServer], requests: list[Requests]
) -> Sojourns:
    sojourns: Sojourns = {}
    for app, (server, each) in enumerate(zip(servers, requests, strict=True)):

        def served(number: int, sojourn: float, app: int = app) -> None:
            sojourns[app, number] = sojourn

        world.env.process(serve(world, each, server, served, crowding=1.25))
    world.env.run()
    return sojourns


@given(
    st.lists(ARRIVALS, min_size=1, max_size=6),
    st.sampled_from([0.7, 1.0, 2.0, 3.5]),
    st.fixed_dictionaries(
        {
            "quota": st.sampled_from([None, 0.25, 0.4, 1.5]),
            "threads": st.sampled_from([1.0, 2.0, math.inf]),
            "guest": st.sampled_from([None, 1.0, 2.0]),
            "cap": st.sampled_from([math.inf, 0.6]),
        }
    ),
)
@settings(max_examples=60)
def test_a_crowd_is_served_as_by_the_sharing_law(
    requests: list[Requests],
    capacity: float,
    app: dict[str, Any],
) -> None:
    """Every request of every app ends when it does in a tree of groups, quotas and all."""
    world = World()
    servers = as_groups(world, capacity, len(requests), **app)
    alike = peers(servers)
    assert alike is not None
    crowd = {(app, n): sojourn for app, n, sojourn in served_in_crowd(alike, requests, 1.25)}

    law = served_by_the_law(world, servers, requests)
    assert crowd == {key: pytest.approx(law[key], rel=1e-6, abs=1e-8) for key in law}


def test_what_is_not_equal_is_no_crowd() -> None:
    """Another weight, another number of threads, or work that is under way."""
    world = World()
    root = SharedCapacity(world.env, 4.0)
    one, other, heavy = root.group(), root.group(), root.group(weight=2.0)
    first = RequestServer(world.env, one, vcpus=4.0)

    assert peers([first, RequestServer(world.env, other, vcpus=4.0)]) is not None
    assert peers([first, RequestServer(world.env, heavy, vcpus=4.0)]) is None
    assert peers([first, RequestServer(world.env, other, vcpus=4.0, threads=1)]) is None
    root.group().run(1.0)
    assert peers([first, RequestServer(world.env, other, vcpus=4.0)]) is None


def test_apps_of_which_some_share_a_group_are_no_crowd() -> None:
    """Two in one cgroup and one in another: the third gets as much as both."""
    world = World()
    root = SharedCapacity(world.env, 4.0)
    both, third = root.group(), root.group()
    servers = [
        RequestServer(world.env, around.group(), vcpus=4.0) for around in (both, both, third)
    ]

    assert peers(servers) is None
    assert peers(servers[:2]) is not None
