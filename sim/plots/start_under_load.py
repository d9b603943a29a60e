"""How long a start takes, against how much runs beside it and how many start at once."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.plots.canvas import frame, new_figure, plain_ticks
from sim.plots.palette import GRID, INK, PAPER, in_order

RUNTIMES = {
    "kata-qemu": "#0072B2",
    "kata-fc": "#D55E00",
    "kata-template": "#E69F00",
    "rund": "#009E73",
}
"""Colours of Okabe and Ito, in the order of the legend."""

OTHER = "#CC79A7"
TITLES = {
    "starts": ("Empty host, many at once", "starts at once"),
    "running": ("One start, many running", "sandboxes running"),
}
LINEAR_BELOW = 100.0
"""Sandboxes running up to which the axis is linear, so that it can show 0."""


def start_under_load(cases: pd.DataFrame) -> Axes:
    """Lines: the model; points: what was measured, hollow where it was calibrated on it.

    Args:
        cases: `runtime`, `starts` (at once), `running`, `measured_s`, `predicted_s` (s), `split`.

    Returns:
        The left one of two axes of one figure.
    """
    figure = new_figure(4.6)
    left, right = figure.subplots(1, 2, sharey=True)
    _panel(left, cases[cases["running"] == 0], "starts")
    _panel(right, cases[cases["starts"] == 1], "running")
    left.set_ylabel("seconds from request to ready, mean")
    right.set_xscale("symlog", linthresh=LINEAR_BELOW)
    right.set_xticks([0, 100, 1000, 2000], ["0", "100", "1000", "2000"])
    right.minorticks_off()
    plain_ticks(left.xaxis)
    plain_ticks(left.yaxis)
    figure.legend(
        handles=_handles(cases),
        loc="outside lower left",
        ncols=3,
        frameon=False,
        labelcolor=INK,
        fontsize=9,
    )
    first: Axes = left
    return first


def _panel(ax: Axes, cases: pd.DataFrame, against: str) -> None:
    title, label = TITLES[against]
    frame(ax, title=title, grid="x")
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ax.set(xscale="log", yscale="log")
    for runtime in in_order(cases["runtime"], RUNTIMES):
        ours = cases[cases["runtime"] == runtime].sort_values(against)
        color = RUNTIMES.get(runtime, OTHER)
        ax.plot(ours[against], ours["predicted_s"], color=color, linewidth=1.6)
        calibrated = ours["split"] == "calibrated"
        for points, fill in ((ours[calibrated], PAPER), (ours[~calibrated], color)):
            ax.plot(
                points[against],
                points["measured_s"],
                linestyle="none",
                marker="o",
                markersize=6.0,
                markerfacecolor=fill,
                markeredgecolor=color,
            )
    ax.set_xlabel(label)


def _handles(cases: pd.DataFrame) -> list[Line2D]:
    lines = [
        Line2D([], [], color=RUNTIMES.get(name, OTHER), linewidth=1.6, label=name)
        for name in in_order(cases["runtime"], RUNTIMES)
    ]
    points = [
        Line2D([], [], linestyle="none", marker="o", color=INK, label="measured, held out"),
        Line2D(
            [],
            [],
            linestyle="none",
            marker="o",
            color=INK,
            markerfacecolor=PAPER,
            label="measured, calibrated on",
        ),
    ]
    return [*lines, *points]
