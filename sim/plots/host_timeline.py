"""CPU and memory of one host over time, each against what the host has."""

import pandas as pd
from matplotlib.axes import Axes

from sim.core.names import shown
from sim.plots.canvas import SMALL, binary_ticks, frame, legend_below, new_figure
from sim.plots.palette import FAINT, INK
from sim.units import GiB

CPU, MEMORY, CACHE = "#0072B2", "#009E73", "#8FD6BF"


def host_timeline(
    samples: pd.DataFrame,
    host: str | None = None,
    ax: tuple[Axes, Axes] | None = None,
    *,
    title: str = "",
    memory: str = "in use",
) -> tuple[Axes, Axes]:
    """CPU in vCPU above memory in GiB, of one host in one replication; dashed: all it has.

    A reading of CPU is the mean since the reading before, so it is drawn as a step that ends
    there. Page cache lies on top of the memory that cannot be reclaimed.

    Args:
        samples: one row a reading: `host`, `resource` (`cpu`, `memory` or `cache`), `time_s` (s),
            `used` and `capacity` (vCPU or bytes); of several variants or runs, the first.
        host: None: the first.
        ax: two axes to draw into, CPU's first; None: a new figure.
        title: above the axes; empty: the host's name.
        memory: what the legend calls memory that cannot be reclaimed. A hypervisor's host holds
            what it has reserved for its guests, whatever they use of it.

    Returns:
        The axes of CPU and of memory.

    Raises:
        ValueError: there is no such host, or not one reading.
    """
    samples = _one(samples, host)
    above, below = _pair() if ax is None else ax
    frame(above, title=title or f"CPU and memory of {samples['host'].iloc[0]}", grid="y")
    frame(below, title="", grid="y")
    _cpu(above, samples[samples["resource"] == "cpu"])
    _memory(below, samples, memory)
    end = float(samples["time_s"].max())
    for axes in (above, below):
        axes.set_xlim(float(samples["time_s"].min()), end if end > 0.0 else 1.0)
        axes.set_ylim(bottom=0.0)
    below.set_xlabel("seconds since the beginning of the run")
    legend_below(below, below.collections)
    return above, below


def _one(samples: pd.DataFrame, host: str | None) -> pd.DataFrame:
    """The readings of one host in one run of one variant."""
    for column, wanted in (("variant", None), ("host", host), ("run", None)):
        if column in samples.columns and len(samples):
            value = samples[column].iloc[0] if wanted is None else wanted
            if not (samples[column] == value).any():
                known = ", ".join(samples[column].unique())
                raise ValueError(f"{column}: {shown(value)} is not known; one of {known}")
            samples = samples[samples[column] == value]
    if samples.empty:
        raise ValueError("samples: not one reading; give the scenario `sample_every`")
    return samples


def _pair() -> tuple[Axes, Axes]:
    figure = new_figure(4.6)
    above, below = figure.subplots(2, 1, sharex=True)
    return above, below


def _cpu(ax: Axes, cpu: pd.DataFrame) -> None:
    ax.fill_between(cpu["time_s"], cpu["used"], step="pre", color=CPU, alpha=0.35, linewidth=0.0)
    ax.step(cpu["time_s"], cpu["used"], where="pre", color=CPU, linewidth=1.4)
    ax.set_ylabel("CPU (vCPU)")
    _capacity(ax, float(cpu["capacity"].iloc[0]), "vCPU")


def _memory(ax: Axes, samples: pd.DataFrame, held: str) -> None:
    wide = samples.pivot_table(index="time_s", columns="resource", values="used") / GiB
    memory, cache = (
        wide[name] if name in wide.columns else 0.0 * wide.iloc[:, 0]
        for name in ("memory", "cache")
    )
    used, cached = (f"(at most {part.max():.2f} GiB)" for part in (memory, cache))
    _area(ax, 0.0 * memory, memory, MEMORY, f"{held} {used}")
    if cache.max() > 0.0:
        _area(ax, memory, memory + cache, CACHE, f"page cache {cached}")
    ax.yaxis.set_major_locator(binary_ticks())
    ax.set_ylabel("memory (GiB)")
    capacity = float(samples.loc[samples["resource"] == "memory", "capacity"].iloc[0])
    _capacity(ax, capacity / GiB, "GiB")


def _area(
    ax: Axes, low: "pd.Series[float]", high: "pd.Series[float]", color: str, label: str
) -> None:
    """Between two levels (index: s); a reading stands until the next one."""
    ax.fill_between(high.index, low, high, step="post", color=color, linewidth=0.0, label=label)


def _capacity(ax: Axes, capacity: float, unit: str) -> None:
    ax.axhline(capacity, color=INK, linewidth=1.2, linestyle="--")
    ax.set_ylim(top=1.18 * capacity)
    ax.annotate(
        f"{capacity:.4g} {unit}",
        (1.0, capacity),
        xycoords=ax.get_yaxis_transform(),
        xytext=(-3, 3),
        textcoords="offset points",
        ha="right",
        fontsize=SMALL,
        color=FAINT,
    )
