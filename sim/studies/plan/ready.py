"""How soon the whole application is up on each platform: simulated starts of all its copies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sim import catalog
from sim.experiment import Results, Rollout, Scenario
from sim.experiment.statistics.estimate import needed, quantile
from sim.studies.plan.hosts import PlannedHosts, options_for
from sim.studies.platform_row import PlatformOptions, PlatformRow, Temperature
from sim.units import GiB, minutes
from sim.workload import Service
from sim.workload.application import Application

if TYPE_CHECKING:
    import pandas as pd

PATIENCE = 60 * minutes
"""A start that takes longer where machines have to come is told as none."""

AMPLE = 1000 * GiB
"""A disk that holds all images of an application; a warm start reads what it needs all the same."""

TEMPERATURES: tuple[Temperature, ...] = ("cold", "warm")


@dataclass(slots=True)
class PlanReady:
    """When all copies were ready, run by run, from one image temperature."""

    seconds: list[float] = field(default_factory=list)
    """From request to the last copy ready, of the runs in which all became ready."""
    last: Counter[str] = field(default_factory=Counter)
    """Which part was the last, and how often."""
    short: int = 0
    """Runs in which not all became ready."""
    refused: int = 0
    """Of those, the ones in which a copy found no room."""
    other: Counter[str] = field(default_factory=Counter)
    """What kept copies from coming up in the others, and in how many of them."""
    ordered: bool = False
    """Whether its containers were started one after the other."""

    def at(self, q: float) -> float | None:
        """The q-quantile over the runs in which all came up; None where those are too few."""
        if self.short > len(self.seconds) or len(self.seconds) < needed(q):
            return None
        return quantile(self.seconds, q)

    @property
    def runs(self) -> int:
        """How many there were."""
        return self.short + len(self.seconds)

    def shortfalls(self) -> Iterator[str]:
        """Why not all came up, and in how many runs."""
        if self.refused:
            yield (
                f"in {self.refused} of {self.runs} runs the copies arrived in an order that left "
                f"one without room; one more machine gives it some"
            )
        for why, runs in self.other.items():
            yield f"in {runs} of {self.runs} runs not all copies came up ({why})"


def plan_scenarios(
    row: PlatformRow,
    app: Application,
    hosts: PlannedHosts,
    image: Temperature,
    nodes: catalog.NodeSettings | None = None,
) -> dict[str, Scenario]:
    """Variants in which all of it begins at once; on single servers there are several of one case.

    Raises:
        ValueError: the platform cannot be had so, such as with more images than a disk holds.
    """
    groups = enumerate(_groups(row, app, hosts, nodes))
    return {
        f"{row.name}-{image}/{number}": _scenario(row, from_image(row, options, image), some)
        for number, (options, some) in groups
    }


def from_image(row: PlatformRow, options: PlatformOptions, image: Temperature) -> PlatformOptions:
    """With images on every machine the disk of each holds all of them, whatever it runs."""
    if not row.pulls:
        return options
    if image == "warm" and "disk" in row.takes and "count" in row.takes:
        return replace(options, image=image, disk=AMPLE)
    return replace(options, image=image)


def temperatures(row: PlatformRow) -> tuple[Temperature, ...]:
    """The images from which it can be started; of machines that come only a cold one.

    A guest that has its app in its own image starts as others do whose image is there.
    """
    if not (row.pulls or row.own_host):
        return ("warm",)
    if row.startup:
        return tuple(image for image in TEMPERATURES if image in row.startup)
    return ("cold",)


def _scenario(row: PlatformRow, options: PlatformOptions, app: Application) -> Scenario:
    """All of an application at once, each copy held by what it waits for."""
    make = row.scaling if row.mixes and row.scaling else row.any
    platform = make(options)
    ordered = bool(getattr(platform, "orders", False))
    return Scenario(
        name=f"plan-{row.name}-{options.image}",
        platform=platform,
        arrivals=(Rollout(application=_starting(app, ordered), ordered=ordered),),
        until=PATIENCE if row.mixes else None,
    )


def one_after_another(ordered: Sequence[str], all_of_them: int, app: Application) -> str:
    """Who starts a service only when those before it are up; empty where nobody or everybody does.

    Args:
        ordered: the platforms that do.
        all_of_them: how many platforms are compared.
    """
    if not ordered or len(ordered) == all_of_them or not any(part.after for part in app.parts):
        return ""
    return (
        f"{', '.join(ordered)} starts services one after the other, as depends_on says; elsewhere "
        f"all start at once, and are ready when what they need is."
    )


def _starting(app: Application, ordered: bool) -> Application:
    """What starts; without order a job would take room that nobody has planned for it."""
    parts = tuple(
        replace(
            part,
            service=at_request(part.service),
            copies=0 if part.once and not ordered else part.copies,
        )
        for part in app.parts
    )
    return replace(app, parts=parts)


def at_request(service: Service) -> Service:
    """The service, using the memory that it reserves where nobody knows how much it uses.

    A limit above that is what it may grow to: not what it has when it comes up.
    """
    sidecars = tuple(map(at_request, service.sidecars))
    app = service.app
    if app.private is None and service.reserved < service.memory:
        app = replace(app, private=max(0.0, service.reserved - service.hot))
    return replace(service, app=app, sidecars=sidecars)


def _groups(
    row: PlatformRow, app: Application, hosts: PlannedHosts, nodes: catalog.NodeSettings | None
) -> Iterator[tuple[PlatformOptions, Application]]:
    """What starts together on machines of one description."""
    options = options_for(app, hosts.largest or catalog.DEFAULT_TYPE, nodes)
    if row.own_host:  # its image is pulled as on the other platforms
        pulls = any(part.service.image is not None for part in app.parts)
        yield replace(options, pulled=pulls, cheapest=False), app
    elif hosts.packing is not None and "count" not in row.takes and not row.mixes:
        for on in _different(hosts):
            yield options, _on_one(app, on)
    else:
        options = replace(options, count=hosts.machines, instances=hosts.types)
        if hosts.disk is not None and "disk" in row.takes:
            options = replace(options, disk=hosts.disk)
        yield options, app


def _different(hosts: PlannedHosts) -> list[Mapping[str, int]]:
    """What is on servers that know nothing of each other; those alike start alike."""
    on = [host.parts for host in hosts.packing.hosts if host.parts] if hosts.packing else []
    return list({tuple(sorted(parts.items())): parts for parts in on}.values())


def _on_one(app: Application, on: Mapping[str, int]) -> Application:
    """The copies on one server, and nothing of what is on others; jobs run on the first that is
    asked."""
    here = [part for part in app.in_order() if part.once or on.get(part.name)]
    names = {part.name for part in here}
    parts = (
        replace(
            part,
            copies=part.copies if part.once else on[part.name],
            daemon=False,
            after=tuple(wait for wait in part.after if wait.part in names),
            apart_from=tuple(name for name in part.apart_from if name in names),
            operations=(),
        )
        for part in here
    )
    return replace(app, parts=tuple(parts), entries=())


def readiness(results: Results, scenarios: Mapping[str, Scenario]) -> dict[str, PlanReady]:
    """By platform and image (`ecs-cold`), when the last copy was ready in each run."""
    tiles = results.tiling().groupby(["variant", "run", "task"], observed=True, sort=False)
    starts = tiles.agg(begin=("start_s", "min"), ready=("end_s", "max")).reset_index()
    # A pod that an autoscaler moves begins again later: the application was up before.
    starts = starts[starts["begin"] < _AT_ONCE]
    cases: dict[str, list[str]] = {}
    for variant in scenarios:
        cases.setdefault(variant.partition("/")[0], []).append(variant)
    return {
        case: _of_runs(
            starts,
            {variant: scenarios[variant] for variant in variants},
            results.runs[results.runs["variant"].isin(variants)],
        )
        for case, variants in cases.items()
    }


INSTANT = 1e-9
"""Seconds: a wait that ends with another's readiness ends in the same instant."""

_AT_ONCE = 1e-9
"""Seconds from the request within which the first starts begin."""


def _of_runs(
    starts: pd.DataFrame, scenarios: Mapping[str, Scenario], runs: pd.DataFrame
) -> PlanReady:
    every = (arrivals for scenario in scenarios.values() for arrivals in scenario.arrivals)
    ready = PlanReady(ordered=any(getattr(each, "ordered", False) for each in every))
    launched = {variant: _launched(scenario) for variant, scenario in scenarios.items()}
    waits = {
        part.name: {wait.part for wait in part.after}
        for scenario in scenarios.values()
        for rollout in scenario.arrivals
        if isinstance(rollout, Rollout)
        for part in rollout.application.parts
    }
    expected = sum(map(len, launched.values()))
    # Daemons come last, and as many as there are machines: nobody waits for them.
    many = starts["variant"].map({variant: len(names) for variant, names in launched.items()})
    whole = set()
    for number, run in starts[starts["task"].astype(float) < many.astype(float)].groupby("run"):
        if len(run) == expected:
            whole.add(number)
            until = float(run["ready"].max())
            ready.seconds.append(until)
            last = run[run["ready"] >= until - INSTANT]
            variants, tasks = last["variant"], last["task"]
            names = [launched[of][int(n)] for of, n in zip(variants, tasks, strict=True)]
            ready.last[_last_of(names, waits)] += 1
    for _, rows in runs[~runs["run"].isin(whole)].groupby("run"):
        ready.short += 1
        if why := _why_not_up(rows):
            ready.other[why] += 1
        else:
            ready.refused += 1
    return ready


def _last_of(parts: Sequence[str], waits: Mapping[str, Set[str]]) -> str:
    """Of parts that are ready in the same instant one that waited, and no other for it: the last
    of the critical path that `sim startup` tells."""
    waited_for = set().union(*(waits.get(part, ()) for part in parts))
    return max(parts, key=lambda part: (part not in waited_for, bool(waits.get(part))))


def _why_not_up(run: pd.DataFrame) -> str:
    """What kept copies from coming up, as disks and kernels say it; empty where it was room."""
    reasons = "; ".join(filter(None, run["reasons"]))
    if any(reason.startswith("disk: ") for reason in reasons.split("; ")):
        return "no space left on device: give it a larger root volume"
    if run["refused"].any():
        return ""
    return _COUNTED.sub("", reasons) or "still on its way at the end"


_COUNTED = re.compile(r" x\d+(?=;|$)")
"""How often a reason is there in a run."""


def _launched(scenario: Scenario) -> list[str]:
    """The part of each task, by its number."""
    return [name for arrivals in scenario.arrivals for name in arrivals.names()]
