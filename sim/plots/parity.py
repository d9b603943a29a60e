"""Measured against predicted, on logarithmic axes, with the band of 20%."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.plots.canvas import axes, frame, legend_below, plain_ticks
from sim.plots.palette import FAINT, GRID, INK, WITHIN, in_order
from sim.plots.theme import themed

TITLE = "What was measured, and what the model says"
BAND = 0.2
"""Error either way that the band shows, as a fraction of what was measured."""

GROUPS = {
    "rund": ("microVMs (RunD)", "#0072B2", "o"),
    "firecracker": ("VMMs (Firecracker)", "#D55E00", "s"),
    "runc": ("runc", "#56B4E9", "D"),
    "linux": ("CPU-bound tasks", "#999999", "."),
    "apps": ("apps", "#009E73", "^"),
    "pulls": ("pulls", "#E69F00", "P"),
    "requests": ("requests", "#332288", "x"),
    "crowded caches": ("crowded caches", "#882255", "*"),
    "ec2 starts": ("EC2 starts", "#117733", "p"),
    "fargate starts": ("Fargate starts", "#AA4499", "h"),
}
"""Name, colour (Okabe and Ito) and marker of each group of measurements of time."""

OTHER = ("other", "#CC79A7", "v")


def parity(cases: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """A point a case: on the line, the model is right; hollow where it was calibrated on it.

    Args:
        cases: `group`, `measured_s`, `predicted_s` (s), `split` (`calibrated` or another).
        ax: drawn into; None: a new figure.
    """
    ax = axes(ax, 6.4)
    frame(ax, title=title, grid="x")
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ends = _ends(cases)
    ax.fill_between(
        ends,
        [(1.0 - BAND) * end for end in ends],
        [(1.0 + BAND) * end for end in ends],
        color=themed(WITHIN),
        zorder=0,
    )
    ax.plot(ends, ends, color=FAINT, linewidth=0.9, zorder=1)
    for group in in_order(cases["group"], {name: color for name, (_, color, _) in GROUPS.items()}):
        _points(ax, group, cases[cases["group"] == group])
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends, aspect="equal")
    for axis in (ax.xaxis, ax.yaxis):
        plain_ticks(axis)
    ax.set_xlabel("measured, seconds")
    ax.set_ylabel("predicted, seconds")
    legend_below(ax, [*_handles(cases), Patch(color=themed(WITHIN), label="within 20%")])
    return ax


def _ends(cases: pd.DataFrame) -> tuple[float, float]:
    times = cases[["measured_s", "predicted_s"]]
    return float(times.min().min()) / 1.6, float(times.max().max()) * 1.6


def _look(group: str) -> tuple[str, str, str]:
    name, color, marker = GROUPS.get(group, (group, *OTHER[1:]))
    return name, themed(color), marker


def _points(ax: Axes, group: str, cases: pd.DataFrame) -> None:
    _, color, marker = _look(group)
    calibrated = cases["split"] == "calibrated"
    for ours, fill in ((cases[calibrated], "none"), (cases[~calibrated], color)):
        ax.plot(
            ours["measured_s"],
            ours["predicted_s"],
            linestyle="none",
            marker=marker,
            markersize=6.0 if marker != "." else 7.0,
            markerfacecolor=fill,
            markeredgecolor=color,
            markeredgewidth=1.0,
        )


def _handles(cases: pd.DataFrame) -> list[Line2D]:
    known = {name: color for name, (_, color, _) in GROUPS.items()}
    handles = []
    for group in in_order(cases["group"], known):
        name, color, marker = _look(group)
        count = int((cases["group"] == group).sum())
        handles.append(_handle(f"{name} ({count})", color, marker, fill=color))
    hollow = _handle("hollow: calibrated on it", INK, "o", fill="none")
    return [*handles, hollow]


def _handle(label: str, color: str, marker: str, *, fill: str) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        markerfacecolor=fill,
        markeredgecolor=color,
        label=label,
    )
