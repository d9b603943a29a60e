"""Platforms for an application: what each costs a month, against how soon all of it is up."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from sim.plots.canvas import SMALL, axes, frame, legend_below
from sim.plots.palette import FAINT, INK, platform_color, platform_order

TITLE = "What each platform costs, and how soon the application is up"


def cost_and_readiness(table: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """A point a platform from a cold image, a line to its warm one, a ring around the choice.

    Args:
        table: one row a platform: `platform`, `label`, `usd_per_month`, `ready_cold_p50_s`,
            `ready_warm_p50_s` (NaN where it is not known), `chosen`.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    known = table.dropna(subset=["usd_per_month", "ready_cold_p50_s"]).set_index("platform")
    known = known.loc[platform_order(known.index)]
    ax = axes(ax, 4.6)
    frame(ax, title=title, grid="y")
    for name, row in known.iterrows():
        _platform(ax, str(name), row)
    ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    ax.margins(x=0.16, y=0.14)
    ax.set_xlabel("seconds from the request until all of it is ready (median)")
    ax.set_ylabel("USD a month, whole machines")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}"))
    legend_below(ax, _handles(known))
    return ax


def _platform(ax: Axes, name: str, row: "pd.Series[float]") -> None:
    cold, cost, color = row["ready_cold_p50_s"], row["usd_per_month"], platform_color(name)
    warm = row["ready_warm_p50_s"]
    if pd.notna(warm):
        ax.plot([warm, cold], [cost, cost], color=color, linewidth=1.2)
        ax.plot(warm, cost, "o", color="white", markeredgecolor=color, markersize=7)
    ax.plot(cold, cost, "o", color=color, markersize=8)
    if row["chosen"]:
        ax.plot(cold, cost, "o", color="none", markeredgecolor=INK, markersize=15)
    ax.annotate(
        str(row["label"]),
        (cold, cost),
        xytext=(0, 9),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=SMALL,
        color=INK,
    )


def _handles(known: pd.DataFrame) -> list[Line2D]:
    handles = [_dot("from a cold image", color=FAINT)]
    if known["ready_warm_p50_s"].notna().any():
        handles.append(_dot("image there already", color="white", edge=FAINT))
    if known["chosen"].any():
        handles.append(_dot("recommended", color="none", edge=INK, size=13.0))
    return handles


def _dot(label: str, *, color: str, edge: str | None = None, size: float = 8.0) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="",
        marker="o",
        color=color,
        markeredgecolor=edge or color,
        markersize=size,
        label=label,
    )
