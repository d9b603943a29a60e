"""What a verb said of its run, kept beside the tables for the page."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.experiment.storage.manifest import FILE
from sim.experiment.storage.whole_file import write_whole

ANSWER = "answer.json"
"""Where a verb keeps its sentence and the lines below its tables."""


def keep(folder: Path, sentence: str, lines: Sequence[str] = (), **more: Any) -> None:
    """Keep the answer of a run that has just been saved.

    Args:
        more: what else a reader of the file is promised.
    """
    said = {"sentence": sentence, "lines": list(lines), **more, "code": code_of(folder)}
    write_whole(folder / ANSWER, json.dumps(said, indent=2, ensure_ascii=False))


def code_of(folder: Path) -> str:
    """Fingerprint of the program that made the run: another one may answer otherwise."""
    return str(json.loads((folder / FILE).read_text(encoding="utf-8"))["code"])
