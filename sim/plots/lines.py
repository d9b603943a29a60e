"""What figures of lines share: names at their ends, and none hidden behind another."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.plots.canvas import SMALL, points, title_above
from sim.plots.palette import INK

SLANT = 40.0
"""Degrees of the names above a figure."""
LINE = 1.3 * SMALL
"""Points from one line of text to the next."""
AWAY = 20.0
"""Points from the axes to the names; a thin line leads there from the end of the line."""
ALIKE, NEAR = 0.95, 0.006
"""Two lines are one where this share of their points is as near, as a share of the axes."""
DASH = 4.0
"""Widths of a line from one stripe of lines that are one to the next."""


def name_ends(ax: Axes, lines: Sequence[Line2D], *, at: Literal["top", "right"]) -> None:
    """Write the label of each line at its end, beyond the axes; the limits are set before.

    Names keep the order of the ends and are moved no further than it takes for none to lie on
    another. Lines that are one are striped in the colours of all.
    """
    stripe(ax, lines)
    ends = [_end(ax, line) for line in lines]
    wide, high = points(ax)
    along, length = (0, wide) if at == "top" else (1, high)
    gap = LINE / (math.sin(math.radians(SLANT)) if at == "top" else 1.0) / length
    order = sorted(range(len(lines)), key=lambda number: ends[number][along])
    places = spread([ends[number][along] for number in order], gap)
    for number, place in zip(order, places, strict=True):
        where = (place, 1.0 + AWAY / high) if at == "top" else (1.0 + AWAY / wide, place)
        _name(ax, lines[number], ends[number], where, slanted=at == "top")
    if at == "top":
        longest = max((len(str(line.get_label())) for line in lines), default=0)
        title_above(ax, 10.0 + AWAY + 0.52 * SMALL * longest * math.sin(math.radians(SLANT)))


def _end(ax: Axes, line: Line2D) -> tuple[float, float]:
    """The last point of a line, as shares of the axes."""
    x, y = _shares(ax, line)[-1]
    return min(1.0, max(0.0, float(x))), min(1.0, max(0.0, float(y)))


def _shares(ax: Axes, line: Line2D) -> np.ndarray:
    ax.get_xlim(), ax.get_ylim()  # asked for, limits that follow the data are made
    data = np.column_stack([np.asarray(line.get_xdata()), np.asarray(line.get_ydata())])
    shares = (ax.transScale + ax.transLimits).transform(data.astype(float))
    return np.asarray(shares[np.isfinite(shares).all(axis=1)])


def _name(
    ax: Axes,
    line: Line2D,
    end: tuple[float, float],
    where: tuple[float, float],
    *,
    slanted: bool,
) -> None:
    ax.annotate(
        str(line.get_label()),
        end,
        xytext=where,
        xycoords="axes fraction",
        textcoords="axes fraction",
        annotation_clip=False,
        fontsize=SMALL,
        color=INK,
        ha="left",
        va="bottom" if slanted else "center",
        rotation=SLANT if slanted else 0.0,
        rotation_mode="anchor",
        arrowprops={
            "arrowstyle": "-",
            "color": line.get_color(),
            "linewidth": 1.0,
            "shrinkA": 1.0,
            "shrinkB": 0.0,
            "relpos": (0.0, 0.0) if slanted else (0.0, 0.5),
        },
    )


def spread(wanted: Sequence[float], gap: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """Places at least `gap` apart, as near as can be (least squares) to those that are wanted.

    Isotonic regression by pooling adjacent violators: R. E. Barlow and others, *Statistical
    Inference under Order Restrictions* (1972).

    Args:
        wanted: in rising order.
        low: the first place is not below it.
        high: the last is not above it, as far as all have room.
    """
    pools: list[tuple[float, int]] = []  # sum of what is wanted less the gaps before it; how many
    for number, place in enumerate(wanted):
        pools.append((place - number * gap, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            (total, many), (before, few) = pools.pop(), pools.pop()
            pools.append((total + before, many + few))
    last = max(low, high - (len(wanted) - 1) * gap)
    shifts = [min(last, max(low, total / many)) for total, many in pools for _ in range(many)]
    return [shift + number * gap for number, shift in enumerate(shifts)]


def stripe(ax: Axes, lines: Sequence[Line2D]) -> None:
    """Draw lines that are one in stripes, so that the colours of all are seen."""
    groups: list[list[Line2D]] = []
    for line in lines:
        same = next((group for group in groups if _alike(ax, group[0], line)), None)
        if same is None:
            groups.append([line])
        else:
            same.append(line)
    for group in groups:
        for number, line in enumerate(group[1:], 1):
            rest = len(group) - number
            line.set_linestyle((rest * DASH, (DASH, (len(group) - 1) * DASH)))
            line.set_zorder(group[0].get_zorder() + 0.01 * number)


def _alike(ax: Axes, one: Line2D, other: Line2D) -> bool:
    a, b = _shares(ax, one), _shares(ax, other)
    return a.shape == b.shape and bool(np.mean(abs(a - b).max(axis=1) < NEAR) >= ALIKE)
