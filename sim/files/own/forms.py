"""What an app and an application of one's own are written in; the words are those of `Service`."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from sim.core.description import description
from sim.core.quantity import (
    NUMBER,
    AtMost,
    Attempts,
    Bytes,
    Copies,
    Gpus,
    ReservedVcpu,
    Seconds,
    Vcpu,
    parse_size,
    parse_work,
)
from sim.workload import AutoscalingRange, HealthCheck, Volume
from sim.workload.application import SizeSource
from sim.workload.calls import How
from sim.workload.waiting import Condition, Name

Port: TypeAlias = Annotated[int, NUMBER, Field(ge=1, le=65535)]


def _work(value: object) -> object:
    return parse_work(value) if isinstance(value, str) else value


def _size(value: object) -> object:
    return parse_size(value) if isinstance(value, str) else value


Work: TypeAlias = Annotated[
    float, BeforeValidator(_work), NUMBER, Field(ge=0, le=1e9, allow_inf_nan=False)
]
"""Core-seconds of an m5 vCPU."""
ImageSize: TypeAlias = Annotated[float, BeforeValidator(_size), NUMBER, Field(gt=0, le=2.0**50)]
"""Compressed bytes."""


@description
class OwnStart:
    """What a program does from exec to its first healthy answer."""

    cpu: Work = 0.0
    wait: Seconds = 0.0
    threads: AtMost = 1
    read: Bytes | None = None


@description
class OwnWait:
    """What is waited for; its name alone means until it has started."""

    part: Name
    until: Condition = "started"


@description
class OwnProgram:
    """A program and the room it is given; what is not said is found by the ladder of sizes."""

    app: str | None = None
    """One of the catalogue that it is like: java, node, mysql, generic."""
    image: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    image_size: ImageSize | None = None
    startup: OwnStart | None = None
    private: Bytes | None = None
    """Private pages in use at work."""
    hot_files: Bytes | None = None
    """File pages of its image that it keeps hot."""
    works_on: AtMost | None = None
    """Requests that it works on at once."""
    cpu: ReservedVcpu | None = None
    cpu_limit: Vcpu | None = None
    cpu_quota: bool = True
    memory: Bytes | None = None
    memory_reservation: Bytes | None = None
    memory_limited: bool = True
    gpus: Gpus = 0
    host_ports: tuple[Port, ...] = ()
    published_ports: tuple[Port, ...] = ()
    check: HealthCheck | None = None
    after_containers: tuple[OwnWait, ...] = ()
    """Containers of the same task that it waits for."""
    size_from: SizeSource = "file"
    cpu_from: SizeSource = "file"


@description
class OwnContainer(OwnProgram):
    """A container beside or before the main one."""

    name: Name
    essential: bool = True


@description
class OwnCall:
    """A call of another operation; its name alone means once, waited for."""

    to: Annotated[str, Field(min_length=1)]
    times: Annotated[float, NUMBER, Field(ge=0, le=1e6)] = 1.0
    how: How = "sync"
    timeout: Annotated[Seconds, Field(gt=0)] | None = None
    retries: Attempts = 0
    bytes: Annotated[float, BeforeValidator(_size), NUMBER, Field(ge=0, le=2.0**50)] = 0.0
    optional: bool = False


@description
class OwnOperation:
    """What a part does when it is called."""

    cpu_ms: Annotated[float, NUMBER, Field(ge=0, le=1e9)] = 0.0
    """Milliseconds of an m5 vCPU."""
    variation: Annotated[float, NUMBER, Field(ge=0, le=100)] = 1.0
    wait: Seconds = 0.0
    calls: tuple[OwnCall, ...] = ()


@description
class OwnPart(OwnProgram):
    """A part with its copies and its order."""

    copies: Copies = 1
    after: tuple[OwnWait, ...] = ()
    init: tuple[OwnContainer, ...] = ()
    sidecars: tuple[OwnContainer, ...] = ()
    daemon: bool = False
    once: bool = False
    most_per_host: AtMost | None = None
    apart_from: tuple[Name, ...] = ()
    spread: bool = False
    autoscaling: AutoscalingRange | None = None
    volumes: tuple[Volume, ...] = ()
    threads: AtMost | None = None
    """Threads of a copy's pool, each held until its visit is answered."""
    operations: Mapping[str, OwnOperation] = Field(default_factory=dict)


@description
class OwnApplication:
    """An application of one's own."""

    application: Name
    parts: Annotated[dict[Name, OwnPart], Field(min_length=1)]
    entry: dict[
        Annotated[str, Field(min_length=1)], Annotated[float, NUMBER, Field(gt=0, le=1e9)]
    ] = Field(default_factory=dict)
    """Operations that users ask for, and their weights."""


@description
class OwnApp(OwnProgram):
    """One app of one's own, which every verb takes as `--app FILE`."""

    app: Name
    """Its name."""
    like: str | None = None
    """One of the catalogue that it is like in what is not said: java, node, mysql, generic."""
