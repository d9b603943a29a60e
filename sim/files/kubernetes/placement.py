"""Where pods may stand: anti-affinity and spread over hosts."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sim.files.draft import PartDraft
from sim.files.text.value import Value

HOST = "kubernetes.io/hostname"


class Labelled(NamedTuple):
    """A part, its pod, and the labels by which others find it."""

    part: PartDraft
    pod: Value
    labels: Mapping[str, str]
    namespace: str


def place(parts: list[Labelled]) -> None:
    """Write into each part what its pod says of others; what is not modelled is counted."""
    for each in parts:
        _keep_apart(each, parts)
        _spread(each)
        for path in (("nodeSelector",), ("affinity", "nodeAffinity"), ("affinity", "podAffinity")):
            if each.pod.at(*path):
                each.pod.findings.ignore(path[-1])
        if each.pod["tolerations"]:
            each.pod.findings.ignore("tolerations")


def _keep_apart(each: Labelled, parts: list[Labelled]) -> None:
    rules = each.pod.at("affinity", "podAntiAffinity")
    for term in rules["requiredDuringSchedulingIgnoredDuringExecution"].items():
        if (term["topologyKey"].text() or HOST) != HOST:
            each.pod.findings.ignore("anti-affinity among zones")
            continue
        for other in _found(term["labelSelector"], each, parts):
            if other is each.part:
                other.most_per_host = 1
            elif other.name not in each.part.apart_from:
                each.part.apart_from.append(other.name)
    for _ in rules["preferredDuringSchedulingIgnoredDuringExecution"].items():
        each.part.spread = True


def _found(selector: Value, each: Labelled, parts: list[Labelled]) -> Iterator[PartDraft]:
    for other in parts:
        if other.namespace == each.namespace and _matches(selector, other.labels):
            yield other.part


def _matches(selector: Value, labels: Mapping[str, str]) -> bool:
    """Whether all that a selector says holds; one that says nothing finds nobody."""
    if not selector.mapping().value:
        return False
    for key, wanted in selector["matchLabels"].fields():
        if labels.get(key) != wanted.text():
            return False
    return all(_holds(each, labels) for each in selector["matchExpressions"].items())


def _holds(expression: Value, labels: Mapping[str, str]) -> bool:
    label = labels.get(expression["key"].text() or "")
    values = [value.text() for value in expression["values"].items()]
    match expression["operator"].one_of(("In", "NotIn", "Exists", "DoesNotExist")):
        case "In":
            return label in values
        case "NotIn":
            return label not in values
        case "Exists":
            return label is not None
        case _:
            return label is None


def _spread(each: Labelled) -> None:
    for rule in each.pod["topologySpreadConstraints"].items():
        if rule["topologyKey"].text() == HOST:
            each.part.spread = True
        else:
            each.pod.findings.ignore("spread over zones")
