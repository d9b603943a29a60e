"""Where and how capacity is bought."""

from collections.abc import Iterator, Set
from typing import Annotated, TypeAlias, get_args

from sim import catalog
from sim.catalog.prices import DEFAULT_REGION, ClusterTier, Purchase
from sim.core.description import description
from sim.core.question import Mistake, Typed
from sim.studies.kinds import NAME, among, number

PLANS: tuple[Purchase, ...] = ("savings-plan", "instance-savings-plan")

LAST = Typed(last=True)
RegionName: TypeAlias = Annotated[str, among("region", catalog.regions), NAME, LAST]
PurchaseName: TypeAlias = Annotated[Purchase, among("purchase", get_args(Purchase)), NAME, LAST]
TierName: TypeAlias = Annotated[
    ClusterTier, among("cluster-tier", get_args(ClusterTier)), NAME, LAST
]


@description
class PriceTerms(catalog.NodeSettings):
    """What capacity is, and where and how it is bought; who asks what it costs has these fields."""

    region: RegionName = DEFAULT_REGION
    """AWS region; EC2's prices are known of us-east-1, Fargate's of twenty regions."""
    purchase: PurchaseName = "on-demand"
    """on-demand, spot, savings-plan (Compute, 1 year) or instance-savings-plan."""
    savings_rate: (
        Annotated[
            float,
            number("above 0 to 1", lambda rate: 0.0 < rate <= 1.0),
            Typed(shape="<number>", last=True),
        ]
        | None
    ) = None
    """What your Savings Plan pays over the on-demand price, such as 0.72."""
    public_ipv4: Annotated[bool, LAST] = False
    """A public IPv4 address for each instance or Fargate task."""
    cluster_tier: TierName = "standard"
    """EKS control plane: standard, extended (support), xl, 2xl, 4xl or 8xl."""

    def conflicts(self, given: Set[str]) -> Iterator[Mistake]:
        """A rate of a plan that is not bought."""
        if "savings_rate" in given and self.purchase not in PLANS:
            words = f"not allowed with --purchase {self.purchase}; it is for {' and '.join(PLANS)}"
            yield Mistake(("savings_rate", "purchase"), words)
