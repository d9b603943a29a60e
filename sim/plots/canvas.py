"""What all figures share: axes without pyplot, a quiet frame, legends that cover nothing."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation

from sim.experiment.storage.whole_file import whole_file
from sim.plots.palette import FAINT, GRID, INK, PAPER
from sim.plots.theme import theme

WIDTH, DPI = 7.5, 120
"""Inches and dots per inch: 900 pixels, at which the text is still that of the page around."""
SMALL = 8.5
"""Points of the text in and beside bars."""
TITLE: Mapping[str, Any] = {"fontsize": 11.5, "fontweight": "bold", "color": INK}


class PlainFigure(Figure):
    """A figure whose texts are what they say, wherever it is drawn."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it."""
        with _as_it_says(self):
            super().draw(renderer)


@contextmanager
def _as_it_says(figure: Figure) -> Iterator[None]:
    """A `$` in the name of a service begins no formula, and a sign that no font has is a box.

    What is made within says so from the start; within another one there is nothing left to do.
    """
    if figure in _plain:
        yield
        return
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    _plain.add(figure)
    try:
        with rc_context({"text.parse_math": False}), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            yield
    finally:
        _plain.discard(figure)


_plain: WeakSet[Figure] = WeakSet()
"""Figures within `_as_it_says`."""


def new_figure(height: float) -> Figure:
    """An empty figure of the usual width; `height` in inches."""
    theme()
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    return PlainFigure(figsize=(WIDTH, height), dpi=DPI, layout=layout, facecolor=PAPER)


def axes(ax: Axes | None, height: float) -> Axes:
    """The axes given, or those of a new figure `height` inches high."""
    return new_figure(height).add_subplot() if ax is None else ax


def frame(ax: Axes, *, title: str, grid: str = "x") -> None:
    """A title on the left, grid lines of one direction behind the data, no box."""
    ax.set_facecolor("none")
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(INK)
    if title:
        ax.set_title(title, loc="left", **TITLE)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=INK, labelsize=9.5)
    ax.grid(axis="y" if grid == "y" else "x", color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)


def title_above(ax: Axes, pad: float) -> None:
    """Move the title up to `pad` points above the axes."""
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=pad, **TITLE)


def subtitle(ax: Axes, text: str) -> None:
    """Small lines between the title and the axes."""
    if text:
        ax.annotate(
            text,
            (0.0, 1.0),
            xytext=(0, 6),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=SMALL + 0.5,
            color=FAINT,
            va="bottom",
        )
        title_above(ax, 9.0 + 11.5 * (1 + text.count("\n")))


def heading(figure: Figure, title: str) -> None:
    """The title of a figure of several axes."""
    if title:
        figure.suptitle(title, x=0.015, ha="left", **TITLE)


def rows(ax: Axes, labels: Sequence[str]) -> None:
    """Horizontal rows, the first on top, each with its label."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def legend_below(ax: Axes, handles: Sequence[Artist | Container], *, title: str = "") -> None:
    """A legend under the axis label, read row by row, as wide as the axes.

    It lies a fixed distance in points below the axes, so it never covers the data.
    """
    figure = ax.get_figure(root=True)
    if figure is None or not handles:
        return
    columns = _columns(ax, [str(handle.get_label()) for handle in handles])
    down = ScaledTranslation(0.0, -40.0 / 72.0, figure.dpi_scale_trans)
    legend = ax.legend(
        handles=[handle for first in range(columns) for handle in handles[first::columns]],
        title=title or None,
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=ax.transAxes + down,
        borderaxespad=0.0,
        borderpad=0.0,
        ncols=columns,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        alignment="left",
        handlelength=1.4,
        columnspacing=1.4,
    )
    legend.get_title().set(fontsize=9, fontweight="bold", color=INK)


def _columns(ax: Axes, labels: Sequence[str]) -> int:
    """The most columns, up to seven, in which a legend is no wider than its axes."""
    wide = [0.56 * 9.0 * len(label) + 32.0 for label in labels]
    for columns in range(min(7, len(wide)), 1, -1):
        if sum(max(wide[first::columns]) for first in range(columns)) <= points(ax)[0]:
            return columns
    return 1


def points(ax: Axes) -> tuple[float, float]:
    """Width and height of axes in points, about, before the layout has been made."""
    figure, box = ax.get_figure(root=True), ax.get_window_extent()
    scale = 72.0 / (DPI if figure is None else figure.dpi)
    return float(box.width) * scale, float(box.height) * scale


def binary_ticks() -> MaxNLocator:
    """Ticks at 2, 4, 8, ... for an axis of memory."""
    return MaxNLocator(nbins=9, steps=[1.0, 2.0, 4.0, 8.0, 10.0])


def plain_ticks(axis: Axis) -> None:
    """Ticks of a logarithmic axis as one reads them: 0.1, 1, 10."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def fits(ax: Axes, text: str, length: float) -> bool:
    """Whether small text fits into a bar `length` data units long; the x limits are set before."""
    low, high = ax.get_xlim()
    longest = max(len(line) for line in text.split("\n"))
    return points(ax)[0] * abs(length / (high - low)) > 0.62 * SMALL * longest + 3.0


@contextmanager
def laid_out(figure: Figure) -> Iterator[None]:
    """Lay a figure out, once for all the files that are written within.

    With a layout engine, even an idle one, matplotlib draws a figure twice for each file.
    """
    engine = figure.get_layout_engine()
    with _as_it_says(figure):
        if engine is not None:
            engine.execute(figure)
        figure.set_layout_engine(None)
        try:
            yield
        finally:
            figure.set_layout_engine(engine)


def save(ax: Axes, *paths: str | os.PathLike[str], dpi: float = DPI) -> None:
    """Write the figure the axes are part of; the ending of each path says in which format.

    Each file is whole or not there. In SVG text stays text.
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("ax: these axes were removed from their figure")
    with laid_out(figure):
        for path in map(Path, paths):
            form = path.suffix[1:] or "png"
            none = {"Date": None} if form == "svg" else None  # equal figures are equal bytes
            as_text = rc_context({"svg.fonttype": "none", "svg.hashsalt": path.stem})
            with as_text, whole_file(path) as file:
                figure.savefig(file, dpi=dpi, format=form, metadata=none)
