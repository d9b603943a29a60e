"""What `--explain` prints: the numbers that moved an answer, largest first."""

from collections.abc import Sequence

from sim.cli.screen import hint, table
from sim.core.fitted import FittedFigure
from sim.core.quantity import shown_number
from sim.experiment.statistics.one_at_a_time import Effect
from sim.studies.influence import Explained, change


def show(explained: Sequence[Explained]) -> None:
    """A table an answer that some number moves, and what the tables leave out."""
    for answer in explained:
        if answer.effects:
            base = shown_number(answer.base)
            table(
                ["parameter", "standing", "at low", "at high", "effect"],
                [_cells(effect) for effect in answer.effects],
                title=f"{answer.variant}, {answer.what}: {base}. What moves it:",
                right="llrrr",
            )
    for answer in explained:
        for effect in answer.effects:
            if effect.cited.key.endswith(".memory_lost"):
                hint(_image(answer.variant, effect))
    still = [f"{each.variant} ({each.what})" for each in explained if not each.effects]
    if still:
        hint(f"No cited number moves these answers by 1% or more: {', '.join(still)}.")
    hint(
        "Each number is moved over its range while the others stay as they are; only effects of "
        "1% or more are listed. Measured: grades A and B; derived: C, computed from others or "
        "fitted; assumed: a judgement, or hearsay (D). sim explain KEY says more of one."
    )


def _image(variant: str, effect: Effect) -> str:
    """That images, and builds of one, leave different memory."""
    most, least = shown_number(effect.at_low), shown_number(effect.at_high)
    return (
        f"{variant}: the count hangs on the memory that the machine image (AMI) leaves: {most} "
        f"where it leaves most, {least} where it leaves least (--ami; builds of one differ too)."
    )


def _cells(effect: Effect) -> list[str]:
    cited = effect.cited
    grade = "" if cited.grade == "assumed" else f" ({cited.grade})"
    fitted = (
        "\n  " + cited.whence().replace("; ", "\n  ") if isinstance(cited, FittedFigure) else ""
    )
    return [
        f"{cited.key}\n  {cited.shown()}{fitted}",
        f"{cited.standing}{grade}",
        shown_number(effect.at_low),
        shown_number(effect.at_high),
        change(effect),
    ]
