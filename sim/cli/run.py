"""`sim run`: a scenario from a file."""

from typing import Any

from sim.cli.script import pictures
from sim.cli import explained
from sim.cli.effort import Runs, ScenarioPath, effort, how_many, remark_on
from sim.cli.options import Plotted, WorkerOptions, refusals
from sim.cli.screen import as_json, lead, note, say, table, wrote, wrote_aside
from sim.core.description import description
from sim.core.quantity import shown_plain
from sim.experiment import Results, Scenario, replicate
from sim.studies.fail.told import told
from sim.studies.influence import Explained, explain_starts
from sim.studies.kinds import Explain


@description
class RunQuestion:
    """What comes of a scenario that stands in a file?"""

    file: ScenarioPath
    """See `sim schema`."""
    explain: Explain = False


def command(question: RunQuestion, runs: Runs, workers: WorkerOptions, to: Plotted) -> int:
    """Run it, and show or save what came of it."""
    scenario = question.file.scenario
    remark_on(question.file)
    with refusals():
        results = replicate(scenario, **effort(question.file, runs, workers, to.out))
    moved = _explained(scenario, results, jobs=workers.jobs) if question.explain else None
    folder = results.folder or to.out
    drawn = pictures(results, folder) if to.plot else ()
    if to.json:
        as_json([{**row, **_numbers(row, moved)} for row in results.json()])
        wrote_aside(folder, *drawn)
    else:
        show(results)
        if moved is not None:
            explained.show(moved)
        wrote(folder, *drawn)
    return ended(results)


def _explained(scenario: Scenario, results: Results, *, jobs: int | None) -> list[Explained]:
    told = results.manifest
    return explain_starts(
        {scenario.name: scenario},
        seed=told["seed"],
        replications=told["replications"],
        jobs=jobs,
        runs=results.runs,
    )


def _numbers(row: dict[str, Any], moved: list[Explained] | None) -> dict[str, Any]:
    """What moved the whole of a start, for its row `total`."""
    if moved is None or row["phase"] != "total":
        return {}
    return {"explain": [number for answer in moved for number in answer.json()]}


def ended(results: Results) -> int:
    """The exit code, 3 where no start became ready; a remark where starts were cut off."""
    counts = results.runs[["ready", "censored"]].sum()
    if counts["censored"]:
        note(f"{counts['censored']} starts were still open at `until`: raise it to see them ready")
    return 0 if counts["ready"] else 3


def show(results: Results) -> None:
    """The answer in a sentence, the summary, and why starts were refused."""
    lead(results.sentence())
    if how_many(results):
        say(how_many(results))
    columns = [c for c in ("p50_s", "p95_s") if c in results.summary]
    if len(results.summary):
        table(
            ["variant", "phase", *(c[:3] for c in columns), "n"],
            [
                [r["variant"], r["phase"], *(f"{shown_plain(r[c])} s" for c in columns), r["n"]]
                for r in results.summary.to_dict("records")
            ],
            title="mean phases of the starts around p50 and p95; they sum to that start's total",
            right="llrrr",
        )
    faults = told(results)
    for sentence in faults:
        say(sentence)
    for reasons in results.runs.loc[results.runs["reasons"] != "", "reasons"].unique()[:3]:
        say(f"  {'not started or ended' if faults else 'not started'}, per run: {reasons}")
