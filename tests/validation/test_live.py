"""Measuring afresh: where it cannot be done it says so, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from clocks import HANGS, wait_until

from sim.validation.cases.linux import Cgroup, Task
from sim.validation.live import cgroups as cgroups_module
from sim.validation.live import spin as spinning
from sim.validation.live.cases import CASES, LiveCase
from sim.validation.live.cgroups import PREFIX, Cgroups, Unable
from sim.validation.live.measure import measure

SHORT = LiveCase(
    "short",
    1,
    (Cgroup(None, 1024, None, 0.1), Cgroup(0, 1024, 0.5, 0.1), Cgroup(None, 1024, None, 0.1)),
    (Task(1, 0.0, 0.03), Task(2, 0.02, 0.05)),
)


def kernel(folder: Path, mounts: str, own: str) -> Path:
    """What such a kernel would tell."""
    (folder / "self").mkdir()
    (folder / "mounts").write_text(mounts)
    (folder / "self" / "cgroup").write_text(own)
    return folder


def ignore(text: str) -> None:
    del text


def unified(folder: Path, controllers: str) -> Path:
    """A cgroup of version 2 with these controllers."""
    home = folder / "cgroup"
    home.mkdir()
    (home / "cgroup.controllers").write_text(controllers)
    (home / "cgroup.subtree_control").write_text("")
    (home / "cgroup.procs").write_text("1\n2\n")
    return home


@pytest.fixture
def place() -> Cgroups:
    """A place to measure in on this machine, or the test is skipped with the reason."""
    try:
        with Cgroups() as found:
            return found
    except Unable as reason:
        pytest.skip(str(reason))


def left_behind(home: Path) -> list[Path]:
    return list(home.glob(f"{PREFIX}{os.getpid()}*"))


def test_without_cgroups_it_is_skipped_with_the_reason(tmp_path: Path) -> None:
    """As on another system, or where none is mounted."""
    with pytest.raises(Unable, match="cgroups are Linux's"):
        measure(within=1.0, tell=ignore, proc=tmp_path)
    (tmp_path / "proc").mkdir()
    empty = kernel(tmp_path / "proc", "tmpfs /tmp tmpfs rw 0 0\n", "0::/\n")
    with pytest.raises(Unable, match="no cgroup with a cpu controller"):
        measure(within=1.0, tell=ignore, proc=empty)


def test_where_the_controller_is_not_delegated_it_is_skipped(tmp_path: Path) -> None:
    """Version 2 without cpu among its controllers."""
    home = unified(tmp_path, "memory pids")
    (tmp_path / "proc").mkdir()
    proc = kernel(tmp_path / "proc", f"none {home} cgroup2 rw 0 0\n", "0::/\n")

    with pytest.raises(Unable, match="no cgroup with a cpu controller"):
        measure(within=1.0, tell=ignore, proc=proc)


def test_where_none_can_be_made_it_is_skipped(tmp_path: Path) -> None:
    """The mount is there, and is a file system nobody makes folders in."""
    (tmp_path / "proc").mkdir()
    mounts = "none /proc/self/fd cgroup rw,cpu,cpuacct 0 0\n"
    proc = kernel(tmp_path / "proc", mounts, "3:cpu,cpuacct:/\n")

    with pytest.raises(Unable, match="no cgroup can be made in"):
        measure(within=1.0, tell=ignore, proc=proc)


def test_a_delegated_cgroup_of_version_2_gets_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cpu.weight in proportion, cpu.max with its period; the controller is given back."""
    home = unified(tmp_path, "cpu memory")
    (home / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (tmp_path / "proc").mkdir()
    proc = kernel(tmp_path / "proc", f"none {home} cgroup2 rw 0 0\n", "0::/\n")
    written: list[tuple[str, str]] = []
    monkeypatch.setattr(
        cgroups_module,
        "_write",
        lambda file, text: written.append((str(file.relative_to(home)), text)),
    )
    base = f"{PREFIX}{os.getpid()}"
    with Cgroups(proc) as place:
        group = place.make("g0", shares=2048.0, quota=0.25, period=0.02)
        place.open_to_children(group)

        assert place.version == 2
    assert written == [
        (f"{base}/self/cgroup.procs", str(os.getpid())),
        ("cgroup.subtree_control", "+cpu"),
        (f"{base}/cgroup.subtree_control", "+cpu"),
        (f"{base}/cpu.weight", "10000"),
        (f"{base}/g0/cpu.weight", "200"),
        (f"{base}/g0/cpu.max", "5000 20000"),
        (f"{base}/g0/cgroup.subtree_control", "+cpu"),
        (f"{base}/cgroup.subtree_control", "-cpu"),
        ("cgroup.subtree_control", "-cpu"),
        ("cgroup.procs", str(os.getpid())),
    ]
    assert left_behind(home) == []


def test_a_cgroup_that_cannot_be_given_the_controller_is_removed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others run in the same one: the kernel refuses, and it says how to get one's own."""

    def busy(file: Path, text: str) -> None:
        del file, text
        raise OSError(16, "Device or resource busy")

    home = unified(tmp_path, "cpu")
    (tmp_path / "proc").mkdir()
    proc = kernel(tmp_path / "proc", f"none {home} cgroup2 rw 0 0\n", "0::/\n")
    monkeypatch.setattr(cgroups_module, "_write", busy)

    with pytest.raises(Unable, match="busy; run it as root, or with a delegated cgroup"):
        measure(within=1.0, tell=ignore, proc=proc)
    assert left_behind(home) == []


def test_what_a_killed_predecessor_left_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number is in the name, and no such process is there any more."""
    home = unified(tmp_path, "cpu")
    (home / f"{PREFIX}4194999" / "g0").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    proc = kernel(tmp_path / "proc", f"none {home} cgroup2 rw 0 0\n", "0::/\n")
    monkeypatch.setattr(cgroups_module, "_write", lambda *_: None)

    with Cgroups(proc):
        assert not (home / f"{PREFIX}4194999").exists()


def test_a_case_is_measured_and_judged_and_no_cgroup_is_left(place: Cgroups) -> None:
    """On this machine, where that can be done; a busy one may make it late."""
    judgement = measure(within=20.0, tell=ignore, cases=[SHORT])

    assert left_behind(place.base.parent) == []
    for case in judgement.cases:
        assert case.split == "held out"
        assert case.measured >= 0.03


def test_ctrl_c_leaves_no_cgroup_and_no_process(place: Cgroups) -> None:
    """Pressed while tasks spin."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from sim.validation.live.measure import measure\n"
        "print('go', flush=True)\n"
        "measure(within=60.0, tell=lambda text: None)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    base = place.base.parent / f"{PREFIX}{process.pid}"
    try:
        assert process.stdout is not None and process.stdout.readline() == "go\n"
        wait_until(lambda: list(base.glob("g*")))
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=HANGS)
    finally:
        process.kill()

    assert "KeyboardInterrupt" in error
    assert not base.exists()


def test_what_does_not_fit_into_the_time_is_left_out_and_said(place: Cgroups) -> None:
    """Nothing is begun that would take longer than is left."""
    del place
    said: list[str] = []
    judgement = measure(within=0.0, tell=said.append)

    assert judgement.cases == ()
    assert len([text for text in said if "left out" in text]) == len(CASES)


def test_all_cases_together_take_less_than_half_a_minute() -> None:
    """By the model itself, three runs each and the time to get ready."""
    from sim.validation.cases.linux import finishes

    seconds = sum(3 * (max(finishes(c.cpus, c.cgroups, c.tasks)) + 0.3) for c in CASES)

    assert 5.0 < seconds < 45.0


def test_a_task_spins_for_as_much_cpu_time_as_it_was_told(tmp_path: Path) -> None:
    """It writes its number, starts when it is told, and says when it was done."""
    procs = tmp_path / "cgroup.procs"
    cpu = str(min(os.sched_getaffinity(0)))
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", spinning.__file__, str(procs), cpu, "0.05"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    start = time.monotonic() + 0.1
    out, _ = process.communicate(f"{start}\n", timeout=HANGS)

    assert procs.read_text() == str(process.pid)
    assert float(out) - start >= 0.05
