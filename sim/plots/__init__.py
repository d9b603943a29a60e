"""Figures, a module each: a tidy table in, matplotlib `Axes` out; never pyplot, so none leaks."""

from sim.plots.apart import (
    apart,
)
from sim.plots.budget import (
    memory_budget,
)
from sim.plots.canvas import (
    save,
)
from sim.plots.density import (
    density_bars,
)
from sim.plots.ecdf import (
    ready_ecdf,
)
from sim.plots.forest import (
    forest,
)
from sim.plots.frontier import (
    cost_frontier,
)
from sim.plots.host import (
    host_over_time,
)
from sim.plots.lifecycle import (
    lifecycle,
)
from sim.plots.parity import (
    parity,
)
from sim.plots.scale import (
    scale_curves,
)
from sim.plots.scale_in import (
    shrink_curves,
)
from sim.plots.sweep import (
    sweep_lines,
)
from sim.plots.tornado import (
    tornado,
)
from sim.plots.under_load import (
    start_under_load,
)
from sim.plots.waterfall import (
    waterfall,
    waterfalls,
)
from sim.plots.ways import (
    side_by_side,
)

__all__ = [
    "apart",
    "cost_frontier",
    "density_bars",
    "forest",
    "host_over_time",
    "lifecycle",
    "memory_budget",
    "parity",
    "ready_ecdf",
    "save",
    "scale_curves",
    "shrink_curves",
    "side_by_side",
    "start_under_load",
    "sweep_lines",
    "tornado",
    "waterfall",
    "waterfalls",
]
