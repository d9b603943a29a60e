"""A row of the table of platforms: its names, what can be asked of it, and how it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from typing import Literal, Protocol, TypeAlias

from sim import catalog
from sim.core.names import Architecture, shown
from sim.core.quantity import LARGEST_VCPU, parse_bytes
from sim.host import Machine
from sim.image import AgentPull, Image, Registry
from sim.platforms import FargateSize, Network, PodTemplate
from sim.platforms.ecs.placement import Strategy
from sim.platforms.kubernetes.scheduler import Scoring
from sim.platforms.limits import BudgetItem
from sim.platforms.packing.placing import Placing
from sim.platforms.recovery.clocks import Recovery
from sim.start import Ceiling, Platform
from sim.studies.cost.charges import NO_CHARGES, Charges
from sim.workload import Service, TaskSize, task_size

Temperature: TypeAlias = Literal["cold", "lazy", "warm"]
"""Whether the image has to be pulled, is pulled lazily, or is on the host already."""

Question: TypeAlias = Literal["density", "startup", "scale", "lifecycle", "fail", "file"]
"""What can be asked of a platform; `file` is a scenario file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformOptions:
    """What a question may say of a platform; each platform takes what it knows."""

    service: Service
    others: tuple[Service, ...] = ()
    """Services that run beside it."""
    instance: str = catalog.DEFAULT_TYPE
    """EC2 type of instances and nodes; bare machines have its size, Fargate its architecture."""
    host: str | Machine | None = None
    """A bare machine: a type such as `m5.metal`, or a size such as `16x64GiB`."""
    disk: float | None = None
    """Bytes of the host's disk, or of Fargate's ephemeral storage; None: the platform's own."""
    count: int = 1
    """Instances or nodes that are up already."""
    image: Temperature = "cold"
    lazy: bool = False
    """Whether images are loaded lazily, as `image="lazy"` says too; one may be on disk already."""
    pulls_from: Registry | None = None
    """None: Amazon ECR of the same region."""
    architecture: Architecture | None = None
    """The task's on Fargate; None: the instance's."""
    instances: tuple[str, ...] = ()
    """Types that may be brought where the platform chooses; none: `instance` alone."""
    cheapest: bool = False
    """Whether an instance of its own is of the cheapest type that holds the service."""
    burstable: bool = True
    """Whether that may be a T type."""
    pulled: bool = False
    """Whether an instance of its own pulls the image, instead of having the app installed."""
    network: Network = "bridge"
    trunking: bool = False
    strategy: Strategy = "binpack"
    pull_behavior: AgentPull = "default"
    reserved_memory: float | None = None
    """`ECS_RESERVED_MEMORY` of container instances, bytes; None: the agent's default."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Of container instances, beside their own."""
    held_at_baseline: bool = False
    """Whether the CPU credits of T types are gone, in standard mode."""
    max_pods: int | str | None = None
    prefix_delegation: bool = False
    nodes: catalog.NodeSettings = field(default_factory=catalog.NodeSettings)
    """Of EKS nodes; its machine image is that of every EC2 instance."""
    pod: PodTemplate | None = None
    scoring: Scoring = "LeastAllocated"
    cpu_overcommit: float = 1.0
    """Reserved vCPUs per vCPU of a bare machine."""

    @property
    def warm(self) -> tuple[Image, ...]:
        """Images on every disk."""
        if self.image != "warm":
            return ()
        images = (task_size(service).images for service in (self.service, *self.others))
        return tuple(dict.fromkeys(chain.from_iterable(images)))

    @property
    def task(self) -> TaskSize:
        """All containers of a task of the service."""
        return task_size(self.service)

    @property
    def loads_lazily(self) -> bool:
        """Whether images are loaded lazily."""
        return self.lazy or self.image == "lazy"

    @property
    def types(self) -> tuple[str, ...]:
        """Types that may be brought."""
        return self.instances or (self.instance,)

    @property
    def machine(self) -> Machine:
        """The instance type, with the disk that was asked for."""
        machine = catalog.machine(self.instance, self.nodes.ami)
        baseline = catalog.instance(self.instance).baseline
        if self.held_at_baseline and baseline is not None:
            machine = replace(machine, sustained=baseline)
        return catalog.with_disk(machine, self.disk)

    @property
    def bottlerocket(self) -> Machine:
        """The instance type where AWS runs its OS, with the disk that was asked for."""
        return catalog.with_disk(catalog.machine(self.instance, "bottlerocket"), self.disk)

    @property
    def server(self) -> Machine:
        """The bare machine, with the disk that was asked for."""
        host = self.host
        bare = host if isinstance(host, Machine) else bare_machine(host, self.instance)
        return catalog.with_disk(bare, self.disk)

    @property
    def on_architecture(self) -> Architecture:
        """Architecture of a task that has no instance."""
        return self.architecture or catalog.instance(self.instance).architecture


class StudiedPlatform(Platform, Protocol):
    """What studies ask of a platform; `MachineHost` answers all but the budget for a machine."""

    def budget(self, service: Service, count: int) -> tuple[BudgetItem, ...]:
        """Where a host's nominal memory goes with `count` sandboxes at work."""
        ...

    def host_name(self, service: Service) -> str: ...

    def host_vcpus(self, service: Service) -> float: ...

    def usd_per_hour(self, service: Service) -> float | None: ...

    def architecture(self, service: Service) -> Architecture: ...

    def quota(self) -> tuple[str, float | None]: ...

    @property
    def machine(self) -> Machine: ...

    def placing(self) -> Placing | None: ...

    def fargate_size(self, service: Service) -> FargateSize | None: ...

    def runs(self, service: Service) -> Service: ...

    def remark(self, service: Service) -> str: ...

    def lacks(self, service: Service) -> str: ...

    def planned(self, service: Service) -> int: ...


Factory: TypeAlias = Callable[[PlatformOptions], StudiedPlatform]

OPTIONS = frozenset(option.name for option in fields(PlatformOptions)) | {"ami"}
"""`ami` is that of `nodes`, which more platforms take than the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Flavour:
    """A way to set a platform up that has a row of its own in the density table."""

    name: str
    label: str
    units: str
    """What is counted, in the plural: `EKS pods`."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Options that differ from the platform's own."""
    applies: Callable[[PlatformOptions], bool] = lambda _: True


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformRow:
    """A platform: its names, what can be asked of it, and how it is made."""

    name: str
    """As it is typed."""
    label: str
    """As pictures write it."""
    phrase: str
    """As sentences say it: `on EKS`."""
    make: Factory | None = None
    """With hosts that are up already, as every question but `scale` asks for it."""
    scaling: Factory | None = None
    """With hosts that come and go; None: `sim scale` cannot be asked."""
    density: tuple[Flavour, ...] = ()
    startup: tuple[Temperature, ...] = ()
    """Images with which starts are told apart; none: `sim startup` cannot be asked."""
    lifecycle: bool = False
    file: bool = False
    recovery: Callable[[], Recovery] | None = None
    """Who notices what fails there, and what follows; None: `sim fail` cannot be asked."""
    mixes: bool = False
    """Whether it chooses the types of its machines itself, among those that it may bring."""
    most_hosts: int | None = None
    """Machines it can be on; None: any number."""
    own_host: bool = False
    """Whether each sandbox gets a host of its own."""
    pulls: bool = True
    """Whether the image is pulled; else the app is in the machine image."""
    fetching: Factory | None = None
    """The same, whose machine images come first unless they are there; None: nobody tells how."""
    takes: frozenset[str] = OPTIONS
    """Options that have an effect."""
    unfit: Callable[[PlatformOptions], tuple[Ceiling, str] | None] = lambda _: None
    """A limit of 0 and the reason, where none of its hosts may hold the service at all."""
    reserves_with: str = ""
    """The setting that keeps memory back where placement would admit more than there is."""
    for_itself: Callable[[], str] = lambda: ""
    """What else a host of its own holds, in words."""
    charges: Charges = NO_CHARGES
    """What it costs on top of its hosts."""
    remark: Callable[[], str] = lambda: ""
    """What else there is to know of its hosts, in words."""
    formerly: tuple[str, ...] = ()
    """Names it had, or others give it; they are not taken, but told."""

    @property
    def interrupted(self) -> bool:
        """Whether AWS may take its hosts back at two minutes' warning."""
        return self.charges.purchase == "spot"

    def asks(self, question: Question) -> bool:
        """Whether that can be asked of it."""
        if question == "fail":
            return self.recovery is not None and bool(self.make or self.scaling)
        return bool(self.scaling if question == "scale" else self.make and getattr(self, question))

    def any(self, options: PlatformOptions) -> StudiedPlatform:
        """The platform, with hosts that are up already if it has such."""
        make = self.make or self.scaling
        if make is None:
            raise ValueError(f"platform: nothing makes {self.name}")
        return make(options)

    def has_image(self, image: Temperature) -> bool:
        """Whether a start of that temperature finds its image on the host."""
        return image == "warm" or not (self.pulls or self.fetching)

    def starting(self, options: PlatformOptions) -> StudiedPlatform:
        """The platform as starts are asked of it: its image comes first, or is there already."""
        return self.made(options) if self.fetching is None else self.fetching(options)

    def as_spot(self) -> PlatformRow:
        """The same, bought as Spot: it starts as this one does, so that only its price is asked.

        What dies is not asked: EC2 recovers instances on demand, and says nothing of Spot's.
        """
        name, label = f"{self.name}-spot", f"{self.label} Spot"
        return replace(
            self,
            name=name,
            label=label,
            phrase=f"{self.phrase} Spot",
            density=(Flavour(name=name, label=label, units=f"{self.density[0].units} (Spot)"),),
            scaling=None,
            recovery=None,
            startup=(),
            lifecycle=False,
            file=False,
            formerly=(),
            charges=replace(self.charges, purchase="spot"),
        )

    def made(self, options: PlatformOptions) -> StudiedPlatform:
        """The platform, with hosts that are up already.

        Raises:
            ValueError: it has none but those that come and go.
        """
        if self.make is None:
            raise ValueError(f"platform: {self.name} has no hosts that are up already; sim scale")
        return self.make(options)


_CUSTOM = re.compile(r"([0-9]+)(?:x| vCPU, )([0-9.]+ ?[A-Za-z]+)")
"""As it is typed, `16x64GiB`, or as it is shown."""


def bare_machine(host: str | None, instance: str = catalog.DEFAULT_TYPE) -> Machine:
    """The machine that `vm` and `docker` share.

    Args:
        host: an instance type such as `m5.metal`, a size such as `16x64GiB`, or None.
        instance: the type whose size is taken when `host` is None.

    Raises:
        ValueError: `host` is neither a known type nor a size.
    """
    if host is None:
        return catalog.bare(instance)
    match = _CUSTOM.fullmatch(host)
    if match is None and re.fullmatch(r"[0-9]+x?", host):
        raise ValueError(f"host: {host!r} has no memory; write such as 16x64GiB")
    if match is None and re.fullmatch(r"[0-9]+x[0-9.]+", host):
        raise ValueError(f"host: {host!r} has no unit of memory; write {host}GiB")
    if match is None:
        return catalog.bare(host)
    if not 1 <= int(match[1]) <= LARGEST_VCPU:
        raise ValueError(f"host: {shown(host)} is not allowed; 1 to {LARGEST_VCPU:g} vCPUs")
    return catalog.custom(float(match[1]), parse_bytes(match[2]))
