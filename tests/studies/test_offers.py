"""New offers in the table of platforms: what they hold, what they take, and what they refuse."""

from typing import Any

import pytest

import sim
from sim import catalog, scale_out
from sim.core.description import figures
from sim.studies import platforms
from sim.studies.density.answer import DensityAnswer
from sim.studies.scale import ScaleOutQuestion, scaled_platforms, web
from sim.units import GiB

NEW = ("ecs-managed", "eks-auto", "ec2-spot", "fargate-spot")


@pytest.fixture(scope="module")
def m5() -> DensityAnswer:
    return sim.density(by="reservation", cpu=0.5, memory=GiB, tasks=14)


def test_each_of_them_has_a_row_with_a_price(m5: DensityAnswer) -> None:
    """Of full hosts, and of fourteen tasks."""
    bills = {each.row.platform: each.bill.usd_per_month for each in m5.bills()}

    assert all((m5.row(name).usd_per_container_hour or 0.0) > 0.0 for name in NEW)
    assert all((bills[name] or 0.0) > 0.0 for name in NEW)


@pytest.mark.parametrize("name", ["ecs-managed", "eks-auto"])
def test_the_fee_is_12_percent_on_top_of_the_instance(m5: DensityAnswer, name: str) -> None:
    """0.192 USD/h of an m5.xlarge become 0.21504; the volume has 80 GiB."""
    found = m5.row(name).bill(1)

    assert found is not None
    assert found.machines_usd_per_hour == pytest.approx(0.21504)
    assert found.of("volume").usd_per_month == pytest.approx(80 * 0.08)


def test_auto_mode_has_no_daemon_sets_and_its_pods_have_prefixes(m5: DensityAnswer) -> None:
    """What aws-node and kube-proxy ask of a node's CPU is left to pods; 110 pods, not 58."""
    auto, own = catalog.eks_auto("m5.xlarge"), catalog.eks("m5.xlarge")

    assert auto.node is not None and own.node is not None
    assert auto.node.daemon_sets == () and own.node.daemon_sets != ()
    assert (auto.node.max_pods, own.node.max_pods) == (110, 58)
    large = catalog.eks_auto("m5.24xlarge").node  # EKS user guide, create a node class
    assert large is not None and large.max_pods == 110
    assert m5.row("eks-auto").count >= m5.row("eks").count
    assert m5.row("eks-auto").note.startswith("a node lives 21 days at most")


def test_managed_instances_take_as_many_as_awsvpc_with_trunks(m5: DensityAnswer) -> None:
    """They are ECS instances with another owner."""
    managed, own = m5.row("ecs-managed"), m5.row("ecs-awsvpc-trunk")

    assert (managed.count, managed.stopped_by) == (own.count, own.stopped_by)
    assert managed.note.startswith("an instance lives 14 days at most")


@pytest.mark.parametrize(("spot", "usual", "ratio"), [("fargate-spot", "fargate", 0.31)])
def test_fargate_spot_is_fargate_at_a_third_of_the_price(
    m5: DensityAnswer, spot: str, usual: str, ratio: float
) -> None:
    """The same size, and no quota of the account's on-demand tasks."""
    cheap, dear = m5.row(spot), m5.row(usual)

    assert (cheap.host, cheap.count) == (dear.host, dear.count)
    assert cheap.usd_per_container_hour == pytest.approx(ratio * (dear.usd_per_container_hour or 0))
    assert "account quota" not in str(cheap.limits)


def test_spot_does_not_win_against_what_is_never_taken_back(m5: DensityAnswer) -> None:
    """It is told apart: cheapest of all, and not what costs least."""
    said = m5.cost_sentence()

    assert "as Spot, which AWS may take back, ec2-spot" in said
    assert "cost least on ec2-spot" not in said and "cost least on fargate-spot" not in said
    assert not {"ec2-spot", "fargate-spot"} & {row.name for row in platforms.plannable()}


def test_fargate_has_32_vcpus_with_three_sizes_of_memory() -> None:
    """60, 120 and 244 GB; under EKS it ends with 16."""
    large = [size.memory / GiB for size in catalog.fargate().sizes if size.vcpu == 32.0]
    on_eks = catalog.eks_on_fargate().capacity

    assert large == [60.0, 120.0, 244.0]
    assert max(size.vcpu for size in on_eks.sizes) == 16.0  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["fargate", "fargate-spot"])
def test_fargate_refuses_gpus_however_it_is_bought(name: str) -> None:
    """Managed Instances and Auto Mode have them, and a lower fee on them."""
    found = sim.density(instance="g5.xlarge", gpus=1, by="reservation", cpu=1.0, memory=GiB)

    assert found.row(name).count == 0
    assert "Fargate has no GPUs" in found.row(name).refused
    for row in map(found.row, ("ecs-managed", "eks-auto")):
        host = row.bill(1)
        assert (row.count, row.stopped_by) == (1, "GPU")
        assert host is not None
        assert host.of("fee").usd_per_hour == pytest.approx(0.65 * 0.12 * 1.006)


@pytest.mark.parametrize("platform", ["ecs-managed", "eks-auto"])
def test_it_grows_from_none_and_is_gone_again(platform: str) -> None:
    """Twenty tasks of 1 vCPU on two instances of 16, fee and all; then none is left."""
    grown = sim.scale_out(platform=platform, to=20, replications=1).rows[0]
    gone = sim.scale_in(platform=platform, begin=20, to=0, replications=1).rows[0]
    price = catalog.instance("c6g.4xlarge").usd_per_hour or 0.0

    assert (grown.ready, grown.hosts) == (20, 2)
    assert grown.bill.machines_usd_per_hour == pytest.approx(1.12 * 2 * price)
    assert gone.hosts.value == 0
    assert gone.usd_per_hour == pytest.approx(0.1 if platform == "eks-auto" else 0.0)


def test_managed_instances_are_up_before_a_capacity_provider_has_looked() -> None:
    """No metric of a minute and no warm-up; 40 tasks need more than its first step."""
    rows = sim.scale_out(platform=("ecs-managed", "ecs-asg"), to=40, replications=1).rows
    last = {row.platform: row.times["t90_s"].value for row in rows}

    assert last["ecs-managed"] < 60.0 < last["ecs-asg"]


@pytest.mark.parametrize(("name", "now"), [("ecs-mi", "ecs-managed"), ("auto-mode", "eks-auto")])
def test_other_names_are_told(name: str, now: str) -> None:
    """By a did-you-mean."""
    with pytest.raises(ValueError, match=f"did you mean '{now}'"):
        sim.startup(platform=name, replications=1)


@pytest.mark.parametrize("name", ["ec2", "fargate"])
def test_who_asks_how_spot_starts_is_told_that_it_starts_alike(name: str) -> None:
    """Only its price is another."""
    with pytest.raises(ValueError, match=f"'{name}-spot' is '{name}' at the price of Spot"):
        sim.startup(platform=f"{name}-spot", replications=1)


def test_what_they_rest_on_is_cited() -> None:
    """Source, date and grade, and a range where it is assumed."""
    every: list[Any] = []
    for platform in (catalog.ecs_managed_instances("m5.large"), catalog.eks_auto_nodes("m5.large")):
        every += [cited for _, cited in figures(platform)]
    keys = {cited.key for cited in every}

    assert {"ecs.mi.start.to_instance", "ecs.mi.boot", "ecs.mi.idle", "ecs.mi.volume"} <= keys
    assert {"eks.auto.volume", "bottlerocket.node.total"} <= keys
    assert all(cited.source and cited.as_of for cited in every)


def test_platforms_that_choose_their_type_take_the_cheapest_on_whole_machines() -> None:
    """Twelve tasks of 1 vCPU and 2 GiB: no general-purpose type of x86 costs less an hour in all,
    counted here from ceilings and prices; a group of one type is not asked to choose."""
    names = ("ecs-managed", "eks-auto")
    asked = ScaleOutQuestion(platform=names, to=12, instance="auto")
    task = web(asked)
    for name, made in zip(names, (catalog.ecs_managed, catalog.eks_auto), strict=True):
        live = scaled_platforms(asked, task)[name]
        least = min(
            -(-12 // fit) * (catalog.instance(type_).usd_per_hour or 0.0)
            for type_ in catalog.general_purpose("amd64")
            if (fit := made(type_).ceilings(task)[0].allows)
        )
        chosen = live.host_name(task)
        fit = made(chosen).ceilings(task)[0].allows
        assert -(-12 // fit) * (catalog.instance(chosen).usd_per_hour or 0.0) == least
        assert chosen[0] in "cmr"
    with pytest.raises(ValueError, match="auto' is not allowed on ecs-asg: a group has the type"):
        scale_out(platform="ecs-asg", to=12, instance="auto")


def test_spot_has_rows_of_its_own_where_a_host_is_filled_and_nowhere_else() -> None:
    """EC2 says that it recovers instances on demand; what dies is not asked of Spot."""
    asked = {
        q
        for q in ("density", "startup", "scale", "fail")
        for n in platforms.names(q)
        if "spot" in n
    }

    assert asked == {"density"}
