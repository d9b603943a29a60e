"""Which figures a run can be drawn as: those that its tables have the columns for."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim import plots
from sim.plots.theme import THEMES, theme
from sim.studies.platforms import label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.experiment import Results


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure of a run, as SVG that stands in a page."""

    name: str
    svg: str


Draw = Callable[["Results"], "Axes | None"]
"""None where the run has not what the figure is of."""


def figures_of(results: Results) -> Iterator[ReportFigure]:
    """Every figure that the tables of a run allow."""
    for name, axes in drawn(results):
        yield ReportFigure(name, as_svg(axes, name))
    machines = None if results.folder is None else results.folder / MACHINES
    if machines is not None and machines.exists():
        import pandas as pd

        yield ReportFigure("machines", as_svg(plots.machines(pd.read_csv(machines)), "machines"))


def drawn(results: Results) -> Iterator[tuple[str, Axes]]:
    """Name and axes of all but that of the machines."""
    for name, draw in _FIGURES.items():
        axes = draw(results)
        if axes is not None:
            yield name, axes


MACHINES = "machines.csv"
"""Where a plan keeps what is on each machine."""


def as_svg(axes: Axes, name: str) -> str:
    """The figure that axes belong to, inline: its ink follows the page, and it names no address.

    Args:
        name: keeps the ids of several figures apart.
    """
    import matplotlib as mpl

    from sim.plots.canvas import laid_out

    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("axes: they were removed from their figure")
    text = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    as_text = mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"})
    with as_text, laid_out(figure):
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    return _inline(text.getvalue())


def _inline(svg: str) -> str:
    """Without prologue, metadata and name spaces, which HTML knows; with colours of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    colors = THEMES[theme()]
    inks = {color: part for part, color in colors.items() if part != "paper"}
    for color, name in {**inks, "#000000": "ink"}.items():
        svg = re.sub(re.escape(color), f"var(--{name})", svg, flags=re.IGNORECASE)
    paper = re.compile(f"(<(?!text)[^>]*){colors['paper']}", re.IGNORECASE)
    while paper.search(
        svg
    ):  # what is open shows the card below; words on a colour stay as they are
        svg = paper.sub(r"\1var(--card)", svg)
    return re.sub(
        r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" role="img">', svg, count=1
    )


def _density(results: Results) -> Axes | None:
    table = results.summary
    wanted = {"platform", "host", "count", "stopped_by"}
    return plots.density_bars(table) if wanted <= set(table.columns) else None


def _platforms(results: Results) -> Axes | None:
    """Of a plan; the first platform is the recommended one."""
    table = results.summary
    if not {"platform", "usd_per_month", "ready_cold_p50_s"} <= set(table.columns):
        return None
    if table[["usd_per_month", "ready_cold_p50_s"]].dropna().empty:
        return None
    first = [place == 0 for place in range(len(table))]
    return plots.cost_and_readiness(
        table.assign(label=[label(name) for name in table["platform"]], chosen=first)
    )


def _phases(results: Results) -> Axes | None:
    """Where the time of a typical start goes; of a plan that is many services at once."""
    tiles = results.tiling()
    if tiles.empty or results.manifest["scenario"] in ("plan", "scale", "lifecycle"):
        return None
    variants = len(tiles["variant"].unique())
    if variants > MOST_VARIANTS:
        return None
    return plots.waterfalls(tiles) if variants > 1 else plots.waterfall(tiles)


FEW, MOST_CURVES = 5, 12
"""Starts from which on, and variants up to which, times to ready are drawn as curves."""
NO_CURVES = ("plan", "scale", "lifecycle")
"""Scenarios whose starts are of many services, or have a figure of their own."""

MOST_VARIANTS = 24
"""Variants that are drawn below one another."""


def _ready(results: Results) -> Axes | None:
    """Times to ready; of a sweep its own figure says more."""
    starts, scenario = results.starts(), results.manifest["scenario"]
    names = starts["variant"].astype(str)
    if scenario == "startup" and len(starts):
        parts = names.str.rpartition("-")
        return plots.ready_ecdf(starts.assign(platform=parts[0], image=parts[2]))
    if len(starts) < FEW or scenario in NO_CURVES or len(results.points.columns) > 1:
        return None
    few = names.nunique() <= MOST_CURVES
    return plots.ready_ecdf(starts.assign(variant=names)) if few else None


def _scale(results: Results) -> Axes | None:
    starts = results.starts()
    grown = results.manifest["scenario"] == "scale" and not starts.empty
    return plots.scale_curves(starts) if grown else None


def _scale_in(results: Results) -> Axes | None:
    samples = results.samples
    mine = samples[samples["resource"] == "hosts"]
    if mine.empty:
        return None
    return plots.scale_in_curves(mine.rename(columns={"used": "hosts"}))


def _lifecycle(results: Results) -> Axes | None:
    table = results.summary
    return plots.lifecycle(table) if {"step", "phase", "start_s"} <= set(table.columns) else None


def _host(results: Results) -> Axes | None:
    samples = results.samples
    if not {"cpu", "memory"} <= set(samples["resource"].unique()):
        return None
    return plots.host_timeline(samples)[0]


def _sweep(results: Results) -> Axes | None:
    fields = list(results.points.columns[1:])
    table = results.summary
    known = "time_to_ready_s" in table and table["time_to_ready_s"].notna().any()
    if not fields or len(fields) > 2 or not known:
        return None
    by = fields[0] if len(fields) == 2 else None
    return plots.sweep_lines(table, fields[-1], by)


_FIGURES: dict[str, Draw] = {
    "platforms": _platforms,
    "density": _density,
    "ready": _ready,
    "phases": _phases,
    "scale": _scale,
    "scale-in": _scale_in,
    "lifecycle": _lifecycle,
    "sweep": _sweep,
    "host": _host,
}
"""In the order of the page."""


def numeric(frame: pd.DataFrame) -> list[bool]:
    """Which columns of a table hold numbers."""
    return [kind.kind in "fiu" for kind in frame.dtypes]
