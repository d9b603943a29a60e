"""Figures of faults and neighbours: what is drawn is what the table says."""

import matplotlib.colors
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from sim import plots

PARTS = pd.DataFrame(
    [
        ("ecs", "noticed", 180.0),
        ("ecs", "started", 20.0),
        ("eks", "noticed", 50.0),
        ("eks", "waited", 300.0),
    ],
    columns=["platform", "part", "seconds"],
)
CAPACITY = pd.DataFrame(
    [
        ("ecs", 0, 0.0, 30, 40),
        ("ecs", 0, 200.0, 40, 40),
        ("eks", 0, 0.0, 20, 40),
        ("eks", 0, 350.0, 40, 40),
        ("docker", 0, 0.0, 0, 40),
    ],
    columns=["platform", "run", "time_s", "serving", "tasks"],
)


def test_the_parts_of_a_way_back_are_laid_end_to_end() -> None:
    """In the order of the platforms; one without a way back has a row, and no bar."""
    ax = plots.recovery(CAPACITY, PARTS)
    bars = [(p.get_x(), p.get_width()) for p in ax.patches if isinstance(p, Rectangle)]

    assert bars == [(0.0, 180.0), (180.0, 20.0), (0.0, 50.0), (50.0, 300.0)]
    assert [label.get_text().split("\n")[-1] for label in ax.get_yticklabels()] == [
        "0 left",
        "30 left",
        "20 left",
    ]


def test_capacity_falls_at_the_fault_and_comes_back_when_tasks_do() -> None:
    """A name says when all serve again, the first to be back first."""
    ax = plots.capacity_left(CAPACITY)
    share = {
        str(line.get_label()): dict(zip(*map(list, line.get_data()), strict=True))  # type: ignore[arg-type]
        for line in ax.lines
    }
    names = ["ECS on EC2, 200 s", "EKS on EC2, 350 s", "Docker, not by itself"]
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    ecs = share["ECS on EC2, 200 s"]

    assert sorted(heights, key=lambda name: -heights[name]) == names
    assert max(at for at, left in ecs.items() if left == 75.0) < 200.0 + 2.0
    assert list(ecs.values())[-1] == 100.0
    assert list(share["Docker, not by itself"].values())[-1] == 0.0


def test_a_cell_says_how_much_slower_and_is_darkest_where_somebody_dies() -> None:
    ways = pd.DataFrame(
        [
            ("disk", "containers", 2.5, 0, None),
            ("fork", "containers", 1.0, 7, None),
            ("disk", "VMs", 1.0, 0, 1.5),
            ("fork", "VMs", 1.0, 0, None),
        ],
        columns=["bad", "way", "p95_slowdown", "killed", "p95_slowdown_high"],
    )
    ax = plots.isolation_matrix(ways)
    texts = [text.get_text() for text in ax.texts]
    lightness = {
        (round(p.get_x() + 0.48), round(p.get_y() + 0.46)): sum(
            matplotlib.colors.to_rgb(p.get_facecolor())
        )
        for p in ax.patches
        if isinstance(p, Rectangle)
    }

    assert {"2.50", "7 killed", "1.00", "up to 1.5"} <= set(texts)
    assert lightness[1, 0] == pytest.approx(min(lightness.values()))
    assert lightness[0, 0] < lightness[0, 1]
