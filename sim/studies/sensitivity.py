"""What a scenario's answer hangs on, and which of it nobody has measured."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.mistakes import a_path
from sim.core.names import shown, unknown
from sim.core.quantity import shown_number
from sim.experiment import Scenario
from sim.experiment.replication import Interrupted
from sim.experiment.running.metric import READY, measured, measures
from sim.experiment.running.run import run
from sim.experiment.running.workers import WHERE
from sim.experiment.statistics.one_at_a_time import Effect, fixed, one_at_a_time, ranged
from sim.experiment.statistics.sobol import Indices, base_points, sobol
from sim.experiment.storage.kept_values import KeptValues
from sim.studies.influence import AVERAGED, MATTERS, matters

if TYPE_CHECKING:
    import pandas as pd

TOP = 10
"""Figures that are shown, and move together for the Sobol indices."""
STILL = 1e-9
"""Share of the answer that is rounding."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The effects of all figures, strongest first, and the shares of the ten strongest."""

    scenario: str
    metric: str
    replications: int
    seed: int
    base: float
    effects: tuple[Effect, ...]
    without_range: tuple[str, ...]
    """Figures that nothing moves."""
    indices: Indices | None
    refused: str
    """Why there are no indices; empty where there are."""

    @property
    def moved(self) -> list[Effect]:
        """Those that move the answer, strongest first."""
        return [e for e in self.effects if e.swing > STILL * abs(self.base)]

    @property
    def top(self) -> list[Effect]:
        """The ten that matter most."""
        return self.moved[:TOP]

    @property
    def assumed(self) -> list[Effect]:
        """Those that matter and that nobody has measured."""
        return [effect for effect in self.moved if matters(effect, self.base)]

    def sentence(self) -> str:
        """The answer in one sentence."""
        mean = f"The mean {words(self.metric)} is {amount(self.metric, self.base)}"
        if not self.top:
            return f"{mean}; none of the {len(self.effects)} figures with a range moves it."
        first = self.top[0]
        ends = [
            f"{amount(self.metric, end)} at {edge}"
            for end, edge in ((first.at_low, "its low end"), (first.at_high, "its high end"))
            if not math.isnan(end)
        ]
        return f"{mean}; {first.cited.key} moves it most: {', '.join(ends) or 'to no answer'}."

    def assumed_line(self) -> str:
        """What is assumed and matters."""
        names = [f"{effect.cited.key} {effect.cited.shown()}" for effect in self.assumed]
        if not names:
            return f"No assumed figure moves it by {MATTERS:.0%} or more."
        return f"Assumed figures that move it by {MATTERS:.0%} or more: {'; '.join(names)}."

    def table(self) -> pd.DataFrame:
        """One row for each of the ten, as the tornado takes it."""
        import pandas as pd

        rows = [
            {
                "figure": effect.cited.key,
                "range": effect.cited.shown(),
                "standing": effect.cited.standing,
                "at_low": effect.at_low,
                "at_high": effect.at_high,
                "swing": effect.swing,
            }
            for effect in self.top
        ]
        table = pd.DataFrame(rows, columns=["figure", "range", "standing", "at_low", "at_high"])
        shares = {i.key: i for i in self.indices.indices} if self.indices is not None else {}
        for name in ("first", "total") if shares else ():
            table[name] = [getattr(shares[key], name) for key in table["figure"]]
        for side, name in enumerate(("total_low", "total_high") if shares else ()):
            table[name] = [shares[key].total_interval[side] for key in table["figure"]]
        return table

    def json(self) -> dict[str, Any]:
        """Plain data; without indices `refused` says why."""
        shares = {i.key: i for i in self.indices.indices} if self.indices is not None else {}
        rows = []
        for effect in self.moved:
            row = effect.json()
            if effect.cited.key in shares:
                share = shares[effect.cited.key]
                row |= {"sobol_first": share.first, "sobol_total": share.total}
                row |= {"sobol_first_interval": list(share.first_interval)}
                row |= {"sobol_total_interval": list(share.total_interval)}
            rows.append(row)
        data: dict[str, Any] = {
            "scenario": self.scenario,
            "metric": self.metric,
            "base": self.base,
            "replications": self.replications,
            "seed": self.seed,
            "effects": rows,
            "unmoved": [e.cited.key for e in self.effects if e not in self.moved],
            "without_range": list(self.without_range),
            "assumed_and_matters": [effect.cited.key for effect in self.assumed],
        }
        if self.indices is None:
            return {**data, "refused": self.refused}
        indices = self.indices
        budget = {"points": indices.points, "runs": indices.points * indices.replications}
        return {**data, "sobol": {**budget, "p5": indices.low, "p95": indices.high}}


def sensitivity(
    scenario: Scenario,
    *,
    metric: str = READY,
    replications: int = 30,
    seed: int = 1,
    jobs: int | None = None,
    cluster: str | None = None,
    budget: int = 8000,
    out: str | os.PathLike[str] | None = None,
) -> Sensitivity:
    """Each cited figure moved over its range, then the ten strongest together.

    Args:
        metric: a column of `runs`, `time_to_ready_s` or `time_to_running_s`.
        replications: of every point, all on the same random numbers.
        jobs: processes of this machine; None: one for each core where that pays.
        cluster: `local`, or the address of a Dask scheduler.
        budget: runs that the Sobol indices may cost; 0: none.
        out: folder of the results; answers that are there already are not made again. None: that
            of `using` around the call, or else they are in memory only.

    Raises:
        UnknownName: there is no such metric.
        ValueError: a run has none, such as a time to ready where nothing became ready.
        OSError: the folder or the cluster cannot be used, or the disk is full.
        Interrupted: Ctrl-C; what is finished is kept in `out`.
    """
    _check(scenario, metric, replications, seed)
    out = WHERE.get().out if out is None else out
    folder = None if out is None else folder_of(a_path("out", out), scenario) / "answers"
    at = partial(_answers, folder, metric=metric, seed=seed, jobs=jobs, cluster=cluster)
    first = "one at a time (1 of 2)" if budget else "one at a time"
    effects = one_at_a_time(scenario, partial(at, times=replications, what=first))
    base = effects[0].base
    if math.isnan(base):
        raise ValueError(f"metric: there is no {metric} in some of the replications")
    without = tuple(cited.key for cited in fixed(scenario))
    answer = Sensitivity(
        scenario.name, metric, replications, seed, base, tuple(effects), without, None, ""
    )
    indices, refused = _indices(answer, scenario, at, budget)
    return replace(answer, indices=indices, refused=refused)


def folder_of(out: Path, scenario: Scenario) -> Path:
    """Where the answers of a scenario are kept, and its tables and pictures."""
    return out / scenario.name / "sensitivity"


def _answers(
    folder: Path | None,
    scenarios: Sequence[Scenario],
    *,
    metric: str,
    times: int,
    seed: int,
    **how: Any,
) -> np.ndarray:
    """`measured`, with what was made kept in a folder."""
    if folder is None:
        return measured(scenarios, metric, times=times, seed=seed, **how)
    kept = KeptValues(folder, scenarios, metric, times=times, seed=seed)
    try:
        return measured(scenarios, metric, times=times, seed=seed, values=kept, **how)
    except KeyboardInterrupt:
        raise Interrupted(
            f"stopped; {kept.made} of {kept.table.size} runs are kept in {kept.path}, and the same "
            f"command goes on from there"
        ) from None


def _indices(
    answer: Sensitivity, scenario: Scenario, at: Callable[..., np.ndarray], budget: int
) -> tuple[Indices | None, str]:
    """The indices, or why there are none."""
    cited = [effect.cited for effect in answer.top]
    if not cited:
        return None, "no figure moves the answer"
    times = min(AVERAGED, answer.replications)
    n = base_points(len(cited), times, budget)
    if n == 0:
        return None, f"a budget of {budget} runs is too small for {len(cited)} figures"
    answers = partial(at, times=times, what="Sobol indices (2 of 2)")
    try:
        return sobol(scenario, cited, answers, n=n, replications=times, seed=answer.seed), ""
    except ValueError as error:
        return None, str(error)


def _check(scenario: Scenario, metric: str, replications: int, seed: int) -> None:
    if replications < 2:
        raise ValueError(f"replications: {shown(replications)} is not allowed; at least 2")
    known = measures(run(scenario, seed, 0))
    if metric not in known:
        if metric == READY:
            raise ValueError(f"metric: there is no {READY}: no start became ready")
        raise unknown("metric", metric, known)
    if not ranged(scenario):
        raise ValueError("figures: none in this scenario has a range")


def words(metric: str) -> str:
    """A metric as it stands in a sentence."""
    return metric.removesuffix("_s").replace("_", " ")


def amount(metric: str, value: float) -> str:
    """A value of a metric, with its unit."""
    return shown_number(value) + (" s" if metric.startswith("time_to_") else "")
