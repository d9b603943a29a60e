"""Words in pictures are what they say, whatever they are."""

from io import BytesIO
from pathlib import Path

import pytest

from sim.plots import save
from sim.plots.canvas import axes, frame, rows, subtitle

NAMES = ["$batch/$metadata", r"w$\frac$", "$^$", "ウェブ", "a_b^c", "\\", "$1 or $2"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_neither_a_formula_nor_a_warning(name: str, tmp_path: Path) -> None:
    """As a label, a title and a tick; in both formats, and where a notebook draws it."""
    ax = axes(None, 2.0)
    rows(ax, [name, "plain"])
    ax.set_xlabel(name)
    subtitle(ax, name)
    frame(ax, title=name)
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.savefig(BytesIO(), bbox_inches="tight")
    save(ax, tmp_path / "a.png", tmp_path / "a.svg")

    assert (tmp_path / "a.svg").read_text(encoding="utf-8").count(f">{name}<") == 4
