"""Exponential back-off."""

from itertools import islice

from sim.core.back_off import back_off


def test_a_pause_doubles_until_the_longest() -> None:
    """The kubelet's 10 s up to 300 s: 10, 20, 40, 80, 160, 300, 300."""
    pauses = list(islice(back_off(10.0, 300.0), 7))

    assert pauses == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]


def test_a_first_pause_above_the_longest_is_waited_once() -> None:
    """Only what is doubled is held to the longest."""
    assert list(islice(back_off(8.0, 5.0), 3)) == [8.0, 5.0, 5.0]
    assert list(islice(back_off(1.0), 4)) == [1.0, 2.0, 4.0, 8.0]
