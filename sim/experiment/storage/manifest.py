"""The manifest of a run: who, what, where and when."""

import hashlib
import json
import platform
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic_core import to_json

from sim.core.fitted import FittedFigure, stand_ins
from sim.core.names import FOLDER_NAME, RULES
from sim.experiment.running.own_code import code_digest
from sim.experiment.storage.variants import canonical, shortened, whole
from sim.experiment.storage.whole_file import NO_FILE, in_words, text_of, unlinked, write_whole
from sim.version import VERSION

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

    Its id is of scenario, seed, catalogue, version and what was fitted only; `code` is of all that
    decides what a run gives.

    Args:
        own: fingerprint of the user's own code in the scenario.
    """
    fitted = {key: _of(figure) for key, figure in sorted(stand_ins().by_key.items())}
    digest = hashlib.sha256()
    for part in canonical(described):
        digest.update(part.encode())
    asked = ["", str(seed), catalogue, VERSION, *([json.dumps(fitted)] if fitted else ())]
    digest.update("\n".join(asked).encode())
    return {
        **({"fitted": fitted} if fitted else {}),
        "scenario": name,
        "run_id": digest.hexdigest()[:10],
        "seed": seed,
        "catalogue": catalogue,
        "version": VERSION,
        "code": f"{code_digest()}-{own}" if own else code_digest(),
        "python": platform.python_version(),
        "host": platform.node(),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _of(figure: FittedFigure) -> dict[str, Any]:
    """A figure that stands in for the catalogue's, in base units."""
    names = ("value", "low", "high", "n", "source", "as_of", "was")
    return {name: getattr(figure, name) for name in names}


def write_manifest(folder: Path, data: Manifest, described: Mapping[str, Any]) -> None:
    """Write the manifest in one step, whatever happens meanwhile."""
    whole_data = {**data, "description": shortened(described)}
    json.dumps(whole_data, allow_nan=False)  # refuses what is no number; quick without an indent
    write_whole(folder / FILE, to_json(whole_data, indent=2).decode() + "\n")


def read_manifest(folder: Path) -> tuple[Manifest, dict[str, Any]]:
    """Manifest and description of the scenario.

    Raises:
        ValueError: it is damaged.
    """
    path = folder / FILE
    try:
        with unlinked(path) as file:
            data = json.loads(text_of(file).decode())
        described = data.pop("description")
        _check(data, described)
        described = whole(described)
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno not in NO_FILE:
            raise
        reason = f"no {error}" if isinstance(error, KeyError) else in_words(error)[:200]
        raise ValueError(
            f"{path}: it is damaged ({reason}); remove the folder, and run again"
        ) from error
    return data, described


def _check(data: Manifest, described: object) -> None:
    """Raise ValueError or KeyError where a field is not what is written there."""
    _is("description", described, dict)
    for field in ("scenario", "run_id", "code", "catalogue", "version"):
        _is(field, data[field], str)
    _is("seed", data["seed"], int)
    for point in data.get("points", {}).values():
        _is("points", point, dict)
    check_name("scenario", data["scenario"])
    check_name("run_id", data["run_id"])
    if "replications" in data:
        _is("replications", data["replications"], int)
    if "stored" in data:
        check_name("summary", data["stored"]["summary"])
        for number in data["stored"]["parts"]:
            _is("stored", number, int)


def _is(field: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ValueError(f"{field}: {str(value)[:40]!r} is not allowed")


def check_name(field: str, name: str) -> str:
    """A name that can be a folder in the results.

    Raises:
        ValueError: it cannot.
    """
    if not isinstance(name, str) or not re.fullmatch(FOLDER_NAME, name):
        raise ValueError(f"{field}: {str(name)[:80]!r} is not allowed; {RULES[FOLDER_NAME]}")
    return name
