"""Platforms for an application: what each costs a month, against how soon all of it is up."""

from collections.abc import Iterable, Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from sim.plots.canvas import SMALL, axes, frame, legend_below
from sim.plots.palette import FAINT, INK, PAPER, platform_color, platform_order

LETTER, LINE = 0.0125, 0.05
"""Width of a letter and height of a line of small text, as shares of the axes."""

DOT = 0.014
"""Half the width of a point, likewise."""

ONE = 0.02
"""Points as near to each other as that are seen as one, and have one label."""

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
        ax.plot(warm, cost, "o", color=PAPER, markeredgecolor=color, markersize=7)
    ax.plot(cold, cost, "o", color=color, markersize=8)
    if row["chosen"]:
        ax.plot(cold, cost, "o", color="none", markeredgecolor=INK, markersize=15)


def _labels(ax: Axes, known: pd.DataFrame) -> None:
    """A name at each point where it covers no other and no point, with a line where it is far."""
    right, top = ax.get_xlim()[1], ax.get_ylim()[1]
    xs, ys = known["ready_cold_p50_s"] / right, known["usd_per_month"] / top
    warm = known["ready_warm_p50_s"].fillna(known["ready_cold_p50_s"]) / right
    dots = [*zip(xs, ys, strict=True), *zip(warm, ys, strict=True)]
    taken: list[tuple[float, float, float]] = []
    for label, x, y in _names(zip(known["label"], xs, ys, strict=True)):
        half = max(map(len, label.split("\n"))) * LETTER / 2.0
        others = [dot for dot in dots if abs(dot[0] - x) > ONE or abs(dot[1] - y) > ONE]
        places = list(_places(x, y, half, label.count("\n")))
        free = (
            place
            for place in places
            if all(_is_free(taken, others, place[0], place[1] + up, half) for up in _lines(label))
        )
        at = next(free, places[0])
        taken += [(at[0], at[1] + up, half) for up in _lines(label)]
        ax.annotate(
            label,
            (x, y),
            xytext=at,
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="center",
            va="center",
            fontsize=SMALL,
            color=INK,
            arrowprops=None
            if at in places[:NEAR]
            else {"arrowstyle": "-", "color": FAINT, "linewidth": 0.8, "shrinkB": 5},
        )


def _names(points: Iterable[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """From below upwards; what lies on one spot has one label, a line each."""
    named: list[tuple[str, float, float]] = []
    for label, x, y in sorted(points, key=lambda point: (point[2], point[1])):
        same = (
            number
            for number, (_, a, b) in enumerate(named)
            if abs(a - x) <= ONE and abs(b - y) <= ONE
        )
        at = next(same, None)
        if at is None:
            named.append((label, x, y))
        else:
            named[at] = (f"{named[at][0]}\n{label}", *named[at][1:])
    return named


def _lines(label: str) -> list[float]:
    """How far the middle of each line of a label is above that of the label."""
    many = label.count("\n")
    return [(number - many / 2.0) * LINE for number in range(many + 1)]


NEAR = 4
"""Places at which a label needs no line to its point."""


def _places(x: float, y: float, half: float, more: int) -> Iterator[tuple[float, float]]:
    """Where a label of `more` lines than one may stand: around its point, then ever higher."""
    up = LINE + more * LINE / 2.0
    yield x, y + up
    yield x + half + 0.025, y
    yield x, y - up
    yield x - half - 0.025, y
    for line in range(1, 20):
        for aside in (0.0, half, -half):
            yield x + aside, y + up + line * LINE
            yield x + aside, y - up - line * LINE


def _is_free(
    taken: list[tuple[float, float, float]],
    dots: list[tuple[float, float]],
    x: float,
    y: float,
    half: float,
) -> bool:
    """Whether a label there is within the axes, and covers no label and no point."""
    inside = x - half >= 0.0 and x + half <= 1.0 and y >= LINE / 2.0
    labels = all(abs(x - a) >= half + wide or abs(y - b) >= 0.99 * LINE for a, b, wide in taken)
    points = all(abs(x - a) >= half + DOT or abs(y - b) >= LINE / 2.0 + DOT for a, b in dots)
    return inside and labels and points


def _handles(known: pd.DataFrame) -> list[Line2D]:
    handles = [_dot("from a cold image", color=FAINT)]
    if known["ready_warm_p50_s"].notna().any():
        handles.append(_dot("image there already", color=PAPER, edge=FAINT))
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
