"""What is asked of an application whose services call each other."""

from collections.abc import Iterator, Set
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import Field, model_validator

from sim import catalog
from sim.catalog import AutoscalerName
from sim.core.description import description
from sim.core.names import shown
from sim.core.question import Mistake, Question, Typed, without_effect
from sim.studies import platforms
from sim.studies.calls.scaling.rate_change import Ramp
from sim.studies.kinds import (
    NAME,
    Count,
    Host,
    Instance,
    Replications,
    Seed,
    Time,
    among,
    number,
    whole,
)
from sim.workload import Application
from sim.workload.traffic.balancing import Balancing

Rate: TypeAlias = Annotated[
    float,
    number("a number above 0 and below 1,000,000,000", lambda rate: 0.0 < rate < 1e9),
    Typed(shape="<number>"),
]
Share: TypeAlias = Annotated[
    float,
    number("a share above 0 and at most 1", lambda at: 0.0 < at <= 1.0),
    Typed(shape="<share>"),
]
Autoscaler: TypeAlias = Annotated[
    AutoscalerName, among("autoscale", get_args(AutoscalerName)), NAME
]


def _platforms() -> list[str]:
    """Those with hosts that are up already, and those whose hosts come and go."""
    return list(dict.fromkeys([*platforms.names("startup"), *platforms.names("scale")]))


@description
class CallsOptions(Question):
    """What is asked of an application, whichever."""

    rate: Rate | None = None
    """Requests per second from users."""
    users: Annotated[int, whole(1, 100_000), Typed(shape="<integer>")] | None = None
    """Users who ask, wait for the answer and think, instead of a rate."""
    think: Time = 1.0
    """Mean time that a user thinks."""
    platform: (
        Annotated[
            str,
            among("platform", _platforms),
            Typed(
                shape="<name>",
                help=lambda: f"{', '.join(_platforms())}; none: each copy has a machine to itself.",
            ),
        ]
        | None
    ) = None
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type of the machines."""
    host: Host | None = None
    """Bare machine of docker and vm instead: a type, or a size such as 2x4GiB."""
    zones: Count = 1
    """Availability zones over which hosts are spread, in turns; calls cross them."""
    balancing: Annotated[Balancing, among("balancing", get_args(Balancing)), NAME] | None = None
    """round-robin, random or least-busy; random on EKS (kube-proxy), else round-robin."""
    one_more: bool = True
    """Run it with one more copy of each service, too."""
    monolith: bool = True
    """Run it as one program on the same vCPUs, too."""
    autoscale: Autoscaler | None = None
    """hpa (Kubernetes) or ecs (target tracking) chooses the copies while the rate changes."""
    ramp: Ramp | None = None
    """With an autoscaler, the change of the rate: 50..400 at once, or '50..500 in 10min'."""
    target: Share = 0.6
    """Share of the CPU request that the autoscaler aims at."""
    within: Time | None = None
    """Time in which 95% shall be answered; default: twice the p95 before the change."""
    requests: Count = 1500
    """Requests of one run."""
    seed: Seed = 1
    replications: Replications = 10

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """Either so many a second, or so many users, or a change with an autoscaler."""
        said = [self.rate is not None, self.users is not None, self.ramp is not None]
        if sum(said) != 1:
            both = (
                "give one of rate, users and ramp"
                if any(said)
                else "it is missing; give requests per second, or --users instead"
            )
            yield Mistake(("rate", "users"), both)
        if self.host is not None and (self.platform or "") not in ("docker", "vm"):
            yield Mistake(("host", "platform"), "not allowed but with --platform docker or vm")
        yield from self._scaling_conflicts(given)
        if self.users is None:
            yield from without_effect(given, ("think",), "users", "without --users")

    def _scaling_conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        if self.autoscale is None:
            reason = "without --autoscale"
            yield from without_effect(given, ("ramp", "target", "within"), "autoscale", reason)
        elif self.ramp is None:
            yield Mistake(
                ("ramp", "autoscale"), "it is missing; give such as 50..400 with --autoscale"
            )
        elif self.platform is None:
            yield Mistake(("platform", "autoscale"), "it is missing; say where new copies start")

    @property
    def per_second(self) -> float | None:
        """Requests a second, before they change; None: users who think."""
        return self.ramp.begin if self.ramp is not None else self.rate

    @property
    def balanced(self) -> Balancing:
        """How calls choose a copy."""
        if self.balancing is not None:
            return self.balancing
        return "random" if (self.platform or "").startswith("eks") else "round-robin"


@description
class CallsQuestion(CallsOptions):
    """What does a user of my services wait for, which of them stops me, and at what rate?"""

    application: Annotated[Any, Typed(help="An Application whose parts have operations.")] = Field(
        kw_only=False
    )

    @model_validator(mode="after")
    def _has_calls(self) -> "CallsQuestion":
        application = self.application
        if not isinstance(application, Application):
            raise ValueError(f"application: {shown(application)} is not allowed; an Application")
        if not application.entries:
            raise ValueError(
                f"{application.name}: entry: it is missing; which operation users ask for, "
                "such as 'entry: web.home'"
            )
        return self
