"""Platforms for an application: what each costs a month, against how soon all of it is up."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from sim.plots.canvas import SMALL, axes, frame, legend_below
from sim.plots.palette import FAINT, INK, platform_color, platform_order

LETTER, LINE = 0.0125, 0.05
"""Width of a letter and height of a line of small text, as shares of the axes."""

NOTHING = "of no platform are both known: a median needs two runs at least"

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
    ax.set_xlabel("seconds from the request until all of it is ready (median)")
    ax.set_ylabel("USD a month, whole machines")
    if known.empty:
        ax.text(0.5, 0.5, NOTHING, transform=ax.transAxes, ha="center", color=FAINT)
        return ax
    for name, row in known.iterrows():
        _platform(ax, str(name), row)
    # Room for the labels above the points and beside the last of them.
    latest, dearest = known["ready_cold_p50_s"].max(), known["usd_per_month"].max()
    ax.set_xlim(0.0, 1.16 * float(latest))
    ax.set_ylim(0.0, 1.2 * float(dearest))
    _labels(ax, known)
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


def _labels(ax: Axes, known: pd.DataFrame) -> None:
    """Names above the points; one that would cover another goes a line higher."""
    taken: list[tuple[float, float, float]] = []
    right, top = ax.get_xlim()[1], ax.get_ylim()[1]
    points = zip(known["label"], known["ready_cold_p50_s"], known["usd_per_month"], strict=True)
    for label, x, y in sorted(points, key=lambda point: point[2]):
        half = len(str(label)) * LETTER / 2.0
        line = next(n for n in range(99) if _is_free(taken, x / right, y / top + n * LINE, half))
        taken.append((x / right, y / top + line * LINE, half))
        ax.annotate(
            str(label),
            (x, y),
            xytext=(0, 9 + 11 * line),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=SMALL,
            color=INK,
        )


def _is_free(taken: list[tuple[float, float, float]], x: float, y: float, half: float) -> bool:
    """Whether a label there covers none that has been placed."""
    return all(abs(x - a) >= half + wide or abs(y - b) >= 0.99 * LINE for a, b, wide in taken)


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
