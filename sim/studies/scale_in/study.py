"""From many tasks to few: how soon the machines are gone, and how many tasks are moved for it."""

from __future__ import annotations

from collections.abc import Mapping

from sim import catalog
from sim.experiment import Results, compare
from sim.experiment.statistics.estimate import mean
from sim.platforms import ECS, EKS
from sim.studies.platforms import chosen, price, web
from sim.studies.scale_in.answer import SHARES, ScaleInAnswer, ScaleInRow, table
from sim.studies.scale_in.run import NAME, ScaleIn, ScaleInRun, runs_of
from sim.units import GiB
from sim.workload import Service


def scale_in(
    *,
    platform: str = "all",
    begin: int = 500,
    to: int = 200,
    cpu: float = 1.0,
    memory: float = 2 * GiB,
    instance: str = "c6g.4xlarge",
    image: str = "python:3.12",
    quotas: Mapping[str, float] | None = None,
    replications: int = 5,
    seed: int = 1,
) -> ScaleInAnswer:
    """How soon the machines of `begin` tasks go once only `to` are wanted; any may be stopped.

    Args:
        platform: one of `sim.studies.platforms.platforms()`, or `all`.
        cpu: vCPUs of one task.
        memory: bytes of one task.
        instance: EC2 type of the platforms that have instances.
        quotas: figures that are other than AWS's default, by key, in base units.

    Raises:
        ValueError: a name is not known, or a value is out of range.
    """
    made = chosen(platform, instance, quotas)
    if not 0 <= to < begin:
        raise ValueError(f"to: {to} is not allowed; at least 0 and less than from = {begin}")
    service = web(cpu, memory, image)
    runs = {
        name: ScaleIn(platform=each, service=service, begin=begin, to=to)
        for name, each in made.items()
    }

    def rows(results: Results) -> list[ScaleInRow]:
        own = runs_of(results)
        return [_row(name, each, service, own[name]) for name, each in made.items()]

    results = compare(
        runs,
        times=replications,
        seed=seed,
        name=NAME,
        catalogue=catalog.digest(),
        summary=lambda results: table(rows(results)),
    )
    return ScaleInAnswer(service, instance, begin, to, rows(results), results)


def _row(name: str, platform: ECS | EKS, service: Service, runs: list[ScaleInRun]) -> ScaleInRow:
    hosts = mean("hosts", [run.after for run in runs])
    down = next((run.lacking for run in runs if run.lacking), "")
    goes = not down and all(run.after < run.before for run in runs)
    shares = SHARES if goes else {}
    one = price(platform, service, 1)
    host_hours = mean("host hours", [run.host_hours() for run in runs]).value
    return ScaleInRow(
        platform=name,
        hosts_before=mean("hosts_before", [run.before for run in runs]),
        hosts=hosts,
        times={key: mean(key, [run.gone(share) for run in runs]) for key, share in shares.items()},
        moved=mean("moved", [run.moved for run in runs]),
        ready=mean("ready", [run.ready for run in runs]),
        lacking=down,
        usd_per_hour=None if one is None else hosts.value * one,
        usd_first_hour=None if one is None else host_hours * one,
    )
