"""Which starts are of one kind: of one platform, and on Fargate of one version of it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sim.studies.fit.estimates.phases import FEW
from sim.studies.fit.observed import SPOKEN, Observed, StartSeen


class PlatformStarts(NamedTuple):
    """Starts that are fitted together."""

    where: Observed
    version: str
    """Of the platform; empty: not told."""
    starts: tuple[StartSeen, ...]


def grouped(starts: Sequence[StartSeen]) -> tuple[list[PlatformStarts], Counter[str]]:
    """The platforms that are fitted, that with most starts first, and what is left out for it.

    A platform with fewer starts than a verdict needs is left to a fit of its own, unless there is
    no other; nodes are never in the way of what runs on them.
    """
    left: Counter[str] = Counter()
    by: dict[Observed, list[StartSeen]] = defaultdict(list)
    for start in starts:
        by[start.where].append(start)
    most = max((len(many) for where, many in by.items() if where != "node"), default=0)
    groups = []
    for where in sorted(by, key=lambda each: (each == "node", -len(by[each]), each)):
        many = by[where]
        if where != "node" and len(many) < min(FEW, most):
            left[f"on {SPOKEN[where].removeprefix('ECS on ')}"] += len(many)
        else:
            groups.append(_of_one_version(where, many, left))
    return groups, left


def _of_one_version(where: Observed, starts: list[StartSeen], left: Counter[str]) -> PlatformStarts:
    """Without the starts of other versions; one that is not told is taken for the usual one."""
    told = Counter(start.version for start in starts if start.version)
    if not told:
        return PlatformStarts(where, "", tuple(starts))
    usual = max(told, key=lambda version: (told[version], version))
    for version, number in told.items():
        if version != usual:
            left[f"of platform {version}"] += number
    return PlatformStarts(where, usual, tuple(s for s in starts if s.version in ("", usual)))
