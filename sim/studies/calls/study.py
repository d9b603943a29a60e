"""An application under the requests of its users, and the same a little different beside it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from sim import catalog
from sim.core.cited import plain
from sim.core.question import asking
from sim.experiment import Results, compare, replicate
from sim.experiment.statistics.estimate import Estimate, mean
from sim.host import Machine
from sim.studies.calls.answer import (
    ENTRY_KEYS,
    Beside,
    CallsAnswer,
    EntryAnswer,
    ServiceAnswer,
)
from sim.studies.calls.closed_form import Station, hosts_saturate, stations
from sim.studies.calls.copies import pool_of, vcpus, with_copies
from sim.studies.calls.hosting import hosted, machine_of, shares_hosts
from sim.studies.calls.question import CallsQuestion
from sim.studies.calls.run import WARM_UP, CallsRun
from sim.studies.calls.scaling.study import grown, scaled
from sim.workload import Application

FEW = 4
"""Runs of what stands beside: differences under the same random numbers need fewer."""
MOST_BESIDE = 5
WORTH = 0.05
"""Services that are tried with one more copy: those that add most to p95, a twentieth at least."""
KEEPS_UP = 0.97
"""Share of the requests that are answered by the end where the queues settle."""


class TooMuch(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """More requests than a service can take; `possible` is the rate that is."""

    def __init__(self, what: str, possible: float) -> None:
        super().__init__(what)
        self.possible = possible


def answer(question: CallsQuestion) -> CallsAnswer:
    """Runs of the application as it is, with one more copy of each service, and as one program.

    Raises:
        TooMuch: a service saturates below the rate.
    """
    application: Application = question.application
    machine = machine_of(question)
    known = _stations(question, application, machine)
    _refuse_saturated(question, known)
    platform, hosts = hosted(question, grown(question, known))
    together = hosts_saturate(known, hosts * machine.vcpu) if hosts else math.inf
    _refuse_full_hosts(question, together, hosts)
    base = CallsRun(
        application=application,
        machine=machine,
        platform=platform,
        hops=catalog.hops(),
        balancing=question.balanced,
        zones=question.zones,
        rate=question.per_second,
        users=question.users or 1,
        think=max(question.think, 1e-9),
        seconds=_seconds(question, known),
    )
    times, seed = question.replications, question.seed
    results = replicate(base, times=times, seed=seed, catalogue=catalog.digest())
    services = _services(application, known, results, base)
    beside = _beside(question, base, services)
    made = CallsAnswer(
        question=question,
        throughput_per_s=_mean(results, "throughput_per_s"),
        all=_entry(results, "all requests", ""),
        entries=[_entry(results, entry.to, f" {entry.to}") for entry in application.entries],
        services=services,
        failed=float(results.runs["failed"].mean()),
        keeps_up=_keeps_up(question, results),
        hosts=hosts,
        hosts_saturate_per_s=together,
        refused=_refused(results, application),
        results=results,
        run=base,
    )
    if question.ramp is not None:
        beside["scaling"] = scaled(question, base, made)
    return replace(made, **beside)


calls = asking(CallsQuestion, answer, "calls")


def _refuse_saturated(question: CallsQuestion, known: dict[str, Station]) -> None:
    if question.per_second is None or not known:
        return
    name, first = min(known.items(), key=lambda item: item[1].saturates)
    if question.per_second >= first.saturates:
        copies = math.floor(question.per_second / first.saturates * first.copies) + 1
        raise TooMuch(
            f"rate: {question.per_second:g} requests/s are more than {name} can take: its CPU "
            f"saturates at {first.saturates:.4g}/s; give it {copies} copies, or lower the rate",
            first.saturates,
        )


def _refuse_full_hosts(question: CallsQuestion, possible: float, hosts: int) -> None:
    if question.per_second is not None and question.per_second >= possible:
        many = "the host's CPU" if hosts == 1 else f"the CPU of all {hosts} hosts"
        raise TooMuch(
            f"rate: {question.per_second:g} requests/s are too many: {many} saturates at "
            f"{possible:.4g}/s; take larger hosts, or lower the rate",
            possible,
        )


def _stations(
    question: CallsQuestion, application: Application, machine: Machine
) -> dict[str, Station]:
    speed = plain(machine.core_speed)
    return stations(application, machine.vcpu, speed, shared=shares_hosts(question))


def _seconds(question: CallsQuestion, known: dict[str, Station]) -> float:
    """Of a run in which so many requests count."""
    if question.per_second is not None:
        rate = question.per_second
    else:
        most = min((station.saturates for station in known.values()), default=math.inf)
        alone = math.fsum(station.load for station in known.values())
        rate = min(most, (question.users or 1) / max(question.think + alone, 1e-6))
    return question.requests / rate / (1.0 - WARM_UP)


def _keeps_up(question: CallsQuestion, results: Results) -> bool:
    if question.per_second is None:
        return True
    runs = results.runs
    return bool(runs["answered"].sum() >= KEEPS_UP * runs["requests"].sum())


def _mean(results: Results, column: str, runs: int | None = None) -> Estimate:
    return mean(column, results.runs[column].iloc[:runs].to_numpy())


def _entry(results: Results, name: str, suffix: str) -> EntryAnswer:
    there = {
        key: results.runs[f"{key}{suffix}"]
        for key in ENTRY_KEYS
        if f"{key}{suffix}" in results.runs
    }
    whole = {key: values for key, values in there.items() if not values.isna().any()}
    return EntryAnswer(name, {key: mean(key, values) for key, values in whole.items()})


def _refused(results: Results, application: Application) -> dict[str, str]:
    """Quantiles that some run has too few requests for."""
    return {
        f"{key} {entry.to}": f"{key[:-2]} of {entry.to}: a run has too few such requests; "
        "--requests gives it more"
        for entry in application.entries
        for key in ENTRY_KEYS
        if key not in _entry(results, entry.to, f" {entry.to}").times
    }


def _services(
    application: Application, known: dict[str, Station], results: Results, run: CallsRun
) -> list[ServiceAnswer]:
    runs = results.runs
    requests = float(runs["requests"].sum())
    seconds = plain(run.seconds) * len(runs)
    speed = plain(run.machine.core_speed)
    found = []
    for name, station in known.items():
        part = application.part(name)
        seen = float(runs[f"visits {name}"].sum())
        held = float((runs[f"held_s {name}"] * runs[f"visits {name}"]).sum())
        each = held / seen * station.visits if seen else 0.0
        found.append(
            ServiceAnswer(
                name=name,
                copies=part.copies,
                use=float(runs[f"cpu_s {name}"].sum())
                / speed
                / (seconds * station.copies * station.cores),
                visits=seen / requests if requests else 0.0,
                cpu_saturates=station.saturates,
                pool_saturates=station.copies * pool_of(part) / each if each else math.inf,
                p50_part_s=_part(results, f"p50_s of {name}"),
                p95_part_s=_part(results, f"p95_s of {name}"),
            )
        )
    return found


def _part(results: Results, column: str) -> float | None:
    return float(results.runs[column].mean()) if column in results.runs else None


def _beside(
    question: CallsQuestion, base: CallsRun, services: list[ServiceAnswer]
) -> dict[str, Any]:
    """What is run beside it, under the same random numbers."""
    application = base.application
    variants = {"services": base}
    if question.one_more:
        for each in _worth_a_copy(services):
            larger = with_copies(application, each.name, each.copies + 1)
            platform, _ = hosted(question, larger)
            variants[each.name] = replace(base, application=larger, platform=platform)
    if question.monolith:
        variants[ONE_PROGRAM] = replace(base, form="one program", platform=None)
    if len(variants) == 1:
        return {}
    times = min(FEW, question.replications)
    results = compare(variants, times=times, seed=question.seed, catalogue=catalog.digest())
    if "p95_s" not in results.runs:
        return {}
    made = {
        name: _compared(question, results, name, variant)
        for name, variant in variants.items()
        if name != "services"
    }
    one = made.pop(ONE_PROGRAM, None)
    in_order = {each.name: made[each.name] for each in services if each.name in made}
    return {"one_more": in_order, "one_program": one}


def _worth_a_copy(services: list[ServiceAnswer]) -> list[ServiceAnswer]:
    whole = math.fsum(each.p95_part_s or 0.0 for each in services)
    most = sorted(services, key=lambda each: -(each.p95_part_s or 0.0))[:MOST_BESIDE]
    return [each for each in most if (each.p95_part_s or 0.0) >= WORTH * whole > 0.0]


ONE_PROGRAM = "one program"


def _compared(question: CallsQuestion, results: Results, name: str, run: CallsRun) -> Beside:
    by_variant = {
        variant: rows["p95_s"].to_numpy() for variant, rows in results.runs.groupby("variant")
    }
    mine = by_variant[name]
    known = _stations(question, run.application, run.machine)
    cores = vcpus(run.application, run.machine)
    if run.form == "one program":
        load = math.fsum(station.load for station in known.values())
        saturates = cores / load if load else math.inf
    else:
        saturates = min((station.saturates for station in known.values()), default=math.inf)
    return Beside(
        p95_s=mean("p95_s", mine),
        difference_s=mean("p95_s", mine - by_variant["services"]),
        saturates_per_s=saturates,
        vcpus=cores,
    )
