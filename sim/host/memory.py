"""The memory ledger of one kernel (DESIGN law L2): who holds how many bytes, and who is killed.

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
from typing import TypeAlias

OOM_LIMIT = "OOM kill: over its own memory limit"
OOM_HOST = "OOM kill: host out of memory"


FileSet: TypeAlias = tuple[tuple[str, float], ...]
"""Files by name, with the bytes of each: what the containers of one image keep hot together."""


class Shared:
    """A file set that is kept in memory, and how many share it."""

    __slots__ = ("bytes", "files", "sharers")

    def __init__(self, files: FileSet) -> None:
        self.files = files
        self.bytes = fsum(part for _, part in files)
        self.sharers = 0


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
        self._shared: Shared | None = None
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
        """Keep `hot` bytes of the file set `files` in memory, shared with all who map them.

        Returns:
            Whether the group is still alive afterwards.
        """
        if self.alive:
            self.files[files] = self._memory.pin(files, hot)
            self._keep_within_limit()
            self._memory.settle()
        return self.alive

    def share(self, files: FileSet) -> bool:
        """Keep a file set in memory with all who share the very same: the first one maps it.

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
        """Take all it has, and tell its owner."""
        if self.alive:
            self.killed_by = reason
            tell = self.on_kill
            self.release()
            tell(reason)

    def release(self) -> None:
        """Give everything back; idempotent."""
        if not self.alive:
            return
        self.alive = False
        self.on_kill = _nobody  # its owner holds it: no cycle is left for the garbage collector
        self._memory.private -= self.private
        self.private = 0.0
        self._memory.groups.pop(self)
        if self._shared is not None:
            self._memory.leave(self._shared)
        else:
            for files in self.files:
                self._memory.unpin(files)

    def _keep_within_limit(self) -> None:
        """Drop the file pages it touched first, then kill it for its private ones."""
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


def _nobody(reason: str) -> None:
    """Nobody is told of the end of what has ended."""


class Memory:
    """One kernel's ledger.

    Args:
        capacity: bytes of RAM this kernel manages (OS-visible).
        on_growth: called with the bytes by which the most ever touched has grown; a guest whose
            memory is backed on touch passes this on to its host.
    """

    __slots__ = (
        "_cache",
        "_calm",
        "_cold",
        "_here",
        "_hot",
        "_pins",
        "_shared",
        "_users",
        "caching",
        "capacity",
        "groups",
        "held",
        "hot",
        "on_growth",
        "peak",
        "private",
    )

    def __init__(self, capacity: float, on_growth: Callable[[float], None] | None = None) -> None:
        self.capacity = capacity
        self.on_growth = on_growth
        self.caching = True
        """Whether files that pass through stay in the page cache."""
        self.held = 0.0
        self.private = 0.0
        self.hot = 0.0
        self.peak = 0.0
        self.groups: dict[MemoryGroup, None] = {}
        self._cold = 0.0
        self._cache: dict[str, float] = {}
        self._hot: dict[str, float] = {}
        self._users: dict[str, int] = {}
        self._shared: dict[FileSet, Shared] = {}
        self._pins = 0
        """Users of all files together."""
        self._here: FileSet | None = None
        """A file set of which nothing was missing, and since when nothing was dropped."""
        self._calm: Shared | None = None
        """A file set since whose first sharer nobody has touched a single file.

        Without a sharer it rests: its files still count as pinned, its bytes as cold. So a host
        that starts one container after the other does not go through all layers each time: a
        fifth of the CPU time of such a start.
        """

    @property
    def used(self) -> float:
        """Bytes that cannot be reclaimed: held, private and hot file pages."""
        return self.held + self.private + self.hot

    @property
    def cached(self) -> float:
        """Bytes of cold file pages; they give way to anything."""
        return self._cold

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
        """`amount` bytes of `files` passed through the page cache; the oldest give way."""
        if not self.caching:
            return
        self._stir()
        cold = max(0.0, amount - self._hot.get(files, 0.0), self._cache.get(files, 0.0))
        self._keep_cold(files, cold)
        self._reclaim()
        self._note_peak()

    def missing(self, files: FileSet) -> float:
        """Bytes of `files` that a read has to fetch from disk."""
        if files is self._here:
            return 0.0
        missing = fsum(max(0.0, part - self.cached_bytes(name)) for name, part in files)
        if missing == 0.0:
            self._here = files
        return missing

    def cached_bytes(self, files: str) -> float:
        """Bytes of `files` that need not be read from disk."""
        return self._cache.get(files, 0.0) + self._hot.get(files, 0.0)

    def join(self, files: FileSet) -> tuple[Shared, FileSet]:
        """One more sharer of a file set.

        Returns:
            The set, and what was not in memory before: all that is new to the first one, nothing
            to others.
        """
        shared = self._calm
        if shared is None or shared.files is not files:
            shared = self._shared.get(files) or self._shared.setdefault(files, Shared(files))
        shared.sharers += 1
        if shared.sharers > 1:
            return shared, ()
        if shared is self._calm:
            self.hot += shared.bytes
            self._cold -= shared.bytes
            return shared, files
        touched = tuple((name, self.pin(name, hot)) for name, hot in files)
        self._calm = shared
        return shared, touched

    def leave(self, shared: Shared) -> None:
        """One sharer less; the last one leaves the pages behind as cold cache."""
        shared.sharers -= 1
        if shared.sharers == 0:
            alone = self._pins == len(shared.files) and self.hot == shared.bytes
            if shared is self._calm and alone:
                self.hot -= shared.bytes
                self._cold += shared.bytes
            else:
                self._forget(shared)

    def _forget(self, shared: Shared) -> None:
        if shared is self._calm:
            self._calm = None
        del self._shared[shared.files]
        for name, _ in shared.files:
            self.unpin(name)

    def _stir(self) -> None:
        """Somebody touches single files: a set that rests is a set no longer."""
        calm, self._calm = self._calm, None
        if calm is not None and calm.sharers == 0:
            self.hot += calm.bytes
            self._cold -= calm.bytes
            self._forget(calm)

    def pin(self, files: str, hot: float) -> float:
        """One more user keeps `hot` bytes of `files` in memory.

        Returns:
            The bytes that nobody kept before.
        """
        self._stir()
        self._pins += 1
        self._users[files] = self._users.get(files, 0) + 1
        known = self._hot.get(files, 0.0)
        grown = max(0.0, hot - known)
        self._hot[files] = known + grown
        self.hot += grown
        if files in self._cache:
            self._keep_cold(files, max(0.0, self._cache[files] - grown))
        return grown

    def unpin(self, files: str) -> None:
        """One user less; the last one leaves its pages behind as cold cache."""
        self._stir()
        self._pins -= 1
        self._users[files] -= 1
        if self._users[files] == 0:
            del self._users[files]
            hot = self._hot.pop(files)
            self.hot -= hot
            self._keep_cold(files, self._cache.get(files, 0.0) + hot)

    def drop(self, files: str, amount: float) -> None:
        """Forget `amount` hot bytes: their cgroup is over its limit."""
        self._stir()
        self._here = None
        self._hot[files] -= amount
        self.hot -= amount

    def forget(self, files: str) -> None:
        """The files were deleted: their cold pages go."""
        self._here = None
        self._keep_cold(files, 0.0)

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

    def _keep_cold(self, files: str, amount: float) -> None:
        """Set the cold bytes of `files`, which become the youngest."""
        self._cold += amount - self._cache.pop(files, 0.0)
        if amount > 0.0:
            self._cache[files] = amount

    def _reclaim(self) -> None:
        if self.held + self.private + self.hot + self._cold <= self.capacity:
            return
        self._stir()
        self._here = None
        excess = self._cold - max(0.0, self.capacity - self.used)
        while excess > 0.0 and self._cache:
            oldest = next(iter(self._cache))
            dropped = min(excess, self._cache[oldest])
            self._cache[oldest] -= dropped
            self._cold -= dropped
            excess -= dropped
            if self._cache[oldest] == 0.0:
                del self._cache[oldest]

    def _note_peak(self) -> None:
        touched = min(self.capacity, self.used + self._cold)
        if touched > self.peak:
            grown, self.peak = touched - self.peak, touched
            if self.on_growth is not None:
                self.on_growth(grown)
