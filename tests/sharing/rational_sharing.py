"""The sharing law by brute force in rational arithmetic: slow, exact, written to be believed.

Every change recomputes every rate by progressive filling; between changes work is subtracted as
fractions. Nothing here is shared with `sim`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

ZERO = Fraction(0)


def fill(wants: Sequence[tuple[Fraction, Fraction | None]], amount: Fraction) -> list[Fraction]:
    """Shares of `amount` for (weight, cap) pairs, by progressive filling; None is no cap."""
    shares = [ZERO] * len(wants)
    growing = {i for i, (_, cap) in enumerate(wants) if cap != 0}
    left = amount
    while growing and left > 0:
        weight = sum((wants[i][0] for i in growing), ZERO)
        step = left / weight
        full = {i for i in growing if _room(wants[i], shares[i], step)}
        if full:
            step = min((wants[i][1] - shares[i]) / wants[i][0] for i in full)  # type: ignore[operator]
        for i in growing:
            shares[i] += step * wants[i][0]
        left -= step * weight
        growing -= {i for i in growing if wants[i][1] is not None and shares[i] >= wants[i][1]}
    return shares


def _room(want: tuple[Fraction, Fraction | None], share: Fraction, step: Fraction) -> bool:
    weight, cap = want
    return cap is not None and share + step * weight > cap


@dataclass
class Node:
    """A job (`left` is a number) or a group (`left` is None)."""

    weight: Fraction
    cap: Fraction | None
    left: Fraction | None = None
    rate: Fraction = ZERO
    children: list[Node] = field(default_factory=list)

    def demand(self) -> Fraction | None:
        """Most this node can use; None is without limit."""
        if self.left is not None:
            return self.cap
        asked: Fraction | None = ZERO
        for child in self.children:
            one = child.demand()
            asked = None if asked is None or one is None else asked + one
        if asked is None or self.cap is None:
            return self.cap if asked is None else asked
        return min(self.cap, asked)

    def divide(self, amount: Fraction) -> None:
        """Hand `amount` down the tree."""
        self.rate = amount
        shares = fill([(child.weight, child.demand()) for child in self.children], amount)
        for child, share in zip(self.children, shares, strict=True):
            child.divide(share)

    def jobs(self) -> list[Node]:
        """All jobs below."""
        if self.left is not None:
            return [self]
        return [job for child in self.children for job in child.jobs()]


class RationalCapacity:
    """A capacity in rational arithmetic; time moves only by `move_to`."""

    def __init__(self, capacity: float) -> None:
        self.root = Node(Fraction(1), Fraction(capacity))
        self.now = ZERO
        self.busy = ZERO
        self.parent: dict[int, Node] = {}
        self.ended: dict[int, Fraction] = {}
        """Time of completion of each finished job, by `id`."""

    def add(self, parent: Node, weight: float, cap: float, work: float | None = None) -> Node:
        """A job of `work`, or a group."""
        node = Node(Fraction(weight), rational(cap), None if work is None else Fraction(work))
        if work == 0:
            self.ended[id(node)] = self.now
        else:
            parent.children.append(node)
            self.parent[id(node)] = parent
            self.level()
        return node

    def change(self, node: Node, weight: float | None, cap: float | None) -> None:
        """Another weight or cap from now on."""
        node.weight = node.weight if weight is None else Fraction(weight)
        node.cap = node.cap if cap is None else rational(cap)
        self.level()

    def remove(self, node: Node) -> None:
        """Take a job or a group away, unfinished."""
        _drop(self.parent.pop(id(node)).children, node)
        self.level()

    def level(self) -> None:
        """All rates anew."""
        self.root.divide(self.root.demand() or ZERO)

    def move_to(self, time: Fraction | None) -> None:
        """Let time pass, completing what is due; None: until nothing runs any more."""
        while True:
            running = [job for job in self.root.jobs() if job.rate > 0]
            due = min((self.now + job.left / job.rate for job in running), default=None)  # type: ignore[operator]
            if due is None or (time is not None and due > time):
                break
            self._pass(due)
            for job in [job for job in running if job.left == 0]:
                self.ended[id(job)] = due
                _drop(self.parent.pop(id(job)).children, job)
            self.level()
        if time is not None:
            self._pass(time)

    def _pass(self, time: Fraction) -> None:
        elapsed = time - self.now
        self.busy += self.root.rate * elapsed
        for job in self.root.jobs():
            job.left -= job.rate * elapsed  # type: ignore[operator]
        self.now = time


def rational(cap: float) -> Fraction | None:
    """A float without loss; infinity is None."""
    return None if cap == float("inf") else Fraction(cap)


def _drop(children: list[Node], node: Node) -> None:
    children.pop(next(i for i, child in enumerate(children) if child is node))
