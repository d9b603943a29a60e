"""The answer to *from a Dockerfile to running*: its rows, its sentence, and its run folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.core.cited import Cited
from sim.core.quantity import shown_bytes
from sim.experiment import Results
from sim.experiment.running.metric import measured
from sim.studies import platforms
from sim.studies.influence import Assumed, Explained, assumed_figures, assumed_line, explain
from sim.studies.lifecycle.question import LifecycleQuestion
from sim.studies.lifecycle.timeline import (
    READY,
    STEPS,
    TOTAL,
    Life,
    Lifecycle,
    LifecycleRow,
    Round,
    Timeline,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

NOT_TOLD = "needs the app's start-up work: --startup-cpu SECONDS or --app NAME"
"""Why *ready* is not said."""


@dataclass
class LifecycleAnswer:
    """What was asked, and what came of it."""

    question: LifecycleQuestion
    setup: Lifecycle
    rounds: tuple[Round, ...]
    timeline: Timeline
    kept: Results
    notes: tuple[str, ...]

    @property
    def explained(self) -> Explained | None:
        """The numbers that moved the first round; None where that was not asked for."""
        return self._moved if self.question.explain else None

    @property
    def assumed(self) -> list[Assumed]:
        """Assumed numbers that matter, strongest first."""
        return [] if self._moved is None else self._moved.assumed()

    @cached_property
    def _moved(self) -> Explained | None:
        """The numbers that move the time from Dockerfile to ready, in one run each: the assumed
        ones, or all of them where that was asked for; None where it is never ready. They are tried
        when they are first asked for."""
        life = Life(setup=self.setup, rounds=self.rounds[:1])

        def ready_after(lives: Sequence[Life]) -> np.ndarray:
            return measured(lives, READY, times=1, seed=self.question.seed, what="explaining")

        base = ready_after([life])
        if math.isnan(base[0, 0]):
            return None
        only = None if self.question.explain else assumed_figures(life)
        platform = self.question.platform
        return explain(platform, "ready, s", life, ready_after, base=base, only=only)

    @property
    def outcome(self) -> str:
        """What became of the last start; `running` where the app's own work was not told."""
        last = self.timeline.ends[-1]
        return "running" if last == "ready" and not self.question.app_told else last

    @property
    def up(self) -> bool:
        """Whether every container that was started came up."""
        return self.outcome in ("running", "ready")

    def sentence(self) -> str:
        """How long from the Dockerfile to running and ready, and what takes most of it."""
        sentences = [self._round(number) for number in range(1, len(self.timeline.ends) + 1)]
        if self.up and not self.question.app_told:
            sentences.append(f"Ready {NOT_TOLD}.")
        return " ".join(sentences)

    def _round(self, number: int) -> str:
        line, place = self.timeline, platforms.row(self.question.platform).phrase
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
            outcome = line.ends[number - 1]
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
        rows = self.rows()
        if self.explained is not None:
            last = next(n for n, row in enumerate(self._shown()) if _ends(row) and row.round == 1)
            rows[last]["explain"] = self.explained.json()
        return rows

    def rows(self) -> list[dict[str, Any]]:
        """The same, without the numbers that moved it."""
        return [self._row(row) for row in self._shown()]

    def _shown(self) -> list[LifecycleRow]:
        return [row for row in self.timeline.rows if self.shows(row.step, row.phase)]

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
            data |= self._wire(row)
        elif row.text:
            data["image"] = row.text
        if row.phase == TOTAL:
            data["seconds"] = row.seconds
        if row.aside:
            data["pull_s"] = row.aside  # within the run, and a step of its own
        if len(self.rounds) > 1:
            data["round"] = row.round
        if _ends(row):
            data |= self._end(row.round)
        return data

    def _wire(self, row: LifecycleRow) -> dict[str, Any]:
        """What the layer of an instruction is on the wire, and whether that was measured."""
        steps = self.rounds[row.round - 1].built.steps
        layer = next(step.layer for step in steps if step.line == row.line)
        if not layer.unpacked:
            return {}
        ratio = layer.ratio
        data: dict[str, Any] = {"wire_bytes": round(layer.wire), "unpack_ratio": float(ratio)}
        if isinstance(ratio, Cited):
            data["unpack_ratio_standing"] = ratio.standing
            if ratio.ranges:
                data |= {"unpack_ratio_low": ratio.low, "unpack_ratio_high": ratio.high}
        return data

    def _end(self, number: int) -> dict[str, Any]:
        """Outcome of a round, and when it ran and was ready, or why that is not known."""
        outcome = self.timeline.ends[number - 1]
        running, ready = (self.timeline.after(number, phase) for phase in ("start", "app"))
        if running is None or ready is None:
            return {"outcome": outcome}
        if not self.question.app_told:
            return {"outcome": "running", "running_s": running, "ready_s_refused": NOT_TOLD}
        return {"outcome": outcome, "running_s": running, "ready_s": ready}

    def results(self) -> Results:
        """The answer as tables: spans of the starts, and the rows as its summary."""
        return self.kept


def _ends(row: LifecycleRow) -> bool:
    """Whether it is the end of a round."""
    return (row.step, row.phase) == ("run", TOTAL)


def table(answer: LifecycleAnswer) -> pd.DataFrame:
    """The rows as a frame."""
    import pandas as pd

    return pd.DataFrame(answer.rows())
