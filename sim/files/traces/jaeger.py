"""Jaeger's JSON: `data[].spans[]` with processes apart, times in microseconds."""

from collections.abc import Iterator
from typing import Any

from sim.files.traces.traced import (
    TracedSpan,
    a_number,
    an_object,
    dotless,
    field,
    kind_of,
    objects,
)

US = 1e-6


def jaeger_spans(document: dict[str, Any]) -> Iterator[TracedSpan]:
    """All spans of all traces.

    Raises:
        BadSpan: one lacks what it needs.
    """
    for trace in objects(document["data"], "data"):
        processes = an_object(trace.get("processes"), "processes")
        for span in objects(trace.get("spans"), "spans"):
            its = span.get("process") or processes.get(str(span.get("processID")))
            process = an_object(its, "process")
            tags, of_process = _tags(span), _tags(process)
            parent, waited_for = _parent(span)
            yield TracedSpan(
                trace=str(field(span, "traceID")),
                id=str(field(span, "spanID")),
                parent=parent,
                service=dotless(process.get("serviceName", "")),
                operation=dotless(span.get("operationName", "")),
                start=a_number(span, "startTime") * US,
                seconds=a_number(span, "duration") * US,
                kind=kind_of(tags.get("span.kind", "")),
                instance=str(of_process.get("hostname") or of_process.get("ip") or ""),
                waited_for=waited_for,
            )


def _tags(node: dict[str, Any]) -> dict[str, Any]:
    return {str(tag.get("key")): tag.get("value") for tag in objects(node.get("tags"), "tags")}


def _parent(span: dict[str, Any]) -> tuple[str, bool]:
    """Its parent, and whether that waits for it: `CHILD_OF`, or else `FOLLOWS_FROM`."""
    references = objects(span.get("references"), "references")
    by_kind = {str(one.get("refType")): str(one.get("spanID")) for one in references}
    if "CHILD_OF" in by_kind:
        return by_kind["CHILD_OF"], True
    if "FOLLOWS_FROM" in by_kind:
        return by_kind["FOLLOWS_FROM"], False
    return str(span.get("parentSpanID") or ""), True
