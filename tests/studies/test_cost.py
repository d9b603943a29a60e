"""What it costs altogether: whole machines, fees, volumes, addresses, clusters, by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import catalog
from sim.core.question import ask
from sim.studies.cost.bill import Bill, Capacity, Machines, SizedTasks, bill, whole_machines
from sim.studies.cost.charges import Charges
from sim.studies.cost.terms import PriceTerms
from sim.studies.platforms import row
from sim.units import GiB

M5 = Machines(type="m5.xlarge", count=2)
TASK = SizedTasks(vcpu=1.0, memory=2 * GiB, count=3)
BARE = Charges()


def usd(found: Bill, item: str) -> float | None:
    prices = [each.usd_per_hour for each in found.items if each.item == item]
    return prices[0] if prices else 0.0


def terms(**given: Any) -> PriceTerms:
    return ask(PriceTerms, given)


def test_fourteen_tasks_are_paid_on_whole_machines() -> None:
    """Five fit on one: three machines, 0.192 USD/h each, and 30 GiB of gp3 with each."""
    machines = whole_machines(14, 5)
    found = bill(row("ecs").charges, [Machines(type="m5.xlarge", count=machines)])

    assert machines == 3
    assert usd(found, "compute") == pytest.approx(3 * 0.192)
    assert usd(found, "volume") == pytest.approx(3 * 30 * 0.08 / 730)
    assert found.usd_per_month == pytest.approx(730 * 3 * 0.192 + 3 * 30 * 0.08)


@given(count=st.integers(1, 500), each=st.integers(1, 60))
def test_whole_machines_hold_all_and_none_is_empty(count: int, each: int) -> None:
    """One less would not do."""
    machines = whole_machines(count, each)

    assert (machines - 1) * each < count <= machines * each


def test_an_eks_cluster_is_paid_once_whatever_runs_on_it() -> None:
    """0.10 USD/h with standard support, 0.60 with extended; a provisioned one comes on top."""
    charges = row("eks").charges

    assert bill(charges, []).usd_per_hour == pytest.approx(0.10)
    assert bill(charges, [], terms(cluster_tier="extended")).usd_per_hour == pytest.approx(0.60)
    assert bill(charges, [], terms(cluster_tier="xl")).usd_per_hour == pytest.approx(1.75)
    assert bill(row("ecs").charges, []).usd_per_hour == 0.0


@pytest.mark.parametrize("purchase", ["on-demand", "spot", "savings-plan"])
def test_a_management_fee_is_12_percent_of_the_price_on_demand(purchase: str) -> None:
    """Neither Spot nor a Savings Plan lowers it."""
    found = bill(Charges(fee="eks.auto.fee_ratio"), [M5], terms(purchase=purchase))

    assert usd(found, "fee") == pytest.approx(2 * 0.12 * 0.192)


@pytest.mark.parametrize(
    ("type_", "share"), [("c6g.xlarge", 0.12), ("g5.xlarge", 0.078), ("p4d.24xlarge", 0.048)]
)
def test_the_fee_of_gpu_types_is_lower(type_: str, share: float) -> None:
    """65% of it for G types, 40% for P: c6g has no GPU, for all its g."""
    assert catalog.fee_share("eks.auto.fee_ratio", type_) == pytest.approx(share)


def test_fargate_is_paid_by_vcpu_and_gb_and_what_is_above_20_gib() -> None:
    """Three tasks of 1 vCPU and 2 GB, 30 GiB of storage each."""
    sized = SizedTasks(vcpu=1.0, memory=2 * GiB, count=3, ephemeral=30 * GiB)
    found = bill(BARE, [sized], terms(public_ipv4=True))

    assert usd(found, "compute") == pytest.approx(3 * (0.04048 + 2 * 0.004445))
    assert usd(found, "storage") == pytest.approx(3 * 10 * 0.000111)
    assert usd(found, "address") == pytest.approx(3 * 0.005)


def test_fargate_has_a_price_of_its_own_in_each_region_and_architecture() -> None:
    """Sao Paulo is 72% dearer than Virginia, arm64 a fifth cheaper."""
    sized = SizedTasks(vcpu=1.0, memory=2 * GiB, architecture="arm64")
    paulo = bill(BARE, [TASK], terms(region="sa-east-1"))

    assert usd(paulo, "compute") == pytest.approx(3 * (0.0696 + 2 * 0.0076))
    assert bill(BARE, [sized]).usd_per_hour == pytest.approx(0.03238 + 2 * 0.00356)


def test_spot_is_a_ratio_of_the_type_and_the_region() -> None:
    """m5.xlarge in Virginia 0.34; Fargate 0.31."""
    spot = terms(purchase="spot")

    assert bill(BARE, [M5], spot).usd_per_hour == pytest.approx(2 * 0.192 * 0.34)
    assert bill(BARE, [TASK], spot).usd_per_hour == pytest.approx(
        0.31 * 3 * (0.04048 + 2 * 0.004445)
    )


def test_ones_own_savings_rate_counts_on_fargate_too() -> None:
    """Fargate's rate is not known, unless it is said."""
    rate = terms(purchase="savings-plan", savings_rate=0.5)

    assert bill(BARE, [M5], rate).usd_per_hour == pytest.approx(0.192)
    assert bill(BARE, [TASK], rate).usd_per_hour == pytest.approx(
        0.5 * 3 * (0.04048 + 2 * 0.004445)
    )


@pytest.mark.parametrize(
    ("capacity", "given", "words"),
    [
        (M5, {"region": "eu-west-1"}, "EC2's prices in eu-west-1 are not known"),
        (Machines(type="c8gd.large"), {"purchase": "spot"}, "Spot price of c8gd.large in us-east"),
        (TASK, {"purchase": "savings-plan"}, "Fargate's rate in a Compute Savings Plan is not"),
        (TASK, {"purchase": "instance-savings-plan"}, "does not cover Fargate"),
        (Machines(type="my-server"), {}, "the price of my-server is not known"),
        (
            SizedTasks(vcpu=1.0, memory=2 * GiB, ephemeral=50 * GiB),
            {"region": "eu-west-1"},
            "ephemeral storage in eu-west-1 is not known",
        ),
    ],
)
def test_what_is_not_known_is_said_and_makes_the_whole_unknown(
    capacity: Capacity, given: dict[str, Any], words: str
) -> None:
    """It is never 0, another region's or another type's."""
    found = bill(row("eks").charges, [capacity], terms(**given))

    assert found.usd_per_hour is None and found.usd_per_month is None
    assert "usd_per_hour" not in found.json()
    assert words in found.json()["refused"] and words in found.sentence()


def test_eks_has_no_fargate_spot() -> None:
    """Fargate Spot is ECS's."""
    found = bill(row("eks-fargate").charges, [TASK], terms(purchase="spot"))

    assert found.unknown == ("Fargate Spot is for ECS only: EKS runs its pods on demand",)


def test_items_and_their_sum_are_said_in_usd_a_month() -> None:
    """Each of them adds up to the whole."""
    found = bill(row("eks").charges, [M5])

    assert found.sentence() == (
        "2 x m5.xlarge on demand 280.32 + 2 x gp3 20 GiB 3.20 + EKS cluster 73.00 = "
        "356.52 USD a month"
    )


@given(
    count=st.integers(1, 100),
    more=st.integers(1, 100),
    region=st.sampled_from(catalog.regions()),
    purchase=st.sampled_from(["on-demand", "spot"]),
)
def test_more_machines_never_cost_less(count: int, more: int, region: str, purchase: str) -> None:
    """Where a price is known."""
    asked = terms(region=region, purchase=purchase)
    prices = [
        bill(BARE, [SizedTasks(vcpu=1.0, memory=2 * GiB, count=n)], asked).usd_per_hour
        for n in (count, count + more)
    ]

    assert None not in prices and sorted(prices) == prices  # type: ignore[type-var]


def test_a_wrong_region_or_purchase_is_told() -> None:
    """With the nearest name, and a rate only for a plan."""
    with pytest.raises(ValueError, match="region: 'eu-west1' is not known; did you mean"):
        terms(region="eu-west1")
    with pytest.raises(ValueError, match="purchase: 'reserved' is not known; known: on-demand"):
        terms(purchase="reserved")
    with pytest.raises(ValueError, match="not allowed with --purchase spot"):
        terms(purchase="spot", savings_rate=0.7)
