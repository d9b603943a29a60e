"""What happened: spans, outcomes, requests and step functions; append-only, no analysis.

Names are interned once and stored as small integers, so that a million starts stay small; they
become categories when the tables are built, after the run.
"""

from array import array
from types import TracebackType
from typing import Literal, TypeAlias

from simpy import Environment

DONE, INTERRUPTED, CENSORED = 0, 1, 2
OUTCOMES = ("done", "interrupted", "censored")


class Names:
    """Small integers for names, in order of first use."""

    __slots__ = ("_codes",)

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        """The number of `name`, new or known."""
        return self._codes.setdefault(name, len(self._codes))

    def all(self) -> list[str]:
        """Names in the order of their numbers."""
        return list(self._codes)


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
        self._record.opened[self] = None
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
        """What it waits for, in the platform's word; a start censored meanwhile is filed so."""
        self.why = why
        self._record.task_outcome[self.task] = f"censored: {why}"

    def interrupt(self) -> None:
        """The phase was cut short."""
        self.end(INTERRUPTED)

    def end(self, outcome: int) -> None:
        """File the span now; a second call does nothing."""
        if self in self._record.opened:
            del self._record.opened[self]
            if self.why and outcome != CENSORED:
                self._record.task_outcome[self.task] = ""
            self._record.file(self, outcome)


Keep: TypeAlias = Literal["all", "totals"]


class Recorder:
    """Columns of everything that happened in one replication.

    Args:
        keep: `totals` keeps no span, only how many there were of each phase and their seconds.
    """

    def __init__(self, env: Environment, keep: Keep = "all") -> None:
        self.env = env
        self.keep = keep
        self.ready = 0
        self.totals: dict[tuple[int, int], tuple[int, float]] = {}
        self.phases = Names()
        self.phases.code("")
        self.hosts = Names()
        self.hosts.code("")
        self.services = Names()
        self.resources = Names()
        self.opened: dict[Span, None] = {}
        self.task_host = array("i")
        self.task_service = array("i")
        self.task_begin, self.task_end = array("d"), array("d")
        self.task_outcome: list[str] = []
        self.span_task, self.span_phase, self.span_parent = array("i"), array("i"), array("i")
        self.span_start, self.span_end, self.span_outcome = array("d"), array("d"), array("b")
        self.request_task = array("i")
        self.request_end, self.request_sojourn = array("d"), array("d")
        self.request_slowdown = array("d")
        self.sample_host, self.sample_resource = array("i"), array("i")
        self.sample_time, self.sample_used, self.sample_capacity = (
            array("d"),
            array("d"),
            array("d"),
        )

    def task(self, service: str) -> int:
        """The number of a new task, in order of arrival."""
        self.task_host.append(0)
        self.task_service.append(self.services.code(service))
        self.task_begin.append(self.env.now)
        self.task_end.append(self.env.now)
        self.task_outcome.append("")
        return len(self.task_host) - 1

    def place(self, task: int, host: str) -> None:
        """The host a task ended on."""
        self.task_host[task] = self.hosts.code(host)

    def outcome(self, task: int, outcome: str) -> None:
        """What became of a start, now: `ready`, or why it was refused or killed."""
        self.ready += outcome == "ready"
        self.task_end[task] = self.env.now
        self.task_outcome[task] = outcome

    def span(self, task: int, phase: str, parent: str = "") -> Span:
        """A phase of `task`, to be used in a `with` block."""
        return Span(self, task, self.phases.code(phase), self.phases.code(parent))

    def file(self, span: Span, outcome: int) -> None:
        """Called by a span that ends."""
        if self.keep == "totals":
            key = (span.phase, span.parent)
            count, seconds = self.totals.get(key, (0, 0.0))
            self.totals[key] = (count + 1, seconds + self.env.now - span.since)
            return
        self.span_task.append(span.task)
        self.span_phase.append(span.phase)
        self.span_parent.append(span.parent)
        self.span_start.append(span.since)
        self.span_end.append(self.env.now)
        self.span_outcome.append(outcome)

    def spent(self, task: int, phase: str, parent: str, since: float, until: float) -> None:
        """A part of a phase whose bounds are known only now that it is over."""
        if self.keep == "totals":
            return
        self.span_task.append(task)
        self.span_phase.append(self.phases.code(phase))
        self.span_parent.append(self.phases.code(parent))
        self.span_start.append(since)
        self.span_end.append(until)
        self.span_outcome.append(DONE)

    def event(self, task: int, name: str, parent: str) -> None:
        """Something that happened to `task` now, such as a pod's condition: a span of no length."""
        now = Span(self, task, self.phases.code(name), self.phases.code(parent))
        now.since = self.env.now
        self.file(now, DONE)

    def request(self, task: int, sojourn: float, alone: float) -> None:
        """A request served: seconds it took, and what it would have taken without neighbours."""
        self.request_task.append(task)
        self.request_end.append(self.env.now)
        self.request_sojourn.append(sojourn)
        self.request_slowdown.append(sojourn / alone)

    def sample(self, host: str, resource: str, used: float, capacity: float) -> None:
        """Use of a resource of a host now, in base units."""
        self.sample_host.append(self.hosts.code(host))
        self.sample_resource.append(self.resources.code(resource))
        self.sample_time.append(self.env.now)
        self.sample_used.append(used)
        self.sample_capacity.append(capacity)

    def close(self) -> None:
        """End of the run: whatever is still open is censored, never done."""
        for span in list(self.opened):
            span.end(CENSORED)
