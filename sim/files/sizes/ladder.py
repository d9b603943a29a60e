"""From a draft to a service: each size by the first of five ways that knows it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from sim import catalog
from sim.catalog.known_images import KnownImage
from sim.core.quantity import shown_size
from sim.files.draft import ContainerDraft
from sim.image import Image, Layer
from sim.workload import App, Service
from sim.workload.application import SizeSource

LADDER: tuple[SizeSource, ...] = ("file", "stats", "heap", "image", "assumed")
"""The first that knows a size is taken."""


class ObservedUse(NamedTuple):
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


def sized(draft: ContainerDraft, use: ObservedUse, name: str) -> SizedContainer:
    """The service that a container is.

    Args:
        use: what it was seen to use.
        name: the service's own.
    """
    known = catalog.known_image(draft.image) if draft.image else None
    cpu, cpu_from = _cpu(draft, use, known)
    memory, memory_from = _memory(draft, use, known)
    limit = draft.memory_limit or None
    service = Service(
        name=name,
        app=_app(draft, name, limit or memory),
        image=_image(draft, known),
        cpu=cpu,
        cpu_limit=draft.cpu_limit if draft.cpu_limit and draft.cpu_limit > cpu else None,
        cpu_quota=bool(draft.cpu_limit),
        memory=max(limit, memory) if limit else memory,
        memory_limited=limit is not None,
        memory_reservation=memory if limit and memory < limit else None,
        gpus=draft.gpus,
        load=catalog.load(None, draft.like or "generic"),
        host_ports=draft.host_ports,
        published_ports=draft.published_ports,
        check=draft.check,
        essential=draft.essential,
        asks=draft.asks,
        after=tuple(draft.after),
    )
    return SizedContainer(service, memory_from, cpu_from)


def _cpu(
    draft: ContainerDraft, use: ObservedUse, known: KnownImage | None
) -> tuple[float, SizeSource]:
    if asked := draft.cpu or draft.cpu_limit:
        return asked, draft.cpu_from
    if use.cpu:
        return max(0.001, use.cpu), "stats"
    if known is not None and "cpu.request" in known.needs:
        return known.needs["cpu.request"].value, "image"
    return catalog.figure("size.unknown.cpu").value, "assumed"


def _memory(
    draft: ContainerDraft, use: ObservedUse, known: KnownImage | None
) -> tuple[float, SizeSource]:
    if asked := draft.memory or draft.memory_limit:
        return asked, draft.memory_from
    if use.memory:
        return use.memory, "stats"
    if draft.heap:
        return _around(draft.heap), "heap"
    if (needed := _needed(known)) is not None:
        return needed + draft.shared_memory, "image"
    return catalog.figure("size.unknown.memory").value + draft.shared_memory, "assumed"


def _needed(known: KnownImage | None) -> float | None:
    """What is published to be asked for an image, and at least what it was measured to use."""
    if known is None:
        return None
    use = known.memory.value if known.memory is not None else 0.0
    if known.app is not None:
        bare = Service(name=known.name, app=known.app, cpu=1.0, memory=2.0**40)
        use = max(use, bare.working_set if known.app.private is not None else 0.0)
    request, heap = known.needs.get("memory.request"), known.needs.get("memory.heap")
    if heap is not None:
        use = max(use, _around(heap.value))
    return max(use, request.value if request is not None else 0.0) or None


def _around(heap: float) -> float:
    """Bytes that a JVM of that heap needs."""
    beside = catalog.figure("size.jvm.beside_heap").value
    return heap * catalog.figure("size.jvm.heap_factor").value + beside


def _app(draft: ContainerDraft, name: str, memory: float) -> App:
    """The program: as the file describes it, like one of the catalogue, or known of its image."""
    if draft.app is not None:
        return draft.app
    return catalog.app(draft.like) if draft.like else known_program(draft.image, name, memory)


def known_program(reference: str | None, name: str, memory: float) -> App:
    """The program of an image; of one that is not known, no more than a name.

    One that needs more than it is given is another than the one that was measured: of that, only
    the start is taken.
    """
    known = catalog.known_image(reference) if reference else None
    if known is None or known.app is None:
        return App(name=(known.name if known else reference) or name)
    bare = Service(name=name, app=known.app, cpu=1.0, memory=memory, memory_limited=False)
    if bare.working_set <= memory:
        return known.app
    return replace(known.app, private=None, kernel_memory=0.0, gives_back=0.0, hot_files=0.0)


def _image(draft: ContainerDraft, known: KnownImage | None) -> Image | None:
    """An image of which nothing but its name is known has an assumed size."""
    if draft.image is None:
        return None
    if known is not None and known.image is not None:
        return replace(known.image, name=draft.image)
    size = draft.image_size
    layer = Layer(
        digest=f"{draft.image}/0",
        compressed=catalog.figure("size.unknown.image") if size is None else size,
        unpack_ratio=catalog.figure("image.unpack_ratio.unknown"),
    )
    return Image(name=draft.image, layers=(layer,))


def told(kind: str, shown: Callable[[float], str] = shown_size) -> str:
    """An assumed size with its range, in words."""
    known = catalog.figure(f"size.unknown.{kind}")
    if known.low is None or known.high is None:
        return shown(known.value)
    return f"{shown(known.value)} ({shown(known.low)} to {shown(known.high)})"


def found_use(draft: ContainerDraft, part: str, measured: Mapping[str, ObservedUse]) -> ObservedUse:
    """What is measured of a container, under its own name or that of its part."""
    return measured.get(draft.name) or measured.get(part) or ObservedUse(None, None)
