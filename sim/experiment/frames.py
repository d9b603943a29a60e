"""Tidy frames made from the spans: starts, tiling phases, and the phases of a typical start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.statistics.estimate import quantile as quantile_of

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("variant", "run", "task")
NEEDED = ("run", "task", "phase", "start_s", "end_s")


def tiling(spans: pd.DataFrame) -> pd.DataFrame:
    """Spans that tile their start, of starts that became ready."""
    tiles = spans[spans["parent"] == ""]
    ready = tiles[(tiles["phase"] == "app") & (tiles["outcome"] == "done")][list(KEYS)]
    return tiles.merge(ready, on=list(KEYS), how="inner")


def starts(spans: pd.DataFrame) -> pd.DataFrame:
    """One row a start that became ready: `time_to_running_s`, `time_to_ready_s`.

    Args:
        spans: all spans, or only those that tile their start.
    """
    tiles = tiling(spans)
    ready = tiles[tiles["phase"] == "app"].set_index(list(KEYS))
    begin = tiles.groupby(list(KEYS), sort=False)["start_s"].min().loc[ready.index]
    table = ready[["host"]].copy()
    table["time_to_running_s"] = ready["start_s"] - begin
    table["time_to_ready_s"] = ready["end_s"] - begin
    return table.reset_index()


def lengths(tiles: pd.DataFrame) -> pd.DataFrame:
    """Seconds of each phase (columns, in order of time), one row a start.

    A start may have several tiles of one phase, such as the pulls of a pod's containers: they are
    summed.

    Args:
        tiles: spans that tile their start, of starts that became ready: `run`, `task`, `phase`,
            `start_s`, `end_s` (s), and `variant` where there are several.

    Raises:
        ValueError: a column is missing.
    """
    missing = [name for name in NEEDED if name not in tiles.columns]
    if missing:
        raise ValueError(
            f"spans: it has no {', '.join(missing)}; a row a phase is needed: Results.tiling()"
        )
    keys = [key for key in KEYS if key in tiles.columns]
    long = tiles.assign(length=tiles["end_s"] - tiles["start_s"], phase=tiles["phase"].astype(str))
    wide = long.pivot_table(index=keys, columns="phase", values="length", aggfunc="sum", sort=False)
    return wide.fillna(0.0)


def phases_around(wide: pd.DataFrame, quantile: float) -> pd.Series[float]:
    """Mean phases, in s, of the starts within a percentile of a quantile, or of the nearest start.

    Percentiles of parts never sum to that of the whole; these phases sum to their row. Tables and
    figures follow this one rule.

    Args:
        wide: `lengths`.
        quantile: of the total; above 0 and below 1.

    Raises:
        TooFew: there are too few starts for that quantile.
    """
    total = wide.sum(axis=1)
    middle = quantile_of(total, quantile)
    low, high = np.quantile(total, [max(0.0, quantile - 0.01), min(1.0, quantile + 0.01)])
    around = wide[(total >= low) & (total <= high)] if len(total) >= 100 else wide.iloc[:0]
    if around.empty:
        around = wide.loc[[(total - middle).abs().idxmin()]]
    return around.mean()


def phase_table(tiles: pd.DataFrame, quantile: float) -> dict[str, float]:
    """The phases around a quantile, in s, with `running` (all but `app`) and `total`, their sums.

    Args:
        tiles: as of `lengths`.
        quantile: of the total; above 0 and below 1.

    Raises:
        TooFew: there are too few starts for that quantile.
    """
    around = phases_around(lengths(tiles), quantile)
    phases = {str(phase): float(value) for phase, value in around.items()}
    phases["running"] = math.fsum(value for phase, value in phases.items() if phase != "app")
    phases["total"] = phases["running"] + phases.get("app", 0.0)
    return phases
