"""Which platform should run my application: machines, cost, readiness, and what decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sim import catalog
from sim.core.question import asking
from sim.experiment import Results, Scenario, compare
from sim.experiment.running.progress import UNSEEN, Progress, progress
from sim.platforms.packing.host import DoesNotFit
from sim.platforms.packing.packing import ORDERS
from sim.studies.plan.answer import PlanAnswer, in_rank_order
from sim.studies.plan.hosts import planned_hosts
from sim.studies.plan.question import PlanQuestion
from sim.studies.plan.ready import TEMPERATURES, plan_scenarios, readiness, temperatures
from sim.studies.plan.row import PlanRow
from sim.studies.plan.turning import turning
from sim.studies.plan.types import by_least_cost, candidates
from sim.studies.platform_row import PlatformRow
from sim.studies.platforms import row as platform_row
from sim.workload.application import Application

if TYPE_CHECKING:
    import pandas as pd


def answer(question: PlanQuestion) -> PlanAnswer:
    """Machines and cost by arithmetic, readiness by simulated starts of all copies."""
    with progress("packing", "platform", total=len(question.platforms)) as told:
        rows = planned_rows(question, told=told)
    runs = _started(rows, question) if question.start else None
    ordered = in_rank_order(rows, question)
    turns = turning(question, ordered, partial(_in_order, question.app, rows))
    return PlanAnswer(question, ordered, turns, runs)


plan = asking(PlanQuestion, answer, "plan")


def _in_order(
    app: Application, planned: Sequence[PlanRow], question: PlanQuestion
) -> list[PlanRow]:
    """Platforms by arithmetic on the likeliest types, the best first.

    Args:
        app: an application,
        planned: and its rows on all types, which are not planned anew where those are the same.
    """
    names = candidates(question.instance)
    likeliest = [name for _, name in by_least_cost(question.app, names, question.spare)]
    if question.app is app and likeliest[:LIKELIEST] == [*names]:
        rows = [replace(row, terms=question, ready={}, not_started={}) for row in planned]
    else:
        rows = planned_rows(question, likeliest[:LIKELIEST])
    return in_rank_order(rows, question)


LIKELIEST = 8
"""Types that are tried where an assumption is moved: those on which least could be paid."""


def planned_rows(
    question: PlanQuestion, names: Sequence[str] = (), told: Progress = UNSEEN
) -> list[PlanRow]:
    """Machines and cost of each platform; nothing is simulated.

    Args:
        names: types to choose among; none: those that were asked for.
    """
    types = names or candidates(question.instance)
    rows = []
    for name in question.platforms:
        rows.append(_planned(platform_row(name), question, types, told))
        told.update()
    return rows


def _planned(
    row: PlatformRow, question: PlanQuestion, names: Sequence[str], told: Progress
) -> PlanRow:
    try:
        hosts = planned_hosts(
            row,
            question.app,
            names,
            question.spare,
            question.nodes(),
            told=told,
            orders=ORDERS,
        )
    except DoesNotFit as error:
        limit = error.limits[0] if error.limits else ""
        return PlanRow(row, None, question, refused=str(error), stopped_by=limit)
    except ValueError as error:
        return PlanRow(row, None, question, refused=str(error))
    return PlanRow(row, hosts, question)


def _started(rows: Sequence[PlanRow], question: PlanQuestion) -> Results | None:
    """Start all copies on the machines of each platform; the rows get what came out."""
    scenarios: dict[str, Scenario] = {}
    for row in rows:
        scenarios |= _scenarios(row, question)
    if not scenarios:
        return None

    def summary(results: Results) -> pd.DataFrame:
        found = readiness(results, scenarios)
        for row in rows:
            mine = {image: found.get(f"{row.name}-{image}") for image in TEMPERATURES}
            row.ready = {image: ready for image, ready in mine.items() if ready is not None}
        ordered = in_rank_order(rows, question)
        return PlanAnswer(question, ordered, []).table()

    return compare(
        scenarios,
        times=question.replications,
        seed=question.seed,
        name="plan",
        catalogue=catalog.digest(),
        summary=summary,
    )


def _scenarios(row: PlanRow, question: PlanQuestion) -> dict[str, Scenario]:
    """All starts of one platform; why one cannot be made is noted."""
    made: dict[str, Scenario] = {}
    if row.hosts is None:
        return made
    for image in temperatures(row.platform):
        try:
            made |= plan_scenarios(row.platform, question.app, row.hosts, image, question.nodes())
        except ValueError:
            row.not_started[image] = (
                "not all images fit on the disk of one machine"
                if image == "warm"
                else f"it cannot be started from a {image} image"
            )
    return made
