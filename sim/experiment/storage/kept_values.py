"""One number of each run, kept as the runs are made: a study of many short ones can go on."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.core.description import as_json
from sim.experiment.running.metric import Values
from sim.experiment.running.own_code import code_digest, own_code
from sim.experiment.running.run import Runnable, RunRow
from sim.experiment.storage.finished_runs import make_folder
from sim.experiment.storage.part_files import Damaged, to_read
from sim.experiment.storage.whole_file import write_whole
from sim.version import VERSION

if TYPE_CHECKING:
    from sim.experiment.running.batch import Bundle

SECONDS = 2.0
"""Work that is lost at most when a study is killed."""

SHARE = 0.05
"""Of the time that writing may take, where there are so many numbers that it takes long."""


class KeptValues(Values):
    """A metric of every scenario in every replication, in memory and in a file.

    The file is named for all that decides the numbers, so whatever has changed has another one. One
    that is damaged counts for nothing: its numbers are made again.

    Args:
        folder: where the file is, in a folder of the study's in one of the scenario's.
        times: replications of each scenario.

    Raises:
        OSError: one of these folders is a link, or cannot be made.
    """

    def __init__(
        self, folder: Path, scenarios: Sequence[Runnable], metric: str, *, times: int, seed: int
    ) -> None:
        super().__init__(len(scenarios), times, metric)
        for each in (*reversed(folder.parents[:2]), folder):
            make_folder(each)
        self.path = folder / f"{_id(scenarios, metric, times, seed)}.json"
        self._kept = _read(self.path)
        self._since, self._wait = time.monotonic(), SECONDS
        for (variant, run), value in self._kept.items():
            self.table[variant, run] = math.nan if value is None else value

    @property
    def made(self) -> int:
        """Numbers that are there."""
        return len(self._kept)

    def rows(self) -> Iterable[RunRow]:
        return [{"variant": str(variant), "run": run} for variant, run in self._kept]

    def add(self, bundle: Bundle) -> None:
        """Keep the numbers of a bundle; they are on disk a few seconds later."""
        super().add(bundle)
        for row in bundle.rows:
            place = int(row["variant"]), row["run"]
            value = float(self.table[place])
            self._kept[place] = None if math.isnan(value) else value
        if time.monotonic() - self._since > self._wait:
            self.flush()

    def flush(self) -> None:
        """Write what is in memory."""
        began = time.monotonic()
        write_whole(
            self.path, _sealed([[*place, self._kept[place]] for place in sorted(self._kept)])
        )
        self._since = time.monotonic()
        self._wait = max(SECONDS, (self._since - began) / SHARE)


def _id(scenarios: Sequence[Runnable], metric: str, times: int, seed: int) -> str:
    """Fingerprint of all that decides the numbers."""
    digest = hashlib.sha256()
    for part in (VERSION, code_digest(), own_code(scenarios).digest, metric, times, seed):
        digest.update(f"{part}\n".encode())
    for scenario in scenarios:
        digest.update(as_json(scenario).encode())
    return digest.hexdigest()[:16]


def _sealed(values: Sequence[Any]) -> str:
    text = json.dumps(values, separators=(",", ":"))
    return f'{{"digest":"{_digest(text)}","values":{text}}}\n'


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _read(path: Path) -> dict[tuple[int, int], float | None]:
    """The numbers by scenario and replication, if they are what was written."""
    try:
        with to_read(path) as file:
            text = file.read().decode()
        held: Mapping[str, Any] = json.loads(text)
        whole = text == _sealed(held["values"])
    except (Damaged, ValueError, LookupError, TypeError, RecursionError):
        return {}
    return {(variant, run): value for variant, run, value in held["values"]} if whole else {}
