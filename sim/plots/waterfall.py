"""The phases of a start one after the other, from the request until it is ready."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.core.quantity import shown_duration
from sim.experiment.frames import lengths, phases_around
from sim.experiment.statistics.estimate import TooFew
from sim.plots.canvas import SMALL, axes, fits, frame, legend_below, rows, subtitle
from sim.plots.palette import (
    FAINT,
    INK,
    PHASES,
    image_name,
    in_order,
    ink_on,
    phase_color,
    phase_name,
    platform_name,
    platform_order,
)

Bar = tuple[str, "pd.Series[float] | str", str]
"""Its label, seconds by phase or why there are none, and what became of starts that failed."""

MEDIAN, P95 = 0.50, 0.95


def waterfall(spans: pd.DataFrame, ax: Axes | None = None, *, title: str = "") -> Axes:
    """The median and the p95 start of one variant, a row each.

    The phases of a row are those of the starts around that quantile and sum to its total; p95 is
    drawn from 20 starts on.

    Args:
        spans: one row a phase of a start that became ready: `run`, `task`, `phase`, `start_s`,
            `end_s` (s); phases tile their start.
        ax: drawn into; None: a new figure.
        title: above the axes.

    Raises:
        ValueError: there are several variants.
    """
    if "variant" in spans.columns and len(spans["variant"].unique()) > 1:
        raise ValueError("spans: of several variants; filter to one, or use waterfalls()")
    wide = lengths(spans)
    bars: list[Bar] = [
        ("median start", _phases(wide, MEDIAN), ""),
        ("p95 start", _phases(wide, P95), ""),
    ]
    return _draw(bars, axes(ax, 2.7), title or "Where a start spends its time", [len(wide)])


def waterfalls(
    spans: pd.DataFrame,
    ax: Axes | None = None,
    *,
    quantile: float = MEDIAN,
    title: str = "",
    app: str = "",
    asked: Mapping[str, int] | None = None,
) -> Axes:
    """The median start of each variant, a row each, so that platforms can be compared.

    Args:
        spans: as for `waterfall`, with `variant` (a platform, and `-cold`, `-lazy` or `-warm`).
        ax: drawn into; None: a new figure.
        quantile: of the time to ready; 0.5 is the median start.
        title: above the axes; empty: one that names the quantile and the app.
        app: whose starts they are.
        asked: starts of each variant, where not all became ready: a row shows only those that
            did, and says how many they are. Few that were let through are quick: such a row comes
            after those of which all became ready, pale, with the number that failed.
    """
    bars: list[Bar] = []
    counts: list[int] = []
    for variant in _order(spans["variant"]):
        wide = lengths(spans[spans["variant"] == variant])
        of = "" if asked is None else f"\n({len(wide)} of {asked[variant]} ready)"
        counts += [len(wide)] if asked is None else []
        lost = 0 if asked is None else asked[variant] - len(wide)
        bars.append(
            (_label(variant) + of, _phases(wide, quantile), f"{lost} failed" if lost else "")
        )
    bars.sort(key=lambda bar: bool(bar[2]))
    which = "median" if quantile == MEDIAN else f"p{100.0 * quantile:g}"
    title = title or f"Where the {which} start{f' of {app}' if app else ''} spends its time"
    ax = axes(ax, 1.9 + (0.46 if asked is None else 0.6) * len(bars))
    return _draw(bars, ax, title, counts)


def _phases(wide: pd.DataFrame, quantile: float) -> "pd.Series[float] | str":
    try:
        return phases_around(wide, quantile)
    except TooFew as error:
        return str(error)


def _draw(bars: list[Bar], ax: Axes, title: str, counts: Sequence[int]) -> Axes:
    """Rows, below a title with the number of starts that each stands for."""
    frame(ax, title=title)
    if counts:
        few, many = min(counts), max(counts)
        each = "" if len(counts) == 1 else " in each row"
        subtitle(ax, f"of {few if few == many else f'{few} to {many}'} starts{each}")
    rows(ax, [label for label, _, _ in bars])
    known = [phases for _, phases, _ in bars if not isinstance(phases, str)]
    beside = 1.28 if any(failed for _, _, failed in bars) else 1.12
    ax.set_xlim(0.0, beside * max([float(phases.sum()) for phases in known], default=1.0))
    for y, (_, phases, failed) in enumerate(bars):
        if isinstance(phases, str):
            ax.text(0.0, y, f" {phases}", va="center", fontsize=SMALL, color=FAINT)
        else:
            _row(ax, y, phases, failed)
    ax.set_xlabel("seconds since the request")
    there = in_order((str(p) for phases in known for p in phases[phases > 0.0].index), PHASES)
    legend_below(ax, [Patch(facecolor=phase_color(p), label=phase_name(p)) for p in there])
    return ax


def _row(ax: Axes, y: int, phases: "pd.Series[float]", failed: str) -> None:
    """Bars from 0 to the total; each with its name and time as far as they fit.

    Args:
        failed: how many starts are not in it; empty where all became ready.
    """
    begins = phases.cumsum() - phases
    names = [str(phase) for phase in phases.index]
    bars = list(zip(begins, phases, strict=True))
    ax.broken_barh(
        bars,
        (y - 0.31, 0.62),
        facecolors=[phase_color(name) for name in names],
        linewidth=0.0,
        alpha=0.3 if failed else 1.0,
    )
    for name, (begin, length) in zip(names, bars, strict=True):
        for text in (f"{phase_name(name)} {shown_duration(length)}", shown_duration(length)):
            if fits(ax, text, length):
                color = INK if failed else ink_on(phase_color(name))
                middle = begin + length / 2.0
                ax.text(middle, y, text, ha="center", va="center", fontsize=SMALL, color=color)
                break
    total = float(phases.sum())
    ax.annotate(
        ", ".join(filter(None, (shown_duration(total), failed))),
        (total, y),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=9.5,
        fontweight="bold",
        color=INK,
    )


def _order(variants: Iterable[str]) -> list[str]:
    """By platform, then cold before warm, each once."""
    distinct = list(dict.fromkeys(variants))
    by_platform = platform_order(_parts(variant)[0] for variant in distinct)
    return sorted(distinct, key=lambda v: (by_platform.index(_parts(v)[0]), _parts(v)[1]))


def _parts(variant: str) -> tuple[str, str]:
    """`ecs-awsvpc-warm` is (`ecs-awsvpc`, `warm`)."""
    platform, _, image = variant.rpartition("-")
    return (platform, image) if image in ("cold", "lazy", "warm") else (variant, "")


def _label(variant: str) -> str:
    platform, image = _parts(variant)
    return platform_name(platform) + (f", {image_name(platform, image)}" if image else "")
