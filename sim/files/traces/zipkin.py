"""Zipkin's JSON, version 2: a list of spans, times in microseconds.

The two sides of a call may share one id. Then the server's side gets an id of its own, below the
client's, and what that service calls stands below it.
"""

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


def zipkin_spans(document: list[Any]) -> Iterator[TracedSpan]:
    """All spans; lists of traces are taken as one.

    Raises:
        BadSpan: one lacks what it needs.
    """
    every = [s for one in document for s in (one if isinstance(one, list) else [one])]
    flat = objects(every, "spans")
    keys = [(str(field(span, "traceId")), str(field(span, "id"))) for span in flat]
    clients = {key for key, span in zip(keys, flat, strict=True) if span.get("kind") == "CLIENT"}
    shared = {
        key: _service(span)
        for key, span in zip(keys, flat, strict=True)
        if span.get("kind") == "SERVER" and key in clients
    }
    for (trace, sent), span in zip(keys, flat, strict=True):
        own, parent = sent, str(span.get("parentId") or "")
        service = _service(span)
        if span.get("kind") == "SERVER" and (trace, sent) in shared:
            parent, own = sent, f"{sent} server"
        elif shared.get((trace, parent)) == service:
            parent = f"{parent} server"
        yield TracedSpan(
            trace=trace,
            id=own,
            parent=parent,
            service=service,
            operation=dotless(span.get("name", "")),
            start=a_number(span, "timestamp") * US,
            seconds=a_number(span, "duration") * US,
            kind=kind_of(span.get("kind", "")),
            instance=str(_endpoint(span).get("ipv4") or ""),
        )


def _service(span: dict[str, Any]) -> str:
    return dotless(_endpoint(span).get("serviceName", ""))


def _endpoint(span: dict[str, Any]) -> dict[str, Any]:
    return an_object(span.get("localEndpoint"), "localEndpoint")
