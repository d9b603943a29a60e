"""The heap that a JVM is given, from the flags it is started with."""

import re
from collections.abc import Iterable
from contextlib import suppress

from sim.files.quantities import compose_bytes

_FLAG = re.compile(r"-Xmx(\d+[kKmMgGtT]?)(?![\w.])|-XX:MaxHeapSize=(\d+[kKmMgGtT]?)(?![\w.])")
_SIZE = re.compile(r"\d+[kKmMgGtT]")
HEAP_VARIABLES = ("MAX_HEAP_SIZE", "HEAP_SIZE", "JVM_HEAP", "JAVA_HEAP_MAX")
"""Environment variables whose whole value is a heap."""


def heap_of(values: Iterable[tuple[str, str]]) -> float | None:
    """Bytes of the largest heap; the last flag counts, as in the JVM.

    Args:
        values: names and values of the environment, and the command under an empty name. Nothing
            of them is kept.
    """
    found = None
    for name, value in values:
        told = [match[1] or match[2] for match in _FLAG.finditer(value)]
        if name.upper() in HEAP_VARIABLES and _SIZE.fullmatch(value.strip()):
            told.append(value)
        for size in told:
            with suppress(ValueError):  # no JVM would start with it
                found = compose_bytes(size)
    return found if found else None
