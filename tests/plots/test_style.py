"""Every picture: no text is cut off or lies on another, and all can be read on either paper."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from each_picture import KINDS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim import plots
from sim.core.question import BadInput
from sim.plots import palette
from sim.plots.palette import LIMITS, PHASES
from sim.plots.theme import THEMES, contrast, luminance

NO_PICTURE = {"MOST_IN_GRAPH", "save", "split_phase", "theme"}


def test_every_picture_is_looked_at() -> None:
    """A new one fails here until `each_picture.py` draws it."""
    assert {kind.partition(" ")[0] for kind in KINDS} == set(plots.__all__) - NO_PICTURE


class Seen(NamedTuple):
    """A text as it is drawn, in dots."""

    text: str
    corners: np.ndarray
    color: str


@pytest.fixture(scope="module", params=KINDS)
def drawn(request: pytest.FixtureRequest) -> tuple[Figure, list[Seen]]:
    """A figure of each kind, drawn once, with all its texts."""
    figure = KINDS[request.param]().get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure, list(texts(figure))


def texts(figure: Figure) -> Iterator[Seen]:
    """Every text that is seen, where it would be drawn: nobody looks at the dots."""
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    outside = {id(text) for text in _outside(figure)}
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if id(text) not in outside and text.get_visible() and text.get_text().strip():
            corners = _corners(text, canvas)
            if np.ptp(corners[:, 0]) > 0.0:
                yield Seen(text.get_text(), corners, to_hex(text.get_color()))


def _corners(text: Text, canvas: FigureCanvasAgg) -> np.ndarray:
    """Of its box, which may be turned."""
    box = Text.get_window_extent(text, canvas.get_renderer())
    middle, turned = np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]), text.get_rotation()
    if turned:
        text.set_rotation(0.0)
        box = Text.get_window_extent(text, canvas.get_renderer())
        text.set_rotation(turned)
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [box.width / 2, box.height / 2]
    cos, sin = np.cos(np.radians(turned)), np.sin(np.radians(turned))
    return np.asarray(middle + half @ np.array([[cos, sin], [-sin, cos]]))


def _outside(figure: Figure) -> Iterator[Text]:
    """Labels of ticks beyond the ends of an axis, which are not drawn."""
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        if not axis.axes.axison:
            yield from axis.findobj(Text)
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                yield from (tick.label1, tick.label2)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """By how many dots two rectangles lie on each other, where they do least."""
    least = np.inf
    for box in (one, other):
        for side in (box[1] - box[0], box[2] - box[1]):
            along = side / np.linalg.norm(side)
            a, b = one @ along, other @ along
            least = min(least, min(a.max(), b.max()) - max(a.min(), b.min()))
    return float(least)


def test_no_text_is_cut_off(drawn: tuple[Figure, list[Seen]]) -> None:
    figure, seen = drawn
    edge = figure.get_size_inches() * figure.dpi
    cut = [
        each.text
        for each in seen
        if (each.corners < -1.0).any() or (each.corners > edge + 1.0).any()
    ]

    assert cut == []


def test_no_text_lies_on_another(drawn: tuple[Figure, list[Seen]]) -> None:
    _, seen = drawn
    low = np.array([each.corners.min(axis=0) for each in seen])
    high = np.array([each.corners.max(axis=0) for each in seen])
    near = (np.minimum(high[:, None], high) - np.maximum(low[:, None], low)).min(axis=2) > 0.0
    on_top = [
        (seen[one].text, seen[other].text)
        for one, other in np.argwhere(np.triu(near, 1))
        if overlap(seen[one].corners, seen[other].corners) > 2.0
    ]

    assert on_top == []


@pytest.fixture
def dark() -> Iterator[None]:
    """Dark paper, and light paper again."""
    plots.theme("dark")
    yield
    plots.theme("light")


@pytest.mark.usefixtures("dark")
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_is_dark_on_dark_paper(kind: str) -> None:
    """Dark text lies on a bar, as wide as it at least; all else is light."""
    figure = KINDS[kind]().get_figure(root=True)
    assert isinstance(figure, Figure)
    paper = to_hex(figure.get_facecolor())
    dim = {
        text.get_text()
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_text().strip() and text.get_visible()
        if contrast(to_hex(text.get_color()), paper) < 4.5
        and to_hex(text.get_color()) != palette.ON_BRIGHT.lower()
    }

    assert luminance(paper) < 0.02
    assert dim == set()


@pytest.mark.usefixtures("dark")
def test_all_colours_are_seen_on_dark_paper() -> None:
    """Of fills and lines: at least 3, as WCAG 2.1 (1.4.11) asks of graphics."""
    paper = THEMES["dark"]["paper"]
    colors = [
        *map(palette.platform_color, palette.PLATFORMS),
        *map(palette.limit_color, LIMITS),
        *map(palette.phase_color, PHASES),
        *map(palette.recovery_color, palette.RECOVERY),
        *(palette.memory_color(item) for item in palette.MEMORY if item != "free"),
        *map(palette.series_color, range(7)),
    ]

    assert min(contrast(color, paper) for color in colors) >= 3.0


def test_a_theme_is_light_or_dark() -> None:
    """The message names what is allowed; the one in force stays."""
    with pytest.raises(BadInput, match=r"'drak' is not allowed; light or dark; did you mean dark"):
        plots.theme("drak")

    assert plots.theme() == "light"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_ink_and_paper_are_those_of_the_theme(name: str) -> None:
    """Matplotlib knows them by name."""
    plots.theme(name)
    seen = {part: to_hex(f"berthsim:{part}").upper() for part in THEMES[name]}
    plots.theme("light")

    assert seen == THEMES[name]
    assert contrast(THEMES[name]["ink"], THEMES[name]["paper"]) > 7.0
    assert contrast(THEMES[name]["faint"], THEMES[name]["paper"]) > 4.5


def test_a_picture_is_saved_in_both_formats_and_text_stays_text(tmp_path: Path) -> None:
    """In the SVG every name can be searched for; it is made twice as the same bytes."""
    png, svg = tmp_path / "a.png", tmp_path / "a.svg"
    plots.save(KINDS["cost_steps"](), png, svg)
    first = svg.read_text()
    plots.save(KINDS["cost_steps"](), png, svg)

    assert png.read_bytes()[:4] == b"\x89PNG"
    assert ">right-sized</text>" in first
    assert svg.read_text() == first


@pytest.mark.parametrize("colors", [LIMITS, PHASES], ids=["limits", "phases"])
def test_neighbouring_colours_differ_for_the_colour_blind(colors: dict[str, str]) -> None:
    """Next to each other, as an eye without middle cones sees them (Vienot and others, 1999)."""
    seen = [_deuteranope(color) for color in dict.fromkeys(colors.values())]
    apart = [float(np.linalg.norm(a - b)) for a, b in pairwise(seen)]

    assert min(apart) > 0.06


def _deuteranope(color: str) -> np.ndarray:
    """Linear RGB as an eye without the middle cones sees it."""
    red, green, blue = ((int(color[i : i + 2], 16) / 255.0) ** 2.2 for i in (1, 3, 5))
    yellow = 0.2929 * red + 0.7071 * green
    return np.array([yellow, yellow, -0.02234 * red + 0.02234 * green + blue])


@pytest.mark.parametrize("kind", ["copies_over_time", "sweep_lines"])
def test_lines_that_are_one_are_whole_in_the_legend(kind: str) -> None:
    """Their stripes are longer than its lines, which could all lie in a gap."""
    ax = KINDS[kind]()
    legend = ax.get_legend()
    assert legend is not None
    striped = {line.get_label() for line in ax.lines if line.get_linestyle() == "--"}

    assert striped
    for line in legend.get_lines():
        assert line.get_label() not in striped or line.get_linestyle() == "-"
