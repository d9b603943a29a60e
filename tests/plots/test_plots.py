"""Figures: what is drawn is what the table says, and nothing is left open."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib.colors
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sim import plots
from sim.experiment.frames import lengths, phase_table, phases_around
from sim.plots import palette
from sim.units import GiB, MiB

# Linear-light matrices of G. M. Machado et al., IEEE TVCG 15(6), 2009, table 1, severity 1.0.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


@pytest.fixture
def table() -> pd.DataFrame:
    """Density of three platforms, out of order, one without a density by use."""
    return pd.DataFrame(
        {
            "platform": ["fargate", "docker", "vm"],
            "host": ["1 vCPU, 2 GiB", "4 vCPU, 16 GiB", "4 vCPU, 16 GiB"],
            "count": [1, 16, 4],
            "stopped_by": ["one task per microVM", "vCPU", "memory"],
            "count_by_use": [np.nan, 30.0, 5.0],
            "stopped_by_use": [np.nan, "memory (OOM kill)", "p95 slow-down"],
        }
    )


@pytest.fixture
def budgets() -> pd.DataFrame:
    """16 GiB shared by containers, and a machine of 1 GiB."""
    rows = [
        ("docker", "4 vCPU, 16 GiB", "lost", 1 * GiB),
        ("docker", "4 vCPU, 16 GiB", "apps", 9 * GiB),
        ("docker", "4 vCPU, 16 GiB", "shared files", 0.0),
        ("docker", "4 vCPU, 16 GiB", "free", 6 * GiB),
        ("ec2", "t3a.micro", "apps", 512 * MiB),
        ("ec2", "t3a.micro", "free", 512 * MiB),
    ]
    return pd.DataFrame(rows, columns=["platform", "host", "item", "bytes"])


def make_spans(variant: str, phases: tuple[str, ...], starts: int, scale: float) -> pd.DataFrame:
    """Starts that tile, each asked for at another time."""
    random = np.random.default_rng(1)
    rows = []
    for run in range(starts):
        now = 10.0 * run
        for phase, length in zip(phases, scale * random.random(len(phases)), strict=True):
            rows.append((variant, run, 0, phase, now, now + length))
            now += length
    columns = ["variant", "run", "task", "phase", "start_s", "end_s"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def docker_spans() -> pd.DataFrame:
    """Thirty starts of a container."""
    return make_spans("docker-cold", ("pull", "create", "start", "app"), 30, 5.0)


@pytest.fixture
def starts() -> pd.DataFrame:
    """Times to ready of two platforms, one of them also warm."""
    return pd.DataFrame(
        {
            "platform": ["docker"] * 6 + ["vm"] * 4,
            "image": ["cold"] * 3 + ["warm"] * 3 + ["cold"] * 4,
            "time_to_ready_s": [9.0, 8.0, 10.0, 3.0, 2.0, 2.5, 12.0, 11.0, 13.0, 11.5],
        }
    )


@pytest.fixture
def samples() -> pd.DataFrame:
    """Readings of two hosts, every second."""
    rows = [
        (host, resource, float(time), used * time, capacity)
        for host in ("a", "b")
        for resource, used, capacity in (
            ("cpu", 1.0, 4.0),
            ("memory", 2 * GiB, 16 * GiB),
            ("cache", 1 * GiB, 16 * GiB),
        )
        for time in range(4)
    ]
    return pd.DataFrame(rows, columns=["host", "resource", "time_s", "used", "capacity"])


@pytest.fixture(autouse=True)
def no_figure_left_open() -> Iterator[None]:
    """No figure goes through pyplot, which would keep it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def bars(ax: Axes) -> list[Rectangle]:
    """All bars, in the order in which they were drawn."""
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def widths(ax: Axes, place: int) -> list[float]:
    """Lengths of the bars of one series."""
    return [bar.get_width() for bar in ax.containers[place]]


def row_labels(ax: Axes) -> list[str]:
    """What the rows say, from top to bottom."""
    return [label.get_text() for label in ax.get_yticklabels()]


def extents(bar: Collection) -> list[tuple[float, float]]:
    """Begin and end of each part of a broken bar."""
    return [
        (float(path.vertices[:, 0].min()), float(path.vertices[:, 0].max()))
        for path in bar.get_paths()
    ]


def distance(one: str, other: str, sight: np.ndarray) -> float:
    """How far apart two colours look: Euclidean in CIE L*a*b* (D65)."""

    def lab(color: str) -> np.ndarray:
        rgb = np.array(matplotlib.colors.to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        seen = np.clip(sight @ linear, 0.0, 1.0)
        to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
        x, y, z = np.cbrt(np.array(to_xyz) @ seen / np.array([0.9505, 1.0, 1.089]))
        return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])

    return float(np.linalg.norm(lab(one) - lab(other)))


def test_a_bar_is_as_long_as_its_count(table: pd.DataFrame) -> None:
    """VMs and Docker come first, whatever the order of the table."""
    ax = plots.density_bars(table)

    assert row_labels(ax) == ["VMs", "Docker", "ECS on Fargate"]
    assert widths(ax, 0) == [4.0, 16.0, 1.0]


def test_a_bar_by_use_is_drawn_only_where_it_was_asked_for(table: pd.DataFrame) -> None:
    """NaN is not zero: Fargate has no second bar."""
    ax = plots.density_bars(table)

    assert widths(ax, 1) == [5.0, 30.0]
    assert all(bar.get_hatch() for bar in ax.containers[1])


def test_a_table_without_use_has_one_bar_a_platform(table: pd.DataFrame) -> None:
    """The columns by use are optional."""
    ax = plots.density_bars(table.drop(columns=["count_by_use", "stopped_by_use"]))

    assert len(bars(ax)) == 3


def test_the_colour_of_a_bar_is_that_of_its_limit(table: pd.DataFrame) -> None:
    """A limit's particulars do not change its colour."""
    ax = plots.density_bars(table)

    seen = [matplotlib.colors.to_hex(bar.get_facecolor()) for bar in ax.containers[0]]
    limits = ["memory", "vCPU", "one task per microVM"]
    assert seen == [palette.limit_color(limit).lower() for limit in limits]
    assert palette.limit_color("memory (OOM kill)") == palette.limit_color("memory")


def test_the_legend_names_each_limit_once_and_covers_no_bar(table: pd.DataFrame) -> None:
    """It lies below the axes."""
    ax = plots.density_bars(table)
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()

    legend = ax.get_legend()
    assert legend is not None
    assert sorted(text.get_text() for text in legend.get_texts()) == sorted(
        ["memory", "vCPU", "one task per microVM", "p95 slow-down"]
    )
    assert legend.get_window_extent().y1 < ax.get_window_extent().y0
    assert legend.get_window_extent().x1 <= figure.bbox.x1


def test_where_nothing_fits_the_bar_is_empty_and_says_so() -> None:
    """No host is named where there is none."""
    none = {"platform": ["ec2"], "host": ["-"], "count": [0], "stopped_by": ["instance size"]}
    ax = plots.density_bars(pd.DataFrame(none))

    assert widths(ax, 0) == [0.0]
    assert "0" in [text.get_text() for text in ax.texts]


def test_the_parts_of_a_budget_add_up_to_the_nominal_memory(budgets: pd.DataFrame) -> None:
    """Each bar begins where the one before it ended; parts of no size are not drawn."""
    ax = plots.memory_budget(budgets, ["docker"])

    assert [bar.get_width() for bar in bars(ax)] == pytest.approx([1.0, 9.0, 6.0])
    assert [bar.get_x() for bar in bars(ax)] == pytest.approx([0.0, 1.0, 10.0])
    assert "GiB" in ax.get_xlabel()


def test_a_small_host_is_shown_in_mib(budgets: pd.DataFrame) -> None:
    """Below 2 GiB; the row names platform and host."""
    ax = plots.memory_budget(budgets, ["ec2"])

    assert sum(bar.get_width() for bar in bars(ax)) == pytest.approx(1024.0)
    assert "MiB" in ax.get_xlabel()
    assert row_labels(ax) == ["EC2\nt3a.micro"]


def test_more_in_use_than_there_is_goes_back_to_the_nominal_memory(budgets: pd.DataFrame) -> None:
    """A negative `free` is drawn backwards from the end of the stack."""
    over = budgets.copy()
    over.loc[1, "bytes"] += 10 * GiB
    over.loc[3, "bytes"] -= 10 * GiB
    ax = plots.memory_budget(over, ["docker"])

    last = bars(ax)[-1]
    assert last.get_x() + last.get_width() == pytest.approx(16.0)
    assert "4 GiB over 16 GiB" in [text.get_text() for text in ax.texts]
    assert ax.get_xlim()[1] > 20.0


def test_an_ecdf_never_falls_and_reaches_one(starts: pd.DataFrame) -> None:
    """One line per platform and temperature."""
    ax = plots.ready_ecdf(starts)

    curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(curves) == 3
    for curve in curves:
        shares = np.asarray(curve.get_ydata(), dtype=float)
        assert (np.diff(shares) >= 0.0).all()
        assert shares[-1] == pytest.approx(1.0)


def test_half_of_an_ecdf_lies_at_the_median(starts: pd.DataFrame) -> None:
    """Two of the three cold containers are ready after 9 s."""
    ax = plots.ready_ecdf(starts)

    docker = next(line for line in ax.lines if str(line.get_label()).startswith("Docker, cold"))
    times, shares = (np.asarray(d, dtype=float) for d in (docker.get_xdata(), docker.get_ydata()))
    assert shares[times == 9.0].max() == pytest.approx(2.0 / 3.0)


def test_warm_is_dashed_and_cold_is_solid_in_the_colour_of_the_platform(
    starts: pd.DataFrame,
) -> None:
    """Temperature is the line, the platform the colour."""
    ax = plots.ready_ecdf(starts)

    lines = {str(line.get_label()).split(" (")[0]: line for line in ax.lines}
    assert lines["Docker, cold"].get_linestyle() == "-"
    assert lines["Docker, warm"].get_linestyle() == "--"
    assert lines["Docker, cold"].get_color() == lines["Docker, warm"].get_color()
    assert lines["Docker, cold"].get_color() == palette.platform_color("docker")
    assert lines["VMs, cold"].get_color() == palette.platform_color("vm")


def test_the_phases_of_a_waterfall_tile_and_sum_to_its_total(docker_spans: pd.DataFrame) -> None:
    """The totals are order statistics of the starts: the median and p95."""
    ax = plots.waterfall(docker_spans)

    totals = lengths(docker_spans).sum(axis=1)
    assert len(ax.collections) == 2
    for bar, quantile in zip(ax.collections, (0.5, 0.95), strict=True):
        parts = extents(bar)
        assert parts[0][0] == 0.0
        for (_, end), (begin, _) in itertools.pairwise(parts):
            assert end == pytest.approx(begin, abs=1e-9)
        expected = np.quantile(totals, quantile, method="inverted_cdf")
        assert parts[-1][1] == pytest.approx(expected)


def test_p95_is_refused_below_twenty_starts(docker_spans: pd.DataFrame) -> None:
    """The row is there and says why it is empty."""
    ax = plots.waterfall(docker_spans[docker_spans["run"] < 19])

    assert len(ax.collections) == 1
    assert any("at least 20" in text.get_text() for text in ax.texts)


def test_a_waterfall_of_something_else_names_what_it_needs() -> None:
    """A row a start is no row a phase."""
    starts = pd.DataFrame({"run": [0], "task": [0], "time_to_ready_s": [3.0]})
    with pytest.raises(ValueError, match=r"spans: it has no phase, start_s, end_s.*tiling"):
        plots.waterfall(starts)


def test_a_waterfall_of_several_variants_is_refused(docker_spans: pd.DataFrame) -> None:
    """Their starts must not be mixed."""
    mixed = pd.concat([docker_spans, docker_spans.assign(variant="vm-cold")])

    with pytest.raises(ValueError, match="several variants"):
        plots.waterfall(mixed)


def test_a_row_of_survivors_says_how_many_were_asked_for(docker_spans: pd.DataFrame) -> None:
    """A median over the few that became ready is not one over all."""
    ax = plots.waterfalls(docker_spans, asked={"docker-cold": 120})

    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "Docker, cold\n(30 of 120 ready)"
    ]


def test_a_part_cut_out_of_its_phase_leaves_every_total_as_it_was(
    docker_spans: pd.DataFrame,
) -> None:
    """Two waits within the pull of one start become a phase before what is left of it."""
    tiling = docker_spans.assign(parent="")
    pull = tiling[(tiling["phase"] == "pull") & (tiling["run"] == 3)].iloc[0]
    third = (pull["end_s"] - pull["start_s"]) / 3.0
    waits = pd.DataFrame([pull, pull]).assign(phase="throttled", parent="pull")
    waits["start_s"] = [pull["start_s"], pull["start_s"] + third]
    waits["end_s"] = waits["start_s"] + third

    before = lengths(tiling).sort_index()
    after = lengths(plots.split_phase(tiling, pd.concat([tiling, waits]), "throttled")).sort_index()

    assert list(after) == ["throttled", "pull", "create", "start", "app"]
    assert after.sum(axis=1).to_numpy() == pytest.approx(before.sum(axis=1).to_numpy())
    assert after["throttled"].to_numpy() == pytest.approx(
        [2.0 * third if run == 3 else 0.0 for _, run, _ in after.index]
    )


def test_waterfalls_has_a_row_a_variant_platforms_in_order_cold_first(
    docker_spans: pd.DataFrame,
) -> None:
    """Whatever the order of the table."""
    fargate = make_spans("fargate-cold", ("request", "provision", "app"), 30, 9.0)
    warm = docker_spans.assign(variant="docker-warm")
    ax = plots.waterfalls(pd.concat([fargate, warm, docker_spans]))

    assert row_labels(ax) == ["Docker, cold", "Docker, warm", "ECS on Fargate, cold"]
    assert len(ax.collections) == 3


@pytest.mark.parametrize("starts", [30, 250])
@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_the_typical_start_is_that_of_the_tables(starts: int, quantile: float) -> None:
    """Figure and table follow one rule, of one start or of the mean around a quantile."""
    spans = make_spans("docker-cold", ("pull", "create", "app"), starts, 5.0)
    phases = phases_around(lengths(spans), quantile)
    expected = phase_table(spans, quantile)

    assert phases.sum() == pytest.approx(expected["total"], abs=1e-9)
    assert phases["pull"] == pytest.approx(expected["pull"], abs=1e-9)


def test_cpu_is_drawn_as_the_mean_since_the_last_reading(samples: pd.DataFrame) -> None:
    """A step that ends at its reading, below a dashed line at the capacity."""
    cpu, _ = plots.host_timeline(samples, "b")

    step, capacity = cpu.lines
    assert step.get_drawstyle() == "steps-pre"
    assert list(np.asarray(step.get_ydata())) == [0.0, 1.0, 2.0, 3.0]
    assert capacity.get_linestyle() == "--"
    assert set(np.asarray(capacity.get_ydata())) == {4.0}


def test_page_cache_lies_on_top_of_the_memory_in_use(samples: pd.DataFrame) -> None:
    """At 3 s: 6 GiB in use, 3 GiB of cache above it, of 16 GiB."""
    _, memory = plots.host_timeline(samples)

    in_use, cache = memory.collections
    assert in_use.get_datalim(memory.transData).y1 == pytest.approx(6.0)
    assert cache.get_datalim(memory.transData).y1 == pytest.approx(9.0)
    assert set(np.asarray(memory.lines[0].get_ydata())) == {16.0}


def test_one_run_of_several_is_shown(samples: pd.DataFrame) -> None:
    """Readings of two replications are not joined by one line."""
    both = pd.concat([samples.assign(run=0), samples.assign(run=1)])
    cpu, _ = plots.host_timeline(both)

    assert len(cpu.lines[0].get_xdata()) == 4


def test_a_host_without_readings_is_refused_by_name(samples: pd.DataFrame) -> None:
    """The message names the hosts there are, or how to get readings."""
    with pytest.raises(ValueError, match="one of a, b"):
        plots.host_timeline(samples, "c")
    with pytest.raises(ValueError, match="sample_every"):
        plots.host_timeline(samples.iloc[:0])


def test_ways_stand_side_by_side_in_one_order_with_a_label_for_each_bar() -> None:
    """Density, time, cost; no price is a dash, and a warm image is told beside the cold one."""
    table = pd.DataFrame(
        {
            "platform": ["eks", "ec2"],
            "count": [7, 1],
            "ready_p50_s": [13.2, 9.6],
            "ready_warm_p50_s": [1.6, np.nan],
            "usd_per_month": [20.0, np.nan],
        }
    )
    ax = plots.side_by_side(table, tasks=3)
    figure = ax.get_figure(root=True)
    assert figure is not None
    panels = figure.axes
    figure.draw_without_rendering()

    assert row_labels(ax) == ["EC2", "EKS on EC2"]
    assert [widths(panel, 0) for panel in panels] == [[1.0, 7.0], [9.6, 13.2], [0.0, 20.0]]
    assert [[text.get_text() for text in panel.texts] for panel in panels] == [
        ["1", "7"],
        ["9.6", "13.2; warm 1.6"],
        ["-", "20"],
    ]
    for panel in panels:
        for text in panel.texts:
            assert text.get_window_extent().x1 <= panel.get_window_extent().x1


def test_a_figure_can_be_drawn_into_axes_of_ones_own(
    table: pd.DataFrame,
    budgets: pd.DataFrame,
    starts: pd.DataFrame,
    docker_spans: pd.DataFrame,
    samples: pd.DataFrame,
) -> None:
    """The same axes come back."""
    a, b, c, d, e, f, g = Figure(figsize=(8, 30)).subplots(7)

    assert plots.density_bars(table, a) is a
    assert plots.memory_budget(budgets, ax=b) is b
    assert plots.ready_ecdf(starts, c) is c
    assert plots.waterfall(docker_spans, d) is d
    assert plots.waterfalls(docker_spans, e) is e
    assert plots.host_timeline(samples, ax=(f, g)) == (f, g)


def test_a_figure_is_saved_at_nine_hundred_pixels(table: pd.DataFrame, tmp_path: Path) -> None:
    """The width at which a README shows it."""
    plots.save(plots.density_bars(table), tmp_path / "density.png")

    header = (tmp_path / "density.png").read_bytes()[:24]
    assert header[:4] == b"\x89PNG"
    assert int.from_bytes(header[16:20], "big") == 900


def test_no_figure_needs_pyplot() -> None:
    """So none is kept alive, and no display is looked for."""
    code = "import sys, sim.plots; print('matplotlib.pyplot' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "False"


def test_a_platform_has_one_colour_and_its_family_is_known() -> None:
    """A flavour of ECS that is new looks like ECS; an unknown name is stable."""
    assert palette.platform_color("ecs-host") == palette.platform_color("ecs")
    assert palette.platform_color("lambda") == palette.platform_color("lambda")
    assert palette.platform_order(["mine", "fargate", "docker", "vm", "vm"]) == [
        "vm",
        "docker",
        "fargate",
        "mine",
    ]


@pytest.mark.parametrize("sight", SIGHT)
def test_platforms_can_be_told_apart_by_everyone(sight: str) -> None:
    """At least four times a just noticeable difference of 2.3 in CIE L*a*b*."""
    names = ("vm", "docker", "ec2", "ecs", "fargate", "eks")
    pairs = itertools.combinations([palette.PLATFORMS[name] for name in names], 2)

    assert min(distance(one, other, SIGHT[sight]) for one, other in pairs) > 9.2


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    "phases",
    [
        ("request", "pending", "boot", "app"),
        ("placement", "vmm", "firmware", "kernel", "user_space", "app"),
        ("request", "placement", "network", "pull", "create", "start", "app"),
        ("request", "provision", "pull", "create", "start", "app"),
        ("request", "placement", "network", "init", "pull", "create", "start", "app"),
        ("request", "provision", "network", "init", "pull", "create", "start", "app"),
    ],
)
def test_phases_of_one_start_can_be_told_apart(phases: tuple[str, ...], sight: str) -> None:
    """Among all of one platform, not only neighbours."""
    pairs = itertools.combinations([palette.phase_color(phase) for phase in phases], 2)

    assert min(distance(one, other, SIGHT[sight]) for one, other in pairs) > 9.2


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("colors", [palette.LIMITS, palette.MEMORY])
def test_limits_and_parts_of_memory_can_be_told_apart(colors: dict[str, str], sight: str) -> None:
    """Any two, for they may meet in one figure."""
    pairs = itertools.combinations(colors.values(), 2)

    assert min(distance(one, other, SIGHT[sight]) for one, other in pairs) > 9.2


def test_text_on_a_bar_has_contrast() -> None:
    """At least 4.5 to 1 (WCAG 2.1, AA) on every colour that carries text."""

    def luminance(color: str) -> float:
        rgb = np.array(matplotlib.colors.to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for color in (*palette.PHASES.values(), *palette.MEMORY.values()):
        low, high = sorted((luminance(color), luminance(palette.ink_on(color))))
        assert (high + 0.05) / (low + 0.05) >= 4.5, color


def test_boxes_of_services_fill_a_machine_to_what_they_reserve() -> None:
    """Two services on one machine: 3 of 4 vCPUs and half of the memory are drawn."""
    rows = [
        {"machine": 0, "instance": "m5.xlarge", "part": part, "copies": 1, "resource": resource}
        | {"used": used, "capacity": whole}
        for part, share in (("web", 1.0), ("db", 2.0))
        for resource, used, whole in (("vCPU", share, 4.0), ("memory", share, 6.0))
    ]
    left = plots.machines(pd.DataFrame(rows))
    right = left.figure.axes[1]
    filled = [
        sum(box.get_width() for box in ax.patches if box.get_facecolor()[3] and box.get_height())
        for ax in (left, right)
    ]

    assert filled == pytest.approx([75.0, 50.0])


def test_the_recommended_platform_has_a_ring_and_unknown_ones_are_left_out() -> None:
    rows = [
        {"platform": "ecs", "label": "ECS", "usd_per_month": 140.0, "chosen": True}
        | {"ready_cold_p50_s": 10.0, "ready_warm_p50_s": 2.0},
        {"platform": "eks", "label": "EKS", "usd_per_month": 213.0, "chosen": False}
        | {"ready_cold_p50_s": float("nan"), "ready_warm_p50_s": float("nan")},
    ]
    ax = plots.cost_and_readiness(pd.DataFrame(rows))

    assert [text.get_text() for text in ax.texts] == ["ECS"]
    assert max(line.get_markersize() for line in ax.lines) == 15
