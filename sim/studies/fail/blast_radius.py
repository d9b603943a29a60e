"""How much is gone when hosts die: arithmetic, before any clock."""

import math

from sim.core.names import shown


def most_lost(tasks: int, hosts: int) -> int:
    """Tasks that one host takes along at most, where they are spread evenly.

    Raises:
        ValueError: there is no host.
    """
    if hosts < 1:
        raise ValueError(f"hosts: {shown(hosts)} is not allowed; at least 1")
    return math.ceil(tasks / hosts)


def replicas_lost(hosts: int, replicas: int, dead: int) -> list[float]:
    """Probability that 0, 1, ... of some replicas on as many hosts are lost when any hosts die.

    Hypergeometric: of `hosts` hosts `dead` die, and `replicas` of them had one each.

    Raises:
        ValueError: there are not as many hosts.
    """
    for name, value in (("replicas", replicas), ("dead", dead)):
        if not 0 <= value <= hosts:
            raise ValueError(f"{name}: {shown(value)} is not allowed; 0 to hosts = {hosts}")
    ways = math.comb(hosts, dead)
    return [
        math.comb(replicas, lost) * math.comb(hosts - replicas, dead - lost) / ways
        if dead >= lost
        else 0.0
        for lost in range(replicas + 1)
    ]
