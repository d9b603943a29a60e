"""What containers use: `docker stats`, the recommendations of KRR and of a vertical autoscaler.

| source | how it is written | taken |
|---|---|---|
| `docker stats --no-stream --format json` | an object a line, `"MemUsage": "35MiB / 2GiB"` | use |
| KRR (`krr simple -f json`) | `scans[].recommended.requests` by container | request |
| a VerticalPodAutoscaler | `status.recommendation.containerRecommendations[]` | target |
| `sim fit --sizes` | `sizes:` by container | request; else p95 of CPU, peak of memory |
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sim.core.quantity import LARGEST_VCPU, number_in, parse_docker_size
from sim.core.question import BadInput
from sim.files.fitted.reading import is_fit, sizes_of
from sim.files.quantities import compose_bytes, kubernetes_bytes, kubernetes_cpu
from sim.files.sizes.ladder import ObservedUse
from sim.files.text.findings import Findings
from sim.files.text.place import TextPlace
from sim.files.text.source import SourceText, sources
from sim.files.text.value import Value
from sim.files.text.yaml_values import documents

_COPY = re.compile(r"[-_]\d+$")
"""The number that compose gives a container."""
MOST_LINES = 10_000
"""Objects of a file that has one a line."""
_DECIMAL = ("kB", "KB", "MB", "GB", "TB")


def measured(paths: Sequence[Path], project: str, findings: Findings) -> dict[str, ObservedUse]:
    """What containers use, by name; of several copies the one that uses most.

    Args:
        project: compose puts it before the name of a service.

    Raises:
        BadInput: a file is none of those that are known.
    """
    found: dict[str, ObservedUse] = {}
    for source in sources(paths):
        for name, use in _uses(source, findings):
            for each in {name, _service(name, project)}:
                found[each] = _larger(found.get(each), use)
    return found


def _service(name: str, project: str) -> str:
    """`shop-web-1` and `shop_web_1` are copies of `web`."""
    bare = _COPY.sub("", name)
    for sign in "-_":
        bare = bare.removeprefix(f"{project}{sign}")
    return bare


def _larger(one: ObservedUse | None, other: ObservedUse) -> ObservedUse:
    if one is None:
        return other
    cpu = [each for each in (one.cpu, other.cpu) if each is not None]
    memory = [each for each in (one.memory, other.memory) if each is not None]
    return ObservedUse(max(cpu, default=None), max(memory, default=None))


def _uses(source: SourceText, findings: Findings) -> Iterator[tuple[str, ObservedUse]]:
    nodes = [Value(each, TextPlace(source.name, 0), findings) for each in _objects(source)]
    seen = False
    for node in (inner for each in nodes for inner in _items(each)):
        if (reader := _reader(node)) is not None:
            seen = True
            yield from reader(node)
    if not seen:
        raise BadInput(
            f"{source.name}: it is neither docker stats --no-stream --format json, KRR's JSON, a "
            "VerticalPodAutoscaler with a recommendation nor what sim fit --sizes writes"
        )


def uses(node: Value) -> Iterator[tuple[str, ObservedUse]]:
    """What one object tells of containers, by name; nothing where it is none of these."""
    if (reader := _reader(node)) is not None:
        yield from reader(node)


def _reader(node: Value) -> Callable[[Value], Iterator[tuple[str, ObservedUse]]] | None:
    if "MemUsage" in node:
        return _docker
    if "scans" in node:
        return _krr
    if "recommendation" in node["status"]:
        return _vertical
    return _fitted if is_fit(node.value) else None


def _objects(source: SourceText) -> list[object]:
    """One document, or an object a line."""
    lines = list(islice(filter(str.strip, source.lines()), MOST_LINES + 1))
    try:
        if len(lines) < 2 or not all(isinstance(json.loads(line), dict) for line in lines):
            return documents(source)
    except (ValueError, RecursionError):
        return documents(source)
    if len(lines) > MOST_LINES:
        raise BadInput(f"{source.name}: more than {MOST_LINES:,} lines; no more are read")
    return [each for line in lines for each in documents(source._replace(text=line))]


def _items(node: Value) -> Iterator[Value]:
    if isinstance(node.value, list):
        for item in node.items():
            yield from _items(item)
    elif "items" in node:
        yield from node["items"].items()
    else:
        yield node


def _docker(node: Value) -> Iterator[tuple[str, ObservedUse]]:
    name = node["Name"].text() or node["Container"].text()
    memory = node["MemUsage"].parsed(_used)
    cpu = node["CPUPerc"].parsed(_percent)
    if name is not None:
        yield name, ObservedUse(cpu, memory)


def _used(text: str) -> float:
    """Bytes in `35.3MiB / 1.9GiB`: what is before the slash."""
    used = text.partition("/")[0].strip()
    try:
        decimal = used.endswith(tuple(_DECIMAL))
        return parse_docker_size(used) if decimal else compose_bytes(used)
    except ValueError:
        raise ValueError("memory in use such as '35.3MiB / 2GiB'") from None


def _percent(text: str) -> float:
    """vCPUs in `12.5%`, where 100% is one."""
    found = number_in(text.removesuffix("%"))
    if found is None or not 0.0 <= found / 100.0 <= LARGEST_VCPU:
        raise ValueError(f"a share of a CPU such as 12.5%, at most {LARGEST_VCPU:.0%}")
    return found / 100.0


def _krr(node: Value) -> Iterator[tuple[str, ObservedUse]]:
    for scan in node["scans"].items("a list of scans"):
        name = scan.at("object", "container").text() or scan.at("object", "name").text()
        requests = scan.at("recommended", "requests").mapping()
        cpu = _plain(requests["cpu"]).number(0, LARGEST_VCPU)
        memory = _plain(requests["memory"]).number(0, 2.0**50)
        if name is not None:
            yield name, ObservedUse(cpu, memory)


def _plain(node: Value) -> Value:
    """A value with its severity, or the value alone; KRR writes `?` for none."""
    inner = node["value"] if isinstance(node.value, dict) else node
    return inner.with_value(None) if inner.value in ("?", "NaN") else inner


def _vertical(node: Value) -> Iterator[tuple[str, ObservedUse]]:
    recommended = node.at("status", "recommendation", "containerRecommendations")
    for each in recommended.items("a list of recommendations"):
        name, target = each["containerName"].text(), each["target"].mapping()
        use = ObservedUse(
            target["cpu"].parsed(kubernetes_cpu), target["memory"].parsed(kubernetes_bytes)
        )
        if name is not None:
            yield name, use


def _fitted(node: Value) -> Iterator[tuple[str, ObservedUse]]:
    """The request of a rule; without one, what no more than one reading in twenty exceeds."""
    for size in sizes_of(node):
        cpu, memory = size.cpu_request, size.memory_request
        if cpu is None and size.cpu.several:
            cpu = size.cpu.at(0.95).amount
        if memory is None and size.memory.several:
            memory = size.memory.at(1.0).amount
        yield size.name, ObservedUse(cpu, memory)
