"""Measured phases over what was fitted to them, a panel each, with what their stamps leave open."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.plots.canvas import SMALL, frame, heading, new_figure
from sim.plots.palette import FAINT, INK, phase_color

MOST_PANELS = 6
ACROSS = 2


def fitted_phases(measured: pd.DataFrame, fitted: pd.DataFrame, *, title: str = "") -> Axes:
    """Steps: the share of the starts that took so long; line: what was fitted.

    Args:
        measured: one row a start and phase: `phase`, `seconds`, and `low_s` and `high_s`, between
            which it lies (s).
        fitted: points of each distribution: `phase`, `seconds`, `share`.
        title: of the whole.
    """
    names = list(dict.fromkeys(measured["phase"]))[:MOST_PANELS]
    down = math.ceil(len(names) / ACROSS)
    across = min(ACROSS, len(names))
    figure = new_figure(0.7 + 2.6 * down)
    panels = figure.subplots(down, across, squeeze=False)
    heading(figure, title)
    for place, name in enumerate(names):
        ax = panels[place // across][place % across]
        _panel(ax, name, measured[measured["phase"] == name], fitted[fitted["phase"] == name])
    for place in range(len(names), down * across):
        panels[place // across][place % across].set_visible(False)
    first: Axes = panels[0][0]
    return first


def _panel(ax: Axes, name: str, measured: pd.DataFrame, fitted: pd.DataFrame) -> None:
    color = phase_color(name.split(",", maxsplit=1)[0].rsplit(" ", maxsplit=1)[-1])
    frame(ax, title="", grid="y")
    ax.set_title(f"{name}  (n = {len(measured)})", loc="left", fontsize=10, color=INK)
    coarse = bool((measured["high_s"] - measured["low_s"]).median() > 0.5)
    if coarse:
        _band(ax, measured, color)
    ax.ecdf(measured["seconds"], color=color, linewidth=2.0)
    ax.plot(fitted["seconds"], fitted["share"], color=INK, linewidth=1.1, linestyle="--")
    ax.set_ylim(0.0, 1.04)
    longest = float(np.quantile(measured["high_s"], 0.98))
    ax.set_xlim(0.0, 1.15 * longest if longest > 0.0 else 1.0)
    ax.set_xlabel("seconds", fontsize=9)
    ax.set_ylabel("share of the starts", fontsize=9)
    words = "steps: measured\ndashed: fitted"
    ax.annotate(
        f"{words}\nband: whole seconds" if coarse else words,
        (0.98, 0.06),
        xycoords="axes fraction",
        ha="right",
        fontsize=SMALL - 1.0,
        color=FAINT,
    )


def _band(ax: Axes, measured: pd.DataFrame, color: str) -> None:
    """Between the shares if all were as short, and as long, as they can have been."""
    low, high = np.sort(measured["low_s"]), np.sort(measured["high_s"])
    at = np.unique(np.concatenate([low, high]))
    most = np.searchsorted(low, at, side="right") / len(low)
    least = np.searchsorted(high, at, side="right") / len(high)
    ax.fill_between(at, least, most, step="post", color=color, alpha=0.25, linewidth=0.0)
