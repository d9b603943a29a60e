"""Machines that run containers: runtime, unpacking, image clean-up, a fleet; and Docker on one."""

import math
from collections.abc import Sequence
from dataclasses import replace

from sim.catalog.figures import core_of, figure
from sim.catalog.nodes.settings import PullMode
from sim.catalog.registries import registry
from sim.core.cited import Cited, plain
from sim.host import Machine, Step
from sim.image import Image, ImageCleanup, Lazy, Registry, Unpacking
from sim.platforms import Docker, Fleet
from sim.sandbox import ContainerRuntime


def runtime() -> ContainerRuntime:
    """Docker: dockerd, containerd and runc."""
    spread = figure("spread.boot")
    return ContainerRuntime(
        create=Step(
            wall=figure("container.create"),
            cpu=figure("container.create.cpu"),
            core=core_of("container.create.cpu"),
            spread=spread,
        ),
        start=Step(
            wall=figure("container.start.runc.wall"),
            cpu=figure("container.start.runc.cpu"),
            core=core_of("container.start.runc.cpu"),
            spread=spread,
        ),
        shim=figure("container.memory.sleep"),
    )


def unpacking(*, lazy: bool = False, mode: PullMode = "containerd") -> Unpacking:
    """containerd's defaults; with a SOCI index, images are loaded lazily.

    Args:
        mode: containerd's own, or side by side, as containerd from 2.2 on and SOCI's parallel mode
            fetch and unpack where they are told to.
    """
    figures = "image.layer" if mode == "containerd" else mode.replace("-", ".")
    return Unpacking(
        decompress_rate=figure("image.gunzip.rate"),
        zstd_rate=figure("image.zstd.rate"),
        unpack_cpu=figure("image.unpack.cpu"),
        file_size=figure("image.file_size"),
        file_cpu=figure("image.unpack.file_cpu"),
        file_writes=figure("image.unpack.file_writes"),
        core=core_of("image.unpack.cpu"),
        layer_overhead=figure("image.layer_overhead"),
        shared_thread=figure("image.unpack.shared_thread"),
        downloads=int(figure(f"{figures}_downloads").value),
        chunk=None if mode == "containerd" else figure(f"{figures}_chunk"),
        unpacks=int(figure(f"{figures}_unpacks").value),
        lazy=lazy_loading() if lazy else None,
    )


def lazy_loading() -> Lazy:
    """SOCI: an index for each layer of 10 MiB or more."""
    return Lazy(
        needed=figure("image.lazy.needed"),
        index=figure("image.lazy.index"),
        least=figure("image.lazy.least"),
    )


def agent_cleanup() -> ImageCleanup:
    """The ECS agent's: every 30 minutes up to five images whose tasks have been removed."""
    return ImageCleanup(
        every=figure("ecs.image_cleanup.interval"),
        min_age=figure("ecs.image_cleanup.min_age"),
        idle=figure("ecs.task_cleanup.wait"),
        per_cycle=int(figure("ecs.image_cleanup.per_cycle").value),
    )


def kubelet_cleanup() -> ImageCleanup:
    """kubelet's: above 85% of the disk, down to 80%."""
    return ImageCleanup(
        every=figure("kubelet.image_gc.interval"),
        min_age=figure("kubelet.image_gc.min_age"),
        unused=True,
        high=figure("kubelet.image_gc.high"),
        low=figure("kubelet.image_gc.low"),
    )


def with_disk(type_: Machine, size: float | None) -> Machine:
    """The machine with a disk of `size` bytes, of which its OS takes some; None: with its own."""
    if size is None:
        return type_
    return replace(type_, disk_size=size, disk_used=figure("ecs.ami.os_disk"))


def with_volume(type_: Machine, size: Cited, os: Cited) -> Machine:
    """The machine with a root volume of `size`, unless it has one, of which the OS takes `os`."""
    if math.isfinite(plain(type_.disk_size)):
        return type_
    return replace(type_, disk_size=size, disk_used=os)


def fleet(
    type_: Machine,
    *,
    count: int = 1,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
    cleanup: ImageCleanup | None = None,
    lazy: bool = False,
    pull_mode: PullMode = "containerd",
) -> Fleet:
    """Machines that run containers."""
    return Fleet(
        machine=type_,
        count=count,
        runtime=runtime(),
        registry=registry() if pulls_from is None else pulls_from,
        unpacking=unpacking(lazy=lazy, mode=pull_mode),
        os_and_daemons=figure("vm.memory.guest_os.ubuntu_docker"),
        warm=tuple(warm),
        cleanup=cleanup,
    )


def docker(
    server: Machine,
    *,
    warm: Sequence[Image] = (),
    pulls_from: Registry | None = None,
    cpu_overcommit: float = 1.0,
    lazy: bool = False,
) -> Docker:
    """Docker on a bare machine; it deletes no image by itself.

    Args:
        lazy: load images lazily (containerd's image store with the SOCI snapshotter).
    """
    daemon = fleet(server, warm=warm, pulls_from=pulls_from, lazy=lazy)
    return Docker(
        server=daemon,
        bridge_ports=figure("docker.bridge.ports"),
        cpu_overcommit=cpu_overcommit,
    )
