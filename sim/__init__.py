"""berthsim: how many containers fit on a machine, and how soon each one is ready.

The facade is lazy: importing one floor imports nothing above it.
"""

from sim.facade import facade
from sim.version import VERSION

TYPE_CHECKING = False
"""As type checkers know it; `typing` itself takes the time in which Ctrl-C is not yet expected."""

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
    from sim.files.records.fitting import fit
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

__version__ = VERSION

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
    "fit",
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

facade(__name__, checked=True)
