"""What became of each request, and where it spent its time; append-only, no analysis."""

from array import array
from collections.abc import Callable

KINDS = ("network", "queue", "work", "wait", "lost")
"""On the way to a part; waiting for a thread of its pool; its CPU work, and the wait for a CPU;
its wait for something else; and in an attempt that failed."""
NETWORK, QUEUE, WORK, WAIT, LOST = range(len(KINDS))
WIDTH = 8
"""The code of a step is `WIDTH` times the number of its part, and its kind."""

Path = list[float]
"""Times and codes in turn: when a step began, and which. Steps tile: each ends as the next begins.

Of calls that were made together it has the one that was answered last.
"""


class Journal:
    """The requests of users, in order of their answers."""

    __slots__ = ("answered", "entries", "failed", "first", "path_codes", "path_times", "times")

    def __init__(self) -> None:
        self.entries = array("i")
        self.times = array("d")
        """When each was made, seconds."""
        self.answered = array("d")
        """When each was answered, seconds."""
        self.failed = array("b")
        self.first = array("q")
        """Where in the paths its steps begin."""
        self.path_times, self.path_codes = array("d"), array("i")

    def file(self, entry: int, time: float, now: float, path: Path, failed: bool) -> None:
        """A request has been answered now."""
        self.entries.append(entry)
        self.times.append(time)
        self.answered.append(now)
        self.failed.append(failed)
        self.first.append(len(self.path_times))
        self.path_times.extend(path[::2])
        self.path_codes.extend(map(int, path[1::2]))


class UserRequest:
    """A request of a user on its way; it is told of its answer as any caller is."""

    __slots__ = ("_done", "_entry", "_journal", "_time")

    def __init__(
        self, journal: Journal, entry: int, time: float, done: Callable[[float], None] | None
    ) -> None:
        self._journal, self._entry, self._time, self._done = journal, entry, time, done

    def answered(self, path: Path, ok: bool, now: float) -> None:
        """File it, and let the user go on."""
        self._journal.file(self._entry, self._time, now, path, not ok)
        if self._done is not None:
            self._done(now)
