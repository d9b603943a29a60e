"""`sim density FILE`: how many times does one host hold the whole application?"""

from sim.cli.options import Simulated, refusals
from sim.cli.own_files import OwnFiles, shared
from sim.cli.screen import as_json, aside, bar, hint, lead, note, notes, table, wrote
from sim.core.question import ask
from sim.report.said import keep
from sim.studies.density.question import DensityQuestion
from sim.studies.holds import study
from sim.studies.holds.answer import HeldRow, HoldsAnswer
from sim.studies.holds.question import HoldsQuestion

HEEDED = ("instance", "host")
"""Fields that have an effect on an application; `explain` has one on what is printed."""


def hold_files(own: OwnFiles, asked: DensityQuestion, to: Simulated) -> int:
    """Count whole copies by reservation; 3 where no host holds one."""
    app = own.application(asked, (*HEEDED, "explain"))
    with refusals():
        answer = study.answer(ask(HoldsQuestion, {"app": app, **shared(asked, HEEDED)}))
    folder = answer.results().save(to.out)
    keep(folder, answer.sentence())
    if to.json:
        as_json(answer.json())
        note(f"wrote {folder}")
    else:
        lead(answer.sentence())
        show(answer, explain=asked.explain)
        wrote(folder)
    return 0 if answer.fits else 3


def show(answer: HoldsAnswer, *, explain: bool) -> None:
    """Copies of the whole, and what stops each platform."""
    most = max((row.holds or 0 for row in answer.rows), default=0)
    table(
        ["platform", "host", "copies", "", "stopped by", "next", "$/h each"],
        [_cells(row, most) for row in answer.rows],
        title=f"{answer.app.name}: whole copies on one host, by reservation",
        right="llrlllr",
        spare=[""],
        dash="no host of it takes all of its parts",
    )
    for row in answer.rows:
        if row.refused:
            hint(f"{row.platform}: {row.refused}.")
    notes(answer.app.notes, explain=explain)
    if answer.app.notes and not explain:
        aside("--explain says how your files were read.")


def _cells(row: HeldRow, most: int) -> list[str]:
    none = "none fits" if row.refused or row.holds == 0 else "not known"
    price = none if row.usd_per_hour is None else f"{row.usd_per_hour:.4f}"
    if row.holds is None:
        hosts = "none" if row.refused else f"{row.hosts} hosts"
        return [row.platform, row.host, hosts, "", "", "", price]
    return [
        row.platform,
        row.host,
        str(row.holds),
        bar(row.holds, most, 8),
        ", ".join(row.stops),
        row.then,
        price,
    ]
