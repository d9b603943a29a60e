"""Who calls whom: how often, how busy each is, and which of them stops the application."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from sim.plots.canvas import SMALL, axes, frame
from sim.plots.palette import FAINT, INK, PAPER, ink_on

TITLE = "Who calls whom, and who is busy"
MOST_IN_GRAPH = 60
"""Services that one picture takes."""
USE = LinearSegmentedColormap.from_list("use", ["#F3F7FB", "#9CC4E4", "#E69F00", "#B2351A"])
"""Of the share of the CPU in use: white is idle, red is full."""
BOX = (0.8, 0.46)
"""Width and height of a box; boxes stand one unit apart."""
WIDEST = 5.0
"""Points of the most frequent call."""

Places = Mapping[str, tuple[float, float]]


def call_graph(
    services: pd.DataFrame, calls: pd.DataFrame, ax: Axes | None = None, *, title: str = TITLE
) -> Axes:
    """Services in layers from the users on; calls as wide as they are frequent.

    Args:
        services: one row each: `service`, `use` (share of its CPU), `saturates_per_s`,
            `bottleneck` (whether it stops the application first).
        calls: one row a pair: `caller`, `callee`, `per_request`, `waited_for`.
        ax: drawn into; None: a new figure.
        title: above the axes.

    Raises:
        ValueError: there are more services than a picture takes.
    """
    if len(services) > MOST_IN_GRAPH:
        raise ValueError(
            f"services: {len(services)} are too many for a picture; at most {MOST_IN_GRAPH}"
        )
    places = _places(services, calls)
    columns = 1 + max(x for x, _ in places.values())
    rows = 1 + max(abs(y) for _, y in places.values()) * 2
    ax = axes(ax, max(2.6, min(11.0, 0.9 * rows + 1.2)))
    frame(ax, title=title)
    ax.grid(visible=False)
    ax.set_axis_off()
    most = max(calls["per_request"].max() if len(calls) else 0.0, 1e-9)
    for row in calls.itertuples():
        _arrow(ax, places, row, float(row.per_request) / most)  # type: ignore[arg-type]
    for row in services.itertuples():
        _box(ax, places[str(row.service)], row)
    ax.set_xlim(-0.6, columns - 0.4)
    ax.set_ylim(-rows / 2 - 0.15, rows / 2 + 0.15)
    _scale(ax)
    return ax


def _scale(ax: Axes) -> None:
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    bar = figure.colorbar(
        ScalarMappable(Normalize(0.0, 1.0), USE),
        ax=ax,
        orientation="horizontal",
        shrink=0.5,
        aspect=40,
        pad=0.02,
    )
    bar.set_label("share of its CPU in use; the ring is what stops it first", fontsize=9, color=INK)
    bar.set_ticks([0.0, 0.25, 0.5, 0.75, 1.0], labels=["0", "25%", "50%", "75%", "100%"])
    bar.ax.tick_params(labelsize=SMALL, colors=INK)
    bar.outline.set_visible(False)


def _places(services: pd.DataFrame, calls: pd.DataFrame) -> Places:
    """A layer behind all that call it; within a layer near the middle of its callers."""
    names = [str(name) for name in services["service"]]
    callers = {
        name: [str(c) for c in calls.loc[calls["callee"] == name, "caller"] if str(c) != name]
        for name in names
    }
    layer: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in layer:
            layer[name] = 0  # a circle of calls that nobody waits for ends here
            layer[name] = 1 + max((depth(c) for c in callers[name] if c in callers), default=-1)
        return layer[name]

    for name in names:
        depth(name)
    places: dict[str, tuple[float, float]] = {}
    for number in range(max(layer.values(), default=0) + 1):
        mine = [name for name in names if layer[name] == number]
        middle = {name: _middle(places, callers[name]) for name in mine}
        mine.sort(key=lambda name: (-middle[name], names.index(name)))
        for at, name in enumerate(mine):
            places[name] = (float(number), (len(mine) - 1) / 2.0 - at)
    return places


def _middle(places: Places, callers: list[str]) -> float:
    known = [places[caller][1] for caller in callers if caller in places]
    return math.fsum(known) / len(known) if known else 0.0


def _arrow(ax: Axes, places: Places, row: tuple[object, ...], share: float) -> None:
    caller, callee = str(row[1]), str(row[2])
    (x, y), (to_x, to_y) = places[caller], places[callee]
    waited_for = bool(row[4])
    arrow = FancyArrowPatch(
        (x + BOX[0] / 2, y),
        (to_x - BOX[0] / 2, to_y),
        arrowstyle="-|>",
        mutation_scale=9.0 + 3.0 * share,
        linewidth=0.6 + (WIDEST - 0.6) * share,
        linestyle="solid" if waited_for else (0, (2, 1.5)),
        color=FAINT,
        connectionstyle="arc3,rad=0.0" if to_x - x < 1.5 else "arc3,rad=-0.18",
        shrinkA=0.0,
        shrinkB=1.0,
        zorder=1,
    )
    ax.add_patch(arrow)
    ax.text(
        x + BOX[0] / 2 + 0.42 * (to_x - x - BOX[0]),
        y + 0.42 * (to_y - y) + 0.05,
        f"{float(str(row[3])):.2g}",
        fontsize=SMALL - 1,
        color=FAINT,
        ha="center",
        va="bottom",
        zorder=3,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
    )


def _box(ax: Axes, place: tuple[float, float], row: object) -> None:
    x, y = place
    use = min(1.0, float(row.use))  # type: ignore[attr-defined]
    color = _color(USE, use)
    ringed = bool(row.bottleneck)  # type: ignore[attr-defined]
    if ringed:
        ax.add_patch(
            _rounded(x, y, grow=0.035, facecolor="none", edgecolor="#B2351A", linewidth=2.4)
        )
    ax.add_patch(_rounded(x, y, facecolor=color, edgecolor=FAINT, linewidth=0.8))
    rate = float(row.saturates_per_s)  # type: ignore[attr-defined]
    stops = f"stops at {rate:,.0f}/s" if rate < math.inf else "no CPU work"
    ink = ink_on(color)
    name = str(row.service)  # type: ignore[attr-defined]
    ax.text(
        x,
        y + 0.085,
        _short(name),
        ha="center",
        va="center",
        fontsize=9.5,
        color=ink,
        fontweight="bold",
        zorder=4,
    )
    ax.text(
        x,
        y - 0.105,
        f"{use:.0%}, {stops}",
        ha="center",
        va="center",
        fontsize=SMALL - 1.2,
        color=ink,
        zorder=4,
    )


def _rounded(x: float, y: float, grow: float = 0.0, **style: object) -> FancyBboxPatch:
    return FancyBboxPatch(
        (x - BOX[0] / 2 - grow, y - BOX[1] / 2 - grow),
        BOX[0] + 2 * grow,
        BOX[1] + 2 * grow,
        boxstyle="round,pad=0,rounding_size=0.08",
        zorder=2,
        **style,  # type: ignore[arg-type]
    )


def _short(name: str, most: int = 17) -> str:
    return name if len(name) <= most else f"{name[: most - 2]}.."


def _color(scale: Colormap, share: float) -> str:
    return str(to_hex(scale(share))).upper()
