"""A forest plot: differences with their intervals, each against no difference at all."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.plots.canvas import SMALL, axes, frame, legend_below, rows, subtitle
from sim.plots.palette import FAINT, INK

TITLE = "B against A, with 95% intervals"
COLORS = {"B is less": "#0072B2", "B is more": "#D55E00", "no difference can be told": FAINT}


def forest(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    names: tuple[str, str] | None = None,
    title: str = TITLE,
) -> Axes:
    """A row a difference: a dot, and a line from the lower to the upper end of its interval.

    Args:
        table: one row a difference: `label`, `value`, `low`, `high` (as a share of A), `text`
            (in words, written beside it). Rows without a value are left out.
        ax: drawn into; None: a new figure.
        names: what A and B are; None: not told.
        title: above the axes.
    """
    table = table[table["value"].notna()]
    ax = axes(ax, 1.9 + 0.4 * max(1, len(table)))
    frame(ax, title=title)
    rows(ax, list(table["label"]))
    ax.axvline(0.0, color=INK, linewidth=1.0)
    ax.set_xlim(*_limits(table))
    beside = ax.get_yaxis_transform()
    for y, row in enumerate(table.itertuples()):
        _draw(ax, y, *(float(getattr(row, name)) for name in ("value", "low", "high")))
        ax.text(1.02, y, str(row.text), transform=beside, va="center", fontsize=SMALL, color=INK)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _percent(x)))
    ax.set_xlabel("B minus A, in percent of A")
    legend_below(ax, _handles(table))
    subtitle(ax, "" if names is None else f"A: {names[0]}\nB: {names[1]}")
    return ax


def _percent(share: float) -> str:
    """As one reads it: +1,200%, -4%, +0.5%."""
    percent = 100.0 * share
    digits = 0 if abs(percent) >= 10.0 or percent == round(percent) else 1
    return f"{percent:+,.{digits}f}%" if share else "0"


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """From the lowest to the highest end, with 0 inside and some air."""
    low = min(0.0, float(table["low"].min())) if len(table) else -1.0
    high = max(0.0, float(table["high"].max())) if len(table) else 1.0
    air = 0.06 * (high - low) or 0.01
    return low - air, high + air


def _verdict(low: float, high: float) -> str:
    if low <= 0.0 <= high:
        return "no difference can be told"
    return "B is less" if high < 0.0 else "B is more"


def _draw(ax: Axes, y: int, value: float, low: float, high: float) -> None:
    color = COLORS[_verdict(low, high)]
    ax.plot([low, high], [y, y], color=color, linewidth=2.2, solid_capstyle="butt")
    for end in (low, high):
        ax.plot([end, end], [y - 0.13, y + 0.13], color=color, linewidth=1.4)
    ax.plot([value], [y], marker="o", markersize=6.5, color=color)


def _handles(table: pd.DataFrame) -> list[Line2D]:
    verdicts = {_verdict(*ends) for ends in zip(table["low"], table["high"], strict=True)}
    return [
        Line2D([], [], color=color, marker="o", linewidth=2.2, label=verdict)
        for verdict, color in COLORS.items()
        if verdict in verdicts
    ]
