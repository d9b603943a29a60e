"""How many tasks of a service serve after a fault, by platform."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.plots.canvas import axes, frame
from sim.plots.lines import name_ends
from sim.plots.palette import platform_color, platform_name, platform_order

TITLE = "What is left of a service after a fault"
BEFORE, AFTER = 0.06, 1.08
"""Shares of the time axis before the fault, and up to which it goes."""


def capacity_left(capacity: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """Share of the tasks that serve, from before the fault until all do again: mean of the runs.

    Args:
        capacity: one row a change: `platform`, `run`, `time_s` (the fault is 0), `serving`, and
            `tasks`, which served before.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    ax = axes(ax, 4.4)
    frame(ax, title=title, grid="y")
    last = max(1.0, float(capacity["time_s"].max())) if len(capacity) else 1.0
    times = np.linspace(0.0, AFTER * last, 400)
    lines: list[tuple[float, Line2D]] = []
    for name in platform_order(capacity["platform"].unique()):
        share = _share(capacity[capacity["platform"] == name], times)
        (line,) = ax.step(
            [-BEFORE * last, 0.0, *times],
            [100.0, 100.0, *(100.0 * share)],
            where="post",
            color=platform_color(name),
            linewidth=2.0,
            label=f"{platform_name(name)}, {_back(capacity[capacity['platform'] == name])}",
        )
        lines.append((_latest(capacity[capacity["platform"] == name]), line))
    ax.set_xlim(-BEFORE * last, AFTER * last)
    ax.set_ylim(0.0, 104.0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 6, 10]))
    ax.set_xlabel("seconds since the fault")
    ax.set_ylabel("tasks that serve, %")
    in_turn = sorted(lines, key=lambda line: -line[0])  # the first to be back is on top
    name_ends(ax, [line for _, line in in_turn], at="right")
    return ax


def _latest(changes: pd.DataFrame) -> float:
    """Seconds until all serve again, mean over the runs; infinite where they never do."""
    back = changes[changes["serving"] >= changes["tasks"]].groupby("run")["time_s"].min()
    return float(back.mean()) if len(back) == changes["run"].nunique() else math.inf


def _back(changes: pd.DataFrame) -> str:
    """When all serve again."""
    latest = _latest(changes)
    return f"{latest:.0f} s" if latest < math.inf else "not by itself"


def _share(changes: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """Mean over the runs of the share that serves at each time."""
    runs = []
    for _, of in changes.groupby("run"):
        ordered = of.sort_values(["time_s", "serving"])
        at = np.searchsorted(ordered["time_s"].to_numpy(), times, side="right") - 1
        runs.append(ordered["serving"].to_numpy()[at] / ordered["tasks"].iloc[0])
    return np.asarray(np.mean(runs, axis=0))
