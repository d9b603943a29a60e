"""What an account may run is said beside an answer, and enforced in none."""

import pytest

import sim
from sim import catalog, scale_out, startup
from sim.studies.account_quotas import Need, account_line
from sim.units import GiB


def test_a_scale_out_says_which_quotas_a_new_account_needs_raised() -> None:
    """10 tasks of 2 vCPU are 20 vCPUs on Fargate, of which a new account has 6."""
    answer = scale_out(platform="fargate", to=10, cpu=2.0, memory=4 * GiB, replications=1)

    assert answer.rows[0].ready == 10
    assert "fargate needs 20 vCPUs of Fargate tasks, the quota is 6" in answer.account


def test_an_account_that_has_enough_is_not_spoken_of() -> None:
    """With a quota of 100 vCPUs the same is within it."""
    quotas = {"fargate.account.vcpus": 100.0}
    answer = scale_out(
        platform="fargate", to=10, cpu=2.0, memory=4 * GiB, replications=1, quotas=quotas
    )

    assert answer.account == ""


def test_starts_count_instances_and_microvms_and_nothing_that_shares_a_host() -> None:
    """Four tasks of 2 vCPU: on EC2 an instance of 2 vCPU each."""
    of = {
        name: startup(platform=name, tasks=4, replications=1).account
        for name in ("docker", "ec2", "fargate")
    }

    assert of["docker"] == ""
    assert "ec2 needs 8 vCPUs of on-demand instances, the quota is 5" in of["ec2"]
    assert "fargate needs 8 vCPUs of Fargate tasks, the quota is 6" in of["fargate"]


def test_platforms_of_one_quota_are_said_together() -> None:
    """From the least to the most."""
    line = account_line(
        [Need("a", "x", 7.0, 5.0), Need("b", "x", 9.5, 5.0), Need("c", "x", 5.0, 5.0)]
    )

    assert line.endswith("Service Quotas for more: a, b need 7 to 9.5 vCPUs of x, the quota is 5.")


def test_fargate_on_arm_has_a_price_of_its_own_a_fifth_below() -> None:
    """Half a vCPU and 1 GiB."""
    arm, x86 = catalog.fargate("arm64"), catalog.fargate()
    size = next(size for size in arm.sizes if (size.vcpu, size.memory) == (0.5, GiB))

    assert arm.price(size) == pytest.approx(0.5 * 0.03238 + 0.00356)
    assert arm.price(size) < x86.price(size)
    answer = sim.density(instance="c6g.4xlarge", cpu=0.5, memory=GiB, by="reservation")
    [row] = [row for row in answer.rows if row.platform == "fargate"]
    assert row.usd_per_container_hour == arm.price(size)


def test_a_refusal_names_the_largest_size_and_a_network_its_platform() -> None:
    """Words that say what is allowed."""
    reasons = startup(platform="fargate", cpu=36.0, replications=1).reasons()

    assert reasons == {"fargate-cold": "Fargate size (the largest is 32 vCPU, 244 GiB) x1"}
    with pytest.raises(
        ValueError, match="network: not allowed on fargate, where it has no effect; it is for ecs"
    ):
        startup(platform="fargate", network="host")
