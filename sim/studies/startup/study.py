"""How soon is one ready, on every platform, and which phase takes the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from sim import catalog
from sim.core.names import Architecture
from sim.core.question import asking
from sim.experiment import Burst, Results, Scenario, compare
from sim.experiment.frames import phase_table
from sim.experiment.statistics.estimate import needed
from sim.studies.account_quotas import Need, account_line, need
from sim.studies.influence import explain_starts
from sim.studies.platform_row import PlatformOptions, Temperature
from sim.studies.platforms import row
from sim.studies.startup.answer import QUANTILES, StartupAnswer, StartupRow
from sim.studies.startup.question import StartupQuestion
from sim.units import MB
from sim.workload import Service

if TYPE_CHECKING:
    import pandas as pd


def answer(question: StartupQuestion) -> StartupAnswer:
    """How soon copies of an app, launched at once, are ready."""
    service = catalog.service(
        question.app, cpu=question.cpu, memory=question.memory, gpus=question.gpus
    )
    if question.architecture is not None and service.image is not None:
        built = replace(service.image, architectures=(question.architecture,))
        service = replace(service, image=built)
    options = PlatformOptions(
        service=service,
        instance=question.instance,
        host=question.host,
        network=question.network,
        reserved_memory=question.reserved_memory,
        nodes=question.nodes(),
        architecture=_built_for(service, catalog.instance(question.instance).architecture),
        cheapest=True,
    )
    scenarios = {
        f"{name}-{image}": Scenario(
            name="startup",
            platform=row(name).starting(replace(options, image=image)),
            arrivals=(Burst(service=service, tasks=question.tasks),),
        )
        for name in question.platforms
        for image in row(name).startup
        if question.lazy or image != "lazy"
    }
    times, seed = question.replications, question.seed
    rows: list[StartupRow] = []

    def summary(results: Results) -> pd.DataFrame:
        tiles = results.tiling()
        for name in scenarios:
            mine = tiles[tiles["variant"] == name]
            rows.extend(_rows(results.runs, mine, name, service.name))
        return _table(rows)

    results = compare(
        scenarios,
        times=times,
        seed=seed,
        name="startup",
        catalogue=catalog.digest(),
        summary=summary,
    )
    hosts = {variant: s.platform.host_name(service) for variant, s in scenarios.items()}
    explained = None
    if question.explain:
        explained = explain_starts(scenarios, seed=seed, replications=times, runs=results.runs)
    account = account_line(_needs(scenarios, service, question.tasks))
    return StartupAnswer(
        question, service, rows, results, hosts, scenarios, explained, account, _remarks(scenarios)
    )


startup = asking(StartupQuestion, answer, "startup")


def _remarks(scenarios: Mapping[str, Scenario]) -> tuple[str, ...]:
    """What platforms make of the service, and what is left out of lazy starts; each said once."""
    service = next(iter(scenarios.values())).arrivals[0].service
    said = [scenario.platform.remark(service) for scenario in scenarios.values()]
    least = catalog.figure("image.lazy.gains_from")
    image = service.image
    if image is not None and image.wire < least.value and any("-lazy" in v for v in scenarios):
        said.append(
            f"Lazy loading gains from about {least.shown()} of compressed image on (AWS); this one "
            f"has {image.wire / MB:.0f} MB. What a file system in user space costs a read is left "
            f"out, so lazy starts are shown too quick"
        )
    return tuple(dict.fromkeys(f"{text}." for text in said if text))


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


def _rows(runs: pd.DataFrame, spans: pd.DataFrame, variant: str, app: str) -> list[StartupRow]:
    platform, image = variant.rsplit("-", maxsplit=1)
    runs = runs[runs["variant"] == variant]
    refused, killed, n = (int(runs[c].sum()) for c in ("refused", "killed", "ready"))
    if n == 0:
        return [StartupRow(platform, app, _temperature(image), "total", {}, 0, refused, killed)]
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


def _table(rows: list[StartupRow]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([row.json() for row in rows])
