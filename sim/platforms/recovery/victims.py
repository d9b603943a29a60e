"""Who is hit: tasks, hosts and zones by number, and what ran there."""

from collections import Counter

from sim.core.names import first_of
from sim.host import Kernel
from sim.start import Ready, Recoverable, Start
from sim.workload import Fault


class NobodyThere(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """A fault that hits nothing."""


class Victims:
    """What a fault may hit.

    Args:
        zones: over which hosts are spread in turns, in the order in which they came.
    """

    __slots__ = ("_live", "_numbers", "_zones", "asked")

    def __init__(self, live: Recoverable, zones: int) -> None:
        self.asked: dict[Start, None] = {}
        """Starts that are wanted, as they were asked for."""
        self._live = live
        self._zones = zones
        self._numbers: dict[Kernel, int] = {}

    def task(self, fault: Fault) -> Start:
        """The start that a fault of a process hits.

        Raises:
            NobodyThere: there is none, or it does not run.
        """
        every, which = list(self.asked), fault.which
        if which is None:
            ready = (asked for asked in every if self._runs(asked))
            found = next(ready, None)
        else:
            found = every[which] if which < len(every) and self._runs(every[which]) else None
        if found is None:
            named = "a task" if which is None else f"task {which}"
            raise NobodyThere(
                f"faults: at {fault.at:g} s no process of {named} runs; {len(every)} tasks were "
                f"asked for until then"
            )
        return found

    def hosts(self, fault: Fault) -> list[Kernel]:
        """The hosts that a fault of a host or a zone hits.

        Raises:
            NobodyThere: there are none.
        """
        for kernel in self._live.hosts():
            self._numbers.setdefault(kernel, len(self._numbers))
        up = {kernel: self._numbers[kernel] for kernel in self._live.hosts()}
        if fault.what == "zone":
            up = {kernel: number % self._zones for kernel, number in up.items()}
        which = self._fullest(up) if fault.which is None else fault.which
        hit = [kernel for kernel, number in up.items() if number == which]
        if not hit:
            kind, there = "zone" if fault.what == "zone" else "host", sorted(set(up.values()))
            known = f"{kind} {which} is not there; known: {first_of(list(map(str, there)))}"
            raise NobodyThere(f"faults: at {fault.at:g} s {known if up else 'no host is up'}")
        return hit

    def on(self, kernel: Kernel) -> list[Start]:
        """Starts, as they were asked for, of which the present one is on that host."""
        return [a for a in self.asked if self._live.current(a).kernel is kernel and self._is_on(a)]

    def _fullest(self, up: dict[Kernel, int]) -> int | None:
        """The host or zone with most tasks, of equals the first."""
        on = Counter({number: 0 for number in up.values()})
        for asked in self.asked:
            kernel = self._live.current(asked).kernel
            if kernel in up and self._is_on(asked):
                on[up[kernel]] += 1
        return min(on, key=lambda number: (-on[number], number), default=None)

    def _is_on(self, asked: Start) -> bool:
        """Whether it is under way, or up: an ended start holds nothing."""
        start = self._live.current(asked)
        return start.is_alive or (isinstance(start.value, Ready) and bool(start.at_end))

    def _runs(self, asked: Start) -> bool:
        start = self._live.current(asked)
        ready = not start.is_alive and isinstance(start.value, Ready)
        return ready and start.sandbox is not None and start.sandbox.alive
