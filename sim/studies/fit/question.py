"""What is asked of records."""

from typing import Annotated

from sim import catalog
from sim.core.description import description
from sim.core.question import Question, Typed
from sim.studies.kinds import among, number


@description
class FitQuestion(Question):
    """How long does each phase of my own starts take, and how far off is the model?"""

    holdout: Annotated[
        float,
        number("a share from 0 to 0.9", lambda share: 0.0 <= share <= 0.9),
        Typed(shape="<share>", shown="{:g}".format),
    ] = 0.3
    """Share of the starts to hold out, the latest ones: the fit is judged on them."""
    rule: Annotated[str, among("rule", list(catalog.RULES)), Typed(shape="<name>")] = "vpa"
    """How containers are sized from what they use: compute-optimizer, vpa, krr, goldilocks or
    as-is."""
    sizes: bool = False
    """Fit only what containers use (p50, p95 and peak), not their starts."""
    names: bool = False
    """Keep the names of containers; otherwise no name leaves the records."""
