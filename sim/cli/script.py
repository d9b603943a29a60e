"""What scenario scripts share: a few options, and an answer in three parts."""

import argparse
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.interrupt import all_is_read, end, hurry, hurry_at_the_end, is_one, words
from sim.cli.readable import readable
from sim.cli.screen import note, say, table, wrote
from sim.cli.streams import all_is_said, make_ready, reader_may_go
from sim.ctrl_c import noted
from sim.experiment.running.workers import NoSuchWorkers, using
from sim.experiment.storage.whole_file import in_words
from sim.studies.kinds import MOST, MOST_DIGITS, at_least

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sim.experiment import Results


def script(
    *, replications: int = 30, seed: int = 1
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Give a scenario's `main(replications, seed, out)` its command line.

    Runs are made where `--jobs` and `--cluster` say, and kept in `out` as they finish.

    Args:
        replications: by default.
        seed: by default.
    """

    def decorate(main: Callable[..., None]) -> Callable[[], None]:
        def run(arguments: Sequence[str] | None = None) -> None:
            try:
                make_ready()
                options = vars(_parser(main, replications, seed).parse_args(arguments))
                where = using(options.pop("jobs"), options.pop("cluster"), options["out"])
                with noted(), reader_may_go(), where:
                    main(**options)
                if arguments is None:
                    hurry_at_the_end()
                    _end_unless_said()
            except (OSError, NoSuchWorkers) as error:
                note(f"error: {in_words(error)}")
                raise SystemExit(all_is_said(2)) from None
            except BaseException as error:
                if not is_one(error):
                    raise
                if arguments is None:
                    hurry()
                note(words(error))
                end()

        all_is_read()
        return run

    return decorate


def _end_unless_said() -> None:
    """Raise `SystemExit` where an answer went nowhere; a script may go on otherwise."""
    if code := all_is_said(0):
        raise SystemExit(code)


def _parser(main: Callable[..., None], replications: int, seed: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=inspect.getdoc(sys.modules[main.__module__]) or "",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--replications", type=_at_least(1), default=replications)
    parser.add_argument("--seed", type=_at_least(0), default=seed)
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--jobs", type=_at_least(1), help="processes of this machine")
    parser.add_argument("--cluster", help="a Dask scheduler: tcp://HOST:8786, or local")
    return parser


def answer(sentence: str, frame: "pd.DataFrame", *files: Path) -> None:
    """Print an answer: one sentence, the table, the files."""
    for line in sentence.split("\n"):
        say(line)
    heads, rows, sides = readable(frame)
    table(heads, rows, right=sides)
    if {"phase", "p95_s"} <= set(frame):
        say("Phases are the mean of the starts around p50 and p95; they add up to the total.")
    wrote(*files)


def picture(axes: "Axes", path: Path) -> Path:
    """Write the figure that `axes` belongs to, as PNG where `path` says, and as SVG beside it."""
    from sim.plots import save

    path.parent.mkdir(parents=True, exist_ok=True)
    save(axes, path, path.with_suffix(".svg"))
    return path


def pictures(results: "Results", folder: Path) -> list[Path]:
    """Write every figure that the tables of a run allow."""
    from sim.report.figures import drawn

    return [picture(axes, folder / f"{name}.png") for name, axes in drawn(results)]


def _at_least(low: int) -> Callable[[str], int]:
    def integer(text: str) -> int:
        try:
            return at_least(low, text, MOST if low else 10**MOST_DIGITS)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return integer
