"""The size that a guest needs elsewhere: by a published rule, on other cores, without its OS."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import fsum

from sim import catalog
from sim.core.cited import plain
from sim.image import Image, Layer
from sim.sandbox import VirtualMachine
from sim.studies.migrate.guest import OldGuest
from sim.studies.migrate.moves import Move, Moves
from sim.workload import App, Application, Part, Service
from sim.workload.application import SizeSource
from sim.workload.requests import Load
from sim.workload.sizing.rules import RightSize

BASE = "debian:bookworm"
"""Image on which those of guests are taken to stand."""
AS_IT_IS = "as it is"


@dataclass(frozen=True, slots=True)
class MovedGuest:
    """A guest with its new size.

    Args:
        cpu: vCPUs that it needs, those of an m5.
        memory: bytes; of a container without the OS of its guest, of an instance with it.
        cpu_from: what the size rests on: `p95 x 1.2`.
    """

    guest: OldGuest
    move: Move
    cpu: float
    memory: float
    cpu_from: str
    memory_from: str
    speed: float
    """Of a core of its old host, of one of an m5."""

    @property
    def name(self) -> str:
        """The name of the guest."""
        return self.guest.name

    @property
    def to(self) -> Moves:
        """What it moves as."""
        return self.move.to

    @property
    def cpu_used(self) -> float | None:
        """vCPUs of an m5 that it uses most of the time; None: not known."""
        used = self.guest.cpu_used
        return None if used is None else used * self.speed


def moved(
    guest: OldGuest, move: Move, rule: str = "compute-optimizer", core_speed: float | None = None
) -> MovedGuest:
    """A guest with the size that a rule gives it.

    Args:
        core_speed: of a core of its old host, of one of an m5; None: told by its clock.

    Raises:
        UnknownName: there is no such rule.
    """
    size = catalog.right_size(
        rule, guest.cpu_use, guest.memory_use, has_cpu=guest.vcpu, has_memory=guest.memory
    )
    speed = core_speed or speed_of(guest)
    kept = size.cpu_from.startswith(AS_IT_IS)
    cpu = size.cpu if kept else size.cpu * speed
    memory = _beside_no_os(guest, size) if move.to == "container" else size.memory
    return MovedGuest(
        guest=guest,
        move=move,
        cpu=max(cpu, catalog.figure("ecs.task.least_cpu").value),
        memory=max(memory, catalog.figure("docker.least_memory").value),
        cpu_from=size.cpu_from,
        memory_from=size.memory_from,
        speed=speed,
    )


def speed_of(guest: OldGuest) -> float:
    """Of a core of its old host, of one of an m5; 1 where its clock is not known."""
    if guest.ghz is None:
        return 1.0
    return guest.ghz * catalog.figure("migrate.core_speed_per_ghz").value


def _beside_no_os(guest: OldGuest, size: RightSize) -> float:
    """Memory without a kernel and an OS of its own; never less than it was seen to use."""
    return max(size.memory - own_os(guest.memory), min(guest.memory_most or 0.0, size.memory))


def own_os(nominal: float) -> float:
    """Bytes that a guest's kernel and OS take."""
    vm = _guest_machine()
    return nominal - vm.visible(nominal) + plain(vm.guest_os)


@cache
def _guest_machine() -> VirtualMachine:
    return catalog.virtual_machine()


def in_packing_order(guests: Iterable[MovedGuest]) -> list[MovedGuest]:
    """Those first that take the largest share of the resource of which they take most."""
    every = list(guests)
    cpu = fsum(each.cpu for each in every) or 1.0
    memory = fsum(each.memory for each in every) or 1.0
    return sorted(
        every,
        key=lambda each: (-max(each.cpu / cpu, each.memory / memory), -each.memory, each.name),
    )


def application(name: str, guests: Sequence[MovedGuest], notes: Sequence[str] = ()) -> Application:
    """Guests as containers: a part each, in the order in which they are packed.

    Raises:
        ValueError: none of them moves as a container.
    """
    parts = tuple(
        Part(
            service=service_of(each),
            size_from=_source(each.memory_from),
            cpu_from=_source(each.cpu_from),
        )
        for each in in_packing_order(guests)
        if each.to == "container"
    )
    if not parts:
        raise ValueError(f"{name}: none of its {len(guests)} guests moves as a container")
    return Application(name=name, one_by_one=True, parts=parts, notes=tuple(notes))


def _source(words: str) -> SizeSource:
    return "file" if words.startswith(AS_IT_IS) else "stats"


def service_of(each: MovedGuest) -> Service:
    """A guest as a container; it has no start-up work that anybody knows of."""
    in_use = each.guest.memory_most
    private = None if in_use is None else min(in_use, each.memory)
    return Service(
        name=each.name,
        app=App(name=each.name, private=private),
        image=_image(each.name),
        cpu=each.cpu,
        memory=each.memory,
        load=_load(each),
    )


def _load(each: MovedGuest) -> Load | None:
    used = each.cpu_used
    if not used:
        return None
    return catalog.load(min(1.0, used / each.cpu))


def _image(name: str) -> Image:
    """An image of its own on a base that all of them share; built for the old host's processor."""
    base = catalog.image(BASE)
    own = Layer(
        digest=f"guest/{name}",
        compressed=catalog.figure("migrate.image.own_layer"),
        unpack_ratio=catalog.figure("image.unpack_ratio"),
    )
    return replace(base, name=f"guest/{name}", layers=(*base.layers, own), architectures=("amd64",))
