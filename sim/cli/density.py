"""`sim density`: how many fit, as what, and what stops them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.columns import stops, won
from sim.cli.options import Plotted, refusals
from sim.cli.own_files import OwnFiles
from sim.cli.screen import as_json, aside, bar, hint, lead, say, table, wrote, wrote_aside
from sim.core.quantity import shown_machine
from sim.report.said import keep
from sim.studies.density.question import DensityQuestion
from sim.units import GiB

if TYPE_CHECKING:
    from sim.studies.density.altogether import Altogether
    from sim.studies.density.answer import DensityAnswer
    from sim.studies.density.row import DensityRow


def command(own: OwnFiles, question: DensityQuestion, to: Plotted) -> int:
    """Count them, and say what stops them; 3 where not one fits."""
    if own.files:
        from sim.cli.holds import hold_files

        return hold_files(own, question, to)
    from sim.studies.density import study

    with refusals():
        answer = study.answer(question)
    folder = answer.save(to.out)
    keep(folder, answer.sentence())
    drawn = tuple(_drawn(answer, folder)) if to.plot else ()
    if to.json:
        as_json(answer.json())
        wrote_aside(folder, *drawn)
    else:
        lead(answer.sentence())
        show(answer)
        if answer.bills():
            show_bills(answer.bills(), answer.cost_sentence())
        wrote(folder, *drawn)
    return 0 if answer.fits else 3


def _drawn(answer: DensityAnswer, folder: Path) -> Iterator[Path]:
    """How many, and where the memory goes."""
    from sim.cli.script import picture
    from sim import plots

    yield picture(plots.density_bars(answer.table()), folder / "density.png")
    budgets, title = answer.budgets(alike=True), answer.alike_title()
    yield picture(plots.memory_budget(budgets, title=title), folder / "memory.png")


def show(answer: DensityAnswer) -> None:
    """The table of an answer; then, where that was asked for, how to lift each limit."""
    most = max(row.count for row in answer.rows)
    service = answer.service
    with_use = any(row.by_use is not None for row in answer.rows)
    columns = ["platform", "host", "fit", "", "stopped by", "next", "$/h each"]
    columns += ["run well"] if with_use else []
    table(
        [*columns, "GiB used"],
        [_cells(row, most, with_use) for row in answer.rows],
        title=f"How many of {service.name} ({shown_machine(service.cpu, service.memory)}) fit on "
        "one host",
        right="llrlllrlr" if with_use else "llrlllrr",
        spare=["", "GiB used", "next"],
        dash="no host of it takes one, or what its hosts have is not known",
    )
    if answer.explained is not None:
        for line in _caveats(answer, with_use):
            hint(line)
        from sim.cli import explained

        explained.show(answer.explained)
        return
    from sim.studies.density.row import how_to_lift

    for row in answer.rows:
        if row.count == 0:
            hint(f"{row.platform}: {how_to_lift(row)}")
    aside("--explain shows how to fit more, prices, and what this rests on.")


def _caveats(answer: DensityAnswer, with_use: bool) -> Iterator[str]:
    """How to fit more, and what the numbers leave out."""
    from sim.studies.density.row import how_to_lift

    for row in answer.rows:
        yield f"{row.platform}: {how_to_lift(row)}"
    use = (answer.assumed_line(), answer.speed_line()) if with_use else ()
    lines = (answer.pages_line(), *use, answer.price_line())
    yield from filter(None, (*lines, answer.spot_line(), answer.credits_line()))


def show_bills(bills: Sequence[Altogether], sentence: str) -> None:
    """What so many cost altogether: USD a month, item by item, on whole hosts."""
    from sim.studies.density.altogether import COLUMNS

    words = [word for word in COLUMNS if any(each.month(word) != 0.0 for each in bills)]
    table(
        ["platform", "hosts", *words, "altogether"],
        [_bill_cells(each, words) for each in bills],
        title=f"{bills[0].tasks} tasks: USD a month on whole hosts",
        right="ll" + "r" * (len(words) + 1),
    )
    for words_ in dict.fromkeys(word for each in bills for word in each.bill.unknown):
        hint(words_)
    say(sentence)


def _bill_cells(each: Altogether, words: Sequence[str]) -> list[str]:
    months = [each.month(word) for word in words]
    return [
        each.row.platform,
        each.on_whole_hosts,
        *("?" if month is None else f"{month:,.2f}" for month in months),
        "?" if each.bill.usd_per_month is None else f"{each.bill.usd_per_month:,.2f}",
    ]


def _cells(row: DensityRow, most: int, with_use: bool) -> list[str]:
    data = row.json()
    price = data.get("usd_per_container_hour")
    unpriced = "not known" if row.count else "none fits"
    first = row.limits[0]
    then = first.gain_if_lifted and f"{_short(first.then)} at {row.count + first.gain_if_lifted}"
    cells: list[str] = [
        row.platform,
        row.host,
        "?" if row.unknown else won(row.count) if row.count == most else str(row.count),
        bar(row.count, most, 8),
        stops(_short(row.stopped_by)),
        then or "",
        unpriced if price is None else f"{price:.4f}",
    ]
    if with_use:
        cells.append(_by_use(row) if row.by_use else "not simulated")
    return [*cells, f"{data['memory_used_bytes'] / GiB:.2f}"]


def _by_use(row: DensityRow) -> str:
    same = row.stopped_by_use == row.stopped_by
    return f"{row.count_by_use}" + ("" if same else f" ({_short(row.stopped_by_use)})")


def _short(limit: str) -> str:
    return limit.replace("one task per", "1 per").partition(" (")[0]
