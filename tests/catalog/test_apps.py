"""The apps of the story, at their default sizes, in their real images."""

import pytest
from worlds import docker, launch, machine, outcomes

from sim import catalog
from sim.catalog.apps import DEFAULT_SIZE, IMAGE_OF
from sim.catalog.data import rows
from sim.core.description import figures, with_figure
from sim.units import GiB, MiB


@pytest.mark.parametrize(
    ("name", "cpu", "memory"),
    [
        ("java", 2.0, 4 * GiB),
        ("node", 0.5, 1 * GiB),
        ("mysql", 1.0, 2 * GiB),
    ],
)
def test_default_sizes(name: str, cpu: float, memory: float) -> None:
    """The same on every platform, unless the user says otherwise."""
    what = catalog.service(name)
    asked = catalog.service(name, cpu=0.25, memory=512 * MiB)

    assert (what.cpu, what.memory) == (cpu, memory)
    assert (asked.cpu, asked.memory) == (0.25, 512 * MiB)


@pytest.mark.parametrize(
    ("name", "layers", "wire"),
    [
        ("eclipse-temurin:21-jre", 6, 121_136_054),
        ("node:22", 8, 408_499_334),
        ("mysql:8", 10, 238_986_928),
    ],
)
def test_images_have_their_real_layers(name: str, layers: int, wire: int) -> None:
    """So many, summing to the compressed bytes of the manifest (its config: some kB)."""
    picture = catalog.image(name)

    assert len(picture.layers) == layers
    assert picture.wire == pytest.approx(wire, abs=20_000)
    assert 2.0 * picture.wire < picture.unpacked < 3.0 * picture.wire
    assert set(picture.architectures) == {"amd64", "arm64"}


def test_every_image_of_known_layers_is_there() -> None:
    """And its bytes are those of the table."""
    for row in rows("images.csv"):
        sizes = row["layer_bytes_compressed"].split(";")
        if not (row["n_layers"] and all(size.isdigit() for size in sizes)):
            continue
        picture = catalog.image(row["image"].split(" ")[0])

        assert len(picture.layers) == int(row["n_layers"])
        assert picture.wire == sum(int(size) for size in sizes)


def test_images_share_their_base() -> None:
    """nginx is built on the Debian layer that has an entry of its own: one digest, fetched once."""
    base = {layer.digest for layer in catalog.image("debian:trixie").layers}

    assert base < {layer.digest for layer in catalog.image("nginx:1-trixie").layers}


@pytest.mark.parametrize("name", catalog.images())
def test_no_image_holds_a_digest_twice(name: str) -> None:
    """Layers are told apart by their size to the byte; small ones by their place."""
    digests = [layer.digest for layer in catalog.image(name).layers]

    assert len(digests) == len(set(digests))


@pytest.mark.parametrize("name", [*IMAGE_OF, "generic"])
def test_an_app_fits_into_its_default_size(name: str) -> None:
    """Its working set is within its memory, and one starts on a roomy host."""
    what = catalog.service(name)
    _, _, starts = launch(docker(machine(vcpu=8.0, memory=8 * GiB)), what)

    assert what.working_set <= what.memory
    assert outcomes(starts) == ["ready"]


def test_the_generic_workload_fills_its_memory_and_has_no_files() -> None:
    """A working set equal to `--memory`, no image, no start-up work."""
    what = catalog.service("generic", memory=300 * MiB)

    assert (what.private, what.hot, what.image) == (300 * MiB, 0.0, None)
    assert what.app.startup.work == 0.0


def test_the_load_is_assumed_and_says_so() -> None:
    """20% of the CPU at 10 ms a request, each with a range."""
    load = catalog.load()
    found = {figure.key: figure for _, figure in figures(load)}

    assert load.rate(1.0) == pytest.approx(20.0)
    assert {figure.grade for figure in found.values()} == {"assumed"}
    assert all(figure.low is not None for figure in found.values())
    assert catalog.load(0.4).rate(1.0) == pytest.approx(40.0)


def test_java_starts_on_two_threads() -> None:
    """11.3 core-seconds of a core 2.2 times as fast, on 2 vCPUs, and 0.15 s of waiting."""
    step = catalog.app("java").startup

    assert step.threads == 2
    assert step.work / step.threads + step.delay == pytest.approx(11.3 * 2.2 / 2 + 0.15)


def test_java_work_was_measured_on_a_faster_core_and_its_speed_is_among_the_figures() -> None:
    """So it takes longer on an m5 vCPU than where it was measured, and `--explain` can move it."""
    java = catalog.app("java")
    used = {figure.key for _, figure in figures(java)}

    assert "core.i7-12700.speed" in used
    assert catalog.figure("app.spring_boot.startup_cpu").core == "i7-12700"
    slower = with_figure(java, "core.i7-12700.speed", 4.4).startup
    assert slower.work == pytest.approx(2.0 * java.startup.work)


def test_every_default_size_has_an_app() -> None:
    """And every app a default size."""
    assert set(DEFAULT_SIZE) == set(catalog.apps())


def test_less_memory_than_docker_gives_a_container_is_refused() -> None:
    """With the least that is allowed."""
    assert catalog.service("generic", memory=6 * MiB).memory == 6 * MiB
    with pytest.raises(ValueError, match=r"memory: 1 B is not allowed; at least 6 MiB"):
        catalog.service("generic", memory=1.0)
