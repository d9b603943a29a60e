"""Scenario files: YAML with names of the catalogue, into the descriptions that run.

Every mistake of a file is reported at once: the field, the value, what is allowed, and the
nearest known name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import (
    Field,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.functional_validators import AfterValidator, BeforeValidator

from sim import catalog
from sim.answers.machines import bare_machine
from sim.catalog.registries import RegistryName
from sim.core.description import description, with_figure
from sim.core.quantity import Bytes, Seconds, Vcpu
from sim.experiment import Burst, Poisson, Scenario
from sim.host import Machine
from sim.host.machine import Architecture
from sim.image import Image, read_image
from sim.image.image import of_size
from sim.platforms.ecs import Network
from sim.platforms.placement import Strategy
from sim.workload import Service


class BadFile(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """Mistakes in a scenario file, one a line."""


def _known(field: str, names: Iterable[str]) -> AfterValidator:
    known = list(names)

    def check(value: str, info: ValidationInfo) -> str:  # noqa: ARG001 (pydantic's signature)
        if value not in known:
            message = str(catalog.unknown(field, value, known))
            raise ValueError(message.partition(": ")[2])
        return value

    return AfterValidator(check)


def _bare(value: str) -> str:
    bare_machine(value, "m5.xlarge")
    return value


def _from_manifest(value: object, info: ValidationInfo) -> object:
    """The image in a manifest; its path starts at the folder of the scenario file."""
    if isinstance(value, Image):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not allowed; the path of a manifest")
    context = info.context or {}
    return read_image(
        context.get("folder", Path()) / value,
        architecture=context.get("architecture", "amd64"),
        unpack_ratio=catalog.figure("image.unpack_ratio"),
    )


Instance = Annotated[str, _known("instance", catalog.instances())]
App = Annotated[str, _known("app", catalog.apps())]
ImageName = Annotated[str, _known("image", catalog.images())]
ImageFile = Annotated[Image, BeforeValidator(_from_manifest), WithJsonSchema({"type": "string"})]


@description
class HostPart:
    """The machine, or the fleet, that tasks run on."""

    instance: Instance = "m5.xlarge"
    """EC2 type; the vm and docker platforms take a bare machine of its size."""
    size: Annotated[str, AfterValidator(_bare)] | None = None
    """Bare machine of the vm and docker platforms instead: m5.metal, 16x64GiB."""
    count: PositiveInt = 1
    """Container instances (ecs)."""


@description
class ImagePart:
    """The image that is pulled; without it, that of the app."""

    name: ImageName | None = None
    """An image of the catalogue."""
    mib: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """Or the compressed size, MiB, of an image of one layer."""
    file: ImageFile | None = None
    """Or a manifest, as `sim image` reads it; the path starts at this file's folder."""
    warm: bool = False
    """Whether every host has it on disk already."""


@description
class ServicePart:
    """What is launched."""

    app: App = "generic"
    cpu: Vcpu | None = None
    """vCPUs; the app's default size unless given."""
    memory: Bytes | None = None
    memory_reservation: Bytes | None = None
    """Soft limit: what placement reserves."""
    cpu_quota: bool = True
    """Whether cpu is a quota, or only a weight."""
    load: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Mean CPU use as a fraction of cpu, once it serves."""
    host_port: Annotated[int, Field(ge=1, le=65535)] | None = None


@description
class ArrivalsPart:
    """How tasks arrive: all at once, or one by one in a Poisson stream."""

    tasks: PositiveInt = 1
    at: Seconds = 0.0
    """When a burst comes."""
    per_second: Annotated[float, Field(gt=0)] | None = None
    """Mean rate of a Poisson stream; without it, a burst."""


@description
class ScenarioFile:
    """A scenario as it is written in YAML."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    platform: Literal["vm", "docker", "ec2", "ecs", "fargate"]
    host: HostPart = Field(default_factory=HostPart)
    image: ImagePart = Field(default_factory=ImagePart)
    service: ServicePart = Field(default_factory=ServicePart)
    arrivals: ArrivalsPart = Field(default_factory=ArrivalsPart)
    registry: RegistryName = "ecr"
    """Where images are pulled from."""
    network: Network = "bridge"
    """Of ECS tasks on EC2."""
    trunking: bool = False
    strategy: Strategy = "binpack"
    pull_behavior: Literal["default", "prefer-cached"] = "default"
    until: Seconds | None = None
    serve: Seconds = 0.0
    sample_every: Seconds | None = None
    replications: PositiveInt = 30
    seed: Annotated[int, Field(ge=0)] = 1
    figures: dict[Annotated[str, _known("figure", catalog.figures())], float] = Field(
        default_factory=dict
    )
    """Figures of the catalogue to be replaced, by key, in base units (s, byte, vCPU)."""

    def scenario(self) -> Scenario:
        """The descriptions that run.

        Raises:
            ValueError: a figure that is replaced is not used by this scenario.
        """
        service = self._service()
        made = Scenario(
            name=self.name,
            platform=self._platform(service),
            arrivals=(self._arrivals(service),),
            until=self.until,
            serve=self.serve,
            sample_every=self.sample_every,
        )
        for key, value in self.figures.items():
            made = with_figure(made, key, value)
        return made

    def _service(self) -> Service:
        part = self.service
        service = catalog.service(
            part.app,
            cpu=part.cpu,
            memory=part.memory,
            cpu_quota=part.cpu_quota,
            load_share=part.load,
        )
        image = service.image
        given = [
            field for field in ("name", "mib", "file") if getattr(self.image, field) is not None
        ]
        if len(given) > 1:
            raise ValueError(f"image: {' and '.join(given)} are both given; one of them is allowed")
        if self.image.mib is not None:
            ratio = catalog.figure("image.unpack_ratio")
            name = f"{self.image.mib:g}MiB"
            image = of_size(name, self.image.mib * 2**20, ratio)
        elif self.image.name is not None:
            image = catalog.image(self.image.name)
        elif self.image.file is not None:
            image = self.image.file
        return replace(
            service,
            image=image,
            memory_reservation=part.memory_reservation,
            host_port=part.host_port,
        )

    def _arrivals(self, service: Service) -> Burst | Poisson:
        part = self.arrivals
        if part.per_second is None:
            return Burst(service=service, tasks=part.tasks, at=part.at)
        return Poisson(service=service, tasks=part.tasks, per_second=part.per_second)

    def _platform(self, service: Service) -> Any:
        warm = [service.image] if self.image.warm and service.image is not None else []
        registry = catalog.registry(self.registry)
        if self.platform == "ecs":
            return catalog.ecs(
                self.host.instance,
                count=self.host.count,
                network=self.network,
                trunking=self.trunking,
                strategy=self.strategy,
                pull_behavior=self.pull_behavior,
                warm=warm,
                pulls_from=registry,
            )
        if self.platform == "ec2":
            return catalog.ec2(catalog.machine(self.host.instance))
        if self.platform == "fargate":
            return catalog.ecs_on_fargate(
                catalog.instance(self.host.instance).architecture, pulls_from=registry
            )
        server: Machine = bare_machine(self.host.size, self.host.instance)
        if self.platform == "docker":
            return catalog.docker(server, warm=warm, pulls_from=registry)
        return catalog.hypervisor(server)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that was read."""

    file: ScenarioFile
    scenario: Scenario


def load_scenario(path: str | Path) -> Loaded:
    """The scenario in a YAML file.

    Raises:
        FileNotFoundError: there is no such file.
        BadFile: it is not YAML, or a field is wrong; the message names every mistake.
    """
    path = Path(path)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise BadFile(f"{path}: it is a folder; a scenario is a file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise BadFile(f"{path}: a scenario is a mapping such as 'platform: ecs'")
    try:
        context = {"text": True, "folder": path.parent, "architecture": _architecture(data)}
        file = TypeAdapter(ScenarioFile).validate_python(data, context=context)
        return Loaded(file, file.scenario())
    except ValidationError as error:
        raise BadFile("\n".join([f"{path}:", *_mistakes(error)])) from error
    except ValueError as error:
        raise BadFile(f"{path}: {error}") from error


def _architecture(data: dict[Any, Any]) -> Architecture:
    """Of the host that a file names, before the file is known to be right."""
    host = data.get("host")
    name = host.get("instance") if isinstance(host, dict) else None
    on_aws = data.get("platform") in ("ec2", "ecs", "fargate")
    known = on_aws and isinstance(name, str) and name in catalog.instances()
    return catalog.instance(str(name)).architecture if known else "amd64"


def schema() -> dict[str, Any]:
    """The JSON schema of a scenario file."""
    made = TypeAdapter(ScenarioFile).json_schema()
    parts = [made, *made["$defs"].values()]
    for field in (field for part in parts for field in part.get("properties", {}).values()):
        if field.get("type") == "string" and isinstance(field.get("default"), float):
            field["default"] = f"{field['default']:g}s"  # durations have a unit in a file
    return made


class _OnceLoader(yaml.SafeLoader):
    """Refuses a mapping that has one key twice: YAML would keep the last and lose the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: {key.value!r} stands there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _mistakes(error: ValidationError) -> list[str]:
    return [_mistake(item) for item in error.errors()]


def _mistake(item: Any) -> str:
    place = [str(part) for part in item["loc"] if not _is_branch(str(part))]
    path, kind = ".".join(place), item["type"]
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _fields_at(place[:-1])
        near = get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        return f"{path}: there is no such field; {hint}"
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return f"{path}: it is missing; {_what(place)}"
    message = item["msg"].removeprefix("Value error, ")
    shown = repr(item["input"])
    if kind == "literal_error":
        near = get_close_matches(str(item["input"]), _literals(place), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{path}: {shown} is not allowed; {_allowed(message)}{hint}"
    if kind == "string_pattern_mismatch":
        message = "letters, digits, '.', '_' and '-', and no blank"
    if kind == "value_error":
        return f"{path}: {message}"
    return f"{path}: {shown} is not allowed; {_allowed(message)}"


def _is_branch(part: str) -> bool:
    """Parts of pydantic's path that name a validator, not a field."""
    return "[" in part or "(" in part


def _class_at(place: list[str]) -> Any:
    node: Any = ScenarioFile
    for part in place:
        inner = {f.name: f.type for f in fields(node)}.get(part)
        if not is_dataclass(inner):
            return node
        node = inner
    return node


def _fields_at(place: list[str]) -> list[str]:
    return [field.name for field in fields(_class_at(place))]


def _literals(place: list[str]) -> list[str]:
    types = {field.name: field.type for field in fields(_class_at(place[:-1]))}
    kind = types.get(place[-1])
    return [str(value) for value in get_args(kind)] if get_origin(kind) is Literal else []


def _what(place: list[str]) -> str:
    words = _literals(place)
    return f"one of {', '.join(words)}" if words else "it is needed"


def _allowed(message: str) -> str:
    """pydantic's words for what is allowed, as they go on in a sentence."""
    text = message.removeprefix("Input should be ")
    return text[:1].lower() + text[1:]
