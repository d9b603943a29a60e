"""What a platform takes besides the price of its machines."""

from sim import catalog
from sim.catalog.prices import ClusterTier, Purchase
from sim.core.description import description


@description
class Charges:
    """What a platform takes besides the price of its machines; keys are of figures."""

    cluster: bool = False
    """Whether it has an EKS control plane."""
    fee: str = ""
    """Fee for managing an instance, over its price on demand."""
    volume: str = ""
    """Root volume of each instance."""
    purchase: Purchase | None = None
    """How it is always bought, whatever the terms say."""
    spot: bool = True
    """Whether it can be bought as Spot."""

    def besides(self, tier: ClusterTier = "standard") -> str:
        """What it takes whatever runs on it, in words."""
        if not self.cluster:
            return ""
        return f"the cluster itself costs another {catalog.cluster_price(tier):.2f} USD/h"


NO_CHARGES = Charges()
