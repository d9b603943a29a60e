"""What happened: spans, outcomes, requests and step functions; append-only, no analysis.

Names are interned once and stored as small integers, so that a million starts stay small; they
become categories when the tables are built, after the run.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from struct import pack
from sys import intern
from types import TracebackType
from typing import Any, Final, Literal, Protocol, TypeAlias

from sim.clock import Clock

DONE: Final = 0
INTERRUPTED: Final = 1
CENSORED: Final = 2
PHASES: Final = 1 << 20
"""More than there are names of phases."""
OUTCOMES = ("done", "interrupted", "censored")


class Names(dict[str, int]):
    """Small integers for names, in order of first use."""

    __slots__ = ()

    def __missing__(self, name: str) -> int:
        """A new name gets the next number."""
        code = self[name] = len(self)
        return code

    def code(self, name: str) -> int:
        """The number of `name`, new or known."""
        return self[name]

    def all(self) -> list[str]:
        """Names in the order of their numbers."""
        return list(self)


class Span:
    """One phase of one start, open until its block is left.

    A generator that is closed after the run (`GeneratorExit`) leaves its span open, and the
    recorder files it as censored: closing it would make an unfinished start a short one.
    """

    __slots__ = ("_record", "parent", "phase", "since", "task", "why")

    def __init__(self, record: "Recorder", task: int, phase: int, parent: int) -> None:
        self._record = record
        self.task = task
        self.phase = phase
        self.parent = parent
        self.since = 0.0
        self.why = ""

    def __enter__(self) -> "Span":
        self.since = self._record.env.now
        self._record.spans[self] = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.end(DONE)
        elif issubclass(kind, Exception):
            self.end(INTERRUPTED)

    def waits(self, why: str) -> None:
        """Note what it waits for, in the platform's word; a start censored there ends so."""
        self.why = why
        self._record.task_outcome[self.task] = intern(f"censored: {why}")

    def interrupt(self) -> None:
        """End the phase as cut short."""
        self.end(INTERRUPTED)

    def end(self, outcome: int) -> None:
        """File the span now; a second call does nothing."""
        if self in self._record.spans:
            del self._record.spans[self]
            record = self._record
            if self.why and outcome != CENSORED:
                record.task_outcome[self.task] = ""
            since, now = self.since, record.env.now
            record.file(self.task, self.phase, self.parent, since, now, outcome)


class Tile(Span):
    """A phase that tiles its start: it lasts until the next one, or until the start ends.

    A `with` block around it changes nothing; code that may run as a part of another phase has one.
    """

    __slots__ = ()

    def __init__(self) -> None:
        """It has no state: one object serves all starts."""

    def __enter__(self) -> Span:
        """Do nothing: it began when it was asked for."""
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing: the next phase ends it."""

    def end(self, outcome: int) -> None:
        """Do nothing: it ends by itself."""


TILE: Final = Tile()


class OpenPhase:
    """The phase that a start is in, and since when."""

    __slots__ = ("phase", "since")

    def __init__(self, phase: int, since: float) -> None:
        self.phase = phase
        self.since = since


class Total:
    """How many spans there were of a phase, and their seconds."""

    __slots__ = ("count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0


class Totals(dict[int, Total]):
    """Those of each phase, and of each part of one."""

    __slots__ = ()

    def __missing__(self, kind: int) -> Total:
        """The first of its kind."""
        total = self[kind] = Total()
        return total


ROWS: Final = 1024
"""Spans that have ended from which they are put into columns."""


class SpanColumns:
    """The spans that have ended, a column each.

    They come as rows and are put into columns many at a time: an array takes as long for one number
    as for a dozen that come together.
    """

    __slots__ = ("end", "outcome", "parent", "phase", "start", "task")

    def __init__(self) -> None:
        self.task, self.phase, self.parent = array("i"), array("i"), array("i")
        self.start, self.end, self.outcome = array("d"), array("d"), array("b")

    def extend(self, rows: "list[SpanRow]") -> None:
        """Put rows below those that are there."""
        columns: list[array[Any]]
        columns = [self.task, self.phase, self.parent, self.start, self.end, self.outcome]
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.frombytes(pack(f"{len(values)}{column.typecode}", *values))


SpanRow: TypeAlias = tuple[int, int, int, float, float, int]
"""Task, phase, phase that it is a part of, begin, end and outcome."""


class Unfiled(Protocol):
    """Something that files its spans by itself once it is over."""

    def end(self, outcome: int) -> None:
        """File them as far as they have come; what is under way ends with this outcome."""
        ...


Keep: TypeAlias = Literal["all", "totals"]


class Recorder:
    """Columns of everything that happened in one replication.

    Args:
        keep: `totals` keeps no span, only how many there were of each phase and their seconds.
    """

    __slots__ = (
        "_columns",
        "_rows",
        "env",
        "hosts",
        "keep",
        "metered",
        "metrics",
        "packed_samples",
        "phases",
        "ready",
        "request_end",
        "request_slowdown",
        "request_sojourn",
        "request_task",
        "resources",
        "sample_capacity",
        "sample_host",
        "sample_resource",
        "sample_time",
        "sample_used",
        "services",
        "spans",
        "task_begin",
        "task_end",
        "task_host",
        "task_outcome",
        "task_service",
        "tiles",
        "totals",
        "unfiled",
    )

    def __init__(self, env: Clock, keep: Keep = "all") -> None:
        self.env = env
        self.keep = keep
        self.ready = 0
        self.metrics: dict[str, int | float | str] = {}
        """What a run says of itself in one number or word, by name, beside what is recorded."""
        self.totals = Totals()
        """By phase, and a part by `PHASES` times its phase, too; where no span is kept."""
        self.phases = Names()
        self.phases.code("")
        self.hosts = Names()
        self.hosts.code("")
        self.services = Names()
        self.resources = Names()
        self.spans: dict[Span, None] = {}
        """Open spans; phases that tile are not among them."""
        self.tiles: dict[int, OpenPhase] = {}
        """The phase that each start is in which is on its way."""
        self.unfiled: dict[Unfiled, None] = {}
        """What else is open."""
        self.metered = False
        """Whether the use of hosts is read during the run, so that each has to keep it up."""
        self.task_host = array("i")
        self.task_service = array("i")
        self.task_begin, self.task_end = array("d"), array("d")
        self.task_outcome: list[str] = []
        self._columns = SpanColumns()
        self._rows: list[SpanRow] = []
        self.request_task = array("i")
        self.request_end, self.request_sojourn = array("d"), array("d")
        self.request_slowdown = array("d")
        self.sample_host, self.sample_resource = array("i"), array("i")
        self.sample_time, self.sample_used, self.sample_capacity = (
            array("d"),
            array("d"),
            array("d"),
        )
        self.packed_samples: list[object] = []
        """Earlier samples, as whoever reads meters has packed them."""

    def task(self, service: str) -> int:
        """The number of a new task, in order of arrival."""
        self.task_host.append(0)
        self.task_service.append(self.services[service])
        now = self.env.now
        self.task_begin.append(now)
        self.task_end.append(now)
        self.task_outcome.append("")
        return len(self.task_host) - 1

    def place(self, task: int, host: str) -> None:
        """Note the host that a task is on."""
        self.task_host[task] = self.hosts[host]

    def outcome(self, task: int, outcome: str) -> None:
        """Note what became of a start: `ready`, or why it was refused or killed."""
        ready = outcome == "ready"
        self.ready += ready
        now = self.env.now
        self._end_phase(task, now, INTERRUPTED if outcome.startswith("killed") else DONE)
        self.task_end[task] = now
        self.task_outcome[task] = intern(outcome)  # few words, each told of many starts

    def phase(self, task: int, name: str) -> Span:
        """Begin the next of the phases that tile `task`, and end the one before it."""
        now = self.env.now
        tile = self.tiles.get(task)
        if tile is None:
            self.tiles[task] = OpenPhase(self.phases[name], now)
            return TILE
        if self.keep == "totals":  # as `file` does; there are half a dozen of these a start
            total = self.totals[tile.phase]
            total.count += 1
            total.seconds += now - tile.since
        else:
            self.file(task, tile.phase, 0, tile.since, now, DONE)
        tile.phase = self.phases[name]
        tile.since = now
        return TILE

    def _end_phase(self, task: int, now: float, outcome: int) -> None:
        """End the phase that `task` is in, if any."""
        tile = self.tiles.pop(task, None)
        if tile is not None:
            self.file(task, tile.phase, 0, tile.since, now, outcome)

    @property
    def opened(self) -> int:
        """Number of open spans and phases."""
        return len(self.spans) + len(self.tiles)

    def span(self, task: int, phase: str, parent: str = "") -> Span:
        """A phase of `task`, to be used in a `with` block."""
        return Span(self, task, self.phases.code(phase), self.phases.code(parent))

    def file(  # noqa: PLR0917 (positional is quicker)
        self, task: int, phase: int, parent: int, since: float, now: float, outcome: int
    ) -> None:
        """Store a span or phase that has ended."""
        if self.keep == "totals":
            total = self.totals[phase + PHASES * parent]
            total.count += 1
            total.seconds += now - since
            return
        rows = self._rows
        rows.append((task, phase, parent, since, now, outcome))
        if len(rows) >= ROWS:
            self._put_away()

    def _put_away(self) -> None:
        if self._rows:
            self._columns.extend(self._rows)
            self._rows.clear()

    @property
    def filed(self) -> SpanColumns:
        """All spans that have ended by now."""
        self._put_away()
        return self._columns

    def file_parts(
        self, task: int, parent: int, parts: Iterable[Sequence[Any]], outcome: int
    ) -> None:
        """Store parts of a phase as far as they have come; what is under way ends now so.

        Args:
            parts: the phase of each, its begin, and its end, which may be to come.
        """
        now, rows = self.env.now, self._rows
        # What would come at the very end of a run does not, as where it is an event of SimPy's.
        last = math.nextafter(now, -math.inf) if outcome == CENSORED else now
        if self.keep == "totals":
            for phase, begin, end in parts:
                if begin <= last:
                    self.file(task, phase, parent, begin, end if end <= last else now, outcome)
            return
        rows += [
            (task, phase, parent, begin, end, DONE)
            if end <= last
            else (task, phase, parent, begin, now, outcome)
            for phase, begin, end in parts
            if begin <= last
        ]
        if len(rows) >= ROWS:
            self._put_away()

    def spent(self, task: int, phase: str, parent: str, since: float, until: float) -> None:
        """Store a part of a phase whose bounds are known only now that it is over."""
        if self.keep == "totals":
            return
        self.file(task, self.phases[phase], self.phases[parent], since, until, DONE)

    def event(self, task: int, name: str, parent: str) -> None:
        """Store what happened to `task` now, such as a pod's condition, as a span of no length."""
        if self.keep == "totals":
            return
        now = self.env.now
        self.file(task, self.phases[name], self.phases[parent], now, now, DONE)

    def request(self, task: int, sojourn: float, alone: float) -> None:
        """Store a served request: seconds it took, and would have taken without neighbours."""
        self.request_task.append(task)
        self.request_end.append(self.env.now)
        self.request_sojourn.append(sojourn)
        self.request_slowdown.append(sojourn / alone)

    def sample(self, host: str, resource: str, used: float, capacity: float) -> None:
        """Store the present use of a resource of a host, in base units."""
        self.sample_host.append(self.hosts.code(host))
        self.sample_resource.append(self.resources.code(resource))
        self.sample_time.append(self.env.now)
        self.sample_used.append(used)
        self.sample_capacity.append(capacity)

    def read_meters(
        self, host: int, codes: "array[int]", used: list[float], capacity: list[float]
    ) -> None:
        """Store the present use of some resources of a host at once; all by their codes."""
        self.sample_host.extend([host] * len(used))
        self.sample_resource.extend(codes)
        self.sample_time.extend([self.env.now] * len(used))
        self.sample_used.extend(used)
        self.sample_capacity.extend(capacity)

    def size(self) -> tuple[int, ...]:
        """How much there is of all but readings, which somebody may take of what does nothing."""
        ended = sum(total.count for total in self.totals.values())
        filed = len(self._columns.task) + len(self._rows) + ended
        begun = len(self.task_outcome), self.opened, len(self.unfiled)
        return (filed, *begun, self.ready, len(self.request_task))

    def close(self) -> None:
        """End the run: whatever is still open is censored, never done."""
        for span in list(self.spans):
            span.end(CENSORED)
        for each in list(self.unfiled):
            each.end(CENSORED)
        for task in sorted(self.tiles):
            self._end_phase(task, self.env.now, CENSORED)
        self.env.happened = None  # they would keep each other alive
