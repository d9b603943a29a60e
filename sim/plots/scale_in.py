"""How many hosts are left after so many minutes, by platform, in percent of those there were."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.plots.canvas import axes, frame
from sim.plots.lines import name_ends
from sim.plots.palette import platform_color, platform_name, platform_order

TITLE = "How fast its machines go when a service shrinks"
REST = 1.15
"""How far beyond the last change the curves go on."""


def scale_in_curves(hosts: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """Hosts left over time, mean over the runs, in percent of those at the end of the tasks.

    Args:
        hosts: one row a change: `variant` (the platform), `run`, `time_s` (s since the tasks
            ended), `hosts`.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    ax = axes(ax, 4.4)
    frame(ax, title=title, grid="y")
    last = max(60.0, REST * float(hosts["time_s"].max()))
    times = np.linspace(0.0, last, 1000)
    lines = []
    for name in platform_order(hosts["variant"].unique()):
        runs = [_left(run, times) for _, run in hosts[hosts["variant"] == name].groupby("run")]
        (line,) = ax.plot(
            times / 60.0,
            100.0 * np.mean(runs, axis=0),
            color=platform_color(name),
            linewidth=2.0,
            label=platform_name(name),
        )
        lines.append(line)
    ax.set_xlim(0.0, last / 60.0)
    ax.set_ylim(0.0, 105.0)
    ax.set_xlabel("minutes since the tasks ended")
    ax.set_ylabel("hosts left, %")
    name_ends(ax, lines, at="right")
    return ax


def _left(
    run: pd.DataFrame, times: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Share of the hosts that are left at each time."""
    counts = run["hosts"].to_numpy(dtype=float)
    place = np.searchsorted(run["time_s"].to_numpy(), times, side="right") - 1
    left: np.ndarray[tuple[int], np.dtype[np.float64]] = counts[place] / max(1.0, counts[0])
    left[0] = 1.0  # when the tasks end all hosts are there, even those that go at once
    return left
