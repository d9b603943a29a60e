"""Where text comes from: files, folders, standard input; within bounds."""

import io
import stat
import sys
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from sim.core.names import shown
from sim.core.question import BadInput

LARGEST = 16 * 2**20
"""Bytes of one file."""
MOST_FILES = 1000
"""Files of one folder."""
STANDARD_INPUT = "-"
YAML = (".yaml", ".yml")


class SourceText(NamedTuple):
    """A text with a name."""

    name: str
    text: str
    folder: Path
    """What paths in it are relative to."""
    path: Path | None = None
    """None: standard input."""
    named: bool = True
    """Whether it was named itself, and not found in a folder."""

    def lines(self) -> Iterator[str]:
        """Its lines with their ends, one by one: there may be as many as it has characters."""
        return io.StringIO(self.text, newline=None)


def sources(paths: Iterable[str | Path]) -> Iterator[SourceText]:
    """The texts of files, of all YAML files of a folder, of standard input (`-`).

    Raises:
        BadInput: one cannot be read.
    """
    for path in map(Path, paths):
        if str(path) == STANDARD_INPUT:
            yield SourceText("standard input", decoded("standard input", typed_bytes()), Path())
        elif path.is_dir():
            yield from (source(each)._replace(named=False) for each in _in(path))
        else:
            yield source(path)


def path_of(path: object) -> Path:
    """A path that is one.

    Raises:
        BadInput: it is something else.
    """
    if not isinstance(path, str | PathLike):
        raise BadInput(f"file: {shown(path)} is not allowed; a path")
    return Path(path)


def source(path: Path) -> SourceText:
    """The text of one file.

    Raises:
        BadInput: there is none, it is no file, it is too large or no text.
    """
    if path.suffix == ".tf" and path.is_file():
        raise BadInput(f"{path}: {_TERRAFORM}")
    return SourceText(str(path), decoded(str(path), bytes_of(path)), path.parent, path)


def bytes_of(path: Path) -> bytes:
    """What is in one file.

    Raises:
        BadInput: there is none, it is no file, or it is too large.
    """
    try:
        mode = path.stat()
        if not stat.S_ISREG(mode.st_mode):
            kind = "folder" if stat.S_ISDIR(mode.st_mode) else "device or pipe"
            raise BadInput(f"{path}: it is a {kind}; a file is needed, or - for standard input")
        if mode.st_size > LARGEST:
            raise _too_large(str(path))
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in a name
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def typed_bytes() -> bytes:
    """What is on standard input, within the bound.

    Raises:
        BadInput: there is none.
    """
    if sys.stdin is None:
        raise BadInput("standard input: there is none")
    data: bytes = sys.stdin.buffer.read(LARGEST + 1)
    return data


def _in(folder: Path) -> list[Path]:
    """The files of a folder that are read: the compose file and its override, or every manifest."""
    files = sorted(path for path in folder.iterdir() if path.suffix in YAML and path.is_file())
    by_name = {path.name: path for path in files}
    for stem in ("compose", "docker-compose"):
        one = [by_name[stem + end] for end in YAML if stem + end in by_name][:1]
        more = [by_name[f"{stem}.override{e}"] for e in YAML if f"{stem}.override{e}" in by_name]
        if one:
            return one + more[:1]
    for name, command in RENDERED.items():
        if (folder / name).is_file():
            raise BadInput(f"{folder / name}: {command.format(folder=folder)}")
    if not files and any(folder.glob("*.tf")):
        raise BadInput(f"{folder}: {_TERRAFORM}")
    if not files:
        raise BadInput(f"{folder}: no *.yaml or *.yml is in this folder")
    if len(files) > MOST_FILES:
        raise BadInput(f"{folder}: {len(files)} files; at most {MOST_FILES}")
    return files


RENDERED = {
    "Chart.yaml": "a chart has no sizes yet; render it first: helm template {folder} | sim read -",
    "kustomization.yaml": "render it first: kubectl kustomize {folder} | sim read -",
    "kustomization.yml": "render it first: kubectl kustomize {folder} | sim read -",
}
"""Files that stand for others, and the command that writes those."""
_TERRAFORM = (
    "Terraform's sources do not say all values; plan them first: terraform plan -out=tfplan && "
    "terraform show -json tfplan | sim read -"
)


def _too_large(name: str) -> BadInput:
    return BadInput(f"{name}: it is larger than {LARGEST // 2**20} MiB, the most that is read")


def decoded(name: str, data: bytes, otherwise: str = "") -> str:
    """Bytes as text.

    Args:
        otherwise: an encoding to try where it is not UTF-8; empty: none.

    Raises:
        BadInput: it is too large, or no text.
    """
    if len(data) > LARGEST:
        raise _too_large(name)
    encoding = next((code for mark, code in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if otherwise:
            return decoded(name, data.decode(otherwise, "replace").encode())
        raise BadInput(f"{name}: it is not text (byte {error.start} is not {encoding})") from None
    if "\0" in text:
        raise BadInput(f"{name}: it is not text (it has null bytes)")
    return text


_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""What an editor on Windows writes first."""
