"""Who held an application up: read backwards from the start that was ready last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from sim.studies.plan.ready import INSTANT
from sim.workload.waiting import waits_for


class PhaseSpan(NamedTuple):
    """A phase of a copy, or a part of one, in seconds from the launch."""

    phase: str
    parent: str
    start: float
    end: float

    @property
    def length(self) -> float:
        """Its seconds."""
        return self.end - self.start


@dataclass(slots=True)
class StartedCopy:
    """One copy of a part, with its phases."""

    part: str
    spans: list[PhaseSpan] = field(default_factory=list)

    @property
    def tiles(self) -> list[PhaseSpan]:
        """The phases that tile its start."""
        return [span for span in self.spans if not span.parent]

    @property
    def ready(self) -> float:
        """When it was ready."""
        return max((span.end for span in self.tiles), default=0.0)

    def wait(self, parts: Iterable[str]) -> tuple[str, PhaseSpan] | None:
        """What it waited for last among other parts, and when; None: for nobody."""
        names = {waits_for(part): part for part in parts}
        waits = [s for s in self.spans if s.phase in names and s.length > INSTANT]
        last = max(waits, key=lambda span: span.end, default=None)
        return None if last is None else (names[last.phase], last)


@dataclass(frozen=True, slots=True)
class PathLink:
    """A stretch of the critical path: from when a part was all that counted until it was not."""

    part: str
    since: float
    until: float
    ready: float
    """When its program answered; what is left until `until` is the wait for the next look at it."""
    phases: tuple[tuple[str, float], ...]
    """Its phases within the stretch and their seconds; they sum to it with `unseen`."""

    @property
    def length(self) -> float:
        """Seconds of the stretch."""
        return self.until - self.since

    @property
    def unseen(self) -> float:
        """Seconds in which it was ready and nobody had looked."""
        return max(0.0, self.until - max(self.since, self.ready))


def critical_path(copies: Sequence[StartedCopy]) -> list[PathLink]:
    """The stretches that tile the time from launch until all is up, first one first."""
    if not copies:
        return []
    parts = {copy.part for copy in copies}
    last = max(copy.ready for copy in copies)
    copy = _last_of([copy for copy in copies if copy.ready >= last - INSTANT], parts)
    until = copy.ready
    links: list[PathLink] = []
    while True:
        held = copy.wait(parts - {copy.part} - {link.part for link in links})
        since = 0.0 if held is None else held[1].end
        links.append(_link(copy, since, until))
        if held is None:
            return links[::-1]
        until = since
        copy = _holder(copies, *held)


def _last_of(copies: Sequence[StartedCopy], parts: set[str]) -> StartedCopy:
    """Of copies that are ready in the same instant one that waited, and no other for it."""
    waits = {copy.part: copy.wait(parts - {copy.part}) for copy in copies}
    waited_for = {wait[0] for wait in waits.values() if wait is not None}
    return max(copies, key=lambda c: (c.part not in waited_for, waits[c.part] is not None))


def _holder(copies: Sequence[StartedCopy], part: str, wait: PhaseSpan) -> StartedCopy:
    """The copy of a part that let the wait end: the last that was there by then."""
    mine = [copy for copy in copies if copy.part == part]
    by_then = [copy for copy in mine if copy.ready <= wait.end + INSTANT]
    return max(by_then or mine, key=lambda copy: copy.ready)


def _link(copy: StartedCopy, since: float, until: float) -> PathLink:
    phases: dict[str, float] = {}
    for tile in copy.tiles:
        inside = min(tile.end, until) - max(tile.start, since)
        if inside > 0.0:
            phases[tile.phase] = phases.get(tile.phase, 0.0) + inside
    return PathLink(copy.part, since, until, min(copy.ready, inf), tuple(phases.items()))
