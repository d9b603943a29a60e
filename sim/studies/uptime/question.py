"""What is asked of an application: when is all of it up."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from sim import catalog
from sim.core.description import description
from sim.core.question import Question, Typed
from sim.studies import platforms
from sim.studies.kinds import Instance, Replications, Seed, chosen, several
from sim.workload import Application
from sim.workload.application import as_application


@description
class UptimeQuestion(Question):
    """When is my whole application up, and which of its parts held it up?"""

    app: Annotated[Application, BeforeValidator(as_application)] = Field(kw_only=False)
    """An application, such as `sim.read("compose.yaml")`, or one service."""
    platform: Annotated[
        str | tuple[str, ...],
        several("platform", lambda: platforms.names("startup"), everything="all"),
        Typed(shape="<name>", repeats=True),
    ] = "all"
    """One or several; all by default."""
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type of ECS and EKS, as many as it takes; the server of docker and vm has its size."""
    seed: Seed = 1
    replications: Replications = 20

    @property
    def platforms(self) -> tuple[str, ...]:
        """Names of the platforms that are asked about."""
        return chosen(self.platform, platforms.names("startup"))
