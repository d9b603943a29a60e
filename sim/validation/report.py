"""`docs/validation.md` and its pictures, made from the cases."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.validation.bars import summaries
from sim.validation.case import Case, groups
from sim.validation.judging import Judgement
from sim.validation.words import GROUPS, HEAD, NOT_REPRODUCED

if TYPE_CHECKING:
    import pandas as pd

SECONDS = {"s": 1.0, "ms": 1e-3}
PARITY, LOAD = "validation-parity.png", "validation-load.png"


def write(judgement: Judgement, folder: Path) -> list[Path]:
    """Write validation.md and two pictures; return where they are."""
    from sim.plots import parity, save, start_under_load

    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    page = folder / "validation.md"
    page.write_text(text(judgement), encoding="utf-8")
    save(parity(times(judgement.cases)), pictures / PARITY)
    save(start_under_load(loads(judgement.cases)), pictures / LOAD)
    return [page, pictures / PARITY, pictures / LOAD]


def text(judgement: Judgement) -> str:
    """The page."""
    parts = [
        HEAD,
        "## In short\n",
        *_in_short(judgement),
        "## Bars\n",
        *_bars(judgement),
        "## Pictures\n",
        f"![Predicted against measured time, with a band of 20 percent](pictures/{PARITY})\n",
        f"![Start latency against starts at once and sandboxes running](pictures/{LOAD})\n",
        NOT_REPRODUCED,
        "## Every case\n",
        *_cases(judgement.cases),
    ]
    return "\n".join(parts)


def times(cases: Sequence[Case]) -> "pd.DataFrame":
    """The cases that are times and have a bar, in seconds."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "group": case.group,
                "case": case.case,
                "measured_s": case.measured * SECONDS[case.unit],
                "predicted_s": case.predicted * SECONDS[case.unit],
                "split": case.split,
            }
            for case in cases
            if case.unit in SECONDS and case.predicted is not None and case.bar_pct is not None
        ]
    )


def loads(cases: Sequence[Case]) -> "pd.DataFrame":
    """The storms of the RunD files, by runtime, starts at once and sandboxes running."""
    from sim.validation.cases.storms import named

    frame = times([case for case in cases if case.group == "rund"])
    parts = frame["case"].map(named)
    frame[["runtime", "starts", "running"]] = parts.to_list()
    return frame


def _in_short(judgement: Judgement) -> Iterator[str]:
    yield "| group | what | split | cases | median | worst | bias | outside |"
    yield "|---|---|---|--:|--:|--:|--:|--:|"
    for group, cases in groups(judgement.cases):
        what = GROUPS.get(group, ("", "other measured columns; no bar"))[1]
        for each in summaries(cases):
            outside = str(each.outside) if cases[0].bar_pct is not None else "no bar"
            yield (
                f"| {group} | {what} | {each.split} | {each.cases} | {each.median_pct:.1f} % "
                f"| {each.worst_pct:+.1f} % | {each.bias_pct:+.1f} % | {outside} |"
            )
            group = what = ""  # noqa: PLW2901 (named once)
    yield ""


def _bars(judgement: Judgement) -> Iterator[str]:
    held = len(judgement.verdicts) - len(judgement.missed)
    yield f"{held} of {len(judgement.verdicts)} are held.\n"
    yield "| group | bar | found | cases | |"
    yield "|---|---|--:|--:|---|"
    for each in judgement.verdicts:
        state = "held" if each.held else "**missed**"
        yield f"| {each.group} | {each.bar} | {each.found_pct:.1f} % | {each.cases} | {state} |"
    yield ""


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    for group, members in groups(cases):
        if members[0].bar_pct is None:
            continue
        title, _ = GROUPS.get(group, (group, ""))
        yield f"### {title}\n"
        yield "| case | measured | predicted | error | split | bar | |"
        yield "|---|--:|--:|--:|---|--:|---|"
        yield from (_row(case) for case in members if case.predicted is not None)
        yield ""
        missing = [case for case in members if case.predicted is None]
        if missing:
            yield f"Measured, and not predicted: {'; '.join(case.case for case in missing)}.\n"


def _row(case: Case) -> str:
    state = "inside" if case.inside else "**outside**"
    return (
        f"| {case.case} | {shown(case.measured)} {case.unit} "
        f"| {shown(case.predicted or 0.0)} {case.unit} | {case.error_pct or 0.0:+.1f} % "
        f"| {case.split} | {case.bar_pct:g} % | {state} |"
    )


def shown(value: float) -> str:
    """Four digits."""
    return f"{value:.4g}" if value < 1000.0 else f"{value:.0f}"
