"""A file system that says no, at a given operation on files."""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

OPERATIONS: list[tuple[Any, str]] = [
    *((Path, name) for name in ("replace", "unlink", "mkdir", "open", "rename", "symlink_to")),
    *((Path, name) for name in ("read_text", "read_bytes", "lstat", "stat")),
    *((os, name) for name in ("fsync", "open", "fstat")),
]


@contextmanager
def failing(folder: Path, at: int, *, for_good: bool) -> Iterator[Callable[[], int]]:
    """Within the block the n-th operation on files of a folder fails; how many there were.

    Args:
        for_good: all that come after it fail, too, as on what is mounted read-only.
    """
    number, done = itertools.count(), [0]
    code = errno.EROFS if for_good else errno.EIO

    def guarded(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def operation(*args: Any, **rest: Any) -> Any:
            where = None if isinstance(args[0], int) else str(args[0])
            if where is None or where.startswith(str(folder)):
                here = done[0] = next(number)
                if here == at or (for_good and here > at):
                    raise OSError(code, os.strerror(code), where)
            return real(*args, **rest)

        operation.__name__ = name
        return operation

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in OPERATIONS:
            patch.setattr(owner, name, guarded(getattr(owner, name), name))
        yield lambda: done[0]
