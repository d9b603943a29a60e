"""How many tasks are ready after so many minutes, by platform, each with its interval."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from sim.experiment.statistics.estimate import t_quantile
from sim.plots.canvas import axes, frame
from sim.plots.lines import name_ends
from sim.plots.palette import platform_color, platform_name, platform_order

TITLE = "How fast a service grows"
LOGARITHMIC = 8.0
"""Ratio of the slowest platform's time to the fastest from which time is drawn logarithmic."""
FEW = 10
"""Tasks up to which each is a point with its interval: one alone makes no line."""


def scale_curves(
    starts: pd.DataFrame, ax: Axes | None = None, *, begin: int = 0, title: str = ""
) -> Axes:
    """Tasks ready over time: the mean over the runs of when each was, and its 95% interval.

    Args:
        starts: one row a start that became ready: `variant` (the platform), `run`,
            `time_to_ready_s` (s since all were asked for).
        ax: drawn into; None: a new figure.
        begin: tasks that were there already.
        title: above the axes; empty: the answer itself.
    """
    ax = axes(ax, 4.8)
    lines, last, first = [], [], ("", float("inf"))
    for name in platform_order(starts["variant"].unique()):
        times = _times(starts[starts["variant"] == name])
        lines.append(_curve(ax, name, times, begin))
        last.append(float(times.mean(axis=0)[-1]))
        first = min(first, (name, last[-1]), key=lambda each: each[1])
    soonest = f"Soonest: {platform_name(first[0])}, all ready after {60 * first[1]:.0f} s"
    frame(ax, title=title or (soonest if len(last) > 1 else TITLE), grid="y")
    if last and max(last) > LOGARITHMIC * min(last):
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter(lambda minutes, _: f"{minutes:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
    else:
        ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("minutes since all were asked for")
    ax.set_ylabel("tasks ready")
    ax.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
    ax.yaxis.set_major_formatter(lambda tasks, _: f"{tasks:,.0f}")
    name_ends(ax, lines, at="top")
    return ax


def _times(starts: pd.DataFrame) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Minutes until the first, second, ... task was ready, a row a run, as far as all have them."""
    runs = [np.sort(part.to_numpy()) for _, part in starts.groupby("run")["time_to_ready_s"]]
    fewest = min(map(len, runs))
    return np.stack([run[:fewest] for run in runs]) / 60.0


def _curve(
    ax: Axes,
    platform: str,
    times: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    begin: int,
) -> Line2D:
    middle, tasks = times.mean(axis=0), begin + np.arange(1, times.shape[1] + 1)
    color, few = platform_color(platform), times.shape[1] <= FEW
    if len(times) > 1:
        error = times.std(axis=0, ddof=1) / np.sqrt(len(times))
        reach = t_quantile(0.975, len(times) - 1) * error
        if few:
            ax.hlines(tasks, middle - reach, middle + reach, color=color, alpha=0.35, lw=4.0)
        else:
            ax.fill_betweenx(tasks, middle - reach, middle + reach, color=color, alpha=0.25, lw=0)
    (line,) = ax.plot(
        middle,
        tasks,
        color=color,
        linewidth=2.0,
        marker="o" if few else "",
        label=platform_name(platform),
    )
    return line
