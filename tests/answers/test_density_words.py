"""What a row says of what stops it, and of what to do about it."""

import pytest

from sim.answers import density
from sim.answers.density_rows import Row
from sim.answers.density_words import how_to_lift, stop
from sim.platforms.limits import lifted, smallest_first
from sim.start import Ceiling
from sim.units import MiB


def row(*ceilings: Ceiling, platform: str = "eks") -> Row:
    """Of a platform with these limits."""
    found = smallest_first(*ceilings)
    return Row(platform, "a host", found[0].allows, lifted(found))


SLOTS, CPU = Ceiling("pod slots", 15, "more slots"), Ceiling("vCPU", 15, "less CPU")


def test_where_two_limits_stop_at_the_same_count_both_are_to_be_lifted() -> None:
    """Lifting one alone gains nothing, so that advice on one alone cannot work."""
    assert how_to_lift(row(SLOTS, CPU)) == (
        "pod slots and vCPU both stop there, at 15: more slots; and less CPU"
    )
    assert stop(row(SLOTS, CPU)) == "pod slots and vCPU both stop there"


def test_three_limits_all_stop_there_and_a_way_they_share_is_said_once() -> None:
    three = row(SLOTS, CPU, Ceiling("IP addresses", 15, "more slots"))

    assert how_to_lift(three) == (
        "pod slots, vCPU and IP addresses all stop there, at 15: more slots; and less CPU"
    )


def test_a_limit_alone_says_what_lifting_it_gains() -> None:
    alone = row(SLOTS, Ceiling("vCPU", 17, "less CPU"))

    assert how_to_lift(alone) == ("pod slots stop it at 15 (lifted: 2 more, then vCPU): more slots")
    assert stop(alone) == "pod slots stop it; then vCPU at 17"


def test_a_limit_that_the_lifting_lowers_to_the_same_count_stops_there_as_well() -> None:
    """A slot more takes the memory of the pod that it is for."""
    matched = (Ceiling("memory", 15, "a larger type"),)
    slots = Ceiling("pod slots", 15, "more slots", others=matched)

    assert how_to_lift(row(slots, Ceiling("memory", 16, "a larger type"))) == (
        "pod slots and memory both stop there, at 15: more slots; and a larger type"
    )


@pytest.mark.parametrize(
    ("quota", "words"),
    [(1, "one and quota both stop there, at 1: as is"), (0, "one stops it at 1: as is")],
)
def test_a_quota_of_the_account_is_no_way_to_lift_a_host_of_one(quota: int, words: str) -> None:
    """Of an account that may not even run one the row has a note."""
    ceilings = Ceiling("one", 1, "as is"), Ceiling("quota", quota, "ask", of_account=True)

    assert how_to_lift(Row("fargate", "a size", 1, lifted(ceilings))) == words


def test_max_pods_that_end_where_vcpu_ends_say_so() -> None:
    """15 pods of 0.25 vCPU fit on an m5.xlarge node, whatever --max-pods above 17."""
    answer = density(cpu=0.25, memory=512 * MiB, max_pods=17, by="reservation")
    more = density(cpu=0.25, memory=512 * MiB, max_pods=18, by="reservation")
    words = how_to_lift(answer.row("eks"))

    assert (answer.row("eks").count, more.row("eks").count) == (15, 15)
    assert words.startswith("pod slots and vCPU both stop there, at 15: raise --max-pods above 17")
    assert "; and request less CPU a pod (--cpu)" in words
