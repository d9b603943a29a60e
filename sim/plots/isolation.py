"""How much slower neighbours are, by what one of them hogs and by how they are kept apart."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from sim.plots.canvas import axes
from sim.plots.palette import FAINT, INK, ink_on

TITLE = "Slow-down at p95 beside one bad neighbour (1.00: none)"
UP_TO = "up to: at the high end of what was not measured"
WORST = 4.0
"""Slow-down from which the colour is the darkest."""

_SHADES = LinearSegmentedColormap.from_list("slower", ["#F2F7F5", "#FBE3C0", "#D55E00"])


def isolation_matrix(ways: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE) -> Axes:
    """A cell for each hog and each way to run beside it: p95, and who is killed.

    Args:
        ways: one row a cell: `bad`, `way`, `p95_slowdown`, `killed`, and `p95_slowdown_high` where
            something was not measured.
        ax: drawn into; None: a new figure.
        title: above the axes.
    """
    bads, names = list(ways["bad"].unique()), list(ways["way"].unique())
    ax = axes(ax, 1.4 + 0.62 * len(names))
    ax.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK)
    ax.set_xlim(-0.5, len(bads) - 0.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xticks(range(len(bads)), bads)
    ax.set_yticks(range(len(names)), [name.replace(", ", ",\n") for name in names])
    ax.tick_params(length=0, colors=INK, labelsize=9.5)
    ax.spines[:].set_visible(False)
    for cell in ways.to_dict("records"):
        _cell(ax, bads.index(cell["bad"]), names.index(cell["way"]), cell)
    ax.set_facecolor("none")
    if "p95_slowdown_high" in ways and ways["p95_slowdown_high"].notna().any():
        ax.set_xlabel(UP_TO, fontsize=8.5, color=FAINT, loc="left")
    return ax


def _cell(ax: Axes, x: int, y: int, cell: Mapping[Any, Any]) -> None:
    slow, killed, high = _number(cell["p95_slowdown"]), _number(cell["killed"]), np.nan
    if cell.get("p95_slowdown_high") is not None:
        high = _number(cell["p95_slowdown_high"])
    depth = 1.0 if killed else min(1.0, max(0.0, slow - 1.0) / (WORST - 1.0))
    red, green, blue, _ = _SHADES(depth)
    color = f"#{round(255 * red):02X}{round(255 * green):02X}{round(255 * blue):02X}"
    ax.barh(y, 0.96, left=x - 0.48, height=0.92, color=color)
    text = f"{killed:.0f} killed" if killed else f"{slow:.2f}"
    small = f"up to {high:.1f}" if np.isfinite(high) and not killed else ""
    ax.text(x, y - (0.1 if small else 0.0), text, ha="center", va="center", color=ink_on(color))
    ax.text(x, y + 0.24, small, ha="center", va="center", fontsize=7.5, color=ink_on(color))


def _number(value: object) -> float:
    return float(str(value))
