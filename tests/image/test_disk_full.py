"""A disk that cannot take an image, or what containers write: a refusal with the numbers."""

import pytest
from pulling import Bench
from worlds import docker, ecs, ecs_on_fargate, image, launch, machine, outcomes, service

from sim.units import GiB, MiB

SMALL = machine(memory=8 * GiB, disk_size=10 * GiB, disk_used=2 * GiB)
FULL = (
    "CannotPullContainerError: image: no space left on device "
    "(needed 6.00 GiB of files and 3.00 GiB of blobs, free 8.00 of 10 GiB)"
)


def test_an_image_needs_room_for_its_blobs_and_its_files() -> None:
    """3 GiB on the wire and 6 GiB unpacked on 8 GiB: refused; without blobs it fits."""
    big = image(1 * GiB, 2 * GiB, ratio=2.0)
    with_blobs = Bench(SMALL).pull(big).run()
    without = Bench(SMALL, keep_blob=False).pull(big).run()

    assert with_blobs.failed == [(1.0, FULL)]
    assert len(without.ended) == 1
    assert without.kernel.space.free == 2 * GiB


def test_nothing_is_left_of_a_pull_that_was_refused() -> None:
    """Not a byte on the wire or on the disk; a smaller image then fits, and shares its base."""
    big, base = image(1 * GiB, 4 * GiB), image(1 * GiB)
    bench = Bench(SMALL).pull(big).pull(base, at=5.0).run()

    assert len(bench.failed) == 1
    assert bench.store.images == (base,)
    assert bench.kernel.space.used == 2 * GiB + bench.store.layers.bytes == 4 * GiB


def test_a_shared_layer_takes_its_room_once() -> None:
    """Two images of 3.5 GiB on a common base of 3 GiB fit on 8 GiB, and a third does not."""
    bench = Bench(SMALL)
    base = image(1.5 * GiB).layers
    for number in range(4):
        own = image(0.25 * GiB, name=f"own{number}")
        picture = image(name=f"app{number}")
        object.__setattr__(picture, "layers", (*base, *own.layers))
        bench.pull(picture, at=100.0 * number)
    bench.run()

    assert len(bench.ended) == 4
    assert bench.kernel.space.used == 2 * GiB + 2 * (1.5 + 4 * 0.25) * GiB


@pytest.mark.parametrize("platform", [docker, ecs], ids=["docker", "ecs"])
def test_the_simulation_refuses_what_the_ceiling_forbids(platform) -> None:  # type: ignore[no-untyped-def]
    """`disk` allows none, and the refusal names it with the numbers."""
    what = service(cpu=0.1, memory=100 * MiB, image=image(3 * GiB, ratio=2.0))
    first = platform(SMALL).ceilings(what)[0]
    _, _, starts = launch(platform(SMALL), what)

    assert (first.limit, first.allows) == ("disk", 0)
    assert outcomes(starts) == [f"refused: disk: {FULL}"]


@pytest.mark.parametrize("platform", [docker, ecs], ids=["docker", "ecs"])
def test_what_containers_write_is_a_ceiling_too(platform) -> None:  # type: ignore[no-untyped-def]
    """2 GiB of image and blob leave 6 GiB: four containers of 1.5 GiB, and not a fifth."""
    what = service(cpu=0.1, memory=100 * MiB, disk=1.5 * GiB, image=image(1 * GiB))
    first = platform(SMALL).ceilings(what)[0]
    _, _, starts = launch(platform(SMALL), what, 5)

    assert (first.limit, first.allows) == ("disk", 4)
    assert sorted(outcomes(starts)) == ["ready"] * 4 + [
        "refused: disk: no space left on device (needed 1.50 GiB, free 0.00 of 10 GiB)"
    ]


def test_a_stopped_container_gives_back_what_it_wrote() -> None:
    """The image stays, as far as nobody deletes it."""
    what = service(cpu=0.1, memory=100 * MiB, disk=1.5 * GiB, image=image(1 * GiB))
    world, live, starts = launch(docker(SMALL), what, 2)
    for start in starts:
        live.stop(start)
    world.env.run()

    assert live.hosts()[0].space.used == 2 * GiB + 2 * GiB


def test_a_fargate_task_has_its_own_ephemeral_storage() -> None:
    """Blob and files of 9 GiB on 8 GiB: no task of it starts, however many are asked for."""
    platform = ecs_on_fargate(ephemeral=8 * GiB)
    what = service(cpu=1.0, memory=1 * GiB, image=image(3 * GiB, ratio=2.0))
    first = platform.ceilings(what)[0]
    _, _, starts = launch(platform, what, 3)

    assert (first.limit, first.allows) == ("disk", 0)
    assert "ephemeralStorage" in first.how
    assert all("no space left on device" in outcome for outcome in outcomes(starts))


def test_warm_images_that_do_not_fit_are_a_mistake_of_the_description() -> None:
    """Named with what is allowed."""
    with pytest.raises(ValueError, match=r"warm: images of 9.00 GiB .* at most the 8.00 GiB"):
        docker(SMALL, warm=(image(3 * GiB, ratio=2.0),))
