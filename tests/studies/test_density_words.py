"""What a row says of what stops it, and of what to do about it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sim import catalog, density
from sim.cli.app import app
from sim.platforms.limits import lifted, smallest_first
from sim.start import Ceiling
from sim.studies.density.row import DensityRow, first_and_next, how_to_lift, side_by_side
from sim.units import GiB, MiB


def row(*ceilings: Ceiling, platform: str = "eks") -> DensityRow:
    """The row of a platform with these limits."""
    found = smallest_first(*ceilings)
    return DensityRow(platform, "a host", found[0].allows, lifted(found))


SLOTS, CPU = Ceiling("pod slots", 15, "more slots"), Ceiling("vCPU", 15, "less CPU")


def test_where_two_limits_stop_at_the_same_count_both_are_to_be_lifted() -> None:
    """Lifting one alone gains nothing, so that advice on one alone cannot work."""
    assert how_to_lift(row(SLOTS, CPU)) == (
        "Pod slots and CPU both run out at 15; to fit more, more slots; and less CPU"
    )
    assert first_and_next(row(SLOTS, CPU)) == "Pod slots and CPU both run out at 15"


def test_three_limits_all_stop_there_and_a_way_they_share_is_said_once() -> None:
    three = row(SLOTS, CPU, Ceiling("IP addresses", 15, "more slots"))

    assert how_to_lift(three) == (
        "Pod slots, CPU and IP addresses all run out at 15; to fit more, more slots; and less CPU"
    )


def test_a_limit_alone_says_what_lifting_it_gains() -> None:
    alone = row(SLOTS, Ceiling("vCPU", 17, "less CPU"))

    words = "Pod slots run out at 15; with more of them, CPU would stop you at 17"
    assert first_and_next(alone) == words
    assert how_to_lift(alone) == f"{words}; to fit more, more slots"


def test_a_limit_that_the_lifting_lowers_to_the_same_count_stops_there_as_well() -> None:
    """A slot more takes the memory of the pod that it is for."""
    matched = (Ceiling("memory", 15, "a larger type"),)
    slots = Ceiling("pod slots", 15, "more slots", others=matched)

    assert how_to_lift(row(slots, Ceiling("memory", 16, "a larger type"))) == (
        "Pod slots and memory both run out at 15; to fit more, more slots; and a larger type"
    )


@pytest.mark.parametrize(
    ("quota", "words"),
    [(1, "as is; the quota allows 1"), (0, "as is")],
)
def test_a_quota_of_the_account_is_no_way_to_lift_a_host_of_one(quota: int, words: str) -> None:
    """The row says so where an account may not even run one."""
    ceilings = Ceiling("one", 1, "as is"), Ceiling("quota", quota, "ask", of_account=True)

    assert how_to_lift(DensityRow("fargate", "a size", 1, lifted(ceilings))) == words


def test_max_pods_that_end_where_vcpu_ends_say_so() -> None:
    """15 pods of 0.25 vCPU fit on an m5.xlarge node, whatever --max-pods above 17."""
    answer = density(cpu=0.25, memory=512 * MiB, max_pods=17, by="reservation")
    more = density(cpu=0.25, memory=512 * MiB, max_pods=18, by="reservation")
    words = how_to_lift(answer.row("eks"))

    assert (answer.row("eks").count, more.row("eks").count) == (15, 15)
    assert words.startswith("Pod slots and CPU both run out at 15; to fit more, raise --max-pods")
    assert "; and request less CPU per pod (--cpu)" in words


def test_what_ecs_admits_beyond_the_memory_of_a_machine_is_said_with_what_keeps_some_back() -> None:
    """7 x 256 MiB of the 1901 that are registered; OS and agent use some of these, and 6 fit."""
    row = density(instance="t3.small", cpu=0.25, memory=256 * MiB, by="reservation").row(
        "ecs-bridge"
    )

    assert (row.count, row.stopped_by) == (7, "memory")
    assert "use 1.89 GiB, more than the 1.86 GiB that the OS sees" in row.note
    assert "ECS_RESERVED_MEMORY (MiB, 0 by default)" in row.note
    assert "from 110 on no more than the 6 that it holds" in row.note
    assert "memoryReservation" not in how_to_lift(row)
    assert row.note in how_to_lift(row)


@pytest.mark.parametrize(("kept", "admitted"), [(0, 7), (109, 7), (110, 6)])
def test_so_many_mib_of_ecs_reserved_memory_admit_what_the_memory_holds(
    kept: int, admitted: int
) -> None:
    service = catalog.service("generic", cpu=0.25, memory=256 * MiB)
    ecs = replace(catalog.ecs("t3.small"), reserved_memory=kept * MiB)

    assert ecs.fits_in_memory(service) == 6
    assert ecs.ceilings(service)[0].allows == admitted


def test_where_the_memory_holds_more_than_is_reserved_one_may_reserve_less() -> None:
    row = density(app="java", memory=2 * GiB, cpu=0.25, by="reservation").row("ecs-bridge")

    assert row.stopped_by == "memory"
    assert row.note == ""
    assert "or reserve less with memoryReservation" in how_to_lift(row)


@pytest.mark.parametrize(
    ("asked", "shares"),
    [
        ({"instance": "t3.small"}, "t3.small 20%, t3a.nano 5%"),
        ({"instance": "m5.large"}, "t3a.nano 5%"),
        ({"instance": "m5.large", "host": "t3.large", "burstable": False}, "t3.large 30%"),
    ],
)
def test_prices_of_t_types_are_said_to_be_without_surplus_credits(
    asked: dict[str, Any], shares: str
) -> None:
    """Whether the type was named, is the cheapest that holds one, or lends a bare one its price."""
    line = density(cpu=0.25, memory=256 * MiB, by="reservation", **asked).credits_line()

    assert line == (
        f"T types: CPU above the baseline ({shares} of each vCPU, over 24 hours) is billed as "
        "surplus credits (unlimited mode) on top of the price; add --load to see how much."
    )


def test_where_no_row_has_the_price_of_a_t_type_credits_are_not_spoken_of() -> None:
    """A T type that takes not one has no price either."""
    asked: dict[str, Any] = {"by": "reservation", "burstable": False}

    assert density(cpu=0.25, memory=256 * MiB, **asked).credits_line() == ""
    assert density(cpu=4.0, memory=8 * GiB, instance="t3.nano", **asked).credits_line() == ""


def test_the_line_on_credits_stands_below_the_prices(tmp_path: Path) -> None:
    words = ["density", "--by", "reservation", "--instance", "t3.small", "--explain"]
    words += ["--out", str(tmp_path)]
    said = CliRunner().invoke(app, words, catch_exceptions=False).stdout

    assert said.index("The price of each") < said.index("T types: CPU above the baseline")


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            {"instance": "c6g.large"},
            "The load is counted in time of an m5 vCPU; a c6g vCPU does 1.39 times its work "
            "(CoreMark).",
        ),
        ({"instance": "c6g.large", "by": "reservation"}, ""),
        ({"instance": "c6g.large", "host": "2x4GiB", "use_on": ["docker"]}, ""),
        ({"instance": "m5.large"}, ""),
    ],
)
def test_by_use_says_what_a_vcpu_does_that_is_not_an_m5_vcpu(
    asked: dict[str, Any], line: str
) -> None:
    """Only where it was simulated on one."""
    window = {} if "by" in asked else {"window": 1.0}
    found = density(**{"cpu": 0.5, "memory": 512 * MiB, **window, **asked})

    assert found.speed_line() == line


def test_the_verb_says_what_a_load_is_counted_in(tmp_path: Path) -> None:
    words = ["density", "--instance", "c6g.large", "--cpu", "1", "--memory", "1GiB"]
    words += ["--window", "1s", "--use-on", "ecs-bridge", "--explain", "--out", str(tmp_path)]
    said = CliRunner().invoke(app, words, catch_exceptions=False).stdout
    asked = CliRunner().invoke(app, ["density", "--help"], env={"COLUMNS": "200"}).stdout

    assert "a c6g vCPU does 1.39 times its work (CoreMark)" in " ".join(said.split())
    assert "as a fraction of --cpu, counted in time of an m5 vCPU" in " ".join(asked.split())


def test_the_verb_says_where_both_stop(tmp_path: Path) -> None:
    words = ["density", "--by", "reservation", "--cpu", "0.25", "--memory", "512MiB"]
    words += ["--max-pods", "17", "--explain", "--out", str(tmp_path)]
    said = " ".join(CliRunner().invoke(app, words, catch_exceptions=False).stdout.split())

    assert "eks: Pod slots and CPU both run out at 15; to fit more, raise --max-pods" in said
    assert "with more of" not in said.partition(" eks: ")[2].partition(" eks-prefix: ")[0]


def test_one_sentence_for_both_where_the_same_limit_stops_them() -> None:
    """Else one each."""
    memory = Ceiling("memory", 30, "more memory")
    containers = row(Ceiling("vCPU", 16, "less"), memory, platform="docker")
    guests = row(Ceiling("vCPU", 4, "less"), replace(memory, allows=19), platform="vm")
    full = row(memory, platform="vm")

    assert side_by_side(containers, guests) == (
        "CPU runs out first; with more CPU, memory would stop them at 30 and 19."
    )
    assert side_by_side(containers, full).startswith("Containers: CPU runs out at 16; with more")
    assert side_by_side(containers, full).endswith("VMs: Memory runs out at 30.")
