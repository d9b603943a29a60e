"""Settings of all tests; helpers stand in `worlds.py` beside this file."""

import gc
import os
from functools import cache

from hypothesis import HealthCheck, settings

import sim.cli.app

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


def pytest_collection_finish() -> None:
    """What is imported stays: the garbage collector need not look at it a thousand times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
