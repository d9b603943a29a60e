"""`sim.read_traces`: an application with its calls, learnt from traces."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

from sim import catalog
from sim.core.cited import plain
from sim.core.mistakes import BadDescription, not_json, spoken
from sim.core.names import shown
from sim.core.quantity import number_in
from sim.core.question import BadInput
from sim.files.draft import refuse_crowd
from sim.files.text.source import path_of, source
from sim.files.text.yaml_values import MOST_SIGNS, refuse_crowded
from sim.files.traces import alibaba
from sim.files.traces.alibaba import alibaba_spans
from sim.files.traces.jaeger import jaeger_spans
from sim.files.traces.learning import Learnt, entries_of, learn, operations_of
from sim.files.traces.otlp import otlp_spans
from sim.files.traces.traced import BadSpan, TracedSpan
from sim.files.traces.zipkin import zipkin_spans
from sim.units import MiB, vcpu
from sim.workload import Application, Part

CPU, MEMORY = 1.0 * vcpu, 512 * MiB
"""What a copy is given: a trace does not say."""


def read_traces(*files: str | PathLike[str], cpu_share: float | None = None) -> Application:
    """The application whose requests were traced.

    Args:
        files: of Jaeger, OpenTelemetry or Zipkin (JSON), or rows of Alibaba's MSCallGraph (CSV).
        cpu_share: of the time that a service works itself, what is CPU work; the rest is taken for
            waits, on disks and the like. None: what the catalogue assumes.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    share = catalog.figure("traces.cpu_share").value if cpu_share is None else cpu_share
    if number_in(share) is None or not 0.0 < share <= 1.0:
        raise BadInput(f"cpu_share: {shown(share)} is not allowed; above 0 and at most 1")
    paths, wrong = [path_of(each) for each in files], []
    spans: list[Iterator[TracedSpan]] = []
    for path in paths:
        try:
            spans.append(iter(list(_spans(path))))
        except BadSpan as error:
            wrong.append(f"{path}: {error}")
    if wrong or not paths:
        raise BadInput("\n".join(wrong) or "files: it is missing; a file of traces")
    learnt = learn(chain.from_iterable(spans))
    if not learnt.traces:
        raise BadInput(f"{paths[0]}: no trace can be used{_lost(learnt)}")
    refuse_crowd(str(paths[0]), len(learnt.services()))
    try:
        return _application(paths[0].stem, learnt, share)
    except BadDescription as error:
        raise BadInput("\n".join(f"{paths[0]}: {line}" for line in spoken(error))) from None


def is_traces(path: Path) -> bool:
    """Whether a file looks like traces."""
    try:
        return next(iter(_spans(path)), None) is not None
    except BadSpan:
        return False


def _spans(path: Path) -> Iterator[TracedSpan]:
    """The spans of a file, whose format is seen from its content.

    Raises:
        BadSpan: it is no format that is read, or a span lacks something.
    """
    try:
        whole = source(path)
        text = whole.text
        if text.lstrip()[:1] in ("{", "["):
            refuse_crowded(whole, 2 * MOST_SIGNS)
    except BadInput as error:
        raise BadSpan(str(error).removeprefix(f"{path}: ")) from None
    first = re.split("[\r\n]", text, maxsplit=1)[0]
    if {*alibaba.columns_of(first.split(","))} >= alibaba.COLUMNS:
        return alibaba_spans(text)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also of thousands of digits
        raise BadSpan(f"it is neither JSON nor rows of MSCallGraph ({not_json(error)})") from None
    return _of_document(document)


def _of_document(document: Any) -> Iterator[TracedSpan]:
    if isinstance(document, list):
        return zipkin_spans(document)
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        return jaeger_spans(document)
    if isinstance(document, dict) and isinstance(document.get("resourceSpans"), list):
        return otlp_spans(document)
    keys = ", ".join(list(document)[:6]) if isinstance(document, dict) else json.dumps(document)
    raise BadSpan(
        f"it is neither of Jaeger ('data'), OpenTelemetry ('resourceSpans') nor Zipkin (a list); "
        f"it has {keys[:40] or 'nothing'}"
    )


def _application(name: str, learnt: Learnt, share: float) -> Application:
    operations = operations_of(learnt, share)
    parts = tuple(
        Part(
            service=replace(catalog.service("generic", cpu=CPU, memory=MEMORY), name=service),
            copies=max(1, len(learnt.instances[service] - {""})),
            size_from="assumed",
            operations=many,
        )
        for service, many in operations.items()
    )
    return Application(
        name=name, parts=parts, entries=entries_of(learnt), notes=tuple(_notes(learnt, share))
    )


def _notes(learnt: Learnt, share: float) -> Iterator[str]:
    traces = "1 trace" if learnt.traces == 1 else f"{learnt.traces:,} traces"
    yield (
        f"{traces} of {len(learnt.services())} services: a trace says how long a service worked "
        f"itself, not how much of that was CPU; {share:.0%} is assumed (20 to 90%)"
    )
    yield f"sizes are not in traces: {plain(CPU):g} vCPU a copy is assumed"
    if lost := _lost(learnt):
        yield f"not used{lost}"


def _lost(learnt: Learnt) -> str:
    lost = []
    if learnt.without_root:
        lost.append(f"{learnt.without_root} without a root")
    if learnt.negative:
        lost.append(f"{learnt.negative} with a time below 0")
    return f": {', '.join(lost)}" if lost else ""
