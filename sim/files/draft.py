"""What a file says of the parts of an application, before sizes that it leaves out are known."""

from dataclasses import dataclass, field

from sim.core.question import BadInput
from sim.files.text.value import Value
from sim.workload import App, AutoscalingRange, HealthCheck, Volume, Wait
from sim.workload.application import SizeSource
from sim.workload.calls import EntryPoint, Operation

MOST_PARTS = 2000
"""Services of one application."""


@dataclass(kw_only=True, slots=True)
class ContainerDraft:
    """One container; None: the file does not say."""

    name: str
    node: Value
    """Where it stands."""
    image: str | None = None
    cpu: float | None = None
    """vCPUs that are reserved."""
    cpu_limit: float | None = None
    """vCPUs it may use at most."""
    memory: float | None = None
    """Bytes that are reserved."""
    memory_limit: float | None = None
    """Bytes it may use at most."""
    shared_memory: float = 0.0
    """Bytes of `/dev/shm`, which count as its memory."""
    heap: float | None = None
    """Bytes of the largest heap its JVM may have."""
    like: str | None = None
    """An app of the catalogue that it is like."""
    app: App | None = None
    """The program as the file describes it itself."""
    image_size: float | None = None
    """Compressed bytes of an image that nobody knows."""
    memory_from: SizeSource = "file"
    """Where a size that is here comes from, where this is written back."""
    cpu_from: SizeSource = "file"
    gpus: int = 0
    host_ports: tuple[int, ...] = ()
    published_ports: tuple[int, ...] = ()
    check: HealthCheck | None = None
    essential: bool = True
    asks: bool = True
    """As an init container: whether anything says how much room it has."""
    after: list[Wait] = field(default_factory=list)
    """Containers of the same task that it waits for."""


@dataclass(kw_only=True, slots=True)
class PartDraft:
    """One service with its copies: what is to become a `Part`."""

    name: str
    main: ContainerDraft
    init: list[ContainerDraft] = field(default_factory=list)
    sidecars: list[ContainerDraft] = field(default_factory=list)
    copies: int = 1
    after: list[Wait] = field(default_factory=list)
    daemon: bool = False
    once: bool = False
    most_per_host: int | None = None
    apart_from: list[str] = field(default_factory=list)
    spread: bool = False
    autoscaling: AutoscalingRange | None = None
    volumes: list[Volume] = field(default_factory=list)
    threads: int | None = None
    operations: tuple[Operation, ...] = ()

    @property
    def containers(self) -> list[ContainerDraft]:
        """All of them: init containers, the main one, sidecars."""
        return [*self.init, self.main, *self.sidecars]


@dataclass(kw_only=True, slots=True)
class Drafts:
    """All that the files of one dialect say."""

    name: str
    parts: list[PartDraft]
    entries: tuple[EntryPoint, ...] = ()
    whole: Value | None = None
    """The file, where it is one."""


def refuse_crowd(where: str, services: int) -> None:
    """Refuse what nobody runs as one application; asked again wherever services are laid over
    each other, or bounded by others, before they are drafts.

    Raises:
        BadInput: there are too many.
    """
    if services > MOST_PARTS:
        raise BadInput(f"{where}: {services:,} services; at most {MOST_PARTS:,}")


def share_volumes(parts: list[PartDraft]) -> None:
    """A volume of one name that several parts have is one volume."""
    users: dict[str, int] = {}
    for part in parts:
        for name in {volume.name for volume in part.volumes if volume.storage == "own"}:
            users[name] = users.get(name, 0) + 1
    for part in parts:
        part.volumes = [_shared(v) if users.get(v.name, 0) > 1 else v for v in part.volumes]


def _shared(volume: Volume) -> Volume:
    if volume.storage == "bind":
        return volume
    return Volume(name=volume.name, storage="shared", size=volume.size)
