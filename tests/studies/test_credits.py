"""T types: what a load costs in unlimited mode, and how slow it is in standard mode."""

from typing import Any

import pytest

from sim import catalog, density
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.credits import credit_use
from sim.studies.platform_row import PlatformOptions
from sim.studies.platforms import row
from sim.units import MiB

ALL_OF_IT = 0.9999999


def asked(**more: Any) -> DensityAnswer:
    given: dict[str, Any] = {"instance": "t3.medium", "cpu": 0.25, "memory": 128 * MiB}
    found: DensityAnswer = density(**{**given, "window": 2.0, "use_on": ["ecs-bridge"], **more})
    return found


def test_a_t3_medium_that_is_always_busy_costs_2_9_times_its_price() -> None:
    """Credits pay for 0.4 of 2 vCPU; 1.6 vCPU at 0.05 USD/h come to the 0.0416 of the instance."""
    busy = catalog.service(cpu=0.25, memory=128 * MiB, load_share=ALL_OF_IT)
    use = credit_use("t3.medium", 8, busy)
    assert use is not None
    assert use.times is not None

    assert use.earned == pytest.approx(0.4)
    assert use.wanted == pytest.approx(2.0, rel=0.02)
    assert use.times == pytest.approx(1.0 + 1.6 * 0.05 / 0.0416, rel=0.02)


@pytest.mark.parametrize("name", ["t2.micro", "t3.nano", "t3a.xlarge", "t4g.2xlarge"])
def test_below_the_baseline_nothing_is_billed(name: str) -> None:
    """And above it each vCPU-hour is, however many vCPUs there are."""
    idle = catalog.service(cpu=0.1, memory=128 * MiB, load_share=0.01)
    few, price = credit_use(name, 1, idle), 0.04 if name.startswith("t4g") else 0.05
    assert few is not None

    assert few.surplus_usd_per_hour == 0.0
    assert few.said("unlimited").endswith("no surplus")
    assert few.price.value == price


def test_no_other_type_has_credits() -> None:
    """Nor has a service that serves nothing a load."""
    assert credit_use("m5.large", 8, catalog.service()) is None


def test_the_answer_prices_the_load_that_was_told() -> None:
    """With --load in USD; without it, what is assumed is not priced."""
    told, untold = asked(load=0.9).credits_line(), asked(by="reservation", window=None, use_on=None)

    assert "times the price shown" in told
    assert "USD/h" not in untold.credits_line()
    assert "add --load to see how much" in untold.credits_line()
    assert asked(instance="m5.large", burstable=False, load=0.9).credits_line() == ""


def test_in_standard_mode_an_instance_gives_its_baseline_for_ever() -> None:
    """20% of two vCPUs hold a fifth of the load that two vCPUs hold, and the answer says it."""
    unlimited, standard = asked(load=0.6), asked(load=0.6, credits="standard")
    most = {
        name: found.row("ecs-bridge").count_by_use or 0
        for name, found in (("unlimited", unlimited), ("standard", standard))
    }

    assert 0 < most["standard"] * 0.6 * 0.25 < 0.4
    assert most["standard"] < most["unlimited"]
    assert "queues grow without end" in standard.credits_line()


def test_a_machine_at_its_baseline_keeps_its_vcpus() -> None:
    """They are reserved as before: ECS registers both, whatever credits there are."""
    wanted = catalog.service(cpu=0.25)
    options = PlatformOptions(service=wanted, instance="t3.medium", held_at_baseline=True)
    platform = row("ecs").made(options)

    assert options.machine.sustained_vcpus == pytest.approx(0.4)
    assert next(c.allows for c in platform.ceilings(wanted) if c.limit == "vCPU") == 8


def test_bills_hold_the_surplus_of_whole_hosts_where_the_load_is_told() -> None:
    """Twelve tasks of 0.25 vCPU at 90% on t3.medium, eight a host: 1.8 vCPU on one and 0.9 on the
    other, less 0.4 each, at 0.05 USD; none in standard mode, nor where no load was told."""
    told = asked(load=0.9, tasks=12)
    untold = asked(by="reservation", window=None, use_on=None, tasks=12)
    (bill,) = [each.bill for each in told.bills() if each.row.platform == "ecs-bridge"]
    (item,) = bill.of("surplus").items

    assert item.usd_per_hour == pytest.approx(((1.8 - 0.4) + (0.9 - 0.4)) * 0.05, rel=0.1)
    assert "surplus CPU credits" in bill.sentence()
    for other in (untold, asked(load=0.9, credits="standard", tasks=12)):
        assert not any(each.bill.of("surplus").items for each in other.bills())
