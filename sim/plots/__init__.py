"""Figures, a module each: a tidy table in, matplotlib `Axes` out; never pyplot, so none leaks."""

from sim.plots.budget import memory_budget
from sim.plots.canvas import save
from sim.plots.density import density_bars
from sim.plots.ecdf import ready_ecdf
from sim.plots.forest import forest
from sim.plots.host import host_over_time
from sim.plots.tornado import tornado
from sim.plots.waterfall import waterfall, waterfalls

__all__ = [
    "density_bars",
    "forest",
    "host_over_time",
    "memory_budget",
    "ready_ecdf",
    "save",
    "tornado",
    "waterfall",
    "waterfalls",
]
