"""How much is gone when hosts die, by counting."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.studies.fail.blast_radius import most_lost, replicas_lost


def test_forty_tasks_on_four_hosts_lose_ten() -> None:
    assert most_lost(40, 4) == 10
    assert most_lost(41, 4) == 11


def test_of_three_replicas_on_five_hosts_two_dead_hosts_never_take_all() -> None:
    none, one, two, three = replicas_lost(5, 3, 2)

    assert three == 0.0
    assert two == pytest.approx(0.3)
    assert none + one + two == pytest.approx(1.0)


@given(st.integers(1, 7), st.data())
def test_the_probabilities_are_those_of_all_choices(hosts: int, data: st.DataObject) -> None:
    """Every set of hosts that may die, counted."""
    replicas, dead = data.draw(st.integers(0, hosts)), data.draw(st.integers(0, hosts))
    every = list(itertools.combinations(range(hosts), dead))
    counted = [
        sum(len([host for host in died if host < replicas]) == lost for died in every) / len(every)
        for lost in range(replicas + 1)
    ]

    assert replicas_lost(hosts, replicas, dead) == pytest.approx(counted)
    assert math.fsum(replicas_lost(hosts, replicas, dead)) == pytest.approx(1.0)


def test_more_replicas_than_hosts_are_refused() -> None:
    with pytest.raises(ValueError, match="replicas: 6 is not allowed; 0 to hosts = 5"):
        replicas_lost(5, 6, 1)
