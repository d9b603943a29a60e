"""Answers in one sentence, as they stand above every table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.studies.lifecycle.study import LifecycleAnswer
    from sim.studies.startup.study import Row as StartRow
    from sim.studies.startup.study import StartupAnswer


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
