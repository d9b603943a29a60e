"""How long a user waits as the rate rises, up to where the first service is full."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.plots.canvas import axes, frame, legend_below
from sim.plots.palette import FAINT, INK, series_color

TITLE = "What a user waits for as the rate rises"


def latency_curve(
    points: pd.DataFrame,
    closed: pd.DataFrame,
    ax: Axes | None = None,
    *,
    knee: float | None = None,
    stopped_by: str = "",
    title: str = TITLE,
) -> Axes:
    """p50, mean and p95 at some rates, and the mean of queueing theory.

    Args:
        points: one row a rate: `rate`, `p50_s`, `mean_s`, `p95_s`; and `p95_low_s`, `p95_high_s`,
            the ends of its interval.
        closed: the closed form: `rate`, `mean_s`.
        ax: drawn into; None: a new figure.
        knee: rate at which the first service is full.
        stopped_by: that service.
        title: above the axes.
    """
    ax = axes(ax, 4.2)
    frame(ax, title=title, grid="y")
    lines = []
    named = {"p95_s": "p95, with its interval", "mean_s": "mean", "p50_s": "p50"}
    for number, (key, name) in enumerate(named.items()):
        (line,) = ax.plot(
            points["rate"],
            1e3 * points[key],
            color=series_color(number),
            linewidth=2.0,
            marker="o",
            markersize=4.0,
            label=name,
        )
        lines.append(line)
    ax.fill_between(
        points["rate"],
        1e3 * points["p95_low_s"],
        1e3 * points["p95_high_s"],
        color=series_color(0),
        alpha=0.2,
        linewidth=0.0,
    )
    (theory,) = ax.plot(
        closed["rate"],
        1e3 * closed["mean_s"],
        color=INK,
        linewidth=1.2,
        linestyle=(0, (4, 2)),
        label="mean, closed form (M/M/c, quotas fluid)",
    )
    top = 1.25e3 * float(points[["p95_s", "p95_high_s"]].max().max())
    ax.set_ylim(0.0, top)
    _knee(ax, knee, stopped_by, top)
    ax.set_xlim(0.0, 1.06 * float(max(points["rate"].max(), knee or 0.0)))
    ax.set_xlabel("requests per second from users")
    ax.set_ylabel("milliseconds")
    legend_below(ax, [*lines, theory])
    return ax


def _knee(ax: Axes, knee: float | None, stopped_by: str, top: float) -> Line2D | None:
    if knee is None:
        return None
    line = ax.axvline(knee, color=FAINT, linewidth=1.0, linestyle=":")
    ax.text(
        knee,
        0.98 * top,
        f"{stopped_by} is full: {knee:,.4g}/s ",
        ha="right",
        va="top",
        fontsize=9,
        color=FAINT,
    )
    return line
