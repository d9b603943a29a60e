"""Settings of all tests; helpers stand in `worlds.py` beside this file."""

import gc
import os
import shutil
import signal
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, settings

import sim.cli.app

LONG = ("test_notebooks.py",)
"""Files with a process of their own, which is begun once if one process has all their tests."""

NEEDED = 2 * 2**30
"""Bytes that are free where tests keep their files in memory."""

settings.register_profile(
    "floors",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("floors")

os.environ["LOKY_MAX_CPU_COUNT"] = "1"
# Runs stay in the process of their test unless it asks for workers: the other core has other tests.
os.environ["BERTHSIM_INSTANCES"] = (
    os.devnull
)  # instance types of whoever runs the tests are none of theirs
os.environ.pop(
    "COLUMNS", None
)  # what runs the tests in parallel says 80; an answer is as wide as it is

verbs = sim.cli.app
verbs.made = cache(verbs.made)
# A process of tests types a thousand commands; each verb has its options made once.


@pytest.fixture
def dotless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the dots: a picture is drawn as SVG; of its PNG there is the beginning."""
    from matplotlib.figure import Figure

    draw = Figure.savefig

    def drawn(figure: Figure, file: BinaryIO, **how: Any) -> None:
        if how["format"] == "png":
            file.write(b"\x89PNG\r\n\x1a\n")
        else:
            draw(figure, file, **how)

    monkeypatch.setattr(Figure, "savefig", drawn)


def pytest_configure() -> None:
    """Files that nobody keeps need no disk: each of a thousand would wait until it is written."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_runtest_setup() -> None:
    """Ctrl-C is as Python has it: a verb that has ended in this process leaves it as an exit."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one process makes for all, and what is long, comes first: nobody waits for it later.

    Each process begins with its own part of the tests; the one whose part this is has it made
    before the other takes some of it over.
    """
    items.sort(key=lambda item: ("shipped" not in fixtures(item), item.path.name not in LONG))


def fixtures(item: pytest.Item) -> list[str]:
    """Names of what a test is given."""
    return getattr(item, "fixturenames", [])


def pytest_collection_finish() -> None:
    """What is imported stays: the garbage collector need not look at it a thousand times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
