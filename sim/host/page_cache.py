"""The page cache of one kernel: each file's pages once, however many containers map them.

*Hot* pages are those that a running container keeps in use; *cold* ones give way to anything, the
oldest first.
"""

from math import fsum
from typing import TypeAlias

FileSet: TypeAlias = tuple[tuple[str, float], ...]
"""Files by name, with the bytes of each: what the containers of one image keep hot together."""


class SharedFileSet:
    """A file set that is kept in memory, and how many share it."""

    __slots__ = ("bytes", "files", "sharers")

    def __init__(self, files: FileSet) -> None:
        self.files = files
        self.bytes = fsum(part for _, part in files)
        self.sharers = 0


class PageCache:
    """File pages by name of the file, in bytes."""

    __slots__ = (
        "_all_cached",
        "_cache",
        "_cold",
        "_hot",
        "_pins",
        "_shared",
        "_undisturbed",
        "_users",
        "caching",
        "hot",
    )

    def __init__(self) -> None:
        self.caching = True
        """Whether files that pass through stay in the page cache."""
        self.hot = 0.0
        self._cold = 0.0
        self._cache: dict[str, float] = {}
        self._hot: dict[str, float] = {}
        self._users: dict[str, int] = {}
        self._shared: dict[FileSet, SharedFileSet] = {}
        self._pins = 0
        """Number of users, over all files."""
        self._all_cached: FileSet | None = None
        """A file set that was all in memory when last asked for; None once anything is dropped."""
        self._undisturbed: SharedFileSet | None = None
        """A file set, as long as no single file is touched after its first sharer has joined.

        When its last sharer leaves, it rests: its files still count as pinned, its bytes as cold.
        So a host that starts one container after the other does not go through all layers each
        time, which would be a fifth of the CPU time of such a start.
        """

    @property
    def cached(self) -> float:
        """Bytes of cold file pages, which give way to anything."""
        return self._cold

    def uncached(self, files: FileSet) -> float:
        """Bytes of `files` that are not in memory."""
        return 0.0 if files is self._all_cached else self._count_uncached(files)

    def _count_uncached(self, files: FileSet) -> float:
        """The same, file by file."""
        missing = fsum(max(0.0, part - self.cached_bytes(name)) for name, part in files)
        if missing == 0.0:
            self._all_cached = files
        return missing

    def _hot_of(self, files: FileSet) -> float:
        """Bytes of `files` that are hot."""
        return fsum(min(part, self._hot.get(name, 0.0)) for name, part in files)

    def cached_bytes(self, files: str) -> float:
        """Bytes of `files` that need not be read from disk."""
        return self._cache.get(files, 0.0) + self._hot.get(files, 0.0)

    def join(self, files: FileSet) -> tuple[SharedFileSet, FileSet]:
        """Add a sharer of a file set.

        Returns:
            The set, and the files with the bytes that were not in memory before (none, unless it
            is the first sharer).
        """
        shared = self._undisturbed
        if shared is None or shared.files is not files:
            shared = self._shared.get(files) or self._shared.setdefault(files, SharedFileSet(files))
        shared.sharers += 1
        if shared.sharers > 1:
            return shared, ()
        if shared is self._undisturbed:
            self.hot += shared.bytes
            self._cold -= shared.bytes
            return shared, files
        touched = self._pin_all(files)
        self._undisturbed = shared
        return shared, files if touched == files else touched

    def _pin_all(self, files: FileSet) -> FileSet:
        """Add a user of all of these; what nobody kept before."""
        return tuple((name, self.pin(name, hot)) for name, hot in files)

    def leave(self, shared: SharedFileSet) -> None:
        """Remove a sharer; the last one leaves the pages behind as cold cache."""
        shared.sharers -= 1
        if shared.sharers == 0:
            alone = self._pins == len(shared.files) and self.hot == shared.bytes
            if shared is self._undisturbed and alone:
                self.hot -= shared.bytes
                self._cold += shared.bytes
            else:
                self._forget(shared)

    def _forget(self, shared: SharedFileSet) -> None:
        if shared is self._undisturbed:
            self._undisturbed = None
        del self._shared[shared.files]
        for name, _ in shared.files:
            self.unpin(name)

    def _disturb(self) -> None:
        """A single file is touched: a set that rests is taken apart."""
        resting, self._undisturbed = self._undisturbed, None
        if resting is not None and resting.sharers == 0:
            self.hot += resting.bytes
            self._cold -= resting.bytes
            self._forget(resting)

    def pin(self, files: str, hot: float) -> float:
        """Add a user who keeps `hot` bytes of `files` in memory.

        Returns:
            The bytes that nobody kept before.
        """
        self._disturb()
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
        """Remove a user; the last one leaves the pages behind as cold cache."""
        self._disturb()
        self._pins -= 1
        self._users[files] -= 1
        if self._users[files] == 0:
            del self._users[files]
            hot = self._hot.pop(files)
            self.hot -= hot
            self._keep_cold(files, self._cache.get(files, 0.0) + hot)

    def drop(self, files: str, amount: float) -> None:
        """Drop `amount` hot bytes, whose cgroup is over its limit."""
        self._disturb()
        self._all_cached = None
        self._hot[files] -= amount
        self.hot -= amount

    def forget(self, files: str) -> None:
        """Drop the cold pages of files that were deleted."""
        self._disturb()
        self._all_cached = None
        self._keep_cold(files, 0.0)

    def _pass_through(self, files: str, amount: float) -> None:
        """Note that `amount` bytes of `files` were read or written: cold, unless hot already."""
        self._disturb()
        cold = max(0.0, amount - self._hot.get(files, 0.0), self._cache.get(files, 0.0))
        self._keep_cold(files, cold)

    def _give_way(self, excess: float) -> None:
        """Drop `excess` cold bytes, the oldest first."""
        self._all_cached = None
        cache = self._cache
        while excess > 0.0 and cache:
            oldest = next(iter(cache))
            held = cache[oldest]
            if held > excess:
                cache[oldest] = held - excess
                self._cold -= excess
                return
            del cache[oldest]
            self._cold -= held
            excess -= held

    def _keep_cold(self, files: str, amount: float) -> None:
        """Set the cold bytes of `files`, which become the youngest."""
        self._cold += amount - self._cache.pop(files, 0.0)
        if amount > 0.0:
            self._cache[files] = amount
