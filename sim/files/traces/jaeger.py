"""Jaeger's JSON: `data[].spans[]` with processes apart, times in microseconds."""

from collections.abc import Iterator
from typing import Any

from sim.files.traces.traced import TracedSpan, a_number, dotless, field, kind_of

US = 1e-6


def jaeger_spans(document: dict[str, Any]) -> Iterator[TracedSpan]:
    """All spans of all traces.

    Raises:
        BadSpan: one lacks what it needs.
    """
    for trace in document["data"]:
        processes = trace.get("processes", {})
        for span in trace.get("spans", []):
            process = span.get("process") or processes.get(span.get("processID"), {})
            tags = {tag.get("key"): tag.get("value") for tag in span.get("tags", [])}
            of_process = {tag.get("key"): tag.get("value") for tag in process.get("tags", [])}
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


def _parent(span: dict[str, Any]) -> tuple[str, bool]:
    """Its parent, and whether that waits for it: `CHILD_OF`, or else `FOLLOWS_FROM`."""
    references = span.get("references") or []
    by_kind = {str(one.get("refType")): str(one.get("spanID")) for one in references}
    if "CHILD_OF" in by_kind:
        return by_kind["CHILD_OF"], True
    if "FOLLOWS_FROM" in by_kind:
        return by_kind["FOLLOWS_FROM"], False
    return str(span.get("parentSpanID") or ""), True
