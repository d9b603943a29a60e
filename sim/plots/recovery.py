"""What is left of a service after a fault, and what its way back is made of."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots.canvas import axes, fits, frame, legend_below, rows
from sim.plots.palette import INK, RECOVERY, ink_on, platform_name, platform_order, recovery_color

TITLE = "From the fault until all tasks serve again"
MANY = 2
"""Platforms of which one is the first."""


def recovery(
    capacity: pd.DataFrame, parts: pd.DataFrame, ax: Axes | None = None, *, title: str = ""
) -> Axes:
    """A row a platform: who notices, waits, places, starts and balances, until all serve again.

    Args:
        capacity: one row a change: `platform`, `run`, `time_s` (the fault is 0), `serving`.
        parts: `platform`, `part`, `seconds`; the parts of a platform tile its way back.
        ax: drawn into; None: a new figure.
        title: above the axes; empty: the answer itself.
    """
    names = platform_order(capacity["platform"].unique())
    ax = axes(ax, 1.6 + 0.42 * len(names))
    totals = parts.groupby("platform")["seconds"].sum()
    frame(ax, title=title or _message(totals))
    longest = float(totals.max()) if len(parts) else 1.0
    ax.set_xlim(0.0, 1.12 * longest)
    left = {name: _left(capacity[capacity["platform"] == name]) for name in names}
    for place, name in enumerate(names):
        mine = parts[parts["platform"] == name]
        begin = 0.0
        for part, seconds in zip(mine["part"], mine["seconds"], strict=True):
            color = recovery_color(part)
            ax.barh(place, seconds, left=begin, height=0.62, color=color)
            if seconds and fits(ax, f"{seconds:.0f} s", seconds):
                ax.text(
                    begin + seconds / 2.0,
                    place,
                    f"{seconds:.0f} s",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color=ink_on(color),
                )
            begin += seconds
        said = f" {begin:.0f} s" if len(mine) else " not by itself"
        ax.text(begin, place, said, va="center", fontsize=8.5, color=INK)
    rows(ax, [f"{platform_name(name)}\n{left[name]}" for name in names])
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 6, 10]))
    ax.set_xlabel("seconds since the fault, until the last lost task serves again")
    legend_below(ax, [Patch(color=recovery_color(part), label=part) for part in RECOVERY])
    return ax


def _message(totals: "pd.Series[float]") -> str:
    """Who is back first."""
    if len(totals) < MANY:
        return TITLE
    name = platform_name(str(totals.idxmin()))
    return f"Soonest back: {name}, {totals.min():.0f} s after the fault"


def _left(changes: pd.DataFrame) -> str:
    """How many tasks are left at first."""
    first = changes[changes["time_s"] == 0.0].groupby("run")["serving"].min()
    return f"{np.mean(first):.0f} left" if len(first) else ""
