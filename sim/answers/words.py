"""Answers in one sentence, as they stand above every table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.units import MiB

if TYPE_CHECKING:
    from sim.answers.density_rows import DensityAnswer, Row
    from sim.answers.from_dockerfile import LifecycleAnswer
    from sim.answers.how_soon import Row as StartRow
    from sim.answers.how_soon import StartupAnswer

NAMES = {
    "vm": "VMs",
    "docker": "Docker containers",
    "ec2": "EC2 instances",
    "ecs-bridge": "ECS tasks (bridge)",
    "ecs-awsvpc": "ECS tasks (awsvpc)",
    "ecs-awsvpc-trunk": "ECS tasks (awsvpc, trunking)",
    "fargate": "Fargate tasks",
    "eks": "EKS pods",
    "eks-prefix": "EKS pods (prefix delegation)",
    "eks-fargate": "EKS pods on Fargate",
}


def density_sentence(answer: DensityAnswer) -> str:
    """How many fit as containers and as VMs on the same machine, and which density is smaller."""
    docker, vm = answer.row("docker"), answer.row("vm")
    sentence = (
        f"On one {docker.host} machine {docker.count} fit as Docker containers "
        f"({_stop(docker)}), {vm.count} as VMs ({_stop(vm)})."
    )
    if docker.count_by_use is None:
        return sentence
    return f"{sentence} {use_sentence(docker, weight_only=not answer.service.cpu_quota)}"


def use_sentence(row: Row, *, weight_only: bool = False) -> str:
    """Which of the two densities of one platform is smaller, and why."""
    by_use, what = row.count_by_use or 0, NAMES[row.platform]
    quota = ", with CPU as a weight and no quota" if weight_only else ""
    if by_use > row.count:
        why = f"reservations ({row.stopped_by}) bind before use does ({row.stopped_by_use})"
    elif by_use < row.count:
        why = f"use ({row.stopped_by_use}) binds before reservations do ({row.stopped_by})"
    else:
        both = dict.fromkeys((row.stopped_by, row.stopped_by_use))
        why = f"both stop there ({'; '.join(both)})"
    return f"By use {by_use} {what} fit{quota}: {why}."


def pages_sentence(answer: DensityAnswer) -> str:
    """Containers share the hot file pages of their image; each VM holds a copy."""
    hot = answer.service.hot
    counts = []
    for name in ("docker", "vm"):
        row = answer.row(name)
        counts.append(row.count if row.count_by_use is None else row.count_by_use)
    if hot == 0.0 or 0 in counts:
        return ""
    containers, vms = counts
    return (
        f"Hot file pages of the image: {hot / MiB:.0f} MiB once for {containers} Docker "
        f"containers (page cache is shared), {vms} copies or {vms * hot / MiB:.0f} MiB "
        f"in {vms} VMs."
    )


def startup_sentence(answer: StartupAnswer) -> str:
    """How soon one is ready, fastest first, what takes most of the slowest, and who lacks some.

    Only platforms of which every start became ready are ranked: few that found room are quick.
    """
    totals = answer.totals()
    if not any(row.n for row in totals):
        why = sorted(set(answer.reasons().values()))
        return f"Not one start became ready: {'; '.join(why)} (per run)."
    ranked = [row for row in totals if row.n == answer.asked(row) and "p50_s" in row.seconds]
    short = [row for row in totals if row.n < answer.asked(row)]
    lacking = f" {_not_all(answer, short)}" if short else ""
    app = totals[0].app
    tasks = f"One {app} task" if answer.tasks == 1 else f"{answer.tasks} {app} tasks"
    if not ranked:
        none = len(short) == len(totals)
        few = "no platform brought all up" if none else "too few starts for a median"
        return f"{tasks}: {few}.{lacking}"
    ranked.sort(key=lambda row: row.seconds["p50_s"])
    parts = [f"{row.seconds['p50_s']:.1f} s {_where(row)}" for row in ranked]
    verb = "is" if answer.tasks == 1 else "started at once are"
    return (
        f"{tasks} {verb} ready (median) after {', '.join(parts)}; "
        f"{_largest(answer, ranked[-1])}.{lacking}"
    )


def _largest(answer: StartupAnswer, row: StartRow) -> str:
    """The phase that takes most of a platform's time."""
    mine = [r for r in answer.rows if (r.platform, r.image) == (row.platform, row.image)]
    phases = [r for r in mine if r.phase not in ("running", "total")]
    largest = max(phases, key=lambda r: r.seconds["p50_s"])
    share = largest.seconds["p50_s"] / row.seconds["p50_s"]
    return f"{largest.phase} takes {share:.0%} {_where(row)}"


def _not_all(answer: StartupAnswer, rows: Sequence[StartRow]) -> str:
    """How many of how many starts became ready, over all runs, and what became of the others."""
    parts = []
    for row in rows:
        fates = (("no room for", row.refused), ("killed", row.killed))
        why = ", ".join(f"{fate} {count}" for fate, count in fates if count)
        parts.append(f"{row.n} of {answer.asked(row)} {_where(row)}{f', {why}' if why else ''}")
    return f"Not all became ready, of the starts of all runs: {'; '.join(parts)}."


def assumed_line(answer: StartupAnswer | LifecycleAnswer) -> str:
    """The assumed numbers an answer rests on, in one line."""
    if not answer.assumed:
        return "No assumed number moves it by 5 % or more."
    return f"Rests on assumed numbers: {'; '.join(str(i) for i in answer.assumed)}."


def stops_it(limit: str) -> str:
    """The limit and its verb: memory stops it, pod slots stop it."""
    several = limit.partition(" (")[0].endswith("s")
    return f"{limit} {'stop' if several else 'stops'} it"


def _stop(row: Row) -> str:
    if row.count == 0:
        return stops_it(row.stopped_by)
    limit = row.limits[0]
    beyond = f"; then {limit.then} at {limit.allows + limit.gain_if_lifted}" if limit.then else ""
    return f"{stops_it(limit.limit)}{beyond}"


def _where(row: StartRow) -> str:
    where = {
        "vm": "in a VM",
        "docker": "in Docker",
        "ec2": "on EC2",
        "ecs": "on ECS",
        "fargate": "on Fargate",
        "eks": "on EKS",
        "eks-fargate": "on Fargate under EKS",
    }[row.platform]
    two_cases = row.platform in ("docker", "ecs", "eks") or row.image == "lazy"
    return f"{where} ({row.image} image)" if two_cases else where
