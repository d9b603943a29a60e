"""`sim run`: a scenario from a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.inputs import BadInput, Inputs
from sim.cli.screen import as_json, note, say, table, wrote

NAME = "run"


def command(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO.yaml", help="See `sim schema`.")],
    seed: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    replications: Annotated[str | None, typer.Option(help="Instead of the file's.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> int:
    """Run a scenario file."""
    from sim import catalog
    from sim.experiment import replicate
    from sim.files import BadFile, load_scenario

    inputs = Inputs()
    given_seed = None if seed is None else inputs.integer("seed", seed, 0)
    times = None if replications is None else inputs.integer("replications", replications, 1)
    try:
        loaded = load_scenario(file)
    except BadFile as error:
        inputs.mistakes.append(str(error))
        raise BadInput("\n".join(inputs.mistakes)) from error
    inputs.folder("out", out)
    inputs.check()
    results = replicate(
        loaded.scenario,
        times=loaded.file.replications if times is None else times,
        seed=loaded.file.seed if given_seed is None else given_seed,
        catalogue=catalog.digest(),
    )
    folder = results.save(out)
    if json:
        as_json(results.json())
        note(f"wrote {folder}")
    else:
        show(results)
        wrote(folder)
    counts = results.runs[["ready", "censored"]].sum()
    if counts["censored"]:
        note(f"{counts['censored']} starts were still open at `until`: raise it to see them ready")
    return 0 if counts.sum() else 3


def show(results: Any) -> None:
    """The answer in a sentence, the summary, and why starts were refused."""
    say(results.sentence())
    columns = [c for c in ("p50_s", "p95_s") if c in results.summary]
    if len(results.summary):
        table(
            ["variant", "phase", *(c[:3] for c in columns), "n"],
            [
                [r["variant"], r["phase"], *(f"{r[c]:.3f} s" for c in columns), r["n"]]
                for r in results.summary.to_dict("records")
            ],
            title="mean phases of the starts around p50 and p95; they sum to that start's total",
            right="llrrr",
        )
    for reasons in results.runs.loc[results.runs["reasons"] != "", "reasons"].unique()[:3]:
        say(f"  not started, per run: {reasons}")
