"""Image garbage collection: which images go, when, and that waiting for it costs nothing."""

import pytest
from pulling import RATE, Bench
from worlds import docker, image, machine, service, unpacking

from sim import catalog
from sim.core.world import World
from sim.image import Image, ImageCleanup, Layer
from sim.units import MiB

AGENT = ImageCleanup(every=1800.0, min_age=3600.0, per_cycle=5)
KUBELET = ImageCleanup(every=300.0, min_age=120.0, high=0.85, low=0.80)


def names(bench: Bench) -> list[str]:
    return sorted(picture.name for picture in bench.store.images)


def test_an_unused_image_goes_in_the_first_cycle_after_its_minimum_age() -> None:
    """Pulled at 1 s: old enough at 3,601 s, so gone with the cycle at 5,400 s."""
    bench = Bench(cleanup=AGENT).pull(image(10 * MiB), uses=100.0).run()
    there = []
    for at in (3602.0, 5399.0, 5401.0):
        bench.run(until=at)
        there.append(len(bench.store.images))

    assert there == [1, 1, 0]
    assert bench.store.digests == frozenset()
    assert bench.kernel.space.used == 0.0
    assert bench.kernel.memory.cached == 0.0


def test_an_image_in_use_stays_however_old() -> None:
    """A day later it is still here."""
    bench = Bench(cleanup=AGENT).pull(image(10 * MiB)).run().run(until=86_400.0)

    assert names(bench) == ["image"]


def test_a_stopped_task_keeps_its_image_until_it_is_removed_itself() -> None:
    """Used until 103.2 s, kept for 10,800 s more: gone with the cycle at 12,600 s, not 5,400 s."""
    cleanup = ImageCleanup(every=1800.0, min_age=3600.0, idle=10_800.0)
    bench = Bench(cleanup=cleanup).pull(image(10 * MiB), uses=100.0).run()
    there = [len(bench.run(until=at).store.images) for at in (5401.0, 12_599.0, 12_601.0)]

    assert there == [1, 1, 0]


def test_a_cycle_deletes_five_images_the_least_recently_used_first() -> None:
    """Seven are unused: the two that were used last wait for the next cycle."""
    bench = Bench(cleanup=AGENT)
    for number in range(7):
        bench.pull(image(1 * MiB, name=str(number)), at=10.0 * number, uses=200.0 - number)
    bench.run()
    left = [names(bench.run(until=at)) for at in (5399.0, 5401.0, 7201.0)]

    assert left == [list("0123456"), ["5", "6"], []]


def test_a_layer_goes_with_the_last_image_that_has_it() -> None:
    """One of two images on one base is in use: the base stays, the other's own layer goes."""
    base = Layer(digest="base", compressed=10 * MiB)
    one, two = (
        Image(name=name, layers=(base, Layer(digest=name, compressed=1 * MiB)))
        for name in ("one", "two")
    )
    bench = Bench(cleanup=AGENT).pull(one, uses=10.0).pull(two, at=20.0).run().run(until=9000.0)

    assert bench.store.digests == {"base", "two"}


def test_kubelet_deletes_from_85_percent_of_the_disk_down_to_80() -> None:
    """400 + 300 + 160 of 1,000 MiB are used: the oldest 400 go, for then it is below 80%."""
    box = machine(nic=100 * RATE, memory=4000 * MiB, disk_size=1000 * MiB)
    sizes = {"a": 400, "b": 300, "c": 140}
    bench = Bench(box, {"connection_rate": 1000 * MiB}, cleanup=KUBELET, keep_blob=False)
    for number, (name, size) in enumerate(sizes.items()):
        bench.pull(image(size * MiB, name=name), at=50.0 * number, uses=10.0)
    bench.run(until=899.0)
    below = names(bench)
    bench.pull(image(20 * MiB, name="d"), at=1.0).run(until=1199.0)
    before = names(bench)
    bench.run(until=1201.0)

    assert below == ["a", "b", "c"]  # 84%
    assert before == ["a", "b", "c", "d"]  # 86%, until the next cycle
    assert names(bench) == ["b", "c", "d"]


@pytest.mark.parametrize("looked", [False, True])
@pytest.mark.parametrize(
    ("writes_at", "ends_at", "left"), [(350.0, 1000.0, 0), (1000.0, 1150.0, 1)]
)
def test_a_cycle_goes_by_what_was_on_the_disk_then(
    writes_at: float, ends_at: float, left: int, looked: bool
) -> None:
    """Over 85% only while a container has written: with a cycle in that time, or without one."""
    box = machine(memory=4000 * MiB, disk_size=1000 * MiB)
    world = World()
    live = docker(box, cleanup=KUBELET, unpacking=unpacking(keep_blob=False)).deploy(world)
    (unused,) = live.launch(service(image=image(600 * MiB)), 1)
    world.env.run(until=300.0)
    live.stop(unused)
    world.env.run(until=writes_at)
    if looked:
        assert len(live.engine.store.images) == 1
    (writer,) = live.launch(service(disk=300 * MiB), 1)
    world.env.run(until=ends_at)
    if looked:
        assert len(live.engine.store.images) == left
    live.stop(writer)

    assert len(live.engine.store.images) == left


def test_an_image_still_on_its_way_is_not_deleted_in_a_cycle_before_it_is_here() -> None:
    """Whoever asked for it is killed at 5 s; the pull goes on past the cycle at 20 s."""
    world = World()
    often = ImageCleanup(every=20.0)
    live = docker(machine(memory=4000 * MiB), cleanup=often).deploy(world)
    (start,) = live.launch(service(image=image(300 * MiB)), 1)
    world.env.run(until=5.0)
    live.stop(start)
    world.env.run(until=39.0)

    assert len(live.engine.store.images) == 1
    world.env.run(until=41.0)
    assert live.engine.store.images == ()


def test_kubelet_leaves_an_image_younger_than_two_minutes() -> None:
    """Unused since 250 s, pulled at 200 s: not yet at 300 s, but at 600 s."""
    box = machine(nic=100 * RATE, memory=4000 * MiB, disk_size=1000 * MiB)
    bench = Bench(box, {"connection_rate": 1000 * MiB}, cleanup=KUBELET, keep_blob=False)
    bench.pull(image(900 * MiB), at=200.0, uses=10.0).run()
    there = [len(bench.run(until=at).store.images) for at in (301.0, 599.0, 601.0)]

    assert there == [1, 1, 0]


def test_the_agent_leaves_images_it_never_used_and_kubelet_does_not() -> None:
    """An image that came with the machine image."""
    left = {}
    for name, cleanup in (("agent", AGENT), ("kubelet", catalog.kubelet_cleanup())):
        box = machine(memory=4000 * MiB, disk_size=100 * MiB)
        bench = Bench(box, cleanup=cleanup)
        bench.store.load(image(48 * MiB))
        left[name] = len(bench.run(until=50_000.0).store.images)

    assert left == {"agent": 1, "kubelet": 0}


def test_waiting_for_a_cycle_costs_no_event() -> None:
    """Law: nothing is scheduled for an idle host, whatever it will delete."""
    bench = Bench(cleanup=AGENT).pull(image(10 * MiB), uses=100.0).run()

    assert bench.world.env.peek() == float("inf")
    assert bench.world.env.now < 110.0


def test_cleaning_down_to_more_than_where_it_begins_is_a_mistake() -> None:
    """The message names both."""
    with pytest.raises(ValueError, match=r"low: 0.9 is not allowed; at most high = 0.85"):
        ImageCleanup(every=300.0, high=0.85, low=0.9)


def test_the_agents_and_kubelets_cycles_are_as_documented() -> None:
    """Figures of the catalogue, in seconds."""
    agent, kubelet = catalog.agent_cleanup(), catalog.kubelet_cleanup()

    assert [float(x) for x in (agent.every, agent.min_age)] == [1800.0, 3600.0]
    assert agent.per_cycle == 5
    assert [float(x) for x in (kubelet.high, kubelet.low, kubelet.min_age)] == [0.85, 0.80, 120.0]
