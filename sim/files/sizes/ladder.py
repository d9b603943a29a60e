"""From a draft to a service: each size by the first of five ways that knows it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sim import catalog
from sim.catalog.figures import figure
from sim.core.quantity import shown_size
from sim.files.draft import ContainerDraft
from sim.image import Image, Layer
from sim.workload import App, Service
from sim.workload.application import SizeSource

LADDER: tuple[SizeSource, ...] = ("file", "stats", "heap", "image", "assumed")
"""The first that knows a size is taken."""


class Use(NamedTuple):
    """What a container was seen to use, or was advised to ask for."""

    cpu: float | None
    """vCPUs."""
    memory: float | None
    """Bytes."""


class SizedContainer(NamedTuple):
    """A service, and where its sizes come from."""

    service: Service
    memory_from: SizeSource
    cpu_from: SizeSource


def sized(
    draft: ContainerDraft, measured: Mapping[str, Use], name: str | None = None
) -> SizedContainer:
    """The service that a container is.

    Args:
        measured: by name of container, what it uses.
        name: the service's own, where that is not the container's.
    """
    use = measured.get(draft.name) or measured.get(name or "") or Use(None, None)
    cpu, cpu_from = _cpu(draft, use)
    memory, memory_from = _memory(draft, use)
    limit = draft.memory_limit or None
    program = catalog.app(draft.app) if draft.app else App(name=_short(draft.image) or draft.name)
    service = Service(
        name=name or draft.name,
        app=program,
        image=_image(draft.image),
        cpu=cpu,
        cpu_limit=draft.cpu_limit if draft.cpu_limit and draft.cpu_limit > cpu else None,
        cpu_quota=bool(draft.cpu_limit),
        memory=limit or memory,
        memory_limited=limit is not None,
        memory_reservation=memory if limit and memory < limit else None,
        gpus=draft.gpus,
        load=catalog.load(None, draft.app or "generic"),
        host_port=draft.host_ports[0] if draft.host_ports else None,
        check=draft.check,
        essential=draft.essential,
    )
    return SizedContainer(service, memory_from, cpu_from)


def _cpu(draft: ContainerDraft, use: Use) -> tuple[float, SizeSource]:
    if asked := draft.cpu or draft.cpu_limit:
        return asked, "file"
    if use.cpu:
        return max(0.001, use.cpu), "stats"
    return figure("size.unknown.cpu").value, "assumed"


def _memory(draft: ContainerDraft, use: Use) -> tuple[float, SizeSource]:
    if asked := draft.memory or draft.memory_limit:
        return asked, "file"
    if use.memory:
        return use.memory, "stats"
    if draft.heap:
        off_heap = figure("size.jvm.beside_heap").value
        return draft.heap * figure("size.jvm.heap_factor").value + off_heap, "heap"
    return figure("size.unknown.memory").value + draft.shared_memory, "assumed"


def _image(reference: str | None) -> Image | None:
    """An image of which nothing but its name is known has an assumed size."""
    if reference is None:
        return None
    known = catalog.images().get(_short(reference) or "")
    if known is not None:
        return known
    layer = Layer(
        digest=f"{reference}/0",
        compressed=figure("size.unknown.image"),
        unpack_ratio=figure("image.unpack_ratio.unknown"),
    )
    return Image(name=reference, layers=(layer,))


def _short(reference: str | None) -> str | None:
    """`docker.io/library/redis:7` is `redis:7`."""
    if reference is None:
        return None
    for prefix in ("docker.io/library/", "docker.io/", "library/"):
        reference = reference.removeprefix(prefix)
    return reference


def told(kind: str, shown: Callable[[float], str] = shown_size) -> str:
    """An assumed size with its range, in words."""
    known = figure(f"size.unknown.{kind}")
    if known.low is None or known.high is None:
        return shown(known.value)
    return f"{shown(known.value)} ({shown(known.low)} to {shown(known.high)})"
