"""Cost of a container against density, an instance type a point, and the types none betters."""

from typing import TypeAlias

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from sim.plots.canvas import SMALL, axes, frame, legend_below
from sim.plots.palette import FAINT, INK, LIMITS, PAPER, in_order, limit_color, limit_name

TITLE = "What a container costs, and how many share an instance"
MARKERS = {"amd64": "o", "arm64": "^"}
STEEP = 1.1
"""Two points of the frontier closer than this in density stand above one another."""
NEAR = 1.3
"""Two such points closer than this in cost share a label."""

Point: TypeAlias = tuple[str, int, float]
"""Type, containers on one, and cost of a thousand container-hours (USD)."""


def cost_frontier(table: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """A point an instance type, coloured by what stops it, and a line through the frontier.

    Args:
        table: one row a type: `instance`, `architecture` (amd64 or arm64), `count` (containers on
            one), `stopped_by`, `usd_per_container_hour`, `frontier` (whether none betters it).
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    ax = axes(ax, 5.4)
    frame(ax, title=title, grid="y")
    groups = table.groupby([table["stopped_by"].map(limit_name), "architecture"], sort=False)
    for (limit, architecture), types in groups:
        ax.plot(
            types["count"],
            1000.0 * types["usd_per_container_hour"],
            MARKERS[str(architecture)],
            color=limit_color(str(limit)),
            markersize=5,
            alpha=0.55,
            markeredgewidth=0,
        )
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    _frontier(ax, table[table["frontier"]].sort_values("count"))
    ax.set_yscale("log")
    ax.set_ylim(top=8.0 * 1000.0 * float(table["usd_per_container_hour"].max()))
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("containers on one instance")
    ax.set_ylabel("$ per 1,000 container-hours")
    legend_below(ax, _handles(table))
    return ax


def _frontier(ax: Axes, best: pd.DataFrame) -> None:
    """From the cheapest container to the densest instance; numbered, and listed in the corner."""
    cost = 1000.0 * best["usd_per_container_hour"]
    ax.plot(best["count"], cost, color=INK, linewidth=1.3, marker="o", markersize=4.5)
    points = list(zip(best["instance"], best["count"], cost, strict=True))
    cheaper = 0.0
    for label, (_, x, y) in _labels(points):
        # Right of the frontier and below it is nothing; where it is steep, below is another label.
        beside = x < STEEP * cheaper
        ax.annotate(
            label,
            (x, y),
            xytext=(7, -3) if beside else (5, -3),
            textcoords="offset points",
            ha="left",
            va="center" if beside else "top",
            fontsize=SMALL,
            fontweight="bold",
            color=INK,
        )
        cheaper = x
    _list(ax, points)


def _labels(points: list[Point]) -> list[tuple[str, Point]]:
    """A number each, or `5-8` where they are too near each other for one each."""
    runs: list[list[int]] = []
    for number, (_, x, y) in enumerate(points, start=1):
        first = points[runs[-1][0] - 1] if runs else None
        if first is not None and x < STEEP * first[1] and y < NEAR * first[2]:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [(f"{run[0]}-{run[-1]}" if run[1:] else f"{run[0]}", points[run[0] - 1]) for run in runs]


def _list(ax: Axes, points: list[Point]) -> None:
    """Name, density and cost of each number."""
    ax.text(
        0.98,
        0.98,
        "\n".join(f"{n} {name}: {x:,} at ${y:.2f}" for n, (name, x, y) in enumerate(points, 1)),
        transform=ax.transAxes,
        ha="right",
        va="top",
        fontsize=SMALL,
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.9, "pad": 2.0},
    )


def _handles(table: pd.DataFrame) -> list[Artist]:
    limits = in_order(map(limit_name, table["stopped_by"]), LIMITS)
    return [
        *(_handle("s", limit_color(limit), f"stopped by {limit}") for limit in limits),
        *(
            _handle(marker, FAINT, name)
            for name, marker in MARKERS.items()
            if name in set(table["architecture"])
        ),
        Line2D([], [], color=INK, marker="o", markersize=4.5, label="no type betters it"),
    ]


def _handle(marker: str, color: str, label: str) -> Line2D:
    return Line2D([], [], linestyle="", marker=marker, color=color, label=label)
