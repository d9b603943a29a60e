"""A lifecycle in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.quantity import shown_bytes
from sim.studies.lifecycle.answer import NOT_TOLD
from sim.studies.lifecycle.timeline import STEPS

if TYPE_CHECKING:
    from sim.studies.lifecycle.study import LifecycleAnswer

PLACES = {
    "docker": "in Docker",
    "ec2": "on EC2",
    "ecs": "on ECS",
    "fargate": "on Fargate",
    "eks": "on EKS",
    "eks-fargate": "on Fargate under EKS",
}


def lifecycle_sentence(answer: LifecycleAnswer) -> str:
    """How long from the Dockerfile to running and ready, and what takes most of it."""
    told = [_round(answer, number) for number in range(1, len(answer.timeline.starts) + 1)]
    if answer.up and not answer.app_told:
        told.append(f"Ready {NOT_TOLD}.")
    return " ".join(told)


def _round(answer: LifecycleAnswer, number: int) -> str:
    line, place = answer.timeline, PLACES[answer.platform]
    running, ready = line.after(number, "start"), line.after(number, "app")
    totals = [row for step in STEPS if (row := line.total(number, step)) is not None]
    parts = ", ".join(f"{row.step} {row.seconds:.1f} s" for row in totals)
    moved = {row.step: row.size for row in totals}
    size = ", ".join(
        f"{shown_bytes(moved[step])} {verb}"
        for step, verb in (("push", "pushed"), ("pull", "pulled"))
        if step in moved
    )
    begin = "From the Dockerfile" if number == 1 else "After the change"
    if running is None or ready is None:
        outcome = str(line.starts[number - 1].value)
        return f"{begin} it does not get to running {place}: {outcome} ({parts}; {size})."
    end = f"running in {running:.1f} s {place}"
    if answer.app_told:
        end = f"{end}, ready in {ready:.1f} s"
    return f"{begin} to {end}: {parts}; {size}."
