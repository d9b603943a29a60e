"""Reading a fit: every mistake of it at once, and no key that the catalogue does not know."""

from pathlib import Path
from typing import Any, get_args

from sim.core.cited import Grade
from sim.core.fitted import SPREAD, FittedFigure
from sim.core.names import UnknownName
from sim.core.quantity import LARGEST_VCPU
from sim.core.question import BadInput
from sim.files.fitted.fit import Fit, FittedSize, dated, filed_of, fitted_figure, source_name
from sim.files.text.findings import Findings
from sim.files.text.place import TextPlace
from sim.files.text.source import SourceText, path_of, source
from sim.files.text.value import Value
from sim.files.text.yaml_values import documents
from sim.workload.sizing.use import Use

OF_A_FIT = ("figures", "sizes")
OF_A_FIGURE = ("value", "low", "high", "spread", "n", "source", "as_of", "grade")
OF_A_SIZE = ("cpu", "memory", "rule", "n", "source", "as_of")
OF_A_USE = ("p50", "p95", "p99_5", "peak", "instant", "request")
MOST, MOST_SEEN = 2.0**60, 10**12
"""Bytes, seconds or vCPUs that nothing has; starts or readings that nobody has seen."""


def read_fit(path: str | Path) -> Fit:
    """The fit in a file that `sim fit` has written, or that is written by hand.

    Raises:
        BadInput: there is none, it is no fit, or a field is wrong; all mistakes, one a line.
    """
    return fit_of(source(path_of(path)))


def fit_of(text: SourceText) -> Fit:
    """The fit in a text; raises as `read_fit`."""
    read = documents(text)
    if len(read) != 1 or not is_fit(read[0]):
        raise BadInput(f"{text.name}: it is no fit; one has figures, or sizes, as sim fit writes")
    findings = Findings()
    whole = Value(read[0], TextPlace(text.name, 0), findings)
    _only(whole, OF_A_FIT)
    fitted = [each for key, node in whole["figures"].fields() for each in _figures(key, node)]
    sizes = sizes_of(whole)
    findings.refuse()
    return Fit(fitted=tuple(fitted), sizes=tuple(sizes))


def sizes_of(whole: Value) -> list[FittedSize]:
    """The sizes in a fit; its findings are told what is wrong."""
    return [each for name, node in whole["sizes"].fields() for each in _sizes(name, node)]


def is_fit(read: Any) -> bool:
    """Whether a document is a fit, by what stands in it."""
    return isinstance(read, dict) and not set(read).isdisjoint(OF_A_FIT)


def _only(node: Value, known: tuple[str, ...]) -> None:
    for key, inner in node.fields():
        if key not in known:
            inner.with_value(key).wrong("", known)


def _figures(key: str, node: Value) -> list[FittedFigure]:
    """A figure, and its spread as one of its own."""
    _only(node, OF_A_FIGURE)
    try:
        filed_of(key)
    except UnknownName as error:
        node.say(str(error).partition(": ")[2])
        return []
    value = node["value"].number(0.0, MOST, "a number of at least 0")
    if value is None and not node["value"]:
        node.say("value is missing; a number, in base units (s, byte, vCPU)")
    passport = _passport(node)
    if value is None or passport is None:
        return []
    passport["grade"] = node["grade"].one_of(get_args(Grade)) or "C"
    low, high = node["low"].number(0.0, MOST), node["high"].number(0.0, MOST)
    spread = node["spread"].number(0.0, 10.0, "a coefficient of variation from 0 to 10")
    try:
        found = [fitted_figure(key, value, low=low, high=high, **passport)]
        if spread is not None:
            found.append(fitted_figure(key + SPREAD, spread, **passport))
    except ValueError as error:
        node.say(str(error).removeprefix(f"{key}: "))
        return []
    return found


def _passport(node: Value) -> dict[str, Any] | None:
    """How many, whence and when; None where one of them is missing or wrong."""
    found = {
        "n": node["n"].count(1, MOST_SEEN),
        "source": _checked(node["source"], source_name),
        "as_of": _checked(node["as_of"], dated),
    }
    for name, value in found.items():
        if value is None and not node[name]:
            node.say(f"{name} is missing")
    return None if None in found.values() else found


def _checked(node: Value, check: Any) -> str | None:
    found: str | None = node.parsed(check)
    return found


def _sizes(name: str, node: Value) -> list[FittedSize]:
    _only(node, OF_A_SIZE)
    cpu, memory = _use(node["cpu"], LARGEST_VCPU), _use(node["memory"], MOST)
    passport = _passport(node)
    if passport is None:
        return []
    found = node.made(
        FittedSize,
        name=name,
        cpu=cpu[0],
        memory=memory[0],
        cpu_request=cpu[1],
        memory_request=memory[1],
        rule=node["rule"].text() or "",
        **passport,
    )
    return [] if found is None else [found]


def _use(node: Value, most: float) -> tuple[Use, float | None]:
    """What was seen of a resource, and what a rule gives for it."""
    _only(node, OF_A_USE)
    seen: dict[str, Any] = {key: node[key].number(0.0, most) for key in OF_A_USE}
    request = seen.pop("request")
    return Use(**seen), request
