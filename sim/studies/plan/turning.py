"""The assumptions that a recommendation hangs on: each moved over its range, all planned anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from sim.core.quantity import LARGEST_VCPU
from sim.experiment.running.progress import progress
from sim.studies.plan.question import PlanQuestion
from sim.studies.plan.ranking import RANKED_BY, TIMES, RankedBy, Turning
from sim.studies.plan.row import PlanRow
from sim.workload import Service
from sim.workload.application import Application, Part, SizeSource

SHOWN = 2
"""Assumptions that are told."""

SOURCES: dict[SizeSource, tuple[str, float, float]] = {
    "assumed": ("assumed for {}", 0.5, 2.0),
    "image": ("taken from the images of {}", 0.67, 1.5),
    "heap": ("taken from the JVM heap of {}", 0.83, 1.33),
    "stats": ("measured for {}", 0.8, 1.25),
    "file": ("that your files give {}", 0.8, 1.25),
}
"""How the sizes came, and the factors between which the right ones are taken to lie: a judgement;
assumed sizes are doubled and halved, of the heap the range is the catalogue's."""

Plans = Callable[[PlanQuestion], Sequence[PlanRow]]


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that is taken to be so, at the ends of its range."""

    what: str
    low: str
    high: str
    at_low: Application
    at_high: Application


def turning(question: PlanQuestion, rows: Sequence[PlanRow], plans: Plans) -> list[Turning]:
    """The assumptions that turn the ranking, then those that move its measure most.

    Args:
        rows: the plan as it is, the recommended platform first.
        plans: makes a plan anew, without starts, in rank order.
    """
    if not rows or rows[0].hosts is None:
        return []
    by = "cost" if question.goal == "ready" else question.goal
    asked, chosen = replace(question, goal=by, start=False), rows[0].name

    assumptions = [*_assumptions(question.app)]
    with progress("moving assumptions", "plan", total=1 + 2 * len(assumptions)) as told:

        def first(app: Application) -> tuple[str, float]:
            found = _first(plans(replace(asked, app=app)), RANKED_BY[by], chosen)
            told.update()
            return found

        base, unit = first(question.app), RANKED_BY[by].unit
        if base[1] == inf:
            return []
        found = [
            Turning(a.what, a.low, a.high, first(a.at_low), first(a.at_high), base, unit)
            for a in assumptions
        ]
    return sorted(found, key=lambda each: (not each.turns, -each.swing))[:SHOWN]


def _first(rows: Sequence[PlanRow], by: RankedBy, chosen: str) -> tuple[str, float]:
    """The first platform and its measure; the recommended one where it is as good."""
    if rows[0].hosts is None:
        return "none", inf
    best = by.key(rows[0])[0]
    as_good = [row.name for row in rows if row.hosts is not None and by.key(row)[0] == best]
    return (chosen if chosen in as_good else rows[0].name), best


def _assumptions(app: Application) -> Iterator[Assumption]:
    for source, (words, least, most) in SOURCES.items():
        parts = [part for part in app.parts if part.size_from == source]
        if not parts:
            continue
        many = "1 service" if len(parts) == 1 else f"{len(parts)} services"
        for what, factor in (("memory", _with_memory), ("CPU", _with_cpu)):
            yield Assumption(
                f"the {what} {words.format(many)}",
                f"{least:g}{TIMES}",
                f"{most:g}{TIMES}",
                _scaled(app, source, factor, least),
                _scaled(app, source, factor, most),
            )
    ranges = [part for part in app.parts if part.autoscaling is not None]
    if ranges:
        yield Assumption(
            "copies that the autoscaler may run",
            "the fewest",
            "the most",
            _copies(app, lambda part: part.autoscaling.least if part.autoscaling else part.copies),
            _copies(app, lambda part: part.autoscaling.most if part.autoscaling else part.copies),
        )


def _scaled(
    app: Application,
    source: SizeSource,
    scaled: Callable[[Service, float], Service],
    factor: float,
) -> Application:
    parts = (
        replace(part, service=_every(part.service, scaled, factor))
        if part.size_from == source
        else part
        for part in app.parts
    )
    return replace(app, parts=tuple(parts))


def _every(service: Service, scaled: Callable[[Service, float], Service], factor: float) -> Service:
    """All containers of a task."""
    sidecars = tuple(scaled(each, factor) for each in service.sidecars)
    init = tuple(scaled(each, factor) for each in service.init)
    return replace(scaled(service, factor), sidecars=sidecars, init=init)


def _with_memory(service: Service, factor: float) -> Service:
    soft = service.memory_reservation
    return replace(
        service,
        memory=service.memory * factor,
        memory_reservation=None if soft is None else soft * factor,
    )


def _with_cpu(service: Service, factor: float) -> Service:
    limit, cpu = service.cpu_limit, min(service.cpu * factor, LARGEST_VCPU)
    return replace(service, cpu=cpu, cpu_limit=None if limit is None else max(limit, cpu))


def _copies(app: Application, of: Callable[[Part], int]) -> Application:
    return replace(app, parts=tuple(replace(part, copies=of(part)) for part in app.parts))
