"""The share of starts that are ready after so many seconds, by platform, cold and warm."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sim.plots.canvas import SMALL, axes, frame
from sim.plots.lines import name_ends
from sim.plots.palette import FAINT, image_name, platform_color, platform_name, platform_order

TITLE = "How soon {app} is ready"
MARKS = (0.50, 0.95)
"""Quantiles with a line of their own."""
TENTHS = 10.0
"""Seconds below which a title has tenths: a table says the median *start*, which is one of them."""
STYLES = {"cold": "-", "lazy": ":", "warm": "--"}
"""Line styles, by what has to be pulled."""


def ready_ecdf(
    starts: pd.DataFrame, ax: Axes | None = None, *, app: str = "one", title: str = ""
) -> Axes:
    """Empirical distribution of the time to ready: solid: a cold image, dashed: a warm one.

    Args:
        starts: one row a start that became ready: `platform` (or `variant`), `time_to_ready_s` (s,
            from the request), and `image` (a key of `STYLES`; solid where there is no such column).
        ax: drawn into; None: a new figure.
        app: whose starts they are.
        title: above the axes; empty: with the medians.
    """
    ax = axes(ax, 5.0)
    frame(ax, title=title or TITLE.format(app=app) + _medians(starts), grid="y")
    if "platform" not in starts.columns:
        starts = starts.assign(platform=starts["variant"])
    told = "image" in starts.columns
    if not told:
        starts = starts.assign(image="cold")
    sizes = starts.groupby(["platform", "image"]).size().unique()
    lines = [
        _step(ax, name, image if told else "", times, count=len(sizes) > 1)
        for name in platform_order(starts["platform"])
        for image, times in _images(starts[starts["platform"] == name])
    ]
    ax.set_ylim(0.0, 1.0)
    ax.set_xlim(left=0.0)
    ax.set_xlabel("seconds since the request")
    each = f"{sizes[0]} starts each" if len(sizes) == 1 else "the starts that became ready"
    ax.set_ylabel(f"share of {each}")
    for mark in MARKS:
        _mark(ax, mark)
    name_ends(ax, lines, at="top")
    return ax


def _medians(starts: pd.DataFrame) -> str:
    """From the quickest to the slowest of the lines."""
    lines = [each for each in ("platform", "variant", "image") if each in starts.columns]
    medians = starts.groupby(lines)["time_to_ready_s"].median()
    if medians.empty:
        return ""
    low, high = (f"{at:.{0 if at >= TENTHS else 1}f}" for at in (medians.min(), medians.max()))
    return f": {low} s (median)" if low == high else f": {low} to {high} s (medians)"


def _images(starts: pd.DataFrame) -> "list[tuple[str, pd.Series[float]]]":
    """The times of each temperature there is, cold first."""
    times = starts["time_to_ready_s"]
    known = [image for image in STYLES if (starts["image"] == image).any()]
    return [(image, times[starts["image"] == image]) for image in known]


def _step(ax: Axes, platform: str, image: str, times: "pd.Series[float]", *, count: bool) -> Line2D:
    parts = (platform_name(platform), image_name(platform, image))
    name = ", ".join(part for part in parts if part)
    label = name + (f" (n = {len(times)})" if count else "")
    style = STYLES.get(image, "-")
    return ax.ecdf(
        times, label=label, color=platform_color(platform), linestyle=style, linewidth=2.0
    )


def _mark(ax: Axes, quantile: float) -> None:
    ax.axhline(quantile, color=FAINT, linewidth=0.8, linestyle=":", zorder=1)
    ax.annotate(
        f"p{100.0 * quantile:.0f}",
        (1.0, quantile),
        xycoords=ax.get_yaxis_transform(),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=FAINT,
    )
