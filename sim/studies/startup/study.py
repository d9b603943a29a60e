"""How soon is one ready, on every platform, and which phase takes the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from sim import catalog
from sim.core.quantity import parse_seconds
from sim.experiment import Burst, Results, Scenario, compare
from sim.experiment.frames import phase_table
from sim.experiment.statistics.estimate import needed
from sim.host.machine import Architecture
from sim.image import Image
from sim.platforms import ECS, EKS, Docker, Fargate
from sim.platforms.ecs.ecs import Network
from sim.studies.account_quotas import Need, account_line, instances, need
from sim.studies.bare_machine import bare_machine
from sim.studies.influence import Explained, explain_starts
from sim.studies.platforms import fargate_size
from sim.studies.rests_on import Influence, rests_on
from sim.studies.startup.words import assumed_line, startup_sentence
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd

PLATFORMS = ("vm", "docker", "ec2", "ecs", "fargate", "eks", "eks-fargate")
QUANTILES = {"p50_s": 0.50, "p95_s": 0.95}

Temperature: TypeAlias = Literal["cold", "lazy", "warm"]
"""Whether the image has to be pulled, pulled lazily, or is on the host already."""

LAZY = ("docker", "fargate")
"""Platforms that load images lazily; the ECS agent on EC2 pulls through dockerd, which does not."""


@dataclass(slots=True)
class Row:
    """One phase of one platform's start."""

    platform: str
    app: str
    image: Temperature
    phase: str
    seconds: dict[str, float]
    """By column, `p50_s` and `p95_s`; a column the sample cannot support is absent."""
    n: int
    refused: int
    killed: int

    def json(self) -> dict[str, Any]:
        """Plain data; a quantile that was refused is absent, with the reason beside it."""
        data: dict[str, Any] = {
            "platform": self.platform,
            "app": self.app,
            "image": self.image,
            "phase": self.phase,
            **self.seconds,
            "n": self.n,
            "refused": self.refused,
            "killed": self.killed,
        }
        for column, q in QUANTILES.items():
            if column not in self.seconds:
                data[f"{column}_refused"] = (
                    f"p{100 * q:g} of {self.n} starts: at least {needed(q)} are needed"
                )
        return data


@dataclass(slots=True)
class StartupAnswer:
    """Rows, the results they come from, and what was asked."""

    service: Service
    instance: str
    tasks: int
    rows: list[Row]
    results: Results
    hosts: dict[str, str]
    """What each variant runs on."""
    assumed: list[Influence]
    """Assumed numbers that matter, strongest first."""
    explained: list[Explained] | None = None
    account: str = ""
    """Which quotas a new account would need raised; none of them is enforced."""
    """The numbers that moved each variant; None where that was not asked for."""

    @property
    def started(self) -> int:
        """Starts that became ready, of all platforms."""
        return int(self.results.runs["ready"].sum())

    def json(self) -> list[dict[str, Any]]:
        """The rows as plain data; `total` with the numbers that moved it where that was asked."""
        return [{**row.json(), **self._explain(row)} for row in self.rows]

    def _explain(self, row: Row) -> dict[str, Any]:
        if self.explained is None or row.phase != "total":
            return {}
        variant = f"{row.platform}-{row.image}"
        mine = [e for e in self.explained if e.variant == variant]
        return {"explain": [number for explained in mine for number in explained.json()]}

    def totals(self) -> list[Row]:
        """The row `total` of each platform and image."""
        return [row for row in self.rows if row.phase == "total"]

    def asked(self, row: Row) -> int:
        """Starts that were asked for of a row's platform and image, over all runs."""
        runs = self.results.runs
        return int(runs[runs["variant"] == f"{row.platform}-{row.image}"]["tasks"].sum())

    def sentence(self) -> str:
        """The answer in one sentence."""
        return startup_sentence(self)

    def assumed_line(self) -> str:
        """The assumed numbers it rests on."""
        return assumed_line(self)

    def starts(self) -> pd.DataFrame:
        """One row a start that became ready, with its platform and image."""
        table = self.results.starts()
        table[["platform", "image"]] = table["variant"].str.rsplit("-", n=1, expand=True)
        return table

    def reasons(self) -> dict[str, str]:
        """Why starts were refused or killed, by variant."""
        runs = self.results.runs[self.results.runs["reasons"] != ""]
        return dict(zip(runs["variant"], runs["reasons"], strict=True))


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


def unmet(answer: StartupAnswer, required: str) -> str | None:
    """The sentence that says which phase must shrink, or None where `p95<=30s` and such holds.

    Raises:
        ValueError: the requirement cannot be read, or the sample cannot support it.
    """
    column, target = requirement(required)
    for total in answer.totals():
        if column not in total.seconds:
            raise ValueError(f"require: {total.json()[f'{column}_refused']}")
    late = [row for row in answer.totals() if row.seconds[column] > target]
    if not late:
        return None
    worst = max(late, key=lambda row: row.seconds[column])
    mine = [r for r in answer.rows if (r.platform, r.image) == (worst.platform, worst.image)]
    parts = [row for row in mine if row.phase not in ("running", "total")]
    largest = max(parts, key=lambda row: row.seconds[column])
    value, over = worst.seconds[column], worst.seconds[column] - target
    now = largest.seconds[column]
    left = "" if now >= over else f", which it cannot alone: it takes {now:.1f} s"
    return (
        f"{worst.platform} ({worst.image} image) is ready after {value:.1f} s at {column[:-2]}, "
        f"{over:.1f} s over {required}: {largest.phase} ({now:.1f} s) must shrink by "
        f"{over:.1f} s{left}."
    )


def requirement(text: str) -> tuple[str, float]:
    """Column and target of `p95<=30s`.

    Raises:
        ValueError: it cannot be read.
    """
    column, _, duration = text.replace(" ", "").partition("<=")
    if f"{column}_s" not in QUANTILES or not duration:
        raise ValueError(f"require: {text!r} is not allowed; such as p95<=30s or p50<=10s")
    return f"{column}_s", parse_seconds(duration)


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


def _rows(results: Results, variant: str, app: str) -> list[Row]:
    platform, image = variant.rsplit("-", maxsplit=1)
    runs = results.runs[results.runs["variant"] == variant]
    refused, killed, n = (int(runs[c].sum()) for c in ("refused", "killed", "ready"))
    if n == 0:
        return [Row(platform, app, _temperature(image), "total", {}, 0, refused, killed)]
    spans = results.tiling()
    spans = spans[spans["variant"] == variant]
    columns = {c: phase_table(spans, q) for c, q in QUANTILES.items() if n >= needed(q)}
    phases = list(columns["p50_s"]) if columns else [*spans["phase"].unique(), "running", "total"]
    return [
        Row(
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


def _summary(rows: list[Row]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([row.json() for row in rows])
