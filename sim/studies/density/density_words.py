"""An answer about density in words: its sentences, and what to do about what stops a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim import catalog
from sim.units import MiB

if TYPE_CHECKING:
    from sim.platforms.limits import Limit
    from sim.studies.density.answer import DensityAnswer, Row

ONE_EACH = ("ec2", "fargate", "eks-fargate")
"""Platforms that choose a machine for each sandbox."""

NAMES = {
    "vm": "VMs",
    "docker": "Docker containers",
    "ec2": "EC2 instances",
    "ecs-bridge": "ECS tasks (bridge)",
    "ecs-awsvpc": "ECS tasks (awsvpc)",
    "ecs-awsvpc-trunk": "ECS tasks (awsvpc, trunking)",
    "fargate": "Fargate tasks",
    "eks": "EKS pods",
    "eks-prefix": "EKS pods (prefix delegation)",
    "eks-fargate": "EKS pods on Fargate",
}


def density_sentence(answer: DensityAnswer) -> str:
    """How many fit as containers and as VMs on the same machine, and which density is smaller."""
    docker, vm = answer.row("docker"), answer.row("vm")
    sentence = (
        f"On one {docker.host} machine {docker.count} fit as Docker containers "
        f"({stop(docker)}), {vm.count} as VMs ({stop(vm)})."
    )
    if docker.count_by_use is None:
        return sentence
    return f"{sentence} {use_sentence(docker, weight_only=not answer.service.cpu_quota)}"


def use_sentence(row: Row, *, weight_only: bool = False) -> str:
    """Which of the two densities of one platform is smaller, and why."""
    by_use, what = row.count_by_use or 0, NAMES[row.platform]
    quota = ", with CPU as a weight and no quota" if weight_only else ""
    if by_use > row.count:
        why = f"reservations ({row.stopped_by}) bind before use does ({row.stopped_by_use})"
    elif by_use < row.count:
        why = f"use ({row.stopped_by_use}) binds before reservations do ({row.stopped_by})"
    else:
        both = dict.fromkeys((row.stopped_by, row.stopped_by_use))
        why = f"both stop there ({'; '.join(both)})"
    return f"By use {by_use} {what} fit{quota}: {why}."


def pages_sentence(answer: DensityAnswer) -> str:
    """Containers share the hot file pages of their image; each VM holds a copy."""
    hot = answer.service.hot
    counts = []
    for name in ("docker", "vm"):
        row = answer.row(name)
        counts.append(row.count if row.count_by_use is None else row.count_by_use)
    if hot == 0.0 or 0 in counts:
        return ""
    containers, vms = counts
    return (
        f"Hot file pages of the image: {hot / MiB:.0f} MiB once for {containers} Docker "
        f"containers (page cache is shared), {vms} copies or {vms * hot / MiB:.0f} MiB "
        f"in {vms} VMs."
    )


def credits_sentence(answer: DensityAnswer) -> str:
    """T types run above their baseline for more money, which no price of a row holds."""
    types = dict.fromkeys(row.priced_as for row in answer.rows if row.priced_as)
    shares = [
        f"{name} {baseline:.0%}"
        for name in types
        if (baseline := catalog.instance(name).baseline) is not None
    ]
    if not shares:
        return ""
    return (
        f"T types: CPU above the baseline ({', '.join(shares)} of each vCPU, over 24 hours) is "
        f"billed as surplus credits (unlimited mode), which are not in the price."
    )


def speed_sentence(answer: DensityAnswer) -> str:
    """A load is work of m5 vCPUs: faster ones serve more of it than their number tells."""
    works = []
    for speed in answer.speeds:
        family = speed.key.split(".")[1]
        article = "an" if family[0] in "aefhilmnorsx" else "a"
        works.append(f"{article} {family} vCPU does {speed.value:.2f} times")
    if not works:
        return ""
    return (
        f"By use: {', '.join(works)} the work of an m5 vCPU (CoreMark), in which load is counted."
    )


def stops_it(limit: str) -> str:
    """The limit and its verb: memory stops it, pod slots stop it."""
    several = limit.partition(" (")[0].endswith("s")
    return f"{limit} {'stop' if several else 'stops'} it"


def stop(row: Row) -> str:
    """What stops a row, and what then: memory stops it; then vCPU at 8."""
    first = row.limits[0]
    if row.count == 0 or not first.gain_if_lifted:
        return _stop_it(row)
    return f"{_stop_it(row)}; then {first.then} at {row.count + first.gain_if_lifted}"


def how_to_lift(row: Row) -> str:
    """What stops it, where, what lifting that gains, and how; then what is to be known besides."""
    first = row.limits[0]
    if row.refused and row.count == 0:
        return row.refused if first.how in row.refused else f"{row.refused}; {first.how}"
    gained = f" (lifted: {first.gain_if_lifted} more, then {first.then})"
    gain = gained if first.gain_if_lifted else ""
    notes = "".join(f" ({text})" for text in (row.note, row.refused) if text)
    at = " at" if len(_binding(row)) == 1 else ", at"
    return f"{_stop_it(row)}{at} {row.count}{gain}: {_ways(row)}{notes}"


def _binding(row: Row) -> list[Limit]:
    """The limits that must be lifted together before more fit, the one that is named first."""
    first = row.limits[0]
    if first.gain_if_lifted or row.count == 0:
        return [first]
    equal = [limit for limit in row.limits if limit.allows == row.count]
    if any(limit.limit == first.then for limit in equal):
        return equal
    # lifting the first lowers another to the same count, as slots of the kubelet take memory
    then = [limit for limit in row.limits if limit.limit == first.then]
    return equal + [limit for limit in then if limit.allows > row.count][:1]


def _stop_it(row: Row) -> str:
    names = [limit.limit for limit in _binding(row)]
    if len(names) == 1:
        return stops_it(names[0])
    both = "both" if len(names) == 2 else "all"
    return f"{', '.join(names[:-1])} and {names[-1]} {both} stop there"


def _ways(row: Row) -> str:
    """How to lift each of them, the same way once.

    Where a host takes one by its nature, the other is the account's and is not the way.
    """
    ways: list[str] = []
    for limit in _binding(row)[: 1 if row.platform in ONE_EACH else None]:
        if not any(limit.how in way for way in ways):
            ways.append(limit.how)
    return "; and ".join(ways)
