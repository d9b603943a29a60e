"""Progress on standard error: a bar for who looks on, whole lines in a file."""

import io
import os
import sys
import termios
from types import ModuleType, SimpleNamespace

import pytest

from sim.experiment.running import progress as module
from sim.experiment.running.progress import progress, waiting_since


def test_a_file_gets_whole_lines_and_no_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says how far it is of how much, if that is known."""
    monkeypatch.setattr(module, "EVERY", 0.0)
    clock = iter((0.0, 1.0, 100.0, 200.0))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with progress("simulating", "run", done=2) as told:
        told.update()
        told.total = 2002
        told.update(999)
        told.update(1000)
    said = capsys.readouterr().err

    assert "\r" not in said
    assert said == (
        "simulating: 3 runs in 1 s\n"
        "simulating: 1,002 of 2,002 runs in 100 s, about 100 s left\n"
        "simulating: 2,002 of 2,002 runs in 200 s\n"
    )


def test_a_bar_does_not_take_the_last_runs_for_the_next_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Variants take turns: many short runs come after a few long ones, and these come again."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress("simulating", "run", total=400) as told:
        told._time = lambda: told.start_t + 100.0  # type: ignore[attr-defined]
        told.mininterval = 0.0  # type: ignore[attr-defined]
        told.update(100)
        told.refresh()  # type: ignore[attr-defined]
        shown = str(told)

    assert "100/400 [01:40<05:0" in shown


@pytest.mark.parametrize(("module", "bar"), [("ipykernel", False), ("ipykernel.kernelapp", True)])
def test_a_notebook_has_a_bar(module: str, bar: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that starts kernels, and is none itself, has no place to draw one."""
    monkeypatch.setitem(sys.modules, module, ModuleType(module))
    with progress("simulating", "run", total=4) as told:
        assert hasattr(told, "refresh") == bar


def test_what_is_soon_done_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A line every ten seconds."""
    with progress("simulating", "run") as told:
        for _ in range(1000):
            told.update()

    assert capsys.readouterr().err == ""


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn in place."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress("simulating", "run", total=4) as told:
        assert hasattr(told, "refresh")


@pytest.mark.parametrize(("columns", "shown"), [(0, 80), (100, 99)])
def test_a_terminal_without_a_size_has_a_bar_of_80_columns(
    columns: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's terminal often says that it is 0 wide; a bar is then drawn all the same."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    with open(master, "rb"), open(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress("simulating", "run", total=4) as told:
            assert told.ncols == shown  # type: ignore[attr-defined]


@pytest.mark.parametrize(("waited", "seen"), [(0.0, False), (2.0, True)])
def test_who_has_waited_for_a_second_sees_the_next_bar_at_once(
    waited: float, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files were read, and modules, before there was anything to tell."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 100.0))
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    with (
        waiting_since(100.0 - waited),
        progress("simulating", "run", total=390),
    ):
        shown = screen.getvalue()

    assert ("0/390" in shown) == seen


def test_a_reader_who_has_gone_stops_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next line (`sim run 2>&1 >answer | head -1`)."""
    reads, writes = os.pipe()
    os.close(reads)
    monkeypatch.setattr(module, "EVERY", 0.0)
    monkeypatch.delitem(sys.modules, "tqdm", raising=False)
    stream = os.fdopen(writes, "w")
    monkeypatch.setattr(sys, "stderr", stream)
    with progress("simulating", "run") as told:
        told.update()
    module.say("so much will be written")

    with pytest.raises(BrokenPipeError):
        stream.close()
    assert stream.closed
