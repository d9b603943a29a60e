"""No packing takes fewer hosts than this: bounds that hold whatever the placement.

Martello and Toth, *Lower bounds and reduction procedures for the bin packing problem*, Discrete
Applied Mathematics 28 (1990): L1 is the sum of the sizes over the capacity; L2 also counts that
what is larger than half a bin shares it with nothing of its kind.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Hashable, Mapping

from sim.platforms.packing.placing import Room

_NEARLY = 1e-9
"""Of a bin: sums of decimals end a bit beside the whole number that is meant."""


def l2(sizes: Mapping[float, int], capacity: float) -> int:
    """The best of Martello and Toth's bounds over all thresholds.

    Items up to the threshold are left out; those that leave no more than it free need a bin each,
    and so does every other item above half a bin. What is between has to fit beside the latter.

    Args:
        sizes: how many there are of each size.
    """
    if not capacity > 0.0:
        return 0
    counts = {size / capacity: count for size, count in sizes.items() if size > 0.0}
    shares = sorted(counts)
    items = [counts[share] for share in shares]
    bins = [share * count for share, count in zip(shares, items, strict=True)]
    half = bisect_right(shares, 0.5 + _NEARLY)
    best = 0
    for threshold in (0.0, *(share for share in shares[:half] if share <= 0.5)):
        least = bisect_left(shares, threshold - _NEARLY)
        alone = bisect_right(shares, 1.0 - threshold + _NEARLY)
        beside = sum(items[half:alone]) - math.fsum(bins[half:alone])
        more = _whole(math.fsum(bins[least:half]) - beside)
        best = max(best, sum(items[half:]) + max(0, more))
    return best


def least_hosts(empty: Room, requests: Mapping[Hashable, int]) -> int:
    """The largest bound of any resource: hosts that so many of each request need at least."""
    bounds = resource_bounds(empty, requests)
    alone = [count for request, count in requests.items() if not empty.less(request).fits(request)]
    return max([0, *bounds.values(), *alone])


def resource_bounds(empty: Room, requests: Mapping[Hashable, int]) -> dict[str, int]:
    """L2 of each resource of a host."""
    whole = empty.amounts()
    sizes: dict[str, Counter[float]] = {limit: Counter() for limit in whole}
    for request, count in requests.items():
        for limit, size in taken(empty, request).items():
            sizes[limit][size] += count
    return {limit: l2(sizes[limit], whole[limit]) for limit in whole if math.isfinite(whole[limit])}


def hosts_filled(empty: Room, requests: Mapping[Hashable, int]) -> float:
    """Hosts' worth of the scarcest resource that all take together: what full hosts would cost."""
    whole, sums = empty.amounts(), Counter[str]()
    for request, count in requests.items():
        for limit, size in taken(empty, request).items():
            sums[limit] += size * count  # type: ignore[assignment]
    shares = (sums[limit] / whole[limit] for limit in whole if whole[limit] > 0.0)
    return max(shares, default=0.0)


def taken(room: Room, request: Hashable) -> dict[str, float]:
    """What one request takes of each resource."""
    before, after = room.amounts(), room.less(request).amounts()
    return {
        limit: before[limit] - after[limit] if math.isfinite(before[limit]) else 0.0
        for limit in before
    }


def _whole(bins: float) -> int:
    return math.ceil(bins - _NEARLY)
