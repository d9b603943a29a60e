"""What a scenario file holds: names of the catalogue and units, into the descriptions that run.

Every mistake of a file is reported at once: the field, the value, what is allowed, and the
nearest known name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.functional_validators import AfterValidator, BeforeValidator

from sim import catalog
from sim.catalog.registries import RegistryName
from sim.core.description import description, with_figure
from sim.core.mistakes import OneOf
from sim.core.names import FOLDER_NAME, Architecture, shown
from sim.core.quantity import (
    NUMBER,
    AtMost,
    Between,
    Bytes,
    Count,
    Gpus,
    Hosts,
    Rate,
    ReservedVcpu,
    Seconds,
    shown_memory,
)
from sim.experiment import Burst, Poisson, Rollout, Scenario
from sim.files import read
from sim.files.fitted.fit import Fit
from sim.files.fitted.reading import read_fit
from sim.host import Machine
from sim.host.machine import LARGEST
from sim.image import AgentPull, Image, read_image
from sim.image.image import of_size
from sim.platforms import Network
from sim.platforms.ecs.placement import Strategy
from sim.platforms.kubernetes.daemon_set import MaxPods
from sim.platforms.kubernetes.pod import PodTemplate, Resources
from sim.platforms.kubernetes.scheduler import Scoring
from sim.studies import platforms
from sim.studies.platform_row import PlatformOptions, bare_machine
from sim.units import Gbit_per_s
from sim.workload import Application, HealthCheck, Service, Wait
from sim.workload.attribute_expression import MemberOf
from sim.workload.fault import Fault, Victim
from sim.workload.service import Port


def _known(field: str, names: Iterable[str]) -> AfterValidator:
    known = list(names)

    def check(value: str, info: ValidationInfo) -> str:  # noqa: ARG001 (pydantic's signature)
        if value not in known:
            message = str(catalog.unknown(field, value, known))
            raise ValueError(message.partition(": ")[2])
        return value

    return AfterValidator(check)


def _not_many(value: object) -> object:
    """Each name that is not known is compared with all that are, which takes a while."""
    most = len(catalog.figures())
    if isinstance(value, dict) and len(value) > most:
        raise ValueError(f"{len(value)} are not allowed; the catalogue has {most}")
    return value


def _platform(value: str) -> str:
    names = platforms.names("file")
    if value in names:
        return value
    allowed = f"{', '.join(map(repr, names[:-1]))} or {names[-1]!r}"
    hint = str(platforms.unknown_platform(value, names)).partition("; did you mean ")[2]
    said = f"; did you mean {hint}" if hint else ""
    raise ValueError(f"{shown(value)} is not allowed; {allowed}{said}")


def _bare(value: str) -> str:
    bare_machine(value)
    return value


def _from_manifest(value: object, info: ValidationInfo) -> object:
    """The image in a manifest; its path starts at the folder of the scenario file."""
    if isinstance(value, Image):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not allowed; the path of a manifest")
    context = info.context or {}
    return read_image(
        context.get("folder", Path()) / value,
        architecture=context.get("architecture", "amd64"),
        unpack_ratio=catalog.figure("image.unpack_ratio.unknown"),
        zstd_ratio=catalog.figure("image.unpack_ratio.zstd"),
    )


Instance = Annotated[str, _known("instance", catalog.instances())]
PlatformName = Annotated[
    str,
    AfterValidator(_platform),
    OneOf(lambda: platforms.names("file")),
    Field(json_schema_extra=lambda schema: schema.update(enum=list(platforms.names("file")))),
]
App = Annotated[str, _known("app", catalog.apps())]
ImageName = Annotated[str, _known("image", catalog.images())]


def _from_files(value: object, info: ValidationInfo) -> object:
    """The application in a file, or in several; paths start at the folder of the scenario file."""
    if isinstance(value, Application):
        return value
    paths = [value] if isinstance(value, str) else value
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise ValueError(
            f"{shown(value)} is not allowed; the path of a compose file, manifests, ..."
        )
    folder = (info.context or {}).get("folder", Path())
    return read(*(folder / path for path in paths))


def _fit(value: object, info: ValidationInfo) -> object:
    """The fit in a file; its path starts at the folder of the scenario file."""
    if isinstance(value, Fit):
        return value
    if not isinstance(value, str):
        raise ValueError(
            f"{shown(value)} is not allowed; the path of a file that sim fit has written"
        )
    return read_fit((info.context or {}).get("folder", Path()) / value)


FitFile = Annotated[Fit, BeforeValidator(_fit), WithJsonSchema({"type": "string"})]
ApplicationFile = Annotated[
    Application, BeforeValidator(_from_files), WithJsonSchema({"type": "string"})
]
ImageFile = Annotated[Image, BeforeValidator(_from_manifest), WithJsonSchema({"type": "string"})]


def _beside_an_os(size: float) -> float:
    os = catalog.figure("ecs.ami.os_disk").value
    if size <= os:
        raise ValueError(
            f"{shown_memory(size)} is not allowed; more than the {shown_memory(os)} of the OS"
        )
    return size


OWN = ("vcpu", "memory", "core_speed", "disk_rate", "network", "gpus", "usd_per_hour")
"""Fields of `host` that describe a machine of one's own."""


@description
class HostPart:
    """The machine, or the fleet, that tasks run on; fargate has none but for the architecture."""

    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type; the vm and docker platforms take a bare machine of its size."""
    size: Annotated[str, AfterValidator(_bare)] | None = None
    """Bare machine of the vm and docker platforms instead: m5.metal, 16x64GiB."""
    vcpu: Annotated[int, NUMBER, Field(ge=1, le=LARGEST)] | None = None
    """Or a machine of one's own (vm, docker), whose other figures stand below: hardware threads."""
    memory: Bytes | None = None
    """Memory of a machine of one's own; what the kernel keeps for itself is taken off."""
    core_speed: Annotated[float, NUMBER, Field(ge=0.01, le=10)] | None = None
    """A machine of one's own: work of one thread against an m5 vCPU; 1 unless given."""
    disk_rate: Annotated[float, NUMBER, Field(ge=0.01, le=1e6)] | None = None
    """A machine of one's own: MB a second, read and write together."""
    network: Annotated[float, NUMBER, Field(ge=1e-4, le=1e5)] | None = None
    """A machine of one's own: Gbit a second."""
    gpus: Gpus | None = None
    """GPUs of a machine of one's own; none unless given."""
    usd_per_hour: Annotated[float, NUMBER, Field(gt=0, le=1e6)] | None = None
    """Price of a machine of one's own; not known unless given."""
    count: Hosts = 1
    """Container instances (ecs) or nodes (eks)."""
    architecture: Architecture | None = None
    """Architecture of tasks on fargate, the instance's unless given; elsewhere always that."""
    disk: Annotated[Bytes, AfterValidator(_beside_an_os)] | None = None
    """Root volume (ecs, eks; else 30 and 20 GiB), disk (docker; else it never binds), or
    ephemeral storage (fargate; else 20 GiB)."""

    @property
    def own(self) -> dict[str, Any]:
        """What is said of a machine of one's own."""
        said = {name: getattr(self, name) for name in OWN}
        return {name: value for name, value in said.items() if value is not None}

    def bare(self) -> str | Machine | None:
        """The bare machine of the vm and docker platforms; None: one of the size of `instance`.

        Raises:
            ValueError: it is said twice, or its vCPUs or its memory are missing.
        """
        own = self.own
        if not own:
            return self.size
        if self.size is not None:
            raise ValueError("host: size and a machine of one's own are both given; one is allowed")
        if self.vcpu is None or self.memory is None:
            raise ValueError(
                f"host: {', '.join(own)} alone is not allowed; a machine of one's own has vcpu and "
                f"memory"
            )
        made = catalog.custom(
            self.vcpu,
            self.memory,
            self.architecture or "amd64",
            gpus=self.gpus or 0,
            usd_per_hour=self.usd_per_hour,
        )
        return replace(
            made,
            core_speed=made.core_speed if self.core_speed is None else self.core_speed,
            disk=made.disk if self.disk_rate is None else self.disk_rate * 1e6,
            nic=made.nic if self.network is None else self.network * Gbit_per_s,
        )


@description
class ImagePart:
    """The image that is pulled; without it, that of the app."""

    name: ImageName | None = None
    """An image of the catalogue."""
    mib: Annotated[float, NUMBER, Field(ge=1e-6, le=1e6)] | None = None
    """Or the compressed size, MiB, of an image of one layer."""
    files: Annotated[int, NUMBER, Field(ge=1, le=1e9)] | None = None
    """How many files an image of `mib` has; as many as are usual unless given."""
    file: ImageFile | None = None
    """Or a manifest, as `sim image` reads it; the path starts at this file's folder."""
    warm: bool = False
    """Whether every host has it on disk already."""
    lazy: bool = False
    """Whether containers start before all of it is here (SOCI; docker and fargate)."""


@description
class ServicePart:
    """What is launched."""

    app: App = "generic"
    """The program that runs in it."""
    cpu: ReservedVcpu | None = None
    """vCPUs; the app's default size unless given, 0: none is reserved."""
    memory: Bytes | None = None
    """Its memory limit; the app's default size unless given."""
    gpus: Gpus = 0
    """Whole GPUs of its own (ECS resourceRequirements, Kubernetes nvidia.com/gpu)."""
    disk: Bytes | None = None
    """What each writes to its own layer on the host's disk."""
    memory_reservation: Bytes | None = None
    """Soft limit: what placement reserves."""
    cpu_quota: bool = True
    """Whether cpu is a quota, or only a weight."""
    load: Annotated[float, NUMBER, Field(gt=0, lt=1)] | None = None
    """Mean CPU use as a fraction of cpu, once it serves."""
    threads: AtMost | None = None
    """Requests it works on at once; the app's own number unless given."""
    variation: Annotated[float, NUMBER, Field(ge=0, le=100)] | None = None
    """Coefficient of variation of the CPU of a request: 0 fixed, 1 exponential."""
    host_port: Port | tuple[Port, ...] | None = None
    """A fixed port of the host, or several."""
    member_of: MemberOf | None = None
    """ECS placement constraint memberOf, such as attribute:ecs.instance-type =~ m5.*"""
    name: Annotated[str, Field(min_length=1)] | None = None
    """What others wait for; the app's name unless given."""
    init: tuple["ServicePart", ...] = ()
    """Containers of the same task or pod that run one after the other before the others."""
    sidecars: tuple["ServicePart", ...] = ()
    """Containers of the same task or pod beside this one."""
    after: tuple[Wait, ...] = ()
    """Containers of the same task that it waits for, until they have started, are healthy or have
    completed."""
    essential: bool = True
    """Whether the task ends with it."""
    check: HealthCheck | None = None
    """How its health is looked at."""

    def service(self) -> Service:
        """The description that runs, with the app's own image."""
        service = catalog.service(
            self.app,
            cpu=self.cpu,
            memory=self.memory,
            cpu_quota=self.cpu_quota,
            load_share=self.load,
            gpus=self.gpus,
            threads=self.threads,
            variation=self.variation,
        )
        return replace(
            service,
            disk=self.disk or 0.0,
            memory_reservation=self.memory_reservation,
            host_ports=self._ports(),
            member_of=self.member_of,
            name=self.name or service.name,
            init=tuple(part.service() for part in self.init),
            sidecars=tuple(part.service() for part in self.sidecars),
            after=self.after,
            essential=self.essential,
            check=self.check,
        )

    def _ports(self) -> tuple[int, ...]:
        if self.host_port is None:
            return ()
        return self.host_port if isinstance(self.host_port, tuple) else (self.host_port,)


@description
class ArrivalsPart:
    """How tasks arrive: all at once, or one by one in a Poisson stream."""

    tasks: Count = 1
    """How many."""
    at: Seconds = 0.0
    """When a burst comes."""
    per_second: Rate | None = None
    """Mean rate of a Poisson stream; without it, a burst."""


@description
class PodPart:
    """What a pod on EKS has in addition to the service; its containers may be listed here, too."""

    resources: Resources | None = None
    """Requests and limits of the service's container, instead of what the service says."""
    init: tuple[ServicePart, ...] = ()
    """Containers that run one after the other before the service's."""
    sidecars: tuple[ServicePart, ...] = ()
    """Containers beside the service's."""
    privileged: bool = False
    """Whether it may do what root does on its node."""
    host_network: bool = False
    """Whether it uses the network of its node, and takes no address of its own."""

    def template(self) -> PodTemplate:
        """The description that runs."""
        return PodTemplate(
            resources=self.resources,
            privileged=self.privileged,
            host_network=self.host_network,
        )


@description
class FaultPart:
    """Something that stops of itself; who notices, and what follows, is the platform's."""

    at: Seconds
    """Seconds from the beginning of the run, or such as 10min."""
    kill: Victim = "host"
    """process, host or zone."""
    which: Annotated[int, NUMBER, Field(ge=0, le=10_000_000)] | None = None
    """Number of the task, host or zone; the host or zone with most tasks unless given."""

    def fault(self) -> Fault:
        """The description that runs."""
        return Fault(at=self.at, what=self.kill, which=self.which)


@description
class ScenarioFile:
    """A scenario as it is written in YAML."""

    name: Annotated[str, Field(pattern=FOLDER_NAME)]
    """Its results are in the folder of that name."""
    platform: PlatformName
    """Where it runs."""
    host: HostPart = Field(default_factory=HostPart)
    image: ImagePart = Field(default_factory=ImagePart)
    service: ServicePart = Field(default_factory=ServicePart)
    application: ApplicationFile | None = None
    """Instead of a service: a compose file, manifests, task definitions, an application of one's
    own; all of it begins at once, in the platform's order."""
    arrivals: ArrivalsPart = Field(default_factory=ArrivalsPart)
    registry: RegistryName = "ecr"
    """Where images are pulled from."""
    network: Network = "bridge"
    """Network mode of ECS tasks on EC2."""
    trunking: bool = False
    """ENI trunking of ECS instances: more tasks with awsvpc networking on each."""
    strategy: Strategy = "binpack"
    """How ECS places tasks on instances."""
    pull_behavior: AgentPull = "default"
    """When an ECS agent on EC2 contacts the registry."""
    reserved_memory: Bytes | None = None
    """ECS_RESERVED_MEMORY of the container instances; 0 unless given."""
    attributes: dict[str, str] | None = None
    """Attributes of the container instances beside their own: ecs.availability-zone, stack."""
    max_pods: MaxPods | str | None = None
    """Of the kubelet on EKS nodes, or nodeadm's expression; what EKS recommends unless given."""
    prefix_delegation: bool = False
    """Whether EKS nodes take prefixes instead of single addresses."""
    scoring: Scoring = "LeastAllocated"
    """How the Kubernetes scheduler ranks nodes."""
    nodes: catalog.NodeSettings = Field(default_factory=catalog.NodeSettings)
    """How EKS nodes are set up; its `ami` is that of ECS instances, too."""
    pod: PodPart = Field(default_factory=PodPart)
    faults: tuple[FaultPart, ...] = ()
    """What stops, and when: [{at: 10min, kill: host}]."""
    zones: AtMost = 3
    """Availability zones over which hosts are spread, where there are faults."""
    until: Annotated[Seconds, Field(gt=0)] | None = None
    """When the run stops; when nothing is left to happen unless given."""
    serve: Seconds = 0.0
    """How long each task serves its requests once it is ready."""
    sample_every: Between | None = None
    """Time between two readings of each host's meters; no samples unless given."""
    replications: Count = 30
    """Runs with random numbers of their own."""
    seed: Annotated[int, NUMBER, Field(ge=0)] = 1
    """Seed for the random numbers."""
    fit: FitFile | None = None
    """Figures from my own starts, as sim fit writes them, instead of the catalogue's."""
    figures: Annotated[
        dict[Annotated[str, _known("figure", catalog.figures())], Annotated[float, NUMBER]],
        BeforeValidator(_not_many),
    ] = Field(default_factory=dict)
    """Figures of the catalogue to be replaced, by key, in base units (s, byte, vCPU)."""

    def scenario(self) -> Scenario:
        """The descriptions that run.

        Raises:
            ValueError: a figure that is replaced is not used by this scenario.
        """
        service = self._service() if self.application is None else self._first(self.application)
        platform = self._platform(service)
        scenario = Scenario(
            name=self.name,
            platform=self._kept_up(platform),
            arrivals=(self._arrivals(service, platform),),
            faults=tuple(part.fault() for part in self.faults),
            until=self.until,
            serve=self.serve,
            sample_every=self.sample_every,
        )
        if self.fit is not None:
            scenario = scenario.with_figures(self.fit)
        for key, value in self.figures.items():
            scenario = with_figure(scenario, key, value)
        return scenario

    def _kept_up(self, platform: Any) -> Any:
        """The platform with who notices what fails there, where something does."""
        recovery = platforms.row(self.platform).recovery
        if not self.faults:
            return platform
        if recovery is None:
            raise ValueError(f"faults: not allowed on {self.platform}; nobody there is known")
        return catalog.recovering(platform, replace(recovery(), zones=self.zones))

    def _service(self) -> Service:
        service = self.service.service()
        image = service.image
        given = [
            field for field in ("name", "mib", "file") if getattr(self.image, field) is not None
        ]
        if self.image.files is not None and self.image.mib is None:
            raise ValueError(f"image.files: {self.image.files} is not allowed without image.mib")
        if len(given) > 1:
            raise ValueError(f"image: {' and '.join(given)} are both given; one of them is allowed")
        if self.image.mib is not None:
            ratio = catalog.figure("image.unpack_ratio.unknown")
            name = f"{self.image.mib:g}MiB"
            image = of_size(name, self.image.mib * 2**20, ratio, self.image.files)
        elif self.image.name is not None:
            image = catalog.image(self.image.name)
        elif self.image.file is not None:
            image = self.image.file
        return replace(
            service,
            image=image,
            init=(*service.init, *(part.service() for part in self.pod.init)),
            sidecars=(*service.sidecars, *(part.service() for part in self.pod.sidecars)),
        )

    def _first(self, app: Application) -> Service:
        """The service of its first part.

        Raises:
            ValueError: what is said of a service has no effect beside it.
        """
        alone = ("service", ServicePart()), ("arrivals", ArrivalsPart(at=self.arrivals.at))
        for name, usual in alone:
            if getattr(self, name) != usual:
                raise ValueError(f"{name}: not allowed beside application, which says what runs")
        return app.parts[0].service

    def _arrivals(self, service: Service, platform: Any) -> Burst | Poisson | Rollout:
        part = self.arrivals
        if self.application is not None:
            ordered = bool(getattr(platform, "orders", False))
            return Rollout(application=self.application, at=part.at, ordered=ordered)
        if part.per_second is None:
            return Burst(service=service, tasks=part.tasks, at=part.at)
        return Poisson(service=service, tasks=part.tasks, per_second=part.per_second)

    def _platform(self, service: Service) -> Any:
        host, lazily = self.host, [r.name for r in platforms.rows("file") if "lazy" in r.startup]
        if self.image.lazy and self.platform not in lazily:
            raise ValueError(
                f"image.lazy: true is not allowed on {self.platform}; {' and '.join(lazily)} load "
                f"images lazily (SOCI)"
            )
        parts = () if self.application is None else self.application.parts[1:]
        options = PlatformOptions(
            service=service,
            others=tuple(each.service for each in parts),
            instance=host.instance,
            host=host.bare(),
            disk=host.disk,
            count=host.count,
            image="warm" if self.image.warm else "cold",
            lazy=self.image.lazy,
            pulls_from=catalog.registry(self.registry),
            architecture=host.architecture,
            network=self.network,
            trunking=self.trunking,
            strategy=self.strategy,
            pull_behavior=self.pull_behavior,
            reserved_memory=self.reserved_memory,
            attributes=self.attributes or {},
            max_pods=self.max_pods,
            prefix_delegation=self.prefix_delegation,
            nodes=self.nodes,
            pod=self.pod.template(),
            scoring=self.scoring,
        )
        return platforms.row(self.platform).made(options)


OPTIONS = {
    "host.instance": "instance",
    "host.size": "host",
    **{f"host.{field}": "host" for field in OWN},
    "host.count": "count",
    "host.disk": "disk",
    "host.architecture": "architecture",
    "network": "network",
    "trunking": "trunking",
    "strategy": "strategy",
    "pull_behavior": "pull_behavior",
    "reserved_memory": "reserved_memory",
    "attributes": "attributes",
    "service.member_of": "attributes",
    "max_pods": "max_pods",
    "prefix_delegation": "prefix_delegation",
    "scoring": "scoring",
    "pod": "pod",
    **{f"nodes.{field.name}": "nodes" for field in fields(catalog.NodeSettings)},
    "nodes.ami": "ami",
}
"""Fields that not every platform takes, by path, and the option that each of them is."""


def without_effect(data: Mapping[Any, Any], platform: object) -> list[str]:
    """A message for each field that is given and would be ignored on that platform."""
    if platform not in platforms.names("file"):  # a mistake of its own
        return []
    takers = {
        path: [row.name for row in platforms.rows("file") if option in row.takes]
        for path, option in OPTIONS.items()
    }
    return [
        f"{path}: {shown(value)} is not allowed on {platform}, where it has no effect; "
        f"it is for {', '.join(takers[path])}"
        for path, value in _given(data)
        if platform not in takers[path]
    ]


def _given(data: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for path in OPTIONS:
        first, _, inner = path.partition(".")
        part = data.get(first)
        if inner and isinstance(part, dict) and part.get(inner) is not None:
            yield path, part[inner]
        elif not inner and part is not None:
            yield path, part
