"""Light or dark: the colours of paper and ink, and of what lies on them.

Ink and paper are matplotlib's named colours `berthsim:ink`, `berthsim:paper` and so on; a theme
says what they are. Hues stay, but are lightened where they would not be seen on dark paper.
"""

import math
import os
from collections.abc import Mapping
from difflib import get_close_matches

from sim.core.names import shown
from sim.core.question import BadInput

VARIABLE = "BERTHSIM_THEME"
"""The environment variable that names the theme: light, if it is not set."""

THEMES: Mapping[str, Mapping[str, str]] = {
    "light": {"ink": "#222222", "faint": "#6A6A6A", "grid": "#DDDDDD", "paper": "#FFFFFF"},
    "dark": {"ink": "#EDEDED", "faint": "#A8ADB4", "grid": "#3A4048", "paper": "#16191D"},
}
INSTEAD: Mapping[str, str] = {"#F1F1F1": "#2A2F36", "#EFEFEF": "#2A2F36", "#DDDDDD": "#3A4048"}
"""What the faint fills of light paper are on dark paper."""
SEEN = 3.0
"""Least contrast of a fill or a line with dark paper (WCAG 2.1, 1.4.11)."""


def theme(name: str | None = None) -> str:
    """The theme of all figures that are drawn from now on.

    Args:
        name: `light` or `dark`; None: as it is, which is what `BERTHSIM_THEME` says until another
            is chosen.

    Returns:
        The theme in force.

    Raises:
        BadInput: there is no such theme.
    """
    if name is None:
        name = _chosen[-1] if _chosen else os.environ.get(VARIABLE) or "light"
    if name not in THEMES:
        close = get_close_matches(name, THEMES, 1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise BadInput(f"{VARIABLE}: {shown(name)} is not allowed; light or dark{meant}")
    if _chosen != [name]:
        from matplotlib.colors import get_named_colors_mapping

        colors = get_named_colors_mapping()
        for part, color in THEMES[name].items():
            colors[f"berthsim:{part}"] = color  # each by itself: that forgets what it was
        _chosen[:] = [name]
    return name


_chosen: list[str] = []


def themed(color: str) -> str:
    """A colour `#RRGGBB` as it is on the paper of the theme."""
    if theme() == "light":
        return color
    return INSTEAD.get(color) or _lightened(color, THEMES["dark"]["paper"])


def contrast(one: str, other: str) -> float:
    """Of two colours `#RRGGBB`: from 1, none, to 21, black on white (WCAG 2.1)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    """From 0, black, to 1, white."""
    red, green, blue = (math.pow(int(color[i : i + 2], 16) / 255.0, 2.2) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lightened(color: str, paper: str) -> str:
    """With as much white, in steps of a tenth, as it takes to be seen."""
    parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    for tenths in range(11):
        mixed = [round(part + (255 - part) * tenths / 10.0) for part in parts]
        seen = "#{:02X}{:02X}{:02X}".format(*mixed)
        if contrast(seen, paper) >= SEEN:
            return seen
    return "#FFFFFF"
