"""What stops you, what stops you next, and the pure choices of placement."""

from hypothesis import given
from hypothesis import strategies as st

from sim.platforms.limits import BudgetItem, fits, lifted, smallest_first, used, with_free
from sim.start import Ceiling


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_n_of_one_size_fit_into_n_times_that_size(n: int, hundredths: int) -> None:
    """Also for decimals that binary cannot hold: ten of 0.1 fit into 1."""
    each = hundredths / 100

    assert fits(n * each, each) == n
    assert fits(n * hundredths / 100, each) == n


@given(st.floats(0.0, 1e12), st.floats(1e-3, 1e12))
def test_what_fits_fits_and_one_more_does_not(capacity: float, each: float) -> None:
    """But for the last bit."""
    n = fits(capacity, each)

    assert n * each <= capacity * (1 + 1e-9)
    assert (n + 1) * each > capacity * (1 - 1e-9)


def test_nothing_fits_into_less_than_nothing() -> None:
    """An overdrawn host takes none, not minus one."""
    assert fits(-5.0, 1.0) == 0


def test_lifting_the_binding_limit_gains_up_to_the_next() -> None:
    """3 ENIs, 5 of memory, 8 vCPUs: lifting ENIs gains two, the others nothing."""
    ceilings = smallest_first(
        Ceiling("vCPU", 8, "a"), Ceiling("memory", 5, "b"), Ceiling("ENI", 3, "c")
    )
    limits = [(x.limit, x.allows, x.gain_if_lifted, x.then, x.how) for x in lifted(ceilings)]

    assert limits == [
        ("ENI", 3, 2, "memory", "c"),
        ("memory", 5, 0, "ENI", "b"),
        ("vCPU", 8, 0, "ENI", "a"),
    ]


def test_lifting_one_of_two_equal_limits_gains_nothing() -> None:
    """The other one still binds."""
    limits = lifted((Ceiling("vCPU", 4, ""), Ceiling("memory", 4, "")))

    assert [limit.gain_if_lifted for limit in limits] == [0, 0]
    assert [limit.then for limit in limits] == ["memory", "vCPU"]


def test_of_equal_limits_the_first_named_binds() -> None:
    """As a scheduler that checks them in this order says it."""
    ceilings = smallest_first(Ceiling("vCPU", 4, ""), Ceiling("memory", 4, ""))

    assert [ceiling.limit for ceiling in ceilings] == ["vCPU", "memory"]


ALLOWS = st.lists(st.integers(0, 100), min_size=1, max_size=6)


@given(ALLOWS)
def test_lifting_a_limit_gains_what_the_others_allow(allows: list[int]) -> None:
    """By definition: the least of the others, less the least of all."""
    ceilings = smallest_first(*(Ceiling(str(n), n, "") for n in allows))
    for place, limit in enumerate(lifted(ceilings)):
        others = [c.allows for n, c in enumerate(ceilings) if n != place]
        gain = min(others) - min(allows) if others else 0

        assert limit.gain_if_lifted == gain


def test_a_budget_is_closed_by_what_is_free() -> None:
    """And overdrawn where more is in use than there is."""
    parts = (BudgetItem("lost", 10.0), BudgetItem("apps", 60.0))

    assert with_free(100.0, *parts)[-1] == BudgetItem("free", 30.0)
    assert with_free(50.0, *parts)[-1] == BudgetItem("free", -20.0)
    assert used(with_free(100.0, *parts)) == 60.0
