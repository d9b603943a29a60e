"""A pull in closed form, where a host is a task's own, is to the last span the one in events."""

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulling import Puller
from worlds import kernel, machine, registry, rows, unpacking

from sim.core.randomness import Lognormal
from sim.core.token_bucket import Quota
from sim.core.world import World
from sim.image import Image, ImageStore, Layer
from sim.units import MiB

Row = tuple[int, str, float, float, str]

LAYERS = st.lists(
    st.builds(
        lambda size, ratio, kind: (size * MiB, ratio, kind),
        st.sampled_from([0.0, 0.5, 3.0, 7.0, 20.0, 41.0]),
        st.sampled_from([1.0, 2.5]),
        st.sampled_from(["gzip", "none"]),
    ),
    min_size=1,
    max_size=8,
)
HOSTS = st.lists(
    st.tuples(st.floats(0.0, 4.0), st.one_of(st.none(), st.floats(0.0, 40.0))),
    min_size=1,
    max_size=4,
)
"""When each pull begins, and after how long its host is gone, if ever."""

COSTS = ("downloads", "keep_blob", "layer_overhead", "shared_thread")


def pulled(lone: bool, layers: Any, hosts: Any, costs: dict[str, Any], until: float) -> list[Row]:
    """All parts of the pulls of hosts that share a registry, each host with one pull."""
    return pulled_and_read(lone, layers, hosts, costs, until, every=0.0)[0]


def pulled_and_read(
    lone: bool, layers: Any, hosts: Any, costs: dict[str, Any], until: float, *, every: float
) -> tuple[list[Row], list[tuple[float, ...]]]:
    """The same, and what meters tell of CPU and memory of the hosts that are there."""
    world = World(3)
    world.record.metered = every > 0.0
    there: dict[Any, None] = {}
    read: list[tuple[float, ...]] = []

    def meters() -> Any:
        while every:
            yield world.env.timeout(every)
            for box in there:
                box.catch_up()
                used = box.cpu.root.busy_integral, box.memory.used, box.memory.cached
                read.append((world.env.now, *used))

    live = registry(
        connection_rate=Lognormal(median=10 * MiB, spread=0.5),
        layers=Quota(size=2, refill=costs["urls"]),
    ).deploy(world)
    picture = Image(
        name="app",
        layers=tuple(
            Layer(digest=str(n), compressed=size, unpack_ratio=ratio, media_type=kind)
            for n, (size, ratio, kind) in enumerate(layers)
        ),
    )
    for begin, lasts in hosts:
        puller = Puller(world)
        box = kernel(world, machine(vcpu=costs["vcpu"], nic=costs["nic"], disk=costs["disk"]))
        there[box] = None
        daemon = box.cpu.group(weight=1024.0, cap=costs["cap"])
        how = unpacking(unpack_cpu=1e-8, **{key: costs[key] for key in COSTS})
        store = ImageStore(box, daemon, live, how, lone=puller.task if lone else None)

        def story(store: ImageStore = store, puller: Puller = puller, begin: float = begin) -> Any:
            yield world.env.timeout(begin)
            yield from store.pull(puller, picture, "prefer-cached")
            assert store.has(picture)
            assert store.digests == {layer.digest for layer in picture.layers}
            world.record.event(puller.task, "pulled", "")

        def gone(
            store: ImageStore = store,
            at: float | None = lasts,
            begin: float = begin,
            box: Any = box,
        ) -> Any:
            if at is not None:
                yield world.env.timeout(begin + at)
                store.abandon()
                del there[box]

        world.env.process(story())
        world.env.process(gone())
    world.env.process(meters())
    world.env.run(until=until)
    world.record.close()
    parts = sorted((r.task, r.phase, r.start, r.end, r.outcome) for r in rows(world.record))
    return parts, read


EVERY_COST = st.fixed_dictionaries(
    {
        "urls": st.sampled_from([1.0, 1000.0]),
        "vcpu": st.sampled_from([1.0, 2.0]),
        "cap": st.sampled_from([0.25, 4.0]),
        "nic": st.sampled_from([15 * MiB, 1000 * MiB]),
        "disk": st.sampled_from([math.inf, 40 * MiB]),
        "downloads": st.integers(1, 4),
        "keep_blob": st.booleans(),
        "layer_overhead": st.sampled_from([0.0, 0.25]),
        "shared_thread": st.sampled_from([0.0, 0.5]),
    }
)


TURNS = {
    "urls": 1.0,
    "vcpu": 1.0,
    "cap": 0.25,
    "nic": 15 * MiB,
    "disk": math.inf,
    "downloads": 1,
    "keep_blob": False,
    "layer_overhead": 0.0,
    "shared_thread": 0.0,
}
"""A layer a second, after the first two: the 19th would begin as the run ends."""


@example([(0.0, 1.0, "gzip")] * 5, [(0.0, None)] * 4, TURNS, 17.0)
@given(LAYERS, HOSTS, EVERY_COST, st.sampled_from([3.3, 17.0, 1000.0]))
@settings(max_examples=30)
def test_a_lone_pull_is_the_pull_in_events(
    layers: Any, hosts: Any, costs: dict[str, Any], until: float
) -> None:
    """The same parts at the same times, done, cut short or censored, with the same draws."""
    closed, events = (pulled(lone, layers, hosts, costs, until) for lone in (True, False))

    assert [row[:2] + row[4:] for row in closed] == [row[:2] + row[4:] for row in events]
    for mine, other in zip(closed, events, strict=True):
        assert mine[2:4] == pytest.approx(other[2:4], rel=1e-9, abs=1e-9)


@given(LAYERS, HOSTS, EVERY_COST, st.sampled_from([0.37313, 2.71823]))
@settings(max_examples=15)
def test_meters_tell_of_a_lone_pull_what_they_tell_of_one_in_events(
    layers: Any, hosts: Any, costs: dict[str, Any], every: float
) -> None:
    """CPU used by then, and memory, however often they are read."""
    closed, events = (
        pulled_and_read(lone, layers, hosts, costs, 30.01, every=every)[1] for lone in (True, False)
    )

    assert len(closed) == len(events)
    assert events or all(lasts is not None for _, lasts in hosts), "only hosts that go are not read"
    for mine, other in zip(closed, events, strict=True):
        assert mine == pytest.approx(other, rel=1e-9, abs=1e-6)
