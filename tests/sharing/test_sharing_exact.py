"""The sharing law against brute force in rational arithmetic, on random cases."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
import simpy
from rational_sharing import Node, RationalCapacity

from sim.sharing import SharedCapacity

TOLERANCE = 1e-12
SHORT, LONG = 300, 10_000
WEIGHTS = (1.0, 1.0, 1.0, 2.0, 4.0, 0.5, 3.0, 0.1, 100.0)
CAPS = (math.inf, math.inf, 1.0, 1.0, 2.0, 0.5, 4.0, 0.3)
WORKS = (1.0, 1.0, 0.5, 2.0, 0.25, 8.0, 0.0)


@dataclass(frozen=True)
class Action:
    """Something done to the capacity; `who` and `where` index what was made, in order."""

    time: float
    verb: str
    who: int = 0
    where: int = 0
    work: float = 0.0
    weight: float | None = None
    cap: float | None = None


class Case:
    """A random tree of groups and what happens in it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.capacity = self.dice.choice((1.0, 2.0, 4.0, 8.0, self.dice.uniform(0.5, 10.0)))
        self.round = self.dice.random() < 0.4  # round numbers make ties
        self.actions: list[Action] = []
        self.jobs = 0
        self.gone: set[int] = set()
        self.depth = [0]
        for _ in range((0, 0, 2, 3, 5)[self.dice.randrange(5)]):
            self._add_group(0.0)
        if self.dice.random() < 0.3:
            self._add_crowd()
        now = 0.0
        for _ in range(self.dice.randint(5, 45)):
            if self.dice.random() < 0.7:
                now += round(self.dice.expovariate(2.0) * 1024) / 1024
            self._add_action(now)

    def _add_crowd(self) -> None:
        """Light jobs beside the groups, so that the level moves in small steps as they end."""
        for _ in range(self.dice.randint(15, 25)):
            work = round(self.dice.expovariate(5.0) * 1024 + 1) / 1024
            self.actions.append(Action(0.0, "run", 0, 0, work, 0.125, math.inf))
        self.jobs = len(self.actions) - len(self.depth) + 1

    def _weight(self) -> float:
        return self.dice.choice(WEIGHTS) if self.round else self.dice.uniform(0.1, 5.0)

    def _cap(self) -> float:
        if self.round or self.dice.random() < 0.3:
            return self.dice.choice(CAPS)
        return self.dice.uniform(0.05, 5.0)

    def _add_group(self, now: float) -> None:
        deep = [i for i, depth in enumerate(self.depth) if depth < 3 and i not in self.gone]
        where = self.dice.choice(deep)
        self.depth.append(self.depth[where] + 1)
        self.actions.append(Action(now, "group", 0, where, 0.0, self._weight(), self._cap()))

    def _add_action(self, now: float) -> None:
        verb = self.dice.choices(
            ("run", "cancel", "job", "change", "group", "remove"), (60, 8, 12, 10, 4, 1)
        )[0]
        live = [i for i in range(len(self.depth)) if i not in self.gone]
        if verb == "run":
            work = self.dice.choice(WORKS) if self.round else self.dice.expovariate(1.0)
            where = self.dice.choice(live)
            self.actions.append(Action(now, verb, 0, where, work, self._weight(), self._cap()))
            self.jobs += 1
        elif verb == "group":
            self._add_group(now)
        elif verb in ("cancel", "job") and self.jobs:
            who = self.dice.randrange(max(0, self.jobs - 6), self.jobs)
            self.actions.append(self._change(now, verb, who))
        elif verb in ("change", "remove") and len(live) > 1:
            who = self.dice.choice(live[1:])
            if verb == "change":
                self.actions.append(self._change(now, verb, who))
            elif self.depth[who] == 3:  # a leaf, so that no other group goes with it
                self.actions.append(Action(now, verb, who))
                self.gone.add(who)

    def _change(self, now: float, verb: str, who: int) -> Action:
        weight = self._weight() if self.dice.random() < 0.5 else None
        cap = self.dice.choice((None, 0.0, 0.0, self._cap(), self._cap()))
        return Action(now, verb, who, 0, 0.0, weight, cap)


class Crowd(Case):
    """Up to ninety jobs, nearly each with a ratio of its own: who is full changes one by one."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.capacity = self.dice.choice((8.0, 16.0, 64.0))
        self.round = False
        self.actions: list[Action] = []
        self.jobs = 0
        self.gone: set[int] = set()
        self.depth = [0]
        if self.dice.random() < 0.4:
            self._add_group(0.0)
        now = 0.0
        for _ in range(self.dice.randint(40, 90)):
            if self.dice.random() < 0.5:
                now += self.dice.randint(1, 40) / 1024
            self._add_action(now)

    def _weight(self) -> float:
        return self.dice.randint(1, 64) / 16

    def _cap(self) -> float:
        return math.inf if self.dice.random() < 0.05 else self.dice.randint(1, 64) / 32


class Player:
    """Plays a case; what it saw, as plain lists, is compared with what the other player saw."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.groups: list[Any] = []
        self.rates: list[list[Any]] = []
        self.left: dict[int, Any] = {}
        self.ended: list[Any] = []
        self.busy: Any = 0

    def play(self, action: Action) -> None:
        """Do one thing and note the rate of every job."""
        getattr(self, action.verb)(action)
        self.rates.append([self.rate(job) for job in self.jobs])

    def rate(self, job: Any) -> Any:
        """Rate of a job now, 0 if it has ended."""
        raise NotImplementedError


class ByFractions(Player):
    """Plays in rational arithmetic."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.capacity = RationalCapacity(case.capacity)
        self.groups = [self.capacity.root]
        for action in case.actions:
            self.capacity.move_to(Fraction(action.time))
            self.play(action)
        self.capacity.move_to(None)
        self.ended = [self.capacity.ended.get(id(job)) for job in self.jobs]
        self.busy = self.capacity.busy

    def rate(self, job: Any) -> Any:
        return job.rate if id(job) in self.capacity.parent else 0

    def run(self, action: Action) -> None:
        self.jobs.append(self._add(action, action.work))

    def group(self, action: Action) -> None:
        self.groups.append(self._add(action, None))

    def _add(self, action: Action, work: float | None) -> Node:
        assert action.weight is not None
        assert action.cap is not None
        return self.capacity.add(self.groups[action.where], action.weight, action.cap, work)

    def change(self, action: Action) -> None:
        self.capacity.change(self.groups[action.who], action.weight, action.cap)

    def remove(self, action: Action) -> None:
        for job in self.groups[action.who].jobs():
            self.capacity.remove(job)
        self.capacity.remove(self.groups[action.who])

    def cancel(self, action: Action) -> None:
        job = self.jobs[action.who]
        if id(job) in self.capacity.parent:
            self.capacity.remove(job)
            self.left[action.who] = job.left

    def job(self, action: Action) -> None:
        if id(self.jobs[action.who]) in self.capacity.parent:
            self.capacity.change(self.jobs[action.who], action.weight, action.cap)


class BySimulation(Player):
    """Plays on the simulator.

    Args:
        delays: of the jobs' events after their work, in turn.
    """

    def __init__(self, case: Case, *delays: float) -> None:
        super().__init__()
        self.env = simpy.Environment()
        self.capacity = SharedCapacity(self.env, case.capacity)
        self.groups = [self.capacity]
        self.delays = delays or (0.0,)
        self.env.process(self._story(case))
        self.env.run()
        self.busy = self.capacity.busy_integral

    def _story(self, case: Case) -> Iterator[simpy.Event]:
        for action in case.actions:
            if action.time > self.env.now:
                yield self.env.timeout(action.time - self.env.now)
            self.play(action)

    def rate(self, job: Any) -> Any:
        return job.rate

    def run(self, action: Action) -> None:
        number = len(self.jobs)
        delay = self.delays[number % len(self.delays)]
        job = self.groups[action.where].run(
            action.work, weight=action.weight, cap=action.cap, delay=delay
        )
        job.callbacks.append(lambda _: self.ended.__setitem__(number, self.env.now - delay))
        self.jobs.append(job)
        self.ended.append(None)

    def group(self, action: Action) -> None:
        parent = self.groups[action.where]
        self.groups.append(parent.group(weight=action.weight, cap=action.cap))

    def change(self, action: Action) -> None:
        self.groups[action.who].update(weight=action.weight, cap=action.cap)

    def remove(self, action: Action) -> None:
        self.groups[action.who].remove()

    def cancel(self, action: Action) -> None:
        job = self.jobs[action.who]
        before, rate = job.remaining, job.rate
        left = job.cancel()

        assert left == job.cancel() == job.remaining
        assert near(left, before)
        if rate > 0.0:
            self.left[action.who] = left

    def job(self, action: Action) -> None:
        try:
            self.jobs[action.who].update(weight=action.weight, cap=action.cap)
        except ValueError as error:  # it ended before, or was cancelled
            assert "finished" in str(error)


class Unwatched(BySimulation):
    """Reads no rates on the way, so that a job that runs alone is not made to share."""

    def play(self, action: Action) -> None:
        getattr(self, action.verb)(action)

    def cancel(self, action: Action) -> None:
        self.left[action.who] = self.jobs[action.who].cancel()


def near(one: Any, other: Any) -> bool:
    """Equal within the tolerance, `None` for never."""
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def assert_exact(case: Case, seed: int) -> None:
    """Completions, rates after each action, work left and the busy integral agree."""
    true, found = ByFractions(case), BySimulation(case)

    for number, (one, other) in enumerate(zip(found.ended, true.ended, strict=True)):
        assert near(one, other), f"case {seed}, job {number}: ended at {one}, not {other}"
    for action, ones, others in zip(case.actions, found.rates, true.rates, strict=True):
        if not any(near(time, action.time) for time in found.ended):  # either order is right
            assert all(map(near, ones, others)), f"case {seed}, {action}: {ones}, not {others}"
    assert all(near(left, true.left[number]) for number, left in found.left.items())
    assert near(found.busy, true.busy)
    for unseen in (Unwatched(case), Unwatched(case, 0.0, 0.375, 1.0)):
        assert all(map(near, unseen.ended, true.ended)), f"case {seed}, unwatched"
        assert all(near(unseen.left[number], left) for number, left in true.left.items())
        assert near(unseen.busy, true.busy)


@pytest.mark.parametrize("first", range(0, SHORT, 50))
def test_equals_brute_force_in_rational_arithmetic(first: int) -> None:
    """Flat and nested, arrivals, cancels, updates, freezes, ties: all as in exact arithmetic."""
    for seed in range(first, first + 50):
        assert_exact(Case(seed), seed)


@pytest.mark.parametrize("seed", [707, 1373, 1783, 1850, 5438, 6149])
def test_what_once_went_wrong(seed: int) -> None:
    """Cases of the long run that found a fault: two levelled without end, two crept along, and in
    two a group was removed beside a job that ran alone."""
    assert_exact(Case(seed), seed)


def test_many_ratios_equal_brute_force_too() -> None:
    """Ratio classes come, go, and saturate or not one after the other, out of dozens."""
    for seed in range(14):
        assert_exact(Crowd(seed), seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(14, 1_014, 100))
def test_many_ratios_equal_brute_force_on_many_more_cases(first: int) -> None:
    """The same, 1,000 times."""
    for seed in range(first, first + 100):
        assert_exact(Crowd(seed), seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(SHORT, SHORT + LONG, 100))
def test_equals_brute_force_on_many_more_cases(first: int) -> None:
    """The same, 10,000 times."""
    for seed in range(first, first + 100):
        assert_exact(Case(seed), seed)
