"""Figures, a module each: a tidy table in, matplotlib `Axes` out; never pyplot, so none leaks."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.plots.asked_and_used import asked_and_used
    from sim.plots.call_graph import MOST_IN_GRAPH, call_graph
    from sim.plots.canvas import save
    from sim.plots.capacity_left import capacity_left
    from sim.plots.copies_over_time import copies_over_time
    from sim.plots.cost_and_readiness import cost_and_readiness
    from sim.plots.cost_frontier import cost_frontier
    from sim.plots.cost_steps import cost_steps
    from sim.plots.density import density_bars
    from sim.plots.ecdf import ready_ecdf
    from sim.plots.fitted_phases import fitted_phases
    from sim.plots.forest import forest
    from sim.plots.held_out import held_out
    from sim.plots.host_timeline import host_timeline
    from sim.plots.hosts_before_after import hosts_before_after
    from sim.plots.isolation import isolation_matrix
    from sim.plots.latency_curve import latency_curve
    from sim.plots.lifecycle import lifecycle
    from sim.plots.machines import machines
    from sim.plots.memory_budget import memory_budget
    from sim.plots.one_machine import one_machine
    from sim.plots.parity import parity
    from sim.plots.recovery import recovery
    from sim.plots.request_waterfall import request_waterfall
    from sim.plots.scale import scale_curves
    from sim.plots.scale_in import scale_in_curves
    from sim.plots.side_by_side import side_by_side
    from sim.plots.split_phase import split_phase
    from sim.plots.start_under_load import start_under_load
    from sim.plots.sweep import sweep_lines
    from sim.plots.theme import theme
    from sim.plots.tornado import tornado
    from sim.plots.uptime import uptime
    from sim.plots.waterfall import waterfall, waterfalls

__all__ = [
    "MOST_IN_GRAPH",
    "asked_and_used",
    "call_graph",
    "capacity_left",
    "copies_over_time",
    "cost_and_readiness",
    "cost_frontier",
    "cost_steps",
    "density_bars",
    "fitted_phases",
    "forest",
    "held_out",
    "host_timeline",
    "hosts_before_after",
    "isolation_matrix",
    "latency_curve",
    "lifecycle",
    "machines",
    "memory_budget",
    "one_machine",
    "parity",
    "ready_ecdf",
    "recovery",
    "request_waterfall",
    "save",
    "scale_curves",
    "scale_in_curves",
    "side_by_side",
    "split_phase",
    "start_under_load",
    "sweep_lines",
    "theme",
    "tornado",
    "uptime",
    "waterfall",
    "waterfalls",
]

facade(__name__, checked=True)
