"""How soon is one ready, on every platform, and which phase takes the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from sim import catalog
from sim.experiment import Burst, Results, Scenario, compare
from sim.experiment.frames import phase_table
from sim.experiment.statistics.estimate import needed
from sim.host.machine import Architecture
from sim.image import Image
from sim.platforms import ECS, EKS, Docker, Fargate, Network
from sim.studies.account_quotas import Need, account_line, instances, need
from sim.studies.bare_machine import bare_machine
from sim.studies.influence import explain_starts, rests_on
from sim.studies.platforms import fargate_size
from sim.studies.startup.answer import QUANTILES, StartupAnswer, StartupRow, Temperature
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd

PLATFORMS = ("vm", "docker", "ec2", "ecs", "fargate", "eks", "eks-fargate")
LAZY = ("docker", "fargate")
"""Platforms that load images lazily; the ECS agent on EC2 pulls through dockerd, which does not."""


def startup(
    *,
    app: str = "java",
    platform: str = "all",
    instance: str = "m5.xlarge",
    host: str | None = None,
    cpu: float | None = None,
    memory: float | None = None,
    network: Network = "bridge",
    architecture: Literal["amd64", "arm64"] | None = None,
    lazy: bool = False,
    tasks: int = 1,
    replications: int = 30,
    seed: int = 1,
    explain: bool = False,
) -> StartupAnswer:
    """How soon `tasks` copies of an app, launched at once, are ready.

    Args:
        app: `java`, `node` or `mysql`.
        platform: `vm`, `docker`, `ec2`, `ecs`, `fargate`, `eks`, `eks-fargate` or `all`.
        instance: EC2 type of the ECS and EKS rows; its size is that of the bare machine, too.
        host: bare machine of the `vm` and `docker` rows; None: of the instance's size.
        cpu: vCPUs of one task; None: the app's default.
        memory: bytes of one task; None: the app's default.
        network: of ECS tasks on EC2.
        architecture: the only one the image is built for; None: all.
        lazy: whether to show lazy loading (SOCI) as well, where a platform has it.
        tasks: launched at once, on each platform.
        explain: whether to find the numbers that move each answer.

    Raises:
        ValueError: a name is not known, or a value is out of range.
    """
    if tasks < 1:
        raise ValueError(f"tasks: {tasks!r} is not allowed; at least 1")
    if platform not in (*PLATFORMS, "all"):
        raise catalog.unknown("platform", platform, [*PLATFORMS, "all"])
    if lazy and platform not in (*LAZY, "all"):
        raise ValueError(f"lazy: {platform} does not load images lazily; {' and '.join(LAZY)} do")
    if network != "bridge" and platform not in ("ecs", "all"):
        raise ValueError(f"network: {network!r} is of ECS tasks on EC2; {platform} has no choice")
    service = catalog.service(app, cpu=cpu, memory=memory)
    if architecture is not None and service.image is not None:
        built = replace(service.image, architectures=(architecture,))
        service = replace(service, image=built)
    wanted = PLATFORMS if platform == "all" else (platform,)
    scenarios = {
        f"{name}-{image}": Scenario(
            name="startup",
            platform=_platform(name, image, service, instance=instance, host=host, network=network),
            arrivals=(Burst(service=service, tasks=tasks),),
        )
        for name in wanted
        for image in _images(name, lazy=lazy)
    }
    results = compare(
        scenarios, times=replications, seed=seed, name="startup", catalogue=catalog.digest()
    )
    rows = [row for variant in scenarios for row in _rows(results, variant, app)]
    results.summary = _summary(rows)
    hosts = {variant: _host(s.platform, service) for variant, s in scenarios.items()}
    assumed = rests_on(scenarios, seed)
    explained = None
    if explain:
        explained = explain_starts(scenarios, seed=seed, replications=replications)
    account = account_line(_needs(scenarios, service, tasks))
    return StartupAnswer(
        service, instance, tasks, rows, results, hosts, assumed, explained, account
    )


def _needs(scenarios: Mapping[str, Scenario], service: Service, tasks: int) -> list[Need]:
    """Of the platforms on which every task has an instance or a microVM of its own."""
    needs = []
    for variant, scenario in scenarios.items():
        name, platform = variant.rsplit("-", maxsplit=1)[0], scenario.platform
        if name == "ec2":
            needs.append(instances(name, tasks * platform.machine.vcpu))
        elif name in ("fargate", "eks-fargate") and not variant.endswith("-lazy"):
            needs.append(need(name, platform, service, tasks))
    return needs


def _images(platform: str, *, lazy: bool) -> tuple[Temperature, ...]:
    """Where there is no second case, every start is cold."""
    lazily: tuple[Temperature, ...] = ("lazy",) if lazy and platform in LAZY else ()
    warm: tuple[Temperature, ...] = ("warm",) if platform in ("docker", "ecs", "eks") else ()
    return ("cold", *lazily, *warm)


def _platform(
    name: str, image: str, service: Service, *, instance: str, host: str | None, network: Network
) -> Any:
    warm: list[Image] = [service.image] if image == "warm" and service.image else []
    architecture, lazy = catalog.instance(instance).architecture, image == "lazy"
    made: dict[str, Callable[[], Any]] = {
        "vm": lambda: catalog.hypervisor(bare_machine(host, instance)),
        "docker": lambda: catalog.docker(bare_machine(host, instance), warm=warm, lazy=lazy),
        "ec2": lambda: (
            catalog.ec2_for(service, architecture) or catalog.ec2(catalog.machine(instance))
        ),
        "ecs": lambda: catalog.ecs(instance, network=network, warm=warm),
        "fargate": lambda: catalog.ecs_on_fargate(_built_for(service, architecture), lazy=lazy),
        "eks": lambda: catalog.eks(instance, warm=warm),
        "eks-fargate": catalog.eks_on_fargate,
    }
    return made[name]()


def _built_for(service: Service, architecture: Architecture) -> Architecture:
    """The machine's own architecture if the image has it, else one that it has."""
    built = service.architectures
    return architecture if architecture in built else built[0]


def _host(platform: Any, service: Service) -> str:
    """The machine, instance type or Fargate size that a platform puts the service on."""
    if isinstance(platform, (ECS, EKS)) and isinstance(platform.capacity, Fargate):
        return str(fargate_size(platform, service) or "-")
    machine = platform.server.machine if isinstance(platform, Docker) else platform.machine
    return str(machine.name)


def _rows(results: Results, variant: str, app: str) -> list[StartupRow]:
    platform, image = variant.rsplit("-", maxsplit=1)
    runs = results.runs[results.runs["variant"] == variant]
    refused, killed, n = (int(runs[c].sum()) for c in ("refused", "killed", "ready"))
    if n == 0:
        return [StartupRow(platform, app, _temperature(image), "total", {}, 0, refused, killed)]
    spans = results.tiling()
    spans = spans[spans["variant"] == variant]
    columns = {c: phase_table(spans, q) for c, q in QUANTILES.items() if n >= needed(q)}
    phases = list(columns["p50_s"]) if columns else [*spans["phase"].unique(), "running", "total"]
    return [
        StartupRow(
            platform,
            app,
            _temperature(image),
            phase,
            {column: table[phase] for column, table in columns.items()},
            n,
            refused,
            killed,
        )
        for phase in phases
    ]


def _temperature(image: str) -> Temperature:
    return next((known for known in get_args(Temperature) if known == image), "cold")


def _summary(rows: list[StartupRow]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([row.json() for row in rows])
