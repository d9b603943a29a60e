"""An ECS task definition as a part: its containers, in order, within the size of the task."""

from collections.abc import Iterator
from operator import attrgetter

from sim.catalog.ecs import fargate_sizes
from sim.core.quantity import shown_size
from sim.files.draft import ContainerDraft, PartDraft
from sim.files.ecs.containers import container_of, share_out
from sim.files.quantities import ecs_bytes, ecs_cpu
from sim.files.text.value import Value
from sim.units import GiB
from sim.workload import Volume, Wait
from sim.workload.waiting import in_order

MODES = ("awsvpc", "bridge", "host", "none", "default")


def family_of(definition: Value) -> str | None:
    """Its name without a revision."""
    return definition["family"].text()


def part_of(definition: Value, name: str) -> PartDraft | None:
    """The part that runs a task definition; one copy of it."""
    fargate = "FARGATE" in _launch_types(definition)
    network = definition["networkMode"].one_of(MODES) or ("awsvpc" if fargate else "bridge")
    nodes = list(definition["containerDefinitions"].items("a list of container definitions"))
    containers = [container_of(node, network) for node in nodes]
    if not containers:
        definition.say("containerDefinitions: it is missing; a task needs at least one container")
        return None
    init, beside = _in_order(containers, nodes)
    cpu = definition["cpu"].parsed(ecs_cpu) or None
    memory = definition["memory"].parsed(ecs_bytes) or None
    if fargate:
        _is_a_fargate_size(definition, cpu, memory)
    share_out(beside, init, cpu=cpu, memory=memory)
    _call_main(beside, name)
    part = PartDraft(name=name, main=beside[0], init=init, sidecars=beside[1:])
    part.volumes = list(_volumes(definition))
    for key in ("placementConstraints", "proxyConfiguration", "ephemeralStorage"):
        if definition[key]:
            definition.findings.ignore(f"{key} of a task")
    part.most_per_host = _one_a_host(definition)
    return part


def _launch_types(definition: Value) -> list[str | None]:
    kinds = [each.text() for each in definition["requiresCompatibilities"].items("a list")]
    return kinds or [definition["launchType"].text()]


def _in_order(
    containers: list[ContainerDraft], nodes: list[Value]
) -> tuple[list[ContainerDraft], list[ContainerDraft]]:
    """Those that have ended before the others start, and the others, the main one first."""
    ended = {wait.part for each in containers for wait in each.after if wait.until == "completed"}
    init = [each for each in containers if each.name in ended and not each.essential]
    try:
        init = _each_after_its_own(init)
    except ValueError as circle:
        nodes[0].say(str(circle))
    routers = {id(c) for c, node in zip(containers, nodes, strict=True) if node[_ROUTER]}
    beside = [each for each in containers if each not in init]
    main = next(
        (each for each in beside if each.essential and id(each) not in routers), beside[:1] or None
    )
    if main is None:
        nodes[0].say("essential: no container is essential; at least one has to be")
        return [], containers
    first = main[0] if isinstance(main, list) else main
    gone = {each.name for each in init}
    for each in beside:
        each.after = [wait for wait in each.after if wait.part not in gone]
    others = sorted((each for each in beside if each is not first), key=attrgetter("name"))
    return init, [first, *others]


def _each_after_its_own(init: list[ContainerDraft]) -> list[ContainerDraft]:
    """Init containers run one by one: each after those that it waits for, else by their names."""
    by_name = {each.name: each for each in init}
    if len(by_name) < len(init):  # a mistake that is told elsewhere
        return init
    waits = {
        name: sorted(wait.part for wait in by_name[name].after if wait.part in by_name)
        for name in sorted(by_name)
    }
    return [by_name[name] for name in in_order(waits, "containerDefinitions")]


def _call_main(beside: list[ContainerDraft], name: str) -> None:
    """The main container is known by the part's name to those that wait for it."""
    main = beside[0].name
    for each in beside:
        each.after = [
            Wait(part=name, until=wait.until) if wait.part == main else wait for wait in each.after
        ]


_ROUTER = "firelensConfiguration"


def _is_a_fargate_size(definition: Value, cpu: float | None, memory: float | None) -> None:
    """Fargate has fixed pairs; the nearest two are named."""
    if cpu is None or memory is None:
        return
    sizes = [(size.vcpu, size.memory) for size in fargate_sizes()]
    if any(abs(cpu - one) < 1e-9 and abs(memory - two) < 1.0 for one, two in sizes):
        return
    nearest = sorted(sizes, key=lambda s: (abs(s[0] - cpu), abs(s[1] - memory)))[:2]
    told = " or ".join(f"{one * 1024:g} with {two / GiB * 1024:g}" for one, two in nearest)
    definition.say(
        f"Fargate has no size of cpu {cpu * 1024:g} with memory {memory / GiB * 1024:g} "
        f"({shown_size(memory)}); nearest: {told}"
    )


def _one_a_host(definition: Value) -> int | None:
    constraints = definition["placementConstraints"].items("a list of constraints")
    kinds = [each["type"].text() for each in constraints]
    return 1 if "distinctInstance" in kinds else None


def _volumes(definition: Value) -> Iterator[Volume]:
    for volume in definition["volumes"].items("a list of volumes"):
        name = (volume["name"].text() or "?")[:255]
        if volume["efsVolumeConfiguration"] or volume["fsxWindowsFileServerVolumeConfiguration"]:
            yield Volume(name=name, storage="shared")
        elif volume["host"].mapping()["sourcePath"].text():
            yield Volume(name=name, storage="bind")
        else:
            yield Volume(name=f"{name}-{definition['family'].text() or 'task'}"[:255])
