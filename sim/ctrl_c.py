"""Ctrl-C that does not come through: it is noted, so that who was not told of it can ask."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


class CtrlC:
    """Whether it has come, whatever became of it."""

    came = False


@contextmanager
def noted() -> Iterator[CtrlC]:
    """Note Ctrl-C, and let whoever handled it before handle it.

    Python swallows one that comes while an object of somebody's is taken apart, and a library in C
    can make an error of its own of it: an error that comes after one is taken for it.

    Raises:
        KeyboardInterrupt: there was an error of another kind, after Ctrl-C.
    """
    heard, before = CtrlC(), signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        heard.came = True
        if callable(before):
            before(number, frame)

    ours = callable(before) and current_thread() is main_thread()
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield heard
    except Exception as error:
        if heard.came:
            raise KeyboardInterrupt from error
        raise
    finally:
        if ours and signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, before)
