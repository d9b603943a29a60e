"""Which figures of the catalogue the phases of one's own stand in for."""

from datetime import UTC, datetime

from sim import catalog
from sim.core.cited import Cited, plain
from sim.studies.fit.groups import PlatformStarts
from sim.studies.fit.observed import Observed

KEYS: dict[tuple[Observed, str], str] = {
    ("fargate", "provision"): "fargate.provision",
    ("ecs", "network"): "ecs.eni_attach",
    ("ecs", "placement"): "ecs.placement",
    ("kubernetes", "sandbox"): "eks.pod.sandbox",
    ("node", "registered"): "eks.node.registered",
    ("node", "node ready"): "eks.node.ready",
}
"""By platform and phase; the others depend on the image, the app or the load."""

HOLDS = {"ecs.eni_attach": "ecs.placement"}
"""A measured phase that has another wait within it, which the model has apart: it is taken off."""


def key_of(where: Observed, phase: str) -> str:
    """The figure that a phase stands in for; empty: none."""
    return KEYS.get((where, phase), "")


def was(key: str) -> Cited | None:
    """What the catalogue has for a figure."""
    return catalog.figures().get(key)


def less(key: str) -> float:
    """Seconds that are taken off what was measured."""
    return plain(catalog.figure(HOLDS[key])) if key in HOLDS else 0.0


def dates(group: PlatformStarts) -> tuple[str, str]:
    """Months of the first start and the last, as `2021-03`; empty where none is told."""
    times = sorted(start.at for start in group.starts if start.at is not None)
    if not times:
        return "", ""
    first, last = (datetime.fromtimestamp(each, UTC) for each in (times[0], times[-1]))
    return f"{first:%Y-%m}", f"{last:%Y-%m}"
