"""A tornado: the answer at both ends of each figure's range, and each figure's share of it all."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.plots.canvas import SMALL, frame, legend_below, new_figure, rows
from sim.plots.palette import INK

TITLE = "What the answer hangs on"
STANDINGS = {
    "measured": ("#8FD6BF", "#009E73"),
    "derived": ("#9CC9E6", "#0072B2"),
    "assumed": ("#F2B183", "#D55E00"),
}
"""Colours of the low and the high end of a figure's range."""


def tornado(
    table: pd.DataFrame, base: float, *, xlabel: str = "answer", title: str = TITLE
) -> Axes:
    """A row a figure, strongest first: from the answer as it is to that at each end of its range.

    Where the table has them, Sobol indices stand beside: a bar for the total index with its
    interval, a dot for the first.

    Args:
        table: one row a figure: `figure`, `range` (value and range in words), `standing`
            (measured, derived or assumed), `at_low` and `at_high` (NaN where there is no
            answer); optionally `first`, `total`, `total_low`, `total_high`.
        base: the answer as it is.
        xlabel: what the answer is, with its unit.
        title: above the axes.
    """
    figure = new_figure(1.9 + 0.5 * max(1, len(table)))
    shares = "total" in table.columns
    panels = figure.subplots(1, 2, sharey=True, width_ratios=(3.0, 1.2)) if shares else None
    ax: Axes = figure.add_subplot() if panels is None else panels[0]
    _effects(ax, table, base, xlabel)
    frame(ax, title=title)
    rows(ax, [f"{a}\n{b}" for a, b in zip(table["figure"], table["range"], strict=True)])
    ax.tick_params(axis="y", labelsize=SMALL)
    legend_below(ax, _handles(table["standing"].tolist()))
    if panels is not None:
        _shares(panels[1], table)
    return ax


def _effects(ax: Axes, table: pd.DataFrame, base: float, xlabel: str) -> None:
    for y, row in enumerate(table.to_dict("records")):
        light, dark = STANDINGS[row["standing"]]
        for end, color, height in (("at_low", light, 0.62), ("at_high", dark, 0.5)):
            ax.barh(y, row[end] - base, left=base, height=height, color=color)
    ax.axvline(base, color=INK, linewidth=1.2)
    ax.set_xlabel(f"{xlabel} (as it is: {base:.4g})")


def _shares(ax: Axes, table: pd.DataFrame) -> None:
    """Total and first indices; beyond 0 and 1 is the estimator's noise."""
    frame(ax, title="")
    inside = table[["first", "total", "total_low", "total_high"]].clip(0.0, 1.0)
    colors = [STANDINGS[standing][1] for standing in table["standing"]]
    ax.barh(range(len(table)), inside["total"], height=0.5, color=colors, alpha=0.45)
    ax.hlines(range(len(table)), inside["total_low"], inside["total_high"], INK, linewidth=1.2)
    ax.plot(inside["first"], range(len(table)), "o", color=INK, markersize=4.5)
    ax.set_xlim(0.0, 1.05)
    ax.set_xlabel("share of the variance\n(bar: total, dot: first)", fontsize=SMALL)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _handles(standings: Sequence[str]) -> list[Artist]:
    return [
        Patch(facecolor=color, label=f"{name}, {end} end")
        for name, colors in STANDINGS.items()
        if name in standings
        for color, end in zip(colors, ("low", "high"), strict=True)
    ]
