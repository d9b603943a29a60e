"""Questions people ask, answered: catalogue, platforms and experiment put together."""

from sim.answers.density_rows import (
    DensityAnswer,
)
from sim.answers.from_dockerfile import (
    LifecycleAnswer,
    lifecycle,
)
from sim.answers.how_many import (
    density,
)
from sim.answers.how_soon import (
    StartupAnswer,
    startup,
    unmet,
)
from sim.answers.one_server import (
    one_server,
)
from sim.answers.scale_in import (
    shrink,
)
from sim.answers.scale_out import (
    scale,
)
from sim.answers.storms import (
    Storm,
    resident,
    storm,
)
from sim.answers.who_runs_it import (
    WhoRunsIt,
    who_runs_it,
)

__all__ = [
    "DensityAnswer",
    "LifecycleAnswer",
    "StartupAnswer",
    "Storm",
    "WhoRunsIt",
    "density",
    "lifecycle",
    "one_server",
    "resident",
    "scale",
    "shrink",
    "startup",
    "storm",
    "unmet",
    "who_runs_it",
]
