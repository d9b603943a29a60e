"""`sim density`: how many fit, as what, and what stops them."""

from collections.abc import Sequence

from sim.cli import explained
from sim.cli.holds import hold_files
from sim.cli.options import Simulated, refusals
from sim.cli.own_files import OwnFiles
from sim.cli.screen import as_json, bar, hint, note, say, table, wrote
from sim.core.quantity import shown_memory, shown_vcpu
from sim.studies.density import study
from sim.studies.density.altogether import COLUMNS, Altogether
from sim.studies.density.answer import DensityAnswer
from sim.studies.density.question import DensityQuestion
from sim.studies.density.row import DensityRow, how_to_lift
from sim.units import GiB


def command(own: OwnFiles, question: DensityQuestion, to: Simulated) -> int:
    """Count them, and say what stops them; 3 where not one fits."""
    if own.files:
        return hold_files(own, question, to)
    with refusals():
        answer = study.answer(question)
    folder = answer.results().save(to.out)
    if to.json:
        as_json(answer.json())
        note(f"wrote {folder}")
    else:
        say(answer.sentence())
        show(answer)
        if answer.bills():
            show_bills(answer.bills(), answer.cost_sentence())
        if answer.explained is not None:
            explained.show(answer.explained)
        wrote(folder)
    return 0 if answer.fits else 3


def show(answer: DensityAnswer) -> None:
    """The table of an answer, and how to lift what stops each platform."""
    most = max(row.count for row in answer.rows)
    service = answer.service
    title = f"{service.name}: {shown_vcpu(service.cpu)}, {shown_memory(service.memory)} each"
    with_use = any(row.by_use is not None for row in answer.rows)
    columns = ["platform", "host", "fit", "", "stopped by", "RAM GiB", "$/h each"]
    columns += ["by use"] if with_use else []
    cells = [_cells(row, most, with_use) for row in answer.rows]
    table(columns, cells, title=title, right="llrllrrl")
    for row in answer.rows:
        hint(f"{row.platform}: {how_to_lift(row)}")
    if answer.pages_line():
        say(answer.pages_line())
    if with_use:
        say(answer.assumed_line())
        if answer.speed_line():
            say(answer.speed_line())
    say(answer.price_line())
    if answer.spot_line():
        say(answer.spot_line())
    if answer.credits_line():
        say(answer.credits_line())


def show_bills(bills: Sequence[Altogether], sentence: str) -> None:
    """What so many cost altogether: USD a month, item by item, on whole hosts."""
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
    cells = [
        row.platform,
        row.host,
        "?" if row.unknown else str(row.count),
        bar(row.count, most, 8),
        _short(row.stopped_by),
        f"{data['memory_used_bytes'] / GiB:.2f}",
        "-" if price is None else f"{price:.4f}",
    ]
    if with_use and row.by_use:
        same = row.stopped_by_use == row.stopped_by
        cells.append(f"{row.count_by_use}" + ("" if same else f" ({_short(row.stopped_by_use)})"))
    return cells


def _short(limit: str) -> str:
    return limit.replace("one task per", "1 per").partition(" (")[0]
