"""What is asked of platforms: which of them should run my application?"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from sim.core.description import description
from sim.core.names import Dialect, shown
from sim.core.quantity import number_in, parse_seconds
from sim.core.question import Typed
from sim.studies import platforms
from sim.studies.cost.terms import PriceTerms
from sim.studies.kinds import Replications, Seed, among, at_least, chosen, several
from sim.studies.plan.types import allowed
from sim.workload.application import Application, as_application

Goal: TypeAlias = Literal["cost", "ready", "density"]
"""Cheapest; ready soonest from a cold image; on fewest machines."""


def _instance(name: object) -> str:
    allowed(str(name))
    return str(name)


def _spare(value: object) -> int:
    number = at_least(0, value)
    if number > MOST_SPARE:
        raise ValueError(f"{shown(value)} is not allowed; 0 to {MOST_SPARE}")
    return number


MOST_SPARE = 2
"""Machines to spare: of more, the ways in which they die together are too many to try."""

MEASURES = {
    "cost": "usd_per_month",
    "machines": "machines",
    "ready": "ready_cold_p50_s",
    "warm": "ready_warm_p50_s",
}
"""What can be required, and the column it is of."""

_LIMIT = re.compile(r"([a-z]+)<=(.+)")


@dataclass(frozen=True, slots=True)
class PlanLimit:
    """One thing that a platform has to keep to: `cost<=500`."""

    text: str
    column: str
    most: float


def limits(text: str) -> tuple[PlanLimit, ...]:
    """The limits of `cost<=500,ready<=60s`.

    Raises:
        ValueError: it cannot be read.
    """
    return tuple(_limit(each) for each in text.replace(" ", "").split(","))


def _limit(text: str) -> PlanLimit:
    match = _LIMIT.fullmatch(text)
    if match is None or match[1] not in MEASURES:
        raise ValueError(
            f"{shown(text)} is not allowed; such as cost<=500 (USD a month), ready<=60s (cold, "
            f"median), warm<=10s or machines<=3, several with a comma between"
        )
    seconds = match[1] in ("ready", "warm")
    most = parse_seconds(match[2]) if seconds else number_in(match[2].removesuffix("USD"))
    if most is None or most < 0.0:
        raise ValueError(f"{shown(text)} is not allowed; {match[2]!r} is no number of at least 0")
    return PlanLimit(text, MEASURES[match[1]], most)


def _readable(text: str) -> str:
    limits(text)
    return text


def _planned() -> Iterable[str]:
    return [row.name for row in platforms.plannable()]


@description
class PlanOptions(PriceTerms):
    """Which platform should run my application, on how many machines, and what does it cost?"""

    platform: Annotated[
        str | tuple[str, ...],
        several("platform", _planned, everything="all"),
        Typed(
            shape="<name>",
            repeats=True,
            help=lambda: f"{', '.join(_planned())} or all; may be repeated.",
        ),
    ] = "all"
    instance: Annotated[str, AfterValidator(_instance), Typed(shape="<type>")] = "m5.xlarge"
    """EC2 type of the machines; a pattern such as 'm5.*', or auto, takes the cheapest of them."""
    goal: Annotated[Goal, among("for", get_args(Goal)), Typed(name="for", shape="<goal>")] = "cost"
    """What the platforms are ranked by: cost, ready (soonest up) or density (fewest machines)."""
    require: Annotated[str, AfterValidator(_readable), Typed(shape="<limit>")] | None = None
    """What a platform must keep to, else it is not recommended; exit 1 where none does: "cost<=500"
    or "ready<=60s,machines<=3"."""
    spare: Annotated[int, BeforeValidator(_spare), Typed(shape="<integer>")] = 0
    """Machines that may die at once while all copies still have room: 0, 1 or 2."""
    start: bool = True
    """Simulate how soon it is up; without, the answer is arithmetic only."""
    replications: Replications = 20
    seed: Seed = 1

    @property
    def platforms(self) -> tuple[str, ...]:
        """Names of the platforms that are asked about."""
        return chosen(self.platform, [*_planned()])


@description
class PlanQuestion(PlanOptions):
    """Which platform should run my application, on how many machines, and what does it cost?"""

    app: Annotated[Application, BeforeValidator(as_application)] = Field(kw_only=False)
    """The application, as `sim.read` gives it; a service alone is one of a single part."""
    dialect: Annotated[Dialect | None, Typed(python=True)] = None
    """What its files are written in, such as kubernetes: the plan then says where they do not run
    as they are."""
