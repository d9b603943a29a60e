"""Files that are whole or not there, whatever happens while they are written."""

import errno
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""How a file is opened that may be neither a link nor a pipe, where the system knows that."""

NO_FILE = (errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO)
"""What the system says of a link, a folder, or a pipe in its place."""

LEFT = 60.0
"""Seconds after which a draft is taken for one that was left: nothing takes as long to write."""

LARGEST_TEXT = 2**28
"""Bytes of a manifest or a summary, whose variants are 100,000 at most."""

_DRAFT = re.compile(r"\.(.+)\.[0-9]+\.writing")


def write_whole(path: Path, text: str) -> None:
    """Replace a file by that text, in one step."""
    with whole_file(path) as file:
        file.write(text.encode())


def unlinked(path: Path) -> BufferedReader:
    """A file to read that is itself there, and not a link to another.

    Raises:
        OSError: it is a link, or cannot be read.
    """
    return open(path, "rb", opener=lambda name, _: os.open(name, os.O_RDONLY | NO_LINK))


def write_new(path: Path, text: str) -> None:
    """Write a file that nobody has yet, in one step.

    Raises:
        FileExistsError: it is there.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))
    write_whole(path, text)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` in one step when the block has ended.

    A reader sees the old file or the new one; when the block fails, the old one stays. Where
    `path` is a link, the link is replaced, not what it leads to. A device that somebody named, such
    as /dev/stdout, is written to, and a pipe that somebody reads. What earlier writers of it left
    that were killed goes.
    """
    draft = draft_of(path)
    try:
        if _is_no_file(path):
            with open(path, "wb", opener=_to_a_reader) as device:
                yield device
            return
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        with suppress(OSError):  # a folder that may be written and not listed
            remove_drafts(path.parent, of=path.name)
    except OSError as error:
        if error.errno is None or error.filename not in (None, os.fspath(draft)):
            raise
        raise OSError(error.errno, os.strerror(error.errno), os.fspath(path)) from error
    finally:
        with suppress(OSError):  # what is wrong was said
            draft.unlink(missing_ok=True)


def draft_of(path: Path) -> Path:
    """A name for what will take the place of `path`.

    It is nobody else's: processes of two containers have the same number often.
    """
    return path.with_name(f".{path.name}.{int.from_bytes(os.urandom(6), 'big')}.writing")


def _is_no_file(path: Path) -> bool:
    """Whether it is a device or a pipe, which stays what it is."""
    if path.is_relative_to("/dev") and not path.is_relative_to("/dev/shm"):
        return True
    with suppress(OSError):
        mode = path.lstat().st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)
    return False


def _to_a_reader(name: str, flags: int) -> int:
    """Open it, unless it is a pipe that nobody reads: that would wait for ever."""
    try:
        opened = os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(error.errno, "nobody reads from this pipe", name) from None
        raise
    os.set_blocking(opened, True)
    return opened


def text_of(file: BinaryIO) -> bytes:
    """What is in a file of text, unless it has more than any run writes.

    Raises:
        ValueError: it has.
    """
    text = file.read(LARGEST_TEXT + 1)
    if len(text) > LARGEST_TEXT:
        raise ValueError(f"more than {LARGEST_TEXT // 2**20} MiB")
    return text


def in_words(error: Exception) -> str:
    """What is wrong, without the number that the operating system gives it."""
    if isinstance(error, UnicodeError):
        return "it is no text in UTF-8"
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def remove_drafts(folder: Path, of: str | None = None, *, alone: bool = False) -> None:
    """Remove what writers left that were killed.

    Args:
        of: name of the only file whose drafts go; None: of any.
        alone: nobody else writes there now, so none has to be old.
    """
    for path in folder.iterdir():
        draft = _DRAFT.fullmatch(path.name)
        with suppress(OSError):
            if draft is not None and of in (None, draft[1]) and (alone or is_left(path)):
                path.unlink()


def is_left(draft: Path) -> bool:
    """Whether it is nobody's: that old, or from that far ahead, as a clock may be set back."""
    return abs(time.time() - draft.lstat().st_mtime) >= LEFT
