"""Operations, calls and entries of a file, into their descriptions."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from sim.core.mistakes import mistakes
from sim.core.names import nearest
from sim.core.quantity import parse_bytes, parse_seconds
from sim.files.text.value import Value
from sim.units import ms
from sim.workload.calls import Call, EntryPoint, How, Operation

T = TypeVar("T")

OPERATION = ("cpu", "cpu_ms", "wait", "wait_ms", "variation", "calls")
CALL = ("to", "times", "how", "timeout", "retries", "bytes", "optional")
MOST_TIMES = 10_000.0
MOST_MS = 3.6e6


def operation(name: str, node: Value) -> Operation | None:
    """An operation: its time of CPU alone (`4ms`), or a mapping."""
    if not isinstance(node.value, dict):
        cpu = node.parsed(parse_seconds)
        return None if cpu is None else made(Operation, node, name=name, cpu=cpu)
    known(node, OPERATION)
    cpu = _time(node, "cpu")
    if cpu is None:
        cpu = 0.0
        if "cpu" not in node and "cpu_ms" not in node:
            node.say("cpu_ms: it is missing; milliseconds of CPU of one visit")
    values: dict[str, Any] = {"name": name, "cpu": cpu}
    wait, variation = _time(node, "wait"), node["variation"].number(0.0, 100.0)
    values |= {} if wait is None else {"wait": wait}
    values |= {} if variation is None else {"variation": variation}
    calls = [call(each) for each in node["calls"].items("a list of calls")]
    return made(Operation, node, **values, calls=tuple(c for c in calls if c is not None))


def call(node: Value) -> Call | None:
    """A call: what is called alone, or a mapping."""
    if not isinstance(node.value, dict):
        to = node.text("such as catalog.list, or {to: catalog.list, times: 2}")
        return None if to is None else made(Call, node, to=to)
    known(node, CALL)
    found: dict[str, Any] = {
        "to": node["to"].text(),
        "times": node["times"].number(0.0, MOST_TIMES),
        "how": node["how"].one_of(get_args(How)),
        "timeout": node["timeout"].parsed(parse_seconds),
        "retries": node["retries"].count(0, 100),
        "bytes": node["bytes"].parsed(parse_bytes),
    }
    if not found["to"]:
        node.say("to: it is missing; the operation that is called, such as catalog.list")
        return None
    given = {key: value for key, value in found.items() if value is not None}
    return made(Call, node, **given, optional=node["optional"].flag())


def entries(node: Value) -> Iterator[EntryPoint]:
    """What users ask for: one, a list, or weights by name."""
    if isinstance(node.value, dict):
        for to, weight in node.fields():
            share = weight.number(0.0, 1e9, "a weight above 0")
            entry = None if share is None else made(EntryPoint, weight, to=to, weight=share)
            if entry is not None:
                yield entry
        return
    many = node.items() if isinstance(node.value, list) else [node] if node else []
    for each in many:
        named = each.text("an operation such as web.home")
        if named:
            yield EntryPoint(to=named)


def _time(node: Value, name: str) -> float | None:
    """Seconds, of a time with a unit or of milliseconds."""
    milliseconds = node[f"{name}_ms"].number(0.0, MOST_MS)
    if milliseconds is not None:
        if name in node:
            node.say(f"{name}: not allowed beside {name}_ms, which says the same")
        return milliseconds * ms
    return node[name].parsed(parse_seconds)


def made(kind: type[T], node: Value, **values: Any) -> T | None:
    """A description, or a mistake at its place."""
    try:
        return kind(**values)
    except ValidationError as error:
        for line in mistakes(error, kind):
            node.say(line)
        return None


def known(node: Value, names: Iterable[str]) -> None:
    """Say which of its fields are none."""
    every = list(names)
    for key, _ in node.fields():
        if key not in every:
            near = nearest(key, every)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(every)}"
            node.say(f"{key}: there is no such field; {hint}")
