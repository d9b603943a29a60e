"""Every picture: no text is cut off or lies on another, and colours can be told apart."""

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import sim
from sim import plots
from sim.plots.palette import LIMITS, PHASES
from sim.studies.one_server import memory_of_one_server
from sim.units import MiB


def starts() -> pd.DataFrame:
    """Twenty starts on each of six platforms."""
    names = ("vm", "docker", "ec2", "ecs", "fargate", "eks")
    return pd.DataFrame(
        [
            {"platform": name, "image": image, "time_to_ready_s": 2.0 + 3.0 * n + 0.1 * k}
            for n, name in enumerate(names)
            for image in ("cold", "warm")
            for k in range(20)
        ]
    )


def spans() -> pd.DataFrame:
    """Three variants with five phases each."""
    rows = []
    for variant in ("docker-cold", "ecs-cold", "fargate-cold"):
        for task in range(20):
            at = 0.0
            for phase, length in (("request", 1.0), ("pull", 8.0), ("create", 0.3), ("app", 4.0)):
                rows.append((variant, 0, task, phase, at, at + length + 0.01 * task))
                at = rows[-1][-1]
    columns = ["variant", "run", "task", "phase", "start_s", "end_s"]
    return pd.DataFrame(rows, columns=columns)


def differences() -> pd.DataFrame:
    """One that is huge, one that is none."""
    rows = [
        ("time to ready, median", 12.0, 9.0, 15.0, "12.0 s more (9 to 15)"),
        ("time to running, median", -0.04, -0.1, 0.02, "0.1 s less (0.3 less to 0.1 more)"),
        ("tasks per host", 0.5, 0.4, 0.6, "8 more"),
    ]
    return pd.DataFrame(rows, columns=["label", "value", "low", "high", "text"])


def hosts_left() -> pd.DataFrame:
    """Two platforms whose hosts go alike, and one whose stay."""
    rows = [
        (name, 0, time, left)
        for name in ("fargate", "eks-fargate")
        for time, left in ((0.0, 10), (60.0, 4))
    ]
    rows += [("ecs-asg", 0, 0.0, 10), ("ecs-asg", 0, 900.0, 9)]
    return pd.DataFrame(rows, columns=["variant", "run", "time_s", "hosts"])


def one_machine() -> Axes:
    runs = pd.DataFrame(
        {
            "variant": ["docker", "vm"],
            "time_to_ready_s_java": [12.7, 18.3],
            "time_to_ready_s_mysql": [15.1, 20.3],
            "time_to_ready_s_node": [0.9, 6.4],
        }
    )
    return plots.one_machine(memory_of_one_server(), runs)


@pytest.fixture(scope="module")
def drawn() -> dict[str, Axes]:
    """A figure of each kind."""
    found = sim.density(cpu=0.25, memory=512 * MiB, by="reservation")
    return {
        "density": plots.density_bars(found.table()),
        "memory": plots.memory_budget(found.budgets()),
        "machine": one_machine(),
        "ready": plots.ready_ecdf(starts()),
        "waterfalls": plots.waterfalls(spans()),
        "forest": plots.forest(differences()),
        "scale in": plots.scale_in_curves(hosts_left()),
    }


KINDS = ("density", "memory", "machine", "ready", "waterfalls", "forest", "scale in")


def texts(figure: Figure) -> Iterator[tuple[str, np.ndarray]]:
    """Every text that is seen, with its box in dots."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    outside = {id(text) for ax in figure.axes for text in _outside(ax)}
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if id(text) not in outside and text.get_visible() and text.get_text().strip():
            box = text.get_window_extent(canvas.get_renderer())
            if box.width > 0.0:
                yield text.get_text(), box.extents


def _outside(ax: Axes) -> Iterator[Text]:
    """Labels of ticks beyond the ends of an axis, which are not drawn."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if not low <= tick.get_loc() <= high:
                yield from (tick.label1, tick.label2)


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_is_cut_off(kind: str, drawn: dict[str, Axes]) -> None:
    figure = drawn[kind].get_figure(root=True)
    assert figure is not None
    wide, high = figure.get_size_inches() * figure.dpi
    cut = [
        text
        for text, (left, low, right, top) in texts(figure)
        if left < -1.0 or low < -1.0 or right > wide + 1.0 or top > high + 1.0
    ]

    assert cut == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_lies_on_another(kind: str, drawn: dict[str, Axes]) -> None:
    figure = drawn[kind].get_figure(root=True)
    assert figure is not None
    on_top = [
        (first, second)
        for (first, a), (second, b) in combinations(texts(figure), 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 2.0 and min(a[3], b[3]) - max(a[1], b[1]) > 2.0
    ]

    assert on_top == []


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
