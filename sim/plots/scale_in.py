"""How many hosts are left after so many minutes, by platform, in percent of those there were."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, Transform

from sim.plots.canvas import axes, frame, legend_below
from sim.plots.palette import platform_color, platform_name, platform_order

TITLE = "How fast its machines go when a service shrinks"
REST = 1.15
"""How far beyond the last change the curves go on."""


def scale_in_curves(hosts: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """Hosts left over time, mean over the runs, in percent of those at the end of the tasks.

    Curves lie a hair apart, so that none is hidden where several are equal.

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
    names = platform_order(hosts["variant"].unique())
    for number, name in enumerate(names):
        runs = [_left(run, times) for _, run in hosts[hosts["variant"] == name].groupby("run")]
        (line,) = ax.plot(
            times / 60.0,
            100.0 * np.mean(runs, axis=0),
            color=platform_color(name),
            linewidth=1.6,
            label=platform_name(name),
            transform=ax.transData + _apart(ax, number - (len(names) - 1) / 2.0),
        )
        lines.append(line)
    ax.set_xlim(0.0, last / 60.0)
    ax.set_ylim(0.0, 105.0)
    ax.set_xlabel("minutes since the tasks ended")
    ax.set_ylabel("hosts left, %")
    legend_below(ax, lines)
    return ax


def _apart(ax: Axes, steps: float) -> Transform:
    """A shift of so many steps upwards, of less than a line's width and a gap each."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return ScaledTranslation(0.0, steps * 2.0 / 72.0, figure.dpi_scale_trans)


def _left(
    run: pd.DataFrame, times: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Share of the hosts that are left at each time."""
    counts = run["hosts"].to_numpy(dtype=float)
    place = np.searchsorted(run["time_s"].to_numpy(), times, side="right") - 1
    left: np.ndarray[tuple[int], np.dtype[np.float64]] = counts[place] / max(1.0, counts[0])
    left[0] = 1.0  # when the tasks end all hosts are there, even those that go at once
    return left
