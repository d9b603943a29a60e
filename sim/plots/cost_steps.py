"""What it costs a month, from as it is to packed: a bar a step."""

from collections.abc import Sequence
from itertools import pairwise
from textwrap import fill

from matplotlib.axes import Axes

from sim.plots.canvas import SMALL, axes, frame
from sim.plots.palette import FAINT, INK

TITLE = "What it costs, step by step"
WIDE = 15
"""Letters of a line below a bar."""
LESS, MORE, WHOLE = "#009E73", "#D55E00", "#0072B2"


def cost_steps(
    steps: Sequence[tuple[str, float]], ax: Axes | None = None, *, title: str = TITLE
) -> Axes:
    """A waterfall: the first and the last bar are whole, those between are what a step changes.

    Args:
        steps: label and USD a month, in order.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    ax = axes(ax, 3.6)
    frame(ax, title=title, grid="y")
    ax.set_ylabel("USD a month")
    if not steps:
        ax.text(0.5, 0.5, "no price is known", transform=ax.transAxes, ha="center", color=FAINT)
        return ax
    top = max(usd for _, usd in steps)
    bars = [(steps[0][0], 0.0, steps[0][1], WHOLE)]
    for (_, before), (label, usd) in pairwise(steps):
        bars.append((label, min(before, usd), abs(usd - before), LESS if usd < before else MORE))
    bars.append(("in the end", 0.0, steps[-1][1], WHOLE))
    for place, (_, bottom, height, color) in enumerate(bars):
        ax.bar(place, height, bottom=bottom, color=color, width=0.62)
        whole = color == WHOLE
        words = f"{height:,.0f}" if whole else f"{'-' if color == LESS else '+'}{height:,.0f}"
        ax.annotate(words, (place, bottom + height), xytext=(0, 4), textcoords="offset points",
                    ha="center", fontsize=SMALL, color=INK)  # fmt: skip
    for place, (_, usd) in enumerate(steps):
        ax.plot([place + 0.31, place + 0.69], [usd, usd], color=FAINT, linewidth=0.8)
    ax.set_xticks(range(len(bars)), [fill(label, WIDE) for label, *_ in bars])
    ax.set_ylim(0.0, 1.15 * top)
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:,.0f}")
    return ax
