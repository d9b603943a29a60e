"""`sim run`: a scenario from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import explained
from sim.cli.effort import ClusterAddress, Jobs, Replications, effort, how_many, made
from sim.cli.options import BadInput, Inputs
from sim.cli.screen import as_json, note, number, say, table, wrote

if TYPE_CHECKING:
    from sim.experiment.replication import Effort

NAME = "run"


def command(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO.yaml", help="See `sim schema`.")],
    *,
    replications: Replications = None,
    seed: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    jobs: Jobs = None,
    cluster: ClusterAddress = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="List the numbers that moved it.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Run a scenario file; runs that are there already are not made again."""
    inputs = Inputs()
    asked = effort(inputs, replications=replications, seed=seed, jobs=jobs, cluster=cluster)
    loaded = read(file, inputs)
    inputs.folder("out", out)
    inputs.check()
    from sim.experiment import replicate

    same = of_file(loaded, asked, out)
    results = made(lambda: replicate(loaded.scenario, **same))
    moved = _explained(loaded.scenario, results, jobs=same.get("jobs")) if explain else None
    if json:
        as_json([{**row, **_numbers(row, moved)} for row in results.json()])
        note(f"wrote {results.folder}")
    else:
        show(results)
        if moved is not None:
            explained.show(moved)
        wrote(results.folder)
    return ended(results)


def _explained(scenario: Any, results: Any, *, jobs: int | None) -> Any:
    from sim.studies.influence import explain_starts

    told = results.manifest
    return explain_starts(
        {scenario.name: scenario},
        seed=told["seed"],
        replications=told["replications"],
        jobs=jobs,
    )


def _numbers(row: dict[str, Any], moved: Any) -> dict[str, Any]:
    """What moved the whole of a start, for its row `total`."""
    if moved is None or row["phase"] != "total":
        return {}
    return {"explain": [number for answer in moved for number in answer.json()]}


def read(file: Path, inputs: Inputs) -> Any:
    """The scenario in a file; its mistakes are told with those of the command line.

    Raises:
        BadInput: the file is wrong.
    """
    from sim.scenario_file import BadFile, load_scenario

    try:
        return load_scenario(file)
    except BadFile as error:
        inputs.mistakes.append(str(error))
        raise BadInput("\n".join(inputs.mistakes)) from error


def of_file(loaded: Any, asked: "Effort", out: Path) -> "Effort":
    """What the file says, unless the command line says otherwise."""
    from sim import catalog

    same: Effort = {"times": loaded.file.replications, "seed": loaded.file.seed, "out": out}
    return {**same, "catalogue": catalog.digest(), **asked}


def ended(results: Any) -> int:
    """The exit code, 3 where no start became ready; a remark where starts were cut off."""
    counts = results.runs[["ready", "censored"]].sum()
    if counts["censored"]:
        note(f"{counts['censored']} starts were still open at `until`: raise it to see them ready")
    return 0 if counts["ready"] else 3


def show(results: Any) -> None:
    """The answer in a sentence, the summary, and why starts were refused."""
    say(results.sentence())
    if how_many(results):
        say(how_many(results))
    columns = [c for c in ("p50_s", "p95_s") if c in results.summary]
    if len(results.summary):
        table(
            ["variant", "phase", *(c[:3] for c in columns), "n"],
            [
                [r["variant"], r["phase"], *(f"{number(r[c])} s" for c in columns), r["n"]]
                for r in results.summary.to_dict("records")
            ],
            title="mean phases of the starts around p50 and p95; they sum to that start's total",
            right="llrrr",
        )
    for reasons in results.runs.loc[results.runs["reasons"] != "", "reasons"].unique()[:3]:
        say(f"  not started, per run: {reasons}")
