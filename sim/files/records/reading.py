"""Files of records in, starts and use out; what each is, is seen from its content.

ARNs, account numbers and names tell records apart here, and go no further.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sim.core.question import BadInput
from sim.files.records import tools, usages
from sim.files.records.objects import objects, visit
from sim.files.records.pods import Pods
from sim.files.records.tasks import Tasks, is_task
from sim.files.text.findings import Findings
from sim.files.text.place import TextPlace
from sim.files.text.source import SourceText, sources
from sim.files.text.value import Value
from sim.studies.fit.observed import Records

KNOWN = (
    "ECS task records, pods or events of kubectl, docker events or stats, Container Insights, "
    "kube-burner, node-latency-for-k8s, a range of Prometheus, a vertical autoscaler or KRR"
)


def read_records(paths: Iterable[Path]) -> Records:
    """What all files tell.

    Raises:
        BadInput: all that is wrong with them, one mistake a line.
    """
    reader, wrong = _Reading(), []
    for path in paths:
        try:
            for source in sources([path]):
                reader.read(source)
        except BadInput as error:
            wrong.append(str(error))
    if wrong:
        raise BadInput("\n".join(wrong))
    return reader.done()


class _Reading:
    """All files of one reading: a task or a pod may stand in several of them."""

    def __init__(self) -> None:
        self._records = Records()
        self._tasks, self._pods, self._docker = Tasks(), Pods(), tools.DockerEvents()
        self._findings = Findings()
        self._takers = (*self._kinds(), *self._uses())
        self._found = 0
        self._source = ""

    def read(self, source: SourceText) -> None:
        """One file.

        Raises:
            BadInput: it cannot be read, or nothing in it is a record.
        """
        self._source, before = source.name, self._found
        every = objects(source, self._records)
        try:
            visit(every, self._known)
        except (AttributeError, TypeError, ValueError, OverflowError, RecursionError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(f"{source.name}: a record has another form than its kind") from None
        if self._found == before:
            raise BadInput(f"{source.name}: no record is in it{_keys(every)}; read are {KNOWN}")

    def done(self) -> Records:
        """What was found.

        Raises:
            BadInput: a value of it is not allowed.
        """
        self._findings.refuse()
        for each in (self._tasks, self._pods, self._docker):
            each.starts(self._records)
        return self._records

    def _known(self, node: dict[str, Any]) -> bool:
        """Whether an object is a record; then it is kept."""
        known = False
        for is_it, take in self._takers:
            if is_it(node):
                take(node)
                known = True
        self._found += known
        return known

    def _kinds(self) -> Iterable[tuple[Callable[[dict[str, Any]], bool], Callable[..., None]]]:
        return (
            (is_task, self._tasks.add),
            (_is_pod, self._pods.add),
            (_is_event, self._pods.add_event),
            (_is_docker_event, self._docker.add),
            (_is_burner, lambda node: tools.kube_burner(node, self._records)),
            (_is_node, lambda node: tools.node_latency(node, self._records)),
            (_is_row, lambda node: tools.plain_row(node, self._records)),
        )

    def _uses(self) -> Iterable[tuple[Callable[[dict[str, Any]], bool], Callable[..., None]]]:
        return (
            (usages.is_insights, lambda node: usages.insights(node, self._records)),
            (usages.is_range, lambda node: usages.prometheus(node, self._records)),
            (usages.is_stats, lambda node: usages.stats(self._value(node), self._records)),
            (usages.is_advice, lambda node: usages.advice(self._value(node), self._records)),
        )

    def _value(self, node: dict[str, Any]) -> Value:
        return Value(node, TextPlace(self._source, 0), self._findings)


def _is_pod(node: Mapping[str, Any]) -> bool:
    return node.get("kind") == "Pod" or (
        "kind" not in node
        and isinstance(node.get("status"), dict)
        and "containerStatuses" in node["status"]
        and isinstance(node.get("metadata"), dict)
    )


def _is_event(node: Mapping[str, Any]) -> bool:
    return "involvedObject" in node or "regarding" in node


def _is_docker_event(node: Mapping[str, Any]) -> bool:
    return "Action" in node and node.get("Type") == "container"


def _is_burner(node: Mapping[str, Any]) -> bool:
    return node.get("metricName") == "podLatencyMeasurement" or "podReadyLatency" in node


def _is_node(node: Mapping[str, Any]) -> bool:
    return isinstance(node.get("timings"), list) and "metadata" in node


def _is_row(node: Mapping[str, Any]) -> bool:
    return "created_to_pull_s" in node


def _keys(every: list[Any]) -> str:
    """What it looks like instead; names of fields only."""
    first = next((each for each in every if isinstance(each, dict)), None)
    if not first:
        return ""
    return f", its keys are {', '.join(str(key)[:40] for key in list(first)[:6])}"
