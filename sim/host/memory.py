"""The memory ledger of one kernel: who holds how many bytes, and who is killed.

The law is that of docs/model.md, Memory.

Private pages belong to a cgroup, with what the kernel holds for it; file pages exist once per
kernel however many containers map them; what daemons, shims and VMMs hold is charged outside any
cgroup. Over a cgroup's limit its own cache goes first, then it is killed. Over RAM the kernel drops
cold cache, then hot file pages, which are read again and again (*thrashing*), and kills only when
the rest alone is more than RAM: the process with the highest score, which is its private pages and
what its `oom_score_adj` adds, in thousandths of RAM (proc(5)). There is no swap.

Left out: how slow whoever runs on too few file pages gets, and dirty-page throttling.
"""

from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import Final

from sim.host.page_cache import FileSet, PageCache, SharedFileSet

OOM_LIMIT: Final = "OOM kill: over its own memory limit"
OOM_HOST: Final = "OOM kill: host out of memory"


class MemorySlice:
    """A cgroup of cgroups with a limit of its own, such as `kubepods.slice`.

    Args:
        limit: `memory.max` in bytes; its members may take so much together.
        reason: of the kills when they take more.
    """

    __slots__ = ("_memory", "groups", "limit", "private", "reason")

    def __init__(self, memory: "Memory", limit: float, reason: str) -> None:
        self._memory = memory
        self.limit = limit
        self.reason = reason
        self.private = 0.0
        self.groups: dict[MemoryGroup, None] = {}

    def settle(self) -> None:
        """Keep its members within the limit; their file pages are dropped before anybody dies."""
        while self.private > self.limit and self.groups:
            _worst(self.groups).kill_process(self.reason)


class MemoryGroup:
    """The memory side of one cgroup.

    Args:
        limit: `memory.max` in bytes; it may be reached, not exceeded.
        on_kill: called once with the reason when the kernel kills the group.
        bias: bytes that are added to the pages of each process when a victim is chosen.
        processes: that share its private pages evenly.
        together: whether all are killed with the first (`memory.oom.group`).
        within: the slice it stands in.
    """

    __slots__ = (
        "_files",
        "_first",
        "_memory",
        "_shared",
        "_together",
        "_touched",
        "alive",
        "bias",
        "killed_by",
        "limit",
        "on_kill",
        "private",
        "processes",
        "within",
    )

    def __init__(  # noqa: PLR0917 (positional is quicker)
        self,
        memory: "Memory",
        limit: float,
        on_kill: Callable[[str], None],
        bias: float = 0.0,
        processes: int = 1,
        together: bool = False,
        within: MemorySlice | None = None,
    ) -> None:
        self._memory = memory
        self._together = together
        self.within = within
        self.limit = limit
        self.bias = bias
        self.processes = processes
        """Those that live."""
        self.on_kill = on_kill
        self.private = 0.0
        self._first: FileSet = ()
        """What it was the first to touch when it began to share a file set."""
        self._files: dict[str, float] | None = None
        self._touched = 0.0
        """Bytes of `files`."""
        self._shared: SharedFileSet | None = None
        self.killed_by = ""
        self.alive = True

    def allocate(self, amount: float) -> bool:
        """Touch `amount` bytes of private pages.

        Returns:
            Whether the group is still alive afterwards.
        """
        if self.alive:
            self._charge(amount)
            self._keep_within_limit()
            self._memory.settle()
        return self.alive

    @property
    def files(self) -> dict[str, float]:
        """Bytes of each file that this group was the first to touch; few groups are asked."""
        if self._files is None:
            self._files = dict(self._first)
        return self._files

    @property
    def score(self) -> float:
        """What the largest of its processes is to the kernel when it looks for a victim, bytes."""
        return self.private / self.processes + self.bias

    def kill_process(self, reason: str) -> None:
        """Kill its largest process: its last one, or any of them under `memory.oom.group`, ends it.

        What the process held is given back; nobody starts it anew.
        """
        if self.processes == 1 or self._together:
            self.kill(reason)
        else:
            self._charge(-self.private / self.processes)
            self.processes -= 1

    def _charge(self, amount: float) -> None:
        self.private += amount
        self._memory.private += amount
        if self.within is not None:
            self.within.private += amount
            self.within.settle()

    def map(self, files: str, hot: float) -> bool:
        """Keep `hot` bytes of the file set `files` in memory, shared with all groups that map them.

        Returns:
            Whether the group is still alive afterwards.
        """
        if self.alive:
            self.files[files] = self._memory.pin(files, hot)
            self._touched = fsum(self.files.values())
            self._keep_within_limit()
            self._memory.settle()
        return self.alive

    def share(self, files: FileSet) -> bool:
        """Keep a file set in memory, shared with all groups that keep the same one.

        Returns:
            Whether the group is still alive afterwards.
        """
        if self.alive and files:
            self._shared, self._first = self._memory.join(files)
            self._files = None
            first = self._first
            self._touched = self._shared.bytes if first is files else fsum(b for _, b in first)
            self._keep_within_limit()
            self._memory.settle()
        return self.alive

    def kill(self, reason: str) -> None:
        """Release all it holds, and call `on_kill`."""
        if self.alive:
            self.killed_by = reason
            on_kill = self.on_kill
            self.release()
            on_kill(reason)

    def release(self) -> None:
        """Give everything back; idempotent."""
        if not self.alive:
            return
        self.alive = False
        self.on_kill = _ignore  # no cycle with its owner is left to the garbage collector
        self._memory.private -= self.private
        del self._memory.groups[self]
        if self.within is not None:
            self.within.private -= self.private
            del self.within.groups[self]
        self.private = 0.0
        if self._shared is not None:
            self._memory.leave(self._shared)
        elif self._files:
            for files in self._files:
                self._memory.unpin(files)

    def _keep_within_limit(self) -> None:
        """Over the limit, drop the file pages it touched first; if that is not enough, kill it."""
        excess = self.private - self.limit + self._touched
        if excess > 0.0 and not self._drop_files(excess):
            while self.private > self.limit and self.alive:
                self.kill_process(OOM_LIMIT)

    def _drop_files(self, excess: float) -> bool:
        """Drop so many bytes of the file pages it touched first; whether some files could stay."""
        kept, enough = self.files, False
        for files, touched in kept.items():
            if excess <= 0.0:
                enough = True
                break
            dropped = min(excess, touched)
            kept[files] -= dropped
            self._memory.drop(files, dropped)
            excess -= dropped
        self._touched = fsum(kept.values())
        return enough


def _worst(groups: Iterable[MemoryGroup]) -> MemoryGroup:
    """That of the process with the highest score; of equals the youngest."""
    worst = None
    for group in groups:
        if worst is None or group.score >= worst.score:
            worst = group
    assert worst is not None
    return worst


def _ignore(reason: str) -> None:
    """Do nothing: the group has ended."""


class Memory(PageCache):
    """One kernel's ledger, its page cache included.

    Args:
        capacity: bytes of RAM this kernel manages (OS-visible).
        on_growth: called with the bytes by which the most ever touched has grown; a guest whose
            memory is backed on touch passes this on to its host.
    """

    __slots__ = ("capacity", "groups", "held", "on_growth", "peak", "private")

    def __init__(self, capacity: float, on_growth: Callable[[float], None] | None = None) -> None:
        super().__init__()
        self.capacity = capacity
        self.on_growth = on_growth
        self.held = 0.0
        self.private = 0.0
        self.peak = 0.0
        self.groups: dict[MemoryGroup, None] = {}

    @property
    def used(self) -> float:
        """Bytes in use: held, private, and hot file pages as far as there is room for them."""
        return self.held + self.private + self.hot - self.lacking

    @property
    def lacking(self) -> float:
        """Bytes of hot file pages that there is no room for; above 0 the kernel thrashes."""
        excess = self.held + self.private + self.hot - self.capacity
        return max(0.0, min(self.hot, excess)) if excess > 0.0 else 0.0

    def missing(self, files: FileSet) -> float:
        """Bytes of `files` that a read has to fetch from disk; also what thrashing drops."""
        lacking = self.lacking
        if lacking > 0.0:
            return self.uncached(files) + self._hot_of(files) * lacking / self.hot
        return self.uncached(files)

    def cgroup(  # noqa: PLR0917 (as above)
        self,
        limit: float,
        on_kill: Callable[[str], None],
        oom_score_adj: float = 0.0,
        processes: int = 1,
        together: bool = False,
        within: MemorySlice | None = None,
    ) -> MemoryGroup:
        """A new cgroup with `memory.max` = `limit` bytes."""
        bias = oom_score_adj / 1000.0 * self.capacity
        group = MemoryGroup(self, limit, on_kill, bias, processes, together, within)
        self.groups[group] = None
        if within is not None:
            within.groups[group] = None
        return group

    def hold(self, amount: float) -> None:
        """Charge `amount` bytes to the kernel: OS, daemon, shim, VMM (negative: give back)."""
        self.held += amount
        self.settle()

    def cache(self, files: str, amount: float) -> None:
        """Pass `amount` bytes of `files` through the page cache; the oldest pages give way."""
        if self.caching:
            self._pass_through(files, amount)
            self.settle()

    def cache_all(self, files: Sequence[tuple[str, float]]) -> None:
        """Pass so many bytes of several files through the page cache, one after the other."""
        size = fsum([amount for _, amount in files])
        free = self.capacity - self.held - self.private - size
        if not self.caching or self._cache or self._hot or free < 0.0:
            for name, amount in files:
                self.cache(name, amount)
            return
        self._disturb()
        self._cache = {name: amount for name, amount in files if amount > 0.0}
        self._cold = sum(self._cache.values(), 0.0)
        self.settle()

    def settle(self) -> None:
        """Keep within RAM: drop cold cache, then hot file pages, then kill the worst process.

        The most that was ever touched is noted.
        """
        touched = self.held + self.private + self.hot + self._cold
        if touched > self.capacity:
            self._relieve()
            touched = min(self.capacity, self.used + self._cold)
        if touched > self.peak:
            self._note_peak(touched)

    def _relieve(self) -> None:
        while self.held + self.private > self.capacity and self.groups:
            _worst(self.groups).kill_process(OOM_HOST)
        self._reclaim()

    def _reclaim(self) -> None:
        if self._cold == 0.0 or self.used + self._cold <= self.capacity:
            return
        self._disturb()
        self._give_way(self._cold - max(0.0, self.capacity - self.used))

    def _note_peak(self, touched: float) -> None:
        grown, self.peak = touched - self.peak, touched
        if self.on_growth is not None:
            self.on_growth(grown)
