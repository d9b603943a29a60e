"""Replications of a scenario, and comparisons of several under common random numbers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from sim.core.description import as_json
from sim.core.mistakes import a_path
from sim.core.names import shown
from sim.experiment.results import Results, as_csv, gather
from sim.experiment.running.engine import Engine
from sim.experiment.running.own_code import own_code
from sim.experiment.running.progress import Progress, progress, say
from sim.experiment.running.run import Runnable
from sim.experiment.running.stopping import Number, RelativeHalfWidth, Sequential, Target
from sim.experiment.running.workers import WHERE, Workers
from sim.experiment.storage.manifest import check_name, new_manifest
from sim.experiment.storage.part_files import Damaged
from sim.experiment.storage.run_folder import InMemory, RunFolder
from sim.experiment.storage.variants import shared
from sim.experiment.storage.whole_file import in_words

if TYPE_CHECKING:
    import pandas as pd


MOST_TIMES = 1_000_000_000
"""Replications: more are a slip."""
LARGEST_SEED = 2**128
"""As people draw them."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; the message says what is kept and how to go on."""


class Effort(TypedDict, total=False):
    """How much is run, and where; the same for one scenario, a comparison and a sweep.

    Attributes:
        times: replications of each variant, at least 1 (30).
        until: instead: as many as an interval needs to become narrow.
        seed: non-negative (1); the same seed gives the same tables.
        name: of the comparison; that of the first scenario unless given.
        catalogue: fingerprint of the numbers the scenarios were made from.
        jobs: processes of this machine; None: this one as long as that is quicker, else one for
            each core.
        cluster: `local`, or the address of a Dask scheduler.
        out: folder of the results; runs that are there already are not made again. None: that of
            `using` around the call, or else the results are in memory only.
    """

    times: int
    until: RelativeHalfWidth | None
    seed: int
    name: str | None
    catalogue: str
    jobs: int | None
    cluster: str | None
    out: str | os.PathLike[str] | None


def replicate(scenario: Runnable, **effort: Unpack[Effort]) -> Results:
    """Run a scenario several times, each with random numbers of its own.

    Raises:
        ValueError: `times` or `seed` is out of range.
    """
    if not _runs(scenario):
        raise ValueError(f"scenario: {shown(scenario)} is not allowed; a Scenario")
    return compare({scenario.name: scenario}, **effort)


def compare(
    scenarios: Mapping[str, Runnable],
    *,
    times: int = 30,
    until: RelativeHalfWidth | None = None,
    seed: int = 1,
    name: str | None = None,
    catalogue: str = "",
    jobs: int | None = None,
    cluster: str | None = None,
    out: str | os.PathLike[str] | None = None,
    points: Mapping[str, Mapping[str, Any]] | None = None,
    summary: Callable[[Results], pd.DataFrame] | None = None,
) -> Results:
    """Run several scenarios on the same random numbers; task k is the same task in each.

    Args:
        scenarios: by variant; a `Scenario`, or any description that can be run (`Runnable`).
        times, until, seed, name, catalogue, jobs, cluster, out: see `Effort`.
        points: parameters of each variant, where the variants are points of a sweep.
        summary: makes the answer as a table; None: phases of typical starts, or a row a point.

    Raises:
        ValueError: `times`, `seed` or `jobs` is out of range.
        OSError: the folder or the cluster cannot be used, or the disk is full.
        Interrupted: Ctrl-C; what is finished is kept in `out`.
    """
    _check(scenarios, times, seed)
    named = check_name("name", name or next(iter(scenarios.values())).name)
    with progress("preparing", "variant", total=len(scenarios)) as told:
        described = shared(_described(scenarios, told))
    out = WHERE.get().out if out is None else out
    home = None if out is None else a_path("out", out)
    own = own_code(scenarios.values())
    if own.unknown and out is not None:
        say(
            f"out: {', '.join(own.unknown)}: its source cannot be read, so nobody knows whether it "
            f"has changed; earlier runs are not used again"
        )
    manifest = new_manifest(named, described, seed=seed, catalogue=catalogue, own=own.digest)
    manifest |= {"points": points} if points else {}
    target: Target = Sequential(until, list(scenarios)) if until else Number(times)
    with ExitStack() as stack:
        workers = stack.enter_context(Workers(jobs, cluster))  # first: it may refuse
        folder = None if home is None else RunFolder(home / named, manifest, described)
        store = InMemory() if folder is None else stack.enter_context(folder)
        engine = Engine(
            scenarios, seed=seed, target=target, store=store, workers=workers, own=own.modules
        )
        if folder is not None:
            folder.wanted = lambda: engine.wanted
        with _kept(folder, engine):
            engine.run()
            manifest |= {"replications": target.needed, **target.report(), "complete": True}
            results = gather(store.tables(described, target.needed), described, manifest, summary)
            if folder is not None:
                folder.finish(as_csv(results.summary))
                results.folder = folder.folder
    return results


def _described(
    scenarios: Mapping[str, Runnable], told: Progress
) -> Iterator[tuple[str, dict[str, Any]]]:
    for variant, scenario in scenarios.items():
        yield variant, json.loads(as_json(scenario))
        told.update()


def _check(scenarios: Mapping[str, Runnable], times: object, seed: object) -> None:
    _check_number("replications", times, 1, MOST_TIMES)
    _check_number("seed", seed, 0, LARGEST_SEED)
    if not isinstance(scenarios, Mapping):
        raise ValueError(
            f"scenarios: {shown(scenarios)} is not allowed; a mapping of names to them"
        )
    if not scenarios:
        raise ValueError("scenarios: at least one is needed")
    for name, scenario in scenarios.items():
        if not _runs(scenario):
            raise ValueError(f"scenarios: {name}: {shown(scenario)} is not allowed; a Scenario")


def _check_number(field: str, value: object, low: int, most: int) -> None:
    if not isinstance(value, Integral) or int(value) < low:
        raise ValueError(f"{field}: {shown(value)} is not allowed; an integer of at least {low}")
    if int(value) > most:
        raise ValueError(f"{field}: {shown(value)} is not allowed; at most {most:,}")


def _runs(scenario: object) -> bool:
    return not isinstance(scenario, type) and callable(getattr(scenario, "run", None))


@contextmanager
def _kept(folder: RunFolder | None, engine: Engine) -> Iterator[None]:
    """Say what is kept and how to go on, whatever ends the runs early."""
    try:
        yield
    except KeyboardInterrupt:
        if folder is None:
            raise
        folder.flush()
        raise Interrupted(
            f"stopped; {_what_is_kept(folder, engine)}, and the same command goes on from there"
        ) from None
    except Damaged:
        if folder is not None:
            folder.parts.check_ours()
        raise
    except OSError as error:
        if folder is None:
            raise
        raise type(error)(
            f"{in_words(error)}; {_what_is_kept(folder, engine)}, and once this is put right, the "
            f"same command goes on from there"
        ) from error


def _what_is_kept(folder: RunFolder, engine: Engine) -> str:
    folder.parts.check_ours()
    return f"{folder.kept} of {engine.wanted} runs are kept in {folder.folder}"
