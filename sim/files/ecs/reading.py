"""From ECS documents to drafts: services with their task definitions, or these alone."""

from collections.abc import Iterator
from typing import Any

from sim.core.names import nearest
from sim.files.draft import Drafts, PartDraft, refuse_crowd
from sim.files.ecs.definitions import family_of, part_of
from sim.files.text.findings import Findings
from sim.files.text.place import PlacedList, PlacedMapping
from sim.files.text.value import Value
from sim.workload import AutoscalingRange


def read_tasks(documents: list[Value], name: str, findings: Findings) -> Drafts:
    """What task definitions and services say, in register, describe or bare form."""
    every = [each for document in documents for each in _unwrapped(document, name)]
    definitions = {}
    for number, each in enumerate(each for each in every if "containerDefinitions" in each):
        definitions[family_of(each) or (f"{name}-{number}" if number else name)] = each
    services = [each for each in every if "containerDefinitions" not in each]
    refuse_crowd(name, max(len(services), len(definitions)))
    if not services:
        return Drafts(name=name, parts=_alone(definitions))
    parts = [part for each in services if (part := _service(each, definitions)) is not None]
    used = {_family(each["taskDefinition"]) for each in services}
    for family in sorted(definitions.keys() - used):
        findings.note("left out: no service in these files runs this task definition", family)
    return Drafts(name=name, parts=parts)


def _alone(definitions: dict[str, Value]) -> list[PartDraft]:
    parts = [part_of(each, family) for family, each in definitions.items()]
    return [part for part in parts if part is not None]


def _unwrapped(node: Value, name: str) -> Iterator[Value]:
    """Task definitions and services, whatever they are wrapped in."""
    if isinstance(node.value, list):
        items = list(node.items())
        if any("image" in item and "containerDefinitions" not in item for item in items):
            items = [_bare(node, name)]
        for item in items:
            yield from _inside(item, name)
    else:
        yield from _inside(node, name)


def _inside(node: Value, name: str) -> Iterator[Value]:
    """What a mapping wraps; a container alone is a task of its own."""
    lists = [key for key in ("services", "taskDefinitions") if isinstance(node[key].value, list)]
    if isinstance(node["taskDefinition"].value, dict):
        yield node["taskDefinition"]
    elif lists:
        for key in lists:
            yield from node[key].items()
    elif "image" in node and "containerDefinitions" not in node:
        yield _bare(node.with_value(_list_of(node)), name)
    elif node.mapping("a task definition or a service"):
        yield node


def _list_of(node: Value) -> PlacedList:
    items = PlacedList()
    items.add(node.value, node.place)
    return items


def _bare(node: Value, name: str) -> Value:
    """Container definitions alone are a task of the file's name."""
    made = PlacedMapping()
    made.put("family", name, node.place)
    made.put("containerDefinitions", node.value, node.place)
    return Value(made, node.place, node.findings, node.path)


def _family(node: Value) -> str:
    """A family in `web`, `web:3` or an ARN, which is not kept."""
    text = str(node.value) if isinstance(node.value, str) else ""
    return text.rpartition("/")[2].partition(":")[0]


def _service(service: Value, definitions: dict[str, Value]) -> PartDraft | None:
    family = _family(service["taskDefinition"])
    name = service["serviceName"].text() or family
    definition = definitions.get(family)
    if definition is None and len(definitions) == 1 and not family:
        definition = next(iter(definitions.values()))
    if not family and definition is None:
        words = "it is missing; a service needs one, and a task needs containerDefinitions"
        service.say(f"taskDefinition: {words}")
        return None
    if definition is None:
        near = nearest(family, definitions)
        hint = f"did you mean {near[0]!r}?" if near else "read its file as well"
        service.say(f"taskDefinition: {family!r} is not among these files; {hint}")
        return None
    part = part_of(definition, name)
    if part is None:
        return None
    count = service["desiredCount"].count(0, 100_000)
    part.copies = 1 if count is None else count
    part.daemon = service["schedulingStrategy"].text() == "DAEMON"
    _place(part, service)
    part.autoscaling = _range(service["scalable"])
    for key in ("loadBalancers", "networkConfiguration", "deploymentConfiguration"):
        if service[key]:
            service.findings.ignore(f"{key} of a service")
    return part


def _place(part: PartDraft, service: Value) -> None:
    constraints = service["placementConstraints"].items("a list of constraints")
    if "distinctInstance" in [each["type"].text() for each in constraints]:
        part.most_per_host = 1
    strategies = service["placementStrategy"] or service["placementStrategies"]
    for each in strategies.items("a list of strategies"):
        if each["type"].text() == "spread" and each["field"].text() in ("instanceId", "host"):
            part.spread = True
    for each in service["capacityProviderStrategy"].items("a list of capacity providers"):
        if isinstance(each["capacityProvider"].value, str):
            service.findings.note("capacity comes from", each["capacityProvider"].value)


def _range(node: Value) -> AutoscalingRange | None:
    """What Application Auto Scaling may do with it."""
    least, most = node["minCapacity"].count(0), node["maxCapacity"].count(1)
    if least is None or most is None:
        return None
    if least > most:
        node["minCapacity"].wrong(f"at most maxCapacity, {most}")
        return None
    share: Any = node["targetValue"].number(1, 1000)
    return AutoscalingRange(least=least, most=most, target_cpu=share / 100.0 if share else None)
