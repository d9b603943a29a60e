"""Builds and pushes whose seconds and bytes can be counted by hand."""

import math
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import idle, machine, unpacking

from sim.core.recorder import Recorder, Span
from sim.core.world import World
from sim.image import Builder, Built, Image, Layer, Packing, Registry, Repository, build_file
from sim.image.dockerfile.build import BuildStep
from sim.image.transfer.builder import LiveBuilder
from sim.image.transfer.push import FinishedWork
from sim.image.transfer.registry import LiveRepository
from sim.units import MB

BASE = Image(name="base", layers=(Layer(digest="base/0", compressed=40 * MB),))


class Record:
    """A job that remembers all that was done."""

    def __init__(self, world: World) -> None:
        self._aside = Recorder(world.env)
        self._task = self._aside.task("job")
        self.works: list[FinishedWork] = []
        self.lines: dict[int, FinishedWork] = {}

    def phase(self, name: str, parent: str = "") -> Span:
        return self._aside.span(self._task, name, parent)

    def done(self, work: FinishedWork, what: BuildStep | Image | None) -> None:
        self.works.append(work)
        if isinstance(what, BuildStep):
            self.lines[what.line] = work

    def moved(self, phase: str) -> float:
        return sum(work.size for work in self.works if work.phase == phase)


class Bench:
    """A builder and a repository in one world: disk 100 MB/s, NIC 20 MB/s, no latency."""

    def __init__(
        self, *, nic: float = 20 * MB, latency: float = 0.0, mounts: bool = False, **packing: Any
    ) -> None:
        self.world = World()
        near = Registry(name="near", latency=latency)
        self.builder: LiveBuilder = Builder(
            machine=machine(disk=100 * MB, nic=nic),
            registry=near,
            unpacking=unpacking(decompress_rate=math.inf, keep_blob=False),
            packing=Packing(**packing),
        ).deploy(self.world)
        self.repository: LiveRepository = Repository(registry=near, mounts_public=mounts).deploy(
            self.world
        )

    def build(self, built: Built) -> tuple[float, Record]:
        """Seconds of a build, and what was done."""
        record, begin = Record(self.world), self.world.env.now
        self.world.env.process(self.builder.build(record, built))
        self.world.env.run()
        return self.world.env.now - begin, record

    def push(self, image: Image) -> tuple[float, Record]:
        """Seconds of a push, and what was done."""
        record, begin = Record(self.world), self.world.env.now
        self.world.env.process(self.builder.push(record, image, self.repository))
        self.world.env.run()
        return self.world.env.now - begin, record


def built(folder: Path, text: str, *, size: int = 1000, **more: Any) -> Built:
    """A Dockerfile beside a file of `size` bytes that does not shrink; nor does what RUN writes."""
    noise = Random(size).randbytes(min(size, 10**6))
    (folder / "file").write_bytes(noise * (size // len(noise)))
    (folder / "other").write_bytes(b"x")
    (folder / "Dockerfile").write_text(text)

    def resolve(name: str) -> Image:
        assert name == "base"
        return BASE

    return build_file(folder / "Dockerfile", resolve=resolve, ratio=1.0, **more)


def image(*sizes: float) -> Image:
    """Layers of those bytes, built here."""
    layers = tuple(Layer(digest=f"own/{n}", compressed=x) for n, x in enumerate(sizes))
    return Image(name="own", layers=layers)


def test_a_copy_is_written_at_the_disks_rate_and_pushed_at_the_nics(tmp_path: Path) -> None:
    """100 MB: 1 s at 100 MB/s, then 5 s at 20 MB/s; a second push moves nothing."""
    bench = Bench()
    made = built(tmp_path, "FROM scratch\nCOPY file /", size=100 * 10**6)
    build, _ = bench.build(made)
    push, up = bench.push(made.image)
    again, none = bench.push(made.image)

    assert (build, push, again) == pytest.approx((1.0, 5.0, 0.0), rel=1e-3)
    assert (up.moved("upload"), none.moved("upload")) == pytest.approx((100e6, 0.0), rel=1e-3)
    assert idle(bench.builder.kernel)


def test_the_base_is_pulled_first_and_run_has_one_core(tmp_path: Path) -> None:
    """40 MB at 20 MB/s and their writing at 100 MB/s, 3 core-seconds, 50 MB written meanwhile."""
    made = built(tmp_path, "FROM base\nRUN a\n", run_sizes={1: 50e6}, run_cpus={1: 3.0})
    seconds, record = Bench().build(made)

    assert record.lines[2].begin == pytest.approx(2.4)
    assert record.lines[2].end == pytest.approx(5.4) == seconds
    assert (record.moved("base"), record.moved("RUN")) == (40e6, 50e6)


def test_stages_that_do_not_need_each_other_are_built_side_by_side(tmp_path: Path) -> None:
    """Two RUNs of 3 s at once, then what needs both."""
    text = "FROM scratch AS a\nRUN a\nFROM scratch AS b\nRUN b\nFROM scratch\n"
    both = "# berthsim: size=1MB\nCOPY --from=a /x /\n# berthsim: size=1MB\nCOPY --from=b /x /\n"
    given = {"run_sizes": {1: 0.0, 2: 0.0}, "run_cpus": {1: 3.0, 2: 3.0}}
    seconds, record = Bench().build(built(tmp_path, text + both, **given))

    assert [record.lines[line].begin for line in (2, 4)] == [0.0, 0.0]
    assert record.lines[7].begin == pytest.approx(3.0)
    assert seconds == pytest.approx(3.02)


def test_what_is_cached_takes_no_time_and_a_change_moves_only_what_is_below(
    tmp_path: Path,
) -> None:
    """`other` is copied last: 1 byte is built and pushed again."""
    text = "FROM base\nCOPY file /\nRUN a\nCOPY other /\n"
    given: dict[str, Any] = {"run_sizes": {1: 10e6}, "run_cpus": {1: 3.0}, "size": 10**6}
    bench, first = Bench(), built(tmp_path, text, changed="other", **given)
    bench.build(first)
    bench.push(first.image)
    same, _ = bench.build(built(tmp_path, text, cache=first.digests, changed="other", **given))
    other = built(tmp_path, text, cache=first.digests, **given)
    _, record = bench.build(other)
    _, up = bench.push(other.image)

    assert same == 0.0
    assert [step.cached for step in other.steps] == [True, True, False]
    assert record.moved("base") == record.moved("RUN") == 0.0
    assert record.moved("COPY") == 1.0
    assert up.moved("upload") == other.image.layers[-1].wire < 200
    assert "No instruction takes" not in " ".join(other.notes)


def test_a_fresh_repository_gets_the_base_too_unless_it_is_mounted(tmp_path: Path) -> None:
    """40 MB of a public base are in no private repository; on its own registry they are there."""
    made = built(tmp_path, "FROM base\nCOPY other /\n")
    pushed = {}
    for mounts in (False, True):
        bench = Bench(mounts=mounts)
        bench.build(made)
        pushed[mounts] = bench.push(made.image)[1].moved("upload")

    own = made.image.layers[-1].wire
    assert pushed == {False: 40e6 + own, True: own}


def test_one_thread_compresses_a_layer_and_what_was_pulled_is_compressed(tmp_path: Path) -> None:
    """100 MB at 10 MB/s are 10 s beside 5 s on the wire; the base's 40 MB are 2 s of wire alone."""
    made = built(tmp_path, "FROM scratch\nCOPY file /", size=100 * 10**6)
    overlap = Bench(compress_rate=10 * MB)
    in_turn = Bench(compress_rate=10 * MB, overlap=False)
    of_base = Bench(compress_rate=10 * MB)
    of_base.build(built(tmp_path, "FROM base"))

    assert overlap.push(made.image)[0] == pytest.approx(10.0)
    assert in_turn.push(made.image)[0] == pytest.approx(15.0, rel=1e-3)
    assert of_base.push(BASE)[0] == pytest.approx(2.0)


def test_five_layers_are_checked_and_uploaded_at_once() -> None:
    """Ten layers of 20 MB in two rounds: two checks, 10 s of a shared wire, a manifest."""
    seconds, record = Bench(latency=1.0).push(image(*[20 * MB] * 10))

    assert seconds == pytest.approx(2.0 + 10.0 + 1.0)
    assert [work.phase for work in record.works].count("check") == 10


def test_a_layer_that_stands_twice_in_an_image_goes_up_once() -> None:
    """One digest, one upload."""
    twice = Image(name="twice", layers=(*BASE.layers, *BASE.layers))

    assert Bench().push(twice)[1].moved("upload") == 40e6


@given(
    st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=4),
    st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_pushes_upload_each_distinct_layer_once(images: Sequence[list[int]], slots: int) -> None:
    """Whatever is pushed in whatever order: bytes up are those of what the repository then has."""
    bench, moved = Bench(uploads=slots), 0.0
    for numbers in images:
        layers = tuple(Layer(digest=f"l/{n}", compressed=1e6 * (n + 1)) for n in numbers)
        moved += bench.push(Image(name="any", layers=layers))[1].moved("upload")
    distinct = {n for numbers in images for n in numbers}

    assert moved == sum(1e6 * (n + 1) for n in distinct)
    assert bench.repository.holds == {f"l/{n}" for n in distinct}
    nic = bench.builder.kernel.nic
    assert nic is not None and nic.busy_integral == pytest.approx(moved)


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=8), st.floats(1.1, 4.0))
@settings(max_examples=40, deadline=None)
def test_a_faster_wire_never_makes_a_push_longer(sizes: list[int], factor: float) -> None:
    """Direction."""
    slow, _ = Bench(compress_rate=30 * MB).push(image(*sizes))
    fast, _ = Bench(compress_rate=30 * MB, nic=factor * 20 * MB).push(image(*sizes))

    assert fast <= slow * (1 + 1e-9)
