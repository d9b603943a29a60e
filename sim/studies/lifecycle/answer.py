"""The answer to *from a Dockerfile to running*: its rows, its sentence, and its run folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sim import catalog
from sim.core.description import as_json
from sim.core.quantity import shown_bytes
from sim.experiment import Results
from sim.experiment.running.run import run_row
from sim.experiment.storage.manifest import new_manifest
from sim.experiment.storage.tables import samples_table, spans_table
from sim.image import Built
from sim.studies.influence import Assumed, assumed_line
from sim.studies.lifecycle.question import LifecycleQuestion
from sim.studies.lifecycle.timeline import STEPS, TOTAL, Lifecycle, LifecycleRow, Round, Timeline

NOT_TOLD = "needs the app's start-up work: --startup-cpu SECONDS or --app NAME"
"""Why *ready* is not said."""

PLACES = {
    "docker": "in Docker",
    "ec2": "on EC2",
    "ecs": "on ECS",
    "fargate": "on Fargate",
    "eks": "on EKS",
    "eks-fargate": "on Fargate under EKS",
}


@dataclass(slots=True)
class LifecycleAnswer:
    """What was asked, and what came of it."""

    question: LifecycleQuestion
    setup: Lifecycle
    rounds: tuple[Round, ...]
    timeline: Timeline
    assumed: list[Assumed]
    """Assumed numbers that matter, strongest first."""
    notes: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """What became of the last start; `running` where the app's own work was not told."""
        last = str(self.timeline.starts[-1].value)
        return "running" if last == "ready" and not self.question.app_told else last

    @property
    def up(self) -> bool:
        """Whether every container that was started came up."""
        return self.outcome in ("running", "ready")

    def sentence(self) -> str:
        """How long from the Dockerfile to running and ready, and what takes most of it."""
        told = [self._round(number) for number in range(1, len(self.timeline.starts) + 1)]
        if self.up and not self.question.app_told:
            told.append(f"Ready {NOT_TOLD}.")
        return " ".join(told)

    def _round(self, number: int) -> str:
        line, place = self.timeline, PLACES[self.question.platform]
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
        if self.question.app_told:
            end = f"{end}, ready in {ready:.1f} s"
        return f"{begin} to {end}: {parts}; {size}."

    def assumed_line(self) -> str:
        """The assumed numbers it rests on."""
        return assumed_line(self.assumed)

    def json(self) -> list[dict[str, Any]]:
        """One row a phase, and the total of each step; what is not known is absent."""
        return [self._row(row) for row in self.timeline.rows if self.shows(row.step, row.phase)]

    def shows(self, step: str, phase: str) -> bool:
        """Whether a phase is part of the answer: `app` is not, where nothing is known of it."""
        return self.question.app_told or (step, phase) != ("run", "app")

    def _row(self, row: LifecycleRow) -> dict[str, Any]:
        """One row as plain data; what does not apply is absent."""
        data: dict[str, Any] = {
            "step": row.step,
            "phase": row.phase,
            "start_s": row.start,
            "end_s": row.end,
            "bytes": round(row.size),
        }
        if row.line:
            data |= {"line": row.line, "text": row.text, "cached": row.cached}
        elif row.text:
            data["image"] = row.text
        if row.phase == TOTAL:
            data["seconds"] = row.seconds
        if row.aside:
            data["pull_s"] = row.aside  # within the run, and a step of its own
        if len(self.rounds) > 1:
            data["round"] = row.round
        if (row.step, row.phase) == ("run", TOTAL):
            data |= self._end(row.round)
        return data

    def _end(self, number: int) -> dict[str, Any]:
        """Outcome of a round, and when it ran and was ready, or why that is not known."""
        outcome = str(self.timeline.starts[number - 1].value)
        running, ready = (self.timeline.after(number, phase) for phase in ("start", "app"))
        if running is None or ready is None:
            return {"outcome": outcome}
        if not self.question.app_told:
            return {"outcome": "running", "running_s": running, "ready_s_refused": NOT_TOLD}
        return {"outcome": outcome, "running_s": running, "ready_s": ready}

    def results(self) -> Results:
        """The answer as tables: spans of the starts, and the rows as its summary."""
        import pandas as pd

        record, variant = self.timeline.record, self.question.platform
        described: dict[str, Any] = {
            "setup": json.loads(as_json(self.setup)),
            "builds": [_described(one.built) for one in self.rounds],
            "services": [json.loads(as_json(one.service)) for one in self.rounds],
            "app_told": self.question.app_told,
        }
        return Results(
            runs=pd.DataFrame([run_row(record, variant, 0)]),
            spans=spans_table(record, variant, 0),
            samples=samples_table(record, variant, 0),
            summary=pd.DataFrame(self.json()),
            scenario=described,
            manifest=new_manifest(
                "lifecycle", described, seed=self.question.seed, catalogue=catalog.digest()
            ),
        )


def _described(built: Built) -> dict[str, Any]:
    """All of a build that the rows show or rest on: also its lines, and which were cached."""
    steps = [
        {
            "line": step.line,
            "text": step.text,
            "layer": json.loads(as_json(step.layer)),
            "cpu": step.cpu,
            "cached": step.cached,
            "needs": list(step.needs),
        }
        for step in built.steps
    ]
    bases = {digest: json.loads(as_json(image)) for digest, image in built.bases.items()}
    return {"steps": steps, "bases": bases}
