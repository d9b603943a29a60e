"""Where a test has to look at a clock: bounds for what hangs, and none for what is only slow.

A machine may be five times slower than ours, busy, or faster: a test waits for an event, and a
bound is there so that what would never come, or only after minutes, ends in a failure.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HANGS = 120.0
"""Seconds after which what somebody waits for is taken never to come."""

SOON = 10.0
"""Seconds of CPU within which something has ended that takes half a second at most where it has a
bound, and minutes or for ever where it has none."""


def wait_until(there: Callable[[], object]) -> None:
    """Wait for something that another process or thread does."""
    until = time.monotonic() + HANGS
    while not there():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.005)


@contextmanager
def soon(what: object = "") -> Iterator[None]:
    """Within bounded CPU time of this process: others on its machine do not count."""
    before = time.process_time()
    yield
    assert time.process_time() - before < SOON, what
