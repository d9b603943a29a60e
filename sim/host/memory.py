"""The memory ledger of one kernel: who holds how many bytes, and who is killed.

The law is that of docs/model.md, Memory.

Private pages belong to a cgroup; file pages exist once per kernel however many containers map
them; what kernel, daemons, shims and VMMs hold is charged outside any cgroup. Over a cgroup's
limit its own cold cache goes first, then the cgroup is killed. Over RAM the kernel drops cold
cache, then kills the cgroup with the highest score: its private pages, and what its
`oom_score_adj` adds, in thousandths of RAM (proc(5)). There is no swap.

Left out: the slow-down of a cgroup that runs on little cache, and dirty-page throttling. Pages
that a running container keeps hot are counted as used: dropped, they would be read again at once.
"""

from collections.abc import Callable
from math import fsum

from sim.host.page_cache import FileSet, PageCache, SharedFileSet

OOM_LIMIT = "OOM kill: over its own memory limit"
OOM_HOST = "OOM kill: host out of memory"


class MemoryGroup:
    """The memory side of one cgroup.

    Args:
        limit: `memory.max` in bytes; it may be reached, not exceeded.
        bias: bytes that are added to its private pages when a victim is chosen.
        on_kill: called once with the reason when the kernel kills the group.
    """

    __slots__ = (
        "_memory",
        "_shared",
        "alive",
        "bias",
        "files",
        "killed_by",
        "limit",
        "on_kill",
        "private",
    )

    def __init__(
        self, memory: "Memory", limit: float, on_kill: Callable[[str], None], bias: float = 0.0
    ) -> None:
        self._memory = memory
        self.limit = limit
        self.bias = bias
        self.on_kill = on_kill
        self.private = 0.0
        self.files: dict[str, float] = {}
        """Bytes of each file set that this group was the first to touch."""
        self._shared: SharedFileSet | None = None
        self.killed_by = ""
        self.alive = True

    def allocate(self, amount: float) -> bool:
        """Touch `amount` bytes of private pages.

        Returns:
            Whether the group is still alive afterwards.
        """
        if self.alive:
            self.private += amount
            self._memory.private += amount
            self._keep_within_limit()
            self._memory.settle()
        return self.alive

    def map(self, files: str, hot: float) -> bool:
        """Keep `hot` bytes of the file set `files` in memory, shared with all groups that map them.

        Returns:
            Whether the group is still alive afterwards.
        """
        if self.alive:
            self.files[files] = self._memory.pin(files, hot)
            self._keep_within_limit()
            self._memory.settle()
        return self.alive

    def share(self, files: FileSet) -> bool:
        """Keep a file set in memory, shared with all groups that keep the same one.

        Returns:
            Whether the group is still alive afterwards.
        """
        if self.alive and files:
            self._shared, touched = self._memory.join(files)
            self.files = dict(touched)
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
        self.private = 0.0
        self._memory.groups.pop(self)
        if self._shared is not None:
            self._memory.leave(self._shared)
        else:
            for files in self.files:
                self._memory.unpin(files)

    def _keep_within_limit(self) -> None:
        """Over the limit, drop the file pages it touched first; if that is not enough, kill it."""
        excess = self.private - self.limit
        if self.files:
            excess += fsum(self.files.values())
        if excess <= 0.0:
            return
        for files, touched in self.files.items():
            if excess <= 0.0:
                return
            dropped = min(excess, touched)
            self.files[files] -= dropped
            self._memory.drop(files, dropped)
            excess -= dropped
        if self.private > self.limit:
            self.kill(OOM_LIMIT)


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
        """Bytes that cannot be reclaimed: held, private and hot file pages."""
        return self.held + self.private + self.hot

    def cgroup(
        self, limit: float, on_kill: Callable[[str], None], oom_score_adj: float = 0.0
    ) -> MemoryGroup:
        """A new cgroup with `memory.max` = `limit` bytes."""
        group = MemoryGroup(self, limit, on_kill, oom_score_adj / 1000.0 * self.capacity)
        self.groups[group] = None
        return group

    def hold(self, amount: float) -> None:
        """Charge `amount` bytes to the kernel: OS, daemon, shim, VMM (negative: give back)."""
        self.held += amount
        self.settle()

    def cache(self, files: str, amount: float) -> None:
        """Pass `amount` bytes of `files` through the page cache; the oldest pages give way."""
        if self.caching:
            self._pass_through(files, amount)
            self._reclaim()
            self._note_peak()

    def settle(self) -> None:
        """Keep within RAM: drop cold cache, then kill the worst (of equals the youngest)."""
        touched = self.held + self.private + self.hot + self._cold
        if touched > self.capacity:
            self._relieve()
            self._note_peak()
        elif touched > self.peak:
            self._note_peak()

    def _relieve(self) -> None:
        while self.used > self.capacity and self.groups:
            worst = max(group.private + group.bias for group in self.groups)
            victims = [group for group in self.groups if group.private + group.bias == worst]
            victims[-1].kill(OOM_HOST)
        self._reclaim()

    def _reclaim(self) -> None:
        if self.held + self.private + self.hot + self._cold <= self.capacity:
            return
        self._disturb()
        self._give_way(self._cold - max(0.0, self.capacity - self.used))

    def _note_peak(self) -> None:
        touched = min(self.capacity, self.used + self._cold)
        if touched > self.peak:
            grown, self.peak = touched - self.peak, touched
            if self.on_growth is not None:
                self.on_growth(grown)
