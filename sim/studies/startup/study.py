"""How soon is one ready, on every platform, and which phase takes the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

from sim import catalog
from sim.experiment import Burst, Results, Scenario, compare
from sim.experiment.frames import phase_table
from sim.experiment.statistics.estimate import needed
from sim.host.machine import Architecture
from sim.platforms import Network
from sim.studies.account_quotas import Need, account_line, need
from sim.studies.influence import assumptions, explain_starts
from sim.studies.platform_row import PlatformOptions, Temperature
from sim.studies.platforms import row, rows, wanted
from sim.studies.startup.answer import QUANTILES, StartupAnswer, StartupRow
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd


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
        platform: one of `sim.studies.platforms.names("startup")`, or `all`.
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
    chosen = wanted(platform, "startup")
    lazily = [row.name for row in rows("startup") if "lazy" in row.startup]
    if lazy and platform not in (*lazily, "all"):
        raise ValueError(f"lazy: {platform} does not load images lazily; {' and '.join(lazily)} do")
    if network != "bridge" and not any("network" in row.takes for row in chosen):
        raise ValueError(f"network: {network!r} is of ECS tasks on EC2; {platform} has no choice")
    service = catalog.service(app, cpu=cpu, memory=memory)
    if architecture is not None and service.image is not None:
        built = replace(service.image, architectures=(architecture,))
        service = replace(service, image=built)
    options = PlatformOptions(
        service=service,
        instance=instance,
        host=host,
        network=network,
        architecture=_built_for(service, catalog.instance(instance).architecture),
        cheapest=True,
    )
    scenarios = {
        f"{row.name}-{image}": Scenario(
            name="startup",
            platform=row.made(replace(options, image=image)),
            arrivals=(Burst(service=service, tasks=tasks),),
        )
        for row in chosen
        for image in row.startup
        if lazy or image != "lazy"
    }
    results = compare(
        scenarios, times=replications, seed=seed, name="startup", catalogue=catalog.digest()
    )
    found = [row for variant in scenarios for row in _rows(results, variant, app)]
    results.summary = _summary(found)
    hosts = {variant: s.platform.host_name(service) for variant, s in scenarios.items()}
    explained = None
    if explain:
        explained = explain_starts(scenarios, seed=seed, replications=replications)
    assumed = assumptions(scenarios, seed=seed, replications=replications, explained=explained)
    account = account_line(_needs(scenarios, service, tasks))
    return StartupAnswer(
        service, instance, tasks, found, results, hosts, assumed, explained, account
    )


def _needs(scenarios: Mapping[str, Scenario], service: Service, tasks: int) -> list[Need]:
    """What an account needs where every task has a host of its own."""
    variants = ((variant.rsplit("-", maxsplit=1), s.platform) for variant, s in scenarios.items())
    return [
        need(name, platform, service, tasks)
        for (name, image), platform in variants
        if image != "lazy" and row(name).own_host
    ]


def _built_for(service: Service, architecture: Architecture) -> Architecture:
    """The machine's own architecture if the image has it, else one that it has."""
    built = service.architectures
    return architecture if architecture in built else built[0]


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
