"""How soon is one ready, on every platform, and which phase takes the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from sim import catalog
from sim.core.question import asking
from sim.experiment import Burst, Results, Scenario, compare
from sim.experiment.frames import phase_table
from sim.experiment.statistics.estimate import needed
from sim.host.machine import Architecture
from sim.image import Image
from sim.platforms import ECS, EKS, Docker, Fargate
from sim.studies.account_quotas import Need, account_line, instances, need
from sim.studies.bare_machine import bare_machine
from sim.studies.influence import assumptions, explain_starts
from sim.studies.platforms import fargate_size
from sim.studies.startup.answer import QUANTILES, StartupAnswer, StartupRow, Temperature
from sim.studies.startup.question import LAZY, StartupQuestion
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd


def answer(question: StartupQuestion) -> StartupAnswer:
    """How soon copies of an app, launched at once, are ready."""
    service = catalog.service(question.app, cpu=question.cpu, memory=question.memory)
    if question.architecture is not None and service.image is not None:
        built = replace(service.image, architectures=(question.architecture,))
        service = replace(service, image=built)
    scenarios = {
        f"{name}-{image}": Scenario(
            name="startup",
            platform=_platform(name, image, service, question),
            arrivals=(Burst(service=service, tasks=question.tasks),),
        )
        for name in question.platforms
        for image in _images(name, lazy=question.lazy)
    }
    times, seed = question.replications, question.seed
    results = compare(scenarios, times=times, seed=seed, name="startup", catalogue=catalog.digest())
    rows = [row for variant in scenarios for row in _rows(results, variant, question.app)]
    results.summary = _summary(rows)
    hosts = {variant: _host(s.platform, service) for variant, s in scenarios.items()}
    explained = None
    if question.explain:
        explained = explain_starts(scenarios, seed=seed, replications=times)
    assumed = assumptions(scenarios, seed=seed, replications=times, explained=explained)
    account = account_line(_needs(scenarios, service, question.tasks))
    return StartupAnswer(question, service, rows, results, hosts, assumed, explained, account)


startup = asking(StartupQuestion, answer, "startup")


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


def _platform(name: str, image: str, service: Service, question: StartupQuestion) -> Any:
    instance, host, network = question.instance, question.host, question.network
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
