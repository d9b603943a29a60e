"""The rows of a lifecycle, as plain data and as a run folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sim import catalog
from sim.core.description import as_json
from sim.studies.lifecycle.timeline import TOTAL, Row

if TYPE_CHECKING:
    from sim.experiment import Results
    from sim.image import Built
    from sim.studies.lifecycle.study import LifecycleAnswer

NOT_TOLD = "needs the app's start-up work: --startup-cpu SECONDS or --app NAME"
"""Why *ready* is not said."""


def as_row(answer: LifecycleAnswer, row: Row) -> dict[str, Any]:
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
    if len(answer.rounds) > 1:
        data["round"] = row.round
    if (row.step, row.phase) == ("run", TOTAL):
        data |= _end(answer, row.round)
    return data


def _end(answer: LifecycleAnswer, number: int) -> dict[str, Any]:
    """How a round ended: what became of it, when it ran, when it was ready or why that is open."""
    outcome = str(answer.timeline.starts[number - 1].value)
    running, ready = (answer.timeline.after(number, phase) for phase in ("start", "app"))
    if running is None or ready is None:
        return {"outcome": outcome}
    if not answer.app_told:
        return {"outcome": "running", "running_s": running, "ready_s_refused": NOT_TOLD}
    return {"outcome": outcome, "running_s": running, "ready_s": ready}


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


def results_of(answer: LifecycleAnswer) -> Results:
    """The answer as tables: spans of the starts, and the rows as its summary."""
    import pandas as pd

    from sim.experiment import Results
    from sim.experiment.running.run_row import run_row
    from sim.experiment.storage.manifest import manifest
    from sim.experiment.storage.tables import samples_table, spans_table

    record, variant = answer.timeline.record, answer.platform
    described: dict[str, Any] = {
        "setup": json.loads(as_json(answer.setup)),
        "builds": [_described(one.built) for one in answer.rounds],
        "services": [json.loads(as_json(one.service)) for one in answer.rounds],
        "app_told": answer.app_told,
    }
    return Results(
        runs=pd.DataFrame([run_row(record, variant, 0)]),
        spans=spans_table(record, variant, 0),
        samples=samples_table(record, variant, 0),
        summary=pd.DataFrame(answer.json()),
        scenario=described,
        manifest=manifest("lifecycle", described, seed=answer.seed, catalogue=catalog.digest()),
    )
