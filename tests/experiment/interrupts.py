"""Ctrl-C at a given line of writing."""

import itertools
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

WRITING = tuple(
    f"storage/{name}.py"
    for name in ("part_files", "run_folder", "finished_runs", "manifest", "whole_file")
)


def interrupted_at(line: int, act: Callable[[], object]) -> bool:
    """Do something, with Ctrl-C before the n-th line of writing; whether it came to that line."""
    left = itertools.count(line, -1)

    def each_line(frame: types.FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        if event == "line" and next(left) == 0:
            raise KeyboardInterrupt
        return each_line

    def each_call(frame: types.FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        return each_line if frame.f_code.co_filename.endswith(WRITING) else None

    before = sys.gettrace()
    sys.settrace(each_call)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return next(left) < 0


def lines(step: int, first: int | None = None) -> Iterator[int]:
    """Numbers of lines from some first one on; where they end, the caller finds out."""
    return itertools.count(random.Random(step).randrange(step) if first is None else first, step)
