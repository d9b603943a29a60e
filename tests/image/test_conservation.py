"""Conservation, whatever is pulled, by whom, however it ends: bytes moved, bytes kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulling import RATE, Bench, Puller
from worlds import idle, machine, rows

from sim.core.token_bucket import Quota
from sim.image import Image, ImageCleanup, Layer, Lazy, NoSpace, PullFailed, Registry
from sim.image.image import distinct
from sim.image.transfer.client import RetryPolicy
from sim.units import MiB

LAYERS = [
    Layer(digest=str(n), compressed=size * MiB, unpack_ratio=2.0)
    for n, size in enumerate((0, 1, 3, 8, 20, 40))
]
images = st.builds(
    lambda numbers: Image(name=str(numbers), layers=tuple(LAYERS[n] for n in numbers)),
    st.lists(st.integers(0, len(LAYERS) - 1), min_size=1, max_size=5),
)
starts = st.lists(
    st.tuples(
        images,
        st.floats(0.0, 60.0),
        st.one_of(st.none(), st.floats(0.0, 60.0)),
        st.sampled_from(["default", "always", "once", "prefer-cached", "never"]),
    ),
    min_size=1,
    max_size=8,
)
"""Image, when it is wanted, for how long (None: for ever), and the pull behaviour."""

BRINGING = ("download", "unpack", "decompress")
"""Parts of a pull that are the host's."""


def begin(bench: Bench, wanted: Any) -> None:
    """A start that has so many seconds in all, pulling included, and is then killed."""
    picture, at, lasts, how = wanted
    env = bench.world.env
    holding = []

    def story() -> Any:
        yield env.timeout(at)
        try:
            held = yield from bench.store.pull(Puller(bench.world), picture, how)
            holding.append(held)
        except PullFailed as failed:
            bench.failed.append((env.now, str(failed)))

    process = env.process(story())
    process.defused = True

    def end() -> Any:
        yield env.timeout(at + lasts)
        if process.is_alive:
            process.interrupt("killed")
        elif holding:
            bench.store.release(holding[0])

    if lasts is not None:
        env.process(end())


@given(starts, st.booleans())
def test_bytes_moved_are_those_of_the_distinct_layers_that_were_missing(
    wanted: Any, lazily: bool
) -> None:
    """Without clean-up: what came over the wire is what lies on the disk, each layer once."""
    bench = Bench(machine(nic=RATE), lazy=Lazy(needed=0.1) if lazily else None)
    for one in wanted:
        begin(bench, one)
    bench.run()
    here = distinct(bench.store.images)

    assert bench.moved == pytest.approx(sum(layer.wire for layer in here), abs=1.0)
    assert bench.store.digests == {layer.digest for layer in here}
    assert bench.kernel.space.used == pytest.approx(3 * sum(layer.wire for layer in here))
    assert idle(bench.kernel)


@given(starts, st.integers(20, 300), st.booleans(), st.integers(5, 40))
def test_the_store_is_the_sum_of_the_distinct_layers_of_whole_images(
    wanted: Any, disk: int, lazily: bool, every: int
) -> None:
    """With clean-up, a small disk and a registry that throttles: nothing half-built is left."""
    hub = Registry(name="hub", latency=0.5, connection_rate=RATE, retry_policy=RetryPolicy())
    box = machine(nic=RATE, disk_size=disk * MiB)
    bench = Bench(
        box,
        live=None,
        hub={"latency": hub.latency, "connection_rate": RATE},
        cleanup=ImageCleanup(every=float(every), per_cycle=2),
        lazy=Lazy(needed=0.1, least=2 * MiB) if lazily else None,
    )
    for one in wanted:
        begin(bench, one)
    bench.run()
    for _ in range(2):
        here = distinct(bench.store.images)
        size = sum(layer.wire + layer.unpacked for layer in here)
        assert bench.store.layers.bytes == pytest.approx(size)
        assert bench.kernel.space.used == pytest.approx(size, abs=1.0)
        assert bench.store.digests == {layer.digest for layer in here}
        assert 0.0 <= bench.kernel.space.used <= disk * MiB
        assert idle(bench.kernel)
        bench.run(until=bench.world.env.now + 1000.0)


@given(starts)
def test_once_all_are_stopped_clean_up_leaves_an_empty_disk(wanted: Any) -> None:
    """Every start that was let in is told of its end, whatever that was."""
    bench = Bench(machine(nic=RATE), cleanup=ImageCleanup(every=10.0, unused=True))
    for picture, at, lasts, how in wanted:
        begin(bench, (picture, at, 5.0 if lasts is None else lasts, how))
    bench.run()
    bench.run(until=bench.world.env.now + 100.0)

    assert bench.store.images == ()
    assert bench.kernel.space.used == pytest.approx(0.0, abs=1.0)
    assert bench.kernel.memory.cached == pytest.approx(0.0, abs=1.0)


def test_a_refused_pull_is_not_a_client_that_gave_up() -> None:
    """Both fail; only one of them is for want of room."""
    assert issubclass(NoSpace, PullFailed)


@given(
    st.lists(images, min_size=1, max_size=3),
    st.floats(1.01, 15.0),  # all have been resolved
    st.booleans(),
    st.booleans(),
)
def test_what_is_on_its_way_to_a_host_that_goes_ends_with_it(
    pictures: list[Image], gone_at: float, lazily: bool, overlap: bool
) -> None:
    """Its share of the registry is free at once, nothing of the host runs on, no span is open."""
    hub = {"total_rate": RATE / 2, "layers": Quota(size=1, refill=0.5)}
    lazy = Lazy(needed=0.1) if lazily else None
    bench = Bench(machine(nic=RATE), hub, lazy=lazy, overlap=overlap)
    for picture in pictures:
        bench.pull(picture)
    bench.run(until=gone_at)
    bench.store.abandon()
    total = bench.registry.total
    bench.run(until=gone_at + 1e-6)
    assert total is not None

    assert total.rate == 0.0
    assert idle(bench.kernel)
    before = bench.kernel.nic.busy_integral if bench.kernel.nic else 0.0
    bench.run()
    assert bench.moved == before
    ends = [row.end for row in rows(bench.world.record) if row.phase in BRINGING]
    assert max(ends, default=0.0) <= gone_at
    assert not bench.world.record.spans
