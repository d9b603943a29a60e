"""CPU cgroups of this machine, made to measure in and removed whatever happens."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

PREFIX = "berthsim-"
"""Prefix of the cgroups made here; the number of the process that made them follows."""

HEAVIEST = 262144.0
"""Shares of the cgroup in which all is measured: whatever else runs gets little meanwhile."""

PATIENCE = 2.0
"""Seconds in which a cgroup whose processes were killed becomes empty."""

HINT = (
    "run it as root, or with a delegated cgroup: "
    "systemd-run --user --scope -p Delegate=yes sim validate --live"
)


class Unable(Exception):  # noqa: N818 (it is what happened, in the user's words)
    """Why nothing can be measured on this machine."""


class Cgroups:
    """A cgroup below the present one, with what is made in it; a context manager.

    Args:
        proc: where the kernel tells of mounts and cgroups.

    Raises:
        Unable: on entering, where no cgroup can be made.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self.version, self._home = _home(proc)
        self.base = self._home / f"{PREFIX}{os.getpid()}"
        self._own: Path | None = None
        self._enabled = False

    def __enter__(self) -> Self:
        if _is_held(self._home):
            raise Unable(f"{self._home} has a quota of its own, which would be measured, too")
        try:
            _sweep(self._home)
            self.base.mkdir()
        except OSError as error:
            raise Unable(
                f"no cgroup can be made in {self._home}: {error.strerror}; {HINT}"
            ) from error
        try:
            self._delegate()
            self._weigh(self.base, HEAVIEST)
        except OSError as error:
            self.close()
            raise Unable(
                f"the cpu controller cannot be had below {self._home}: {error.strerror}; {HINT}"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def make(self, path: str, *, shares: float, quota: float | None, period: float) -> Path:
        """A cgroup of this path below the base.

        Args:
            shares: as `cpu.shares`, 1024 by default.
            quota: vCPUs, or None.
            period: seconds.
        """
        group = self.base / path
        group.mkdir()
        micro = round(period * 1e6)
        cap = None if quota is None else round(quota * micro)
        self._weigh(group, shares)
        if self.version == 1:
            if cap is not None:
                _write(group / "cpu.cfs_period_us", str(micro))
                _write(group / "cpu.cfs_quota_us", str(cap))
        elif cap is not None:
            _write(group / "cpu.max", f"{cap} {micro}")
        return group

    def _weigh(self, group: Path, shares: float) -> None:
        """Set `cpu.shares`, or a `cpu.weight` that stands to 100 as they to 1024."""
        if self.version == 1:
            _write(group / "cpu.shares", str(round(shares)))
        else:
            weight = min(10_000, max(1, round(shares * 100 / 1024)))
            _write(group / "cpu.weight", str(weight))

    def open_to_children(self, group: Path) -> None:
        """Let a cgroup have children with CPU shares of their own; version 1 always does."""
        if self.version == 2:
            _write(group / "cgroup.subtree_control", "+cpu")

    def clear(self) -> None:
        """Remove what was made below the base, but for where this process is itself."""
        _remove_below(self.base, but=self._own)

    def close(self) -> None:
        """Remove everything, and go back to where this process was; idempotent."""
        with _undisturbed():
            self._close()

    def _close(self) -> None:
        if not self.base.exists():
            return
        self.clear()
        if self._enabled:
            for group in (self.base, self._home):
                with contextlib.suppress(OSError):
                    _write(group / "cgroup.subtree_control", "-cpu")
        if self._own is not None:
            with contextlib.suppress(OSError):
                _write(self._home / "cgroup.procs", str(os.getpid()))
            _remove(self._own)
        _remove(self.base)

    def _delegate(self) -> None:
        """Have the cpu controller in the base and below (version 2)."""
        if self.version == 1:
            return
        control = self._home / "cgroup.subtree_control"
        if "cpu" not in control.read_text().split():
            self._step_aside()
            _write(control, "+cpu")
            self._enabled = True
        _write(self.base / "cgroup.subtree_control", "+cpu")

    def _step_aside(self) -> None:
        """Leave the home, for none but the root may have both processes and children with CPU."""
        here = (self._home / "cgroup.procs").read_text().split()
        if here == [str(os.getpid())]:
            self._own = self.base / "self"
            self._own.mkdir()
            _write(self._own / "cgroup.procs", here[0])


def _home(proc: Path) -> tuple[int, Path]:
    """Version and folder of the CPU cgroup that this process is in."""
    try:
        mounts = [line.split() for line in (proc / "mounts").read_text().splitlines()]
        own = dict(_own_paths((proc / "self" / "cgroup").read_text()))
    except OSError as error:
        raise Unable(f"{error.filename}: {error.strerror}; cgroups are Linux's") from error
    for _, where, kind, options, *_ in mounts:
        if kind == "cgroup" and "cpu" in options.split(","):
            return 1, _inside(Path(where), own.get("cpu", "/"))
    for _, where, kind, *_ in mounts:
        home = _inside(Path(where), own.get("", "/"))
        controllers = home / "cgroup.controllers"
        if kind == "cgroup2" and controllers.exists() and "cpu" in controllers.read_text().split():
            return 2, home
    raise Unable("no cgroup with a cpu controller is mounted here; " + HINT)


def _own_paths(text: str) -> Iterator[tuple[str, str]]:
    """Controllers, none for version 2, and the path of this process's cgroup."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", maxsplit=2)
        for controller in controllers.split(","):
            yield controller, path


def _inside(mount: Path, path: str) -> Path:
    """The folder of a cgroup; in a container its path may be that of another mount."""
    folder = mount / path.lstrip("/")
    return folder if folder.is_dir() else mount


def _is_held(home: Path) -> bool:
    """Whether a quota holds the present cgroup itself."""
    for name, free in (("cpu.cfs_quota_us", "-1"), ("cpu.max", "max")):
        file = home / name
        if file.exists() and file.read_text().split()[0] != free:
            return True
    return False


def _sweep(home: Path) -> None:
    """Remove what a killed predecessor left."""
    for left in home.glob(f"{PREFIX}*"):
        number = left.name.removeprefix(PREFIX)
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            _remove_below(left)
            _remove(left)


def _remove_below(base: Path, but: Path | None = None) -> None:
    """Remove all cgroups below, the innermost first."""
    below = [Path(folder) for folder, _, _ in os.walk(base) if Path(folder) not in (base, but)]
    for folder in sorted(below, key=lambda folder: len(folder.parts), reverse=True):
        _remove(folder)


def _remove(group: Path) -> None:
    """End what runs in one cgroup, and remove it as soon as that is gone."""
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError):
            for number in (group / "cgroup.procs").read_text().split():
                if number != str(os.getpid()):
                    os.kill(int(number), signal.SIGKILL)
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > until:
                return
            time.sleep(0.01)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore a second Ctrl-C while cleaning up: nothing may stay behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _write(file: Path, text: str) -> None:
    file.write_text(text)
