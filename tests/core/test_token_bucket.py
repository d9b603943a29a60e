"""Token buckets: so many at once, so many a second, first come first served."""

import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment, Interrupt

from sim.core.cited import Cited
from sim.core.token_bucket import Bucket, Promise, Quota

Call = tuple[float, int]


def granted(size: float, refill: float, calls: list[Call]) -> list[float]:
    """When each of the calls (seconds, tokens), sorted by time, was granted."""
    env = Environment()
    bucket = Bucket(env, size, refill)
    grants = [-1.0] * len(calls)

    def caller(number: int, at: float, tokens: int) -> Any:
        yield env.timeout(at)
        yield bucket.take(tokens)
        grants[number] = env.now

    for number, (at, tokens) in enumerate(calls):
        env.process(caller(number, at, tokens))
    env.run()
    return grants


def test_a_full_bucket_grants_its_size_at_once_and_then_its_refill() -> None:
    """100 at once; number 101 waits 1/20 s, number 120 one second."""
    grants = granted(100, 20, [(0.0, 1)] * 120)

    assert grants[:100] == [0.0] * 100
    assert grants[100] == pytest.approx(0.05)
    assert grants[119] == pytest.approx(1.0)


def test_a_bucket_refills_to_its_size_and_no_further() -> None:
    """After an hour of rest there are ten tokens, not more."""
    grants = granted(10, 1, [(0.0, 10), *[(3600.0, 1)] * 11])

    assert grants[:11] == [0.0, *[3600.0] * 10]
    assert grants[11] == pytest.approx(3601.0)


def test_a_call_for_more_than_a_full_bucket_waits_for_the_rest() -> None:
    """25 of a bucket of 10 with 5 a second: three seconds."""
    assert granted(10, 5, [(0.0, 25)]) == [pytest.approx(3.0)]


def test_a_small_call_does_not_overtake_a_large_one() -> None:
    """First come, first served."""
    grants = granted(10, 1, [(0.0, 30), (1.0, 1)])

    assert grants == [pytest.approx(20.0), pytest.approx(21.0)]


CALLS = st.lists(
    st.tuples(st.integers(0, 4000).map(lambda n: n / 128), st.integers(1, 30)), max_size=40
).map(lambda calls: sorted(calls, key=lambda call: call[0]))


@given(st.integers(1, 50), st.integers(1, 40), CALLS)
def test_a_bucket_never_grants_more_than_size_and_refill(
    size: int, refill: int, calls: list[Call]
) -> None:
    """In every interval that ends at a grant: at most size + refill x its length; in order."""
    grants = granted(size, refill, calls)
    for begin in {0.0, *grants}:
        for end in {g for g in grants if g >= begin}:
            inside = [n for g, (_, n) in zip(grants, calls, strict=True) if begin < g <= end]

            assert sum(inside) <= size + refill * (end - begin) + 1e-6
    assert grants == sorted(grants)


@given(st.integers(1, 50), st.integers(1, 40), CALLS)
def test_a_bucket_grants_no_later_than_it_must(size: int, refill: int, calls: list[Call]) -> None:
    """A call that waited was granted when the tokens of the busy period were used up exactly."""
    level, clock = float(size), 0.0
    for (at, tokens), grant in zip(calls, granted(size, refill, calls), strict=True):
        level = min(size, level + (at - clock) * refill) - tokens
        clock = at

        assert grant == pytest.approx(at + max(0.0, -level / refill))


@given(st.integers(1, 50), st.integers(1, 40), CALLS)
def test_a_larger_bucket_is_never_slower(size: int, refill: int, calls: list[Call]) -> None:
    """Neither in size nor in refill."""
    base = granted(size, refill, calls)
    for more in (granted(size + 5, refill, calls), granted(size, refill + 5, calls)):
        assert all(quick <= slow + 1e-9 for quick, slow in zip(more, base, strict=True))


def queued(size: float, refill: float, calls: list[Call], leave: list[float]) -> list[float]:
    """When calls (seconds, tokens) were granted of which some are given up; infinite: it was."""
    env = Environment()
    bucket = Bucket(env, size, refill)
    grants = [float("inf")] * len(calls)

    def caller(number: int, at: float, tokens: int) -> Any:
        yield env.timeout(at)
        try:
            yield from bucket.queue(tokens)
            grants[number] = env.now
        except Interrupt:
            pass

    def leaver(process: Any, at: float) -> Any:
        yield env.timeout(at)
        if process.is_alive:
            process.interrupt()

    callers = [env.process(caller(n, at, tokens)) for n, (at, tokens) in enumerate(calls)]
    for number, patience in enumerate(leave):
        env.process(leaver(callers[number], calls[number][0] + patience))
    env.run()
    return grants


def test_a_bucket_keeps_no_caller_whose_tokens_have_come() -> None:
    """Nobody comes after them: all that waited are forgotten with the last."""
    env = Environment()
    bucket = Bucket(env, 1, 1)
    for _ in range(5):
        env.process(bucket.queue())
    env.run(until=0.5)
    waiting = sum(isinstance(each, Promise) for each in gc.get_objects())
    env.run()
    gc.collect()

    assert waiting >= 4
    assert sum(isinstance(each, Promise) for each in gc.get_objects()) <= waiting - 4


LEAVES = st.lists(st.sampled_from([0.125, 1.0, 5.0, 1e6]), min_size=40, max_size=40)


@given(st.integers(1, 50), st.integers(1, 40), CALLS, LEAVES)
def test_who_gives_up_delays_nobody_and_lets_nobody_through_too_soon(
    size: int, refill: int, calls: list[Call], leave: list[float]
) -> None:
    """In order, never above size + refill x length, and no later than if nobody had given up."""
    grants = queued(size, refill, calls, leave[: len(calls)])
    kept = [(g, n) for g, (_, n) in zip(grants, calls, strict=True) if g < float("inf")]
    for begin in {0.0, *(g for g, _ in kept)}:
        for end in {g for g, _ in kept if g >= begin}:
            assert (
                sum(n for g, n in kept if begin < g <= end) <= size + refill * (end - begin) + 1e-6
            )
    patient = granted(size, refill, calls)
    assert all(g <= p + 1e-9 for g, p in zip(grants, patient, strict=True) if g < float("inf"))
    assert kept == sorted(kept, key=lambda one: one[0])


def test_after_all_who_waited_have_given_up_the_bucket_is_as_if_they_had_not_come() -> None:
    calls = [(0.0, 1), *[(0.0, 10)] * 9, (5.0, 1)]

    assert queued(1, 1, calls, [9.0, *[2.0] * 9, 9.0])[-1] == 5.0


@pytest.mark.parametrize("values", [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (float("nan"), 1.0)])
def test_an_empty_quota_is_refused(values: tuple[float, float]) -> None:
    """Size and refill are positive."""
    with pytest.raises(ValueError, match="is not allowed; a positive number"):
        Bucket(Environment(), *values)


def test_a_quota_takes_the_values_of_its_figures() -> None:
    """Once, when it is deployed."""
    size = Cited(key="s", value=7.0, unit="calls", grade="A", source="x", as_of="2026")
    bucket = Quota(size=size, refill=2.0).deploy(Environment())

    assert (bucket.size, bucket.refill) == (7.0, 2.0)
