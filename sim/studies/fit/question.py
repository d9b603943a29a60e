"""What is asked of records."""

from typing import Annotated

from sim import catalog
from sim.core.description import description
from sim.core.question import Question, Typed
from sim.studies.kinds import among, number


@description
class FitQuestion(Question):
    """Which phases have the starts of my own cluster, and how far off is that?"""

    holdout: Annotated[
        float,
        number("a share from 0 to 0.9", lambda share: 0.0 <= share <= 0.9),
        Typed(shape="<share>", shown="{:g}".format),
    ] = 0.3
    """Share of the starts, the last in time, that nothing is fitted to; they are the judge."""
    rule: Annotated[str, among("rule", list(catalog.RULES)), Typed(shape="<name>")] = "vpa"
    """How sizes are made of what containers use: compute-optimizer, vpa, krr, goldilocks or
    as-is."""
    sizes: bool = False
    """Fit what containers use alone (p50, p95 and peak), and no starts."""
    names: bool = False
    """Keep the names of containers; without it, no name leaves the records."""
