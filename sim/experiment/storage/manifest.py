"""The manifest of a run: who, what, where and when; and files that are whole or not there."""

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from sim.experiment.running.batch import code_digest

Manifest: TypeAlias = dict[str, Any]

FILE = "manifest.json"


def new_manifest(
    name: str,
    described: Mapping[str, Any],
    *,
    seed: int,
    catalogue: str,
    own: str = "",
) -> Manifest:
    """The manifest of a run that begins now.

    Its id is of scenario, seed, catalogue and version only; `code` is of all that decides what a
    run gives.

    Args:
        own: fingerprint of the user's own code in the scenario.
    """
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":"))
    text = "\n".join([canonical, str(seed), catalogue, version("berthsim")])
    return {
        "scenario": name,
        "run_id": hashlib.sha256(text.encode()).hexdigest()[:10],
        "seed": seed,
        "catalogue": catalogue,
        "version": version("berthsim"),
        "code": f"{code_digest()}-{own}" if own else code_digest(),
        "python": platform.python_version(),
        "host": platform.node(),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def write_manifest(folder: Path, data: Manifest, described: Mapping[str, Any]) -> None:
    """Write the manifest in one step, whatever happens meanwhile."""
    text = json.dumps({**data, "description": described}, indent=2, allow_nan=False)
    write_whole(folder / FILE, text + "\n")


def read_manifest(folder: Path) -> tuple[Manifest, dict[str, Any]]:
    """Manifest and description of the scenario.

    Raises:
        ValueError: it is damaged.
    """
    path = folder / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return data, data.pop("description")
    except (ValueError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path}: it is damaged ({error}); remove the folder, run again"
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Replace a file by that text, in one step."""
    with whole_file(path) as file:
        file.write(text.encode())


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` in one step when the block has ended.

    A reader sees the old file or the new one; when the block fails, the old one stays.
    """
    draft = path.with_name(f".{path.name}.writing")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
