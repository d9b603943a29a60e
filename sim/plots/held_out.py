"""Starts that were held out beside what the others said of them, with the bar."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.plots.canvas import SMALL, axes, frame, legend_below, plain_ticks
from sim.plots.palette import FAINT, GRID, INK, PAPER, WITHIN
from sim.plots.theme import themed

MARKERS = {0.50: "o", 0.90: "s", 0.95: "^"}
INSIDE, OUTSIDE, OPEN = "#009E73", "#D55E00", PAPER
COLORS = {"PASS": INSIDE, "EXCEEDS": OUTSIDE, "NO BAR": OPEN}


def held_out(
    rows: pd.DataFrame, ax: Axes | None = None, *, bar: float, title: str = "Held out"
) -> Axes:
    """A point a quantile: on the line, the first starts said of the last what they then took.

    Args:
        rows: `phase`, `quantile`, `measured_s`, `predicted_s` (s), `verdict`.
        ax: drawn into; None: a new figure.
        bar: error either way that passes, as a share of what was measured.
        title: above the axes.
    """
    ax = axes(ax, 5.2)
    frame(ax, title=title, grid="x")
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    known = rows[(rows["measured_s"] > 0.0) & (rows["predicted_s"] > 0.0)]
    values = known[["measured_s", "predicted_s"]]
    low, high = float(values.min().min()) / 1.8, float(values.max().max()) * 1.8
    ends = (low, high)
    ax.fill_between(
        ends,
        [(1.0 - bar) * end for end in ends],
        [(1.0 + bar) * end for end in ends],
        color=themed(WITHIN),
        zorder=0,
    )
    ax.plot(ends, ends, color=FAINT, linewidth=0.9, zorder=1)
    for row in known.to_dict("records"):
        _point(ax, row)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    for axis in (ax.xaxis, ax.yaxis):
        plain_ticks(axis)
    ax.set_xlabel("measured in the last starts, seconds")
    ax.set_ylabel("said by the first starts, seconds")
    legend_below(
        ax, [*_handles(known), Patch(color=themed(WITHIN), label=f"within {100 * bar:.0f}%")]
    )
    return ax


def _point(ax: Axes, row: Mapping[Hashable, Any]) -> None:
    at = (row["measured_s"], row["predicted_s"])
    ax.plot(
        *at,
        linestyle="none",
        marker=MARKERS.get(row["quantile"], "D"),
        markersize=7.0,
        markerfacecolor=COLORS[row["verdict"]],
        markeredgecolor=INK,
        markeredgewidth=0.8,
    )
    if row["quantile"] == 0.50:
        ax.annotate(
            row["phase"],
            at,
            xytext=(7, -9),
            textcoords="offset points",
            fontsize=SMALL,
            color=FAINT,
        )


def _handles(rows: pd.DataFrame) -> list[Line2D]:
    words = {"PASS": "passes", "EXCEEDS": "exceeds", "NO BAR": "no verdict"}
    handles = [
        _handle(f"p{100 * q:.0f}", marker, OPEN)
        for q, marker in MARKERS.items()
        if (rows["quantile"] == q).any()
    ]
    seen = [verdict for verdict in COLORS if (rows["verdict"] == verdict).any()]
    return [*handles, *(_handle(words[verdict], "o", COLORS[verdict]) for verdict in seen)]


def _handle(label: str, marker: str, fill: str) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        markerfacecolor=fill,
        markeredgecolor=INK,
        markeredgewidth=0.8,
        label=label,
    )
