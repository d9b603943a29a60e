"""What is asked: our virtual machines, elsewhere."""

from collections.abc import Iterable, Iterator, Set
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from sim import catalog
from sim.catalog.prices import DEFAULT_REGION
from sim.core.description import description
from sim.core.mistakes import several_of
from sim.core.names import shown
from sim.core.question import Mistake, Question, Typed
from sim.studies import platforms
from sim.studies.cost.terms import PLANS, PriceTerms, PurchaseName, RegionName
from sim.studies.kinds import NAME, Replications, Seed, among, number, whole
from sim.studies.migrate.inventory import Inventory
from sim.studies.plan.types import AUTO, allowed

DEFAULT_TO = ("ec2", "ecs", "eks", "fargate")
MOST_SPARE = 2


def _platforms(value: object) -> tuple[str, ...]:
    """Names of platforms, of `ec2,ecs` and such where they were typed."""
    if not isinstance(value, Iterable):
        raise ValueError(f"{shown(value)} is not allowed; names of platforms")
    words = several_of(value)
    names = [name.strip() for word in words for name in str(word).split(",")]
    for name in names:
        platforms.row(name)
        if name not in [row.name for row in platforms.plannable()]:
            known = ", ".join(row.name for row in platforms.plannable())
            raise ValueError(f"{shown(name)} is not allowed; one of {known}")
    return tuple(dict.fromkeys(names))


def _types(name: object) -> str:
    allowed(str(name))
    return str(name)


def _known_rules() -> Iterable[str]:
    return catalog.RULES


Patterns = Annotated[tuple[str, ...], Typed(shape="<pattern>", repeats=True)]


@description
class MigrateOptions(Question):
    """Our virtual machines as they are: on how many machines elsewhere, at what price?"""

    to: Annotated[
        tuple[str, ...],
        PlainValidator(_platforms),
        Typed(
            shape="<names>",
            repeats=True,
            shown=lambda value: value if isinstance(value, str) else ",".join(value),
        ),
    ] = DEFAULT_TO
    """Where to move them, with commas between: ec2 (as they are, and right-sized), ecs, eks,
    fargate, or any other platform of sim plan."""
    instance: Annotated[str, AfterValidator(_types), Typed(shape="<type>")] = AUTO
    """EC2 type that containers share; auto, or a pattern such as 'm5.*', picks the cheapest. VMs
    that stay instances may be of any type."""
    rule: Annotated[str, among("rule", _known_rules), NAME] = "compute-optimizer"
    """Rule for right-sizing: compute-optimizer, vpa, krr, goldilocks or as-is."""
    only: Patterns = ()
    """Only VMs whose names match, such as 'app-*'; may be given several times."""
    group: Annotated[str | None, Typed(shape="<what>")] = None
    """Totals by cluster, folder, application, tag:KEY, or stem, which is a name without its
    number."""
    as_container: Patterns = ()
    """VMs that become containers, whatever they look like; may be given several times."""
    as_instance: Patterns = ()
    """VMs that become instances of their own; may be given several times."""
    spare: Annotated[int, whole(0, MOST_SPARE), Typed(shape="<integer>")] = 1
    """Machines that may fail while all containers still have room: 0, 1 or 2."""
    core_speed: (
        Annotated[
            float, number("0.1 to 10", lambda speed: 0.1 <= speed <= 10.0), Typed(shape="<number>")
        ]
        | None
    ) = None
    """Speed of a core of today's hosts, where an m5 core is 1; from their clock rate unless
    given."""
    include_off: bool = False
    """Include VMs that are powered off."""
    start: bool = True
    """Simulate the load on the packed machines, and how soon all is up after a power cut;
    --no-start leaves it at arithmetic."""
    region: RegionName = DEFAULT_REGION
    """AWS region; EC2 prices are known for us-east-1, Fargate's for twenty regions."""
    purchase: PurchaseName = "on-demand"
    """on-demand, spot, savings-plan (Compute, 1 year) or instance-savings-plan."""
    savings_rate: (
        Annotated[
            float, number("above 0 to 1", lambda rate: 0.0 < rate <= 1.0), Typed(shape="<number>")
        ]
        | None
    ) = None
    """Your Savings Plan's rate as a fraction of the on-demand price, such as 0.72."""
    replications: Replications = 5
    seed: Seed = 1

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """A rate of a plan that is not bought."""
        if "savings_rate" in given and self.purchase not in PLANS:
            words = f"not allowed with --purchase {self.purchase}; it is for {' and '.join(PLANS)}"
            yield Mistake(("savings_rate", "purchase"), words)

    @property
    def terms(self) -> PriceTerms:
        """Where and how machines are bought."""
        return PriceTerms(
            region=self.region, purchase=self.purchase, savings_rate=self.savings_rate
        )


def _inventory(value: object) -> object:
    if isinstance(value, Inventory):
        return value
    raise ValueError(f"{type(value).__name__} is not allowed; an inventory, as sim.read gives it")


@description
class MigrateQuestion(MigrateOptions):
    """Our virtual machines as they are: on how many machines elsewhere, at what price?"""

    inventory: Annotated[Inventory, BeforeValidator(_inventory)] = Field(kw_only=False)
    """The machines, as `sim.read` gives them."""
