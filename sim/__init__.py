"""berthsim: how many containers fit on a machine, and how soon each one is ready.

The facade is lazy: importing one floor imports nothing above it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim import catalog, experiment, plots, units
    from sim.core.description import description
    from sim.core.world import World
    from sim.experiment import (
        Burst,
        LatinHypercube,
        Poisson,
        RelativeHalfWidth,
        Results,
        Scenario,
        Sobol,
        compare,
        load,
        replicate,
        sweep,
    )
    from sim.files.fitted.reading import read_fit
    from sim.files.reading import read
    from sim.files.traces.reading import read_traces
    from sim.host import Kernel, Machine, Step
    from sim.platforms.deployment import StoryDeployment
    from sim.start import Killed, Ready, Refused, Start, Story
    from sim.studies.calls.study import calls
    from sim.studies.density.study import density
    from sim.studies.fail.study import fail
    from sim.studies.holds.study import holds
    from sim.studies.isolation.study import isolation
    from sim.studies.lifecycle.study import lifecycle
    from sim.studies.migrate.study import migrate
    from sim.studies.neighbours.study import neighbours
    from sim.studies.one_server import one_server
    from sim.studies.plan.study import plan
    from sim.studies.platform_row import PlatformOptions
    from sim.studies.platforms import register as add_platform
    from sim.studies.scale_in.study import scale_in
    from sim.studies.scale_out.study import scale_out
    from sim.studies.startup.study import startup
    from sim.studies.storm.study import storm
    from sim.studies.uptime.study import uptime
    from sim.studies.who_runs_it import who_runs_it
    from sim.validation import validate
    from sim.workload import App, Application, Call, EntryPoint, Load, Operation, Part, Service

__version__ = "0.1.0"

__all__ = [
    "App",
    "Application",
    "Burst",
    "Call",
    "EntryPoint",
    "Kernel",
    "Killed",
    "LatinHypercube",
    "Load",
    "Machine",
    "Operation",
    "Part",
    "PlatformOptions",
    "Poisson",
    "Ready",
    "Refused",
    "RelativeHalfWidth",
    "Results",
    "Scenario",
    "Service",
    "Sobol",
    "Start",
    "Step",
    "Story",
    "StoryDeployment",
    "World",
    "add_platform",
    "calls",
    "catalog",
    "compare",
    "density",
    "description",
    "experiment",
    "fail",
    "holds",
    "isolation",
    "lifecycle",
    "load",
    "migrate",
    "neighbours",
    "one_server",
    "plan",
    "plots",
    "read",
    "read_fit",
    "read_traces",
    "replicate",
    "scale_in",
    "scale_out",
    "startup",
    "storm",
    "sweep",
    "units",
    "uptime",
    "validate",
    "who_runs_it",
]

_HOME = {
    "App": "sim.workload",
    "Load": "sim.workload",
    "Service": "sim.workload",
    "Part": "sim.workload",
    "Operation": "sim.workload",
    "EntryPoint": "sim.workload",
    "Call": "sim.workload",
    "Application": "sim.workload",
    "Step": "sim.host",
    "Kernel": "sim.host",
    "Machine": "sim.host",
    "Killed": "sim.start",
    "Start": "sim.start",
    "Story": "sim.start",
    "StoryDeployment": "sim.platforms.deployment",
    "World": "sim.core.world",
    "Ready": "sim.start",
    "Refused": "sim.start",
    "description": "sim.core.description",
    "Burst": "sim.experiment",
    "LatinHypercube": "sim.experiment",
    "Poisson": "sim.experiment",
    "RelativeHalfWidth": "sim.experiment",
    "Results": "sim.experiment",
    "Scenario": "sim.experiment",
    "Sobol": "sim.experiment",
    "compare": "sim.experiment",
    "load": "sim.experiment",
    "replicate": "sim.experiment",
    "sweep": "sim.experiment",
    "density": "sim.studies.density.study",
    "fail": "sim.studies.fail.study",
    "isolation": "sim.studies.isolation.study",
    "holds": "sim.studies.holds.study",
    "lifecycle": "sim.studies.lifecycle.study",
    "migrate": "sim.studies.migrate.study",
    "neighbours": "sim.studies.neighbours.study",
    "plan": "sim.studies.plan.study",
    "one_server": "sim.studies.one_server",
    "read": "sim.files.reading",
    "read_fit": "sim.files.fitted.reading",
    "calls": "sim.studies.calls.study",
    "read_traces": "sim.files.traces.reading",
    "PlatformOptions": "sim.studies.platform_row",
    "scale_out": "sim.studies.scale_out.study",
    "scale_in": "sim.studies.scale_in.study",
    "startup": "sim.studies.startup.study",
    "storm": "sim.studies.storm.study",
    "uptime": "sim.studies.uptime.study",
    "who_runs_it": "sim.studies.who_runs_it",
    "validate": "sim.validation",
}


def __getattr__(name: str) -> Any:
    if name == "add_platform":
        return import_module("sim.studies.platforms").register
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in __all__:
        return import_module(f"sim.{name}")
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
