"""Where one request was, step by step: the steps tile it from the user's click to the answer."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.plots.canvas import SMALL, axes, fits, frame, legend_below, rows
from sim.plots.palette import FAINT, INK, ink_on

TITLE = "A request around p95, step by step"

KINDS = {
    "network": ("#6A6A6A", "on the way"),
    "queue": ("#E8919C", "waits for a thread"),
    "work": ("#009E73", "works, or waits for a CPU"),
    "wait": ("#E69F00", "waits for something outside"),
    "lost": ("#B2351A", "an attempt that failed"),
}
"""Colour and words of each kind of step."""


def request_waterfall(steps: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """The steps of one request, a row a service, in order.

    Args:
        steps: one row each: `phase` (`service: kind`), `start_s`, `end_s`; they tile the request.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    parts = steps["phase"].str.rpartition(": ")
    services = list(dict.fromkeys(parts[0]))
    ax = axes(ax, 1.6 + 0.36 * len(services))
    frame(ax, title=title)
    rows(ax, services)
    begin = float(steps["start_s"].min())
    total = 1e3 * (float(steps["end_s"].max()) - begin)
    ax.set_xlim(0.0, 1.08 * total)
    before = None
    for service, kind, start, end in zip(
        parts[0], parts[2], steps["start_s"], steps["end_s"], strict=True
    ):
        y = services.index(service)
        at, length = 1e3 * (start - begin), 1e3 * (end - start)
        color = KINDS[kind][0]
        ax.barh(y, length, left=at, height=0.62, color=color, linewidth=0.0)
        if before is not None and before != y:
            ax.plot([at, at], [before, y], color=FAINT, linewidth=0.8, zorder=0)
        before = y
        text = f"{length:.2g} ms" if length < 9.95 else f"{length:.0f} ms"
        if fits(ax, text, length):
            ax.text(
                at + length / 2,
                y,
                text,
                ha="center",
                va="center",
                fontsize=SMALL,
                color=ink_on(color),
            )
    ax.text(
        total,
        before if before is not None else 0,
        f" {total:.3g} ms",
        fontsize=9.5,
        fontweight="bold",
        color=INK,
        va="center",
    )
    ax.set_xlabel("milliseconds since the user asked")
    there = [kind for kind in KINDS if (parts[2] == kind).any()]
    legend_below(ax, [Patch(facecolor=KINDS[k][0], label=KINDS[k][1]) for k in there])
    return ax
