"""Pictures of calls: what is in the table is in the picture."""

import math

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from sim import plots

SERVICES = pd.DataFrame(
    [
        ("front", 0.2, 400.0, False),
        ("shop", 0.9, 110.0, True),
        ("db", 0.4, 250.0, False),
        ("mail", 0.0, math.inf, False),
    ],
    columns=["service", "use", "saturates_per_s", "bottleneck"],
)
CALLS = pd.DataFrame(
    [
        ("front", "shop", 1.0, True),
        ("shop", "db", 3.0, True),
        ("front", "db", 0.5, True),
        ("shop", "mail", 0.1, False),
    ],
    columns=["caller", "callee", "per_request", "waited_for"],
)


def texts(ax: Axes) -> str:
    return "\n".join(text.get_text() for text in ax.texts)


def test_a_service_stands_behind_all_that_call_it_and_the_bottleneck_is_ringed() -> None:
    """Four boxes and a ring, four arrows, the widest for the most frequent call."""
    ax = plots.call_graph(SERVICES, CALLS)
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    left = {t.get_text(): t.get_position()[0] for t in ax.texts}

    assert len(boxes) == len(SERVICES) + 1
    assert max(range(4), key=lambda n: arrows[n].get_linewidth()) == 1
    assert left["front"] < left["shop"] < left["db"]
    assert left["db"] == left["mail"]
    assert "90%, stops at 110/s" in texts(ax)
    assert "no CPU work" in texts(ax)
    assert len({tuple(t.get_position()) for t in ax.texts}) == len(ax.texts)


def test_a_graph_of_too_many_services_is_refused() -> None:
    """Sixty fit."""
    many = pd.concat([SERVICES] * 16, ignore_index=True)

    with pytest.raises(ValueError, match="64 are too many"):
        plots.call_graph(many, CALLS)


def test_the_steps_of_a_request_are_bars_that_tile_it() -> None:
    """A row a service, from 0 to the answer."""
    steps = pd.DataFrame(
        [
            ("front: work", 5.0, 5.1),
            ("db: network", 5.1, 5.101),
            ("db: work", 5.101, 5.2),
            ("front: wait", 5.2, 5.3),
        ],
        columns=["phase", "start_s", "end_s"],
    )
    ax = plots.request_waterfall(steps)
    bars = [bar for container in ax.containers for bar in container]

    assert [label.get_text() for label in ax.get_yticklabels()] == ["front", "db"]
    assert sum(bar.get_width() for bar in bars) == pytest.approx(300.0)
    assert "300 ms" in texts(ax)


def test_latency_is_drawn_up_to_the_knee_beside_the_closed_form() -> None:
    """Three lines, the formula, and where the first service is full."""
    points = pd.DataFrame({
        "rate": [10.0, 20.0], "p50_s": [0.01, 0.02], "mean_s": [0.02, 0.03],
        "p95_s": [0.04, 0.08], "p95_low_s": [0.03, 0.07], "p95_high_s": [0.05, 0.09],
    })  # fmt: skip
    theory = pd.DataFrame({"rate": [1.0, 19.0], "mean_s": [0.01, 0.03]})
    ax = plots.latency_curve(points, theory, knee=25.0, stopped_by="db")
    p95 = next(line for line in ax.lines if line.get_label() == "p95, with its interval")

    assert len(ax.lines) == 5
    assert list(p95.get_ydata()) == pytest.approx([40.0, 80.0])  # type: ignore[arg-type]
    assert "db is full: 25/s" in texts(ax)


def test_only_services_that_grew_have_a_line() -> None:
    """Ready and asked for, beside the rate made and answered."""
    rows = [
        (
            0,
            name,
            "copies",
            time,
            1.0 + (name == "a" and time > 5),
            1.0 + (name == "a" and time > 2),
        )
        for name in ("a", "b")
        for time in (0.0, 5.0, 10.0)
    ]
    rows += [(0, "users", "rate", time, 10.0, 10.0) for time in (0.0, 5.0, 10.0)]
    columns = ["run", "host", "resource", "time_s", "used", "capacity"]
    ax = plots.copies_over_time(pd.DataFrame(rows, columns=columns))
    named = [line.get_label() for line in ax.lines if not str(line.get_label()).startswith("_")]

    assert named == ["a"]
    assert len(ax.lines) == 2
