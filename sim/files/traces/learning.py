"""From spans to operations and calls: self time, calls a visit, which of them are made together.

An *entry* into a service is a span without a parent, of kind `server` or `consumer`, or whose
parent is of another service. What else a service does within is folded into it. A trace says how
long a span took, not how much of that was CPU work.
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sim.files.traces.traced import TracedSpan
from sim.workload.calls import Call, EntryPoint, How, Operation

MOST = 0.5
"""Share of the visits in which something has to be so for it to be so."""
ROUNDING = 1e-9
MOST_VARIED = 4.0
NEXT = 16
"""Calls before and behind one that it is compared with."""


@dataclass(slots=True)
class SeenCallee:
    """Calls of one operation to another, over all visits."""

    number: int = 0
    visits: int = 0
    """That made at least one."""
    together: int = 0
    """Calls that overlapped another call."""
    outlived: int = 0
    """Calls that nobody waited for."""
    offset: float = 0.0
    """Sum of the seconds from the visit's begin to the call's."""


@dataclass(slots=True)
class Observed:
    """What was seen of one operation."""

    own: list[float] = field(default_factory=list)
    """Self times, seconds."""
    callees: dict[tuple[str, str], SeenCallee] = field(
        default_factory=lambda: defaultdict(SeenCallee)
    )


@dataclass(slots=True)
class Learnt:
    """All that spans tell of a graph."""

    operations: dict[tuple[str, str], Observed] = field(
        default_factory=lambda: defaultdict(Observed)
    )
    entries: Counter[tuple[str, str]] = field(default_factory=Counter)
    instances: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    traces: int = 0
    without_root: int = 0
    negative: int = 0

    def services(self) -> list[str]:
        """In order of their first visit."""
        return list(dict.fromkeys(service for service, _ in self.operations))


def learn(spans: Iterable[TracedSpan]) -> Learnt:
    """What the spans of all traces tell; traces without a root, or with a time below 0, are not
    used. Spans come in any order, and their sums are taken in one."""
    learnt = Learnt()
    traces: dict[str, list[TracedSpan]] = defaultdict(list)
    for span in spans:
        traces[span.trace].append(span)
    for _, many in sorted(traces.items()):
        if any(span.seconds < 0.0 for span in many):
            learnt.negative += 1
        elif not any(not span.parent for span in many):
            learnt.without_root += 1
        else:
            learnt.traces += 1
            _learn_trace(learnt, sorted(many))
    return learnt


def _learn_trace(learnt: Learnt, spans: list[TracedSpan]) -> None:
    by_id = {span.id: span for span in spans}
    children: dict[str, list[TracedSpan]] = defaultdict(list)
    for span in spans:
        children[span.parent].append(span)
    for span in spans:
        if not span.parent:
            learnt.entries[span.service, span.operation] += 1
        if _enters(span, by_id):
            _learn_visit(learnt, span, list(_calls(span, children, by_id)))


def _enters(span: TracedSpan, by_id: dict[str, TracedSpan]) -> bool:
    parent = by_id.get(span.parent)
    if not span.parent or span.kind in ("server", "consumer"):
        return True
    return parent is not None and parent.service != span.service


def _calls(
    span: TracedSpan, children: dict[str, list[TracedSpan]], by_id: dict[str, TracedSpan]
) -> Iterator[tuple[TracedSpan, TracedSpan]]:
    """Entries into other services from within it, each with the span in which it waits for it."""
    within, seen = [span], {span.id}
    while within:
        each = within.pop()
        for child in children[each.id]:
            if _enters(child, by_id):
                yield child, each if each.kind in ("client", "producer") else child
            elif child.id not in seen:  # spans of a broken trace may go round in a circle
                seen.add(child.id)
                within.append(child)


def _learn_visit(
    learnt: Learnt, span: TracedSpan, calls: list[tuple[TracedSpan, TracedSpan]]
) -> None:
    seen = learnt.operations[span.service, span.operation]
    learnt.instances[span.service].add(span.instance)
    waited = [(inner, outer) for inner, outer in calls if not _outlives(span, inner, outer)]
    seen.own.append(span.seconds - _union(span, [outer for _, outer in waited]))
    together = _together([outer for _, outer in calls])
    for inner, outer in calls:
        callee = seen.callees[inner.service, inner.operation]
        callee.number += 1
        callee.offset += outer.start - span.start
        callee.outlived += _outlives(span, inner, outer)
        callee.together += id(outer) in together
    for target in {(inner.service, inner.operation) for inner, _ in calls}:
        seen.callees[target].visits += 1


def _outlives(span: TracedSpan, inner: TracedSpan, outer: TracedSpan) -> bool:
    """Whether a visit did not wait for a call."""
    if not inner.waited_for or inner.kind == "consumer":
        return True
    return outer.end > span.end + max(ROUNDING, 0.01 * span.seconds)


def _together(calls: list[TracedSpan]) -> set[int]:
    """Those that overlap another, by identity.

    Each is compared with the one before it that ends last, and with those that begin next to it:
    with all of them, a visit that makes thousands of calls would take their square.
    """
    each = {id(call): call for call in calls if call.seconds > ROUNDING}
    order = sorted(each.values(), key=lambda call: call.start)
    found: set[int] = set()
    last: TracedSpan | None = None
    for at, call in enumerate(order):
        beside = order[max(0, at - NEXT) : at] + order[at + 1 : at + 1 + NEXT]
        if last is not None:
            beside.insert(0, last)
        if any(_overlap(call, other) for other in beside):
            found.add(id(call))
        if last is None or call.end > last.end:
            last = call
    return found


def _overlap(one: TracedSpan, other: TracedSpan) -> bool:
    shorter = min(one.seconds, other.seconds)
    return min(one.end, other.end) - max(one.start, other.start) > max(ROUNDING, 0.01 * shorter)


def _union(span: TracedSpan, calls: list[TracedSpan]) -> float:
    """Seconds of a span in which at least one of its calls was under way."""
    total, until = 0.0, span.start
    for call in sorted(calls, key=lambda call: call.start):
        begin, end = max(call.start, until), min(call.end, span.end)
        if end > begin:
            total += end - begin
            until = end
    return total


def operations_of(learnt: Learnt, cpu_share: float) -> dict[str, tuple[Operation, ...]]:
    """By service, its operations; `cpu_share` of the self time is CPU work."""
    found: dict[str, list[Operation]] = {name: [] for name in learnt.services()}
    for (service, name), seen in learnt.operations.items():
        own = max(0.0, statistics.fmean(seen.own))
        spread = statistics.pstdev(seen.own) / own if own > 0.0 else 0.0
        found[service].append(
            Operation(
                name=name,
                cpu=own * cpu_share,
                wait=own * (1.0 - cpu_share),
                variation=min(spread, MOST_VARIED),
                calls=tuple(_call(target, c, len(seen.own)) for target, c in _in_order(seen)),
            )
        )
    return {service: tuple(many) for service, many in found.items()}


def _in_order(seen: Observed) -> list[tuple[tuple[str, str], SeenCallee]]:
    return sorted(seen.callees.items(), key=lambda item: (item[1].offset / item[1].number, item[0]))


def _call(target: tuple[str, str], callee: SeenCallee, visits: int) -> Call:
    how: How = "sync"
    if callee.outlived > MOST * callee.number:
        how = "async"
    elif callee.together > MOST * callee.number:
        how = "parallel"
    times = callee.number / visits
    rounded = float(round(times))
    exact = math.isclose(times, rounded, rel_tol=1e-9)
    return Call(to=".".join(target), times=rounded if exact else times, how=how)


def entries_of(learnt: Learnt) -> tuple[EntryPoint, ...]:
    """What users ask for, as often as it was seen."""
    return tuple(
        EntryPoint(to=".".join(place), weight=float(count))
        for place, count in learnt.entries.items()
    )
