"""OpenTelemetry's JSON: `resourceSpans[].scopeSpans[].spans[]`, times in nanoseconds."""

from collections.abc import Iterator
from itertools import chain
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

NS = 1e-9


def otlp_spans(document: dict[str, Any]) -> Iterator[TracedSpan]:
    """All spans of all resources.

    Raises:
        BadSpan: one lacks what it needs.
    """
    for resource in objects(document["resourceSpans"], "resourceSpans"):
        told = _attributes(an_object(resource.get("resource"), "resource"))
        instance = told.get("service.instance.id") or told.get("k8s.pod.name")
        instance = instance or told.get("host.name") or ""
        scopes = resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans")
        many = (objects(each.get("spans"), "spans") for each in objects(scopes, "scopeSpans"))
        for span in chain.from_iterable(many):
            start = a_number(span, "startTimeUnixNano")
            yield TracedSpan(
                trace=str(field(span, "traceId")),
                id=str(field(span, "spanId")),
                parent=str(span.get("parentSpanId") or ""),
                service=dotless(told.get("service.name", "")),
                operation=dotless(span.get("name", "")),
                start=start * NS,
                seconds=(a_number(span, "endTimeUnixNano") - start) * NS,
                kind=kind_of(span.get("kind", "")),
                instance=str(instance),
            )


def _attributes(resource: dict[str, Any]) -> dict[str, str]:
    told = {}
    for one in objects(resource.get("attributes"), "attributes"):
        value = an_object(one.get("value"), "value")
        told[str(one.get("key"))] = str(next(iter(value.values()), "")) if value else ""
    return told
