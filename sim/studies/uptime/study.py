"""When is a whole application up, on every platform, and who held it up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sim import catalog
from sim.core.question import asking
from sim.experiment import Results, Rollout, Scenario, compare
from sim.experiment.running.progress import progress
from sim.platforms.packing.host import DoesNotFit
from sim.platforms.packing.packing import ORDERS
from sim.studies.plan.hosts import PlannedHosts, options_for, planned_hosts
from sim.studies.plan.ready import at_request, from_image
from sim.studies.platform_row import PlatformRow, Temperature
from sim.studies.platforms import row
from sim.studies.uptime.answer import UptimeAnswer, UptimeRow
from sim.studies.uptime.critical_path import PhaseSpan, StartedCopy
from sim.studies.uptime.question import UptimeQuestion
from sim.workload import Application, Service
from sim.workload.task import task_size

if TYPE_CHECKING:
    import pandas as pd

IMAGES: tuple[Temperature, ...] = ("cold", "warm")


def answer(question: UptimeQuestion) -> UptimeAnswer:
    """Launch all parts at once on each platform, and see when the last one is ready."""
    app = _at_work(question.app)
    scenarios: dict[str, Scenario] = {}
    refused: dict[str, str] = {}
    hosts: dict[str, PlannedHosts | None] = {}
    with progress("packing", "platform", total=len(question.platforms)) as told:
        for name in question.platforms:
            try:
                hosts[name] = _hosts(row(name), app, question.instance)
                scenarios |= _scenarios(row(name), app, question.instance, hosts[name])
            except (DoesNotFit, ValueError) as error:
                refused[name] = str(error)
            told.update()
    if not scenarios:
        raise ValueError("; ".join(f"{name}: {why}" for name, why in refused.items()))
    results = compare(
        scenarios,
        times=question.replications,
        seed=question.seed,
        name="uptime",
        catalogue=catalog.digest(),
    )
    rows = [_row(results, variant, scenario) for variant, scenario in scenarios.items()]
    return UptimeAnswer(question, app, rows, results, hosts, refused)


uptime = asking(UptimeQuestion, answer, "uptime")


def _at_work(app: Application) -> Application:
    parts = tuple(replace(part, service=at_request(part.service)) for part in app.parts)
    return replace(app, parts=parts)


def _hosts(platform: PlatformRow, app: Application, instance: str) -> PlannedHosts | None:
    """Hosts that hold all of it; where each task gets its own, or there is one server, none.

    They are up already and stay as many, also where the platform would launch more: whichever
    service its scheduler comes to first, there is room for the last one.
    """
    if "count" not in platform.takes:
        return None
    fixed = replace(platform, mixes=False)
    return planned_hosts(fixed, app, [instance], 0, orders=ORDERS)


def _scenarios(
    platform: PlatformRow, app: Application, instance: str, hosts: PlannedHosts | None
) -> dict[str, Scenario]:
    options = options_for(app, instance)
    if hosts is not None:
        options = replace(options, count=max(1, hosts.machines), disk=hosts.disk)
    if platform.own_host:
        options = replace(options, service=_largest(app))
    found = {}
    for image in (each for each in IMAGES if each in platform.startup):
        made = platform.starting(from_image(platform, replace(options, image=image), image))
        ordered = bool(getattr(made, "orders", False))
        found[f"{platform.name}-{image}"] = Scenario(
            name="uptime",
            platform=made,
            arrivals=(Rollout(application=app, ordered=ordered),),
        )
    return found


def _largest(app: Application) -> Service:
    """As large as the largest part in each way: the one type of instances holds any of them."""
    sizes = [task_size(part.service, "beside") for part in app.parts]
    return replace(
        app.parts[0].service,
        cpu=max(size.cpu for size in sizes),
        cpu_limit=None,
        memory=max(size.memory for size in sizes),
        memory_reservation=None,
        gpus=max(size.gpus for size in sizes),
        init=(),
        sidecars=(),
        after=(),
    )


def _row(results: Results, variant: str, scenario: Scenario) -> UptimeRow:
    platform, image = next(
        (variant.removesuffix(f"-{each}"), each) for each in IMAGES if variant.endswith(each)
    )
    names = [name for arrivals in scenario.arrivals for name in arrivals.names()]
    spans = results.spans[results.spans["variant"] == variant]
    runs, seconds = _up(spans[spans["parent"] == ""], len(names))
    ordered = any(isinstance(each, Rollout) and each.ordered for each in scenario.arrivals)
    short = runs - len(seconds)
    row = UptimeRow(platform, image, seconds, short, _why(results, variant), ordered)
    if row.middle is not None:
        row.typical = _copies(spans[spans["run"] == row.middle], names, _daemons(scenario))
    return row


def _up(tiles: pd.DataFrame, copies: int) -> tuple[int, dict[int, float]]:
    """How many runs there are, and when all was up in those in which all copies came up.

    Args:
        copies: launched; daemons come behind them.
    """
    marked = tiles.assign(
        open=tiles["outcome"] != "done",
        app=(tiles["phase"] == "app") & (tiles["task"] < copies),
    )
    by_task = marked.groupby(["run", "task"], sort=False)
    tasks = by_task.agg(ready=("end_s", "max"), open=("open", "any"), app=("app", "any"))
    whole = tasks[~tasks["open"]].groupby("run", sort=False)
    found = whole.agg(ready=("ready", "max"), up=("app", "sum"))
    up = found[found["up"] == copies]["ready"]
    return tiles["run"].nunique(), {int(str(run)): float(at) for run, at in up.items()}


def _daemons(scenario: Scenario) -> list[str]:
    (rollout,) = scenario.arrivals
    assert isinstance(rollout, Rollout)
    return [part.name for part in rollout.application.parts if part.daemon]


def _copies(spans: pd.DataFrame, names: list[str], daemons: list[str]) -> list[StartedCopy]:
    """The copies of one run; daemons, which come last, under the names of all of them."""
    found: dict[int, StartedCopy] = {}
    named = ("task", "phase", "parent", "start_s", "end_s", "outcome")
    columns = (spans[name].tolist() for name in named)
    open_: set[int] = set()
    for task, phase, parent, start, end, outcome in zip(*columns, strict=True):
        copy = found.get(task)
        if copy is None:
            part = names[task] if task < len(names) else " and ".join(daemons)
            copy = found[task] = StartedCopy(part)
        copy.spans.append(PhaseSpan(phase, parent, start, end))
        if not parent and outcome != "done":
            open_.add(task)
    return [copy for task, copy in found.items() if task not in open_]


def _why(results: Results, variant: str) -> str:
    runs = results.runs
    reasons = runs[runs["variant"] == variant]["reasons"]
    return next((str(reason) for reason in reasons if reason), "")
