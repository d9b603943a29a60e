"""Something dies on every platform, and each follows its own clocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from sim import catalog
from sim.core.cited import Cited
from sim.core.description import figures
from sim.core.question import asking
from sim.experiment import Burst, Results, Scenario, compare, replicate
from sim.experiment.statistics.estimate import Estimate, mean
from sim.platforms.deployment import RECOVERY
from sim.platforms.recovery.clocks import Recovery
from sim.platforms.recovery.recovering import DUE, ERRORS, LOST, PARTS
from sim.platforms.recovery.victims import NobodyThere
from sim.studies.fail.answer import FailAnswer, FailRow, table
from sim.studies.fail.question import FailQuestion
from sim.studies.fail.setup import FailSetup, setups
from sim.units import hours
from sim.workload import Fault, Service
from sim.workload.fault import PLANNED

if TYPE_CHECKING:
    import pandas as pd

AT, UNTIL = 1 * hours, 4 * hours
"""Seconds after which all has come to rest and the fault happens, and after which all is over."""

SOONER = 30.0
"""Seconds of tolerationSeconds that are tried as advice."""


def answer(question: FailQuestion, name: str = "fail") -> FailAnswer:
    """Let it happen on each platform, as often as there are replications.

    Args:
        name: of the verb that asks, below which its results are kept.

    Raises:
        TooFewHosts: so many hosts were asked for, and do not hold the tasks.
    """
    service = catalog.service(question.app, cpu=question.cpu, memory=question.memory)
    good, unfit = setups(question, service)
    if not good:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unfit.items())
        raise ValueError(f"platform: none holds the tasks; {reasons}")
    rows: list[FailRow] = []

    def summary(results: Results) -> pd.DataFrame:
        rows.extend(_row(question, results, setup) for setup in good)
        return table(rows)

    with _in_the_words_of(question):
        results = compare(
            {setup.row.name: scenario(setup, service, question) for setup in good},
            times=question.replications,
            seed=question.seed,
            name=name,
            catalogue=catalog.digest(),
            summary=summary,
        )
    assumed = {key: c for each in good for key, c in _assumed(question, each.recovery).items()}
    return FailAnswer(
        question,
        rows,
        unfit,
        assumed,
        _capacity(results, rows),
        results,
        _advice(question, service, good, rows),
    )


@contextmanager
def _in_the_words_of(question: FailQuestion) -> Iterator[None]:
    """Raise ValueError where nothing is up when it should be lost: the fault is not the asker's."""
    try:
        yield
    except NobodyThere as error:
        why = str(error).removeprefix(f"faults: at {AT:g} s ")
        raise ValueError(
            f"tasks: {question.tasks} is not allowed; an hour after they were asked for, when one "
            f"is to be lost, {why}"
        ) from error


fail = asking(FailQuestion, answer, "fail")


def scenario(setup: FailSetup, service: Service, question: FailQuestion) -> Scenario:
    """One platform: the tasks come up and rest, then the fault happens."""
    return Scenario(
        name="fail",
        platform=setup.recovering(),
        arrivals=(Burst(service=service, tasks=question.tasks),),
        faults=(Fault(at=AT, what=question.kill),),
        until=UNTIL,
    )


def _advice(
    question: FailQuestion, service: Service, good: list[FailSetup], rows: list[FailRow]
) -> str:
    """What EKS would do if its pods gave a dead node up sooner, where that was not asked."""
    if question.kill == "process":
        return _crash_loop(good)
    if question.kill in PLANNED or question.toleration is not None:
        return ""
    eks = next((each for each in good if each.row.name == "eks"), None)
    if eks is None:
        return ""
    sooner = replace(eks, recovery=replace(eks.recovery, gives_up=SOONER))
    results = replicate(
        scenario(sooner, service, question),
        times=min(3, question.replications),
        seed=question.seed,
        catalogue=catalog.digest(),
    )
    named = replace(sooner, row=replace(eks.row, name=str(results.runs["variant"].iloc[0])))
    then = _row(question, results, named).serving
    now = next(row.serving for row in rows if row.platform == "eks")
    if then is None or now is None or not then.value < now.value:
        return ""
    return (
        f"With tolerationSeconds {SOONER:g} in the pods, EKS serves again after {then.value:.0f} s "
        f"instead of {now.value:.0f} (sim fail --toleration {SOONER:g}s)."
    )


def _crash_loop(good: list[FailSetup]) -> str:
    """When further restarts come, where the process does not stay up."""
    said = []
    for each in good:
        restarts = each.recovery.restarts
        if each.row.name in {"docker", "eks"} and restarts is not None:
            pauses = list(islice(restarts.pauses(), 6 if restarts.first_at_once else 4))
            times = [f"{at:.3g}" for at in accumulate(pauses) if at > 0.0]
            said.append(f"{', '.join(times)} s {each.row.phrase}")
    return f"If it does not stay up, it is restarted after {'; '.join(said)}." if said else ""


def _row(question: FailQuestion, results: Results, setup: FailSetup) -> FailRow:
    """What the runs of one platform say."""
    name = setup.row.name
    spans = results.spans[results.spans["variant"] == name]
    mine = spans[spans["parent"] == RECOVERY]
    runs = int((results.runs["variant"] == name).sum())
    planned = question.kill in PLANNED
    due = mine[mine["phase"] == (DUE if planned else LOST)]
    served = mine[mine["phase"] == PARTS[-1]]
    complete = len(due) > 0 and len(served) == len(due)
    began = spans[(spans["phase"] == "app") & (spans["start_s"] < AT)]
    up = began[["run", "task"]].drop_duplicates()
    refused: dict[str, str] = {}
    if not complete:
        why = _why_not(question, setup)
        refused = {"serving_s": why} | ({} if len(served) else {"replaced_s": why})
        unseen = setup.recovery.notices is None or planned
        refused |= {"noticed_s": why} if unseen else {}
    return FailRow(
        platform=name,
        host=setup.host,
        tasks=round(len(up) / runs),
        lost=round(sum(_missing(of) for _, of in mine.groupby("run")) / runs),
        noticed=_last(mine, "noticed", refused, "noticed_s"),
        replaced=_last(mine, "waited", refused, "replaced_s"),
        serving=_last(mine, PARTS[-1], refused, "serving_s"),
        errors=_last(mine, ERRORS, {}, "errors_s"),
        parts=_parts(mine, served) if complete else {},
        by=_by(question, setup),
        refused=refused,
    )


def _missing(of_run: pd.DataFrame) -> int:
    """The most tasks that are missing at a time."""
    gone = of_run[of_run["phase"] == LOST]["start_s"]
    back = of_run[of_run["phase"] == PARTS[-1]]["end_s"]
    if gone.empty:
        return 0
    # Of an update some serve before their old one goes: they are not missing, and end as many.
    return max(
        int((gone <= at).sum()) - min(int((back <= at).sum()), int((gone < at).sum()))
        for at in gone
    )


def _last(mine: pd.DataFrame, phase: str, refused: dict[str, str], key: str) -> Estimate | None:
    """When the last such part ended after the fault; a mean over the runs."""
    ends = mine[mine["phase"] == phase].groupby("run")["end_s"].max()
    return None if ends.empty or key in refused else mean(key, ends - AT)


def _parts(mine: pd.DataFrame, served: pd.DataFrame) -> dict[str, float]:
    """Mean parts of the last task of each run to serve again: they tile its time."""
    last = served.sort_values("end_s").groupby("run").tail(1)[["run", "task"]]
    parts = mine[mine["phase"].isin(PARTS)].merge(last, on=["run", "task"])
    seconds = (parts["end_s"] - parts["start_s"]).groupby(parts["phase"].astype(str)).sum()
    return {part: float(seconds[part]) / len(last) for part in PARTS}


def _why_not(question: FailQuestion, setup: FailSetup) -> str:
    if question.kill in PLANNED:
        return "nobody replaces its tasks as planned; they go with the server"
    if question.kill == "process":
        return "no task serves in its place"
    if setup.recovery.notices is None:
        return "nobody replaces the server; its tasks come back with it"
    if question.kill == "zone" and setup.recovery.in_place:
        return "EC2 recovers an instance in its own zone"
    return "not all find room on what is left"


def _by(question: FailQuestion, setup: FailSetup) -> str:
    """What replaces a lost task, in words."""
    recovery, noun = setup.recovery, "pod" if setup.row.name.startswith("eks") else "task"
    if question.kill == "process" and recovery.restarts is not None:
        return "itself, restarted in place"
    if question.kill in PLANNED:
        return "-" if recovery.rolling is None else f"a new {noun}"
    if recovery.notices is None or (question.kill == "zone" and recovery.in_place):
        return "-"
    if recovery.in_place:
        return "itself, on other hardware"
    if setup.row.own_host:
        instance = setup.row.name.startswith("ec2")
        return "another instance" if instance else f"another {noun}"
    return f"a {noun} elsewhere"


def _assumed(question: FailQuestion, recovery: Recovery) -> dict[str, Cited]:
    """Assumed clocks of those who notice that kind of fault."""
    if question.kill in PLANNED:
        return {}
    process = question.kill == "process"
    asked = recovery.exits if process else (recovery.notices, recovery.gives_up, recovery.group)
    found = (cited for _, cited in figures(asked))
    keys = ("notice", "wait", "reaction")
    return {c.key: c for c in found if c.grade == "assumed" and any(k in c.key for k in keys)}


def _capacity(results: Results, rows: list[FailRow]) -> pd.DataFrame:
    """Tasks that serve, from the fault on; each run of each platform."""
    import pandas as pd

    spans = results.spans[results.spans["parent"] == RECOVERY]
    parts = [
        _serving(of, row.tasks).assign(platform=row.platform, run=run)
        for row in rows
        for run, of in spans[spans["variant"] == row.platform].groupby("run")
    ]
    columns = ["platform", "run", "time_s", "serving", "tasks"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def _serving(of_run: pd.DataFrame, tasks: int) -> pd.DataFrame:
    """Tasks of one run that serve, a row a change; one that was not missing does not come back."""
    import pandas as pd

    gone = (of_run[of_run["phase"] == LOST]["start_s"] - AT).tolist()
    back = (of_run[of_run["phase"] == PARTS[-1]]["end_s"] - AT).tolist()
    serving = tasks - gone.count(0.0)
    steps = [(0.0, serving)]
    changes = [(at, 1) for at in back] + [(at, -1) for at in gone if at > 0.0]
    for at, change in sorted(changes):
        serving = min(tasks, serving + change)
        steps.append((at, serving))
    return pd.DataFrame(steps, columns=["time_s", "serving"]).assign(tasks=tasks)
