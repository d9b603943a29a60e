"""What is asked of an application whose services call each other."""

from collections.abc import Iterator, Set
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import Field, model_validator

from sim import catalog
from sim.core.description import description
from sim.core.question import Mistake, Question, Typed, without_effect
from sim.studies import platforms
from sim.studies.kinds import NAME, Count, Instance, Replications, Seed, Time, among, number
from sim.workload import Application
from sim.workload.traffic.balancing import Balancing

Rate: TypeAlias = Annotated[
    float, number("a number above 0", lambda rate: 0.0 < rate < 1e9), Typed(shape="<number>")
]


@description
class CallsQuestion(Question):
    """What does a user of my services wait for, which of them stops me, and at what rate?"""

    application: Annotated[Any, Typed(argument=True, shape="FILE", help="The application.")] = (
        Field(kw_only=False)
    )
    rate: Rate | None = None
    """Requests of users a second."""
    users: Count | None = None
    """Users who ask, wait for the answer and think, instead of a rate."""
    think: Time = 1.0
    """Mean time that a user thinks."""
    platform: (
        Annotated[
            str,
            among("platform", lambda: platforms.names("startup")),
            Typed(shape="<name>", help=lambda: f"{platforms.listed('startup')}; none: see below."),
        ]
        | None
    ) = None
    """Where the copies run; none: each has a machine to itself."""
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type of the machines."""
    balancing: Annotated[Balancing, among("balancing", get_args(Balancing)), NAME] | None = None
    """round-robin, random or least-busy; random on EKS (kube-proxy), else round-robin."""
    one_more: bool = True
    """Run it with one more copy of each service, too."""
    monolith: bool = True
    """Run it as one program on the same vCPUs, too."""
    requests: Count = 1500
    """Requests of one run."""
    seed: Seed = 1
    replications: Replications = 10

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """Either so many a second, or so many users."""
        if (self.rate is None) == (self.users is None):
            both = "one of the two, not both" if self.rate else "it is missing; or --users"
            yield Mistake(("rate", "users"), both)
        if self.users is None:
            yield from without_effect(given, ("think",), "users", "without --users")

    @model_validator(mode="after")
    def _has_calls(self) -> "CallsQuestion":
        application = self.application
        if not isinstance(application, Application):
            raise ValueError(f"application: {application!r} is not allowed; an Application")
        if not application.entries:
            raise ValueError(
                f"{application.name}: entry: it is missing; which operation users ask for, "
                "such as 'entry: web.home'"
            )
        return self

    @property
    def balanced(self) -> Balancing:
        """How calls choose a copy."""
        if self.balancing is not None:
            return self.balancing
        return "random" if (self.platform or "").startswith("eks") else "round-robin"
