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
        "_cache",
        "_calm",
        "_cold",
        "_here",
        "_hot",
        "_pins",
        "_shared",
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
        """Users of all files together."""
        self._here: FileSet | None = None
        """A file set of which nothing was missing, and since when nothing was dropped."""
        self._calm: SharedFileSet | None = None
        """A file set since whose first sharer nobody has touched a single file.

        Without a sharer it rests: its files still count as pinned, its bytes as cold. So a host
        that starts one container after the other does not go through all layers each time: a
        fifth of the CPU time of such a start.
        """

    @property
    def cached(self) -> float:
        """Bytes of cold file pages; they give way to anything."""
        return self._cold

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

    def join(self, files: FileSet) -> tuple[SharedFileSet, FileSet]:
        """One more sharer of a file set.

        Returns:
            The set, and what was not in memory before: all that is new to the first one, nothing
            to others.
        """
        shared = self._calm
        if shared is None or shared.files is not files:
            shared = self._shared.get(files) or self._shared.setdefault(files, SharedFileSet(files))
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

    def leave(self, shared: SharedFileSet) -> None:
        """One sharer less; the last one leaves the pages behind as cold cache."""
        shared.sharers -= 1
        if shared.sharers == 0:
            alone = self._pins == len(shared.files) and self.hot == shared.bytes
            if shared is self._calm and alone:
                self.hot -= shared.bytes
                self._cold += shared.bytes
            else:
                self._forget(shared)

    def _forget(self, shared: SharedFileSet) -> None:
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
        self._stir()
        self._here = None
        self._keep_cold(files, 0.0)

    def _pass_through(self, files: str, amount: float) -> None:
        """`amount` bytes of `files` were read or written: what is not hot is the youngest cold."""
        self._stir()
        cold = max(0.0, amount - self._hot.get(files, 0.0), self._cache.get(files, 0.0))
        self._keep_cold(files, cold)

    def _give_way(self, excess: float) -> None:
        """Drop `excess` cold bytes, the oldest first."""
        self._here = None
        while excess > 0.0 and self._cache:
            oldest = next(iter(self._cache))
            dropped = min(excess, self._cache[oldest])
            self._cache[oldest] -= dropped
            self._cold -= dropped
            excess -= dropped
            if self._cache[oldest] == 0.0:
                del self._cache[oldest]

    def _keep_cold(self, files: str, amount: float) -> None:
        """Set the cold bytes of `files`, which become the youngest."""
        self._cold += amount - self._cache.pop(files, 0.0)
        if amount > 0.0:
            self._cache[files] = amount
